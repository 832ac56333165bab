"""Build the learner's notebooks from what an author writes.

One file is one chapter: ``solutions/NN-name.py`` (jupytext, py:percent) becomes
``notebooks/NN-name.ipynb``, byte for byte the same on every machine.

    python -m course.build                    write notebooks/
    python -m course.build --check            only say which chapter is out of date
    python -m course.build --solutions DIR    solved and executed notebooks, for a teacher

What an author writes
---------------------
A header with the chapter's card. ``title`` and ``minutes`` are needed, the rest is optional::

    # ---
    # title: Shards and partition keys
    # minutes: 45
    # objectives:
    #   - Route a key to its shard by hand.
    # out_of_scope: [resharding]
    # prerequisites: [00-start-here]
    # ---

Prose, as comments or between triple quotes. ``{{chapter.title}}`` and the other names of the card
are filled in, lists as bullets; so are numbers, with their unit, from ``course/facts.toml``::

    # %% [markdown]
    # One PutRecords call takes at most {{facts.put_records.max_records}}.

The facts that a chapter uses, in prose or in code, are listed with source and date where
``{{facts.footnotes}}`` stands, or in a cell of their own at the end.

A graded task is prose, a solution cell and a check cell. Its name is the task's name in
``course/tasks``, and its points come from there::

    # %% task="retry-only-the-failed"
    def send_all(records):
        \"\"\"Send every record once.\"\"\"
        ### BEGIN SOLUTION
        ...what solves it...
        ### END SOLUTION

    # %% check="retry-only-the-failed"
    check("retry-only-the-failed")

The learner gets ``...`` in place of the solution. It must be the whole body of a function (below
its docstring).

Other cells may carry ``tags=["raises-exception"]`` (a failure shown on purpose),
``tags=["quoted"]`` (other people's code, which keeps its form) and
``jupyter={"source_hidden": true}`` (a folded helper). There are no hidden tests in a chapter:
hidden cases are seeds, and the task engine draws them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nbformat.notebooknode import NotebookNode

from course.build.chapter import BuildError, read_chapter
from course.build.manuscript import Manuscript
from course.build.notebook import instructor_notebook, release_notebook, to_text

__all__ = [
    "BuildError",
    "Manuscript",
    "build",
    "out_of_date",
    "release_text",
    "solve",
    "source_text",
]


def build(manuscript: Manuscript | None = None) -> list[Path]:
    """Write the learner's notebooks and return those that changed; all of them or none."""
    manuscript = manuscript or Manuscript()
    changed = {path: text for path, text in _releases(manuscript).items() if _read(path) != text}
    manuscript.notebooks.mkdir(exist_ok=True)
    for path, text in changed.items():
        _write(path, text)
    return list(changed)


def out_of_date(manuscript: Manuscript | None = None) -> list[str]:
    """One sentence for each notebook that is not what its chapter builds; empty when all are."""
    manuscript = manuscript or Manuscript()
    releases = _releases(manuscript)
    sentences = []
    for path, text in releases.items():
        if _read(path) != text:
            state = "differs from" if path.exists() else "is missing for"
            sentences.append(
                f"notebooks/{path.name} {state} solutions/{path.stem}.py; "
                "run `python run.py build` and commit what it writes."
            )
    for path in sorted(set(manuscript.notebooks.glob("*.ipynb")) - set(releases)):
        sentences.append(
            f"notebooks/{path.name} has no solutions/{path.stem}.py; delete it or bring that back."
        )
    return sentences


def solve(directory: Path, manuscript: Manuscript | None = None) -> Iterator[Path]:
    """Write solved and executed notebooks into `directory`, one path at a time.

    Raises BuildError when a cell ends in a traceback or a model solution misses a point.
    """
    from course.build.solved import solved_notebook  # starts kernels: only who solves needs it

    manuscript = manuscript or Manuscript()
    directory.mkdir(parents=True, exist_ok=True)
    for path in manuscript.chapters:
        target = directory / f"{path.stem}.ipynb"
        _write(target, to_text(solved_notebook(_instructor(path, manuscript), directory)))
        yield target


def source_text(path: Path, manuscript: Manuscript) -> str:
    """The instructor's notebook of the chapter at `path`: with solutions, not executed."""
    return to_text(_instructor(path, manuscript))


def release_text(path: Path, manuscript: Manuscript) -> str:
    """The learner's notebook of the chapter at `path`: stubs, no outputs."""
    return to_text(release_notebook(_instructor(path, manuscript)))


def _releases(manuscript: Manuscript) -> dict[Path, str]:
    return {
        manuscript.notebooks / f"{path.stem}.ipynb": release_text(path, manuscript)
        for path in manuscript.chapters
    }


def _instructor(path: Path, manuscript: Manuscript) -> NotebookNode:
    return instructor_notebook(read_chapter(path), manuscript.tasks, manuscript.facts)


def _read(path: Path) -> str | None:
    """The text with plain newlines, since git on Windows may have checked it out with others."""
    return path.read_text(encoding="utf-8") if path.exists() else None


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
