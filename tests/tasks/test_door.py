"""Both doors: what crosses them, what is caught, what is left as it was."""

from __future__ import annotations

import dis
import inspect
import os
import random
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from course.endpoints import lanes
from course.endpoints.world import LocalWorld, current
from course.simulator.clock import MINUTE
from course.tasks.door import (
    CASE_MINUTES,
    Call,
    Door,
    InProcessDoor,
    Outcome,
    Raised,
    Returned,
    TimedOut,
    is_attempted,
)
from course.tasks.subprocess_door import SubprocessDoor

SEED = 7

# One file for all calls: a child process takes most of a second to start.
CODE = textwrap.dedent('''
    import logging
    import os
    import random
    import sys
    import threading
    import time
    import warnings
    from datetime import datetime, timezone
    from sys import stderr
    from time import sleep

    import boto3

    kinesis = boto3.client("kinesis", region_name="us-east-1")
    handler = logging.StreamHandler()
    logging.getLogger("learner").handlers = [handler]

    def echo(*values):
        return list(values)

    def change(values):
        values.append("more")
        return values

    def draw():
        return [random.random(), random.random()]

    def say():
        print("one")
        print("two", file=sys.stderr)
        print("three", file=stderr)
        warnings.warn("four", UserWarning)
        logging.getLogger("learner").warning("five")
        sys.stdout.write("six")
        sys.stdout.close()
        return "said"

    def chatter():
        for _ in range(300_000):
            print("x" * 100)

    def fail(key):
        return {}[key]

    def fail_deep_inside():
        import json
        return json.loads("{")

    def wrong_parameter():
        kinesis.put_record(StreamName="s", Data=b"x", PartitionKey=1)

    def missing_stream():
        kinesis.describe_stream_summary(StreamName="nowhere")

    def leave():
        sys.exit("good bye")

    def spin():
        while True:
            pass

    def spin_and_swallow():
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass

    def wait():
        while True:
            sleep(20)

    def poll():
        while True:
            try:
                kinesis.list_streams()
                time.sleep(10)
            except BaseException:
                continue

    def work_slowly():
        for _ in range(8):
            kinesis.list_streams()
            sleep(1)  # ListStreams takes five calls a second
            end = time.perf_counter() + 0.1
            while time.perf_counter() < end:
                pass
        return "done"

    def clock():
        before = time.time()
        sleep(60)
        return [time.time() - before, datetime.now(timezone.utc).isoformat()]

    def forget():
        global forgotten
        del forgotten

    def forgotten():
        return "still here"

    def in_threads():
        found = []
        def look():
            for _ in range(5):
                found.append(len(kinesis.list_streams()["StreamNames"]))
                sleep(1)  # ListStreams takes five calls a second
        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found

    def stub(): ...
    def stub_said():
        """It will be something."""
        ...
    value_stub = ...
    value = None
''')


@pytest.fixture(scope="module")
def learner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("learner") / "submission.py"
    path.write_text(CODE)
    return path


DoorOf = Callable[[float], Door]


@pytest.fixture(scope="module", params=["in process", "subprocess"])
def door_of(request: pytest.FixtureRequest, learner: Path) -> Iterator[DoorOf]:
    """Doors to the code above, by how many real seconds they wait."""
    doors: dict[float, Door] = {}
    with ExitStack() as stack:

        def make(real_seconds: float) -> Door:
            if request.param == "subprocess":
                if real_seconds not in doors:
                    doors[real_seconds] = SubprocessDoor(learner, real_seconds)
                    stack.enter_context(closing(doors[real_seconds]))
                return doors[real_seconds]
            namespace: dict[str, Any] = {"__name__": "__main__"}
            exec(compile(CODE, str(learner), "exec"), namespace)
            return InProcessDoor(namespace, real_seconds)

        yield make


@pytest.fixture
def door(door_of: DoorOf) -> Door:
    return door_of(10.0)


def call(door: Door, name: str, *args: Any, world: LocalWorld | None = None) -> Outcome:
    return door.call(Call(name, list(args), SEED), world or LocalWorld())


# Values ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "ä€🚲", b"\x00\xff", [1, [2]], {"a": {}}])
def test_values_cross(door: Door, value: Any) -> None:
    outcome = call(door, "echo", value, 2**128)
    assert outcome == Returned([value, 2**128])


def test_arguments_are_copies(door: Door) -> None:
    given = [1]
    assert call(door, "change", given) == Returned([1, "more"])
    assert given == [1]


def test_one_call_for_many(door: Door) -> None:
    outcome = door.call(Call("echo", [[1, 2], [], ["a"]], SEED, each=True), LocalWorld())
    assert outcome == Returned([[1, 2], [], ["a"]])


def test_random_is_seeded_for_each_call(door: Door) -> None:
    generator = random.Random(SEED)
    drawn = [generator.random(), generator.random()]
    assert call(door, "draw") == call(door, "draw") == Returned(drawn)


# What is printed ---------------------------------------------------------------------------------


def test_whatever_is_printed_is_collected(
    door_of: DoorOf, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    outcome = call(door_of(10.0), "say")
    assert isinstance(outcome, Returned)
    assert outcome.value == "said"
    for word in ("one", "two", "three", "four", "five", "six"):
        assert word in outcome.output
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_output_has_an_end(door: Door) -> None:
    outcome = call(door, "chatter")
    assert isinstance(outcome, Returned)
    assert len(outcome.output) < 5_000


# What goes wrong ---------------------------------------------------------------------------------


def test_an_exception_is_a_sentence_with_the_learners_own_line(door: Door) -> None:
    line = CODE.splitlines().index("    return {}[key]") + 1
    expected = f"raised KeyError: 'x' (in line {line} of `fail`: `return {{}}[key]`)"
    assert call(door, "fail", "x") == Raised("KeyError", expected)


@pytest.mark.parametrize(
    ("name", "kind", "says", "line"),
    [
        ("fail_deep_inside", "JSONDecodeError", "Expecting property name", "json.loads"),
        ("wrong_parameter", "ParamValidationError", "Invalid type for parameter", "put_record("),
        ("missing_stream", "ResourceNotFoundException", "nowhere", "describe_stream_summary("),
        ("leave", "SystemExit", "good bye", "sys.exit("),
        ("no such name", "KeyError", "no such name", None),
        ("value", "TypeError", "'NoneType' object is not callable", None),
    ],
)
def test_errors(door: Door, name: str, kind: str, says: str, line: str | None) -> None:
    outcome = call(door, name)
    assert isinstance(outcome, Raised)
    assert outcome.kind == kind
    assert outcome.sentence.startswith(f"raised {kind}")
    assert says in outcome.sentence
    assert (line is None) == ("in line" not in outcome.sentence)
    if line:
        assert line in outcome.sentence
    assert "\n" not in outcome.sentence


def test_after_an_error_the_door_still_works(door: Door) -> None:
    call(door, "fail", 1)
    call(door, "leave")
    assert call(door, "echo", 1) == Returned([1])


def test_a_name_may_vanish_in_between(door_of: DoorOf) -> None:
    door = door_of(9.0)
    assert call(door, "forgotten") == Returned("still here")
    assert call(door, "forget") == Returned(None)
    outcome = call(door, "forgotten")
    assert isinstance(outcome, Raised)
    assert outcome.kind == "KeyError"
    assert not door.attempted("forgotten")


@pytest.mark.parametrize("name", ["spin", "spin_and_swallow"])
def test_code_that_spins_is_stopped_in_real_time(door_of: DoorOf, name: str) -> None:
    outcome = call(door_of(0.5), name)
    assert outcome == TimedOut(
        "ran for 0.5 seconds without a call to a service, and had to be stopped"
    )


@pytest.mark.parametrize("name", ["wait", "poll"])
def test_code_that_waits_is_stopped_in_virtual_time(door: Door, name: str) -> None:
    world = LocalWorld()
    began = world.now()
    outcome = call(door, name, world=world)
    assert outcome == TimedOut(
        f"was still running after {CASE_MINUTES} virtual minutes, and had to be stopped"
    )
    assert world.now() - began == pytest.approx(CASE_MINUTES * MINUTE, rel=0.01)


def test_code_that_makes_calls_is_at_work(door_of: DoorOf) -> None:
    """0.8 seconds in all, a tenth of a second between two calls."""
    assert call(door_of(0.5), "work_slowly").value == "done"  # type: ignore[union-attr]


def test_who_did_not_end_once_gets_less_time(
    door_of: DoorOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("course.tasks.door", "course.tasks.subprocess_door"):
        monkeypatch.setattr(f"{module}.IMPATIENT_REAL_SECONDS", 0.2)
    door = door_of(0.6)
    for seconds in ("0.6", "0.2", "0.2"):
        outcome = call(door, "spin")
        assert isinstance(outcome, TimedOut)
        assert f"ran for {seconds} seconds" in outcome.sentence


# The world ---------------------------------------------------------------------------------------


def test_the_clock_is_that_of_the_world(door: Door) -> None:
    world = LocalWorld()
    began = world.now()
    outcome = call(door, "clock", world=world)
    assert outcome == Returned([60.0, "2026-01-05T09:01:00+00:00"])
    assert world.now() == began + MINUTE


def test_calls_are_in_the_log_of_the_world(door: Door) -> None:
    world = LocalWorld()
    assert call(door, "in_threads", world=world) == Returned([0] * 20)
    call(door, "missing_stream", world=world)
    operations = [attempt.operation for attempt in world.account.calls.attempts]
    assert operations == ["ListStreams"] * 20 + ["DescribeStreamSummary"]


@pytest.mark.parametrize("name", ["echo", "fail", "leave", "wait", "draw", "clock"])
def test_everything_is_left_as_it_was(door: Door, name: str) -> None:
    outside = current()
    before = (random.getstate(), lanes.jitter.getstate(), dict(os.environ), sys.stdout, sys.stderr)
    attributes = dict(vars(sys.stdout))
    world = LocalWorld()
    told = world.on_request
    call(door, name, *(["x"] if name == "fail" else []), world=world)
    assert current() is outside
    assert before == (
        random.getstate(),
        lanes.jitter.getstate(),
        dict(os.environ),
        sys.stdout,
        sys.stderr,
    )
    assert vars(sys.stdout) == attributes
    assert world.on_request is told
    assert world.account.clock.on_move == []


# What is attempted -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "attempted"),
    [
        ("echo", True),
        ("value", True),
        ("stub", False),
        ("stub_said", False),
        ("value_stub", False),
        ("nobody", False),
    ],
)
def test_attempted(door: Door, name: str, attempted: bool) -> None:
    assert door.attempted(name) is attempted


STUBS = """
def f(a, b=1, *c, **d): ...
---
def f(a):
    "It will be something."
---
def f(a):
    "It will be something."
    ...
---
def f(a): pass
---
def f(a):
    # later
    ...
    ...
---
def f(a): return
---
def f(a): return ...
---
f = lambda a: ...
---
def f(a: int) -> str: ...
---
def outside():
    x = 1
    def f(a):
        "doc"
        ...
    return f
f = outside()
---
class C:
    def f(self): ...
f = C.f
---
f = ...
"""

DONE = """
def f(a): return 1
---
def f(a): return a
---
def f(a): return "..."
---
def f(a): return False
---
def f(a): return ()
---
def f(a): a
---
def f(a): raise NotImplementedError
---
def f(a): yield
---
async def f(a): ...
---
def f(a): print("later")
---
def f(a):
    x = ...
---
def f(a):
    global b
    b = 1
---
def outside():
    x = None
    def f(a): return x
    return f
f = outside()
---
class f: ...
---
f = None
---
f = len
---
f = print
---
from functools import partial
f = partial(print)
"""


def defined(source: str) -> Any:
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    return namespace["f"]


@pytest.mark.parametrize("source", STUBS.split("---"))
def test_a_stub_is_not_attempted(source: str) -> None:
    assert not is_attempted(defined(source))


@pytest.mark.parametrize("source", DONE.split("---"))
def test_what_does_something_is_attempted(source: str) -> None:
    assert is_attempted(defined(source))


@pytest.mark.slow
@pytest.mark.parametrize("minor", [11, 12, 13, 14, 15])
def test_stubs_on_other_pythons(minor: int) -> None:
    """`is_attempted` reads bytecode, so it is tried on every Python that this machine has."""
    program = "\n".join(
        [
            "from __future__ import annotations",
            "import dis, json, sys, types",
            "from typing import Any",
            f"_DOES_NOTHING = {sys.modules['course.tasks.door']._DOES_NOTHING!r}",
            inspect.getsource(is_attempted),
            "found = []",
            "for source in json.load(sys.stdin):",
            "    names = {}",
            "    exec(source, names)",
            "    found.append(is_attempted(names['f']))",
            "print(json.dumps([sys.version_info[:2], found]))",
        ]
    )
    import json

    sources = STUBS.split("---") + DONE.split("---")
    try:
        run = subprocess.run(
            [f"python3.{minor}", "-c", program],
            input=json.dumps(sources),
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(f"there is no working python3.{minor} here")
    version, found = json.loads(run.stdout)
    assert version == [3, minor]
    assert found == [False] * len(STUBS.split("---")) + [True] * len(DONE.split("---"))


def test_the_names_of_what_does_nothing_are_known_to_dis() -> None:
    from course.tasks.door import _DOES_NOTHING

    newer = {"RETURN_CONST"}  # 3.12 and 3.13 only
    assert _DOES_NOTHING - newer <= set(dis.opmap)


# A process of its own ----------------------------------------------------------------------------


def submission(tmp_path: Path, code: str) -> Path:
    path = tmp_path / "submission.py"
    path.write_text(textwrap.dedent(code))
    return path


def test_a_process_that_ends_is_one_sentence(tmp_path: Path) -> None:
    path = submission(
        tmp_path,
        """
        import os
        def f(): os._exit(0)
        def g(): return 1
        """,
    )
    with closing(SubprocessDoor(path)) as door:
        assert call(door, "g") == Returned(1)
        ended = Raised("ProcessEnded", "ended its process, or had to be ended with it")
        assert call(door, "f") == ended
        assert call(door, "g") == ended
        assert not door.attempted("g")


@pytest.mark.slow
def test_who_interrupts_itself_ends_its_process(tmp_path: Path) -> None:
    path = submission(tmp_path, "def f(): raise KeyboardInterrupt")
    with closing(SubprocessDoor(path)) as door:
        assert call(door, "f").kind == "ProcessEnded"  # type: ignore[union-attr]


def test_what_a_broken_file_defined_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the secret of the class is not."""
    path = submission(
        tmp_path,
        """
        print("before")
        import os
        def f(): return os.environ.get("COURSE_SECRET", "nobody knows")
        raise SystemExit
        def g(): return 2
        """,
    )
    monkeypatch.setenv("COURSE_SECRET", "s3cret")
    with closing(SubprocessDoor(path)) as door:
        assert call(door, "f") == Returned("nobody knows")
        assert not door.attempted("g")


@pytest.mark.slow
def test_a_file_that_is_no_python_has_nothing(tmp_path: Path) -> None:
    with closing(SubprocessDoor(submission(tmp_path, "def f(:"))) as door:
        assert not door.attempted("f")


@pytest.mark.slow
def test_a_notebook_is_run_without_its_checks(tmp_path: Path) -> None:
    from nbformat import v4, write

    cells = [
        v4.new_code_cell("%%time\nx = 1"),
        v4.new_code_cell("from course import Lab\nlab = Lab()"),
        v4.new_markdown_cell("def f(): return 'markdown'"),
        v4.new_code_cell("import time\nwhile True:\n    time.sleep(1)"),
        v4.new_code_cell("def f():\n    return missing"),
        v4.new_code_cell("f = None", metadata={"nbgrader": {"grade": True}}),
    ]
    path = tmp_path / "chapter.ipynb"
    write(v4.new_notebook(cells=cells), path)
    with closing(SubprocessDoor(path)) as door:
        outcome = call(door, "f")
    assert outcome == Raised(
        "NameError",
        "raised NameError: name 'missing' is not defined (in line 2 of `f`: `return missing`)",
    )


@pytest.mark.slow
def test_a_file_that_never_ends_is_stopped(tmp_path: Path) -> None:
    path = submission(tmp_path, "def f(): return 1\nwhile True:\n    pass")
    with closing(SubprocessDoor(path)) as door:
        assert call(door, "f") == Returned(1)


# What can be forged ------------------------------------------------------------------------------

ATTACK = """
from course.tasks.task import Stage
Stage.expect = lambda self, holds, sentence: None

def shards_needed(events, size, readers):
    return 10**4
"""


def test_only_a_process_of_its_own_keeps_hostile_code_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one process nothing is safe from code that knows us: a notebook grades its own learner.

    Patching boto3 gains nothing even there: the cases look at the account, not at the client.
    """
    from course.tasks import find
    from course.tasks.engine import judge
    from course.tasks.task import Stage

    monkeypatch.setattr(Stage, "expect", Stage.expect)  # put back at the end
    task = find("size-a-stream")
    assert task is not None
    path = submission(tmp_path, ATTACK)
    with closing(SubprocessDoor(path)) as door:
        assert judge(task, door, None).points == 0
    namespace: dict[str, Any] = {}
    exec(ATTACK, namespace)
    assert judge(task, InProcessDoor(namespace), None).points > 0
