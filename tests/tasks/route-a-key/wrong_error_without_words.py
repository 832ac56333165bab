"""verdict: code failed

Even the text of its error fails.
"""

from hashlib import md5


class Speechless(Exception):
    def __str__(self):
        raise SystemExit


def shard_for(partition_key, shards):
    raise Speechless
