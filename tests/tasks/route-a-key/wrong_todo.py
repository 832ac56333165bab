"""verdict: code failed

The stub of other courses.
"""

from hashlib import md5


def shard_for(partition_key, shards):
    raise NotImplementedError
