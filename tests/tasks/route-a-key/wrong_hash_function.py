"""verdict: wrong"""

from hashlib import md5
from hashlib import sha256


def shard_for(partition_key, shards):
    point = int(sha256(partition_key.encode()).hexdigest()[:32], 16)
    for shard in shards:
        if "EndingSequenceNumber" in shard["SequenceNumberRange"]:
            continue
        arc = shard["HashKeyRange"]
        if int(arc["StartingHashKey"]) <= point <= int(arc["EndingHashKey"]):
            return shard["ShardId"]
