"""verdict: wrong"""

import json


def salted_key(event, hot_customer):
    if event["customer_id"] == hot_customer:
        return f"{hot_customer}#{event['number'] % 16}"
    return ""


def events_of(customer_id, records):
    events = [json.loads(record["Data"]) for record in records]
    own = [e for e in events if e["customer_id"] == customer_id]
    own.sort(key=lambda event: event["number"])
    return [event["event_id"] for event in own]
