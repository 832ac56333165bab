"""The child process of a SubprocessDoor: loads a submission, then answers what is asked of it.

    python -m course.tasks.child SUBMISSION

The pipe runs over standard input and output; the submission gets an empty input and its prints
are collected call by call.
"""

from __future__ import annotations

import contextlib
import io
import json
import linecache
import os
import random
import sys
import traceback
from pathlib import Path
from typing import Any, BinaryIO

from course.endpoints import lanes
from course.endpoints.fence import Fence
from course.endpoints.pipe import Pipe, RemoteClock, RemoteWorld
from course.endpoints.world import LocalWorld, current, enter, leave
from course.lab.limit import Limit, LimitReached
from course.lab.time import VirtualTime
from course.simulator.clock import MINUTE, Clock
from course.tasks.door import (
    CASE_MINUTES,
    Call,
    Outcome,
    Raised,
    Returned,
    call_guarded,
    is_attempted,
)
from course.tasks.values import pack, unpack

# As in a notebook with its lab open, where the article's endless consumer is stopped.
CELL_MINUTES = 10
CELL_REAL_SECONDS = 30.0


def main(submission: Path) -> None:
    """Load the submission and serve calls until the parent hangs up."""
    pipe = _take_pipe()
    with Fence():
        namespace = _load(submission)
        with contextlib.suppress(EOFError):
            while True:
                _answer(pipe, namespace, pipe.receive())


def _take_pipe() -> Pipe:
    """The pipe over the process's first input and output, out of the submission's reach."""
    incoming: BinaryIO = os.fdopen(os.dup(0), "rb")
    outgoing: BinaryIO = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    return Pipe(incoming, outgoing)


def _load(submission: Path) -> dict[str, Any]:
    """Run the submission; names that it defined before an error are there all the same."""
    namespace: dict[str, Any] = {"__name__": "__main__", "__file__": str(submission)}
    text = submission.read_text("utf-8")
    cells = _cells(text) if submission.suffix == ".ipynb" else [text]
    for number, cell in enumerate(cells, 1):
        name = str(submission) if len(cells) == 1 else f"cell {number}"
        linecache.cache[name] = (len(cell), None, cell.splitlines(keepends=True), name)
        world = current()  # a lab, if an earlier cell has opened one
        clock = world.account.clock if isinstance(world, LocalWorld) else Clock()
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                with Limit(clock, CELL_MINUTES * MINUTE, CELL_REAL_SECONDS):
                    exec(compile(cell, name, "exec"), namespace)  # noqa: S102 (what a child is for)
            except (Exception, SystemExit, LimitReached):
                traceback.print_exc()
    return namespace


def _cells(text: str) -> list[str]:
    """The code cells of a notebook, without the checks: those are what we are here for."""
    from IPython.core.inputtransformer2 import TransformerManager

    transform = TransformerManager().transform_cell
    return [
        transform("".join(cell["source"]))
        for cell in json.loads(text)["cells"]
        if cell["cell_type"] == "code"
        and not cell.get("metadata", {}).get("nbgrader", {}).get("grade")
    ]


def _answer(pipe: Pipe, namespace: dict[str, Any], message: dict[str, Any]) -> None:
    if message["do"] == "look":
        pipe.send({"attempted": is_attempted(namespace.get(message["name"], ...))})
        return
    clock = RemoteClock(pipe, message["now"])
    limit = Limit(clock, virtual=CASE_MINUTES * MINUTE, real=message["real"])
    world = RemoteWorld(pipe, clock, limit.touch)
    call = Call(message["name"], unpack(message["args"]), message["seed"], message["each"])
    random.seed(call.seed)
    lanes.jitter.seed(call.seed)
    enter(world)
    try:
        with VirtualTime(clock):
            outcome = call_guarded(namespace, call, limit)
    finally:
        leave(world)
    pipe.send(_message(outcome))


def _message(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Returned(value, output):
            return {"outcome": "returned", "value": pack(value), "output": output}
        case Raised(kind, sentence, output):
            return {"outcome": "raised", "kind": kind, "sentence": sentence, "output": output}
        case _:
            return {"outcome": "timed out", "sentence": outcome.sentence, "output": outcome.output}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
