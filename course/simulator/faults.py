"""Faults on request: what a course must be able to break, at will and repeatably.

All times are microseconds on the virtual clock. A fault names a stream, and where it makes sense
a shard; it wears off by itself.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from course.simulator.clock import Clock

if TYPE_CHECKING:
    from course.simulator.streams.shard import Shard
    from course.simulator.streams.stream import Stream

THROTTLED = "ProvisionedThroughputExceededException"
INTERNAL_FAILURE = "InternalFailure"


class TimedOut(Exception):
    """The call was carried out, but its answer is lost: the client waits until it gives up."""


class Faults:
    """The faults of one account. With none planned, each question is one look at an empty dict."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._throttled: dict[tuple[str, str | None], int] = {}
        self._idle: dict[tuple[str, str | None], int] = {}
        self._failing: dict[str, deque[dict[int, str]]] = {}
        self._key_troubles: dict[str, tuple[str, int]] = {}
        self._timeouts: dict[str, int] = {}
        self._expired_before: dict[str, int] = {}

    def throttle(self, stream: str, shard: str | None, duration: int) -> None:
        """Refuse reads and writes of a shard (None: of all shards) for `duration`.

        Enhanced fan-out goes on: a registered consumer has throughput of its own.
        """
        self._plan(self._throttled, stream, shard, duration)

    def idle(self, stream: str, shard: str | None, duration: int) -> None:
        """Give empty pages, and push no records, for `duration`, whatever the shard holds."""
        self._plan(self._idle, stream, shard, duration)

    def fail_entries(self, stream: str, indices: list[int], times: int, code: str) -> None:
        """In each of the next `times` PutRecords, refuse the entries at `indices` (from 0)."""
        plan = self._failing.setdefault(stream, deque())
        plan.extend(dict.fromkeys(indices, code) for _ in range(times))

    def time_out_after_write(self, stream: str, times: int) -> None:
        """Store the records of the next `times` puts, but lose the answers."""
        self._timeouts[stream] = self._timeouts.get(stream, 0) + times

    def trouble_keys(self, stream: str, code: str, duration: int) -> None:
        """Let the stream's KMS keys fail with `code`, one of the API's six KMS errors."""
        self._key_troubles[stream] = (code, self._clock.now + duration)

    def expire_iterators(self, stream: str) -> None:
        """Let every iterator that was given out before now be too old."""
        self._expired_before[stream] = self._clock.now

    def throttles(self, stream: Stream, shard: Shard) -> bool:
        """Whether the shard refuses everything at this moment."""
        return bool(self._throttled) and self._holds(self._throttled, stream, shard)

    def idles(self, stream: Stream, shard: Shard) -> bool:
        """Whether the shard gives empty pages at this moment."""
        return bool(self._idle) and self._holds(self._idle, stream, shard)

    def idle_until(self, stream: Stream, shard: Shard) -> int:
        """When the shard gives records again; a moment already past if it does."""
        return max(
            self._idle.get((stream.name, None), 0), self._idle.get((stream.name, shard.shard_id), 0)
        )

    def key_trouble(self, stream: Stream) -> str | None:
        """The KMS error that the stream's keys fail with at this moment, if any."""
        code, until = self._key_troubles.get(stream.name, ("", 0))
        return code if until > self._clock.now else None

    def failing_entries(self, stream: Stream) -> dict[int, str]:
        """The entries of this PutRecords to refuse: index -> error code."""
        plan = self._failing.get(stream.name)
        return plan.popleft() if plan else {}

    def after_write(self, stream: Stream) -> None:
        """Raise TimedOut if the answer to this put is to be lost."""
        left = self._timeouts.get(stream.name, 0)
        if left:
            self._timeouts[stream.name] = left - 1
            raise TimedOut

    def expired(self, stream: Stream, issued: int) -> bool:
        """Whether an iterator given out at `issued` was made to expire."""
        return issued < self._expired_before.get(stream.name, issued)

    def _plan(
        self,
        until: dict[tuple[str, str | None], int],
        stream: str,
        shard: str | None,
        duration: int,
    ) -> None:
        # A shorter plan does not cut a longer one short.
        until[stream, shard] = max(until.get((stream, shard), 0), self._clock.now + duration)

    def _holds(
        self, until: dict[tuple[str, str | None], int], stream: Stream, shard: Shard
    ) -> bool:
        now = self._clock.now
        return (
            until.get((stream.name, None), now) > now
            or until.get((stream.name, shard.shard_id), now) > now
        )
