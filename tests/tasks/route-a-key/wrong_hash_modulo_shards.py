"""verdict: wrong P9"""

from hashlib import md5


def shard_for(partition_key, shards):
    point = int(md5(partition_key.encode()).hexdigest(), 16)
    return f"shardId-{point % len(shards):012d}"
