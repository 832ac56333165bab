"""verdict: not attempted"""

from hashlib import md5


def after_split(key, shard, new_starting_hash_key):
    """Where a key goes: "lower", "upper" or "stays"."""
    ...
