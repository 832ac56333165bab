"""On-demand Advantage: an account commits itself to a minimum throughput in a Region, and is
billed for at least that. In return it may warm its on-demand streams up and register more
consumers. A commitment cannot be ended within its first 24 hours."""

from __future__ import annotations

from course import facts
from course.simulator.clock import HOUR, Clock

SHORTEST = facts.throughput_commitment.hours * HOUR

ENABLED, DISABLED = "ENABLED", "DISABLED"
ENDING = "ENABLED_UNTIL_EARLIEST_ALLOWED_END"


class ThroughputCommitment:
    """The minimum throughput billing commitment of an account in one Region.

    `started`, `earliest_end` and `ended` are microseconds, or None where there is no such moment.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.started: int | None = None
        self.earliest_end: int | None = None
        self._ends: int | None = None

    @property
    def status(self) -> str:
        """ENABLED, DISABLED, or enabled until its earliest allowed end."""
        if self.started is None or self.ended is not None:
            return DISABLED
        return ENABLED if self._ends is None else ENDING

    @property
    def holds(self) -> bool:
        """Whether the account has what the commitment gives."""
        return self.status != DISABLED

    @property
    def ended(self) -> int | None:
        """When the commitment ended, if it has."""
        return self._ends if self._ends is not None and self._ends <= self._clock.now else None

    def enable(self) -> None:
        """Begin, or go on although the end was asked for; an enabled one stays as it is."""
        if not self.holds:
            self.started = self._clock.now
            self.earliest_end = self.started + SHORTEST
        self._ends = None

    def disable(self) -> None:
        """End, at once or when the first 24 hours are over."""
        if self.status == ENABLED and self.earliest_end is not None:
            self._ends = max(self._clock.now, self.earliest_end)
