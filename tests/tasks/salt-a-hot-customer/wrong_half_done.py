"""verdict: not attempted"""

import json


def salted_key(event, hot_customer):
    customer = event["customer_id"]
    if customer == hot_customer:
        return f"{customer}#{event['number'] % 16}"
    return customer


def events_of(customer_id, records):
    """The event_ids of a customer, in the order of the events."""
    ...
