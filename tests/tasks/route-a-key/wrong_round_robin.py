"""verdict: wrong P9-round-robin"""

from hashlib import md5
from itertools import count

turn = count()


def shard_for(partition_key, shards):
    return shards[next(turn) % len(shards)]["ShardId"]
