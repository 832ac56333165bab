"""verdict: wrong"""


def key_for(event):
    return str(event["customer_id"]) * 100
