"""verdict: passed"""

from math import ceil
from itertools import count


def carries(shards, events, size, readers):
    return (
        events <= 1000 * shards
        and events * size <= 1024 * 1024 * shards
        and events * size * readers <= 2 * 1024 * 1024 * shards
    )


def shards_needed(events_per_second, event_bytes, readers):
    workload = events_per_second, event_bytes, readers
    return next(shards for shards in count(1) if carries(shards, *workload))
