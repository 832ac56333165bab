"""verdict: wrong P13-few"""

import json
import random


def salted_key(event, hot_customer):
    customer = event["customer_id"]
    return f"{customer}#{random.randrange(7)}" if customer == hot_customer else customer


def events_of(customer_id, records):
    events = [json.loads(record["Data"]) for record in records]
    own = [e for e in events if e["customer_id"] == customer_id]
    own.sort(key=lambda event: event["number"])
    return [event["event_id"] for event in own]
