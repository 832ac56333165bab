"""verdict: wrong C39"""

import json


def salted_key(event, hot_customer):
    customer = event["customer_id"]
    if customer == hot_customer:
        return f"{customer}#{event['number'] % 16}"
    return customer


def events_of(customer_id, records):
    ordered = sorted(records, key=lambda record: record["ApproximateArrivalTimestamp"])
    events = [json.loads(record["Data"]) for record in ordered]
    return [event["event_id"] for event in events if event["customer_id"] == customer_id]
