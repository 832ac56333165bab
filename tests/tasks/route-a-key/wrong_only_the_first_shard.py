"""verdict: wrong

A `return` that slipped into the loop.
"""

from hashlib import md5


def shard_for(partition_key, shards):
    point = int(md5(partition_key.encode()).hexdigest(), 16)
    for shard in shards:
        arc = shard["HashKeyRange"]
        if int(arc["StartingHashKey"]) <= point <= int(arc["EndingHashKey"]):
            return shard["ShardId"]
        return None
