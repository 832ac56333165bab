"""Virtual time for the learner's code: `datetime`, `time.time` and `time.sleep` follow a clock.

The clock is the only truth. While a `VirtualTime` is on, time-machine mirrors it into `datetime`,
`time.time` and what is built on them (pandas, botocore, moto), and local time is UTC, so that the
same notebook prints the same on every machine. `perf_counter` and `monotonic` stay real, and with
them `asyncio.sleep`, `Event.wait` and `Timer`.

Whose `time.sleep` is virtual goes by thread, not by calling module, because libraries sleep too:
the thread that started the virtual time, the threads it starts while it is on, and theirs. The
kernel's threads keep the real one. The wrapper goes in once, when this module is imported, so
`from time import sleep` holds for ever after and switches by itself.

There is one clock: two threads that sleep two seconds each move it by four. A thread that
outlives its virtual time sleeps in real time from then on.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from functools import wraps
from operator import index
from threading import Thread, current_thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from course.lab.limit import running
from course.lab.watchdog import in_charge
from course.simulator.clock import SECOND, Clock

if TYPE_CHECKING:
    import time_machine

if sys.platform == "win32":
    # Python has no tzset there, but its localtime is the C runtime's, which has.
    import ctypes

    _tzset = ctypes.CDLL("ucrtbase")._tzset
else:
    from time import tzset as _tzset

# The real ones, also when this module is imported a second time.
_real_sleep = getattr(time.sleep, "__wrapped__", time.sleep)
_real_start = getattr(Thread.start, "__wrapped__", Thread.start)

# time.sleep counts in 64 bits of nanoseconds and refuses what does not fit.
_LONGEST_SLEEP = (2**63 - 1) // 1_000_000_000


class VirtualTime:
    """Lets time follow `clock` between `start` and `stop`, or inside `with`.

    A second one may be started inside the first, on another clock; the first is back when the
    second stops. `lock` is held while a sleep moves the clock: pass the one that whoever else
    moves it holds.
    """

    def __init__(self, clock: Clock, lock: threading.RLock | None = None) -> None:
        self.clock = clock
        self.owner: Thread | None = None
        self._lock: Any = threading.RLock() if lock is None else lock

    def start(self) -> None:
        """Switch to virtual time. RuntimeError if this one is on already."""
        with _switch:
            if self in _layers:
                raise RuntimeError("This virtual time is on already; stop it before you start it.")
            self.owner = current_thread()
            _arrange((*_layers, self))
            self.clock.on_move.append(self._follow)

    def stop(self) -> None:
        """Switch back to what was before; nothing happens if this one is off."""
        with _switch:
            if self in _layers:
                self.clock.on_move.remove(self._follow)
                _arrange(_without(self))

    def sleep(self, microseconds: int) -> None:
        """Move the clock, one thread at a time, as far as a running limit allows."""
        with self._lock:
            limit = running()
            if limit is not None and limit.clock is self.clock:
                limit.sleep(microseconds)
            else:
                self.clock.sleep(microseconds)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _follow(self, now: int) -> None:
        with _switch:  # or a thread that outlives the cell starts what the cell has stopped
            if _top is self:
                _mirror.show(now)


class _RealTime:
    """A stretch of real time on top of the virtual times below it."""

    owner = None


@contextmanager
def real_time() -> Iterator[None]:
    """Real `time.sleep` and `datetime` inside, virtual again after: for Kafka, Flink, processes."""
    limit = running()
    layer = _RealTime()
    with _switch:
        _arrange((*_layers, layer))
    try:
        with nullcontext() if limit is None else limit.hold():
            yield
    finally:
        with _switch:
            _arrange(_without(layer))


def is_learners(thread: Thread) -> bool:
    """Whether `thread` started a virtual time that is on, or was started inside one."""
    born = getattr(thread, "virtual_time", None)
    return any(layer.owner is thread or layer is born for layer in _layers)


class _Mirror:
    """What `datetime` and `time.time` show in this process."""

    def __init__(self) -> None:
        self._travel: time_machine.travel | None = None
        self._traveller: time_machine.Traveller | None = None
        self._shown = 0
        self._time_zone: str | None = None

    def show(self, now: int) -> None:
        """Show `now`, in UTC. Integer steps from the epoch, so nothing is ever rounded."""
        if self._traveller is None:
            self._start()
        assert self._traveller is not None
        self._traveller.shift(timedelta(microseconds=now - self._shown))
        self._shown = now

    def _start(self) -> None:
        import time_machine  # 50 ms: only when the first lab opens

        self._travel = time_machine.travel(0, tick=False)
        self._traveller = self._travel.start()
        self._shown = 0
        self._time_zone = os.environ.get("TZ")
        _set_time_zone("UTC")

    def end(self) -> None:
        """Show real time again."""
        if self._travel is not None:
            self._travel.stop()
            self._travel = self._traveller = None
            _set_time_zone(self._time_zone)


def _set_time_zone(name: str | None) -> None:
    if name is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = name
    _tzset()


Layer = VirtualTime | _RealTime

_switch = threading.RLock()
_mirror = _Mirror()
_layers: tuple[Layer, ...] = ()
_top: VirtualTime | None = None


def _without(layer: Layer) -> tuple[Layer, ...]:
    return tuple(other for other in _layers if other is not layer)


def _arrange(layers: tuple[Layer, ...]) -> None:
    global _layers, _top
    top = layers[-1] if layers else None
    if isinstance(top, VirtualTime):
        _mirror.show(top.clock.now)
        _top = top
    else:
        _top = None
        _mirror.end()
    _layers = layers


def _microseconds(seconds: Any) -> int:
    """A sleep in microseconds; what the real sleep refuses, it refuses here, in its own words."""
    if not isinstance(seconds, float):
        if not hasattr(seconds, "__index__"):
            # Whether other numbers will do (a Fraction, say) depends on Python's version.
            _real_sleep(seconds * 0)
        else:
            seconds = index(seconds)
    if not 0 <= seconds <= _LONGEST_SLEEP:
        _real_sleep(seconds)
    microseconds: int = round(seconds * SECOND)
    return microseconds


@wraps(_real_sleep)
def _sleep(seconds: float, /) -> None:
    top = _top
    if top is None or not is_learners(current_thread()):
        _real_sleep(seconds)
    else:
        top.sleep(_microseconds(seconds))


@wraps(_real_start)
def _start(self: Thread) -> None:
    # The course's own threads, such as a server's, are nobody's.
    if (
        _top is not None
        and is_learners(current_thread())
        and in_charge(sys._getframe(1)) != "course"
    ):
        self.virtual_time = _top  # type: ignore[attr-defined]
    _real_start(self)


time.sleep = _sleep  # type: ignore[assignment]
Thread.start = _start  # type: ignore[method-assign]
