"""SubscribeToShard with unmodified boto3: on both lanes, and through a pipe to another process's
world. Events come as the client iterates, and each attempt is executed exactly once."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EventStreamError

from course.endpoints import lanes
from course.endpoints.fence import Fence
from course.endpoints.pipe import Pipe, RemoteClock, RemoteWorld, serve
from course.endpoints.world import LocalWorld, World, enter, leave
from course.simulator.clock import MINUTE, SECOND, from_datetime

SHARD = "shardId-000000000000"
WAYS = ["call", "wire", "pipe"]
MODES = ("rb", "wb")


@pytest.fixture(scope="module")
def session() -> Iterator[boto3.Session]:
    with Fence():
        lanes.install()
        yield boto3.Session()


@contextmanager
def far_end(world: LocalWorld) -> Iterator[RemoteWorld]:
    """The world as another process sees it: through a pipe, which a thread serves."""
    asked, asks = (os.fdopen(end, mode) for end, mode in zip(os.pipe(), MODES, strict=True))
    answered, answers = (os.fdopen(end, mode) for end, mode in zip(os.pipe(), MODES, strict=True))
    near, far = Pipe(answered, asks), Pipe(asked, answers)

    def run() -> None:
        try:
            while True:
                serve(far, world, far.receive())
        except EOFError:
            pass

    server = threading.Thread(target=run)
    server.start()
    try:
        yield RemoteWorld(near, RemoteClock(near, world.now()))
    finally:
        asks.close()
        server.join()
        for end in (asked, answered, answers):
            end.close()


@pytest.fixture
def world() -> LocalWorld:
    """The world that has the account, on whatever way it is reached."""
    return LocalWorld()


@pytest.fixture(params=WAYS)
def kinesis(
    request: pytest.FixtureRequest,
    session: boto3.Session,
    world: LocalWorld,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Any]:
    """A client that reaches the world in each of the ways."""
    monkeypatch.setattr(time, "sleep", lambda seconds: reached.sleep(round(seconds * SECOND)))
    lane = lanes.wire_only() if request.param == "wire" else nullcontext()
    reached: World
    with far_end(world) if request.param == "pipe" else nullcontext(world) as reached, lane:
        enter(reached)
        try:
            yield session.client("kinesis")
        finally:
            leave(reached)


@pytest.fixture
def arn(kinesis: Any) -> str:
    """A stream "orders" of one shard with an ACTIVE consumer; the consumer's ARN."""
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="orders")
    return register(kinesis)


def register(kinesis: Any, name: str = "audit") -> str:
    summary = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]
    answer = kinesis.register_stream_consumer(StreamARN=summary["StreamARN"], ConsumerName=name)
    time.sleep(60)
    arn: str = answer["Consumer"]["ConsumerARN"]
    return arn


def subscribe(kinesis: Any, arn: str, shard: str = SHARD, **position: Any) -> Any:
    """The answer to SubscribeToShard."""
    start = position or {"Type": "TRIM_HORIZON"}
    return kinesis.subscribe_to_shard(ConsumerARN=arn, ShardId=shard, StartingPosition=start)


def put(kinesis: Any, data: bytes = b"x", key: str = "k") -> str:
    answer = kinesis.put_record(StreamName="orders", Data=data, PartitionKey=key)
    number: str = answer["SequenceNumber"]
    return number


def next_event(stream: Iterator[Any]) -> dict[str, Any]:
    event: dict[str, Any] = next(stream)["SubscribeToShardEvent"]
    return event


def outcomes(world: LocalWorld, operation: str) -> list[str]:
    return [
        attempt.outcome
        for attempt in world.account.calls.attempts
        if attempt.operation == operation
    ]


# What a client gets


def test_events_come_as_the_client_iterates(kinesis: Any, world: LocalWorld, arn: str) -> None:
    answer = subscribe(kinesis, arn, Type="LATEST")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    events = iter(answer["EventStream"])
    for number in range(3):
        written = world.now()
        name = put(kinesis, b"\x00%d" % number, "Zoë")
        event = next_event(events)
        assert world.now() == written + SECOND * 70 // 1_000
        (record,) = event["Records"]
        arrived = record.pop("ApproximateArrivalTimestamp")
        assert type(arrived) is datetime
        assert from_datetime(arrived) == written // 1_000 * 1_000
        assert record == {
            "SequenceNumber": name,
            "Data": b"\x00%d" % number,
            "PartitionKey": "Zoë",
        }
        assert event["ContinuationSequenceNumber"] == name
        assert event["MillisBehindLatest"] == 0


def test_each_attempt_is_executed_once(kinesis: Any, world: LocalWorld, arn: str) -> None:
    started = world.now()
    answer = subscribe(kinesis, arn)
    assert world.now() == started + 25_000
    assert outcomes(world, "SubscribeToShard") == ["ok"]
    assert outcomes(world, "SubscribeToShardEvent") == []
    put(kinesis)
    next_event(iter(answer["EventStream"]))
    assert outcomes(world, "SubscribeToShardEvent") == ["ok"]


def test_a_loop_over_the_events_ends_after_five_minutes(
    kinesis: Any, world: LocalWorld, arn: str
) -> None:
    put(kinesis)
    started = world.now()
    events = [event["SubscribeToShardEvent"] for event in subscribe(kinesis, arn)["EventStream"]]
    assert world.now() == started + 5 * MINUTE
    assert [len(event["Records"]) for event in events] == [1] + [0] * (len(events) - 1)


def test_a_producer_on_the_clock_is_heard(kinesis: Any, world: LocalWorld, arn: str) -> None:
    events = iter(subscribe(kinesis, arn, Type="LATEST")["EventStream"])
    body = b'{"StreamName":"orders","Data":"eA==","PartitionKey":"k"}'
    written = world.now() + SECOND
    world.account.clock.call_at(
        written, lambda: world.account.execute("kinesis", "PutRecord", body) and None
    )
    assert len(next_event(events)["Records"]) == 1
    assert world.now() == written + 70_000


def test_who_goes_on_after_the_continuation_loses_and_doubles_nothing(
    kinesis: Any, world: LocalWorld, arn: str
) -> None:
    sent: list[bytes] = []
    position: dict[str, Any] = {"Type": "TRIM_HORIZON"}
    received: list[bytes] = []
    for turn in range(3):
        for event in subscribe(kinesis, arn, **position)["EventStream"]:
            event = event["SubscribeToShardEvent"]
            received += [record["Data"] for record in event["Records"]]
            position = {
                "Type": "AFTER_SEQUENCE_NUMBER",
                "SequenceNumber": event["ContinuationSequenceNumber"],
            }
            if len(sent) < 20 * (turn + 1):
                sent.append(b"%d/%d" % (turn, len(sent)))
                put(kinesis, sent[-1])
        sent.append(b"between %d" % turn)
        put(kinesis, sent[-1])
    time.sleep(1)
    (event, *_) = subscribe(kinesis, arn, **position)["EventStream"]
    received += [record["Data"] for record in event["SubscribeToShardEvent"]["Records"]]
    assert received == sent


def test_a_shard_that_was_split_ends_with_its_children(kinesis: Any, arn: str) -> None:
    put(kinesis)
    kinesis.split_shard(StreamName="orders", ShardToSplit=SHARD, NewStartingHashKey=str(2**127))
    *_, last = subscribe(kinesis, arn)["EventStream"]
    event = last["SubscribeToShardEvent"]
    assert "ContinuationSequenceNumber" not in event
    assert [child["ShardId"] for child in event["ChildShards"]] == [
        "shardId-000000000001",
        "shardId-000000000002",
    ]


def test_a_large_event_crosses_whole(kinesis: Any, arn: str) -> None:
    data = bytes(range(256)) * 2_000
    for _ in range(4):
        put(kinesis, data)
        time.sleep(1)
    events = iter(subscribe(kinesis, arn)["EventStream"])
    assert [record["Data"] for record in next_event(events)["Records"]] == [data] * 4


def test_two_consumers_read_side_by_side(kinesis: Any, world: LocalWorld, arn: str) -> None:
    other = register(kinesis, "search")
    mebibyte = b"x" * (2**20 - 1)
    for _ in range(6):
        put(kinesis, mebibyte)
        time.sleep(1)
    streams = [iter(subscribe(kinesis, each)["EventStream"]) for each in (arn, other)]
    started = world.now()
    taken = [0, 0]
    for _ in range(3):
        for place, stream in enumerate(streams):
            taken[place] += len(next_event(stream)["Records"])
    assert taken == [6, 6]
    assert world.now() == started + 2 * SECOND


def test_consumers_are_listed_by_boto3s_paginator(kinesis: Any, arn: str) -> None:
    for name in ("b", "c"):
        register(kinesis, name)
    pages = kinesis.get_paginator("list_stream_consumers").paginate(
        StreamARN=arn.partition("/consumer/")[0], PaginationConfig={"PageSize": 2}
    )
    names = [[consumer["ConsumerName"] for consumer in page["Consumers"]] for page in pages]
    assert names == [["audit", "b"], ["c"]]


# Hanging up


def test_closing_the_stream_ends_the_subscription(
    kinesis: Any, world: LocalWorld, arn: str
) -> None:
    put(kinesis)
    stream = subscribe(kinesis, arn)["EventStream"]
    events = iter(stream)
    next_event(events)
    stream.close()
    now = world.now()
    assert world.account.streams().subscriptions == {}
    assert list(events) == []
    stream.close()
    assert world.now() == now


def test_a_loop_may_be_left_and_taken_up_again(kinesis: Any, arn: str) -> None:
    stream = subscribe(kinesis, arn, Type="LATEST")["EventStream"]
    for number in range(3):
        put(kinesis, b"%d" % number)
        for event in stream:
            records = event["SubscribeToShardEvent"]["Records"]
            assert [record["Data"] for record in records] == [b"%d" % number]
            break


def test_a_stream_goes_on_in_the_world_where_it_began(kinesis: Any, arn: str) -> None:
    put(kinesis)
    events = iter(subscribe(kinesis, arn)["EventStream"])
    inner = LocalWorld()
    enter(inner)
    try:
        assert len(next_event(events)["Records"]) == 1
    finally:
        leave(inner)
    assert inner.account.calls.attempts == []


def test_every_event_shows_that_the_client_is_alive(
    kinesis: Any, world: LocalWorld, arn: str
) -> None:
    told: list[int] = []
    events = iter(subscribe(kinesis, arn)["EventStream"])
    world.on_request = lambda: told.append(1)
    for _ in range(3):
        next_event(events)
    assert len(told) == 3


# Errors


ERRORS: list[tuple[str, Callable[[Any, str], Any]]] = [
    (
        "ResourceNotFoundException",
        lambda kinesis, arn: subscribe(kinesis, arn.replace("audit", "nobody")),
    ),
    (
        "ResourceNotFoundException",
        lambda kinesis, arn: subscribe(kinesis, arn, shard="shardId-000000000007"),
    ),
    (
        "InvalidArgumentException",
        lambda kinesis, arn: subscribe(kinesis, arn, Type="AT_SEQUENCE_NUMBER"),
    ),
    (
        "ResourceInUseException",
        lambda kinesis, arn: (subscribe(kinesis, arn), subscribe(kinesis, arn)),
    ),
    (
        "ResourceInUseException",
        lambda kinesis, arn: kinesis.delete_stream(StreamName="orders"),
    ),
    (
        "ResourceInUseException",
        lambda kinesis, arn: kinesis.register_stream_consumer(
            StreamARN=arn.partition("/consumer/")[0], ConsumerName="audit"
        ),
    ),
    (
        "ResourceNotFoundException",
        lambda kinesis, arn: kinesis.describe_stream_consumer(ConsumerARN=arn + "0"),
    ),
    (
        "InvalidArgumentException",
        lambda kinesis, arn: kinesis.deregister_stream_consumer(ConsumerName="audit"),
    ),
]


@pytest.mark.parametrize(("code", "call"), ERRORS)
def test_errors_before_the_stream_are_raised_by_the_call(
    kinesis: Any, arn: str, code: str, call: Callable[[Any, str], Any]
) -> None:
    with pytest.raises(getattr(kinesis.exceptions, code)) as caught:
        call(kinesis, arn)
    assert isinstance(caught.value, ClientError)
    assert caught.value.response["Error"]["Message"]


def test_a_refused_subscription_is_tried_once(kinesis: Any, world: LocalWorld, arn: str) -> None:
    subscribe(kinesis, arn)
    with pytest.raises(kinesis.exceptions.ResourceInUseException):
        subscribe(kinesis, arn)
    assert outcomes(world, "SubscribeToShard") == ["ok", "ResourceInUseException"]


def test_the_rate_is_botocores_to_retry(kinesis: Any, world: LocalWorld, arn: str) -> None:
    """LimitExceededException is one that botocore's retries know as throttling."""
    started = world.now()
    subscribe(kinesis, arn)
    world.account.clock.advance_to(started + 4_500_000)
    with pytest.raises(kinesis.exceptions.ResourceInUseException):
        subscribe(kinesis, arn)
    world.account.clock.advance_to(started + 5_000_000)
    subscribe(kinesis, arn)
    assert outcomes(world, "SubscribeToShard")[:3] == [
        "ok",
        "ResourceInUseException",
        "LimitExceededException",
    ]
    assert outcomes(world, "SubscribeToShard")[-1] == "ok"


def test_a_takeover_is_raised_out_of_the_old_loop(kinesis: Any, arn: str) -> None:
    old = iter(subscribe(kinesis, arn)["EventStream"])
    time.sleep(5)
    new = iter(subscribe(kinesis, arn)["EventStream"])
    with pytest.raises(EventStreamError) as caught:
        next(old)
    assert caught.value.response["Error"] == {
        "Code": "ResourceInUseException",
        "Message": "Another active subscription exists for this consumer",
    }
    put(kinesis)
    assert len(next_event(new)["Records"]) == 1


@pytest.mark.parametrize("what", ["consumer", "stream"])
def test_what_is_gone_is_raised_out_of_the_loop(kinesis: Any, arn: str, what: str) -> None:
    events = iter(subscribe(kinesis, arn)["EventStream"])
    if what == "consumer":
        kinesis.deregister_stream_consumer(ConsumerARN=arn)
    else:
        kinesis.delete_stream(StreamName="orders", EnforceConsumerDeletion=True)
    with pytest.raises(EventStreamError, match="ResourceNotFoundException"):
        next(events)


# The ways agree


def test_the_three_ways_give_the_same(session: boto3.Session) -> None:
    """Answers, call log and clock of one program, in each of the ways."""

    def program(kinesis: Any, sleep: Callable[[int], None]) -> list[Any]:
        kinesis.create_stream(StreamName="orders", ShardCount=1)
        sleep(60 * SECOND)
        arn = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
        answer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="audit")
        consumer = answer["Consumer"]["ConsumerARN"]
        sleep(60 * SECOND)
        put(kinesis)
        stream = subscribe(kinesis, consumer)["EventStream"]
        seen = []
        for number, event in enumerate(stream):
            seen.append(event)
            if number < 4:
                put(kinesis, b"%d" % number)
        return [answer["Consumer"], seen]

    results = []
    for way in WAYS:
        world = LocalWorld()
        lane = lanes.wire_only() if way == "wire" else nullcontext()
        reached: World
        with far_end(world) if way == "pipe" else nullcontext(world) as reached, lane:
            enter(reached)
            try:
                answers = program(session.client("kinesis"), reached.sleep)
            finally:
                leave(reached)
        results.append((answers, list(world.account.calls.rows()), world.now()))
    assert results[0] == results[1] == results[2]
