"""verdict: wrong P13-all"""

import json
from uuid import uuid4


def salted_key(event, hot_customer):
    return str(uuid4())


def events_of(customer_id, records):
    events = [json.loads(record["Data"]) for record in records]
    own = [e for e in events if e["customer_id"] == customer_id]
    own.sort(key=lambda event: event["number"])
    return [event["event_id"] for event in own]
