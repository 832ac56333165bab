"""How the pictures say numbers, names and small tables in plain text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from course.pictures.trace import StreamTrace, Tally


def count(number: int, noun: str) -> str:
    """'1 record', '1,203 records'."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size(number: float) -> str:
    """Bytes in the unit that reads best: '980 B', '1.2 KiB', '1 MiB'."""
    for unit in ("B", "KiB", "MiB"):
        if number < 1024 or unit == "MiB":
            break
        number /= 1024
    digits = f"{number:,.0f}" if unit == "B" or number >= 100 else f"{number:,.1f}"
    return f"{digits.removesuffix('.0')} {unit}"


def seconds(number: float) -> str:
    """A time span: '0.08 s', '12 s', '5 min'."""
    if number >= 120:
        return f"{number / 60:,.1f}".removesuffix(".0") + " min"
    return f"{number:.3g} s"


def shorten(text: str, most: int = 14) -> str:
    """`text` on one line of at most `most` characters, cut with an ellipsis."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Columns of text; the first `left` columns flush left, the others flush right."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [head, *rows]
    )


def refused(tally: Tally) -> str:
    """What was not taken, as the end of a sentence: '' or '; 12 throttled, 1 failed'."""
    parts = [
        f"{number:,} {word}"
        for number, word in ((tally.throttled, "throttled"), (tally.failed, "failed"))
        if number
    ]
    return "; " + ", ".join(parts) if parts else ""


def listed(names: Sequence[str]) -> str:
    """'shard 0', 'shard 0 and shard 2', 'shard 0, shard 2 and 4 more'."""
    if len(names) > 3:
        return f"{names[0]}, {names[1]} and {len(names) - 2} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def amount(trace: StreamTrace) -> str:
    """'10 records · 3 partition keys · 1.1 KiB'."""
    keys = len({key for seen in trace.keys.values() for key in seen})
    parts = [
        count(trace.total.records, "record"),
        count(keys, "partition key"),
        size(trace.total.bytes),
    ]
    return "   ·   ".join(parts)


@dataclass(frozen=True)
class Column:
    """A column of numbers; `kind` names the outcome it counts."""

    head: str
    text: Callable[[Tally], str]
    kind: str = "ok"


RECORDS = Column("records", lambda tally: f"{tally.records:,}")
BYTES = Column("bytes", lambda tally: size(tally.bytes))


def refusals(total: Tally) -> list[Column]:
    """Columns for what was refused, if anything was."""
    columns = [
        Column("throttled", lambda tally: f"{tally.throttled:,}", "throttled"),
        Column("failed", lambda tally: f"{tally.failed:,}", "failed"),
    ]
    return [column for column in columns if column.text(total) != "0"]


def shard_table(trace: StreamTrace) -> str:
    """One row per shard: hash key range, records, bytes, and what it refused."""
    columns = [RECORDS, BYTES, *refusals(trace.total)]
    rows = [
        [
            shard.label + (" (closed)" if shard.closed is not None else ""),
            shard.hash_range,
            *(column.text(trace.tallies[shard.shard_id]) for column in columns),
        ]
        for shard in trace.ring_order
    ]
    return table(["shard", "hash key range", *(column.head for column in columns)], rows, left=2)


def where_records_are(trace: StreamTrace) -> str:
    """One sentence: how many shards hold the records, and the fullest of them."""
    holding = {s.label: n for s in trace.ring_order if (n := trace.tallies[s.shard_id].records)}
    shards = count(len(trace.shards), "shard")
    total = trace.total
    if not holding:
        sentence = f"{trace.name} has {shards}, all empty"
    elif len(holding) == 1:
        others = f"the other {len(trace.shards) - 1} are empty"
        if len(trace.shards) == 2:
            others = "the other one is empty"
        (label,) = holding
        sentence = f"{trace.name} has {shards}: {count(total.records, 'record')} in {label}"
        sentence += f", {others}" if len(trace.shards) > 1 else ""
    else:
        label, most = max(holding.items(), key=lambda item: item[1])
        holders = "all" if len(holding) == len(trace.shards) else f"{len(holding)}"
        sentence = (
            f"{trace.name} has {shards}; {holders} hold records, "
            f"{total.records:,} in all, most in {label} ({most:,})"
        )
    return sentence + refused(total) + "."
