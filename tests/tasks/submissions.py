"""The submissions beside this file: what a learner might hand in, and the verdict it must get.

Each folder is a task, each file what stands in its solution cell, after the imports of the cells
above it. The first line of its docstring is the verdict: "passed", "wrong", "code failed" or "not
attempted", and the row of the misconception that must be named first, if one must.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from course.tasks import find
from course.tasks.door import CASE_REAL_SECONDS, Door, InProcessDoor
from course.tasks.subprocess_door import SubprocessDoor
from course.tasks.task import Task
from course.tasks.verdict import State, Verdict

HERE = Path(__file__).parent
STATES = {state.value.lower().removeprefix("your "): state for state in State}


@dataclass(frozen=True)
class Submission:
    """One file, and what its docstring expects."""

    path: Path

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def task(self) -> Task:
        task = find(self.path.parent.name)
        assert task is not None, f"{self.path.parent} is named as no task"
        return task

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @property
    def is_right(self) -> bool:
        return self.path.stem.startswith("right_")

    @property
    def expected(self) -> tuple[State, str]:
        """The state, and the row of the misconception that is named, or ""."""
        docstring = ast.get_docstring(ast.parse(self.text))
        assert docstring is not None
        assert docstring.startswith("verdict: ")
        said = docstring.splitlines()[0].removeprefix("verdict: ")
        state = next(state for state in STATES if said.startswith(state))
        return STATES[state], said.removeprefix(state).strip()

    @property
    def repeats(self) -> bool:
        """Whether it gives the same answers in every process."""
        return not any(source in self.text for source in ("hash(", "uuid4"))

    @property
    def real_seconds(self) -> float:
        """Right code gets the time that it gets in a notebook; endless code less."""
        return 0.5 if "endless" in self.path.stem else CASE_REAL_SECONDS

    def namespace(self) -> dict[str, Any]:
        """What the notebook holds when the cell has run."""
        namespace: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(self.text, str(self.path), "exec"), namespace)
        return namespace

    def in_process(self) -> Door:
        return InProcessDoor(self.namespace(), self.real_seconds)

    def in_a_process_of_its_own(self) -> Door:
        return SubprocessDoor(self.path, self.real_seconds)


SUBMISSIONS = [Submission(path) for path in sorted(HERE.glob("*/*.py"))]
RIGHT = [submission for submission in SUBMISSIONS if submission.is_right]
WRONG = [submission for submission in SUBMISSIONS if not submission.is_right]


def named(verdict: Verdict) -> str:
    """The row of the misconception that a verdict names, or ""."""
    return verdict.failed.rows[0] if verdict.failed and verdict.failed.rows else ""


def row_of_table(submission: Submission, verdict: Verdict) -> str:
    state = verdict.state.value.lower().removeprefix("your ")
    points = f"{verdict.points}/{verdict.maximum}"
    return f"{submission!s:62} {points:5} {state} {named(verdict)}".rstrip()
