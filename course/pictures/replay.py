"""A trace made small enough to send once and to replay smoothly in a browser.

Three things happen to it here. Long idle stretches are shortened, so that ten records after a
quiet minute are still seen one by one. The records become dots: when there are too many, one dot
stands for `each` records of the same shard and outcome. The numbers stay exact, however many dots
were left out: they are sent as counts per shard and step of the replay.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from operator import attrgetter
from typing import Any

from course.pictures.trace import RING, Event, StreamTrace, Tally
from course.pictures.words import shorten

MOST_DOTS = 2_400
MOST_KEYS = 60  # more names than this nobody reads
MOST_STEPS = 400
MOST_COUNTS = 6_000  # shards x steps: bounds what is sent for a stream of many shards
KINDS = ("ok", "throttled", "failed")

# Positions travel as whole numbers of this many parts: half the digits of a float.
PARTS = 1_000_000

# Replay length in seconds of real time, before the learner picks a speed.
SHORTEST, LONGEST = 5.0, 30.0
FEW_MOMENTS = 30  # so few that each record can be followed,
PER_MOMENT = 0.9  # given this many seconds


@dataclass(frozen=True)
class Timeline:
    """Where each moment of a trace stands in its replay.

    `times` (seconds of the trace) and `places` (0..1 of the replay) are knots of a rising,
    piecewise straight line: two knots, unless idle time was shortened. `busy` is what is then
    left of the trace, in seconds.
    """

    times: tuple[float, ...]
    places: tuple[float, ...]
    busy: float

    def place(self, time: float) -> float:
        """The place in the replay, 0..1, of a moment of the trace."""
        if time <= self.times[0]:
            return 0.0
        if time >= self.times[-1]:
            return 1.0
        after = bisect_right(self.times, time)
        left, right = self.times[after - 1], self.times[after]
        low, high = self.places[after - 1], self.places[after]
        return low + (high - low) * (time - left) / (right - left)


def timeline(trace: StreamTrace) -> Timeline:
    """The replay's tempo: true to the trace, except that it hurries through long silences.

    A silence is long when it lasts over twice as long as nine gaps in ten between moments of the
    trace, and would take over a fiftieth of the replay; it shrinks to twice those gaps.
    """
    end = max(trace.duration, 1e-6)
    stops = [0.0, *(moment for moment in _moments(trace) if 0 < moment < end), end]
    gaps = [right - left for left, right in pairwise(stops)]
    inner = sorted(gaps[1:-1] or gaps)
    brief = 2 * inner[(len(inner) - 1) * 9 // 10]
    long, longer = max(brief, end / 50), end
    while long < longer:  # with the longest silences gone, shorter ones stand out
        longer = long
        long = max(brief, sum(brief if gap > longer else gap for gap in gaps) / 50)

    times, spent = [0.0], [0.0]

    def knot(time: float, length: float) -> None:
        times.append(time)
        spent.append(spent[-1] + length)

    for left, right in pairwise(stops):
        if right - left > long:
            if left > times[-1]:
                knot(left, left - times[-1])
            knot(right, brief)
    if end > times[-1]:
        knot(end, end - times[-1])
    return Timeline(tuple(times), tuple(part / spent[-1] for part in spent), spent[-1])


def _moments(trace: StreamTrace) -> list[float]:
    moments = {event.time for event in trace.events}
    for shard in trace.shards:
        moments.add(shard.opened)
        if shard.closed is not None:
            moments.add(shard.closed)
    return sorted(moments)


def _length(trace: StreamTrace, line: Timeline) -> float:
    """How many seconds a replay takes at normal speed."""
    moments = len(_moments(trace))
    if moments <= FEW_MOMENTS:
        return max(SHORTEST, PER_MOMENT * moments)
    return min(max(line.busy, 2 * SHORTEST), LONGEST)


def thin(events: Iterable[Event], most: int = MOST_DOTS) -> tuple[list[Event], int]:
    """At most about `most` of `events` in order of time, and how many each stands for.

    Every k-th event of each shard and outcome is kept, the first always, so a shard that took or
    refused anything shows it.
    """
    ordered = sorted(events, key=attrgetter("time"))
    each = max(1, ceil(len(ordered) / most))
    seen: defaultdict[tuple[str, str], int] = defaultdict(int)
    kept = []
    for event in ordered:
        group = event.shard_id, event.kind
        if seen[group] % each == 0:
            kept.append(event)
        seen[group] += 1
    return kept, each


def replay(trace: StreamTrace) -> dict[str, Any]:
    """What the moving ring is sent: JSON values only, bounded in size, totals exact."""
    line = timeline(trace)
    shards = trace.ring_order
    index = {shard.shard_id: number for number, shard in enumerate(shards)}
    dots, each = thin(trace.events)
    keys = list(dict.fromkeys(event.key for event in dots))
    steps = max(min(MOST_STEPS, MOST_COUNTS // max(len(shards), 1)), 20)
    rows = trace.spread(steps, lambda time: int(line.place(time) * steps))
    return {
        "seconds": round(_length(trace, line), 2),
        "duration": trace.duration,
        "busy": line.busy,
        "times": list(line.times),
        "places": list(line.places),
        "each": each,
        "shards": [
            {
                "label": shard.label,
                "range": shard.hash_range,
                "from": shard.start / RING,
                "to": (shard.end + 1) / RING,
                "opened": line.place(shard.opened),
                "closed": None if shard.closed is None else line.place(shard.closed),
            }
            for shard in shards
        ],
        "dots": {
            "place": [round(line.place(event.time) * PARTS) for event in dots],
            "hash": [event.hash * PARTS // RING for event in dots],
            "shard": [index[event.shard_id] for event in dots],
            "kind": [KINDS.index(event.kind) for event in dots],
            "key": [keys.index(event.key) for event in dots] if len(keys) <= MOST_KEYS else [],
        },
        "keys": [shorten(key) for key in keys] if len(keys) <= MOST_KEYS else [],
        "steps": steps,
        "counts": [
            [
                number
                for step, tally in enumerate(rows[shard.shard_id])
                if tally != Tally()
                for number in (step, tally.records, tally.bytes, tally.throttled, tally.failed)
            ]
            for shard in shards
        ],
    }
