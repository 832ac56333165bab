"""A chapter as a notebook: with solutions for the instructor, with stubs for the learner."""

from __future__ import annotations

import ast
import copy
import re
import unicodedata
from typing import Any

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbformat.notebooknode import NotebookNode
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import (
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)
from traitlets.config import Config

from course.build.chapter import BuildError, Cell, Chapter
from course.build.manuscript import FactBook, TaskBook
from course.build.prose import fill_in

# Run All of an unsolved notebook must not raise, so the stub is no exception.
STUB = "..."
HEADING = re.compile(r"^#{1,6}\s+(.+)$", re.MULTILINE)

# No version: it would change with the Python that builds.
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def instructor_notebook(chapter: Chapter, tasks: TaskBook, facts: FactBook) -> NotebookNode:
    """The chapter with its solutions and nbgrader's metadata: what a class's source/ holds."""
    known = tasks.chapter_tasks(chapter.stem)
    for cell in chapter.cells:
        if cell.task and cell.task not in known:
            raise BuildError(
                f"{cell.place}: the chapter has no task {cell.task!r}; course/tasks gives "
                f"{chapter.stem} {', '.join(known) or 'none'}."
            )
    for task in known:
        if task not in chapter.tasks:
            raise BuildError(
                f"{chapter.stem}: course/tasks has the task {task!r}, but no cell is marked "
                f'task="{task}".'
            )
    cells = fill_in(chapter, facts)
    notebook = nbformat.v4.new_notebook(
        metadata={
            "course": {
                "chapter": chapter.stem,
                "minutes": chapter.card.minutes,
                "title": chapter.card.title,
            },
            "kernelspec": KERNEL,
            "language_info": LANGUAGE,
        },
        cells=[
            _cell(cell, cell_id, tasks) for cell, cell_id in zip(cells, _ids(cells), strict=True)
        ],
    )
    nbformat.validate(notebook)
    return notebook


def release_notebook(notebook: NotebookNode) -> NotebookNode:
    """What a learner opens: the steps of nbgrader's generate_assignment that need no gradebook.

    The class room runs the same steps on the same source, so both get the same notebook.
    """
    released = copy.deepcopy(notebook)
    config = Config({"ClearSolutions": {"code_stub": {"python": STUB}}})
    resources: dict[str, Any] = {}
    for step in (LockCells, ClearSolutions, ClearOutput, ComputeChecksums):
        released, resources = step(config=config).preprocess(released, resources)
    MetadataValidator().validate_nb(released)
    for before, after in zip(notebook.cells, released.cells, strict=True):
        if "### BEGIN SOLUTION" in before.source:
            _is_a_stub(f"{notebook.metadata.course.chapter}, {before.id}", before, after)
    return released


def to_text(notebook: NotebookNode) -> str:
    """The notebook as its file has it: sorted keys, one space of indent, a newline at the end."""
    return nbformat.writes(notebook) + "\n"


def _cell(cell: Cell, cell_id: str, tasks: TaskBook) -> NotebookNode:
    metadata = dict(cell.metadata)
    if cell.kind == "markdown":
        return nbformat.v4.new_markdown_cell(cell.source, id=cell_id, metadata=metadata)
    if cell.task or cell.check:
        metadata["nbgrader"] = {
            "grade": cell.check is not None,
            "grade_id": cell_id,
            "locked": cell.check is not None,
            "schema_version": MetadataValidator().schema_version,
            "solution": cell.task is not None,
            "task": False,
        }
    if cell.check:
        points = tasks.points(cell.check)
        metadata["nbgrader"]["points"] = int(points) if points == int(points) else points
    return nbformat.v4.new_code_cell(cell.source, id=cell_id, metadata=metadata)


def _ids(cells: tuple[Cell, ...]) -> list[str]:
    """Ids that stay: no text format keeps them, so they are the grade_id, or heading and index."""
    ids = []
    section, counts = "start", dict[str, int]()
    for cell in cells:
        if cell.kind == "markdown" and (heading := HEADING.search(cell.source)):
            section = _slug(heading[1])
        if cell.task:
            ids.append(f"{cell.task}-solution")
        elif cell.check:
            ids.append(cell.check)
        else:
            counts[section] = counts.get(section, 0) + 1
            ids.append(f"{section}-{counts[section]}")
        if ids[-1] in ids[:-1]:
            raise BuildError(
                f"{cell.place}: its id {ids[-1]!r} is taken by another cell; "
                "change the heading above it, or the name of the task."
            )
    return ids


def _slug(heading: str) -> str:
    plain = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode().lower()
    # 64 characters are allowed (nbformat 4.5), with the index behind.
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-") or "section"


def _is_a_stub(place: str, solved: NotebookNode, released: NotebookNode) -> None:
    """The check tells "not attempted" by `...` as a value, or as all of a function's body."""
    code = TransformerManager().transform_cell(released.source)
    stubs = sum(_is_stub_statement(statement) for statement in ast.parse(code).body)
    if stubs != solved.source.count("### BEGIN SOLUTION"):
        raise BuildError(
            f"{place}: what the learner gets is not a stub; a solution is the whole body of a "
            "function below its docstring, or a value in brackets, `name = (...)`."
        )


def _is_stub_statement(statement: ast.stmt) -> bool:
    match statement:
        case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
            rest = body[1:] if ast.get_docstring(statement) is not None else body
            return len(rest) == 1 and _is_ellipsis(getattr(rest[0], "value", None))
        case ast.Assign(value=value) | ast.AnnAssign(value=value):
            return _is_ellipsis(value)
    return False


def _is_ellipsis(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...
