"""How code that never ends is interrupted: one thread that looks, and one signal.

In the main thread, code is interrupted by a signal, because a signal's handler sees where the code
stands and may let it go on for a while: nothing is raised inside the kernel or the course. In other
threads it is an asynchronous exception, sent when the code stands in a good place.
"""

from __future__ import annotations

import signal
import sys
import threading
from _thread import interrupt_main
from collections.abc import Iterator
from functools import partial
from threading import Thread, current_thread, main_thread
from time import monotonic
from types import FrameType
from typing import Protocol

# Nobody sends it, and who does not handle it ignores it. Windows has none; nobody sends it SIGTERM.
_SIGNAL: signal.Signals = getattr(signal, "SIGURG", signal.SIGTERM)

_LINGER = 5.0  # seconds that the thread stays when there is nothing to watch


class Watched(Protocol):
    """What the watchdog looks at while it runs."""

    def look(self, now: float) -> float | None:
        """Do what is due at `now` real seconds; seconds until the next look, None for never."""
        ...

    def interrupted(self, frame: FrameType) -> None:
        """The main thread got the signal at `frame`; what this raises is raised there."""
        ...

    def touch(self) -> None:
        """The one that ran inside has ended; count from here."""
        ...


class Watchdog:
    """Looks at the innermost of those that run. Its thread ends when there is nothing to do."""

    def __init__(self) -> None:
        self._running: tuple[Watched, ...] = ()
        self._guard = threading.RLock()
        self._wake = threading.Event()
        self._thread: Thread | None = None
        self._pause: float | None = None

    @property
    def innermost(self) -> Watched | None:
        """The one that counts at this moment."""
        running = self._running
        return running[-1] if running else None

    def began(self, watched: Watched) -> None:
        """Look at `watched` from now on."""
        with self._guard:
            # It stays: a signal that is on its way while its handler goes makes Python complain.
            if current_thread() is main_thread() and signal.getsignal(_SIGNAL) != self._on_signal:
                signal.signal(_SIGNAL, self._on_signal)
            self._running = (*self._running, watched)
            self._look_within(watched.look(monotonic()))

    def ended(self, watched: Watched) -> bool:
        """Look at the one around it again; False if `watched` was not running."""
        with self._guard:
            if watched not in self._running:
                return False
            self._running = tuple(other for other in self._running if other is not watched)
            if self._running:
                self._running[-1].touch()
                self._look_within(self._running[-1].look(monotonic()))
            return True

    def look_now(self) -> None:
        """Look at once."""
        self._wake.set()

    def _look_within(self, seconds: float | None) -> None:
        if seconds is None:
            return
        if self._thread is None or not self._thread.is_alive():
            self._thread = Thread(target=self._run, name="course-watchdog", daemon=True)
            self._pause = seconds
            try:
                self._thread.start()
            except RuntimeError:  # a browser's Python has no threads
                self._thread = None
        elif self._pause is None or self._pause > seconds:
            self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.clear()
            with self._guard:
                watched = self.innermost
                self._pause = None if watched is None else watched.look(monotonic())
            woken = self._wake.wait(_LINGER if self._pause is None else self._pause)
            if self._pause is None and not woken:
                with self._guard:
                    if not self._wake.is_set():
                        self._thread = None
                        return

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        watched = self.innermost
        if watched is not None and frame is not None:
            watched.interrupted(frame)


def boomerang() -> type[object]:
    """A class of things that come back as the signal when they are thrown away.

    An exception that carries one and is swallowed dies at the end of the `except` block. Nothing
    of that is Python code, so the signal is handled by the code after the block, and not before.
    """
    return type("Boomerang", (), {"__del__": staticmethod(partial(interrupt_main, _SIGNAL))})


def disarm(kind: type[object]) -> None:
    """Let boomerangs of this class stay away."""
    del kind.__del__  # type: ignore[attr-defined]


def send_signal() -> None:
    """Send the main thread the signal; where the system can, that ends a wait for a lock, too."""
    if sys.platform == "win32":
        interrupt_main(_SIGNAL)
    else:
        signal.pthread_kill(main_thread().ident or 0, _SIGNAL)


def raise_in(thread: Thread, exception: type[BaseException] | None) -> None:
    """Let `thread` meet `exception` at its next step; None takes it back."""
    from ctypes import c_ulong, py_object, pythonapi

    value = None if exception is None else py_object(exception)
    pythonapi.PyThreadState_SetAsyncExc(c_ulong(thread.ident or 0), value)


def stack(thread: Thread) -> list[FrameType]:
    """Where `thread` stands, innermost frame first; empty if it has ended."""
    frame = sys._current_frames().get(thread.ident or 0)
    return [] if frame is None else list(callers(frame))


def callers(frame: FrameType | None) -> Iterator[FrameType]:
    """`frame`, who called it, and so on."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def package(frame: FrameType) -> str:
    """The top-level package of the code at `frame`."""
    return str(frame.f_globals.get("__name__")).partition(".")[0]


def in_charge(frame: FrameType) -> str | None:
    """The package that runs at `frame`, or that called the standard library there."""
    packages = (package(caller) for caller in callers(frame))
    return next((name for name in packages if name not in sys.stdlib_module_names), None)
