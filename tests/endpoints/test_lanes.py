"""The two lanes of boto3: real clients, one execution per attempt, no difference between them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ParamValidationError,
    ReadTimeoutError,
    WaiterError,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from course.endpoints import lanes
from course.endpoints.fence import Fence
from course.endpoints.pipe import Pipe, RemoteClock, RemoteWorld, serve
from course.endpoints.world import Answer, LocalWorld, World, enter, leave
from course.lab.time import VirtualTime
from course.simulator.clock import HOUR, MINUTE, SECOND, from_datetime
from course.simulator.faults import INTERNAL_FAILURE, THROTTLED

MIB = 1_048_576
LANES: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "call": nullcontext,
    "wire": lanes.wire_only,
}


@pytest.fixture(scope="module")
def session() -> Iterator[boto3.Session]:
    """One session for all: its clients look the world up when they call."""
    with Fence():
        lanes.install()
        session = boto3.Session()
        # The credentials are looked up here, not on another machine's terms later on.
        session.get_credentials()
        session.client("kinesis")
        yield session


@pytest.fixture
def world(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalWorld]:
    """An empty world that calls reach; sleeping moves its clock."""
    world = LocalWorld()
    monkeypatch.setattr(time, "sleep", lambda seconds: world.sleep(round(seconds * SECOND)))
    lanes.jitter.seed(0)
    enter(world)
    yield world
    leave(world)
    assert lanes._set_aside == {}, "an outcome was set aside and never fetched"


@pytest.fixture
def kinesis(session: boto3.Session, world: LocalWorld) -> Any:
    """A new client: each has a retry quota of its own."""
    return session.client("kinesis")


@pytest.fixture(params=LANES)
def lane(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each test that asks for a lane runs on both."""
    with LANES[request.param]():
        yield request.param


def create(kinesis: Any, world: World, name: str = "orders", shards: int = 1) -> None:
    kinesis.create_stream(StreamName=name, ShardCount=shards)
    world.sleep(30 * SECOND)


def outcomes(world: LocalWorld, operation: str) -> list[str]:
    """What came of each attempt of an operation, by the service's own log."""
    return [
        attempt.outcome
        for attempt in world.account.calls.attempts
        if attempt.operation == operation
    ]


def iterator(kinesis: Any, **more: Any) -> str:
    request = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"} | more
    token: str = kinesis.get_shard_iterator(StreamName="orders", **request)["ShardIterator"]
    return token


# What a client gets


def test_a_record_goes_there_and_back(kinesis: Any, world: LocalWorld, lane: str) -> None:
    create(kinesis, world)
    before = world.now()
    put = kinesis.put_record(StreamName="orders", Data=b"\x00data", PartitionKey="Zoë")
    assert put["ShardId"] == "shardId-000000000000"
    page = kinesis.get_records(ShardIterator=iterator(kinesis), Limit=10)
    (record,) = page["Records"]
    assert record.keys() == {
        "SequenceNumber",
        "ApproximateArrivalTimestamp",
        "Data",
        "PartitionKey",
    }
    assert type(record["Data"]) is bytes
    assert (record["Data"], record["PartitionKey"]) == (b"\x00data", "Zoë")
    assert record["SequenceNumber"] == put["SequenceNumber"]
    arrived = record["ApproximateArrivalTimestamp"]
    assert type(arrived) is datetime
    assert arrived.utcoffset() is not None
    assert from_datetime(arrived) == before // 1_000 * 1_000
    assert page["MillisBehindLatest"] == 0
    assert type(page["NextShardIterator"]) is str


def test_an_answer_carries_botocores_metadata(kinesis: Any, world: LocalWorld, lane: str) -> None:
    create(kinesis, world)
    metadata = kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")[
        "ResponseMetadata"
    ]
    assert metadata["HTTPStatusCode"] == 200
    assert metadata["RetryAttempts"] == 0
    assert metadata["HTTPHeaders"]["x-amzn-requestid"] == metadata["RequestId"]
    assert metadata["HTTPHeaders"]["x-course-now"] == str(world.now())


def test_the_end_of_a_shard_has_no_next_iterator(
    kinesis: Any, world: LocalWorld, lane: str
) -> None:
    create(kinesis, world)
    kinesis.split_shard(
        StreamName="orders", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
    )
    world.sleep(60 * SECOND)
    page = kinesis.get_records(ShardIterator=iterator(kinesis))
    # boto3 drops a null member, so `page["NextShardIterator"]` raises KeyError.
    assert "NextShardIterator" not in page
    assert [child["ShardId"] for child in page["ChildShards"]] == [
        "shardId-000000000001",
        "shardId-000000000002",
    ]


def test_str_and_bytearray_and_files_are_serialised_by_botocore(
    kinesis: Any, world: LocalWorld, lane: str
) -> None:
    create(kinesis, world)
    array = bytearray(b"array")
    kinesis.put_record(StreamName="orders", Data="text", PartitionKey="k")
    kinesis.put_record(StreamName="orders", Data=array, PartitionKey="k")
    array[0] = 0
    page = kinesis.get_records(ShardIterator=iterator(kinesis))
    assert [record["Data"] for record in page["Records"]] == [b"text", b"array"]
    assert {type(record["Data"]) for record in page["Records"]} == {bytes}


def test_what_a_client_gets_is_its_own(kinesis: Any, world: LocalWorld, lane: str) -> None:
    create(kinesis, world)
    kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
    token = iterator(kinesis)
    page = kinesis.get_records(ShardIterator=token)
    page["Records"][0]["Data"] = b"forged"
    page["Records"].clear()
    kinesis.describe_stream(StreamName="orders")["StreamDescription"]["Shards"].clear()
    assert kinesis.get_records(ShardIterator=token)["Records"][0]["Data"] == b"x"
    assert len(kinesis.describe_stream(StreamName="orders")["StreamDescription"]["Shards"]) == 1


def test_paginators_work(kinesis: Any, world: LocalWorld, lane: str) -> None:
    for number in range(7):
        create(kinesis, world, f"s-{number}", shards=3)
    pages = kinesis.get_paginator("list_streams").paginate(PaginationConfig={"PageSize": 2})
    assert [name for page in pages for name in page["StreamNames"]] == [
        f"s-{number}" for number in range(7)
    ]
    shards = kinesis.get_paginator("describe_stream").paginate(
        StreamName="s-0", PaginationConfig={"PageSize": 2}
    )
    assert [len(page["StreamDescription"]["Shards"]) for page in shards] == [2, 1]


def test_the_paginator_of_list_shards_fails_as_it_does_on_aws(
    kinesis: Any, world: LocalWorld, lane: str
) -> None:
    """It repeats StreamName beside NextToken (botocore issue 2009, open since 2020)."""
    create(kinesis, world, shards=3)
    pages = kinesis.get_paginator("list_shards").paginate(
        StreamName="orders", PaginationConfig={"PageSize": 2}
    )
    with pytest.raises(
        kinesis.exceptions.InvalidArgumentException,
        match="NextToken and StreamName cannot be provided together",
    ):
        list(pages)


def test_waiters_return_at_once_in_real_time(kinesis: Any, world: LocalWorld, lane: str) -> None:
    """They poll every ten seconds, eighteen times (botocore's waiters-2.json)."""
    real = time.perf_counter()
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="orders")
    summary = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]
    assert summary["StreamStatus"] == "ACTIVE"
    kinesis.delete_stream(StreamName="orders")
    kinesis.get_waiter("stream_not_exists").wait(StreamName="orders")
    assert kinesis.list_streams()["StreamNames"] == []
    with pytest.raises(WaiterError):
        kinesis.get_waiter("stream_exists").wait(StreamName="never")
    assert time.perf_counter() - real < 5


def test_regions_are_apart(
    kinesis: Any, session: boto3.Session, world: LocalWorld, lane: str
) -> None:
    create(kinesis, world)
    abroad = session.client("kinesis", region_name="eu-west-1")
    assert abroad.list_streams()["StreamNames"] == []
    abroad.create_stream(StreamName="bestellungen", ShardCount=1)
    arn = abroad.describe_stream(StreamName="bestellungen")["StreamDescription"]["StreamARN"]
    assert arn == "arn:aws:kinesis:eu-west-1:123456789012:stream/bestellungen"
    assert kinesis.list_streams()["StreamNames"] == ["orders"]


def test_a_stream_arn_works_with_botocores_host_prefix(
    kinesis: Any, world: LocalWorld, lane: str
) -> None:
    create(kinesis, world)
    arn = kinesis.describe_stream(StreamName="orders")["StreamDescription"]["StreamARN"]
    kinesis.put_record(StreamARN=arn, Data=b"x", PartitionKey="k")
    assert outcomes(world, "PutRecord") == ["ok"]


def test_time_stamps_are_taken_as_boto3_takes_them(
    kinesis: Any, world: LocalWorld, lane: str
) -> None:
    create(kinesis, world)
    for number in range(3):
        kinesis.put_record(StreamName="orders", Data=str(number).encode(), PartitionKey="k")
        world.sleep(10 * SECOND)
    first = datetime.fromtimestamp(world.now() // SECOND, UTC) - timedelta(seconds=15)
    for moment in (first, first.replace(tzinfo=None), first.isoformat(), first.timestamp()):
        token = iterator(kinesis, ShardIteratorType="AT_TIMESTAMP", Timestamp=moment)
        page = kinesis.get_records(ShardIterator=token)
        assert [record["Data"] for record in page["Records"]] == [b"2"]
        world.sleep(SECOND)


# Errors


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda kinesis: kinesis.describe_stream(StreamName="nobody"),
            "ResourceNotFoundException",
            "Stream nobody under account 123456789012 not found.",
        ),
        (
            lambda kinesis: kinesis.create_stream(StreamName="orders", ShardCount=1),
            "ResourceInUseException",
            "Stream orders under account 123456789012 already exists.",
        ),
        (
            lambda kinesis: kinesis.get_records(ShardIterator="garbage"),
            "InvalidArgumentException",
            "Invalid ShardIterator.",
        ),
        (
            lambda kinesis: kinesis.put_record(
                StreamName="orders", Data=b"x" * MIB, PartitionKey="k"
            ),
            "ValidationException",
            "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=1048576 "
            "cap=1048576]' at 'data' failed to satisfy constraint: Member must have length less "
            "than or equal to 1048576",
        ),
        (
            lambda kinesis: kinesis.put_records(
                StreamName="orders", Records=[{"Data": b"", "PartitionKey": "k"}] * 501
            ),
            "ValidationException",
            None,
        ),
        (
            lambda kinesis: kinesis.update_shard_count(
                StreamName="orders", TargetShardCount=4, ScalingType="UNIFORM_SCALING"
            ),
            "LimitExceededException",
            "UpdateShardCount cannot scale up over double your current open shard count. Current "
            "open shard count: 1 Target shard count: 4",
        ),
    ],
)
def test_errors_are_botocores_classes_with_aws_texts(
    kinesis: Any,
    world: LocalWorld,
    lane: str,
    call: Callable[[Any], Any],
    error: str,
    message: str | None,
) -> None:
    create(kinesis, world)
    with pytest.raises(ClientError) as caught:
        call(kinesis)
    response: Any = caught.value.response
    assert response["Error"]["Code"] == error
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    # ValidationException is one of the model's errors since 2022.
    assert type(caught.value) is getattr(kinesis.exceptions, error, ClientError)
    if message is not None:
        assert response["Error"]["Message"] == message
        assert str(caught.value).endswith(f": {message}")


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"StreamName": "orders", "Data": b"x", "PartitionKey": ""},
        {"StreamName": "orders", "Data": 5, "PartitionKey": "k"},
        {"StreamName": 5, "Data": b"x", "PartitionKey": "k"},
        {"StreamName": "orders", "Data": b"x", "PartitionKey": "k", "Colour": "red"},
    ],
)
def test_botocore_checks_first_what_it_always_checked(
    kinesis: Any, world: LocalWorld, lane: str, request_: dict[str, Any]
) -> None:
    create(kinesis, world)
    with pytest.raises(ParamValidationError):
        kinesis.put_record(**request_)
    assert outcomes(world, "PutRecord") == []


def test_an_operation_that_is_not_played_says_so(
    kinesis: Any, world: LocalWorld, lane: str
) -> None:
    with pytest.raises(ClientError, match="does not carry out ListQueues yet"):
        kinesis.list_queues()
    assert outcomes(world, "ListQueues") == ["UnknownOperationException"]


# Retries: botocore's own, and each attempt carried out once


def test_a_throttled_put_is_tried_three_times_and_each_try_carried_out_once(
    kinesis: Any, world: LocalWorld, lane: str
) -> None:
    """botocore's standard mode: three attempts (two retries), with back-off between."""
    create(kinesis, world)
    world.account.faults.throttle("orders", None, HOUR)
    started = world.now()
    with pytest.raises(kinesis.exceptions.ProvisionedThroughputExceededException) as caught:
        kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
    assert outcomes(world, "PutRecord") == [THROTTLED] * 3
    assert "(reached max retries: 2)" in str(caught.value)
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 2
    # Three attempts of 8 ms, and two waits of at most one and two seconds.
    assert 0 < world.now() - started - 3 * 8_000 <= 3 * SECOND


def test_a_put_that_is_throttled_once_succeeds_at_the_second_try(
    kinesis: Any, world: LocalWorld, lane: str
) -> None:
    create(kinesis, world)
    world.account.faults.throttle("orders", None, 9_000)
    put = kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
    assert put["ResponseMetadata"]["RetryAttempts"] == 1
    assert outcomes(world, "PutRecord") == [THROTTLED, "ok"]
    page = kinesis.get_records(ShardIterator=iterator(kinesis))
    assert len(page["Records"]) == 1


def test_the_bucket_itself_throttles_and_retries_draw_on_it(
    kinesis: Any, world: LocalWorld, lane: str
) -> None:
    create(kinesis, world)
    for _ in range(2):
        kinesis.put_record(StreamName="orders", Data=b"x" * 600_000, PartitionKey="k")
    # Refused at once; after a wait enough has flowed in.
    assert outcomes(world, "PutRecord")[:2] == ["ok", THROTTLED]
    assert outcomes(world, "PutRecord")[-1] == "ok"
    stored = kinesis.get_records(ShardIterator=iterator(kinesis))["Records"]
    assert len(stored) == 2


def test_partial_failures_are_never_retried_by_botocore(
    kinesis: Any, world: LocalWorld, lane: str
) -> None:
    create(kinesis, world)
    world.account.faults.fail_entries("orders", [0], 5, THROTTLED)
    records = [{"Data": b"x", "PartitionKey": "k"}] * 2
    answer = kinesis.put_records(StreamName="orders", Records=records)
    assert answer["FailedRecordCount"] == 1
    assert answer["ResponseMetadata"]["RetryAttempts"] == 0
    assert outcomes(world, "PutRecords") == ["ok"]


def test_a_lost_answer_is_retried_and_makes_a_duplicate(
    kinesis: Any, world: LocalWorld, lane: str
) -> None:
    create(kinesis, world)
    world.account.faults.time_out_after_write("orders", 1)
    started = world.now()
    put = kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
    assert outcomes(world, "PutRecord") == ["TimedOut", "ok"]
    assert put["ResponseMetadata"]["RetryAttempts"] == 1
    # The client waited for its read timeout: 60 seconds by default.
    assert world.now() - started >= 60 * SECOND
    records = kinesis.get_records(ShardIterator=iterator(kinesis))["Records"]
    assert [record["Data"] for record in records] == [b"x", b"x"]
    first, second = (record["SequenceNumber"] for record in records)
    assert first < second == put["SequenceNumber"]


def test_an_answer_that_stays_lost_is_a_read_timeout(
    kinesis: Any, world: LocalWorld, lane: str
) -> None:
    create(kinesis, world)
    world.account.faults.time_out_after_write("orders", 3)
    with pytest.raises(ReadTimeoutError):
        kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
    assert outcomes(world, "PutRecord") == ["TimedOut"] * 3
    page = kinesis.get_records(ShardIterator=iterator(kinesis))
    assert len(page["Records"]) == 3


@pytest.mark.parametrize(
    ("retries", "attempts"),
    [
        ({"mode": "standard", "total_max_attempts": 5}, 5),
        ({"mode": "standard", "total_max_attempts": 1}, 1),
        ({"mode": "legacy", "total_max_attempts": 5}, 5),
    ],
)
def test_the_learners_retry_settings_are_kept(
    session: boto3.Session,
    world: LocalWorld,
    lane: str,
    retries: dict[str, Any],
    attempts: int,
) -> None:
    client = session.client("kinesis", config=Config(retries=retries))
    create(client, world)
    world.account.faults.throttle("orders", None, HOUR)
    with pytest.raises(ClientError):
        client.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
    assert outcomes(world, "PutRecord") == [THROTTLED] * attempts


def test_adaptive_retries_wait_in_virtual_time(session: boto3.Session, lane: str) -> None:
    """botocore's client-side rate limit waits on a condition, which knows only real time."""
    with VirtualTime((world := LocalWorld()).account.clock, lock=world.lock):
        enter(world)
        try:
            client = session.client("kinesis", config=Config(retries={"mode": "adaptive"}))
            create(client, world)
            world.account.faults.throttle("orders", None, 3 * SECOND)
            real, started = time.perf_counter(), world.now()
            while True:
                try:
                    client.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
                    break
                except client.exceptions.ProvisionedThroughputExceededException:
                    continue
            assert world.now() - started > 3 * SECOND
            # The limit that the throttling taught the client slows good calls as well.
            before = world.now()
            for _ in range(5):
                client.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
            assert world.now() - before > 5 * 8_000
            assert time.perf_counter() - real < 2
        finally:
            leave(world)


def test_the_learners_random_numbers_are_theirs(kinesis: Any, world: LocalWorld, lane: str) -> None:
    """botocore's back-off draws from a generator of its own, so every run waits equally long."""
    create(kinesis, world)
    world.account.faults.throttle("orders", None, 100 * HOUR)
    waits = []
    state = random.getstate()
    for _ in range(2):
        lanes.jitter.seed(7)
        started = world.now()
        with pytest.raises(ClientError):
            kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
        waits.append(world.now() - started)
    assert random.getstate() == state
    assert waits[0] == waits[1]


# Which world


def test_a_client_made_outside_speaks_to_the_world_that_is_open_when_it_calls(
    kinesis: Any, world: LocalWorld, lane: str
) -> None:
    """The article's `kinesis = boto3.client(...)` is global; cases have worlds of their own."""
    create(kinesis, world)
    inner = LocalWorld()
    enter(inner)
    try:
        assert kinesis.list_streams()["StreamNames"] == []
        create(kinesis, inner, "inner")
        with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
            kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
    finally:
        leave(inner)
    assert kinesis.list_streams()["StreamNames"] == ["orders"]
    assert outcomes(world, "PutRecord") == []


class FarWorld:
    """A world that is not in this process: only the three methods of the protocol."""

    def __init__(self, world: LocalWorld) -> None:
        self.world = world

    def request(
        self, service: str, operation: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        assert type(body) is bytes
        assert all(type(each) is str for pair in headers.items() for each in pair)
        return self.world.request(service, operation, body, headers)

    def now(self) -> int:
        return self.world.now()

    def sleep(self, microseconds: int) -> None:
        self.world.sleep(microseconds)


def test_a_far_world_is_reached_by_the_wire(kinesis: Any, world: LocalWorld) -> None:
    far = FarWorld(world)
    enter(far)
    try:
        create(kinesis, world)
        world.account.faults.time_out_after_write("orders", 1)
        kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
        page = kinesis.get_records(ShardIterator=iterator(kinesis))
    finally:
        leave(far)
    assert len(page["Records"]) == 2
    assert outcomes(world, "PutRecord") == ["TimedOut", "ok"]


def test_every_attempt_is_told_to_the_cells_watchman(
    kinesis: Any, world: LocalWorld, lane: str
) -> None:
    create(kinesis, world)
    heard = []
    world.on_request = lambda: heard.append(world.now())
    world.account.faults.throttle("orders", None, 9_000)
    kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
    assert len(heard) == 2


def test_a_retry_after_another_world_was_entered_is_carried_out_there(
    kinesis: Any, world: LocalWorld, lane: str
) -> None:
    """An outcome set aside belongs to one attempt; a retry looks the world up again."""
    create(kinesis, world)
    world.account.faults.throttle("orders", None, HOUR)
    other = LocalWorld()

    def move(**_: Any) -> None:
        kinesis.meta.events.unregister("needs-retry.kinesis.PutRecord", move)
        enter(other)

    kinesis.meta.events.register_first("needs-retry.kinesis.PutRecord", move)
    try:
        with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
            kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
    finally:
        leave(other)
    assert outcomes(world, "PutRecord") == [THROTTLED]
    assert outcomes(other, "PutRecord") == ["ResourceNotFoundException"]


def test_installing_twice_changes_nothing(kinesis: Any, world: LocalWorld) -> None:
    from botocore.handlers import BUILTIN_HANDLERS

    before = list(BUILTIN_HANDLERS)
    lanes.install()
    assert before == BUILTIN_HANDLERS
    create(kinesis, world)
    assert len(world.account.calls.attempts) == 1


def test_the_call_lane_comes_back_after_wire_only_even_if_it_fails(
    kinesis: Any, world: LocalWorld
) -> None:
    with pytest.raises(ZeroDivisionError), lanes.wire_only():
        raise ZeroDivisionError
    sent = []
    kinesis.meta.events.register("before-send.kinesis.*", lambda **_: sent.append(1))
    kinesis.list_streams()
    assert sent == []
    with lanes.wire_only(), lanes.wire_only():
        kinesis.list_streams()
    assert sent == [1]


# No difference between the lanes and the pipe: random programs on fresh worlds


class Loopback(Pipe):
    """Both ends of a pipe in one thread: every question and answer crosses it as a frame."""

    def __init__(self, world: LocalWorld) -> None:
        super().__init__(BytesIO(), BytesIO())
        self.world = world

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        there, back = BytesIO(), BytesIO()
        Pipe(BytesIO(), there).send(question)
        far_end = Pipe(BytesIO(there.getvalue()), back)
        serve(far_end, self.world, far_end.receive())
        return Pipe(BytesIO(back.getvalue()), BytesIO()).receive()


def through_a_pipe(world: LocalWorld) -> RemoteWorld:
    pipe = Loopback(world)
    return RemoteWorld(pipe, RemoteClock(pipe, world.now()))


WAYS: dict[str, tuple[str, Callable[[LocalWorld], World]]] = {
    "call": ("call", lambda world: world),
    "wire": ("wire", lambda world: world),
    "pipe": ("call", through_a_pipe),
}

PARAMETERS: list[Any] = [
    None, True, 0, 1, 3, -1, 501, 10_001, 2**70, 1.5, "", "x", "é", "\ud800", "0", "9" * 39,
    "orders", "shardId-000000000001", "LATEST", "k" * 300, b"", b"data", bytearray(b"array"),
    "text", [], {}, [{"Data": b"x", "PartitionKey": "k"}], datetime(2026, 1, 5, 9, 0, 30),
    {"Type": "AT_LATEST"},
]  # fmt: skip


class Program:
    """The same seed makes the same calls, as long as the answers are the same.

    The faults are planned in `world`; the client, and all that sleeps, reach it by `near`. In
    every third program the client leaves it to the service to find what is wrong.
    """

    def __init__(self, seed: int, session: boto3.Session, world: LocalWorld, near: World) -> None:
        self.rng = random.Random(seed)
        self.world = world
        self.near = near
        checks = bool(self.rng.randrange(3))
        config = Config(parameter_validation=checks)
        self.kinesis = session.client("kinesis", config=config)
        self.abroad = session.client("kinesis", config=config, region_name="eu-west-1")
        self.remembered: dict[str, Any] = {
            "ShardIterator": "garbage",
            "SequenceNumber": "5",
            "NextToken": "garbage",
        }

    def request(self) -> tuple[str, dict[str, Any]]:
        rng, remembered = self.rng, self.remembered
        stream = {"StreamName": rng.choice(["orders"] * 8 + ["clicks", "new"])}
        shard = f"shardId-{rng.randrange(6):012d}"
        size = rng.choice([0, 10, 10, 300_000])
        entry = {"Data": rng.choice([b"x" * size, "x" * size]), "PartitionKey": rng.choice("abc")}
        operation, request = rng.choice(
            [
                ("put_record", {**stream, **entry}),
                ("put_record", {**stream, **entry, "ExplicitHashKey": str(rng.getrandbits(128))}),
                ("put_records", {**stream, "Records": [entry] * rng.randrange(1, 6)}),
                ("put_records", {**stream, "Records": [{**entry, "Data": b"small"}] * 400}),
                (
                    "get_shard_iterator",
                    {
                        **stream,
                        "ShardId": shard,
                        "ShardIteratorType": rng.choice(["TRIM_HORIZON", "LATEST"]),
                    },
                ),
                (
                    "get_shard_iterator",
                    {
                        **stream,
                        "ShardId": shard,
                        "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                        "StartingSequenceNumber": remembered["SequenceNumber"],
                    },
                ),
                ("get_records", {"ShardIterator": remembered["ShardIterator"]}),
                ("get_records", {"ShardIterator": remembered["ShardIterator"], "Limit": 3}),
                ("describe_stream", {**stream, "Limit": 2}),
                ("describe_stream_summary", stream),
                ("list_shards", {**stream, "MaxResults": 2}),
                ("list_shards", {"NextToken": remembered["NextToken"]}),
                ("list_streams", {"Limit": 1}),
                ("create_stream", {"StreamName": "new", "ShardCount": 1}),
                ("delete_stream", {"StreamName": "new"}),
                (
                    "split_shard",
                    {
                        **stream,
                        "ShardToSplit": shard,
                        "NewStartingHashKey": str(rng.getrandbits(128)),
                    },
                ),
                (
                    "update_shard_count",
                    {
                        **stream,
                        "TargetShardCount": rng.randrange(1, 5),
                        "ScalingType": "UNIFORM_SCALING",
                    },
                ),
                (
                    "increase_stream_retention_period",
                    {**stream, "RetentionPeriodHours": rng.randrange(20, 50)},
                ),
                ("enable_enhanced_monitoring", {**stream, "ShardLevelMetrics": ["ALL"]}),
                ("disable_enhanced_monitoring", {**stream, "ShardLevelMetrics": ["IncomingBytes"]}),
                ("describe_limits", {}),
            ]
        )
        if rng.random() < 0.25:
            request = dict(request)
            name = rng.choice([*request, "Limit", "Colour"])
            request[name] = rng.choice(PARAMETERS)
        return operation, request

    def trouble(self) -> None:
        rng, faults = self.rng, self.world.account.faults
        match rng.randrange(6):
            case 0:
                shard = rng.choice([None, "shardId-000000000000"])
                faults.throttle("orders", shard, rng.choice([SECOND // 100, SECOND, 3 * SECOND]))
            case 1:
                code = rng.choice([THROTTLED, INTERNAL_FAILURE])
                faults.fail_entries("orders", [0, 2], 1, code)
            case 2:
                faults.time_out_after_write("orders", rng.randrange(1, 4))
            case 3:
                faults.expire_iterators("orders")
            case 4:
                faults.idle("orders", None, SECOND)
            case 5:
                self.near.sleep(rng.choice([SECOND // 10, 10 * SECOND, HOUR]))

    def step(self) -> tuple[Any, ...]:
        """One call, and everything that it left behind."""
        operation, request = self.request()
        if self.rng.random() < 0.25:
            self.trouble()
        answer: Any
        attempts = len(self.world.account.calls.attempts)
        try:
            client = self.abroad if self.rng.randrange(10) == 0 else self.kinesis
            answer = getattr(client, operation)(**request)
        except ClientError as error:
            answer = (type(error).__name__, str(error), _without_headers(error.response))
        except (BotoCoreError, ValueError) as error:
            answer = (type(error).__name__, str(error))
        except (AttributeError, LookupError, TypeError) as error:
            # botocore fails to serialise what it was not allowed to check.
            assert len(self.world.account.calls.attempts) == attempts
            answer = (type(error).__name__, str(error))
        else:
            self.remember(answer)
            answer = _without_headers(answer)
        assert self.near.now() == self.world.now()
        return operation, request, answer, self.near.now()

    def remember(self, answer: dict[str, Any]) -> None:
        if "NextShardIterator" in answer:
            self.remembered["ShardIterator"] = answer["NextShardIterator"]
        for name in self.remembered:
            self.remembered[name] = answer.get(name, self.remembered[name])

    def left_behind(self) -> tuple[Any, ...]:
        account = self.world.account
        self.world.sleep(MINUTE)  # the last minute's metrics can be read, too
        (reported,) = account.metrics("us-east-1")
        metrics = {name: reported.datapoints(*name) for name in reported.names()}
        faults = {name: value for name, value in vars(account.faults).items() if name != "_clock"}
        streams = [
            (
                stream.name,
                stream.status,
                [(shard.shard_id, shard.payloads()) for shard in stream.shards],
            )
            for stream in account.streams().all()
        ]
        log = [
            (attempt.outcome, attempt.time, attempt.request, attempt.touches)
            for attempt in account.calls.attempts
        ]
        rows = list(account.calls.rows())
        now = account.clock.now
        return log, rows, metrics, faults, streams, now, lanes.jitter.getstate()


def _without_headers(answer: Any) -> dict[str, Any]:
    """An answer with all of its metadata but the HTTP headers."""
    metadata = {
        name: value for name, value in answer["ResponseMetadata"].items() if name != "HTTPHeaders"
    }
    return {**answer, "ResponseMetadata": metadata}


def play(
    seed: int, steps: int, session: boto3.Session, way: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[Any], tuple[Any, ...]]:
    lane, reach = WAYS[way]
    world = LocalWorld()
    near = reach(world)
    monkeypatch.setattr(time, "sleep", lambda seconds: near.sleep(round(seconds * SECOND)))
    lanes.jitter.seed(seed)
    enter(near)
    try:
        with LANES[lane]():
            program = Program(seed, session, world, near)
            create(program.kinesis, near, "orders", 2)
            create(program.kinesis, near, "clicks", 1)
            return [program.step() for _ in range(steps)], program.left_behind()
    finally:
        leave(near)


def assert_equal_ways(
    seed: int, steps: int, session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> set[str]:
    by_call, left_by_call = play(seed, steps, session, "call", monkeypatch)
    for way in ("wire", "pipe"):
        answers, left = play(seed, steps, session, way, monkeypatch)
        for number, (one, other) in enumerate(zip(by_call, answers, strict=True)):
            # Equal is not enough: 1 == True, datetimes of two zones can be equal, and a notebook
            # prints the members in their order.
            if repr(one) != repr(other):
                pytest.fail(
                    f"seed {seed}, step {number}, call and {way}: {one!r:.3000} and {other!r:.3000}"
                )
        if left_by_call != left:
            pytest.fail(f"seed {seed}: call and {way} left different worlds behind")
    _, _, metrics, *_ = left_by_call
    assert metrics or steps < 60  # a short program may touch no shard
    return {outcome for outcome, *_ in left_by_call[0]}


def test_the_lanes_and_the_pipe_are_equal(
    session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = set()
    for seed in range(25):
        seen |= assert_equal_ways(seed, 5 + seed, session, monkeypatch)
    assert seen >= {
        "ok",
        "TimedOut",
        THROTTLED,
        "ResourceNotFoundException",
        "InvalidArgumentException",
        "ValidationException",
        "SerializationException",
    }


@pytest.mark.slow
def test_the_lanes_and_the_pipe_are_equal_in_a_long_run(
    session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(1_000, 1_020):
        assert_equal_ways(seed, 150, session, monkeypatch)
    for seed in range(2_000, 2_100):
        assert_equal_ways(seed, 5 + seed % 26, session, monkeypatch)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of this process cannot be set")
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_time_stamps_are_equal_in_every_zone(
    session: boto3.Session, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    """botocore hands out local time; also within the hour that the clocks go back over."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    answers = []
    try:
        for lane in LANES:
            world = LocalWorld()
            # 2026-11-01 05:40 UTC: in New York 01:40 comes twice.
            world.sleep(from_datetime(datetime(2026, 11, 1, 5, 40)) - world.now())
            enter(world)
            client = session.client("kinesis")
            moments = []
            with LANES[lane]():
                create(client, world)
                for _ in range(4):
                    client.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
                    world.sleep(HOUR // 4)
                page = client.get_records(ShardIterator=iterator(client))
                moments += [each["ApproximateArrivalTimestamp"] for each in page["Records"]]
                described = client.describe_stream(StreamName="orders")["StreamDescription"]
                moments.append(described["StreamCreationTimestamp"])
            leave(world)
            answers.append([(moment.timestamp(), str(moment), moment.fold) for moment in moments])
    finally:
        monkeypatch.undo()
        time.tzset()
    assert answers[0] == answers[1]
    assert len(set(answers[0])) == 5


@settings(max_examples=25, derandomize=True, deadline=None)
@given(
    st.lists(
        st.tuples(st.binary(max_size=50), st.text(min_size=1, max_size=20)), min_size=1, max_size=20
    )
)
def test_any_data_and_key_survive_the_way(
    session: boto3.Session, records: list[tuple[bytes, str]]
) -> None:
    client = session.client("kinesis")
    entries = [{"Data": data, "PartitionKey": key} for data, key in records]
    for lane in LANES.values():
        world = LocalWorld()
        enter(world)
        try:
            with lane():
                create(client, world)
                client.put_records(StreamName="orders", Records=entries)
                page = client.get_records(ShardIterator=iterator(client))
        finally:
            leave(world)
        assert [(each["Data"], each["PartitionKey"]) for each in page["Records"]] == records
