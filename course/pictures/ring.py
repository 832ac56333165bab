"""The hash ring: where partition keys point, and which shard each record flows into."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, radians, sin
from typing import TYPE_CHECKING, Any

from course.pictures import replay, words
from course.pictures.picture import STILL_WIDTH, Picture
from course.pictures.trace import RING, ShardSpan, StreamTrace

if TYPE_CHECKING:
    from course.pictures.still import Point, Sheet

RADIUS, THICK = 104.0, 14.0
MOST_TICKS = 240  # marks on the ring: more would be a solid band
FEW_KEYS = 12  # named on the ring


class HashRing(Picture):
    """Records leave the producer, hit the ring at their hash, and run into that shard's lane."""

    script = "ring.js"

    def __init__(self, trace: StreamTrace, title: str | None = None) -> None:
        self.trace = trace
        self.title = title or f"{trace.name}: where the records go"

    def sentence(self) -> str:
        """Which shards the records went to."""
        closed = [shard.label for shard in self.trace.shards if shard.closed is not None]
        ended = f" Closed within this time: {', '.join(closed)}." if closed else ""
        return words.where_records_are(self.trace) + ended

    def table(self) -> str:
        """One row per shard: its hash key range and its numbers."""
        return words.shard_table(self.trace)

    def payload(self) -> dict[str, Any]:
        """The replay of the trace."""
        sent = replay.replay(self.trace)
        hurries = "   ·   idle time shortened" if len(sent["times"]) > 2 else ""
        return {"about": self._about() + hurries, **sent}

    def _about(self) -> str:
        return f"{words.amount(self.trace)}   ·   {words.seconds(self.trace.duration)}"

    def sheet(self) -> Sheet:
        """The end state: the ring as it is then, the hashes seen, the lanes filled."""
        from course.pictures import track
        from course.pictures.still import PATH, Sheet

        shards = self.trace.ring_order
        rows = len(shards)
        height = track.row_height(rows)
        top = 92.0
        body = max(rows * height, 2 * RADIUS + 80)
        sheet = Sheet(STILL_WIDTH, top + body + 56)
        track.heading(sheet, self.title, self._about())
        center = (176.0, top + body / 2)
        first = top + (body - rows * height) / 2
        numbers = [words.RECORDS, *words.refusals(self.trace.total)]
        tracks = track.Tracks(sheet, 388.0, self.trace, numbers, 10)
        lift, drop = (0, 0) if tracks.one_line else (11, 12)  # words above, track below the middle
        lanes = {shard: first + height * (place + 0.5) for place, shard in enumerate(shards)}
        now = [shard for shard in shards if shard.closed is None]
        sheet.lines(
            [way(center, middle(s), middle(s), (376.0, lanes[s] + drop)) for s in now], PATH, 1.25
        )
        self._ring(sheet, center, now)
        self._marks(sheet, center)
        tracks.heads(first - 8)
        for shard, y in lanes.items():
            tracks.row(shard, y - lift)
        marks = [("tick", "hash of a partition key"), *track.outcomes(self.trace.total)]
        track.legend(sheet, marks, sheet.height - 26)
        return sheet

    def _ring(self, sheet: Sheet, center: Point, now: Sequence[ShardSpan]) -> None:
        from course.pictures.still import FAINT, INK, LINE, MUTED

        for shard in self.trace.ring_order:
            start, end = turn(shard.start / RING), turn((shard.end + 1) / RING)
            gap = 0.6 if end - start > 3 else 0
            if shard.closed is None:
                sheet.arc(center, RADIUS + THICK / 2, THICK, start + gap, end - gap, LINE)
            else:
                sheet.arc(center, RADIUS - 14, 4, start + gap, end - gap, FAINT)
        named = len(now) <= 8
        for shard in now if len(now) <= 32 else ():
            spot = at(center, middle(shard), RADIUS - (44 if named else 32))
            label = shard.label if named else shard.label.removeprefix("shard ")
            sheet.text(*spot, label, size=10.5, color=INK, align="center")
        for left, right in zip([*now[-1:], *now], now, strict=False):
            # A border is named where it has room between the names of its neighbours.
            if (middle(right) - middle(left)) % 1 >= 0.2:
                border = at(center, right.start / RING, RADIUS - 32)
                digits = f"{right.start:032x}"[:4] + "…"
                sheet.text(*border, digits, size=9, color=MUTED, align="center", mono=True)
        sheet.circle(center, 5, INK)
        sheet.text(center[0], center[1] + 17, "producer", size=10.5, color=MUTED, align="center")

    def _marks(self, sheet: Sheet, center: Point) -> None:
        from course.pictures.still import ACCENT

        kept, _ = replay.thin(self.trace.events, MOST_TICKS)
        keys = {event.hash: event.key for event in kept}
        inner, outer = RADIUS - THICK / 2, RADIUS + THICK / 2
        sheet.lines(
            [[at(center, hash / RING, inner), at(center, hash / RING, outer)] for hash in keys],
            ACCENT,
            2 if len(keys) <= 60 else 1,
            alpha=1 if len(keys) <= 60 else 0.45,
        )
        if len(keys) > FEW_KEYS:
            return
        taken = -1.0
        for hash, key in sorted(keys.items()):
            name, place = words.shorten(key, 8), hash / RING
            half = (3.2 * len(name) + 1.5) / (2 * pi * (outer + 9))
            if place - half >= taken:
                spot = at(center, place, outer + 9)
                sheet.text(*spot, name, size=10, color=ACCENT, align="center", bold=True)
                taken = place + half


def turn(place: float) -> float:
    """Degrees clockwise from the right, of a place 0..1 on the ring; the ring starts at the left.

    Cut at the left, the ring unrolls into lanes on the right without lines crossing.
    """
    return 180 + 360 * place


def at(center: Point, place: float, radius: float) -> Point:
    """The point at a place 0..1 of the ring."""
    angle = radians(turn(place))
    return center[0] + radius * cos(angle), center[1] + radius * sin(angle)


def middle(shard: ShardSpan) -> float:
    """The place of the middle of a shard's range."""
    return (shard.start + shard.end + 1) / 2 / RING


def rail(place: float) -> float:
    """How far outside the ring records travel: further, the further left their shard sits."""
    left = max(abs(place - 0.5) - 0.25, 0) / 0.25
    return RADIUS + 20 + 22 * left


def way(center: Point, place: float, shard_middle: float, entry: Point) -> list[Point]:
    """The path from a place on the ring to a lane's entry.

    From the left half it climbs to its rail and follows it to the top or the bottom of the ring.
    From there, and from the right half, it runs off to the right.
    """
    outside = RADIUS + THICK / 2
    leaves = min(max(place, 0.25), 0.75)
    radius = rail(shard_middle)
    path = [at(center, place, outside)]
    steps = round(abs(leaves - place) * 120)
    for step in range(1, steps + 1):
        part = step / steps
        climb = min(part * 1.5, 1)
        path.append(
            at(
                center,
                place + (leaves - place) * part,
                outside + (radius - outside) * climb * climb * (3 - 2 * climb),
            )
        )
    (x0, y0), (x3, y3) = path[-1], entry
    reach = (x3 - x0) * 0.55
    bends = [(x0, y0), (x0 + reach, y0), (x3 - reach, y3), (x3, y3)]
    return path + [_bezier(bends, step / 24) for step in range(1, 25)]


def _bezier(points: Sequence[Point], t: float) -> Point:
    u = 1 - t
    weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
    return (
        sum(w * x for w, (x, _) in zip(weights, points, strict=True)),
        sum(w * y for w, (_, y) in zip(weights, points, strict=True)),
    )


def hash_ring(trace: StreamTrace, title: str | None = None) -> HashRing:
    """The hash ring of a stream, with the records of `trace` flowing into its shards."""
    return HashRing(trace, title)
