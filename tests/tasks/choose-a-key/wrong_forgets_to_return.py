"""verdict: wrong"""


def key_for(event):
    key = str(event["customer_id"])
