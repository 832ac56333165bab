"""On-demand capacity: nobody counts shards, the stream does.

A new stream has four. A shard that takes more than 500 KB in a second is split within 15 minutes,
its range in halves, so an on-demand stream grows to about twice the traffic it has seen. Traffic
that more than doubles sooner is throttled until then; a single hot key stays in one shard, however
often that is split. (Data Streams FAQ; Developer Guide, "How do I size a stream".)

Ours, because AWS publishes nothing about it: a shard's traffic is its average over a minute; the
split comes ten minutes after the first such minute; shards are never merged again.
"""

from __future__ import annotations

from collections import deque
from functools import partial

from course import facts
from course.simulator.clock import HOUR, MINUTE, SECOND, Clock
from course.simulator.streams.shard import Shard
from course.simulator.streams.stream import ACTIVE, ON_DEMAND, Stream

SPLIT_AFTER = facts.latency.on_demand_split_s * SECOND
_HOT_BYTES: int = facts.on_demand.hot_bytes_per_second * 60
_HOT_RECORDS: int = facts.on_demand.hot_records_per_second * 60


class Growth:
    """Watches the writes of one on-demand stream, minute by minute while there are any.

    A quiet stream costs nothing: the watch begins with a write and ends with a minute without.
    It never has more than `ceiling` open shards.
    """

    def __init__(self, stream: Stream, clock: Clock, ceiling: int) -> None:
        self._stream = stream
        self._clock = clock
        self._ceiling = ceiling
        self._watching = False
        self._written: dict[Shard, tuple[int, int]] = {}
        self._due: set[Shard] = set()
        self._minutes: deque[tuple[int, int]] = deque()  # (end, bytes) of the last hour

    def wrote(self) -> None:
        """Call this before records are stored: they are counted when the minute is over."""
        if not self._watching:
            self._watching = True
            self._written = {shard: shard.written for shard in self._stream.open_shards}
            self._clock.call_at(self._clock.now + MINUTE, self._review)

    def busiest_minute(self) -> int:
        """The most bytes written in a minute of the last hour."""
        oldest = self._clock.now - HOUR
        while self._minutes and self._minutes[0][0] < oldest:
            self._minutes.popleft()
        return max((size for _, size in self._minutes), default=0)

    def _review(self) -> None:
        stream, now = self._stream, self._clock.now
        total = 0
        # In the order of their ids, so that the same program has the same splits.
        for shard in sorted({*self._written, *stream.open_shards}, key=lambda each: each.index):
            records, size = shard.written
            records_before, size_before = self._written.get(shard, (0, 0))
            total += size - size_before
            hot = size - size_before > _HOT_BYTES or records - records_before > _HOT_RECORDS
            if hot and shard.is_open and shard not in self._due:
                self._due.add(shard)
                self._clock.call_at(now + SPLIT_AFTER, partial(self._split, shard))
        self._watching = total > 0 and stream.mode == ON_DEMAND
        if not self._watching:
            return
        self._minutes.append((now, total))
        self._written = {shard: shard.written for shard in stream.open_shards}
        self._clock.call_at(now + MINUTE, self._review)

    def _split(self, shard: Shard) -> None:
        stream, whole = self._stream, shard.hash_range
        if stream.mode != ON_DEMAND or not shard.is_open:
            self._due.discard(shard)
        elif stream.status != ACTIVE:
            # Another change is on its way: later.
            self._clock.call_at(self._clock.now + MINUTE, partial(self._split, shard))
        else:
            self._due.discard(shard)
            if whole.width > 2 and len(stream.open_shards) < self._ceiling:
                stream.split(shard, whole.start + whole.width // 2, self._clock.now)
