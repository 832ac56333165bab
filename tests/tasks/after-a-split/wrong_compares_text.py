"""verdict: wrong hash-as-text"""

from hashlib import md5


def after_split(key, shard, new_starting_hash_key):
    point = str(int(md5(key.encode()).hexdigest(), 16))
    arc = shard["HashKeyRange"]
    if not arc["StartingHashKey"] <= point <= arc["EndingHashKey"]:
        return "stays"
    return "lower" if point < new_starting_hash_key else "upper"
