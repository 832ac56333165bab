"""verdict: wrong

Leaves out the last hash key of each arc: the key that sits there has no home.
"""

from hashlib import md5


def shard_for(partition_key, shards):
    point = int(md5(partition_key.encode()).hexdigest(), 16)
    for shard in shards:
        if "EndingSequenceNumber" in shard["SequenceNumberRange"]:
            continue
        arc = shard["HashKeyRange"]
        if int(arc["StartingHashKey"]) <= point < int(arc["EndingHashKey"]):
            return shard["ShardId"]
