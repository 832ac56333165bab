"""`check` and `hint` as a notebook meets them, with a lab open: nothing of the lab is touched."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course import Lab, check, hint
from course.endpoints import lanes
from course.endpoints.world import current
from course.simulator.clock import SECOND
from course.tasks import chapter_tasks, find, points
from course.tasks.door import InProcessDoor
from course.tasks.verdict import State, Verdict

CELL = """
import time, random, os, boto3
kinesis = boto3.client("kinesis", region_name="us-east-1")

def shard_with_records(stream_name):
    {}
"""
RIGHT = """
    for shard in kinesis.list_shards(StreamName=stream_name)["Shards"]:
        place = kinesis.get_shard_iterator(
            StreamName=stream_name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        if kinesis.get_records(ShardIterator=place["ShardIterator"])["Records"]:
            return shard["ShardId"]
"""


class Notebook:
    """Cells of a notebook, run one after the other."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__", "check": check}

    def run(self, source: str) -> None:
        exec(compile(source, "<cell>", "exec"), self.names)

    def check(self, task: str = "find-the-records") -> Verdict:
        self.run(f"verdict = check({task!r})")
        verdict: Verdict = self.names["verdict"]
        return verdict


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as opened:
        yield opened


def state_of(lab: Lab) -> dict[str, Any]:
    """Everything of the lab and of this process that a check might change."""
    kinesis = boto3.client("kinesis", region_name="us-east-1")
    s3 = boto3.client("s3")
    streams = kinesis.list_streams()["StreamNames"]
    buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    lab.account.calls.attempts[-2:] = []  # our own two
    return {
        "streams": streams,
        "buckets": buckets,
        "records": [len(s) for stream in lab.account.streams().all() for s in stream.shards],
        "calls": len(lab.account.calls.attempts),
        "random": random.getstate(),
        "jitter": lanes.jitter.getstate(),
        "environment": dict(os.environ),
        "session": boto3.DEFAULT_SESSION,
        "world": current(),
        "streams of this process": (sys.stdout, sys.stderr),
        "sleep": time.sleep,
        "listeners": len(lab.account.clock.on_move),
        "told": lab.world.on_request,
    }


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (RIGHT, State.PASSED),
        ("return 'shardId-000000000000'", State.WRONG),
        ("raise ValueError", State.CODE_FAILED),
        ("raise SystemExit", State.CODE_FAILED),
        ("while True: time.sleep(60)", State.CODE_FAILED),
        ("return kinesis.no_such_call()", State.CODE_FAILED),
        (
            "random.seed(1); kinesis.create_stream(StreamName='mine', ShardCount=1)",
            State.WRONG,
        ),
        ("boto3.client('s3').create_bucket(Bucket='mine'); return None", State.WRONG),
        ("kinesis.delete_stream(StreamName=stream_name); return None", State.WRONG),
        ("...", State.NOT_ATTEMPTED),
    ],
)
def test_a_check_leaves_the_lab_alone(
    lab: Lab, notebook: Notebook, capfd: pytest.CaptureFixture[str], body: str, state: State
) -> None:
    kinesis = boto3.client("kinesis", region_name="us-east-1")
    kinesis.create_stream(StreamName="mine", ShardCount=2)
    boto3.client("s3").create_bucket(Bucket="mine")
    lab.advance(minutes=1)
    kinesis.put_record(StreamName="mine", PartitionKey="k", Data=b"x")
    notebook.run(CELL.format(body))
    before, now = state_of(lab), lab.account.clock.now
    capfd.readouterr()
    verdict = notebook.check()
    assert verdict.state is state, str(verdict)
    assert capfd.readouterr() == ("", "")
    assert lab.account.clock.now == now
    assert time.time() == now / SECOND  # virtual time is on again, and where it was
    assert state_of(lab) == before


def test_a_check_needs_no_lab(notebook: Notebook) -> None:
    environment = dict(os.environ)
    notebook.run(CELL.format(RIGHT))
    assert notebook.check().state is State.PASSED
    assert dict(os.environ) == environment
    assert time.time() > 1_780_000_000  # real time


def test_a_check_before_its_cell_says_so(notebook: Notebook) -> None:
    verdict = notebook.check()
    assert verdict.state is State.NOT_ATTEMPTED
    assert "run that cell, then run this one again" in str(verdict)
    assert repr(verdict) == "0.0"


def test_the_check_looks_where_it_is_called(notebook: Notebook) -> None:
    global shard_with_records
    shard_with_records = print
    try:
        assert check("find-the-records").state is State.WRONG
        assert notebook.check().state is State.NOT_ATTEMPTED
    finally:
        del shard_with_records


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("find-the-record", "no task called 'find-the-record'. Did you mean 'find-the-records'?"),
        ("Route-a-key", "Did you mean 'route-a-key'?"),
        ("xyz", "There is no task called 'xyz'."),
        ("", "There is no task called ''."),
        (None, "There is no task called None."),
        (7, "There is no task called 7."),
    ],
)
def test_an_unknown_task_is_one_helpful_sentence(name: Any, says: str) -> None:
    verdict = check(name)
    assert says in str(verdict)
    assert len(str(verdict)) < 120
    assert repr(verdict) == "0.0"
    assert "Not attempted" not in verdict._repr_html_()
    assert says in hint(name)


def test_hints_come_in_three_rungs() -> None:
    task = find("route-a-key")
    assert task is not None
    assert [hint("route-a-key", rung) for rung in (1, 2, 3)] == list(task.hints)
    assert hint("route-a-key") == task.hints[0]
    assert "rung 1, 2 or 3" in hint("route-a-key", 4)


def test_points() -> None:
    assert points("route-a-key") == 4
    with pytest.raises(KeyError, match="Did you mean 'route-a-key'"):
        points("route-my-key")


def test_chapters_have_their_tasks_in_order() -> None:
    assert chapter_tasks("00-start-here") == ["find-the-records"]
    assert chapter_tasks("02-shards-and-partition-keys")[0] == "route-a-key"
    assert chapter_tasks("99-nothing") == []


def test_hidden_cases_run_where_the_grader_says_so(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COURSE_SECRET", raising=False)
    notebook.run("def shards_needed(events, size, readers): return 1")
    at_home = notebook.check("size-a-stream")
    monkeypatch.setenv("COURSE_SECRET", "a class's secret")
    in_class = notebook.check("size-a-stream")
    assert at_home.waiting == 1
    assert in_class.waiting == 0
    assert in_class.results[:-1] == at_home.results
    assert in_class.results[-1].hidden


def test_the_labs_own_limits_wait_while_a_check_runs(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A cell that is stopped shows no points, and stock nbgrader gives those full marks."""
    monkeypatch.setattr("course.lab.lab.REAL_LIMIT_SECONDS", 0.4)
    monkeypatch.setattr(InProcessDoor.__init__, "__defaults__", (0.8,))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    try:
        shell.run_cell("from course import Lab, check\nlab = Lab(deadline=1)")
        shell.run_cell(CELL.format("while True: pass"))
        spun = shell.run_cell("check('find-the-records')").result
        shell.run_cell(CELL.format("while True: time.sleep(60)"))
        slept = shell.run_cell("check('find-the-records')").result
    finally:
        shell.run_cell("lab.close()")
        InteractiveShell.clear_instance()
    assert spun.state is slept.state is State.CODE_FAILED
    assert "ran for 0.8 seconds" in str(spun)
    assert "60 virtual minutes" in str(slept)
    assert "was stopped by the lab" not in capfd.readouterr().out
