"""verdict: wrong P10-order"""


def key_for(event):
    return event["order_id"]
