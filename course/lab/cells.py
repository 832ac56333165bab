"""The lab in a notebook's cells: virtual time while a cell runs, and a kind end for endless ones.

Virtual time is on between IPython's `pre_run_cell` and `post_run_cell`, so the kernel's own
messages keep real time. A cell that exceeds its limit ends with one sentence in place of a
traceback and counts as done, so "Run All" goes on.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import escape
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, Self

from course.lab.limit import Limit, LimitReached
from course.lab.time import VirtualTime, real_time
from course.simulator.clock import Clock

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell


class CellStopped(LimitReached):
    """Ends a cell that ran too long."""

    def _render_traceback_(self) -> list[str]:  # IPython's protocol: the history keeps this
        return [str(self)]


class _CellLimit(Limit):
    """The limit of the cell that runs in a shell."""

    def __init__(
        self, shell: InteractiveShell, clock: Clock, virtual: int | None, real: float | None
    ) -> None:
        super().__init__(clock, virtual, real, CellStopped)
        self._shell = shell
        self._task: asyncio.Task[Any] | None = None

    def start(self) -> None:
        self._task = _task_of_the_cell(self._shell)
        super().start()

    def end(self) -> None:
        super().end()
        self._task = None

    def why(self) -> str:
        if self.reached == "real":
            return (
                f"This cell ran for {self.allowed} without a call to a service and was stopped by "
                "the lab: to wait use time.sleep(...), since a loop alone does not move the "
                "lab's clock, and do long work inside `with lab.real_time():`."
            )
        return (
            f"This cell ran for {self.allowed} and was stopped by the lab: to skip time use "
            "lab.advance(...), to allow more open the lab with Lab(deadline=...)."
        )

    def covers(self, frame: FrameType) -> bool:
        return (
            frame.f_globals is self._shell.user_global_ns
            and frame.f_back is not None
            and frame.f_back.f_code is _code(self._shell, "run_code")
        )

    def is_on(self, stack: list[FrameType]) -> bool:
        # A cell that awaits is nowhere on the stack, nor is the rest of IPython's work for it.
        run_cell = _code(self._shell, "run_cell_async")
        awaits = self._task is not None and all(frame.f_code is not run_cell for frame in stack)
        return awaits or super().is_on(stack)

    def when_reached(self) -> None:
        # Whatever the cell makes of its end, IPython is not to show it as an error.
        self._shell.__dict__["showtraceback"] = self._show_interrupts_only

    def shoot(self) -> None:
        super().shoot()
        task = self._task
        if task is not None:
            task.get_loop().call_soon_threadsafe(self._cancel, task)

    def _cancel(self, task: asyncio.Task[Any]) -> None:
        # Called by the loop, so the cell is at an `await`; unless it has ended in the meantime.
        if task is self._task:
            task.cancel()

    def _show_interrupts_only(self, exc_tuple: Any = None, *args: Any, **kwargs: Any) -> None:
        error = exc_tuple[1] if exc_tuple else sys.exception()
        if isinstance(error, KeyboardInterrupt):
            type(self._shell).showtraceback(self._shell, exc_tuple, *args, **kwargs)


class CellHooks:
    """Switches a virtual time on and off with the cells of a shell.

    `deadline` (virtual microseconds) and `real_limit` (seconds without a request) hold for each
    cell; None is no limit. Without a shell, in a plain script, virtual time is on throughout and
    nothing is limited.
    """

    def __init__(
        self,
        shell: InteractiveShell | None,
        time: VirtualTime,
        clock: Clock,
        *,
        deadline: int | None,
        real_limit: float | None,
    ) -> None:
        self._shell = shell
        self._time = time
        self._depth = 0  # a cell may run other cells
        self._limit = None if shell is None else _CellLimit(shell, clock, deadline, real_limit)

    @classmethod
    def install(
        cls, time: VirtualTime, clock: Clock, *, deadline: int | None, real_limit: float | None
    ) -> Self:
        """Hooks for the shell that this code runs in, from now on: in mid-cell, at once."""
        hooks = cls(_shell(), time, clock, deadline=deadline, real_limit=real_limit)
        hooks.begin()
        return hooks

    def begin(self) -> None:
        """Follow the shell's cells from now on."""
        shell = self._shell
        if shell is None:
            self._time.start()
            return
        shell.events.register("pre_run_cell", self._before_cell)
        shell.events.register("post_run_cell", self._after_cell)
        if _is_running_a_cell(shell):
            self._before_cell()

    def uninstall(self) -> None:
        """Follow no more cells; in mid-cell, real time is back at once."""
        in_mid_cell = self._depth > 0
        self._leave()
        self._unregister("pre_run_cell", self._before_cell)
        if not in_mid_cell:  # or else there may be something to tell at its end
            self._unregister("post_run_cell", self._after_cell)

    def touch(self) -> None:
        """The cell made a request: the real seconds count from here."""
        if self._limit is not None:
            self._limit.touch()

    def extend(self, microseconds: int) -> None:
        """The clock is about to be moved on purpose: let the cell's deadline move along."""
        if self._limit is not None:
            self._limit.extend(microseconds)

    def real_time(self) -> AbstractContextManager[None]:
        """Real time for a while."""
        return real_time()

    def _before_cell(self, info: ExecutionInfo | None = None) -> None:
        self._depth += 1
        if self._depth == 1:
            self._time.start()
            if self._limit is not None:
                self._limit.start()

    def _after_cell(self, result: ExecutionResult | None) -> None:
        if result is not None and result.info is not None and not result.info.raw_cell.strip():
            return  # IPython announces the end of an empty cell, but not its beginning
        self._depth = max(0, self._depth - 1) if result is not None else 0
        if self._depth == 0:
            self._leave()
            self._tell(result)

    def _leave(self) -> None:
        self._depth = 0
        if self._limit is not None:
            self._limit.end()
        self._time.stop()

    def _tell(self, result: ExecutionResult | None) -> None:
        shell, limit = self._shell, self._limit
        if shell is None or limit is None:
            return
        if self._before_cell not in shell.events.callbacks["pre_run_cell"]:
            self._unregister("post_run_cell", self._after_cell)
        if limit.reached is None:
            return
        shell.__dict__.pop("showtraceback", None)
        sentence = limit.why()
        limit.reached = None
        if result is not None:
            if isinstance(result.error_in_exec, KeyboardInterrupt):
                return
            result.error_in_exec = None
            shell.last_execution_succeeded = True
        shell.display_pub.publish(
            {"text/plain": sentence, "text/html": _BOX.format(escape(sentence))}, metadata={}
        )

    def _unregister(self, event: str, hook: Callable[..., None]) -> None:
        if self._shell is not None and hook in self._shell.events.callbacks[event]:
            self._shell.events.unregister(event, hook)


_BOX = (
    '<blockquote style="border-left: 4px solid #E69F00; margin: 0; padding: 0.3em 0.8em">'
    "{}</blockquote>"
)


def _shell() -> InteractiveShell | None:
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    shell: InteractiveShell | None = get_ipython()
    return shell


def _code(shell: InteractiveShell, method: str) -> CodeType:
    code: CodeType = getattr(type(shell), method).__code__
    return code


def _is_running_a_cell(shell: InteractiveShell) -> bool:
    run_code = _code(shell, "run_code")
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code is run_code and frame.f_locals.get("self") is shell:
            return True
        frame = frame.f_back
    return False


def _task_of_the_cell(shell: InteractiveShell) -> asyncio.Task[Any] | None:
    """The task that a cell with a top-level `await` runs in; other cells have none."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return None
    code = getattr(task.get_coro(), "cr_code", None) if task is not None else None
    return task if code is _code(shell, "run_cell_async") else None
