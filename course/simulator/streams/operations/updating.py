"""UPDATING: for a while a stream changes, and is read and written all the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from course.simulator.streams.stream import ACTIVE, DELETING, UPDATING

if TYPE_CHECKING:
    from course.simulator.streams.service import Streams
    from course.simulator.streams.stream import Stream


def update(
    streams: Streams, stream: Stream, duration: int, steps: Sequence[Callable[[], object]] = ()
) -> None:
    """Let the stream be UPDATING for `duration` (microseconds).

    The steps spread evenly over it, the last one at its end. A stream that is deleted meanwhile
    takes no further step.
    """
    stream.status = UPDATING
    clock = streams.clock

    def unless_deleted(step: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            if stream.status != DELETING:
                step()

        return run

    def settle() -> None:
        stream.status = ACTIVE

    for number, step in enumerate(steps, 1):
        clock.call_at(clock.now + duration * number // len(steps), unless_deleted(step))
    clock.call_at(clock.now + duration, unless_deleted(settle))
