"""verdict: code failed"""

from hashlib import md5


def shard_for(partition_key, shards):
    for shard in shards:
        yield shard["ShardId"]
