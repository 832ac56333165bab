"""A chapter as its author wrote it: the card in the header, and the cells."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import jupytext
import yaml
from IPython.core.inputtransformer2 import TransformerManager

from course.errors import CourseError

MARKER = re.compile(r"^\s*#\s*%%", re.MULTILINE)
SOLUTION_MARKER = re.compile(r"^\s*### (BEGIN|END) SOLUTION\s*$")
# nbgrader takes these anywhere in a line, so a slip of the pen must not pass as a comment.
LOOKS_LIKE_A_MARKER = re.compile(r"(BEGIN|END) SOLUTION")
NBGRADER_SECRETS = ("HIDDEN TESTS", "MARK SCHEME", "AUTOTEST")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

# What jupytext notes about the text it read, and nobody needs in a notebook.
JUPYTEXT_NOTES = {"cell_marker", "lines_to_next_cell", "lines_to_end_of_cell_marker"}
CELL_KEYS = {"task", "check", "tags", "jupyter"}


class BuildError(CourseError):
    """A chapter cannot be built; the text is one sentence for its author."""


@dataclass(frozen=True)
class Card:
    """What a learner is told before a chapter starts."""

    title: str
    minutes: int
    objectives: tuple[str, ...] = ()
    out_of_scope: tuple[str, ...] = ()
    prerequisites: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cell:
    """One cell: prose or code, with at most one of `task` (a solution) and `check`."""

    place: str
    kind: str
    source: str
    metadata: Mapping[str, Any]
    task: str | None = None
    check: str | None = None


@dataclass(frozen=True)
class Chapter:
    """One source file: `stem` names it everywhere."""

    stem: str
    card: Card
    cells: tuple[Cell, ...]

    @property
    def tasks(self) -> list[str]:
        """The names of the graded tasks, in the order of the chapter."""
        return [cell.task for cell in self.cells if cell.task]


def read_chapter(path: Path) -> Chapter:
    """Read and check the chapter at `path`; raises BuildError with what to mend."""
    text = path.read_text(encoding="utf-8")
    notebook = jupytext.reads(text, fmt={"extension": ".py", "format_name": "percent"})
    header, *cells = notebook.cells or [None]
    if header is None or header.cell_type != "raw" or not header.source.startswith("---"):
        raise BuildError(
            f"{path.name}: the file begins with a header of comment lines between '# ---' and "
            "'# ---' that gives title and minutes; none was found."
        )
    chapter = Chapter(
        path.stem,
        _card(path.name, header.source.strip("-\n")),
        tuple(_cell(path.name, number, cell) for number, cell in enumerate(cells, start=1)),
    )
    # Only now: a cell cut in two says so better than the markers that it lacks.
    for cell in chapter.cells:
        _markers_are_whole(cell)
    _tasks_are_whole(chapter, path.name)
    return chapter


def _card(name: str, text: str) -> Card:
    try:
        header = yaml.safe_load(text)
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise BuildError(f"{name}: the header is not YAML ({problem}).") from None
    known = [field.name for field in fields(Card)]
    odd = [str(key) for key in header if key not in known] if isinstance(header, dict) else [text]
    if odd:
        raise BuildError(
            f"{name}: the header has {', '.join(odd)!r}; it may have {', '.join(known)}."
        )
    if not isinstance(header.get("title"), str) or not isinstance(header.get("minutes"), int):
        raise BuildError(f"{name}: the header needs a title (text) and minutes (a whole number).")
    lists = {key: header.get(key) or [] for key in known[2:]}
    for key, items in lists.items():
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise BuildError(f"{name}: {key} in the header must be a list of sentences.")
    return Card(
        header["title"], header["minutes"], **{key: tuple(items) for key, items in lists.items()}
    )


def _cell(name: str, number: int, cell: Any) -> Cell:
    begins = cell.source.strip().split("\n")[0][:40]
    place = f"{name}, cell {number} ({begins!r})"
    metadata = {key: value for key, value in cell.metadata.items() if key not in JUPYTEXT_NOTES}
    task, check = metadata.pop("task", None), metadata.pop("check", None)
    if odd := {key: value for key, value in metadata.items() if key not in CELL_KEYS}:
        # jupytext files what it cannot read under names of its own.
        text = odd.get("incorrectly_encoded_metadata") or odd.get("title") or ", ".join(odd)
        raise BuildError(
            f"{place}: the marker '# %%' carries {text!r}; it may carry "
            '[markdown], task="name", check="name", tags=[...] and jupyter={...}.'
        )
    if cell.cell_type not in ("code", "markdown"):
        raise BuildError(f"{place}: a cell is code or markdown, not {cell.cell_type}.")
    if MARKER.search(cell.source):
        raise BuildError(
            f"{place}: a line that starts with '# %%' would begin a new cell when the notebook "
            "is saved as text; write it in another way."
        )
    if not cell.source.strip():
        raise BuildError(f"{place}: the cell is empty; delete its '# %%' line.")
    if (task or check) and cell.cell_type != "code":
        raise BuildError(f"{place}: only a code cell can be a task or a check.")
    if cell.cell_type == "code":
        _is_python(place, cell.source)
    for mark in NBGRADER_SECRETS:
        if mark in cell.source:
            raise BuildError(
                f"{place}: found {mark!r}; the repository is public, so hidden cases are seeds in "
                "course/tasks, never text in a chapter."
            )
    if check is not None and cell.source != f'check("{check}")':
        raise BuildError(f'{place}: the check cell holds exactly check("{check}").')
    return Cell(place, cell.cell_type, cell.source, metadata, task, check)


def _is_python(place: str, source: str) -> None:
    """Each cell must compile by itself: a marker inside a bracket or a body cuts code in two."""
    try:
        if source[0].isspace():
            raise SyntaxError("it begins indented")
        code = TransformerManager().transform_cell(source)
        compile(code, "cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError as error:
        raise BuildError(
            f"{place}: the cell is not Python by itself ({error.msg}); "
            "is there a '# %%' line in the middle of it?"
        ) from None


def _markers_are_whole(cell: Cell) -> None:
    found = []
    for line in cell.source.split("\n"):
        if marker := SOLUTION_MARKER.match(line):
            found.append(marker[1])
        elif LOOKS_LIKE_A_MARKER.search(line):
            raise BuildError(
                f"{cell.place}: {line.strip()!r} is no marker; write '### BEGIN SOLUTION' or "
                "'### END SOLUTION' on a line of its own."
            )
    if found and not cell.task:
        raise BuildError(f'{cell.place}: a solution stands only in a cell marked task="name".')
    if cell.task and (not found or found != ["BEGIN", "END"] * (len(found) // 2)):
        raise BuildError(
            f"{cell.place}: a task cell keeps its solution between '### BEGIN SOLUTION' and "
            f"'### END SOLUTION'; found {' '.join(found) or 'neither'}."
        )


def _tasks_are_whole(chapter: Chapter, name: str) -> None:
    """Each task has one solution cell and, below it, one check cell."""
    seen: dict[str, set[str]] = {"task": set(), "check": set()}
    for cell in chapter.cells:
        for role, task in (("task", cell.task), ("check", cell.check)):
            if task is None:
                continue
            if not isinstance(task, str) or not NAME.fullmatch(task) or len(task) > 50:
                raise BuildError(
                    f"{cell.place}: {task!r} is no task name; use words and dashes "
                    "(at most 50 characters), such as 'retry-only-the-failed'."
                )
            if task in seen[role]:
                raise BuildError(f"{cell.place}: there is a second {role} cell for {task!r}.")
            if role == "check" and task not in seen["task"]:
                raise BuildError(
                    f"{cell.place}: the check of {task!r} has no task cell above it; add "
                    f"'# %% task=\"{task}\"'."
                )
            seen[role].add(task)
    for task in chapter.tasks:
        if task not in seen["check"]:
            raise BuildError(
                f"{name}: the task {task!r} has no check cell; add '# %% check=\"{task}\"' with "
                f'check("{task}") below it.'
            )
