"""The manuscript: all chapters of a checkout, with the tasks and facts they speak of."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from course.build.chapter import BuildError
from course.chapters import ROOT


class TaskBook(Protocol):
    """Which tasks there are: the module course.tasks, or a fake in a test."""

    def chapter_tasks(self, stem: str, /) -> list[str]:
        """The names of the tasks that belong to a chapter."""

    def points(self, task: str, /) -> float:
        """What a task is worth."""


class FactBook(Protocol):
    """Where numbers come from: the module course.facts, or a fake in a test."""

    def lookup(self, path: str, /) -> Any:
        """The fact at `path`, with text, source and date; raises KeyError when unknown."""


@dataclass(frozen=True)
class Manuscript:
    """What the build reads, and where it writes the learner's notebooks."""

    root: Path = ROOT
    tasks: TaskBook = field(default_factory=lambda: importlib.import_module("course.tasks"))
    facts: FactBook = field(default_factory=lambda: importlib.import_module("course.facts"))

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    @property
    def chapters(self) -> list[Path]:
        """The chapters' files, in the order of the course; raises BuildError when there is none."""
        found = sorted((self.root / "solutions").glob("[0-9][0-9]-*.py"))
        if not found:
            raise BuildError(
                f"There is no chapter in {self.root / 'solutions'}: run this from a checkout of "
                "the course, where a chapter is a file solutions/NN-name.py."
            )
        return found
