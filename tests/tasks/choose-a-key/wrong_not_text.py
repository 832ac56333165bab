"""verdict: wrong P11"""


def key_for(event):
    return event["customer_id"]
