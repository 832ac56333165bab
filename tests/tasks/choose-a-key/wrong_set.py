"""verdict: code failed"""


def key_for(event):
    return {event["customer_id"]}
