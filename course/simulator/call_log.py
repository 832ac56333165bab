"""What was asked of the account: one entry per attempt, one row per shard that it touched.

The log is the service's own, so no client can forge it. Tasks read it to tell what the learner's
code did; `lab.calls` shows it as a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

COLUMNS = ("time", "call", "operation", "stream", "shard", "records", "bytes", "outcome")

# The payload is in the stream; keeping it here as well would double the memory of a big run.
_LEFT_OUT = frozenset(("Records", "Data"))


@dataclass(slots=True)
class Attempt:
    """One attempt of a call: `time` in microseconds, `outcome` "ok" or an error code.

    `touches` holds (shard id, records, bytes, outcome) for each shard; an attempt that wrote some
    records of a shard and refused others has two entries for it. A put whose answer was lost has
    the outcome "TimedOut", but its touches are "ok": the service did store the records. `request`
    is what was asked, without the payload.
    """

    number: int
    time: int
    service: str
    operation: str
    request: dict[str, Any]
    stream: str | None = None
    outcome: str = "ok"
    touches: list[tuple[str, int, int, str]] = field(default_factory=list)


class CallLog:
    """All attempts, in order."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []

    def note(self, time: int, service: str, operation: str, request: dict[str, Any]) -> Attempt:
        """Enter an attempt that started at `time`; the caller fills in what came of it."""
        kept = {name: value for name, value in request.items() if name not in _LEFT_OUT}
        attempt = Attempt(len(self.attempts) + 1, time, service, operation, kept)
        self.attempts.append(attempt)
        return attempt

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows of `lab.calls`, in the order of COLUMNS."""
        for attempt in self.attempts:
            touches: list[tuple[str | None, int, int, str]] = [*attempt.touches]
            if not touches:
                touches = [(None, 0, 0, attempt.outcome)]
            for shard, records, size, outcome in touches:
                yield (
                    attempt.time,
                    attempt.number,
                    attempt.operation,
                    attempt.stream,
                    shard,
                    records,
                    size,
                    outcome,
                )
