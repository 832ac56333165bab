"""verdict: wrong B8-floor"""

from math import ceil


def shards_needed(events_per_second, event_bytes, readers):
    size = events_per_second * event_bytes
    return max(1, events_per_second // 1000, size // 2**20, size * readers // 2**21)
