"""verdict: wrong P13-key"""

import json


def salted_key(event, hot_customer):
    customer = event["customer_id"]
    if customer == hot_customer:
        return f"{customer}#{event['number'] % 16}"
    return customer


def events_of(customer_id, records):
    own = [json.loads(r["Data"]) for r in records if r["PartitionKey"] == customer_id]
    return [event["event_id"] for event in sorted(own, key=lambda event: event["number"])]
