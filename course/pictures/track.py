"""The parts that stills of lanes share: heading, rows of numbers, tracks, legend."""

from __future__ import annotations

from collections.abc import Sequence

from course.pictures import words
from course.pictures.picture import MANY_SHARDS, STILL_WIDTH
from course.pictures.still import ACCENT, FAINT, INK, LINE, MUTED, PAPER, SPENT, Sheet
from course.pictures.trace import OK, ShardSpan, StreamTrace, Tally, shard_label

LEFT, RIGHT = 28.0, STILL_WIDTH - 28.0
NUMBER = 76.0  # width of a column of numbers
MOST_CELLS = 40  # up to here a track shows its records one by one


def heading(sheet: Sheet, title: str, said: str) -> None:
    """Title, and under it how much the picture holds."""
    sheet.text(LEFT, 32, title, size=15, bold=True)
    sheet.text(LEFT, 55, said, size=11.5, color=MUTED)


def legend(sheet: Sheet, entries: Sequence[tuple[str, str]], y: float, x: float = LEFT + 4) -> None:
    """Shapes and what they mean, in one line from `x`: ('throttled', 'throttled'), ..."""
    for kind, meaning in entries:
        if kind == "tick":
            sheet.lines([[(x, y - 5), (x, y + 5)]], ACCENT, 2)
        else:
            sheet.marks([(x, y)], kind, 8)
        sheet.text(x + 11, y, meaning, size=11, color=MUTED)
        x += 11 + 6.0 * len(meaning) + 26


def outcomes(total: Tally) -> list[tuple[str, str]]:
    """The legend's entries for what was refused."""
    meanings = {"throttled": "throttled", "failed": "failed, another error"}
    return [(column.kind, meanings[column.kind]) for column in words.refusals(total)]


def family(shard: ShardSpan) -> str:
    """What became of a shard, and where it came from: '   closed   child of shard 0'."""
    closed = "   closed" if shard.closed is not None else ""
    parents = " and ".join(shard_label(parent) for parent in shard.parents)
    return closed + (f"   child of {parents}" if parents else "")


class Tracks:
    """Rows of lanes on a sheet, from `x` to the right edge; a full track is the fullest shard."""

    def __init__(
        self,
        sheet: Sheet,
        x: float,
        trace: StreamTrace,
        columns: Sequence[words.Column],
        thick: float,
    ) -> None:
        self.sheet, self.x, self.trace = sheet, x, trace
        self.numbers = [(RIGHT - NUMBER * place, column) for place, column in enumerate(columns)]
        self.most = max((tally.records for tally in trace.tallies.values()), default=0)
        self.one_by_one = self.most <= MOST_CELLS
        self.thick = max(thick, 16.0) if self.one_by_one else thick  # a key fits into 16 pixels
        self.one_line = len(trace.shards) > MANY_SHARDS

    def heads(self, y: float) -> None:
        """The names of the columns of numbers."""
        for x, column in self.numbers:
            self.sheet.text(x, y, column.head, size=10, color=MUTED, align="right")

    def row(self, shard: ShardSpan, y: float) -> None:
        """One lane at height `y`: name, range, numbers; its track below, or between them."""
        self.figures(shard, y)
        if self.one_line:
            left = self.x + 82
            self._track(left, y - 4, self.numbers[-1][0] - 64 - left, 8, shard)
        else:
            where = shard.hash_range + family(shard)
            self.sheet.text(self.x + 72, y, where, size=9.5, color=MUTED, mono=True)
            self._track(self.x, y + 15, RIGHT - self.x, self.thick, shard)

    def figures(self, shard: ShardSpan, y: float) -> None:
        """The name of a shard on the left, its numbers on the right."""
        tally = self.trace.tallies[shard.shard_id]
        color = INK if shard.closed is None else MUTED
        self.sheet.text(self.x, y, shard.label, size=12.5, bold=True, color=color)
        for x, column in self.numbers:
            text = column.text(tally)
            if column.kind == "ok":
                bold = column.head == "records"
                ink = INK if tally.records else MUTED
                self.sheet.text(x, y, text, size=12.5, bold=bold, color=ink, align="right")
            elif text != "0":
                self.sheet.text(x, y, text, size=12.5, align="right")
                self.sheet.marks([(x - 8.2 * len(text) - 10, y)], column.kind, 8)

    def _track(self, x: float, y: float, width: float, height: float, shard: ShardSpan) -> None:
        records = self.trace.tallies[shard.shard_id].records
        color = SPENT if shard.closed is not None else ACCENT
        if not records:
            self.sheet.box(x, y, width, height, edge=LINE, radius=3, dashed=True)
            return
        self.sheet.box(x, y, width, height, FAINT, radius=3)
        if not self.one_by_one:
            self.sheet.box(x, y, width * records / self.most, height, color, radius=3)
            return
        step = width / max(self.most, 10)
        taken = [e for e in self.trace.events if e.shard_id == shard.shard_id and e.outcome == OK]
        for number, event in enumerate(taken):
            left = x + number * step
            self.sheet.box(left, y, step - 2, height, color, radius=3)
            key = words.shorten(event.key)
            if height >= 16 and 7 * len(key) < step - 6:
                middle = left + step / 2 - 1
                self.sheet.text(middle, y + height / 2, key, size=10.5, color=PAPER, align="center")


def row_height(shards: int) -> float:
    """Pixels from one of `shards` lanes to the next."""
    return 54.0 if shards <= 6 else 42.0 if shards <= MANY_SHARDS else 24.0
