"""How much a shard takes and gives: two buckets for writes, two limits for reads, one for pushes.

All arithmetic is in whole numbers: a bucket holds millionths (of a record, of a byte), because a
rate per second times microseconds then needs no division.
"""

from __future__ import annotations

from collections import deque

from course import facts
from course.simulator.clock import SECOND

RECORDS_PER_SECOND: int = facts.shard.write_records_per_second
WRITE_BYTES_PER_SECOND: int = facts.shard.write_bytes_per_second
READ_BYTES_PER_SECOND: int = facts.shard.read_bytes_per_second
READ_CALLS_PER_SECOND: int = facts.shard.read_calls_per_second
PUSH_BYTES_PER_SECOND: int = facts.fan_out.bytes_per_second

_FULL_RECORDS = RECORDS_PER_SECOND * SECOND
_FULL_BYTES = WRITE_BYTES_PER_SECOND * SECOND
_FULL_RESERVE = facts.record.burst_bytes * SECOND - _FULL_BYTES


class WriteBudget:
    """Two buckets, one of records and one of bytes; a record needs room in both.

    Each holds one second's worth and refills steadily, so a shard that rested takes a full
    second's traffic at once and then only as much as flows in.

    A large record, one of more than a second's bytes, needs more than the bucket ever holds. For
    those there is a reserve: what flows in while the bucket is full fills it, so that over time a
    shard still takes no more than its limit. AWS tells of such a tank and its size, and not how
    fast it refills; the rest of this model is ours.
    """

    __slots__ = ("_bytes", "_records", "_refilled", "_reserve")

    def __init__(self, now: int) -> None:
        self._refilled = now
        self._records = _FULL_RECORDS
        self._bytes = _FULL_BYTES
        self._reserve = _FULL_RESERVE

    def take(self, size: int, now: int) -> bool:
        """Take room for one record of `size` bytes (data and partition key), if there is."""
        if now != self._refilled:
            elapsed = now - self._refilled
            self._refilled = now
            self._records = min(_FULL_RECORDS, self._records + elapsed * RECORDS_PER_SECOND)
            level = self._bytes + elapsed * WRITE_BYTES_PER_SECOND
            if level > _FULL_BYTES:
                self._reserve = min(_FULL_RESERVE, self._reserve + level - _FULL_BYTES)
                level = _FULL_BYTES
            self._bytes = level
        cost = size * SECOND
        if self._records < SECOND or (self._bytes < cost and not self._draw(cost)):
            return False
        self._records -= SECOND
        self._bytes -= cost
        return True

    def _draw(self, cost: int) -> bool:
        """Fill the bucket up to `cost` from the reserve, if it is a large record's."""
        missing = cost - self._bytes
        if cost <= _FULL_BYTES or missing > self._reserve:
            return False
        self._reserve -= missing
        self._bytes = cost
        return True


class CallBudget:
    """At most `most` calls in any `window` (microseconds); a refused call does not count."""

    __slots__ = ("_granted", "_window")

    def __init__(self, most: int, window: int = SECOND) -> None:
        self._granted: deque[int] = deque(maxlen=most)
        self._window = window

    def take(self, now: int) -> bool:
        """Grant a call at `now`, unless the last window is used up."""
        granted = self._granted
        if len(granted) == granted.maxlen and now - granted[0] < self._window:
            return False
        granted.append(now)
        return True


class ReadBudget:
    """What all GetRecords callers of a shard share: calls per second, and bytes as a debt.

    Each page is a debt that is paid off at the read rate. While the debt fits into one second's
    budget, reading goes on; a page that overdraws it closes the shard to readers until all is
    paid. A full page (10 MiB) from a rested shard therefore costs exactly five seconds, and a
    page that overdraws by a little costs about one, which are AWS's two documented cases.
    """

    __slots__ = ("_calls", "_closed_until", "_debt", "_paid")

    def __init__(self, now: int) -> None:
        self._calls = CallBudget(READ_CALLS_PER_SECOND)
        self._debt = 0
        self._paid = now
        self._closed_until = now

    def take_call(self, now: int) -> bool:
        """Grant a GetRecords call at `now`, or refuse it for want of calls or bytes."""
        return now >= self._closed_until and self._calls.take(now)

    def charge(self, size: int, now: int) -> None:
        """Book a page of `size` bytes that was handed out at `now`."""
        paid = (now - self._paid) * READ_BYTES_PER_SECOND
        self._paid = now
        self._debt = max(0, self._debt - paid) + size * SECOND
        if self._debt > READ_BYTES_PER_SECOND * SECOND:
            # Round up: at the very microsecond before the debt is paid, the shard is closed.
            self._closed_until = now - (-self._debt // READ_BYTES_PER_SECOND)


class PushBudget:
    """What a shard pushes to one consumer: after each event a pause, as long as its bytes take.

    So a consumer never gets more than 2 MiB/s of a shard, and nobody else's reading counts.
    """

    __slots__ = ("free_at",)

    def __init__(self) -> None:
        self.free_at = 0

    def charge(self, size: int, now: int) -> None:
        """Book an event of `size` bytes that was pushed at `now`."""
        self.free_at = max(self.free_at, now) - (-size * SECOND // PUSH_BYTES_PER_SECOND)
