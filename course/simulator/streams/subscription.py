"""A subscription: for five minutes a shard pushes its records to a consumer, event by event.

A record is pushed some 70 ms after it arrived. With nothing to push there is an empty event now
and then, and the last event of a closed shard names the shard's children.

The reader takes the events one by one, and the clock moves no farther than the next one needs. So
what was pushed before the end can still be taken after it, as from the buffer of a connection.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from course import facts
from course.simulator.clock import MILLISECOND, SECOND
from course.simulator.streams.shard import Shard
from course.simulator.streams.throttle import PUSH_BYTES_PER_SECOND

if TYPE_CHECKING:
    from course.simulator.streams.consumer import Consumer

LIFE: int = facts.fan_out.subscription_life * SECOND
PROPAGATION: int = facts.fan_out.propagation_ms * MILLISECOND
HEARTBEAT: int = facts.fan_out.heartbeat * SECOND
MAX_RECORDS: int = facts.fan_out.event_max_records
# An event holds at most what a second may carry; a record larger than that has one to itself.
MAX_BYTES = PUSH_BYTES_PER_SECOND


@dataclass(frozen=True, slots=True)
class Event:
    """What is pushed at once: records, their bytes, how far behind the newest record they leave us.

    `continuation` is the sequence number after which to go on. The last event of a closed shard
    has none, but the shard's `children`.
    """

    records: list[dict[str, Any]]
    size: int
    behind_ms: int
    continuation: str | None
    children: tuple[Shard, ...] = ()


@dataclass(slots=True, eq=False)
class Subscription:
    """A consumer's place in a shard: `counter` is the next record to push."""

    consumer: Consumer
    shard: Shard
    counter: int
    started: int
    ended: bool = False
    _last_event: int = field(init=False)

    def __post_init__(self) -> None:
        self._last_event = self.started

    @property
    def ends(self) -> int:
        """When the five minutes are over."""
        return self.started + LIFE

    @property
    def taken_over(self) -> bool:
        """Whether the consumer has subscribed to the shard anew since."""
        return self.consumer.outlet(self.shard).subscription is not self

    def due(self, now: int, idle_until: int) -> int:
        """When the next event, or the end, is due if nothing is written until then.

        Before `idle_until` the shard pushes no records.
        """
        self._trim(now)
        latest = min(self._last_event + HEARTBEAT, self.ends)
        written = self.shard.arrival_of(self.counter)
        if written is None:
            written = self.shard.closed
        if written is None:
            return latest
        free_at = self.consumer.outlet(self.shard).budget.free_at
        return min(max(written + PROPAGATION, free_at, idle_until), latest)

    def next_event(self, now: int, idle_until: int) -> Event | None:
        """The event that is due at `now`; None once the subscription has ended."""
        self._trim(now)
        shard = self.shard
        budget = self.consumer.outlet(shard).budget
        # What had arrived this long ago has been pushed by now, or by the end.
        seen = min(now, self.ends) - PROPAGATION
        start = max(self.counter, shard.oldest_counter)
        ready = 0
        if now >= max(budget.free_at, idle_until):
            ready = max(0, shard.counter_at_time(seen + 1) - start)
        page = shard.read(start, min(ready, MAX_RECORDS), MAX_BYTES)
        drained = (
            shard.closed is not None
            and shard.closed <= seen
            and now >= idle_until
            and page.next_counter == shard.next_counter
        )
        if not page.records and not drained and now >= self.ends:
            self.ended = True
            return None
        budget.charge(page.size, now)
        self.counter = page.next_counter
        self._last_event = now
        unread_since = shard.arrival_of(self.counter)
        behind = 0 if unread_since is None else (now - unread_since) // MILLISECOND
        if drained:
            self.ended = True
            return Event(page.records, page.size, behind, None, shard.children)
        return Event(page.records, page.size, behind, self._continuation(page.records, now))

    def _trim(self, now: int) -> None:
        self.shard.trim(self.consumer.stream.horizon(now))

    def _continuation(self, records: list[dict[str, Any]], now: int) -> str:
        """Where to go on with AFTER_SEQUENCE_NUMBER.

        AWS: it may be the last record's own number (amazon-kinesis-client, pull request 371), so
        AT_SEQUENCE_NUMBER may give that record again. Without records it moves on with time.
        """
        if records:
            number: str = records[-1]["SequenceNumber"]
            return number
        return self.shard.numbering.number(self.counter - 1, now)
