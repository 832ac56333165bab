"""A world at the other end of a pipe: one JSON message a frame, requests one way, answers back.

The process that judges holds the world; the process that runs the learner's code has a
`RemoteWorld`, which looks the same to boto3. Only JSON crosses, never a pickle.
"""

from __future__ import annotations

import json
import struct
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, BinaryIO

from course.endpoints.world import Answer, World
from course.simulator.clock import Clock
from course.simulator.faults import TimedOut

_LENGTH = struct.Struct(">I")


class Pipe:
    """Messages over two binary streams; raises EOFError when the other side is gone."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._turn = Lock()

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Send a message and wait for its answer; threads take turns."""
        with self._turn:
            self.send(question)
            return self.receive()

    def send(self, message: dict[str, Any]) -> None:
        """Send one message."""
        frame = json.dumps(message).encode()
        try:
            self._outgoing.write(_LENGTH.pack(len(frame)) + frame)
            self._outgoing.flush()
        except (BrokenPipeError, ValueError, OSError):
            raise EOFError("the other side has ended") from None

    def receive(self) -> dict[str, Any]:
        """Wait for one message."""
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size))
        message: dict[str, Any] = json.loads(self._read(length))
        return message

    def _read(self, count: int) -> bytes:
        data = self._incoming.read(count)
        if len(data) < count:
            raise EOFError("the other side has ended")
        return data


class RemoteClock(Clock):
    """The clock of a remote world, as far as this side has heard: sleeping asks the other side."""

    def __init__(self, pipe: Pipe, now: int) -> None:
        super().__init__(now)
        self._pipe = pipe

    def sleep(self, microseconds: int) -> None:
        if microseconds < 0:
            raise ValueError("sleep length must be non-negative")
        self.advance_to(self._pipe.ask({"ask": "sleep", "microseconds": microseconds})["now"])


class RemoteWorld:
    """The world of the process at the other end."""

    def __init__(
        self, pipe: Pipe, clock: RemoteClock, on_request: Callable[[], None] = lambda: None
    ) -> None:
        self._pipe = pipe
        self.clock = clock
        self._on_request = on_request

    def request(
        self, service: str, operation: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        self._on_request()
        answer = self._pipe.ask(
            {
                "ask": "request",
                "service": service,
                "operation": operation,
                "body": b64encode(body).decode(),
                "headers": dict(headers),
            }
        )
        self.clock.advance_to(answer["now"])
        if answer["timed_out"]:
            raise TimedOut
        return answer["status"], answer["headers"], b64decode(answer["body"])

    def now(self) -> int:
        return self.clock.now

    def sleep(self, microseconds: int) -> None:
        self.clock.sleep(microseconds)


def serve(pipe: Pipe, world: World, message: dict[str, Any]) -> None:
    """Answer one message of a RemoteWorld."""
    if message["ask"] == "sleep":
        world.sleep(message["microseconds"])
        pipe.send({"now": world.now()})
        return
    answer: dict[str, Any] = {"timed_out": False}
    try:
        status, headers, body = world.request(
            message["service"],
            message["operation"],
            b64decode(message["body"]),
            message["headers"],
        )
    except TimedOut:
        answer["timed_out"] = True
    else:
        answer |= {"status": status, "headers": headers, "body": b64encode(body).decode()}
    pipe.send(answer | {"now": world.now()})
