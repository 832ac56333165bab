"""How evenly keys spread records over shards: a bar per shard, and the mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from course.pictures import words
from course.pictures.picture import MANY_SHARDS, STILL_WIDTH, Picture
from course.pictures.trace import shard_label

if TYPE_CHECKING:
    from course.pictures.still import Sheet


class KeySpread(Picture):
    """Records per shard against their mean; the fullest shard is the one that throttles first."""

    def __init__(self, counts: Mapping[str, int], title: str | None = None) -> None:
        if not counts:
            raise ValueError(
                "key_spread has no shard to draw; give it a count for each shard, zeros included."
            )
        self.counts = {shard_label(shard): number for shard, number in counts.items()}
        self.title = title or "Records per shard"

    @property
    def mean(self) -> float:
        """Records per shard if they were spread evenly."""
        return sum(self.counts.values()) / len(self.counts)

    @property
    def ratio(self) -> float:
        """The fullest shard against the mean: 1 is even, the number of shards is the worst."""
        return max(self.counts.values()) / self.mean if self.mean else 1.0

    def sentence(self) -> str:
        """The ratio of the fullest shard to the mean."""
        total, shards = sum(self.counts.values()), words.count(len(self.counts), "shard")
        if not total:
            return f"No record in {shards}."
        fullest = max(self.counts, key=lambda label: self.counts[label])
        return (
            f"{words.count(total, 'record')} over {shards}: the fullest, {fullest}, holds "
            f"{self.ratio:.2f} times the mean ({self.counts[fullest]:,} against {self.mean:,.1f})."
        )

    def table(self) -> str:
        """One row per shard with its share."""
        total = sum(self.counts.values())
        rows = [
            [label, f"{number:,}", f"{number / total if total else 0:.1%}"]
            for label, number in self.counts.items()
        ]
        return words.table(["shard", "records", "share"], rows)

    def sheet(self) -> Sheet:
        """Bars with the mean across them."""
        from course.pictures import track
        from course.pictures.still import ACCENT, FAINT, INK, MUTED, SPENT, Sheet

        many = len(self.counts) > MANY_SHARDS
        step, thick = (24.0, 12.0) if many else (38.0, 20.0)
        top, left, right = 106.0, track.LEFT + 92, track.RIGHT - 96
        bottom = top + step * len(self.counts)
        sheet = Sheet(STILL_WIDTH, bottom + 34)
        total = sum(self.counts.values())
        said = f"{words.count(total, 'record')}   ·   max / mean {self.ratio:.2f}"
        track.heading(sheet, self.title, said if total else "no records")
        most = max(self.counts.values())
        for place, (label, number) in enumerate(self.counts.items()):
            y = top + step * (place + 0.5)
            sheet.text(track.LEFT, y, words.shorten(label, 12), size=12.5, bold=True)
            sheet.box(left, y - thick / 2, right - left, thick, FAINT, radius=3)
            length = (right - left) * number / most if most else 0
            color = ACCENT if number == most else SPENT
            sheet.box(left, y - thick / 2, length, thick, color, radius=3)
            ink = INK if number else MUTED
            sheet.text(
                track.RIGHT, y, f"{number:,}", size=12.5, bold=True, color=ink, align="right"
            )
        if total:
            x = left + (right - left) * self.mean / most
            sheet.lines([[(x, top - 4), (x, bottom + 2)]], INK, 1.5)
            align = "right" if x > right - 60 else "left" if x < left + 60 else "center"
            said = f"mean {self.mean:,.1f}".removesuffix(".0")
            sheet.text(x, top - 14, said, size=11, color=INK, align=align)
        return sheet


def key_spread(counts: Mapping[str, int], title: str | None = None) -> KeySpread:
    """Bars of records per shard, from counts by shard id or name, with the mean line."""
    return KeySpread(counts, title)
