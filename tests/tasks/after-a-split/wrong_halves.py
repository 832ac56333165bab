"""verdict: wrong split-halves"""

from hashlib import md5


def after_split(key, shard, new_starting_hash_key):
    point = int(md5(key.encode()).hexdigest(), 16)
    start, end = (int(shard["HashKeyRange"][f"{side}HashKey"]) for side in ("Starting", "Ending"))
    if not start <= point <= end:
        return "stays"
    return "lower" if point < (start + end) / 2 else "upper"
