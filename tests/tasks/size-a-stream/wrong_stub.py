"""verdict: not attempted"""

from math import ceil


def shards_needed(events_per_second, event_bytes, readers):
    """The fewest shards that carry this workload."""
    ...
