"""A whole chapter judged from the command line, hidden cases included: for learning alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from course.tasks import chapter_tasks, find, seeds
from course.tasks.engine import judge
from course.tasks.subprocess_door import SubprocessDoor
from course.tasks.verdict import Verdict


def judge_notebook(stem: str, notebook: Path) -> Iterator[Verdict]:
    """The verdict on each task of a chapter, from the code in `notebook`, run in its own process.

    The hidden cases are drawn from the class secret if there is one, else from a public word.
    """
    secret = seeds.class_secret() or seeds.PUBLIC
    door = SubprocessDoor(notebook)
    try:
        for name in chapter_tasks(stem):
            task = find(name)
            assert task is not None
            yield judge(task, door, secret)
    finally:
        door.close()
