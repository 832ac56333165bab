"""verdict: wrong"""

from math import ceil


def shards_needed(events_per_second, event_bytes, readers):
    return True
