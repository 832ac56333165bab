"""verdict: wrong B8-readers"""

from math import ceil


def shards_needed(events_per_second, event_bytes, readers):
    return max(ceil(events_per_second / 1000), ceil(events_per_second * event_bytes / 2**20))
