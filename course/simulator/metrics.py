"""Metrics as CloudWatch keeps them: a service's samples, gathered minute by minute.

A service gives a sample whenever something happens ("this put stored 300 bytes"). When a minute is
over, all that stays of its samples is how many there were, their sum, the smallest and the
largest: every statistic of CloudWatch is made of these. A minute without samples leaves nothing.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from course import facts
from course.simulator.clock import HOUR, MINUTE, Clock

RETENTION = facts.cloudwatch.retention_days * 24 * HOUR

# What tells a metric from others of its name: (name, value) pairs, sorted by name.
Dimensions = tuple[tuple[str, str], ...]

# The samples of one minute: metric name -> values.
Samples = defaultdict[str, list[int]]


class Datapoint(NamedTuple):
    """One minute of a metric; `time` is its beginning, in microseconds."""

    time: int
    sample_count: int
    sum: int
    minimum: int
    maximum: int


class Metrics:
    """The metrics of one namespace in one Region; `units` has the unit of each by its name.

    A minute can be read as soon as it is over. (On AWS it takes a while longer; how long is not
    promised, so here it takes no time.)
    """

    def __init__(self, clock: Clock, namespace: str, units: Mapping[str, str]) -> None:
        self.namespace = namespace
        self.units = units
        self._clock = clock
        self._minute = clock.now // MINUTE
        self._samples: dict[Dimensions, Samples] = {}
        self._kept: dict[tuple[str, Dimensions], deque[Datapoint]] = {}

    def samples(self, dimensions: Dimensions) -> Samples:
        """Where the samples of the present minute go: append to the list of a metric's name."""
        minute = self._clock.now // MINUTE
        if minute != self._minute:
            self._turn(minute)
        samples = self._samples.get(dimensions)
        if samples is None:
            samples = self._samples[dimensions] = defaultdict(list)
        return samples

    def names(self) -> Iterator[tuple[str, Dimensions]]:
        """The name and dimensions of each metric that has datapoints."""
        self._turn(self._clock.now // MINUTE)
        yield from self._kept

    def datapoints(self, name: str, dimensions: Dimensions) -> list[Datapoint]:
        """The minutes of one metric that are over, oldest first; 15 days of them at most."""
        self._turn(self._clock.now // MINUTE)
        return list(self._kept.get((name, dimensions), ()))

    def _turn(self, minute: int) -> None:
        """Go on to `minute`: sum up the one before, and forget what is too old."""
        if minute == self._minute:
            return
        for dimensions, samples in self._samples.items():
            for name, values in samples.items():
                point = Datapoint(
                    self._minute * MINUTE, len(values), sum(values), min(values), max(values)
                )
                self._kept.setdefault((name, dimensions), deque()).append(point)
        self._samples = {}
        self._minute = minute
        oldest = self._clock.now - RETENTION
        for metric, points in list(self._kept.items()):
            while points and points[0].time < oldest:
                points.popleft()
            if not points:
                del self._kept[metric]
