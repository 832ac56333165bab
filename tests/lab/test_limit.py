from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from course.lab import limit as lab_limit
from course.lab import watchdog
from course.lab.limit import Limit, LimitReached
from course.lab.time import VirtualTime, real_time
from course.simulator.clock import MINUTE, SECOND, START, Clock

REAL = 0.1  # seconds until a busy loop is stopped
LONG = 30.0  # seconds that no test waits for


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    with VirtualTime(clock):
        yield clock


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    assert lab_limit.running() is None


def run(code: str, **names: Any) -> None:
    """Run learner's code, as a cell would."""
    exec(code, {"__name__": "__main__", "time": time, "contextlib": contextlib, **names})


class TestVirtualTime:
    def test_a_loop_of_sleeps_ends_at_the_limit(self, clock: Clock) -> None:
        told = pytest.raises(LimitReached, match=r"^10 virtual minutes were over$")
        with told, Limit(clock, 10 * MINUTE, LONG):
            run("while True: time.sleep(7)")
        assert clock.now == START + 10 * MINUTE

    def test_a_long_sleep_does_not_carry_the_clock_past_it(self, clock: Clock) -> None:
        with pytest.raises(LimitReached), Limit(clock, 10 * MINUTE, LONG):
            time.sleep(10**9)
        assert clock.now == START + 10 * MINUTE

    def test_a_call_may_end_after_it(self, clock: Clock) -> None:
        with pytest.raises(LimitReached), Limit(clock, MINUTE, LONG):
            clock.sleep(MINUTE + 5)
        assert clock.now == START + MINUTE + 5

    def test_exactly_the_limit_is_allowed(self, clock: Clock) -> None:
        with Limit(clock, 10 * MINUTE, LONG):
            for _ in range(60):
                time.sleep(10)

    def test_what_is_asked_for_by_name_is_free(self, clock: Clock) -> None:
        limit = Limit(clock, 10 * MINUTE, LONG)
        with pytest.raises(LimitReached), limit:
            run(
                "extend(hour)\nsleep(hour)\nwhile True: time.sleep(1)",
                extend=limit.extend,
                sleep=clock.sleep,
                hour=60 * MINUTE,
            )
        assert clock.now == START + 70 * MINUTE

    def test_none_is_no_limit(self, clock: Clock) -> None:
        with Limit(clock, None, None) as limit:
            limit.extend(SECOND)
            time.sleep(10**6)

    def test_it_can_be_used_again(self, clock: Clock) -> None:
        limit = Limit(clock, MINUTE, LONG)
        for _ in range(2):
            with pytest.raises(LimitReached), limit:
                run("while True: time.sleep(1)")
        with limit:
            time.sleep(59)
        assert limit.reached is None

    def test_the_code_may_not_call_it_an_error(self, clock: Clock) -> None:
        with pytest.raises(LimitReached), Limit(clock, MINUTE, LONG):
            run("try:\n while True: time.sleep(1)\nexcept Exception: pass")

    @pytest.mark.parametrize(
        ("microseconds", "words"),
        [
            (60 * MINUTE, "1 virtual hour"),
            (MINUTE, "1 virtual minute"),
            (90 * SECOND, "90 virtual seconds"),
            (500_000, "0.5 virtual seconds"),
        ],
    )
    def test_the_time_in_words(self, clock: Clock, microseconds: int, words: str) -> None:
        told = pytest.raises(LimitReached, match=f"^{words} were over$")
        with told, Limit(clock, microseconds, LONG):
            time.sleep(10**6)


SWALLOWING = {
    "bare": "while True:\n try: time.sleep(1)\n except: pass",
    "named": "while True:\n try: time.sleep(1)\n except BaseException as error: str(error)",
    "continue": "while True:\n try: time.sleep(1)\n except: continue",
    "finally": "while True:\n try: time.sleep(1)\n finally: continue",
    "suppress": "while True:\n with contextlib.suppress(BaseException): time.sleep(1)",
    "for": "for _ in range(10**12):\n try: time.sleep(1)\n except: pass",
    "function": ("def poll():\n try: time.sleep(1)\n except: return None\nwhile True: poll()"),
    "loop in a loop": (
        "while True:\n try:\n  while True:\n   try: time.sleep(1)\n   except: pass\n except: pass"
    ),
    "loop in a function in a loop": (
        "def consume():\n while True:\n  try: time.sleep(1)\n  except: pass\n"
        "while True:\n try: consume()\n except: pass"
    ),
    "collecting": (
        "met = []\nwhile True:\n try: time.sleep(1)\n except BaseException as e: met.append(e)"
    ),
    "without clock points": "while True:\n try: len('')\n except: pass",
}


class TestCodeThatSwallowsIt:
    @pytest.mark.parametrize("code", SWALLOWING.values(), ids=SWALLOWING)
    def test_every_loop_ends(self, clock: Clock, code: str) -> None:
        with pytest.raises(LimitReached), Limit(clock, 10 * MINUTE, REAL):
            run(code)
        assert clock.now <= START + 10 * MINUTE

    def test_the_first_time_is_about_the_last(self, clock: Clock) -> None:
        rounds: list[int] = []
        with pytest.raises(LimitReached), Limit(clock, MINUTE, None):
            run(SWALLOWING["bare"].replace("pass", "rounds.append(1)"), rounds=rounds)
        assert sum(rounds) < 50

    def test_code_that_goes_on_is_told_at_the_end(self, clock: Clock) -> None:
        with pytest.raises(LimitReached), Limit(clock, MINUTE, None):
            run("try: time.sleep(100)\nexcept: done = True")

    def test_code_that_calls_it_another_error_is_told_too(self, clock: Clock) -> None:
        with pytest.raises(LimitReached), Limit(clock, MINUTE, None):
            run("try: time.sleep(100)\nexcept BaseException as e: raise ValueError from e")

    def test_an_exception_kept_until_the_process_ends_is_quiet(self) -> None:
        code = (
            "from course.lab.limit import Limit, LimitReached\n"
            "from course.simulator.clock import Clock\n"
            "clock, kept = Clock(), []\n"
            "try:\n"
            "    with Limit(clock, 1, None): clock.sleep(2)\n"
            "except LimitReached as reached: kept.append(reached)\n"
        )
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        assert ended.stderr == b""

    def test_an_exception_kept_until_later_does_no_harm(self, clock: Clock) -> None:
        kept: list[BaseException] = []
        with contextlib.suppress(LimitReached), Limit(clock, MINUTE, None):
            run("try: time.sleep(100)\nexcept BaseException as e: kept.append(e)", kept=kept)
        with Limit(clock, MINUTE, LONG):
            kept.clear()
            time.sleep(1)


class TestRealTime:
    def test_a_busy_loop_ends(self, clock: Clock) -> None:
        told = pytest.raises(LimitReached, match=r"^0.1 seconds went by without a call$")
        with told, Limit(clock, 10 * MINUTE, REAL):
            run("end = time.time() + 1\nwhile time.time() < end: pass")

    @pytest.mark.skipif(sys.platform == "win32", reason="nothing ends a wait for a lock there")
    def test_a_wait_for_a_lock_ends(self, clock: Clock) -> None:
        began = time.monotonic()
        with pytest.raises(LimitReached), Limit(clock, None, REAL):
            threading.Event().wait(LONG)
        assert time.monotonic() - began < LONG

    def test_tiny_sleeps_that_move_nothing_end(self, clock: Clock) -> None:
        with pytest.raises(LimitReached), Limit(clock, 10 * MINUTE, REAL):
            run("while True: time.sleep(0)")

    def test_requests_keep_it_alive(self, clock: Clock) -> None:
        with Limit(clock, None, REAL) as limit:
            run(_BUSY, seconds=4 * REAL, then=limit.touch)

    def test_in_real_time_it_does_not_count(self, clock: Clock) -> None:
        with Limit(clock, None, REAL), real_time():
            run(_BUSY, seconds=3 * REAL, then=int)

    def test_after_real_time_it_counts_again(self, clock: Clock) -> None:
        with pytest.raises(LimitReached), Limit(clock, None, REAL):
            run("with real_time(): pass\nwhile True: pass", real_time=real_time)

    def test_real_time_that_nobody_left_ends_with_the_run(self, clock: Clock) -> None:
        limit, entered = Limit(clock, None, REAL), real_time()
        with limit:
            entered.__enter__()
        with pytest.raises(LimitReached), limit:
            run("while True: pass")
        entered.__exit__(None, None, None)

    def test_a_subprocess_may_take_its_time(self, clock: Clock) -> None:
        nap = f"import time; time.sleep({4 * REAL})"
        with Limit(clock, None, REAL):
            subprocess.run([sys.executable, "-c", nap], check=True)

    def test_a_person_may_take_their_time(self, clock: Clock) -> None:
        def _input_request() -> None:
            run(_BUSY, seconds=3 * REAL, then=int)

        with Limit(clock, None, REAL):
            _input_request()

    def test_an_import_may_take_its_time(
        self, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "slow_to_import.py").write_text(
            f"seconds = 0.3\nimport time\nthen = int\n{_BUSY}"
        )
        monkeypatch.syspath_prepend(str(tmp_path))
        with Limit(clock, None, REAL):
            run("import slow_to_import")

    def test_nothing_is_raised_inside_the_kernel(self, clock: Clock) -> None:
        kernel: dict[str, Any] = {"__name__": "ipykernel.iostream", "time": time}
        exec(f"def write(seconds, written):\n {_BUSY_INSIDE}\n written.append(1)", kernel)
        written: list[int] = []
        with pytest.raises(LimitReached), Limit(clock, None, REAL):
            run("write(0.4, written)\nwhile True: pass", write=kernel["write"], written=written)
        assert written == [1]

    def test_a_loop_that_is_mostly_inside_the_kernel_ends(self, clock: Clock) -> None:
        kernel: dict[str, Any] = {"__name__": "ipykernel.iostream"}
        exec("def write(text):\n for _ in range(100): int()", kernel)
        with pytest.raises(LimitReached), Limit(clock, None, REAL):
            run("while True: write('x')", write=kernel["write"])

    def test_another_thread_is_ended_too_and_left_alone_after(
        self, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent: list[object] = []
        send = watchdog.raise_in

        def note_and_send(thread: threading.Thread, what: type[BaseException] | None) -> None:
            sent.append(what)
            send(thread, what)

        monkeypatch.setattr(watchdog, "raise_in", note_and_send)
        after: list[str] = []

        def work() -> None:
            try:
                with Limit(clock, None, REAL):
                    run("while True: pass")
            except LimitReached as reached:
                after.append(str(reached))
            run(_BUSY, seconds=0.2, then=int)
            after.append("unharmed")

        worker = threading.Thread(target=work)
        worker.start()
        worker.join(LONG)
        assert after == ["0.1 seconds went by without a call", "unharmed"]
        assert sent[0] is LimitReached
        assert sent[-1] is None


_BUSY_INSIDE = "end = time.perf_counter() + seconds\n while time.perf_counter() < end: pass"
_BUSY = "end = time.perf_counter() + seconds\nwhile time.perf_counter() < end: then()"


class TestOneInsideAnother:
    def test_the_inner_one_counts(self, clock: Clock) -> None:
        case = Clock()
        with Limit(clock, MINUTE, LONG) as outer:
            with VirtualTime(case):
                told = pytest.raises(LimitReached, match="3 virtual minutes")
                with told, Limit(case, 3 * MINUTE, LONG):
                    run("while True: time.sleep(1)")
                with pytest.raises(LimitReached), Limit(case, None, REAL):
                    run("while True: pass")
            assert outer.reached is None
        assert clock.now == START

    def test_one_without_limits_is_a_shield(self, clock: Clock) -> None:
        with Limit(clock, MINUTE, REAL) as outer:
            with Limit(clock, None, None):
                run(_BUSY, seconds=3 * REAL, then=int)
                clock.sleep(2 * MINUTE)
            assert outer.reached is None

    def test_the_outer_one_counts_again_after_it(self, clock: Clock) -> None:
        done: list[str] = []

        def busy(seconds: float) -> None:
            run(_BUSY, seconds=seconds, then=int)
            done.append(f"{seconds} seconds")

        code = "with shield: busy(0.3)\nbusy(0.03)\nwhile True: pass"
        with pytest.raises(LimitReached), Limit(clock, None, REAL):
            run(code, shield=Limit(clock, None, None), busy=busy)
        assert done == ["0.3 seconds", "0.03 seconds"]


class TestThreads:
    def test_a_thread_ends_quietly(self, clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
        thread = threading.Thread(target=run, args=("while True: time.sleep(1)",))
        with pytest.raises(LimitReached), Limit(clock, MINUTE, LONG):
            run("thread.start()\nthread.join(30)", thread=thread)
        thread.join(LONG)
        assert not thread.is_alive()
        assert capsys.readouterr().err == ""

    def test_a_call_in_a_thread_ends_it_too(self, clock: Clock) -> None:
        calls: list[int] = []
        code = "while True: calls.append(1), call(7_000_000)"
        thread = threading.Thread(
            target=run, args=(code,), kwargs={"call": clock.sleep, "calls": calls}
        )
        with pytest.raises(LimitReached), Limit(clock, MINUTE, LONG):
            run("thread.start()\nthread.join(30)", thread=thread)
        thread.join(LONG)
        assert len(calls) == 9

    def test_another_error_in_a_thread_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told: list[Any] = []
        monkeypatch.setattr(lab_limit, "_report", told.append)
        monkeypatch.setattr(threading, "excepthook", lab_limit._end_quietly)
        for error in (LimitReached(""), ZeroDivisionError()):
            thread = threading.Thread(target=_raise, args=(error,))
            thread.start()
            thread.join(LONG)
        assert [args.exc_type for args in told] == [ZeroDivisionError]

    def test_a_server_that_moves_the_clock_is_left_alone(self, clock: Clock) -> None:
        asked, answers = threading.Event(), []

        def serve() -> None:
            asked.wait(LONG)
            clock.sleep(2 * MINUTE)
            answers.append("served")

        server = threading.Thread(target=serve)
        _start_outside(server)
        with pytest.raises(LimitReached), Limit(clock, MINUTE, LONG):
            run("asked.set()\nserver.join(30)\ntime.sleep(1)", asked=asked, server=server)
        assert answers == ["served"]

    def test_the_watchdog_is_one_thread_and_goes_by_itself(
        self, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(watchdog, "_LINGER", 0.05)
        for _ in range(20):
            with Limit(clock, None, REAL):
                assert len(_dogs()) == 1
        for dog in _dogs():
            dog.join(LONG)
        assert _dogs() == []
        with pytest.raises(LimitReached), Limit(clock, None, REAL):
            run("while True: pass")


class TestTheWith:
    def test_without_it_only_clock_points_raise(self, clock: Clock) -> None:
        limit = Limit(clock, MINUTE, None)
        limit.start()
        try:
            with contextlib.suppress(LimitReached):
                time.sleep(100)
            run("for _ in range(1_000): len('')")
        finally:
            limit.end()

    def test_it_ends_in_the_exception_it_was_given(self, clock: Clock) -> None:
        class CaseTimedOut(LimitReached):
            pass

        with pytest.raises(CaseTimedOut), Limit(clock, MINUTE, LONG, CaseTimedOut):
            time.sleep(100)
        with pytest.raises(CaseTimedOut), Limit(clock, None, REAL, CaseTimedOut):
            run("while True: pass")

    def test_the_users_interrupt_stays_what_it_is(self, clock: Clock) -> None:
        with pytest.raises(KeyboardInterrupt), Limit(clock, MINUTE, LONG):
            run("try: time.sleep(100)\nexcept: raise KeyboardInterrupt")

    def test_an_error_of_the_code_stays_what_it_is(self, clock: Clock) -> None:
        with pytest.raises(ZeroDivisionError), Limit(clock, MINUTE, LONG):
            run("1/0")

    def test_a_stack_may_enter_it(self, clock: Clock) -> None:
        stack = ExitStack()
        with pytest.raises(LimitReached), stack:
            self.enter_and_go_on(stack, Limit(clock, None, REAL))

    def enter_and_go_on(self, stack: ExitStack, limit: Limit) -> None:
        stack.enter_context(limit)
        run("while True: pass")

    def test_it_works_without_virtual_time(self) -> None:
        clock = Clock()
        with pytest.raises(LimitReached), Limit(clock, MINUTE, LONG):
            run("while True: sleep(1_000_000)", sleep=clock.sleep)
        with pytest.raises(LimitReached), Limit(clock, None, REAL):
            run("while True: pass")


def _raise(error: BaseException) -> None:
    raise error


def _dogs() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "course-watchdog"]


def _start_outside(thread: threading.Thread) -> None:
    """Start `thread` as somebody who is not the learner."""
    starter = threading.Thread(target=thread.start)
    start: Callable[[threading.Thread], None] = vars(threading.Thread)["start"].__wrapped__
    start(starter)
    starter.join(LONG)
