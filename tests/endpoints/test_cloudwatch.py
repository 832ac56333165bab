"""The metrics of Data Streams as boto3's own CloudWatch client reads them.

Rules: CloudWatch API Reference (a metric is its namespace, name and exactly its dimensions; the
start is rounded down to the minute, the end is not part of the range).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from course.endpoints import lanes
from course.endpoints.fence import Fence
from course.endpoints.neighbours import Neighbours
from course.endpoints.pipe import Pipe, RemoteClock, RemoteWorld, serve
from course.endpoints.world import LocalWorld, enter, leave
from course.simulator.account import Account
from course.simulator.clock import MINUTE, from_datetime

# The clock starts at nine; the stream of a test is there at two past.
NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)
ALL_STATISTICS = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]


@pytest.fixture(scope="module")
def session() -> Iterator[boto3.Session]:
    with Fence():
        lanes.install()
        session = boto3.Session()
        session.get_credentials()
        yield session


@pytest.fixture
def world() -> Iterator[LocalWorld]:
    world = LocalWorld()
    enter(world)
    yield world
    leave(world)


@pytest.fixture
def kinesis(session: boto3.Session, world: LocalWorld) -> Any:
    """A client, and the stream `orders` of two shards; it is 09:02:00."""
    return make_orders(session, world)


@pytest.fixture
def cloudwatch(session: boto3.Session, world: LocalWorld) -> Any:
    return session.client("cloudwatch")


def make_orders(session: boto3.Session, world: LocalWorld) -> Any:
    kinesis = session.client("kinesis")
    kinesis.create_stream(StreamName="orders", ShardCount=2)
    go_to(world, 2)
    return kinesis


def go_to(world: LocalWorld, minutes: float) -> None:
    """Go on to so many minutes past nine."""
    world.sleep(from_datetime(NINE) + round(minutes * MINUTE) - world.now())


def put(kinesis: Any, data: bytes = b"x", shard: int = 0) -> None:
    """Write one record; its partition key counts for one byte."""
    point = "0" if shard == 0 else str(2**128 - 1)
    kinesis.put_record(StreamName="orders", Data=data, PartitionKey="k", ExplicitHashKey=point)


def named(**dimensions: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]


def statistics(cloudwatch: Any, name: str, **more: Any) -> list[dict[str, Any]]:
    """The datapoints from nine to ten, by the minute, unless told otherwise."""
    request = {
        "Namespace": "AWS/Kinesis",
        "MetricName": name,
        "Dimensions": named(StreamName="orders"),
        "StartTime": NINE,
        "EndTime": NINE + timedelta(hours=1),
        "Period": 60,
        "Statistics": ["Sum"],
    } | more
    answer = cloudwatch.get_metric_statistics(**request)
    assert answer["Label"] == name
    points: list[dict[str, Any]] = answer["Datapoints"]
    return points


def sums(cloudwatch: Any, name: str, **more: Any) -> dict[int, float]:
    """Minute past nine -> sum."""
    return {
        (point["Timestamp"] - NINE) // timedelta(minutes=1): point["Sum"]
        for point in statistics(cloudwatch, name, **more)
    }


# GetMetricStatistics


def test_a_scripted_minute(kinesis: Any, cloudwatch: Any, world: LocalWorld) -> None:
    put(kinesis, b"12345")  # 6 bytes
    put(kinesis, b"123")  # 4 bytes
    go_to(world, 3)
    assert statistics(cloudwatch, "IncomingBytes", Statistics=ALL_STATISTICS) == [
        {
            "Timestamp": NINE + timedelta(minutes=2),
            "SampleCount": 2.0,
            "Average": 5.0,
            "Sum": 10.0,
            "Minimum": 4.0,
            "Maximum": 6.0,
            "Unit": "Bytes",
        }
    ]
    # Modelled at 8 ms each (course/facts.toml, [latency]).
    (latency,) = statistics(cloudwatch, "PutRecord.Latency", Statistics=["Average"])
    assert (latency["Average"], latency["Unit"]) == (8.0, "Milliseconds")
    assert sums(cloudwatch, "WriteProvisionedThroughputExceeded") == {2: 0.0}


def test_an_idle_minute_has_no_datapoint(kinesis: Any, cloudwatch: Any, world: LocalWorld) -> None:
    put(kinesis)
    go_to(world, 4)
    put(kinesis)
    go_to(world, 10)
    assert sums(cloudwatch, "IncomingRecords") == {2: 1.0, 4: 1.0}
    assert sums(cloudwatch, "GetRecords.Records") == {}


def test_a_minute_is_shown_when_it_is_over(
    kinesis: Any, cloudwatch: Any, world: LocalWorld
) -> None:
    put(kinesis)
    go_to(world, 2.9)
    assert sums(cloudwatch, "IncomingRecords") == {}
    go_to(world, 3)
    assert sums(cloudwatch, "IncomingRecords") == {2: 1.0}


def test_a_stream_is_not_the_sum_of_its_shards_and_itself(
    kinesis: Any, cloudwatch: Any, world: LocalWorld
) -> None:
    """Shards report under the same name, with one dimension more."""
    kinesis.enable_enhanced_monitoring(StreamName="orders", ShardLevelMetrics=["ALL"])
    go_to(world, 3)
    for _ in range(3):
        put(kinesis, shard=0)
    put(kinesis, shard=1)
    go_to(world, 4)
    assert sums(cloudwatch, "IncomingRecords") == {3: 4.0}
    shards = [
        sums(
            cloudwatch,
            "IncomingRecords",
            Dimensions=named(StreamName="orders", ShardId=f"shardId-{shard:012d}"),
        )
        for shard in range(2)
    ]
    assert shards == [{3: 3.0}, {3: 1.0}]
    # In whatever order they are named.
    turned = named(ShardId="shardId-000000000001", StreamName="orders")
    assert sums(cloudwatch, "IncomingRecords", Dimensions=turned) == {3: 1.0}


def test_exactly_these_dimensions(kinesis: Any, cloudwatch: Any, world: LocalWorld) -> None:
    put(kinesis)
    go_to(world, 3)
    assert sums(cloudwatch, "IncomingRecords", Dimensions=[]) == {}
    assert sums(cloudwatch, "IncomingRecords", Dimensions=named(StreamName="clicks")) == {}
    assert sums(cloudwatch, "IncomingRecords", Namespace="AWS/Firehose") == {}


def test_another_unit_finds_nothing(kinesis: Any, cloudwatch: Any, world: LocalWorld) -> None:
    put(kinesis)
    go_to(world, 3)
    assert sums(cloudwatch, "IncomingRecords", Unit="Count") == {2: 1.0}
    assert sums(cloudwatch, "IncomingRecords", Unit="Bytes") == {}


def test_periods_and_the_range(kinesis: Any, cloudwatch: Any, world: LocalWorld) -> None:
    for minute in range(2, 12):
        go_to(world, minute)
        for _ in range(minute):
            put(kinesis)
    go_to(world, 20)
    # 2+3+4, 5+..+9, 10+11
    assert sums(cloudwatch, "IncomingRecords", Period=300) == {0: 9.0, 5: 35.0, 10: 21.0}
    # The minute that the start lies in counts, the one that the end begins does not.
    part = {
        "StartTime": NINE + timedelta(minutes=3, seconds=40),
        "EndTime": NINE + timedelta(minutes=5),
    }
    assert sums(cloudwatch, "IncomingRecords", **part) == {3: 3.0, 4: 4.0}
    assert sums(cloudwatch, "IncomingRecords", **part, Period=3_600) == {3: 7.0}
    (whole,) = statistics(
        cloudwatch, "IncomingRecords", Period=3_600, Statistics=["SampleCount", "Average"]
    )
    assert (whole["SampleCount"], whole["Average"]) == (65.0, 1.0)


def test_the_start_must_lie_before_the_end(
    kinesis: Any, cloudwatch: Any, world: LocalWorld
) -> None:
    with pytest.raises(ClientError, match="StartTime must be less than the parameter EndTime"):
        statistics(cloudwatch, "IncomingRecords", EndTime=NINE)


# GetMetricData


def data(cloudwatch: Any, *queries: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Query id -> (minutes past nine, values)."""
    request = {"StartTime": NINE, "EndTime": NINE + timedelta(hours=1)} | more
    answer = cloudwatch.get_metric_data(MetricDataQueries=[*queries], **request)
    return {
        result["Id"]: (
            [(moment - NINE) // timedelta(minutes=1) for moment in result["Timestamps"]],
            result["Values"],
        )
        for result in answer["MetricDataResults"]
    }


def query(id_: str, name: str, stat: str = "Sum", period: int = 60, **more: Any) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/Kinesis",
        "MetricName": name,
        "Dimensions": named(StreamName="orders"),
    }
    return {
        "Id": id_,
        "MetricStat": {"Metric": metric, "Period": period, "Stat": stat},
    } | more


def test_several_metrics_at_once(kinesis: Any, cloudwatch: Any, world: LocalWorld) -> None:
    put(kinesis, b"1234")
    go_to(world, 3)
    put(kinesis, b"12")
    put(kinesis, b"1")
    go_to(world, 4)
    queries = [
        query("bytes", "IncomingBytes"),
        query("most", "IncomingBytes", "Maximum"),
        query("all", "IncomingRecords", period=300),
        query("none", "GetRecords.Records"),
        query("tail", "IncomingBytes", "p99"),
    ]
    # Newest first, if not told otherwise.
    assert data(cloudwatch, *queries) == {
        "bytes": ([3, 2], [5.0, 5.0]),
        "most": ([3, 2], [3.0, 5.0]),
        "all": ([0], [3.0]),
        "none": ([], []),
        # A percentile cannot be told from a sum and two extremes.
        "tail": ([], []),
    }
    assert data(cloudwatch, queries[1], ScanBy="TimestampAscending") == {
        "most": ([2, 3], [5.0, 3.0])
    }


def test_an_expression_that_names_a_query(kinesis: Any, cloudwatch: Any, world: LocalWorld) -> None:
    """All that moto knows of metric math."""
    put(kinesis)
    go_to(world, 3)
    asked = query("records", "IncomingRecords", ReturnData=False)
    assert data(cloudwatch, asked, {"Id": "same", "Expression": "records"}) == {
        "same": ([2], [1.0])
    }


@pytest.mark.parametrize("member", ["Namespace", "MetricName"])
def test_a_metric_needs_a_namespace_and_a_name(
    cloudwatch: Any, world: LocalWorld, member: str
) -> None:
    asked = query("records", "IncomingRecords")
    del asked["MetricStat"]["Metric"][member]
    with pytest.raises(ClientError, match=rf"member\.2\.MetricStat\.Metric\.{member} is required"):
        data(cloudwatch, query("fine", "IncomingRecords"), asked)


def test_shards_in_metric_data(kinesis: Any, cloudwatch: Any, world: LocalWorld) -> None:
    kinesis.enable_enhanced_monitoring(StreamName="orders", ShardLevelMetrics=["IncomingRecords"])
    go_to(world, 3)
    put(kinesis, shard=1)
    go_to(world, 4)
    for turned in (False, True):
        asked = query("shard", "IncomingRecords")
        dimensions = named(StreamName="orders", ShardId="shardId-000000000001")
        asked["MetricStat"]["Metric"]["Dimensions"] = dimensions[:: -1 if turned else 1]
        assert data(cloudwatch, asked) == {"shard": ([3], [1.0])}
    assert data(cloudwatch, query("stream", "IncomingRecords")) == {"stream": ([3], [1.0])}


# ListMetrics


def listed(cloudwatch: Any, **request: Any) -> list[tuple[str, str, dict[str, str]]]:
    pages = cloudwatch.get_paginator("list_metrics").paginate(**request)
    metrics = [
        (
            metric["Namespace"],
            metric["MetricName"],
            {each["Name"]: each["Value"] for each in metric["Dimensions"]},
        )
        for page in pages
        for metric in page["Metrics"]
    ]
    return sorted(metrics, key=lambda metric: (metric[1], len(metric[2])))


def test_metrics_are_listed_once_each(kinesis: Any, cloudwatch: Any, world: LocalWorld) -> None:
    assert listed(cloudwatch) == []
    kinesis.enable_enhanced_monitoring(StreamName="orders", ShardLevelMetrics=["IncomingBytes"])
    for minute in (3, 4, 5):
        go_to(world, minute)
        put(kinesis)
    go_to(world, 6)
    stream, shard = {"StreamName": "orders"}, {"ShardId": "shardId-000000000000"}
    assert listed(cloudwatch, Namespace="AWS/Kinesis") == [
        ("AWS/Kinesis", "IncomingBytes", stream),
        ("AWS/Kinesis", "IncomingBytes", stream | shard),
        ("AWS/Kinesis", "IncomingRecords", stream),
        ("AWS/Kinesis", "PutRecord.Bytes", stream),
        ("AWS/Kinesis", "PutRecord.Latency", stream),
        ("AWS/Kinesis", "PutRecord.Success", stream),
        ("AWS/Kinesis", "WriteProvisionedThroughputExceeded", stream),
    ]
    with_shard = [("AWS/Kinesis", "IncomingBytes", stream | shard)]
    # A dimension without a value means any value.
    assert listed(cloudwatch, Dimensions=[{"Name": "ShardId"}]) == with_shard
    assert listed(cloudwatch, Dimensions=named(**shard)) == with_shard
    assert len(listed(cloudwatch, MetricName="IncomingBytes")) == 2
    assert listed(cloudwatch, Namespace="AWS/Lambda") == []


# The learner's own metrics


def test_custom_metrics_work_on_and_do_not_mix(
    kinesis: Any, cloudwatch: Any, world: LocalWorld
) -> None:
    put(kinesis)
    go_to(world, 3)
    cloudwatch.put_metric_data(
        Namespace="Shop",
        MetricData=[
            {
                "MetricName": "IncomingRecords",
                "Dimensions": named(StreamName="orders"),
                "Timestamp": NINE + timedelta(minutes=2, seconds=second),
                "Value": value,
                "Unit": "Count",
            }
            for second, value in ((10, 70.0), (50, 30.0))
        ],
    )
    assert sums(cloudwatch, "IncomingRecords") == {2: 1.0}
    assert sums(cloudwatch, "IncomingRecords", Namespace="Shop") == {2: 100.0}
    asked = query("shop", "IncomingRecords")
    asked["MetricStat"]["Metric"]["Namespace"] = "Shop"
    assert data(cloudwatch, asked, query("aws", "IncomingRecords")) == {
        "shop": ([2], [100.0]),
        "aws": ([2], [1.0]),
    }
    assert listed(cloudwatch, Namespace="Shop") == [
        ("Shop", "IncomingRecords", {"StreamName": "orders"})
    ]


def test_nobody_reports_in_the_name_of_a_service(
    kinesis: Any, cloudwatch: Any, world: LocalWorld
) -> None:
    with pytest.raises(ClientError) as caught:
        cloudwatch.put_metric_data(
            Namespace="AWS/Kinesis", MetricData=[{"MetricName": "IncomingBytes", "Value": 1.0}]
        )
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValue"
    assert "The value AWS/Kinesis for parameter Namespace is invalid." in str(caught.value)
    assert listed(cloudwatch) == []


def test_motos_own_kinesis_reports_too(session: boto3.Session) -> None:
    """COURSE_BACKEND=moto: there the stream's metrics are moto's, as far as it has them."""
    world = LocalWorld(Account(services=frozenset()), Neighbours(passed_on=True))
    enter(world)
    try:
        session.client("cloudwatch").list_metrics()
        put(make_orders(session, world))
        names = {name for _, name, _ in listed(session.client("cloudwatch"))}
    finally:
        leave(world)
    assert {"IncomingBytes", "IncomingRecords"} <= names


# Which world, which Region, from where


def test_two_worlds_never_see_each_others_metrics(
    session: boto3.Session, kinesis: Any, cloudwatch: Any, world: LocalWorld
) -> None:
    put(kinesis)
    go_to(world, 3)
    inner = LocalWorld()
    enter(inner)
    try:
        make_orders(session, inner)
        assert listed(cloudwatch) == []
        put(kinesis)
        put(kinesis)
        go_to(inner, 3)
        assert sums(cloudwatch, "IncomingRecords") == {2: 2.0}
    finally:
        leave(inner)
    assert sums(cloudwatch, "IncomingRecords") == {2: 1.0}


def test_regions_are_apart(
    session: boto3.Session, kinesis: Any, cloudwatch: Any, world: LocalWorld
) -> None:
    put(kinesis)
    go_to(world, 3)
    abroad = session.client("cloudwatch", region_name="eu-west-1")
    assert listed(abroad) == []
    assert sums(abroad, "IncomingRecords") == {}


def test_a_client_at_the_end_of_a_pipe_reads_the_worlds_metrics(session: boto3.Session) -> None:
    to_world, from_learner = os.pipe()
    to_learner, from_world = os.pipe()
    world = LocalWorld()
    ends = [
        os.fdopen(end, mode, buffering=0 if mode == "wb" else -1)
        for end, mode in (
            (to_world, "rb"),
            (from_world, "wb"),
            (to_learner, "rb"),
            (from_learner, "wb"),
        )
    ]

    def judge() -> None:
        pipe = Pipe(ends[0], ends[1])
        with suppress(EOFError):
            while True:
                serve(pipe, world, pipe.receive())

    judging = threading.Thread(target=judge)
    judging.start()
    pipe = Pipe(ends[2], ends[3])
    remote: Any = RemoteWorld(pipe, RemoteClock(pipe, world.now()))
    enter(remote)
    try:
        kinesis = make_orders(session, remote)
        put(kinesis, b"1234")
        go_to(remote, 3)
        cloudwatch = session.client("cloudwatch")
        assert sums(cloudwatch, "IncomingBytes") == {2: 5.0}
        assert data(cloudwatch, query("bytes", "IncomingBytes")) == {"bytes": ([2], [5.0])}
        assert len(listed(cloudwatch, MetricName="IncomingBytes")) == 1
    finally:
        leave(remote)
        ends[3].close()
        judging.join(10)
        for end in ends:
            end.close()
    assert not judging.is_alive()
