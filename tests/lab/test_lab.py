"""The Lab: it opens and closes without a trace, its clock moves, its faults break streams."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import botocore.httpsession
import pytest

from course import Lab
from course.endpoints.world import current
from course.lab.lab import LabError

STREAM = "company-order-events"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as opened:
        yield opened


def kinesis_with(lab: Lab, shards: int = 4) -> object:
    client = boto3.client("kinesis", region_name="us-east-1")
    client.create_stream(StreamName=STREAM, ShardCount=shards)
    lab.advance(minutes=1)
    return client


def surroundings() -> tuple[object, ...]:
    """All that a lab changes while it is open."""
    return (
        dict(os.environ),
        botocore.httpsession.URLLib3Session.send,
        boto3.DEFAULT_SESSION,
        current(),
        time.tzname,
        abs(time.time() - time.monotonic() - _OFFSET) < 60,
    )


_OFFSET = time.time() - time.monotonic()


def test_closing_restores_everything() -> None:
    before = surroundings()
    lab = Lab()
    assert surroundings() != before
    lab.close()
    assert surroundings() == before
    lab.close()
    assert surroundings() == before


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_inside_restores_everything(error: type[BaseException]) -> None:
    before = surroundings()
    with pytest.raises(error), Lab() as lab:
        kinesis_with(lab)
        raise error
    assert surroundings() == before


def test_with_gives_the_same_object() -> None:
    lab = Lab()
    with lab as inside:
        assert inside is lab


def test_a_second_lab_closes_the_first_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    before = surroundings()
    first = Lab()
    kinesis = kinesis_with(first)
    second = Lab()
    assert "closed" in capsys.readouterr().out
    assert "closed" in repr(first)
    assert kinesis.list_streams()["StreamNames"] == []  # the client found the new lab
    second.close()
    assert surroundings() == before


def test_the_clock_starts_on_a_monday_and_moves_when_told(lab: Lab) -> None:
    assert lab.now == datetime(2026, 1, 5, 9, tzinfo=UTC)
    lab.advance(hours=1, minutes=2, seconds=3)
    assert lab.now == datetime(2026, 1, 5, 10, 2, 3, tzinfo=UTC)
    assert datetime.now(UTC) == lab.now
    time.sleep(1.5)
    assert lab.now == datetime(2026, 1, 5, 10, 2, 4, 500_000, tzinfo=UTC)


def test_time_does_not_go_back(lab: Lab) -> None:
    with pytest.raises(LabError, match="only moves forward"):
        lab.advance(seconds=-1)


def test_real_time_for_a_while(lab: Lab) -> None:
    with lab.real_time():
        assert datetime.now(UTC).year >= 2026
        assert datetime.now(UTC) != lab.now
    assert datetime.now(UTC) == lab.now


def test_a_day_of_retention_takes_no_time(lab: Lab) -> None:
    kinesis = kinesis_with(lab)
    kinesis.put_record(StreamName=STREAM, Data=b"x", PartitionKey="0")
    started = time.perf_counter()
    lab.advance(hours=25)
    place = kinesis.get_shard_iterator(
        StreamName=STREAM, ShardId="shardId-000000000003", ShardIteratorType="TRIM_HORIZON"
    )
    assert kinesis.get_records(ShardIterator=place["ShardIterator"])["Records"] == []
    assert time.perf_counter() - started < 5


def test_calls_is_a_table_with_a_row_for_each_attempt_and_shard(lab: Lab) -> None:
    kinesis = kinesis_with(lab)
    entries = [{"Data": b"12345", "PartitionKey": key} for key in ("0", "1", "6")]
    kinesis.put_records(StreamName=STREAM, Records=entries)
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        kinesis.describe_stream(StreamName="nowhere")
    table = lab.calls
    assert list(table.columns) == [
        "time",
        "call",
        "operation",
        "stream",
        "shard",
        "records",
        "bytes",
        "outcome",
    ]
    puts = table[table["operation"] == "PutRecords"].sort_values("shard")
    assert puts[["shard", "records", "bytes", "outcome"]].values.tolist() == [
        ["shardId-000000000000", 1, 6, "ok"],
        ["shardId-000000000003", 2, 12, "ok"],
    ]
    assert puts["call"].nunique() == 1
    assert str(table["time"].dt.tz) == "UTC"
    assert table.iloc[-1]["outcome"] == "ResourceNotFoundException"
    assert table.iloc[-1]["stream"] == "nowhere"


def test_show_says_what_lies_where(lab: Lab) -> None:
    kinesis = kinesis_with(lab)
    for key in ("0", "1", "2"):
        kinesis.put_record(StreamName=STREAM, Data=b"hello", PartitionKey=key)
    said = repr(lab.show(STREAM))
    assert "3 records in shard 3, the other 3 are empty" in said
    assert "hello" in said


def test_ring_and_heat_know_the_refused(lab: Lab) -> None:
    kinesis = kinesis_with(lab)
    batch = [{"Data": b"x", "PartitionKey": "0"}] * 500
    for _ in range(3):
        kinesis.put_records(StreamName=STREAM, Records=batch)
    # 1,000 at once and what flowed in during two calls of 20 ms.
    assert "460" in repr(lab.heat(STREAM))
    assert "1,040" in repr(lab.ring(STREAM))


def test_unknown_names_get_one_helpful_sentence(lab: Lab) -> None:
    kinesis_with(lab)
    with pytest.raises(LabError, match=r"no stream called 'typo'.*company-order-events"):
        lab.show("typo")
    with pytest.raises(LabError, match="no shard called 'shardId-000000000009'"):
        lab.throttle(STREAM, "shardId-000000000009", seconds=1)
    with pytest.raises(LabError, match="not with 'Oops'"):
        lab.fail_entries(STREAM, [0], code="Oops")


def test_faults_reach_the_client(lab: Lab) -> None:
    kinesis = kinesis_with(lab)
    entries = [{"Data": b"x", "PartitionKey": str(n)} for n in range(4)]
    lab.fail_entries(STREAM, [1, 3])
    answer = kinesis.put_records(StreamName=STREAM, Records=entries)
    assert [("ErrorCode" in entry) for entry in answer["Records"]] == [False, True, False, True]
    assert kinesis.put_records(StreamName=STREAM, Records=entries)["FailedRecordCount"] == 0

    lab.throttle(STREAM, seconds=30)
    assert kinesis.put_records(StreamName=STREAM, Records=entries)["FailedRecordCount"] == 4
    lab.advance(seconds=30)
    assert kinesis.put_records(StreamName=STREAM, Records=entries)["FailedRecordCount"] == 0

    place = kinesis.get_shard_iterator(
        StreamName=STREAM, ShardId="shardId-000000000003", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    lab.idle(STREAM, seconds=5)
    page = kinesis.get_records(ShardIterator=place)
    assert page["Records"] == []
    assert page["MillisBehindLatest"] > 0
    lab.advance(seconds=5)
    assert kinesis.get_records(ShardIterator=page["NextShardIterator"])["Records"]
    lab.expire_iterators(STREAM)
    with pytest.raises(kinesis.exceptions.ExpiredIteratorException):
        kinesis.get_records(ShardIterator=place)


def test_a_shard_may_be_named_by_its_number(lab: Lab) -> None:
    kinesis = kinesis_with(lab)
    lab.throttle(STREAM, "3", seconds=60)
    answer = kinesis.put_records(
        StreamName=STREAM, Records=[{"Data": b"x", "PartitionKey": key} for key in ("0", "6")]
    )
    assert [("ErrorCode" in entry) for entry in answer["Records"]] == [True, False]


def test_reshard_happens_when_it_is_due(lab: Lab) -> None:
    kinesis = kinesis_with(lab, shards=2)
    lab.reshard(STREAM, at=60, shards=8)

    def open_shards() -> int:
        summary = kinesis.describe_stream_summary(StreamName=STREAM)
        count: int = summary["StreamDescriptionSummary"]["OpenShardCount"]
        return count

    lab.advance(seconds=59)
    assert open_shards() == 2
    lab.advance(minutes=2)
    assert open_shards() == 8


def test_a_put_that_times_out_is_stored_all_the_same(lab: Lab) -> None:
    kinesis = kinesis_with(lab)
    lab.time_out_after_write(STREAM)
    answer = kinesis.put_record(StreamName=STREAM, Data=b"twice", PartitionKey="0")
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    assert "2 records in shard 3" in repr(lab.show(STREAM))


def test_the_learners_random_numbers_are_theirs(lab: Lab) -> None:
    kinesis = kinesis_with(lab)
    random.seed(7)
    undisturbed = [random.random() for _ in range(3)]
    random.seed(7)
    drawn = [random.random()]
    lab.throttle(STREAM, seconds=60)
    with pytest.raises(kinesis.exceptions.ProvisionedThroughputExceededException):
        kinesis.put_record(StreamName=STREAM, Data=b"x", PartitionKey="0")
    drawn += [random.random(), random.random()]
    assert drawn == undisturbed


def test_the_same_lab_gives_the_same_run() -> None:
    def run() -> tuple[list[object], datetime]:
        with Lab() as lab:
            kinesis = kinesis_with(lab)
            lab.throttle(STREAM, seconds=1)
            kinesis.put_record(StreamName=STREAM, Data=b"x", PartitionKey="0")
            return lab.calls.values.tolist(), lab.now

    assert run() == run()


def test_nothing_escapes_a_client_made_before_the_course() -> None:
    code = """
import os
os.environ.update(AWS_ACCESS_KEY_ID="real", AWS_SECRET_ACCESS_KEY="real")
import boto3
early = boto3.client("kinesis", region_name="us-east-1")
from course import Lab
lab = Lab()
try:
    early.list_streams()
except Exception as error:
    print(error)
print(boto3.client("kinesis", region_name="us-east-1").list_streams()["StreamNames"])
"""
    # As on a learner's machine: an outer lab's settings must not reach the process.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=clean)
    said = result.stdout.splitlines()
    assert len(said) == 2, result.stderr
    assert "made before the course was imported" in said[0]
    assert said[1] == "[]"


def test_the_moto_backend_runs_the_plain_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_BACKEND", "moto")
    with Lab() as lab:
        kinesis = kinesis_with(lab)
        for key in ("0", "1", "2"):
            kinesis.put_record(StreamName=STREAM, Data=b"hello", PartitionKey=key)
        assert "3 records in shard 3" in repr(lab.show(STREAM))
        with pytest.raises(LabError, match="moto has no throttles"):
            lab.throttle(STREAM, seconds=1)


def test_an_unknown_backend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    before = surroundings()[1:]
    monkeypatch.setenv("COURSE_BACKEND", "aws")
    with pytest.raises(LabError, match="'simulator' or 'moto'"):
        Lab()
    assert surroundings()[1:] == before
