"""verdict: wrong B8-bytes"""

from math import ceil


def shards_needed(events_per_second, event_bytes, readers):
    size = events_per_second * event_bytes
    return max(ceil(size / 10**6), ceil(size * readers / 2 / 10**6))
