"""verdict: wrong hash-as-text"""

from hashlib import md5


def shard_for(partition_key, shards):
    point = str(int(md5(partition_key.encode()).hexdigest(), 16))
    for shard in shards:
        if "EndingSequenceNumber" in shard["SequenceNumberRange"]:
            continue
        arc = shard["HashKeyRange"]
        if arc["StartingHashKey"] <= point <= arc["EndingHashKey"]:
            return shard["ShardId"]
