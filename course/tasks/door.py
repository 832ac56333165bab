"""The door between a task and the learner's code: names in, JSON across, one outcome back.

A task never holds an object of the learner's. It asks whether a name is there and calls it with
plain values; what comes back is a plain value, an error as a sentence, or the news that it took
too long. The same task therefore runs in a notebook and in a process of its own.
"""

from __future__ import annotations

import dis
import io
import os
import random
import sys
import sysconfig
import traceback
import types
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO

from course.endpoints import lanes
from course.endpoints.world import LocalWorld, enter, leave
from course.lab.limit import Limit, LimitReached
from course.lab.time import VirtualTime
from course.simulator.clock import MINUTE
from course.tasks.values import Unpackable, pack, unpack

CASE_MINUTES = 60
CASE_REAL_SECONDS = 10.0
# Code that did not end once is not waited for that long again.
IMPATIENT_REAL_SECONDS = 2.0
_SHOWN_OUTPUT = 4_000
_SHOWN_ERROR = 300


@dataclass(frozen=True)
class Call:
    """A call of the learner's `name`. `random` is seeded first.

    With `each`, `args` holds a list of argument lists: the name is called with one after the
    other, and the answers come back as a list.
    """

    name: str
    args: list[Any]
    seed: int
    each: bool = False


@dataclass(frozen=True)
class Returned:
    """The call came back with `value`; `output` is what it printed."""

    value: Any
    output: str = ""


@dataclass(frozen=True)
class Raised:
    """The call failed. `sentence` goes after the name that was called: "raised KeyError: 'x'"."""

    kind: str
    sentence: str
    output: str = ""


@dataclass(frozen=True)
class TimedOut:
    """The call did not end. `sentence` says which time ran out, and goes after the name."""

    sentence: str
    output: str = ""


Outcome = Returned | Raised | TimedOut


class Door(Protocol):
    """How a task reaches the learner's code."""

    def attempted(self, name: str) -> bool:
        """Whether `name` is there and is more than the stub."""
        ...

    def call(self, call: Call, world: LocalWorld) -> Outcome:
        """Carry out a call of the learner's code in `world`."""
        ...

    def close(self) -> None:
        """Let go of what the door holds."""
        ...


class InProcessDoor:
    """The learner's code in this process: a notebook's namespace, or a module's.

    What runs here can reach everything else that does, this door included. The world of its own
    keeps honest code apart, not hostile code: a class is graded through a SubprocessDoor.
    """

    def __init__(
        self, namespace: Mapping[str, Any], real_seconds: float = CASE_REAL_SECONDS
    ) -> None:
        self._namespace = namespace
        self._real_seconds = real_seconds

    def attempted(self, name: str) -> bool:
        return is_attempted(self._namespace.get(name, ...))

    def call(self, call: Call, world: LocalWorld) -> Outcome:
        clock = world.account.clock
        time = VirtualTime(clock, lock=world.lock)
        limit = Limit(clock, virtual=CASE_MINUTES * MINUTE, real=self._real_seconds)
        before = world.on_request
        world.on_request = limit.touch
        state, jitter_state = random.getstate(), lanes.jitter.getstate()
        random.seed(call.seed)
        lanes.jitter.seed(call.seed)
        enter(world)
        try:
            with world.neighbours, time:
                outcome = call_guarded(self._namespace, call, limit)
        finally:
            leave(world)
            world.on_request = before
            random.setstate(state)
            lanes.jitter.setstate(jitter_state)
        if isinstance(outcome, TimedOut):
            self._real_seconds = min(self._real_seconds, IMPATIENT_REAL_SECONDS)
        return outcome

    def close(self) -> None:
        pass


def call_guarded(namespace: Mapping[str, Any], call: Call, limit: Limit) -> Outcome:
    """Make the call with copies of the arguments; whatever happens becomes an Outcome.

    Only KeyboardInterrupt gets through: somebody wants to stop the check itself.
    """
    copies = unpack(pack(call.args))
    printed = _Printed()
    try:
        with _caught(printed):
            function = namespace[call.name]
            with limit:
                if call.each:
                    packed = f"[{','.join([pack(function(*args)) for args in copies])}]"
                else:
                    packed = pack(function(*copies))
    except LimitReached:
        return TimedOut(_in_time_words(limit), printed.getvalue())
    except Unpackable as problem:
        sentence = f"returned something that the check cannot read: {problem}"
        return Raised("Unpackable", sentence, printed.getvalue())
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Raised(type(error).__name__, sentence_of(error), printed.getvalue())
    return Returned(unpack(packed), printed.getvalue())


def _in_time_words(limit: Limit) -> str:
    if limit.reached == "real":
        return f"ran for {limit.real:g} seconds without a call to a service, and had to be stopped"
    return f"was still running after {CASE_MINUTES} virtual minutes, and had to be stopped"


class _Printed(io.StringIO):
    """What the learner's code prints, as far as anybody wants to read it."""

    def write(self, text: str) -> int:
        room = _SHOWN_OUTPUT - self.tell()
        if room > 0:
            super().write(text if len(text) <= room else text[:room] + "\n...")
        return len(text)

    def warning(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        """Take down a warning, in place of `warnings.showwarning`."""
        self.write(warnings.formatwarning(message, category, filename, lineno, line))

    def close(self) -> None:
        """Stay open: it is read when the call is over."""


@contextmanager
def _caught(printed: _Printed) -> Iterator[None]:
    """Collect output and warnings in `printed`: on stderr they would cost points in nbgrader."""
    # A logging handler made in an earlier cell holds the stream itself: those go quiet as well.
    streams = [stream for stream in (sys.stdout, sys.stderr) if hasattr(stream, "__dict__")]
    before = [vars(stream).copy() for stream in streams]
    for stream in streams:
        vars(stream)["write"] = printed.write
    try:
        with redirect_stdout(printed), redirect_stderr(printed), warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.showwarning = printed.warning
            yield
    finally:
        for stream, attributes in zip(streams, before, strict=True):
            vars(stream).pop("write", None)
            vars(stream).update(attributes)


def sentence_of(error: BaseException) -> str:
    """An exception as one sentence, with the line of the learner's own code that it came from."""
    said = f"raised {type(error).__name__}"
    try:
        text = " ".join(str(error).split())
    except BaseException:  # it is the learner's class, and its text may fail as well
        text = ""
    if text:
        text = text if len(text) <= _SHOWN_ERROR else text[:_SHOWN_ERROR] + "..."
        said += f": {text.rstrip('.')}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_NOT_LEARNERS)]
    if not own:
        return said
    line = (own[-1].line or "").strip()
    at = f"line {own[-1].lineno} of `{own[-1].name}`"
    return f"{said} (in {at}: `{line}`)" if line else f"{said} (in {at})"


# Where code stands that is not the learner's: Python, its libraries, the course.
_LIBRARIES = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
_NOT_LEARNERS = (
    *(folder + os.sep for folder in {*_LIBRARIES, str(Path(__file__).parents[1])}),
    "<frozen ",
)

# What `def f(): ...` compiles to, with or without a docstring, on Python 3.11 to 3.14.
_DOES_NOTHING = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}


def is_attempted(value: Any) -> bool:
    """Whether a value is more than a stub: `...`, or a function that only holds `...`."""
    if value is ...:
        return False
    if not isinstance(value, types.FunctionType):
        return True
    steps = list(dis.get_instructions(value))
    if any(step.opname not in _DOES_NOTHING for step in steps):
        return True
    loaded = [step.argval for step in steps if step.opname in ("LOAD_CONST", "RETURN_CONST")]
    return any(constant not in (None, ...) for constant in loaded)
