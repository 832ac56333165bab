"""How UpdateShardCount gets from one layout to another: splits and merges, from left to right.

AWS promises equal ranges and tells no more. One observed reshard (4 shards to 3, new open shards
6, 9 and 10) is reproduced exactly by the plan below, short-lived shards included.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from course.simulator.streams.hash_ring import LAST_HASH_KEY, HashKeyRange, even_ranges
from course.simulator.streams.stream import Stream


@dataclass(frozen=True, slots=True)
class Split:
    """Split the open shard that holds hash key `at` so that a child starts there."""

    at: int


@dataclass(frozen=True, slots=True)
class Merge:
    """Merge the open shard that starts at `start` with the one right of it."""

    start: int


Step = Split | Merge

# Borders that differ by rounding lie at most a shard count apart: three shards begin a third at
# another hash key than six, whose last takes another remainder. Such borders stay where they are.
_ROUNDING = 20_000


def plan(ranges: list[HashKeyRange], target_count: int) -> list[Step]:
    """The steps from the open ranges, left to right, to `target_count` equal ones.

    Equal to within the remainder of dividing the ring: a border that is there already is kept.
    """
    todo = sorted(ranges, key=lambda hash_range: hash_range.start)
    steps: list[Step] = []
    for target in _targets(todo, target_count):
        while todo[0].end != target.end:
            if todo[0].end < target.end and todo[1].end <= target.end:
                steps.append(Merge(target.start))
                todo[:2] = [HashKeyRange(target.start, todo[1].end)]
            else:
                place = 0 if todo[0].end > target.end else 1
                cut = todo[place]
                steps.append(Split(target.end + 1))
                todo[place : place + 1] = [
                    HashKeyRange(cut.start, target.end),
                    HashKeyRange(target.end + 1, cut.end),
                ]
        todo.pop(0)
    return steps


def _targets(ranges: list[HashKeyRange], count: int) -> list[HashKeyRange]:
    starts = [hash_range.start for hash_range in ranges]
    targets = []
    start = 0
    for even in even_ranges(count):
        end = even.end
        place = bisect_left(starts, end + 1 - _ROUNDING)
        if end < LAST_HASH_KEY and place < len(starts) and starts[place] <= end + 1 + _ROUNDING:
            end = starts[place] - 1
        targets.append(HashKeyRange(start, end))
        start = end + 1
    return targets


def apply(stream: Stream, step: Step, now: int) -> None:
    """Carry out one step on the open shards of `stream`."""
    match step:
        case Split(at):
            stream.split(stream.ring.owner_of_hash(at), at, now)
        case Merge(start):
            left = stream.ring.owner_of_hash(start)
            right = stream.ring.owner_of_hash(left.hash_range.end + 1)
            stream.merge(left, right, now)
