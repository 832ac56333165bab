"""verdict: wrong

None for who stays.
"""

from hashlib import md5


def after_split(key, shard, new_starting_hash_key):
    point = int(md5(key.encode()).hexdigest(), 16)
    arc = shard["HashKeyRange"]
    if int(arc["StartingHashKey"]) <= point <= int(arc["EndingHashKey"]):
        return "lower" if point < int(new_starting_hash_key) else "upper"
