"""verdict: wrong hash-backwards"""

from hashlib import md5


def shard_for(partition_key, shards):
    point = int.from_bytes(md5(partition_key.encode()).digest(), "little")
    for shard in shards:
        if "EndingSequenceNumber" in shard["SequenceNumberRange"]:
            continue
        arc = shard["HashKeyRange"]
        if int(arc["StartingHashKey"]) <= point <= int(arc["EndingHashKey"]):
            return shard["ShardId"]
