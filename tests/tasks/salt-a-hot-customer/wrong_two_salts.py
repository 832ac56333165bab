"""verdict: wrong P13-few"""

import json


def salted_key(event, hot_customer):
    customer = event["customer_id"]
    return f"{customer}#{event['number'] % 2}" if customer == hot_customer else customer


def events_of(customer_id, records):
    events = [json.loads(record["Data"]) for record in records]
    own = [e for e in events if e["customer_id"] == customer_id]
    own.sort(key=lambda event: event["number"])
    return [event["event_id"] for event in own]
