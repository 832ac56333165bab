"""A world: everything that a client's call can reach, behind one interface.

In a notebook the world is the lab's own account, in process. When a class is graded it is the
grader's, at the other end of a pipe. Clients look the world up when they call, so the same client
object works in the lab, inside a task's case, and in a grader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, Protocol

from course import facts
from course.endpoints.neighbours import Neighbours
from course.simulator.account import DEFAULT_REGION, SUBSCRIPTION_HEADER, Account, Reply
from course.simulator.clock import MILLISECOND
from course.simulator.faults import TimedOut

Answer = tuple[int, dict[str, str], bytes]

NEIGHBOUR_LATENCY = facts.latency.neighbour_ms * MILLISECOND


class World(Protocol):
    """What a client talks to. Times are microseconds on the world's clock."""

    def request(
        self, service: str, operation: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        """Carry out one attempt: (HTTP status, headers, body); `x-course-now` carries the clock.

        For services that speak more than POST /, the headers `:method` and `:url` say the rest,
        as in HTTP/2. Raises TimedOut where the client would wait in vain.

        An answer that is an event stream brings its first frame and the header
        `x-course-subscription`. A request with that header brings the next frame, an empty body
        after the last; with `:method` DELETE it ends the stream.
        """
        ...

    def now(self) -> int:
        """The clock."""
        ...

    def sleep(self, microseconds: int) -> None:
        """Let time pass."""
        ...


@dataclass
class PlainRequest:
    """An HTTP request for the neighbours, rebuilt from a world request."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    stream_output: bool = False


@dataclass
class LocalWorld:
    """A world in this process: an account and its neighbours, one client at a time.

    `on_request` is told of every request: that is how a cell is known to be alive.
    """

    account: Account = field(default_factory=Account)
    neighbours: Neighbours = field(default_factory=Neighbours)
    lock: RLock = field(default_factory=RLock)
    on_request: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.neighbours.watch(self.account.metrics)
        self.account.keys.lookup = self.neighbours.key

    def execute(self, service: str, operation: str, body: bytes, region: str) -> Reply:
        """One attempt at a service of the simulator, answered in Python's own types."""
        self.on_request()
        with self.lock:
            return self.account.execute(service, operation, body, region)

    def request(
        self, service: str, operation: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        if service in self.account.services:
            region = headers.get("x-course-region", DEFAULT_REGION)
            subscription = headers.get(SUBSCRIPTION_HEADER)
            if subscription is not None:
                return self._go_on(subscription, region, headers)
            reply = self.execute(service, operation, body, region)
            if reply.timed_out:
                raise TimedOut
            return reply.status, reply.headers, reply.body
        return self._ask_neighbour(service, operation, body, headers)

    def now(self) -> int:
        return self.account.clock.now

    def sleep(self, microseconds: int) -> None:
        with self.lock:
            self.account.clock.sleep(microseconds)

    def _go_on(self, subscription: str, region: str, headers: Mapping[str, str]) -> Answer:
        self.on_request()
        frame = b""
        with self.lock:
            if headers.get(":method") == "DELETE":
                self.account.end_subscription(subscription, region)
            else:
                frame = self.account.next_event(subscription, region)
            return 200, {"x-course-now": str(self.account.clock.now)}, frame

    def _ask_neighbour(
        self, service: str, operation: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        plain = {name: value for name, value in headers.items() if not name.startswith(":")}
        request = PlainRequest(headers[":method"], headers[":url"], plain, body)
        self.on_request()
        with self.lock:
            clock = self.account.clock
            started = clock.now
            status, answer_headers, answer = self.neighbours.answer(service, operation, request)
            attempt = self.account.calls.note(started, service, operation, {})
            attempt.outcome = "ok" if status < 400 else str(status)
            clock.sleep(NEIGHBOUR_LATENCY)
            return status, {**answer_headers, "x-course-now": str(clock.now)}, answer


_open: list[World] = []


def current() -> World | None:
    """The world that calls reach at this moment, or None where no lab is open."""
    return _open[-1] if _open else None


def enter(world: World) -> None:
    """Let calls reach `world` from now on, until it is left."""
    _open.append(world)


def leave(world: Any) -> None:
    """Let calls reach what they reached before `world` was entered."""
    for place in range(len(_open) - 1, -1, -1):
        if _open[place] is world:
            del _open[place]
            return
