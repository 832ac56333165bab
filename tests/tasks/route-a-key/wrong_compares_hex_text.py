"""verdict: wrong hash-as-text"""

from hashlib import md5


def shard_for(partition_key, shards):
    point = md5(partition_key.encode()).hexdigest()
    for shard in shards:
        arc = shard["HashKeyRange"]
        if arc["StartingHashKey"] <= point <= arc["EndingHashKey"]:
            return shard["ShardId"]
