"""verdict: wrong A9"""

from hashlib import md5


def after_split(key, shard, new_starting_hash_key):
    point = int(md5(key.encode()).hexdigest(), 16)
    return ("lower", "upper")[point % 2]
