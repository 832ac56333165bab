"""verdict: not attempted"""

import json


def salted_key(event, hot_customer):
    """The partition key, with salt for the hot customer."""
    ...


def events_of(customer_id, records):
    """The event_ids of a customer, in the order of the events."""
    ...
