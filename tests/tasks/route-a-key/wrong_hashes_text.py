"""verdict: code failed

hashlib wants bytes.
"""

from hashlib import md5


def shard_for(partition_key, shards):
    point = int(md5(partition_key).hexdigest(), 16)
    return shards[point * len(shards) // 2**128]["ShardId"]
