"""verdict: wrong equal-arcs

As `loads` in the lesson does it.
"""

from hashlib import md5


def shard_for(partition_key, shards):
    arc = 2**128 // len(shards)
    point = int(md5(partition_key.encode()).hexdigest(), 16)
    return shards[point // arc]["ShardId"]
