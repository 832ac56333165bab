"""verdict: wrong equal-arcs"""

from hashlib import md5


def shard_for(partition_key, shards):
    alive = [s for s in shards if "EndingSequenceNumber" not in s["SequenceNumberRange"]]
    point = int(md5(partition_key.encode()).hexdigest(), 16)
    return alive[point * len(alive) // 2**128]["ShardId"]
