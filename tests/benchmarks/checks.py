"""How long `check(...)` takes, task by task, with a lab open beside it.

Of the right submissions among the tests the shortest is checked: the others print, log or go a
long way round to be right in a style of their own.
"""

from __future__ import annotations

import runpy
from pathlib import Path

from course.lab.lab import Lab
from course.tasks import check
from course.tasks.verdict import State
from tests.benchmarks.measure import Effort, stopped
from tests.benchmarks.table import WALL, Row, missing, within

SUBMISSIONS = Path(__file__).parents[1] / "tasks"
BOUND = 1


def rows(effort: Effort) -> list[Row]:
    """One row for each task that has a right submission among the tests."""
    with Lab():
        found = [
            _row(folder.name, min(submissions, key=_length), effort)
            for folder in sorted(SUBMISSIONS.glob("*/"))
            if (submissions := sorted(folder.glob("right_*.py")))
        ]
    return found or [missing("check(...) of a task", WALL, f"<= {BOUND} s")]


def _length(file: Path) -> int:
    return file.stat().st_size


def _row(task: str, submission: Path, effort: Effort) -> Row:
    what = f'check("{task}")'
    notebook = runpy.run_path(str(submission)) | {"check": check}
    cell = compile(f"verdict = {what}", "<check cell>", "exec")
    taken = stopped(lambda: exec(cell, notebook), effort.rounds)
    verdict = notebook["verdict"]
    if verdict.state is not State.PASSED:
        # A task that gives up early is quick for the wrong reason.
        return missing(what, WALL, f"<= {BOUND} s", f"{submission.name}: {verdict.state.value}")
    return within(what, BOUND, taken)
