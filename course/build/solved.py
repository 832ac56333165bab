"""A solved notebook: the chapter as a teacher projects it, executed."""

from __future__ import annotations

import copy
import os
import re
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbformat.notebooknode import NotebookNode

from course.build.chapter import BuildError
from course.tasks import seeds

MARKER_LINE = re.compile(r"^[ ]*### (BEGIN|END) SOLUTION[ ]*\n", re.MULTILINE)

# A busy machine took 150 s for a notebook that needs 7.
SECONDS_PER_CELL = 300


def solved_notebook(notebook: NotebookNode, directory: Path) -> NotebookNode:
    """Run the instructor's `notebook` in a kernel that works in `directory`.

    Raises BuildError for a traceback, and for a check that gives less than all points.
    """
    stem = notebook.metadata.course.chapter
    solved = copy.deepcopy(notebook)
    for cell in solved.cells:
        cell.source = MARKER_LINE.sub("", cell.source + "\n").rstrip("\n")
    client = NotebookClient(
        solved,
        timeout=SECONDS_PER_CELL,
        startup_timeout=SECONDS_PER_CELL,
        resources={"metadata": {"path": str(directory)}},
        store_widget_state=False,
        record_timing=False,
        # It would warn about TCP on a screen where nothing else stands; it talks to itself only.
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    # All cases run, the hidden ones with the public word: a class's own are not for the projector.
    environment = os.environ | {seeds.ENVIRONMENT_VARIABLE: seeds.PUBLIC}
    try:
        client.execute(env=environment)
    except CellExecutionError as error:
        cell = next(cell for cell in solved.cells if _failed(cell))
        problem = f"{error.ename}: {error.evalue}".split("\n")[0]
        raise BuildError(
            f"{stem}: the cell {cell.id!r} ends in {problem}; "
            'mend it, or mark a failure shown on purpose with tags=["raises-exception"].'
        ) from None
    except (CellTimeoutError, RuntimeError) as error:
        problem = str(error).strip().split("\n")[0]
        raise BuildError(f"{stem}: the notebook did not run to its end ({problem}).") from None
    for cell in solved.cells:
        _without_widgets(cell)
        _earns_all_points(stem, cell)
        cell.metadata.pop("nbgrader", None)
    return solved


def _failed(cell: NotebookNode) -> bool:
    tags = cell.metadata.get("tags", [])
    return "raises-exception" not in tags and any(
        output.output_type == "error" for output in cell.get("outputs", [])
    )


def _without_widgets(cell: NotebookNode) -> None:
    """Leave the picture and the text that each widget carries: they need no kernel."""
    for output in cell.get("outputs", []):
        if len(output.get("data", {})) > 1:
            output.data.pop("application/vnd.jupyter.widget-view+json", None)


def _earns_all_points(stem: str, cell: NotebookNode) -> None:
    grading = cell.metadata.get("nbgrader", {})
    if not grading.get("grade"):
        return
    results = [out for out in cell.outputs if out.output_type == "execute_result"]
    got = results[-1].data.get("text/plain", "") if results else "nothing"
    if not re.fullmatch(r"\d+(\.\d+)?", got) or float(got) != grading["points"]:
        raise BuildError(
            f"{stem}: the model solution of {grading['grade_id']!r} earns {got} of "
            f"{grading['points']} points; mend the solution or the task."
        )
