"""verdict: wrong B8-sum"""

from math import ceil


def shards_needed(events_per_second, event_bytes, readers):
    return ceil(events_per_second / 1000) + ceil(events_per_second * event_bytes / 2**20)
