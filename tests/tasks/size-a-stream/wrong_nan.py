"""verdict: code failed"""

from math import ceil


def shards_needed(events_per_second, event_bytes, readers):
    return {"shards": [1, float("inf")]}
