from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
import time_machine
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from nbclient import NotebookClient
from traitlets.config import Config

from course.lab.cells import CellHooks, _task_of_the_cell
from course.lab.limit import running
from course.lab.time import VirtualTime
from course.simulator.clock import MINUTE, SECOND, START, Clock

REAL = 0.2  # seconds until a busy cell is stopped
TEN_MINUTES = (
    "This cell ran for 10 virtual minutes and was stopped by the lab: to skip time use "
    "lab.advance(...), to allow more open the lab with Lab(deadline=...)."
)
BUSY = (
    "This cell ran for 0.2 seconds without a call to a service and was stopped by the lab: to "
    "wait use time.sleep(...), since a loop alone does not move the lab's clock, and do long work "
    "inside `with lab.real_time():`."
)


@dataclass
class Notebook:
    """A shell whose cells follow a clock."""

    shell: InteractiveShell
    capture: pytest.CaptureFixture[str]
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.hooks = self.open()
        self.shell.user_ns.update(time=time, threading=threading, notebook=self)

    def open(self) -> CellHooks:
        """What a Lab does when it opens."""
        self.hooks = CellHooks.install(
            VirtualTime(self.clock), self.clock, deadline=10 * MINUTE, real_limit=REAL
        )
        return self.hooks

    def run(self, code: str) -> ExecutionResult:
        """Run a cell; afterwards time is real, whatever happened."""
        self.capture.readouterr()
        result: ExecutionResult = self.shell.run_cell(code)  # type: ignore[no-untyped-call]
        printed = self.capture.readouterr()
        self.printed, self.errors = printed.out.strip(), printed.err
        assert not time_machine.escape_hatch.is_travelling()
        assert running() is None
        assert "showtraceback" not in vars(self.shell)
        return result

    def stopped(self, code: str) -> str:
        """What is printed when a cell is stopped: all is well, and no trace of an error."""
        result = self.run(code)
        assert result.success
        assert self.shell.last_execution_succeeded
        assert self.errors == ""
        return self.printed


@pytest.fixture
def notebook(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Notebook]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    config = Config(
        {"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}}
    )
    shell = InteractiveShell.instance(config=config)
    notebook = Notebook(shell, capsys)
    yield notebook
    notebook.hooks.uninstall()
    hooks = shell.events.callbacks["pre_run_cell"] + shell.events.callbacks["post_run_cell"]
    assert not [hook for hook in hooks if isinstance(getattr(hook, "__self__", None), CellHooks)]
    InteractiveShell.clear_instance()


class TestACell:
    def test_it_runs_in_virtual_time(self, notebook: Notebook) -> None:
        notebook.run("time.sleep(90)\nfrom datetime import datetime\nprint(datetime.now())")
        assert notebook.printed == "2026-01-05 09:01:30"
        assert notebook.clock.now == START + 90 * SECOND

    def test_an_error_leaves_real_time_and_stays_an_error(self, notebook: Notebook) -> None:
        result = notebook.run("1/0")
        assert isinstance(result.error_in_exec, ZeroDivisionError)
        assert "ZeroDivisionError" in notebook.printed

    def test_an_error_may_take_its_time_to_be_shown(
        self, notebook: Notebook, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        render = notebook.shell.InteractiveTB.structured_traceback

        def slowly(*args: Any, **kwargs: Any) -> Any:
            end = time.perf_counter() + 3 * REAL
            while time.perf_counter() < end:
                pass
            return render(*args, **kwargs)

        monkeypatch.setattr(notebook.shell.InteractiveTB, "structured_traceback", slowly)
        for code in ("1/0", "import asyncio\nawait asyncio.sleep(0)\n1/0"):
            result = notebook.run(code)
            assert isinstance(result.error_in_exec, ZeroDivisionError)

    @pytest.mark.filterwarnings("ignore:To exit")
    @pytest.mark.parametrize("code", ["def", "%nothing", "raise SystemExit", "   ", "# a remark"])
    def test_so_does_whatever_else_a_cell_may_be(self, notebook: Notebook, code: str) -> None:
        notebook.run(code)
        notebook.run("time.sleep(1)")
        assert notebook.clock.now == START + SECOND

    def test_the_users_interrupt_stays_what_it_is(self, notebook: Notebook) -> None:
        result = notebook.run("raise KeyboardInterrupt")
        assert isinstance(result.error_in_exec, KeyboardInterrupt)
        assert "KeyboardInterrupt" in notebook.printed

    def test_a_cell_may_run_cells(self, notebook: Notebook) -> None:
        notebook.run(
            "shell = get_ipython()\n"
            "for cell in ['time.sleep(1)', '', '1/0', 'time.sleep(1)']: shell.run_cell(cell)\n"
            "time.sleep(1)"
        )
        assert notebook.clock.now == START + 3 * SECOND

    def test_a_cell_may_await(self, notebook: Notebook) -> None:
        notebook.run("import asyncio\nawait asyncio.sleep(0.01)\ntime.sleep(5)")
        assert notebook.clock.now == START + 5 * SECOND

    def test_a_thread_of_an_earlier_cell_is_virtual(self, notebook: Notebook) -> None:
        notebook.run(
            "go = threading.Event()\n"
            "thread = threading.Thread(target=lambda: (go.wait(10), time.sleep(7)))\n"
            "thread.start()"
        )
        notebook.run("go.set(); thread.join(10)")
        assert notebook.clock.now == START + 7 * SECOND


class TestACellThatNeverEnds:
    def test_one_sentence_and_all_is_well(self, notebook: Notebook) -> None:
        told = notebook.stopped("print('before')\nwhile True: time.sleep(1)")
        assert told == f"before\n{TEN_MINUTES}"
        assert notebook.clock.now == START + 10 * MINUTE
        notebook.run("print('on we go')")
        assert notebook.printed == "on we go"

    def test_a_busy_loop(self, notebook: Notebook) -> None:
        assert notebook.stopped("while time.time() < 10**12: pass") == BUSY

    def test_a_single_long_sleep_ends_at_the_deadline(self, notebook: Notebook) -> None:
        assert notebook.stopped("time.sleep(10**9)") == TEN_MINUTES
        assert notebook.clock.now == START + 10 * MINUTE

    @pytest.mark.parametrize(
        "code",
        [
            "while True:\n try: time.sleep(1)\n except: pass",
            "try: time.sleep(10**6)\nexcept: done = True",
            "try: time.sleep(10**6)\nexcept BaseException as e: raise ValueError from e",
            "%%time\nwhile True: time.sleep(1)",
            "get_ipython().run_cell('while True: time.sleep(1)')\nwhile True: time.sleep(1)",
            "t = threading.Thread(target=time.sleep, args=(10**6,))\nt.start()\nt.join()",
        ],
        ids=["swallowed", "swallowed once", "another error", "magic", "cell in a cell", "thread"],
    )
    def test_however_it_is_written(self, notebook: Notebook, code: str) -> None:
        assert notebook.stopped(code) == TEN_MINUTES

    @pytest.mark.parametrize(
        "code",
        [
            "while True:\n try: len('')\n except: pass",
            "class Endless:\n def __repr__(self):\n  while True: pass\nEndless()",
            "import asyncio\nawait asyncio.sleep(60)",
            "import asyncio\nwhile True:\n try: await asyncio.sleep(0.01)\n except: pass",
            "async def wait():\n while True: time.time()\nawait wait()",
        ],
        ids=["swallowed", "while shown", "await", "await, swallowed", "coroutine"],
    )
    def test_however_busy_it_is(self, notebook: Notebook, code: str) -> None:
        began = time.monotonic()
        assert BUSY in notebook.stopped(code)
        assert time.monotonic() - began < 60

    def test_html_for_those_who_show_it(
        self, notebook: Notebook, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown: list[dict[str, str]] = []
        monkeypatch.setattr(
            notebook.shell.display_pub, "publish", lambda data, metadata: shown.append(data)
        )
        notebook.stopped("while True: time.sleep(1)")
        assert shown[0]["text/plain"] == TEN_MINUTES
        assert shown[0]["text/html"].startswith("<blockquote")
        assert len(shown) == 1

    def test_the_users_interrupt_comes_first(self, notebook: Notebook) -> None:
        result = notebook.run("try: time.sleep(10**6)\nexcept: raise KeyboardInterrupt")
        assert isinstance(result.error_in_exec, KeyboardInterrupt)
        assert "KeyboardInterrupt" in notebook.printed

    def test_each_cell_has_a_deadline_of_its_own(self, notebook: Notebook) -> None:
        for _ in range(3):
            notebook.run("time.sleep(500)\nprint('well')")
            assert notebook.printed == "well"

    def test_time_skipped_by_name_is_free(self, notebook: Notebook) -> None:
        notebook.run(
            "notebook.hooks.extend(3_600_000_000)\nnotebook.clock.sleep(3_600_000_000)\n"
            "time.sleep(500)\nprint('well')"
        )
        assert notebook.printed == "well"

    def test_requests_and_real_time_keep_it_alive(self, notebook: Notebook) -> None:
        busy = "end = time.perf_counter() + 0.5\n{}while time.perf_counter() < end: {}"
        notebook.run(busy.format("", "notebook.hooks.touch()") + "\nprint('well')")
        assert notebook.printed == "well"
        real = "with notebook.hooks.real_time():\n "
        notebook.run(busy.format(real, "pass") + "\nprint('well')")
        assert notebook.printed == "well"


class TestInTheMiddleOfACell:
    def test_opened_there_it_begins_at_once(self, notebook: Notebook) -> None:
        notebook.hooks.uninstall()
        notebook.run("notebook.open()\ntime.sleep(5)\ntime.sleep(5)")
        assert notebook.clock.now == START + 10 * SECOND
        assert notebook.stopped("while True: time.sleep(1)") == TEN_MINUTES

    def test_opened_there_the_cell_has_a_deadline_too(self, notebook: Notebook) -> None:
        notebook.hooks.uninstall()
        assert notebook.stopped("notebook.open()\nwhile True: time.sleep(1)") == TEN_MINUTES

    def test_closed_there_it_ends_at_once(self, notebook: Notebook) -> None:
        notebook.run(
            "notebook.hooks.uninstall()\nfrom datetime import datetime\nprint(datetime.now())"
        )
        assert notebook.printed != "2026-01-05 09:00:00"
        notebook.run("print(datetime.now())")
        assert notebook.printed != "2026-01-05 09:00:00"

    def test_one_closed_and_another_opened(self, notebook: Notebook) -> None:
        notebook.run("notebook.hooks.uninstall()\nnotebook.open()\ntime.sleep(5)")
        notebook.run("time.sleep(5)")
        assert notebook.clock.now == START + 10 * SECOND

    def test_stopped_inside_a_with_that_closes_the_lab(self, notebook: Notebook) -> None:
        code = "try:\n while True: time.sleep(1)\nfinally: notebook.hooks.uninstall()"
        assert notebook.stopped(code) == TEN_MINUTES
        assert notebook.run("1/0").error_in_exec is not None

    def test_another_task_is_not_mistaken_for_a_cell(self, notebook: Notebook) -> None:
        limit: Any = notebook.hooks._limit

        async def another() -> bool:
            assert _task_of_the_cell(notebook.shell) is None
            limit._cancel(asyncio.current_task())
            await asyncio.sleep(0)
            return True

        assert asyncio.run(another())


class TestOutsideOfCells:
    def test_a_plain_script_is_in_virtual_time_throughout(self) -> None:
        InteractiveShell.clear_instance()
        clock = Clock()
        hooks = CellHooks.install(VirtualTime(clock), clock, deadline=MINUTE, real_limit=REAL)
        try:
            time.sleep(3_600)
            hooks.touch()
            hooks.extend(SECOND)
        finally:
            hooks.uninstall()
        assert clock.now == START + 3_600 * SECOND
        assert not time_machine.escape_hatch.is_travelling()


KERNEL_CELLS: list[tuple[str, Callable[[str], bool]]] = [
    (
        "import threading, time\n"
        "naps = []\n"
        "def kernel():\n"
        "    while len(naps) < 50:\n"
        "        began = time.perf_counter()\n"
        "        time.sleep(0.02)\n"
        "        naps.append(time.perf_counter() - began)\n"
        "threading.Thread(target=kernel, daemon=True).start()\n"
        "from course.lab.cells import CellHooks\n"
        "from course.lab.time import VirtualTime\n"
        "from time import sleep as before\n"
        "from course.simulator.clock import MINUTE, Clock\n"
        "clock = Clock()\n"
        "hooks = CellHooks.install(\n"
        "    VirtualTime(clock), clock, deadline=90 * MINUTE, real_limit=1.0)\n"
        "from time import sleep as after\n"
        "before(30); after(30)",
        lambda printed: printed == "",
    ),
    ("time.sleep(3600)", lambda printed: printed == ""),
    (
        "import datetime, pandas\n"
        "print(datetime.datetime.now(), pandas.Timestamp.now(), time.time())",
        lambda printed: printed == "2026-01-05 10:01:00 2026-01-05 10:01:00 1767607260.0",
    ),
    ("print('kept')\nwhile True: time.sleep(1)", lambda text: text.startswith("kept\nThis cell")),
    ("while time.time() < 10**12: pass", lambda text: text.startswith("This cell ran for 1 s")),
    (
        "while True:\n    try: time.sleep(1)\n    except: pass",
        lambda printed: printed.startswith("This cell ran for 90 virtual minutes"),
    ),
    (
        "import asyncio\nwhile True: await asyncio.sleep(0.05)",
        lambda printed: printed.startswith("This cell ran for 1 second"),
    ),
    ("!echo shell", lambda printed: printed == "shell"),
    ("print(len(naps), min(naps) >= 0.02)", lambda printed: printed == "50 True"),
    ("hooks.uninstall()\nprint(datetime.datetime.now().year)", lambda text: text != "2026-01"),
]


@pytest.mark.slow
def test_a_real_kernel() -> None:
    cell: dict[str, Any] = {"cell_type": "code", "metadata": {}, "execution_count": None}
    cells = [{**cell, "outputs": [], "source": code} for code, _ in KERNEL_CELLS]
    book = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
    )
    NotebookClient(book, timeout=300, kernel_name="python3").execute()
    for ran, (code, is_right) in zip(book.cells, KERNEL_CELLS, strict=True):
        printed = "\n".join(
            str(output.get("text") or output["data"]["text/plain"]).strip()
            for output in ran.outputs
        )
        assert is_right(printed), f"{code}\nprinted\n{printed}"
        assert "stderr" not in [output.get("name") for output in ran.outputs]
