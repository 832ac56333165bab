"""verdict: wrong

Another hash than MD5, and a remainder. (Python's own hash would differ from run to run.)
"""

from zlib import crc32


def shard_for(partition_key, shards):
    return shards[crc32(partition_key.encode()) % len(shards)]["ShardId"]
