"""Where a record goes: the MD5 of its partition key is a point on a ring of 2**128 points.

Every open shard owns one contiguous range of hash keys; together the open shards cover the ring
without gap or overlap. A record belongs to the shard whose range holds its point.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import md5
from typing import Generic, Protocol, TypeVar

RING = 2**128
LAST_HASH_KEY = RING - 1

# Shops have few hot keys and MD5 of a key never changes, so remembering some saves half the work.
_REMEMBERED_KEYS = 16_384


@dataclass(frozen=True, slots=True)
class HashKeyRange:
    """The hash keys from `start` to `end`, both included."""

    start: int
    end: int

    def __contains__(self, hash_key: int) -> bool:
        return self.start <= hash_key <= self.end

    @property
    def width(self) -> int:
        """How many hash keys the range holds."""
        return self.end - self.start + 1


def hash_key(partition_key: str) -> int:
    """The point of a partition key: MD5 of its UTF-8 bytes as an unsigned 128-bit integer."""
    digest = md5(partition_key.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest, "big")


def even_ranges(count: int) -> list[HashKeyRange]:
    """`count` ranges of equal width over the whole ring; the last takes the remainder."""
    width = RING // count
    starts = [index * width for index in range(count)]
    ends = [start - 1 for start in starts[1:]] + [LAST_HASH_KEY]
    return [HashKeyRange(start, end) for start, end in zip(starts, ends, strict=True)]


class OwnsRange(Protocol):
    """Anything that owns a hash key range: a shard."""

    @property
    def hash_range(self) -> HashKeyRange: ...


Owner = TypeVar("Owner", bound=OwnsRange)


class HashRing(Generic[Owner]):
    """The open shards of a stream, found by hash key in O(log shards)."""

    def __init__(self, owners: Iterable[Owner]) -> None:
        self.owners = sorted(owners, key=lambda owner: owner.hash_range.start)
        self._starts = [owner.hash_range.start for owner in self.owners]
        self._remembered: dict[str, Owner] = {}

    def owner_of_hash(self, point: int) -> Owner:
        """The shard whose range holds `point`."""
        return self.owners[bisect_right(self._starts, point) - 1]

    def owner_of_key(self, partition_key: str) -> Owner:
        """The shard that takes records with this partition key."""
        owner = self._remembered.get(partition_key)
        if owner is None:
            owner = self.owner_of_hash(hash_key(partition_key))
            if len(self._remembered) >= _REMEMBERED_KEYS:
                self._remembered.clear()
            self._remembered[partition_key] = owner
        return owner

    def replaced(self, owners: Sequence[Owner], heirs: Sequence[Owner]) -> HashRing[Owner]:
        """A ring on which `heirs` own what `owners` own here; both stand in order, side by side.

        Sorting ten thousand shards anew for each step of a big reshard would take minutes.
        """
        first = bisect_left(self._starts, owners[0].hash_range.start)
        rest = first + len(owners)
        ring: HashRing[Owner] = HashRing(())
        ring.owners = [*self.owners[:first], *heirs, *self.owners[rest:]]
        starts = [heir.hash_range.start for heir in heirs]
        ring._starts = [*self._starts[:first], *starts, *self._starts[rest:]]
        return ring
