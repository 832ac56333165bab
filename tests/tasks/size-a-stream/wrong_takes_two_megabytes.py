"""verdict: wrong B1"""

from math import ceil


def shards_needed(events_per_second, event_bytes, readers):
    mib = events_per_second * event_bytes / 2**20
    return max(ceil(events_per_second / 1000), ceil(mib / 2), ceil(mib * readers / 2))
