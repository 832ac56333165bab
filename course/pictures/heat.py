"""Shard heat: how close each shard came to its limit, second by second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from course import facts
from course.pictures import words
from course.pictures.picture import STILL_WIDTH, Picture
from course.pictures.trace import ShardSpan, StreamTrace

if TYPE_CHECKING:
    from course.pictures.still import Sheet

MOST_COLUMNS = 180  # more would be thinner than the eye can hold
ROUND = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600)


@dataclass(frozen=True)
class Peak:
    """The most a shard took in one cell, as a share of what its limit allows there."""

    records: float
    bytes: float


class ShardHeat(Picture):
    """Shards down, time across; the darker a cell, the closer to the shard's write limit."""

    script = "heat.js"

    def __init__(
        self,
        trace: StreamTrace,
        bucket_seconds: float = 1,
        title: str | None = None,
        limits: tuple[float, float] | None = None,
    ) -> None:
        self.trace = trace
        self.title = title or f"{trace.name}: shard heat"
        self.limits = limits or (
            facts.shard.write_records_per_second,
            facts.shard.write_bytes_per_second,
        )
        self.grid = trace.grid(_wide_enough(trace.duration, bucket_seconds))

    @property
    def cell(self) -> tuple[float, float]:
        """Records and bytes that the limit allows in one cell."""
        return self.limits[0] * self.grid.seconds, self.limits[1] * self.grid.seconds

    def peak(self, shard: ShardSpan) -> Peak:
        """The hottest cell of a shard."""
        row = self.grid.rows[shard.shard_id]
        return Peak(
            max(tally.records for tally in row) / self.cell[0],
            max(tally.bytes for tally in row) / self.cell[1],
        )

    @property
    def measure(self) -> str:
        """'records' or 'bytes': whichever came closer to its limit."""
        peaks = [self.peak(shard) for shard in self.trace.shards]
        records = max((peak.records for peak in peaks), default=0.0)
        return "bytes" if max((peak.bytes for peak in peaks), default=0.0) > records else "records"

    def was_open(self, shard: ShardSpan, column: int) -> bool:
        """Whether the shard was open at some moment of that column."""
        left, right = column * self.grid.seconds, (column + 1) * self.grid.seconds
        return shard.opened < right and (shard.closed is None or shard.closed > left)

    def sentence(self) -> str:
        """The hottest shard, and how much was throttled."""
        if not self.trace.shards:
            return f"{self.trace.name} has no shards."
        peaks = {shard.label: self.peak(shard) for shard in self.trace.ring_order}
        measure = self.measure
        label = max(peaks, key=lambda name: getattr(peaks[name], measure))
        share = getattr(peaks[label], measure)
        total = self.trace.total
        where = [s.label for s in self.trace.ring_order if self.trace.tallies[s.shard_id].throttled]
        throttled = (
            f"{words.count(total.throttled, 'record')} throttled, in {words.listed(where)}"
            if total.throttled
            else "nothing was throttled"
        )
        return (
            f"Over {words.seconds(self.trace.duration)} of {self.trace.name}, {label} was hottest "
            f"at {share:.0%} of its limit in {measure}; {throttled}."
        )

    def table(self) -> str:
        """Peaks against the limits, per shard."""
        each = words.seconds(self.grid.seconds)
        head = ["shard", "records", f"peak in {each}", "of limit", "peak bytes", "of limit"]
        head += ["throttled"]
        rows = []
        for shard in self.trace.ring_order:
            peak, tally = self.peak(shard), self.trace.tallies[shard.shard_id]
            rows.append(
                [
                    shard.label,
                    f"{tally.records:,}",
                    f"{peak.records * self.cell[0]:,.0f}",
                    f"{peak.records:.0%}",
                    words.size(peak.bytes * self.cell[1]),
                    f"{peak.bytes:.0%}",
                    f"{tally.throttled:,}",
                ]
            )
        return words.table(head, rows)

    def payload(self) -> dict[str, Any]:
        """The grid's numbers, row by row."""
        shards = self.trace.ring_order
        return {
            "about": self._about(),
            "said": self.sentence(),
            "seconds": self.grid.seconds,
            "duration": self.trace.duration,
            "columns": self.grid.columns,
            "limits": list(self.cell),
            "measure": self.measure,
            "shards": [
                {
                    "label": shard.label,
                    "range": shard.hash_range,
                    "closed": shard.closed is not None,
                    "open": [int(self.was_open(shard, c)) for c in range(self.grid.columns)],
                    "records": [tally.records for tally in self.grid.rows[shard.shard_id]],
                    "bytes": [tally.bytes for tally in self.grid.rows[shard.shard_id]],
                    "throttled": [tally.throttled for tally in self.grid.rows[shard.shard_id]],
                    "failed": [tally.failed for tally in self.grid.rows[shard.shard_id]],
                }
                for shard in shards
            ],
        }

    def sheet(self) -> Sheet:
        """The heat map of the measure that came closer to its limit."""
        from course.pictures import track
        from course.pictures.still import MUTED, Sheet, warm

        shards, columns, measure = self.trace.ring_order, self.grid.columns, self.measure
        step = 40.0 if len(shards) <= 6 else 28.0 if len(shards) <= 12 else 18.0
        top, left = 104.0, track.LEFT + 84
        numbers = [words.RECORDS, *words.refusals(self.trace.total)]
        right = track.RIGHT - track.NUMBER * len(numbers) - 4
        bottom = top + step * len(shards)
        sheet = Sheet(STILL_WIDTH, bottom + 84)
        track.heading(sheet, self.title, f"{measure} each shard took   ·   {self._about()}")
        width = min((right - left) / columns, 48.0)
        gap = 1.0 if width > 4 else 0.0
        allowed = self.cell[0] if measure == "records" else self.cell[1]
        boxes, colors = [], []
        squares: list[tuple[float, float]] = []
        triangles: list[tuple[float, float]] = []
        for place, shard in enumerate(shards):
            y = top + step * place
            for column, tally in enumerate(self.grid.rows[shard.shard_id]):
                x = left + column * width
                if self.was_open(shard, column):
                    boxes.append((x, y + 2, width - gap, step - 4))
                    colors.append(warm(getattr(tally, measure) / allowed))
                spot = (x + (width - gap) / 2, y + step / 2)
                if tally.throttled:
                    squares.append(spot)
                elif tally.failed:
                    triangles.append(spot)
        sheet.cells(boxes, colors)
        mark = max(min(width - 1.5, 8.0), 3.5)
        sheet.marks(squares, "throttled", mark)
        sheet.marks(triangles, "failed", mark)
        tracks = track.Tracks(sheet, track.LEFT, self.trace, numbers, 0)
        tracks.heads(top - 12)
        for place, shard in enumerate(shards):
            y = top + step * (place + 0.5)
            tracks.figures(shard, y)
        for column in ticks(columns):
            when, align = words.seconds(column * self.grid.seconds), "center" if column else "left"
            x = left + column * width
            sheet.text(x, bottom + 14, when, size=10, color=MUTED, align=align)
        self._legend(sheet)
        return sheet

    def _about(self) -> str:
        span, each = words.seconds(self.trace.duration), words.seconds(self.grid.seconds)
        return f"{span}   ·   one cell is {each}"

    def _legend(self, sheet: Sheet) -> None:
        from course.pictures import track
        from course.pictures.still import MUTED, warm

        y = sheet.height - 26
        sheet.text(track.LEFT, y, "0", size=11, color=MUTED)
        steps = 24
        sheet.cells(
            [(track.LEFT + 14 + 4 * step, y - 6, 4.2, 12) for step in range(steps)],
            [warm(step / (steps - 1)) for step in range(steps)],
        )
        x = track.LEFT + 14 + 4 * steps + 8
        records, size = self.limits
        limit = f"{records:,.0f} records" if self.measure == "records" else words.size(size)
        meaning = f"the limit, {limit} per second"
        sheet.text(x, y, meaning, size=11, color=MUTED)
        track.legend(sheet, track.outcomes(self.trace.total), y, x + 6.2 * len(meaning) + 24)


def ticks(columns: int) -> list[int]:
    """Columns to label: about six, at round numbers."""
    step = next((step for step in ROUND if columns / step <= 7), columns)
    return list(range(0, columns, step))


def _wide_enough(duration: float, seconds: float) -> float:
    """`seconds`, or the next round multiple of it with which the whole trace can be seen."""
    if seconds <= 0:
        return seconds  # the trace says what is wrong with it
    enough = (seconds * factor for factor in ROUND if seconds * factor * MOST_COLUMNS >= duration)
    return next(enough, duration / MOST_COLUMNS)


def shard_heat(
    trace: StreamTrace,
    bucket_seconds: float = 1,
    title: str | None = None,
    limits: tuple[float, float] | None = None,
) -> ShardHeat:
    """Records and bytes per shard and second against the shard's write limits.

    `limits` are (records per second, bytes per second); without them, what AWS allows a shard.
    """
    return ShardHeat(trace, bucket_seconds, title, limits)
