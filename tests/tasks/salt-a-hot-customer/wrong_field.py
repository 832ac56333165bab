"""verdict: code failed"""

import json


def salted_key(event, hot_customer):
    customer = event["customer_id"]
    if customer == hot_customer:
        return f"{customer}#{event['number'] % 16}"
    return customer


def events_of(customer_id, records):
    own = [record for record in records if record["customer_id"] == customer_id]
    return [record["event_id"] for record in own]
