"""The table of the benchmarks: one row for each thing that we hold ourselves to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from statistics import median

from tests.benchmarks.measure import Stopped

WALL = "the wall clock"
NOT_THERE_YET = "not there yet"


@dataclass(frozen=True)
class Row:
    """What was measured, against what, the bound, the figure, and whether the bound is met."""

    what: str
    against: str
    bound: str
    measured: str
    met: str


def at_most(what: str, against: str, bound: float, ratios: Sequence[float]) -> Row:
    """A cost in multiples of another one; its median must not be above `bound`."""
    return _row(what, against, f"<= {bound:g}x", ratios, "x", median(ratios) <= bound)


def faster(what: str, against: str, bound: float, ratios: Sequence[float]) -> Row:
    """How many times faster than another; the median must not be below `bound`."""
    return _row(what, against, f">= {bound:g}x faster", ratios, "x", median(ratios) >= bound)


def within(what: str, bound: float, taken: Sequence[Stopped]) -> Row:
    """Seconds of waiting; their median must not be above `bound`.

    The CPU seconds stand beside them: on a busy machine they say what it would be on a quiet one.
    """
    walls = [one.wall for one in taken]
    cpu = median(one.cpu for one in taken)
    unit = " s"
    row = _row(what, WALL, f"<= {bound:g} s", walls, unit, median(walls) <= bound)
    return replace(row, measured=f"{row.measured}, CPU {_shown(cpu)}{unit}")


def told(what: str, against: str, measured: str) -> Row:
    """A figure without a bound."""
    return Row(what, against, "-", measured, "-")


def missing(what: str, against: str, bound: str, why: str = NOT_THERE_YET) -> Row:
    """Something that could not be measured, and why."""
    return Row(what, against, bound, why, "-")


def _row(
    what: str, against: str, bound: str, figures: Sequence[float], unit: str, met: bool
) -> Row:
    low, high = _shown(min(figures)), _shown(max(figures))
    measured = f"{_shown(median(figures))}{unit} ({low} - {high})"
    return Row(what, against, bound, measured, "yes" if met else "NO")


def _shown(figure: float) -> str:
    return f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}"


def render(rows: Sequence[Row]) -> str:
    """The rows as text, in columns."""
    heads = Row("what", "against", "bound", "measured: median (min - max)", "met?")
    lines = [astuple(row) for row in (heads, *rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(fields(Row)))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
