"""verdict: wrong P9

It raises in the second case; the first says why.
"""

from hashlib import md5


def shard_for(partition_key, shards):
    return shards[int(partition_key) % len(shards)]["ShardId"]
