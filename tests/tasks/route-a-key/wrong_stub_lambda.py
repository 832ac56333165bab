"""verdict: not attempted"""

from hashlib import md5
shard_for = lambda partition_key, shards: ...
