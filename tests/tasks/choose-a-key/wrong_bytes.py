"""verdict: wrong P11"""


def key_for(event):
    return str(event["customer_id"]).encode()
