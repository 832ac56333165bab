"""verdict: wrong split-stays"""

from hashlib import md5


def after_split(key, shard, new_starting_hash_key):
    return "stays"
