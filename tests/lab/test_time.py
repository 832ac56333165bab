from __future__ import annotations

import datetime
import inspect
import os
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any

import boto3
import botocore.session
import pandas
import pytest
import time_machine
from botocore.awsrequest import AWSResponse

from course.lab import time as lab_time
from course.lab.time import VirtualTime, real_time
from course.simulator.clock import HOUR, MILLISECOND, SECOND, START, Clock

NINE = datetime.datetime(2026, 1, 5, 9)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def real_naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What reached the real sleep, which does not wait here."""
    naps: list[float] = []
    monkeypatch.setattr(lab_time, "_real_sleep", naps.append)
    return naps


@pytest.fixture(autouse=True)
def virtual_time_is_left() -> Iterator[None]:
    yield
    assert lab_time._layers == ()
    assert not time_machine.escape_hatch.is_travelling()


def in_thread(work: Callable[[], Any]) -> Any:
    """What `work` answers in a thread that this thread starts."""
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(work()))
    thread.start()
    thread.join(10)
    return answers[0]


class TestWhatFollowsTheClock:
    def test_everything_that_tells_the_time(self, clock: Clock) -> None:
        with VirtualTime(clock):
            time.sleep(90)
            assert clock.now == START + 90 * SECOND
            assert time.time() == START / SECOND + 90
            assert datetime.datetime.now() == NINE + datetime.timedelta(seconds=90)
            assert datetime.datetime.now(datetime.UTC).isoformat() == "2026-01-05T09:01:30+00:00"
            assert datetime.date.today() == NINE.date()
            assert pandas.Timestamp.now() == pandas.Timestamp(NINE) + pandas.Timedelta(seconds=90)
            assert time.strftime("%H:%M:%S") == "09:01:30"
        assert datetime.datetime.now().year >= 2026

    def test_moves_by_calls_show_at_once(self, clock: Clock) -> None:
        with VirtualTime(clock):
            clock.sleep(7 * MILLISECOND)
            assert datetime.datetime.now() == NINE + datetime.timedelta(milliseconds=7)

    def test_moves_while_it_is_off_show_when_it_is_on_again(self, clock: Clock) -> None:
        virtual = VirtualTime(clock)
        with virtual:
            pass
        clock.sleep(HOUR)
        with virtual:
            assert datetime.datetime.now().hour == 10

    def test_nothing_drifts(self, clock: Clock) -> None:
        with VirtualTime(clock):
            for _ in range(1_500):
                time.sleep(0.2)
            assert clock.now == START + 300 * SECOND
            assert datetime.datetime.now() == NINE + datetime.timedelta(seconds=300)

    def test_stopwatches_stay_real(self, clock: Clock) -> None:
        before = time.perf_counter(), time.monotonic()
        with VirtualTime(clock):
            time.sleep(3_600)
            assert time.perf_counter() - before[0] < 60
            assert time.monotonic() - before[1] < 60

    @pytest.mark.skipif(not hasattr(time, "tzset"), reason="a Unix matter")
    def test_local_time_is_utc_on_every_machine(
        self, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        with VirtualTime(clock):
            assert datetime.datetime.now() == NINE
            assert datetime.datetime.fromtimestamp(0).hour == 0
            os.environ.pop("TZ")  # whoever restores the environment in between
        assert os.environ["TZ"] == "Asia/Tokyo"
        assert datetime.datetime.fromtimestamp(0).hour == 9
        monkeypatch.undo()
        time.tzset()


class TestSwitching:
    def test_real_after_an_exception(self, clock: Clock, real_naps: list[float]) -> None:
        with pytest.raises(ZeroDivisionError), VirtualTime(clock):
            raise ZeroDivisionError
        time.sleep(5)
        assert real_naps == [5]
        assert clock.on_move == []

    def test_one_world_inside_another(self, clock: Clock) -> None:
        case = Clock(START + 100 * HOUR)
        with VirtualTime(clock):
            time.sleep(1)
            with suppress(ZeroDivisionError), VirtualTime(case):
                time.sleep(2)
                assert time.time() == case.now / SECOND
                raise ZeroDivisionError
            assert time.time() == START / SECOND + 1
            time.sleep(4)
        assert clock.now == START + 5 * SECOND
        assert case.now == START + 100 * HOUR + 2 * SECOND

    def test_the_outer_world_may_end_first(self, clock: Clock) -> None:
        outer, inner = VirtualTime(clock), VirtualTime(Clock(START + HOUR))
        outer.start()
        inner.start()
        outer.stop()
        assert datetime.datetime.now().hour == 10
        inner.stop()

    def test_a_move_of_the_outer_clock_does_not_show_inside(self, clock: Clock) -> None:
        with VirtualTime(clock), VirtualTime(Clock(START + HOUR)):
            clock.sleep(5 * HOUR)
            assert datetime.datetime.now().hour == 10

    def test_starting_twice_is_refused(self, clock: Clock) -> None:
        virtual = VirtualTime(clock)
        with virtual, pytest.raises(RuntimeError, match="on already"):
            virtual.start()

    def test_stopping_twice_is_harmless(self, clock: Clock) -> None:
        virtual = VirtualTime(clock)
        with virtual:
            virtual.stop()


class TestSleep:
    def test_it_looks_like_the_real_one(self) -> None:
        assert (time.sleep.__module__, time.sleep.__name__) == ("time", "sleep")
        assert time.sleep.__qualname__ == "sleep"
        assert pickle.loads(pickle.dumps(time.sleep)) is time.sleep
        assert time.sleep.__doc__
        real = inspect.unwrap(time.sleep)
        assert inspect.isbuiltin(real)

    def test_a_name_imported_before_follows_too(self, clock: Clock, real_naps: list[float]) -> None:
        from time import sleep as before

        with VirtualTime(clock):
            from time import sleep as inside

            before(1)
            inside(2)
        before(4)
        assert clock.now == START + 3 * SECOND
        assert real_naps == [4]

    @pytest.mark.parametrize(
        ("seconds", "microseconds"),
        [(0, 0), (2, 2_000_000), (0.1 + 0.2, 300_000), (1e-7, 0), (6e-7, 1), (True, 1_000_000)],
    )
    def test_microseconds_are_rounded(
        self, clock: Clock, seconds: float, microseconds: int
    ) -> None:
        with VirtualTime(clock):
            time.sleep(seconds)
        assert clock.now == START + microseconds

    def test_whatever_is_a_whole_number(self, clock: Clock) -> None:
        class Whole:  # a numpy.int32, say, which multiplies in 32 bits
            def __index__(self) -> int:
                return 3_600

        with VirtualTime(clock):
            time.sleep(Whole())
        assert clock.now == START + HOUR

    @pytest.mark.parametrize(
        "seconds", [-1, -0.1, float("nan"), float("inf"), 1e300, 10**30, "1", Fraction(-1, 2)]
    )
    def test_what_the_real_one_refuses(self, clock: Clock, seconds: Any) -> None:
        with pytest.raises((ValueError, OverflowError, TypeError)) as real:
            inspect.unwrap(time.sleep)(seconds)
        with VirtualTime(clock), pytest.raises(real.type) as virtual:
            time.sleep(seconds)
        assert str(virtual.value) == str(real.value)
        assert clock.now == START

    def test_a_number_that_this_python_takes(
        self, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def newer(seconds: Fraction) -> None:
            assert seconds == 0, "a virtual sleep must not wait"

        monkeypatch.setattr(lab_time, "_real_sleep", newer)
        with VirtualTime(clock):
            time.sleep(Fraction(3, 2))  # type: ignore[arg-type]
        assert clock.now == START + 1_500_000


class TestThreads:
    def test_children_and_their_children_sleep_virtually(self, clock: Clock) -> None:
        with VirtualTime(clock):
            in_thread(lambda: time.sleep(10))
            in_thread(lambda: in_thread(lambda: time.sleep(20)))
        assert clock.now == START + 30 * SECOND

    def test_a_kernel_thread_keeps_the_real_sleep(
        self, clock: Clock, real_naps: list[float]
    ) -> None:
        begin, done = threading.Event(), threading.Event()

        def kernel() -> None:
            begin.wait(10)
            time.sleep(1)
            in_thread(lambda: time.sleep(2))
            done.set()

        threading.Thread(target=kernel).start()
        with VirtualTime(clock):
            begin.set()
            assert done.wait(10)
        assert real_naps == [1, 2]
        assert clock.now == START

    def test_a_pool_of_an_earlier_cell_works_in_a_case(self, clock: Clock) -> None:
        lab, case = VirtualTime(clock), Clock()
        work, done = threading.Semaphore(0), threading.Semaphore(0)

        def worker() -> None:
            for _ in range(2):
                work.acquire(timeout=10)
                time.sleep(1)
                done.release()

        with lab:
            threading.Thread(target=worker).start()
            work.release()
            done.acquire(timeout=10)
        with lab, VirtualTime(case):
            work.release()
            done.acquire(timeout=10)
        assert (clock.now, case.now) == (START + SECOND, START + SECOND)

    def test_who_outlives_its_time_sleeps_for_real(
        self, clock: Clock, real_naps: list[float]
    ) -> None:
        over = threading.Event()

        def straggler() -> None:
            over.wait(10)
            time.sleep(5)

        with VirtualTime(clock):
            with VirtualTime(Clock()):
                thread = threading.Thread(target=straggler)
                thread.start()
            over.set()
            thread.join(10)
        assert real_naps == [5]
        assert clock.now == START

    def test_a_server_of_the_course_is_nobodys(self, clock: Clock, real_naps: list[float]) -> None:
        serve = {"__name__": "course.endpoints.server", "in_thread": in_thread, "time": time}
        exec("def start():\n import threading\n t = threading.Thread(target=time.sleep, args=(1,))"
             "\n t.start()\n t.join()", serve)  # fmt: skip
        with VirtualTime(clock):
            serve["start"]()  # type: ignore[operator]
        assert real_naps == [1]

    def test_many_at_once_leave_the_clock_whole(self, clock: Clock) -> None:
        due: list[int] = []
        for second in range(400):
            clock.call_at(START + second * SECOND, lambda: due.append(clock.now))

        def sleeper() -> None:
            for _ in range(50):
                time.sleep(1)

        with VirtualTime(clock):
            threads = [threading.Thread(target=sleeper) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
        assert clock.now == START + 400 * SECOND
        assert due == [START + second * SECOND for second in range(400)]

    def test_sleeping_waits_for_the_lock_of_the_world(self, clock: Clock) -> None:
        lock = threading.RLock()
        with VirtualTime(clock, lock=lock):
            sleeper = threading.Thread(target=lambda: time.sleep(1))
            with lock:
                sleeper.start()
                sleeper.join(0.05)
                assert clock.now == START
            sleeper.join(10)
        assert clock.now == START + SECOND


class TestRealTime:
    def test_real_inside_virtual_after(self, clock: Clock, real_naps: list[float]) -> None:
        with VirtualTime(clock):
            with suppress(ZeroDivisionError), real_time():
                time.sleep(2)
                in_thread(lambda: time.sleep(3))
                assert time.time() != START / SECOND
                raise ZeroDivisionError
            time.sleep(4)
            assert time.time() == START / SECOND + 4
        assert real_naps == [2, 3]

    def test_a_world_started_inside_is_virtual(self, clock: Clock, real_naps: list[float]) -> None:
        case = Clock()
        with VirtualTime(clock), real_time(), VirtualTime(case):
            time.sleep(2)
        assert case.now == START + 2 * SECOND
        assert real_naps == []

    def test_without_virtual_time_nothing_happens(self, real_naps: list[float]) -> None:
        with real_time():
            time.sleep(1)
        assert real_naps == [1]

    def test_if_nobody_leaves_it_the_next_cell_is_virtual_again(self, clock: Clock) -> None:
        virtual = VirtualTime(clock)
        with virtual:
            entered = real_time()
            entered.__enter__()
        with virtual:
            time.sleep(1)
            entered.__exit__(None, None, None)
            time.sleep(1)
        assert clock.now == START + 2 * SECOND


class TestBotocore:
    """Its back-off and its waiters sleep by `time.sleep`, so they need nothing of their own."""

    @pytest.fixture
    def client(self) -> Any:
        session = botocore.session.Session()
        session.set_credentials("an", "other")
        return boto3.Session(botocore_session=session, region_name="eu-west-1").client("kinesis")

    def answers(self, client: Any, *answers: tuple[int, bytes]) -> None:
        """Let the client get these answers, one after the other."""
        left = iter(answers)

        def answer(request: Any, **_: Any) -> AWSResponse:
            status, body = next(left)
            return AWSResponse(request.url, status, {}, _Raw(body))

        client.meta.events.register("before-send.kinesis", answer)

    def test_a_retry_waits_on_the_clock(
        self, client: Any, clock: Clock, real_naps: list[float]
    ) -> None:
        throttled = b'{"__type": "ProvisionedThroughputExceededException", "message": "Slow"}'
        self.answers(client, (400, throttled), (400, throttled), (200, b'{"StreamNames": []}'))
        with VirtualTime(clock):
            client.list_streams()
        assert clock.now > START
        assert real_naps == []

    def test_a_waiter_waits_on_the_clock(
        self, client: Any, clock: Clock, real_naps: list[float]
    ) -> None:
        self.answers(client, *[(200, _described("CREATING"))] * 4, (200, _described("ACTIVE")))
        with VirtualTime(clock):
            client.get_waiter("stream_exists").wait(StreamName="orders")
        assert clock.now == START + 4 * 10 * SECOND
        assert real_naps == []


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, amount: int = 1, **_: Any) -> Iterator[bytes]:
        yield self._body


def _described(status: str) -> bytes:
    return b'{"StreamDescription": {"StreamName": "orders", "StreamStatus": "%s"}}' % (
        status.encode()
    )
