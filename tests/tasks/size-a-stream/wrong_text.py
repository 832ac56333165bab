"""verdict: wrong"""

from math import ceil


def shards_needed(events_per_second, event_bytes, readers):
    mib = events_per_second * event_bytes / 2**20
    return str(ceil(max(events_per_second / 1000, mib, mib * readers / 2)))
