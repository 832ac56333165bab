"""One lane per shard: what a stream holds at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from course.pictures import words
from course.pictures.picture import MANY_SHARDS, STILL_WIDTH, Picture
from course.pictures.trace import ShardSpan, StreamTrace

if TYPE_CHECKING:
    from course.pictures.still import Sheet

NAMED_KEYS = 4
NEWEST = 3  # records previewed per shard; one when more than
FEW = 4  # shards hold records
LINE = 104  # characters that fit


class Lanes(Picture):
    """A lane per shard with its records; empty lanes are seen to be empty."""

    def __init__(
        self,
        trace: StreamTrace,
        title: str | None = None,
        previews: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.trace = trace
        self.title = title or trace.name
        self.previews = dict(previews or {})

    def sentence(self) -> str:
        """How many shards hold the records."""
        return words.where_records_are(self.trace)

    def table(self) -> str:
        """The numbers of each shard, then its keys and newest records."""
        blocks = [words.shard_table(self.trace)]
        for shard in self.trace.ring_order:
            lines = [f"{shard.label}: {self.keys_seen(shard)}"] if self._keys(shard) else []
            lines += [f"  {text}" for text in self.newest(shard)]
            blocks += ["\n".join(lines)] if lines else []
        return "\n\n".join(blocks)

    def _keys(self, shard: ShardSpan) -> dict[str, int]:
        return self.trace.keys[shard.shard_id]

    def keys_seen(self, shard: ShardSpan) -> str:
        """'partition keys 0 (4), 1 (3), 2 (3)', the busiest named when there are many."""
        keys = self._keys(shard)
        named = sorted(keys, key=lambda key: -keys[key])[:NAMED_KEYS]
        listed = ", ".join(f"{words.shorten(key, 18)} ({keys[key]:,})" for key in named)
        if len(keys) == 1:
            return f"partition key {listed}"
        if len(keys) <= NAMED_KEYS:
            return f"partition keys {listed}"
        return f"{len(keys):,} partition keys, busiest {listed}"

    def newest(self, shard: ShardSpan) -> list[str]:
        """The last few previews of a shard, one line each."""
        holding = sum(tally.records > 0 for tally in self.trace.tallies.values())
        texts = list(self.previews.get(shard.shard_id, ()))
        return [words.shorten(text, LINE) for text in texts[-NEWEST if holding <= FEW else -1 :]]

    def sheet(self) -> Sheet:
        """The lanes, one under the other."""
        from course.pictures import track
        from course.pictures.still import MUTED, Sheet

        shards = self.trace.ring_order
        many = len(shards) > MANY_SHARDS
        heights = [24.0 if many else self._height(shard) for shard in shards]
        top = 112.0
        notes = track.outcomes(self.trace.total)
        sheet = Sheet(STILL_WIDTH, top + sum(heights) + (34 if notes else 4))
        track.heading(sheet, self.title, words.amount(self.trace))
        numbers = [words.RECORDS, words.BYTES, *words.refusals(self.trace.total)]
        tracks = track.Tracks(sheet, track.LEFT, self.trace, numbers, 22)
        tracks.heads(top - 26)
        y = top
        for shard, height in zip(shards, heights, strict=True):
            tracks.row(shard, y)
            line = y + 52
            if not many and self._keys(shard):
                said = words.shorten(self.keys_seen(shard), LINE)
                sheet.text(track.LEFT, line, said, size=11, color=MUTED)
            for text in [] if many else self.newest(shard):
                line += 18
                sheet.text(track.LEFT, line, text, size=10.5, color=MUTED, mono=True)
            y += height
        track.legend(sheet, notes, sheet.height - 26)
        return sheet

    def _height(self, shard: ShardSpan) -> float:
        lines = (1 if self._keys(shard) else 0) + len(self.newest(shard))
        return 56.0 + 18 * lines + (10 if lines else 0)


def lanes(
    trace: StreamTrace,
    title: str | None = None,
    previews: Mapping[str, Sequence[str]] | None = None,
) -> Lanes:
    """What a stream holds: one lane per shard.

    `previews` gives, per shard id, the text of its newest records, oldest first; the last three
    are shown.
    """
    return Lanes(trace, title, previews)
