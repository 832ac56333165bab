"""verdict: wrong

Even, but a customer's payments leave their orders.
"""


def key_for(event):
    return f"{event['customer_id']}/{event['event_type']}"
