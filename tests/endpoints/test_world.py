"""World.request is what the wire lane carries: the same answers, as plain HTTP."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.parsers import create_parser

from course.endpoints import lanes
from course.endpoints.fence import Fence
from course.endpoints.world import LocalWorld, PlainRequest, current, enter, leave
from course.simulator.clock import SECOND
from course.simulator.faults import TimedOut
from course.simulator.wire import service_model
from tests.simulator.client import to_json

NEIGHBOUR_MS = 20


def ask(world: LocalWorld, operation: str, request: Any, **headers: str) -> Any:
    """One request; (status, headers, decoded body)."""
    body = request if isinstance(request, bytes) else to_json(request)
    status, answered, answer = world.request("kinesis", operation, body, headers)
    return status, answered, json.loads(answer) if answer else None


@pytest.fixture
def world() -> LocalWorld:
    world = LocalWorld()
    assert ask(world, "CreateStream", {"StreamName": "orders", "ShardCount": 2})[0] == 200
    world.sleep(30 * SECOND)
    return world


def test_an_answer_is_http(world: LocalWorld) -> None:
    status, headers, answer = ask(
        world, "PutRecord", {"StreamName": "orders", "Data": b"x", "PartitionKey": "k"}
    )
    assert status == 200
    assert answer["ShardId"] == "shardId-000000000001"
    assert headers["Content-Type"] == "application/x-amz-json-1.1"
    assert headers["x-amzn-RequestId"]


def test_every_reply_carries_the_clock(world: LocalWorld) -> None:
    for operation in ("ListStreams", "DeleteStream"):
        _, headers, _ = ask(world, operation, {})
        assert headers["x-course-now"] == str(world.now())


def test_a_refusal_is_an_answer_too(world: LocalWorld) -> None:
    status, _, answer = ask(world, "DeleteStream", {"StreamName": "nobody"})
    assert status == 400
    assert answer == {
        "__type": "ResourceNotFoundException",
        "message": "Stream nobody under account 123456789012 not found.",
    }


@pytest.mark.parametrize("body", [b"", b"nonsense", b"\xff", b"[]"])
def test_a_bad_body_is_a_refusal(world: LocalWorld, body: bytes) -> None:
    status, _, answer = ask(world, "PutRecord", body)
    assert status == 400
    assert answer["__type"] in ("SerializationException", "ValidationException")


def test_an_unknown_operation_is_a_refusal(world: LocalWorld) -> None:
    status, _, answer = ask(world, "Nonsense", {})
    assert (status, answer["__type"]) == (400, "UnknownOperationException")


def test_an_answer_that_is_lost_is_raised(world: LocalWorld) -> None:
    world.account.faults.time_out_after_write("orders", 1)
    before = world.now()
    with pytest.raises(TimedOut):
        ask(world, "PutRecord", {"StreamName": "orders", "Data": b"x", "PartitionKey": "k"})
    assert world.now() - before == 60 * SECOND


def test_the_region_comes_with_a_header(world: LocalWorld) -> None:
    _, _, here = ask(world, "ListStreams", {})
    _, _, there = ask(world, "ListStreams", {}, **{"x-course-region": "eu-west-1"})
    assert (here["StreamNames"], there["StreamNames"]) == (["orders"], [])


def test_time_passes_by_sleeping(world: LocalWorld) -> None:
    before = world.now()
    world.sleep(1_234_567)
    assert world.now() - before == 1_234_567


def test_every_request_is_told(world: LocalWorld) -> None:
    told = []
    world.on_request = lambda: told.append(1)
    ask(world, "ListStreams", {})
    ask(world, "Nonsense", {})
    world.request("s3", "ListBuckets", b"", {":method": "GET", ":url": "https://s3.amazonaws.com/"})
    assert len(told) == 3


# The same as the wire lane


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("CreateStream", {"StreamName": "orders", "ShardCount": 2}),
    ("DescribeStreamSummary", {"StreamName": "orders"}),
    ("PutRecord", {"StreamName": "orders", "Data": b"early", "PartitionKey": "k"}),
    ("sleep", {}),
    ("PutRecord", {"StreamName": "orders", "Data": b"\x00\xff", "PartitionKey": "Zoë"}),
    (
        "PutRecords",
        {
            "StreamName": "orders",
            "Records": [
                {"Data": b"x" * 600_000, "PartitionKey": "k"},
                {"Data": b"x" * 600_000, "PartitionKey": "k"},
                {"Data": b"", "PartitionKey": "k", "ExplicitHashKey": "0"},
            ],
        },
    ),
    ("ListShards", {"StreamName": "orders", "MaxResults": 1}),
    ("ListStreams", {}),
    (
        "GetShardIterator",
        {
            "StreamName": "orders",
            "ShardId": "shardId-000000000001",
            "ShardIteratorType": "TRIM_HORIZON",
        },
    ),
    ("GetRecords", {"ShardIterator": "$ShardIterator", "Limit": 5}),
    ("GetRecords", {"ShardIterator": "garbage"}),
    (
        "SplitShard",
        {
            "StreamName": "orders",
            "ShardToSplit": "shardId-000000000001",
            "NewStartingHashKey": "300000000000000000000000000000000000000",
        },
    ),
    (
        "MergeShards",
        {
            "StreamName": "orders",
            "ShardToMerge": "shardId-000000000000",
            "AdjacentShardToMerge": "shardId-000000000001",
        },
    ),
    ("sleep", {}),
    ("GetRecords", {"ShardIterator": "$ShardIterator"}),
    ("DescribeStream", {"StreamName": "orders"}),
    ("IncreaseStreamRetentionPeriod", {"StreamName": "orders", "RetentionPeriodHours": 48}),
    ("DescribeLimits", {}),
    ("DeleteStream", {"StreamName": "orders"}),
    ("DescribeStream", {"StreamName": "orders"}),
]


def filled_in(request: dict[str, Any], answers: list[dict[str, Any]]) -> dict[str, Any]:
    """`$Name` stands for the newest member of that name in the answers so far."""
    known = {name: value for answer in answers for name, value in answer.items()}
    return {
        name: known[value[1:]] if isinstance(value, str) and value[:1] == "$" else value
        for name, value in request.items()
    }


def by_request() -> tuple[list[dict[str, Any]], LocalWorld]:
    """The calls as plain HTTP, read with botocore's own parser."""
    world = LocalWorld()
    parser = create_parser("json")
    answers: list[dict[str, Any]] = []
    for operation, request in CALLS:
        if operation == "sleep":
            world.sleep(60 * SECOND)
            continue
        body = to_json(filled_in(request, answers))
        status, headers, answer = world.request("kinesis", operation, body, {})
        lower = {name.lower(): value for name, value in headers.items()}
        shape = service_model("kinesis").operation_model(operation).output_shape
        parsed = parser.parse({"status_code": status, "headers": lower, "body": answer}, shape)
        # botocore adds how often it tried, and the members of modelled errors.
        parsed["ResponseMetadata"]["RetryAttempts"] = 0
        parsed.pop("message", None)
        answers.append(parsed)
    return answers, world


def by_boto3(monkeypatch: pytest.MonkeyPatch) -> tuple[list[dict[str, Any]], LocalWorld]:
    """The same calls with boto3 on the wire lane."""
    world = LocalWorld()
    monkeypatch.setattr(time, "sleep", lambda seconds: world.sleep(round(seconds * SECOND)))
    answers: list[dict[str, Any]] = []
    with Fence():
        lanes.install()
        client = boto3.client("kinesis")
        enter(world)
        try:
            with lanes.wire_only():
                for operation, request in CALLS:
                    if operation == "sleep":
                        world.sleep(60 * SECOND)
                        continue
                    method = getattr(client, _snake(operation))
                    try:
                        answers.append(method(**filled_in(request, answers)))
                    except ClientError as error:
                        response: Any = error.response
                        response.pop("message", None)
                        answers.append(response)
        finally:
            leave(world)
    return answers, world


def _snake(operation: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_")


def test_a_request_answers_what_the_wire_lane_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, plain_world = by_request()
    boto, boto_world = by_boto3(monkeypatch)
    for (operation, _), one, other in zip(
        [call for call in CALLS if call[0] != "sleep"], plain, boto, strict=True
    ):
        assert one == other, operation
    assert list(plain_world.account.calls.rows()) == list(boto_world.account.calls.rows())
    assert plain_world.now() == boto_world.now()


# Neighbours


class Echo:
    """Neighbours that repeat what they were asked."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.heard: list[tuple[str, str, PlainRequest]] = []

    def answer(
        self, service: str, operation: str, request: PlainRequest
    ) -> tuple[int, dict[str, str], bytes]:
        self.heard.append((service, operation, request))
        return self.status, {"x-their": "header"}, b"body"


@pytest.mark.parametrize(("status", "outcome"), [(200, "ok"), (204, "ok"), (404, "404")])
def test_other_services_are_the_neighbours(status: int, outcome: str) -> None:
    world, echo = LocalWorld(), Echo(status)
    world.neighbours = echo  # type: ignore[assignment]
    headers = {":method": "PUT", ":url": "https://lake.s3.amazonaws.com/key", "x-amz-acl": "p"}
    started = world.now()
    answer = world.request("s3", "PutObject", b"data", headers)
    ((service, operation, request),) = echo.heard
    assert (service, operation) == ("s3", "PutObject")
    assert (request.method, request.url, request.body) == (
        "PUT",
        "https://lake.s3.amazonaws.com/key",
        b"data",
    )
    assert request.headers == {"x-amz-acl": "p"}
    assert world.now() == started + NEIGHBOUR_MS * 1_000
    assert answer == (status, {"x-their": "header", "x-course-now": str(world.now())}, b"body")
    (attempt,) = world.account.calls.attempts
    assert (attempt.time, attempt.service, attempt.operation, attempt.outcome) == (
        started,
        "s3",
        "PutObject",
        outcome,
    )


# Which world is current


@pytest.fixture
def nowhere() -> Iterator[None]:
    assert current() is None
    yield
    assert current() is None


def test_worlds_nest_and_may_be_left_in_any_order(nowhere: None) -> None:
    one, two, three = LocalWorld(), LocalWorld(), LocalWorld()
    for world in (one, two, three):
        enter(world)
        assert current() is world
    leave(two)
    assert current() is three
    leave(three)
    assert current() is one
    leave(one)


def test_a_world_entered_twice_must_be_left_twice(nowhere: None) -> None:
    one, two = LocalWorld(), LocalWorld()
    enter(one)
    enter(two)
    enter(one)
    leave(one)
    assert current() is two
    leave(two)
    assert current() is one
    leave(one)


def test_leaving_a_world_that_is_not_entered_changes_nothing(nowhere: None) -> None:
    one = LocalWorld()
    enter(one)
    leave(LocalWorld())
    assert current() is one
    leave(one)
    leave(one)


def test_equal_worlds_are_told_apart(nowhere: None) -> None:
    """A world is left by identity: two fresh ones look the same."""
    one, two = LocalWorld(), LocalWorld()
    enter(one)
    enter(two)
    leave(one)
    assert current() is two
    leave(two)


# Several clients


def test_threads_take_turns(world: LocalWorld) -> None:
    """No record is lost or doubled when several threads write at once."""
    errors: list[BaseException] = []

    def write(writer: int) -> None:
        try:
            for number in range(100):
                request: Mapping[str, Any] = {
                    "StreamName": "orders",
                    "Data": f"{writer}/{number}".encode(),
                    "PartitionKey": str(writer),
                }
                assert ask(world, "PutRecord", request)[0] == 200
                world.sleep(1_000)
        except BaseException as error:
            errors.append(error)

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    assert errors == []
    stored = [
        data
        for shard in world.account.streams().all().__iter__().__next__().shards
        for data in shard.payloads()
    ]
    assert sorted(stored) == sorted(f"{w}/{n}".encode() for w in range(4) for n in range(100))
    assert [attempt.number for attempt in world.account.calls.attempts] == list(range(1, 402))
    for writer in range(4):
        own = [data for data in stored if data.startswith(f"{writer}/".encode())]
        assert own == [f"{writer}/{number}".encode() for number in range(100)]
