"""A door into a process of its own: the learner's code there, the world and the verdict here."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from threading import Timer
from typing import Any, BinaryIO, cast

from course.endpoints.pipe import Pipe, serve
from course.endpoints.world import LocalWorld
from course.tasks.door import (
    CASE_REAL_SECONDS,
    IMPATIENT_REAL_SECONDS,
    Call,
    Outcome,
    Raised,
    Returned,
    TimedOut,
)
from course.tasks.seeds import ENVIRONMENT_VARIABLE as SECRET_VARIABLE
from course.tasks.values import pack, unpack

# The child ends a call by itself; this is for a child that cannot.
PATIENCE_SECONDS = 60.0


class SubprocessDoor:
    """The code of a submission (a .py file or a notebook), run in a child process."""

    def __init__(self, submission: Path, real_seconds: float = CASE_REAL_SECONDS) -> None:
        self._real_seconds = real_seconds
        self._child = subprocess.Popen(
            [sys.executable, "-m", "course.tasks.child", str(submission)],
            env={name: value for name, value in os.environ.items() if name != SECRET_VARIABLE},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._pipe = Pipe(cast(BinaryIO, self._child.stdout), cast(BinaryIO, self._child.stdin))

    def attempted(self, name: str) -> bool:
        try:
            self._pipe.send({"do": "look", "name": name})
            return bool(self._receive()["attempted"])
        except EOFError:
            return False

    def call(self, call: Call, world: LocalWorld) -> Outcome:
        message: dict[str, Any] = {"do": "call", "now": world.now(), "real": self._real_seconds}
        try:
            self._pipe.send(message | asdict(call) | {"args": pack(call.args)})
            with world.neighbours:
                while (message := self._receive()).get("ask"):
                    serve(self._pipe, world, message)
        except EOFError:
            return Raised("ProcessEnded", "ended its process, or had to be ended with it")
        match message["outcome"]:
            case "returned":
                return Returned(unpack(message["value"]), message["output"])
            case "raised":
                return Raised(message["kind"], message["sentence"], message["output"])
            case _:
                self._real_seconds = min(self._real_seconds, IMPATIENT_REAL_SECONDS)
                return TimedOut(message["sentence"], message["output"])

    def close(self) -> None:
        self._child.kill()
        self._child.wait()
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                with suppress(OSError):  # what it did not read any more
                    stream.close()

    def _receive(self) -> dict[str, Any]:
        timer = Timer(PATIENCE_SECONDS, self._child.kill)
        timer.start()
        try:
            return self._pipe.receive()
        finally:
            timer.cancel()
