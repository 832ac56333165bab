"""verdict: passed"""

from hashlib import md5
from dataclasses import dataclass


@dataclass
class Child:
    name: str
    start: int
    end: int

    def owns(self, point):
        return self.start <= point <= self.end


def split(shard, at):
    arc = shard["HashKeyRange"]
    yield Child("lower", int(arc["StartingHashKey"]), at - 1)
    yield Child("upper", at, int(arc["EndingHashKey"]))


def after_split(key, shard, new_starting_hash_key):
    point = int(md5(key.encode()).hexdigest(), 16)
    owners = (c.name for c in split(shard, int(new_starting_hash_key)) if c.owns(point))
    return next(owners, "stays")
