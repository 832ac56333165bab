"""All benchmarks, and their table."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable

from course.endpoints.fence import Fence
from tests.benchmarks import calls, checks, first_cell, flatness, memory, minute
from tests.benchmarks.measure import FULL, QUICK
from tests.benchmarks.table import Row, render


def bench(quick: bool = False) -> None:
    """Measure, and print the table. `quick` spends less and is less sure."""
    print(render(measure(quick)))


def measure(quick: bool = False) -> list[Row]:
    """The rows of the table."""
    effort = QUICK if quick else FULL
    sections: list[tuple[str, Callable[[], list[Row]]]] = [
        ("the calls", lambda: calls.rows(effort)),
        ("a big shard", lambda: flatness.rows(effort)),
        ("memory", lambda: memory.rows(20 if quick else 100)),
        ("a minute", lambda: minute.rows(effort)),
        ("the first cell", lambda: first_cell.rows(effort)),
        ("the tasks", lambda: checks.rows(effort)),
    ]
    rows: list[Row] = []
    with Fence():  # so that no AWS setting of this machine takes part
        for title, section in sections:
            print(f"Measuring {title} ...", file=sys.stderr, flush=True)
            rows += section()
    gc.unfreeze()
    return rows
