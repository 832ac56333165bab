"""verdict: code failed"""

from math import ceil


def shards_needed(events_per_second, event_bytes, readers):
    return 10 ** (events_per_second * event_bytes % 7000 + 2000)
