"""Faults: each does what it says, to the stream it names, and wears off."""

from __future__ import annotations

from typing import Any

import pytest

from course.simulator.clock import MINUTE, SECOND
from course.simulator.faults import INTERNAL_FAILURE, THROTTLED
from tests.simulator.client import LAST_HASH_KEY, Client, data_of

THROTTLED_WRITE = (
    "ProvisionedThroughputExceededException",
    "Rate exceeded for shard shardId-000000000000 in stream orders under account 123456789012.",
)


def entries(count: int) -> list[dict[str, Any]]:
    return [{"Data": str(number).encode(), "PartitionKey": "k"} for number in range(count)]


def put_many(client: Client, count: int, name: str = "orders") -> list[bool]:
    """Which of `count` entries failed."""
    answer = client.call("PutRecords", StreamName=name, Records=entries(count))
    return ["ErrorCode" in each for each in answer["Records"]]


# throttle


def test_a_throttled_stream_refuses_reads_and_writes_for_a_while(client: Client) -> None:
    client.create(shards=2)
    client.put()
    token = client.iterator()
    start = client.clock.now
    client.account.faults.throttle("orders", None, 10 * SECOND)
    for _ in range(3):
        assert (
            client.refusal(
                "PutRecord", StreamName="orders", Data=b"x", PartitionKey="k", ExplicitHashKey="0"
            )
            == THROTTLED_WRITE
        )
        assert client.refusal("GetRecords", ShardIterator=token)[0] == THROTTLED
        assert put_many(client, 3) == [True] * 3
    assert client.call("ListShards", StreamName="orders")["Shards"]
    client.clock.advance_to(start + 10 * SECOND)
    client.put()
    client.page(token)


def test_a_throttled_shard_leaves_the_others_alone(client: Client) -> None:
    client.create(shards=2)
    client.account.faults.throttle("orders", "shardId-000000000000", 10 * SECOND)
    client.put(ExplicitHashKey=str(LAST_HASH_KEY))
    client.page(client.iterator(1))
    assert (
        client.refusal(
            "PutRecord", StreamName="orders", Data=b"x", PartitionKey="k", ExplicitHashKey="0"
        )
        == THROTTLED_WRITE
    )
    client.create("other")
    client.put(name="other")


def test_what_a_throttle_refuses_uses_no_budget(client: Client) -> None:
    client.create()
    client.account.faults.throttle("orders", None, SECOND // 100)
    assert put_many(client, 500) == [True] * 500
    client.clock.sleep(SECOND // 100)
    assert not any(put_many(client, 500) + put_many(client, 500))


# fail_entries


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (THROTTLED, THROTTLED_WRITE[1]),
        # API Reference, PutRecordsResultEntry.
        (INTERNAL_FAILURE, "Internal Service Failure"),
    ],
)
def test_chosen_entries_fail(client: Client, code: str, message: str) -> None:
    client.create()
    client.account.faults.fail_entries("orders", [1, 3], 1, code)
    answer = client.call("PutRecords", StreamName="orders", Records=entries(5))
    assert answer["FailedRecordCount"] == 2
    failed = {"ErrorCode": code, "ErrorMessage": message}
    assert [each == failed for each in answer["Records"]] == [False, True, False, True, False]
    assert client.stream().shards[0].payloads() == [b"0", b"2", b"4"]
    assert put_many(client, 5) == [False] * 5


def test_entries_fail_as_often_as_they_were_told_to(client: Client) -> None:
    client.create()
    client.create("other")
    client.account.faults.fail_entries("orders", [0], 2, THROTTLED)
    client.account.faults.fail_entries("orders", [2], 1, THROTTLED)
    assert put_many(client, 3, "other") == [False] * 3
    assert put_many(client, 3) == [True, False, False]
    assert put_many(client, 3) == [True, False, False]
    assert put_many(client, 3) == [False, False, True]
    assert put_many(client, 3) == [False] * 3


def test_an_entry_that_is_not_there_cannot_fail(client: Client) -> None:
    client.create()
    client.account.faults.fail_entries("orders", [7], 1, THROTTLED)
    assert put_many(client, 3) == [False] * 3


def test_a_refused_request_leaves_the_plan_alone(client: Client) -> None:
    client.create()
    client.account.faults.fail_entries("orders", [0], 1, THROTTLED)
    assert client.attempt("PutRecords", {"StreamName": "orders", "Records": []}).error
    assert put_many(client, 2) == [True, False]


# time_out_after_write


@pytest.mark.parametrize("operation", ["PutRecord", "PutRecords"])
def test_a_lost_answer_means_a_stored_record(client: Client, operation: str) -> None:
    client.create()
    client.account.faults.time_out_after_write("orders", 2)
    request: dict[str, Any] = {"StreamName": "orders"}
    request |= entries(1)[0] if operation == "PutRecord" else {"Records": entries(1)}
    started = client.clock.now
    reply = client.attempt(operation, request)
    assert reply.timed_out
    assert (reply.answer, reply.error) == (None, None)
    # botocore's default read timeout is 60 seconds; the client waits that long.
    assert client.clock.now == started + 60 * SECOND
    assert client.attempt(operation, request).timed_out
    assert not client.attempt(operation, request).timed_out
    assert client.stream().shards[0].payloads() == [b"0"] * 3
    assert [attempt.outcome for attempt in client.account.calls.attempts[-3:]] == [
        "TimedOut",
        "TimedOut",
        "ok",
    ]


def test_a_throttled_write_loses_no_answer(client: Client) -> None:
    client.create()
    client.account.faults.time_out_after_write("orders", 1)
    client.account.faults.throttle("orders", None, SECOND // 1_000)
    assert client.refusal("PutRecord", StreamName="orders", **entries(1)[0]) == THROTTLED_WRITE
    assert client.attempt("PutRecord", {"StreamName": "orders", **entries(1)[0]}).timed_out


# expire_iterators


def test_iterators_given_out_before_expire(client: Client) -> None:
    client.create()
    client.create("other")
    old, others = client.iterator(), client.iterator(name="other")
    client.account.faults.expire_iterators("orders")
    code, message = client.refusal("GetRecords", ShardIterator=old)
    assert code == "ExpiredIteratorException"
    assert str(message).startswith("Iterator expired. The iterator was created at time ")
    client.page(others)
    client.page(client.page(client.iterator())["NextShardIterator"])


# idle


def test_an_idle_shard_gives_empty_pages_and_skips_nothing(client: Client) -> None:
    client.create()
    client.put(data=b"0")
    client.account.faults.idle("orders", "shardId-000000000000", 10 * SECOND)
    token = client.iterator()
    for _ in range(5):
        page = client.page(token)
        assert page["Records"] == []
        assert page["MillisBehindLatest"] > 0
        token = page["NextShardIterator"]
    client.put(data=b"1")
    client.clock.sleep(10 * SECOND)
    assert data_of(client.page(token)["Records"]) == [b"0", b"1"]


def test_an_idle_closed_shard_does_not_end_before_it_was_read(client: Client) -> None:
    client.create()
    client.put(data=b"0")
    client.call("SplitShard", StreamName="orders", ShardToSplit="0", NewStartingHashKey=str(2**127))
    client.settle()
    client.account.faults.idle("orders", None, MINUTE)
    page = client.page(client.iterator())
    assert (page["Records"], "ChildShards" in page) == ([], False)
    client.clock.sleep(MINUTE)
    page = client.page(page["NextShardIterator"])
    assert data_of(page["Records"]) == [b"0"]
    assert len(page["ChildShards"]) == 2


def test_a_second_plan_does_not_cut_the_first_one_short(client: Client) -> None:
    client.create()
    faults = client.account.faults
    faults.throttle("orders", None, 10 * SECOND)
    faults.throttle("orders", None, SECOND)
    faults.idle("orders", None, 10 * SECOND)
    faults.idle("orders", None, SECOND)
    client.clock.sleep(5 * SECOND)
    shard = client.stream().shards[0]
    assert faults.throttles(client.stream(), shard)
    assert faults.idles(client.stream(), shard)
