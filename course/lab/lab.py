"""The Lab: one simulated AWS account on the learner's desk, with a clock they can move."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from course import facts
from course.endpoints import lanes
from course.endpoints.fence import Fence
from course.endpoints.neighbours import Neighbours
from course.endpoints.world import LocalWorld, enter, leave
from course.errors import CourseError
from course.lab import view
from course.lab.cells import CellHooks
from course.lab.time import VirtualTime
from course.simulator.account import DEFAULT_REGION, Account
from course.simulator.call_log import COLUMNS
from course.simulator.clock import MINUTE, SECOND, to_datetime
from course.simulator.faults import INTERNAL_FAILURE, THROTTLED
from course.simulator.streams.operations.reshard import reshard
from course.simulator.streams.service import Streams
from course.simulator.streams.stream import Stream

if TYPE_CHECKING:
    import pandas

    from course.pictures.picture import Picture

DEADLINE_MINUTES = 10
REAL_LIMIT_SECONDS = 30.0
BACKEND_VARIABLE = "COURSE_BACKEND"

# Enough for a minute of a busy stream; older writes fall off the film.
_FILM_LENGTH = 200_000

_open: Lab | None = None


class LabError(CourseError):
    """Something that the lab was asked for and cannot do."""


class Lab:
    """A simulated AWS account, open from construction until `close()`.

    While it is open, every boto3 client of this process talks to it, `time` and `datetime` show
    its clock, and nothing leaves this machine. `deadline` is how many virtual minutes a cell may
    use (None: as many as it likes); `seed` makes what botocore and the neighbours draw repeat.
    """

    def __init__(self, *, deadline: float | timedelta | None = DEADLINE_MINUTES, seed: int = 0):
        global _open
        self._deadline = _microseconds(deadline)
        backend = os.environ.get(BACKEND_VARIABLE, "simulator")
        if backend not in ("simulator", "moto"):
            raise LabError(
                f"{BACKEND_VARIABLE} is {backend!r}: set it to 'simulator' or 'moto', or unset it."
            )
        if _open is not None:
            _open.close()
            print("The lab that was open is closed now; this one starts empty.")
        self.backend = backend
        services = Account.SERVICES if backend == "simulator" else frozenset[str]()
        self.account = Account(services=services)
        self.world = LocalWorld(self.account, Neighbours(seed, passed_on=backend == "moto"))
        self.account.streams().film = deque(maxlen=_FILM_LENGTH)
        lanes.jitter.seed(seed)
        self._time = VirtualTime(self.account.clock, lock=self.world.lock)
        self._stack = ExitStack()
        self._opened()
        _open = self

    def _opened(self) -> None:
        with ExitStack() as stack:
            stack.enter_context(Fence())
            stack.enter_context(self.world.neighbours)
            enter(self.world)
            stack.callback(leave, self.world)
            self._cells = CellHooks.install(
                self._time,
                self.account.clock,
                deadline=self._deadline,
                real_limit=REAL_LIMIT_SECONDS,
            )
            stack.callback(self._cells.uninstall)
            self.world.on_request = self._cells.touch
            self._stack = stack.pop_all()

    def close(self) -> None:
        """Put everything back as it was before the lab opened; a second call does nothing."""
        global _open
        self._stack.close()
        if _open is self:
            _open = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        streams = ", ".join(stream.name for stream in self._streams.all()) or "no streams"
        state = "open" if _open is self else "closed"
        return f"<Lab, {state}, {self.now:%Y-%m-%d %H:%M:%S} UTC, {streams}>"

    # The clock

    @property
    def now(self) -> datetime:
        """The lab's time, in UTC."""
        return to_datetime(self.account.clock.now)

    def advance(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0) -> None:
        """Move the clock forward; what falls due on the way happens."""
        length = round((seconds + minutes * 60 + hours * 3_600) * SECOND)
        if length < 0:
            raise LabError("The lab's clock only moves forward: give a positive length of time.")
        self._cells.extend(length)
        self.world.sleep(length)

    def real_time(self) -> AbstractContextManager[Any]:
        """Real time for a while, for programs that live outside the lab."""
        return self._cells.real_time()

    # What happened

    @property
    def calls(self) -> pandas.DataFrame:
        """The call log: one row per attempt and shard (and outcome, where a shard had two)."""
        import pandas

        table = pandas.DataFrame(self.account.calls.rows(), columns=list(COLUMNS))
        table["time"] = pandas.to_datetime(table["time"], unit="us", utc=True)
        return table

    def show(self, stream: str) -> Picture:
        """The stream as it is now: one lane per shard, with what it holds."""
        from course import pictures

        if self.backend == "moto":
            import boto3

            kinesis = boto3.client("kinesis", region_name=DEFAULT_REGION)
            trace, previews = view.through_the_api(kinesis, stream, self.account.clock.now)
        else:
            found = self._stream(stream)
            trace = view.stored(found, self.account.clock.now)
            previews = view.newest(found)
        return pictures.lanes(trace, previews=previews)

    def ring(self, stream: str, *, seconds: float | None = None) -> Picture:
        """The hash ring with the records of the last `seconds` (None: all) flowing onto it."""
        from course import pictures

        return pictures.hash_ring(self._film(stream, seconds))

    def heat(self, stream: str, *, seconds: float | None = 60) -> Picture:
        """How close each shard came to its write limits, second by second."""
        from course import pictures

        limits = (facts.shard.write_records_per_second, facts.shard.write_bytes_per_second)
        return pictures.shard_heat(self._film(stream, seconds), limits=limits)

    # Faults

    def throttle(self, stream: str, shard: str | None = None, *, seconds: float) -> None:
        """Refuse reads and writes of a shard (None: of every shard) for `seconds`."""
        shard_id = self._shard_id(stream, shard)
        self.account.faults.throttle(stream, shard_id, round(seconds * SECOND))

    def fail_entries(
        self,
        stream: str,
        indices: Iterable[int],
        times: int = 1,
        code: str = THROTTLED,
    ) -> None:
        """In each of the next `times` PutRecords, refuse the entries at `indices` (from 0)."""
        self._stream(stream)
        if code not in (THROTTLED, INTERNAL_FAILURE):
            raise LabError(
                f"PutRecords refuses an entry with {THROTTLED} or {INTERNAL_FAILURE}, "
                f"not with {code!r}."
            )
        self.account.faults.fail_entries(stream, list(indices), times, code)

    def time_out_after_write(self, stream: str, times: int = 1) -> None:
        """Store the records of the next `times` puts, but lose the answers."""
        self._stream(stream)
        self.account.faults.time_out_after_write(stream, times)

    def expire_iterators(self, stream: str) -> None:
        """Let every iterator of the stream that was given out until now be too old."""
        self._stream(stream)
        self.account.faults.expire_iterators(stream)

    def idle(self, stream: str, shard: str | None = None, *, seconds: float) -> None:
        """Give empty pages for `seconds`, whatever the shard holds."""
        shard_id = self._shard_id(stream, shard)
        self.account.faults.idle(stream, shard_id, round(seconds * SECOND))

    def reshard(self, stream: str, *, shards: int, at: float = 0) -> None:
        """Go to `shards` equal shards, starting `at` seconds from now, whatever the limits say."""
        found = self._stream(stream)
        clock = self.account.clock
        clock.call_at(clock.now + round(at * SECOND), lambda: reshard(self._streams, found, shards))

    @property
    def _streams(self) -> Streams:
        return self.account.streams()

    def _stream(self, name: str) -> Stream:
        if self.backend == "moto":
            raise LabError(
                "moto has no throttles, faults or film of the writes: unset COURSE_BACKEND to "
                "use the course's own simulator."
            )
        known = {stream.name: stream for stream in self._streams.all()}
        if name not in known:
            there = ", ".join(sorted(known)) or "none yet"
            raise LabError(f"The lab has no stream called {name!r}; its streams are: {there}.")
        return known[name]

    def _shard_id(self, stream: str, shard: str | None) -> str | None:
        found = self._stream(stream)
        if shard is None:
            return None
        meant = found.shard(shard)
        if meant is None:
            there = ", ".join(each.shard_id for each in found.shards) or "none yet"
            raise LabError(f"{stream} has no shard called {shard!r}; its shards are: {there}.")
        return meant.shard_id

    def _film(self, stream: str, seconds: float | None) -> Any:
        found = self._stream(stream)
        now = self.account.clock.now
        since = None if seconds is None else now - round(seconds * SECOND)
        return view.filmed(self._streams, found, since)


def _microseconds(deadline: float | timedelta | None) -> int | None:
    if deadline is None:
        return None
    if isinstance(deadline, timedelta):
        return deadline // timedelta(microseconds=1)
    return round(deadline * MINUTE)
