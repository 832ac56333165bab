"""verdict: wrong split-upside-down"""

from hashlib import md5


def after_split(key, shard, new_starting_hash_key):
    point = int(md5(key.encode()).hexdigest(), 16)
    arc = shard["HashKeyRange"]
    if not int(arc["StartingHashKey"]) <= point <= int(arc["EndingHashKey"]):
        return "stays"
    return "upper" if point < int(new_starting_hash_key) else "lower"
