"""verdict: passed

The order's id is a fine salt, and its events stay together.
"""

import json


def salted_key(event, hot_customer):
    customer = event["customer_id"]
    return customer + "/" + event["order_id"] if customer == hot_customer else customer


def in_order(events):
    if len(events) < 2:
        return events
    first, *rest = events
    before = [e for e in rest if e["number"] < first["number"]]
    behind = [e for e in rest if e["number"] > first["number"]]
    return in_order(before) + [first] + in_order(behind)


def events_of(customer_id, records):
    own = [json.loads(record["Data"]) for record in records]
    own = [event for event in own if event["customer_id"] == customer_id]
    return tuple(event["event_id"] for event in in_order(own))
