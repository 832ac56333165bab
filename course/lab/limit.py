"""A limit for code that may never end: so much virtual time, and so many real seconds.

Virtual time runs out at a clock point, a call or a sleep, and the exception is raised right there.
Real time is for code that reaches no clock point (`while time.time() < end: pass` waits for ever
where time stands still): a watchdog counts the seconds since the last request.

Code that swallows the exception meets it again at each clock point. In the main thread, where
cells run, it is also raised again as soon as the `except` block is over, which is outside of the
`try`: so a loop that swallows everything ends too. In another thread such a loop may go on.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from threading import current_thread, main_thread
from time import monotonic
from types import FrameType, TracebackType
from typing import Literal, Self

from course.lab import watchdog
from course.simulator.clock import HOUR, MINUTE, SECOND, Clock

# Not to be interrupted: what runs, shows, judges or debugs the learner's code.
_KERNEL = {"IPython", "ipykernel", "ipywidgets", "comm", "traitlets", "jupyter_client", "zmq"}
_PROTECTED = _KERNEL | {"tornado", "debugpy", "_pydevd_bundle", "course", "autograder"}

# Code inside these waits for a person, a program or a disk, and not for time to pass.
_WAITS_FOR_OTHERS = {"getpass", "pexpect", "ptyprocess", "subprocess"}
_WAITS_FOR_OTHERS |= {"importlib", "_frozen_importlib", "_frozen_importlib_external"}

_LOOKS_PER_LIMIT = 5  # how often the watchdog looks before the time is up
_GRACE = 0.5  # seconds to end by itself for code that met the exception at a clock point
_BETWEEN_SHOTS = 0.02  # seconds
_STEPS_PER_SHOT = 1_000


class LimitReached(BaseException):
    """Ends code that ran too long; the text says which time was up.

    Not an Exception, so that `except Exception` lets it pass. A thread ends quietly with it.
    """

    boomerang: object = None


class Limit:
    """Ends what runs between `start` and `end`, or inside `with`, when its time is up.

    `virtual` is in microseconds on `clock`, `real` in seconds without a `touch`; None is no limit.
    The innermost limit counts, the others wait: one without limits shields what runs inside it.
    `with` ends in `exception` whenever the limit was reached, whatever the code made of it.
    """

    def __init__(
        self,
        clock: Clock,
        virtual: int | None,
        real: float | None,
        exception: type[LimitReached] = LimitReached,
    ) -> None:
        self.clock = clock
        self.virtual = virtual
        self.real = real
        self.exception = exception
        self.reached: Literal["virtual", "real"] | None = None
        self._owner = current_thread()
        self._base: FrameType | None = None
        self._deadline: int | None = None
        self._touched = False
        self._held = 0
        self._quiet_since = 0.0
        self._next_shot = 0.0
        self._async_shot = False
        self._boomerang: type[object] | None = None
        self._dice = Random(0)
        self._raised = 0
        self._skip = 0
        self._steps = 0

    def start(self) -> None:
        """Count from now on, for this thread and the threads that it starts."""
        self.reached = None
        self._owner = current_thread()
        self._deadline = None if self.virtual is None else self.clock.now + self.virtual
        self._held = self._raised = 0
        self._async_shot = False
        self._touched = True
        self.clock.on_move.append(self._at_clock_point)
        _watchdog.began(self)

    def end(self) -> None:
        """Stop counting; nothing is raised from here on. A second call does nothing."""
        if _watchdog.ended(self):
            self.clock.on_move.remove(self._at_clock_point)
            if self._async_shot:
                watchdog.raise_in(self._owner, None)
            if self._boomerang is not None:
                watchdog.disarm(self._boomerang)
                self._boomerang = None
        self._base = None

    def __enter__(self) -> Self:
        # Not contextlib's frame: an ExitStack enters for somebody.
        callers = watchdog.callers(sys._getframe(1))
        self._base = next(frame for frame in callers if watchdog.package(frame) != "contextlib")
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()
        told = isinstance(error, self.exception) and error.args
        if self.reached and not told and not isinstance(error, KeyboardInterrupt):
            raise self.exception(self.why()) from None

    def touch(self) -> None:
        """The code made a request: the real seconds count from here."""
        self._touched = True

    def extend(self, microseconds: int) -> None:
        """Allow so much more virtual time: for moves of the clock that are asked for by name."""
        if self._deadline is not None:
            self._deadline += microseconds

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Real seconds do not count inside."""
        self._held += 1
        try:
            yield
        finally:
            self._held = max(0, self._held - 1)  # 0 where the run ended inside
            self._touched = True

    def sleep(self, microseconds: int) -> None:
        """Move the clock, but not past the limit; raises there."""
        room = microseconds if self._deadline is None else self._deadline - self.clock.now
        if microseconds <= room and not self.reached:
            self.clock.sleep(microseconds)
            return
        if not self.reached:
            self.clock.sleep(max(0, room))
            self._reach("virtual")
        raise self._exception()

    def why(self) -> str:
        """Which time is up, in words: the text of the exception."""
        if self.reached == "real":
            return f"{self.allowed} went by without a call"
        return f"{self.allowed} were over"

    @property
    def allowed(self) -> str:
        """How much time there was: "10 virtual minutes", "30 seconds"."""
        if self.reached == "real" and self.real is not None:
            return _counted(self.real, "second")
        sizes = {"hour": HOUR, "minute": MINUTE, "second": SECOND}
        length = self.virtual or 0
        unit = next((unit for unit, size in sizes.items() if length % size == 0), "second")
        return _counted(length / sizes[unit], f"virtual {unit}")

    def covers(self, frame: FrameType) -> bool:
        """Whether `frame` is where the limited code starts."""
        return frame is self._base

    def is_on(self, stack: list[FrameType]) -> bool:
        """Whether, by the thread's stack, the limited code has begun and not yet ended."""
        return any(self.covers(frame) for frame in stack)

    def when_reached(self) -> None:
        """Called once, in any thread, before the first exception."""

    # The watchdog's side

    def look(self, now: float) -> float | None:
        """Find out whether the real time is up, and interrupt code that goes on after its end."""
        if self.reached:
            if now >= self._next_shot:
                self._next_shot = now + _BETWEEN_SHOTS
                self.shoot()
            return self._next_shot - now
        if self.real is None:
            return None
        stack = watchdog.stack(self._owner)
        if self._touched or self._held or not self.is_on(stack) or _waits_for_others(stack):
            self._touched = False
            self._quiet_since = now
        left = self._quiet_since + self.real - now
        if left <= 0:
            self._reach("real")
            self._next_shot = now
            return self.look(now)
        return min(left, self.real / _LOOKS_PER_LIMIT)

    def shoot(self) -> None:
        """Interrupt the code, from the watchdog's thread."""
        self._steps = _STEPS_PER_SHOT
        if self._owner is main_thread():
            watchdog.send_signal()
            return
        stack = watchdog.stack(self._owner)
        if stack and self._may_interrupt(stack[0]):
            # Well within the interpreter's switch interval, so the code still stands there.
            self._async_shot = True
            watchdog.raise_in(self._owner, self.exception)

    def interrupted(self, frame: FrameType) -> None:
        """Raise at `frame`, or let the code go on to its next step and try there."""
        throw = self._boomerang
        if throw is None or self._owner is not main_thread() or self._steps <= 0:
            return
        self._steps -= 1
        if self._may_interrupt(frame):
            if self._skip == 0:
                raise self._exception()
            self._skip -= 1
        _again = throw()  # thrown away, and so back, at the end of this call

    def _may_interrupt(self, frame: FrameType) -> bool:
        if watchdog.in_charge(frame) in _PROTECTED:
            return False
        return any(self.covers(caller) for caller in watchdog.callers(frame))

    def _at_clock_point(self, now: int) -> None:
        if _watchdog.innermost is not self:
            return
        if self.reached is None and self._deadline is not None and now > self._deadline:
            self._reach("virtual")
        if self.reached is not None:
            thread = current_thread()
            # The attribute is course.lab.time's: the learner's threads, not those of a server.
            if thread is self._owner or hasattr(thread, "virtual_time"):
                raise self._exception()

    def _reach(self, reason: Literal["virtual", "real"]) -> None:
        self._boomerang = watchdog.boomerang()
        self.reached = reason
        self._dice.seed(0)
        self._next_shot = monotonic() + _GRACE
        self.when_reached()
        _watchdog.look_now()

    def _exception(self) -> LimitReached:
        # Whether the first step after an `except` block is still inside the `try` differs from
        # Python to Python. Where several in a row were swallowed, try other steps.
        self._skip = 0 if self._raised < 4 else self._dice.randrange(4)
        self._raised += 1
        self._steps = _STEPS_PER_SHOT
        error = self.exception(self.why())
        if self._boomerang is not None:
            error.boomerang = self._boomerang()
        return error


_watchdog = watchdog.Watchdog()


def running() -> Limit | None:
    """The limit that counts at this moment."""
    limit = _watchdog.innermost
    return limit if isinstance(limit, Limit) else None


def _waits_for_others(stack: list[FrameType]) -> bool:
    return any(
        watchdog.package(frame) in _WAITS_FOR_OTHERS
        or frame.f_code.co_name == "_input_request"  # ipykernel: input() and getpass()
        for frame in stack
    )


def _counted(number: float, unit: str) -> str:
    return f"{number:g} {unit}" if number == 1 else f"{number:g} {unit}s"


_report = threading.excepthook


def _end_quietly(args: threading.ExceptHookArgs, /) -> None:
    if not issubclass(args.exc_type, LimitReached):
        _report(args)


threading.excepthook = _end_quietly
