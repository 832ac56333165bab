"""verdict: wrong B8-floor"""

from math import ceil


def shards_needed(events_per_second, event_bytes, readers):
    mib = events_per_second * event_bytes / 2**20
    return max(1, round(events_per_second / 1000), round(mib), round(mib * readers / 2))
