"""The benchmarks run to their end and say what they should; how fast anything is, is not tested."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from course.endpoints.fence import Fence
from course.endpoints.world import Answer
from course.simulator.clock import SECOND
from tests.benchmarks import clients
from tests.benchmarks.calls import BATCH, BOUNDS
from tests.benchmarks.flatness import CALLS
from tests.benchmarks.measure import Stopped
from tests.benchmarks.table import at_most, faster, missing, render, within
from tests.benchmarks.worlds import STREAM, entered, world_with_stream

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_quick_table_has_its_rows() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    heads, _, *lines = done.stdout.splitlines()
    assert heads.split() == [
        *("what", "against", "bound"),
        *("measured:", "median", "(min", "-", "max)", "met?"),
    ]
    assert {line.split()[-1] for line in lines} <= {"yes", "NO", "-"}
    told = [line.split("  ")[0] for line in lines]
    assert told[: 3 * len(BOUNDS)] == [
        *(f"{call}, call lane" for call in BOUNDS),
        *(f"{call}, wire lane" for call in BOUNDS),
        *BOUNDS,
    ]
    assert told[3 * len(BOUNDS) :][: len(CALLS)] == list(CALLS)
    rest = told[3 * len(BOUNDS) + len(CALLS) :]
    assert rest[:3] == [
        "memory of a stored record",
        "one virtual minute, 8 shards, 1 producer, 4 consumers",
        "first cell of a notebook",
    ]
    assert rest[-1].startswith("check(")


def test_the_median_decides() -> None:
    assert at_most("a", "b", 1.5, [1.0, 1.5, 9.0]).met == "yes"
    assert at_most("a", "b", 1.5, [1.0, 1.6, 1.7]).met == "NO"
    assert faster("a", "b", 6, [2.0, 6.0, 7.0]).met == "yes"
    assert faster("a", "b", 6, [5.0, 5.9, 7.0]).met == "NO"


def test_waiting_is_judged_by_the_wall_clock() -> None:
    row = within("a", 1, [Stopped(wall=2, cpu=0.5)] * 3)

    assert (row.met, row.measured) == ("NO", "2.00 s (2.00 - 2.00), CPU 0.50 s")


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    text = render([missing("what is long", "x", "<= 1 s"), missing("short", "x", "<= 1 s")])

    assert len({line.index("<= 1 s") for line in text.splitlines()[2:]}) == 1
    assert text.count("not there yet") == 2


def test_a_refused_call_does_not_count() -> None:
    world = world_with_stream(1)
    world.account.faults.throttle(STREAM, None, SECOND)
    record = f'{{"StreamName": "{STREAM}", "Data": "", "PartitionKey": "a"}}'.encode()

    refused = "ProvisionedThroughputExceededException"
    with pytest.raises(AssertionError, match=refused), entered(world):
        world.request("kinesis", "PutRecord", record, {})


def test_a_client_with_canned_replies_asks_nobody_else() -> None:
    reply: Answer = (200, {}, b'{"FailedRecordCount": 7, "Records": []}')

    with Fence():
        client = clients.with_canned_replies({"PutRecords": reply})
        with pytest.raises(AssertionError, match="none at all"), entered(world_with_stream(1)):
            assert client.put_records(StreamName=STREAM, Records=BATCH)["FailedRecordCount"] == 7
