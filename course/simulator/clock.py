"""The one clock of a world: integer microseconds and a heap of things that are due.

Floats drift (1,500 sleeps of 0.2 s end 71 us late), so time is an integer here. Nothing in the
simulator reads the real time: the clock moves when somebody sleeps, when the lab advances it, and
by the modelled latency of each call.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

from dateutil.tz import tzlocal

MICROSECOND = 1
MILLISECOND = 1_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# Monday morning: a shop's orders start to come in.
START = int(datetime(2026, 1, 5, 9, tzinfo=UTC).timestamp()) * SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """Virtual time in microseconds since 1970-01-01 UTC."""

    def __init__(self, start: int = START) -> None:
        self.now = start
        self.on_move: list[Callable[[int], None]] = []
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()

    def call_at(self, when: int, action: Callable[[], None]) -> None:
        """Run `action` when the clock reaches `when` (at the next move, if that is past)."""
        heapq.heappush(self._due, (when, next(self._order), action))

    def sleep(self, microseconds: int) -> None:
        """Move forward by `microseconds`, running what falls due on the way, in order."""
        if microseconds < 0:
            raise ValueError("sleep length must be non-negative")
        self.advance_to(self.now + microseconds)

    def advance_to(self, when: int) -> None:
        """Move to `when`; a moment already past leaves the clock where it is."""
        while self._due and self._due[0][0] <= when:
            self._happen()
        self._arrive(when)

    def advance_until(self, due: Callable[[], int]) -> None:
        """Move to the moment that `due()` names, and no farther.

        It is asked again after everything that happens on the way: a record that is written in
        the meantime may be what somebody waits for.
        """
        while (when := due()) > self.now and self._due and self._due[0][0] <= when:
            self._happen()
        self._arrive(when)

    def _happen(self) -> None:
        moment, _, action = heapq.heappop(self._due)
        self.now = max(self.now, moment)
        action()

    def _arrive(self, when: int) -> None:
        if when > self.now:
            self.now = when
        for listener in self.on_move:
            listener(self.now)


def to_datetime(microseconds: int) -> datetime:
    """The UTC datetime of a moment given in microseconds since the epoch."""
    return _EPOCH + timedelta(microseconds=microseconds)


def to_local_datetime(microseconds: int) -> datetime:
    """The same moment as boto3 hands it out: in local time, aware of its zone."""
    return to_datetime(microseconds).astimezone(tzlocal())


def from_datetime(moment: datetime) -> int:
    """Microseconds since the epoch; a naive datetime is read as UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)
