"""One attempt: carried out and logged once, paid with its latency, answered whatever comes."""

from __future__ import annotations

import json
import random
from base64 import b64encode
from typing import Any

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import given, settings
from hypothesis import strategies as st

from course.simulator import wire
from course.simulator.account import Account
from course.simulator.clock import SECOND
from course.simulator.errors import AwsError, validation_error
from tests.simulator.client import Client, to_json


@pytest.mark.parametrize(
    ("operation", "milliseconds"),
    [
        ("PutRecord", 8),
        ("PutRecords", 20),
        ("GetRecords", 10),
        ("GetShardIterator", 8),
        ("ListStreams", 25),
        ("Nonsense", 25),
    ],
)
def test_every_attempt_takes_its_time_also_a_refused_one(
    client: Client, operation: str, milliseconds: int
) -> None:
    """Ours (course/facts.toml, [latency]): a polling loop without a sleep must end as well."""
    started = client.clock.now
    reply = client.attempt(operation, b"nonsense" if operation != "ListStreams" else {})
    assert client.clock.now == started + milliseconds * 1_000
    assert reply.now == client.clock.now


def test_a_reply_is_an_http_answer(client: Client) -> None:
    reply = client.attempt("ListStreams", {})
    assert reply.status == 200
    assert reply.headers["x-amzn-RequestId"] == reply.request_id
    assert reply.headers["x-course-now"] == str(client.clock.now)
    assert json.loads(reply.body)["StreamNames"] == []


def test_an_operation_without_output_answers_with_an_empty_body(client: Client) -> None:
    """Recorded by kinesalite (`res.body.should.equal('')`)."""
    reply = client.attempt("CreateStream", {"StreamName": "orders", "ShardCount": 1})
    assert (reply.status, reply.body, reply.answer) == (200, b"", {})


def test_a_refusal_is_a_400_with_type_and_message(client: Client) -> None:
    reply = client.attempt("DeleteStream", {"StreamName": "orders"})
    assert reply.status == 400
    assert json.loads(reply.body) == {
        "__type": "ResourceNotFoundException",
        "message": "Stream orders under account 123456789012 not found.",
    }


def test_request_ids_differ_and_repeat_in_the_next_run() -> None:
    runs = []
    for _ in range(2):
        client = Client()
        runs.append([client.attempt("ListStreams", {}).request_id for _ in range(3)])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 3


def test_an_operation_of_the_model_that_is_not_played_says_so(client: Client) -> None:
    reply = client.attempt("ListQueues", {})
    assert reply.error is not None
    assert reply.error.code == "UnknownOperationException"
    assert "ListQueues" in str(reply.error.message)


def test_accounts_share_nothing() -> None:
    one, two = Client(Account()), Client(Account())
    one.create()
    assert two.call("ListStreams")["StreamNames"] == []


def test_problems_are_counted() -> None:
    assert validation_error("a").message == "1 validation error detected: a"
    assert validation_error("a", "b").message == "2 validation errors detected: a; b"


# Every answer has the shape that the model gives it: else the two lanes of boto3 would differ.


def conforms(value: Any, shape: Shape, path: str) -> None:
    match shape:
        case StructureShape():
            assert isinstance(value, dict), path
            assert value.keys() <= shape.members.keys(), path
            assert set(shape.required_members) <= value.keys(), path
            for name, each in value.items():
                conforms(each, shape.members[name], f"{path}.{name}")
        case ListShape():
            assert isinstance(value, list), path
            for each in value:
                conforms(each, shape.member, path)
        case MapShape():
            assert isinstance(value, dict), path
        case _:
            kinds = {"string": str, "integer": int, "long": int, "boolean": bool, "blob": bytes}
            if shape.type_name == "timestamp":
                assert value.utcoffset() is not None, path
            else:
                assert type(value) is kinds[shape.type_name], path
            limits = shape.metadata
            if isinstance(value, str | bytes):
                size = len(value)
                assert limits.get("min", size) <= size <= limits.get("max", size), path
            assert value in limits.get("enum", [value]), path


# Random programs of bad and good calls


def valid_requests(client: Client, rng: random.Random) -> dict[str, dict[str, Any]]:
    """For each operation a request that may well go through."""
    stream = {"StreamName": rng.choice(["orders", "orders", "clicks", "young"])}
    shard = f"shardId-{rng.randrange(6):012d}"
    entry = {"Data": b"x" * rng.choice([0, 1, 100_000]), "PartitionKey": rng.choice("abc")}
    now = client.clock.now / SECOND
    return {
        "CreateStream": {"StreamName": rng.choice(["young", "new"]), "ShardCount": 2},
        "DeleteStream": {"StreamName": rng.choice(["young", "new"])},
        "DescribeStream": {**stream, "Limit": 5, "ExclusiveStartShardId": shard},
        "DescribeStreamSummary": stream,
        "ListStreams": {"Limit": 2, "ExclusiveStartStreamName": "c", "NextToken": TOKENS["page"]},
        "ListShards": {
            **stream,
            "MaxResults": 2,
            "ExclusiveStartShardId": shard,
            "StreamCreationTimestamp": now,
            "ShardFilter": {
                "Type": rng.choice(["AT_LATEST", "AT_TIMESTAMP", "AFTER_SHARD_ID"]),
                "ShardId": shard,
                "Timestamp": now - 100,
            },
        },
        "PutRecord": {
            **stream,
            **entry,
            "ExplicitHashKey": str(rng.getrandbits(128)),
            "SequenceNumberForOrdering": TOKENS["number"],
        },
        "PutRecords": {**stream, "Records": [entry] * rng.randrange(1, 4)},
        "GetShardIterator": {
            **stream,
            "ShardId": shard,
            "ShardIteratorType": rng.choice(["LATEST", "AT_TIMESTAMP", "AT_SEQUENCE_NUMBER"]),
            "StartingSequenceNumber": TOKENS["number"],
            "Timestamp": now,
        },
        "GetRecords": {"ShardIterator": TOKENS["iterator"], "Limit": 5},
        "SplitShard": {**stream, "ShardToSplit": shard, "NewStartingHashKey": "12345"},
        "MergeShards": {**stream, "ShardToMerge": shard, "AdjacentShardToMerge": shard},
        "UpdateShardCount": {
            **stream,
            "TargetShardCount": rng.randrange(1, 5),
            "ScalingType": "UNIFORM_SCALING",
        },
        "IncreaseStreamRetentionPeriod": {**stream, "RetentionPeriodHours": rng.randrange(20, 60)},
        "DecreaseStreamRetentionPeriod": {**stream, "RetentionPeriodHours": rng.randrange(20, 60)},
        "EnableEnhancedMonitoring": {**stream, "ShardLevelMetrics": ["ALL"]},
        "DisableEnhancedMonitoring": {
            **stream,
            "ShardLevelMetrics": rng.sample(["IncomingBytes", "OutgoingBytes"], 2),
        },
    }


TOKENS = {
    "iterator": "AAAA",
    "page": "AAAA",
    "number": "49590338271490256608559692538361571095921575989136588898",
}
STRANGE: list[Any] = [
    None, True, False, 0, 1, -1, 3, 10**12, 2**63, 2**64, -(10**30), 10**4_000, 1.5, -0.0, 1e300,
    "", "x", "é", "\ud800", "\x00", "0", "007", "9" * 39, "9" * 129, "1e5", "x" * 600, "orders",
    "clicks", "shardId-000000000000", "LATEST", "AT_TIMESTAMP",
    "arn:aws:kinesis:x:123456789012:stream/orders",
    [], [None], [1], [[]], [{}], {}, {"Type": "AT_LATEST"}, {"x": {"y": []}}, b"", b"data",
]  # fmt: skip


def mutate(request: Any, rng: random.Random) -> Any:
    """The request with one thing somewhere in it changed, dropped or added."""
    if isinstance(request, dict) and request and rng.random() < 0.9:
        copy = dict(request)
        name = rng.choice(list(copy))
        change = rng.random()
        if change < 0.25:
            del copy[name]
        elif change < 0.6:
            copy[name] = rng.choice(STRANGE)
        elif change < 0.7:
            copy[rng.choice(["StreamARN", "StreamId", "NextToken", "DryRun", "Nonsense"])] = (
                rng.choice(STRANGE)
            )
        else:
            copy[name] = mutate(copy[name], rng)
        return copy
    if isinstance(request, list) and request and rng.random() < 0.9:
        place = rng.randrange(len(request))
        return [*request[:place], mutate(request[place], rng), *request[place + 1 :]]
    if isinstance(request, str) and request and rng.random() < 0.5:
        place = rng.randrange(len(request))
        return request[:place] + rng.choice(["", "é", "0", "=", "x" * 200]) + request[place + 1 :]
    return rng.choice(STRANGE)


def body_of(request: Any, rng: random.Random) -> bytes:
    body = to_json(request)
    if rng.random() < 0.1:
        place = rng.randrange(len(body) + 1)
        noise = rng.choice([b"", b"\xff", b"{", b'"', b"\x00", b"NaN", b"}"])
        body = body[:place] + noise + body[place + rng.randrange(3) :]
    return body


def holdings(account: Account) -> list[tuple[Any, ...]]:
    """What a refused call must not change, and what no event changes by itself."""
    return [
        (stream.name, stream.retention_hours, sum(shard.written[0] for shard in stream.shards))
        for stream in account.streams().all()
        if stream.name in ("orders", "clicks")
    ]


def remember(answer: dict[str, Any]) -> None:
    TOKENS["iterator"] = answer.get("ShardIterator", TOKENS["iterator"])
    TOKENS["iterator"] = answer.get("NextShardIterator", TOKENS["iterator"])
    TOKENS["page"] = answer.get("NextToken", TOKENS["page"])
    TOKENS["number"] = answer.get("SequenceNumber", TOKENS["number"])


def play(seed: int, calls: int) -> set[str]:
    """A program of `calls` calls, about half of them bad; the outcomes that were seen."""
    rng = random.Random(seed)
    client = Client()
    client.create(shards=3)
    client.create("clicks", shards=1)
    seen = set()
    model = wire.service_model("kinesis")
    for number in range(calls):
        operation, request = rng.choice(list(valid_requests(client, rng).items()))
        # Most requests of the table say too much at once: keep some members.
        request = {name: value for name, value in request.items() if rng.random() < 0.8}
        for _ in range(rng.choice([0, 0, 1, 1, 2])):
            request = mutate(request, rng)
        if rng.random() < 0.01:
            operation = rng.choice(["Nonsense", "", "SubscribeToShard", "DescribeLimits"])
        body = body_of(request, rng)
        before = holdings(client.account)
        logged = len(client.account.calls.attempts)
        try:
            reply = client.account.execute("kinesis", operation, body)
        except Exception as error:
            raise AssertionError(f"{operation} {body[:2_000]!r} (seed {seed}, {number})") from error
        assert len(client.account.calls.attempts) == logged + 1
        seen.add(client.account.calls.attempts[-1].outcome)
        if reply.error is not None:
            assert holdings(client.account) == before, (operation, body[:2_000])
            json.loads(reply.body)
        else:
            assert reply.answer is not None
            shape = model.operation_model(operation).output_shape
            if shape is None:
                assert reply.answer == {}
            else:
                conforms(reply.answer, shape, operation)
            wire.encode(reply.answer)
            remember(reply.answer)
        client.clock.sleep(rng.choice([0, 0, SECOND // 4, 10 * SECOND]))
    return seen


EXPECTED = {
    "ok",
    "SerializationException",
    "ValidationException",
    "InvalidArgumentException",
    "ResourceNotFoundException",
    "ResourceInUseException",
    "UnknownOperationException",
    "LimitExceededException",
}


def test_nothing_but_an_answer_or_an_aws_error_ever_comes_out() -> None:
    seen = set()
    for seed in range(16):
        seen |= play(seed, 400)
    # The programs are worth something: they meet most of what can happen.
    assert seen >= EXPECTED


@pytest.mark.slow
def test_nor_in_a_long_run() -> None:
    for seed in range(1_000, 1_400):
        play(seed, 500)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.sampled_from(sorted(wire.operations("kinesis"))), st.binary(max_size=80))
def test_nor_from_any_bytes(operation: str, body: bytes) -> None:
    reply = Account().execute("kinesis", operation, body)
    assert (reply.answer is None) != (reply.error is None)


def test_data_is_stored_as_it_was_sent_and_not_as_the_client_holds_it(client: Client) -> None:
    client.create()
    body = json.dumps(
        {"StreamName": "orders", "PartitionKey": "k", "Data": b64encode(b"data").decode()}
    ).encode()
    assert client.account.execute("kinesis", "PutRecord", body).status == 200
    (record,) = client.page(client.iterator())["Records"]
    assert type(record["Data"]) is bytes
    assert record["Data"] == b"data"


def test_an_aws_error_without_a_message_has_none_on_the_wire() -> None:
    assert AwsError("X").document == {"__type": "X"}
    assert AwsError("X", "why").document == {"__type": "X", "message": "why"}
