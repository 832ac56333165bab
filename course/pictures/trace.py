"""What a picture draws: the shards of a stream over a stretch of time, and each attempt to write.

Plain data. A Lab, a grader or a test fills it; nothing here knows where it came from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil

# MD5 has 128 bits, so the hash ring has this many points (Kinesis API Reference, PutRecord).
RING = 1 << 128

OK = "ok"
THROTTLED = "ProvisionedThroughputExceededException"


def shard_label(shard_id: str) -> str:
    """'shard 0' for 'shardId-000000000000'; any other id as it is."""
    number = shard_id.removeprefix("shardId-")
    return f"shard {int(number)}" if number != shard_id and number.isdecimal() else shard_id


@dataclass(frozen=True, slots=True)
class ShardSpan:
    """One shard: its hash key range and when it was open.

    `start` and `end` are the first and last hash key of its range, both inclusive, in
    0..2**128 - 1. `opened` and `closed` are seconds since the start of the trace; `closed` is
    None while the shard still takes records.
    """

    shard_id: str
    start: int
    end: int
    parents: tuple[str, ...] = ()
    opened: float = 0.0
    closed: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end < RING:
            raise ValueError(
                f"The hash key range of {self.shard_id} is {self.start} to {self.end}; "
                "give a first and a last hash key within 0 and 2**128 - 1."
            )

    @property
    def label(self) -> str:
        """The short name: 'shard 0'."""
        return shard_label(self.shard_id)

    @property
    def hash_range(self) -> str:
        """The range in hexadecimal, first four of 32 digits: '4000… – 7fff…'."""
        return f"{self.start:032x}"[:4] + "… – " + f"{self.end:032x}"[:4] + "…"


@dataclass(frozen=True, slots=True)
class Event:
    """One attempt to write one record.

    `time` is in seconds since the start of the trace, `bytes` the size of data and partition key,
    `outcome` "ok" or the error code AWS gave.
    """

    time: float
    key: str
    hash: int
    shard_id: str
    bytes: int
    outcome: str = OK

    @property
    def kind(self) -> str:
        """'ok', 'throttled', or 'failed' for any other error code."""
        if self.outcome == OK:
            return "ok"
        return "throttled" if self.outcome == THROTTLED else "failed"


@dataclass(slots=True)
class Tally:
    """What happened to a shard: records and bytes it took, records it refused."""

    records: int = 0
    bytes: int = 0
    throttled: int = 0
    failed: int = 0

    def add(self, event: Event) -> None:
        """Count one event."""
        kind = event.kind
        if kind == "ok":
            self.records += 1
            self.bytes += event.bytes
        elif kind == "throttled":
            self.throttled += 1
        else:
            self.failed += 1

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.records + other.records,
            self.bytes + other.bytes,
            self.throttled + other.throttled,
            self.failed + other.failed,
        )


@dataclass(frozen=True)
class Grid:
    """Tallies per shard and stretch of `seconds`: `rows[shard_id][column]`."""

    seconds: float
    columns: int
    rows: dict[str, list[Tally]]


@dataclass(frozen=True)
class StreamTrace:
    """A stretch of a stream's life.

    `start` and `end` are microseconds since the epoch; all other times are seconds since `start`.
    Raises ValueError when a shard is listed twice or an event names a shard that is not listed.
    """

    name: str
    shards: tuple[ShardSpan, ...]
    events: tuple[Event, ...] = field(repr=False)
    start: float
    end: float

    def __post_init__(self) -> None:
        known = {shard.shard_id for shard in self.shards}
        if len(known) < len(self.shards):
            raise ValueError(
                f"The trace of {self.name} lists a shard twice; list each shard once, "
                "with the time it opened and closed."
            )
        strangers = {event.shard_id for event in self.events} - known
        if strangers:
            raise ValueError(
                f"The trace of {self.name} has events for {min(strangers)}, which is not among "
                "its shards; add a ShardSpan for it."
            )
        if self.end < self.start:
            raise ValueError(f"The trace of {self.name} ends before it starts; swap start and end.")

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return (self.end - self.start) / 1_000_000

    @cached_property
    def ring_order(self) -> tuple[ShardSpan, ...]:
        """The shards by first hash key; children after the parent they share it with."""
        return tuple(sorted(self.shards, key=lambda s: (s.start, s.opened, s.shard_id)))

    @cached_property
    def tallies(self) -> dict[str, Tally]:
        """What each shard took and refused, in ring order."""
        tallies = {shard.shard_id: Tally() for shard in self.ring_order}
        for event in self.events:
            tallies[event.shard_id].add(event)
        return tallies

    @cached_property
    def total(self) -> Tally:
        """What the whole stream took and refused."""
        return sum(self.tallies.values(), Tally())

    @cached_property
    def keys(self) -> dict[str, dict[str, int]]:
        """Records taken per partition key, for each shard, in order of first sight."""
        keys: dict[str, dict[str, int]] = {shard.shard_id: {} for shard in self.ring_order}
        for event in self.events:
            if event.outcome == OK:
                seen = keys[event.shard_id]
                seen[event.key] = seen.get(event.key, 0) + 1
        return keys

    def grid(self, seconds: float) -> Grid:
        """Tallies per shard and stretch of `seconds`; what lies outside counts at the edge."""
        if seconds <= 0:
            raise ValueError(f"A stretch of {seconds} seconds has no length; give more than 0.")
        columns = max(1, ceil(round(self.duration / seconds, 9)))
        return Grid(seconds, columns, self.spread(columns, lambda time: int(time / seconds)))

    def spread(self, columns: int, column_of: Callable[[float], int]) -> dict[str, list[Tally]]:
        """Tallies per shard and column, the column chosen by an event's time."""
        rows = {shard.shard_id: [Tally() for _ in range(columns)] for shard in self.ring_order}
        for event in self.events:
            column = min(max(column_of(event.time), 0), columns - 1)
            rows[event.shard_id][column].add(event)
        return rows
