"""verdict: wrong P11"""


def key_for(event):
    return event["country"], event["customer_id"]
