"""verdict: not attempted"""

from collections import Counter


def hot_shard(calls):
    """The ShardId of the shard that refused the most records."""
    ...
