"""verdict: wrong P10"""


def key_for(event):
    return str(event["customer_id"]) + ":" + str(event["number"])
