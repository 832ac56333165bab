"""verdict: code failed"""

from hashlib import md5


def shard_for(partition_key, shards):
    point = int(md5(partition_key.encode()).hexdigest(), 16)
    for shard in shards:
        arc = shard["HashKeyRange"]
        if arc["StartingHashKey"] <= point <= arc["EndingHashKey"]:
            return shard["ShardId"]
