"""verdict: not attempted"""

from hashlib import md5


def shard_for(partition_key, shards):
    """The ShardId of the shard that takes records with this key."""
    ...
