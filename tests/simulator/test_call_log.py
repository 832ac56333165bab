"""The call log: one entry per attempt, one row per shard, written by the service itself."""

from __future__ import annotations

from course.simulator.call_log import COLUMNS
from course.simulator.clock import SECOND
from tests.simulator.client import LAST_HASH_KEY, Client

THROTTLED = "ProvisionedThroughputExceededException"
FIRST, LAST = "shardId-000000000000", "shardId-000000000001"


def rows(client: Client) -> list[dict[str, object]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in client.account.calls.rows()]


def test_the_columns_are_those_of_the_lab() -> None:
    """design.md: `lab.calls`."""
    assert COLUMNS == (
        "time",
        "call",
        "operation",
        "stream",
        "shard",
        "records",
        "bytes",
        "outcome",
    )


def test_a_call_is_a_row_with_the_moment_it_started(client: Client) -> None:
    client.create()
    before = len(rows(client))
    started = client.clock.now
    client.put("key", b"data")
    assert rows(client)[before:] == [
        {
            "time": started,
            "call": 2,
            "operation": "PutRecord",
            "stream": "orders",
            "shard": FIRST,
            "records": 1,
            "bytes": 7,
            "outcome": "ok",
        }
    ]


def test_put_records_has_a_row_for_each_shard_and_outcome(client: Client) -> None:
    client.create(shards=2)
    low = {"Data": b"x" * 400_000, "PartitionKey": "k", "ExplicitHashKey": "0"}
    high = {"Data": b"y", "PartitionKey": "k", "ExplicitHashKey": str(LAST_HASH_KEY)}
    client.call("PutRecords", StreamName="orders", Records=[low, high, low, low, high])
    touched = [
        (row["shard"], row["records"], row["bytes"], row["outcome"]) for row in rows(client)[-3:]
    ]
    assert touched == [
        (FIRST, 2, 800_002, "ok"),
        (LAST, 2, 4, "ok"),
        (FIRST, 1, 400_001, THROTTLED),
    ]
    assert len({row["call"] for row in rows(client)[-3:]}) == 1


def test_reads_tell_how_much_they_gave(client: Client) -> None:
    client.create()
    client.put("k", b"abc")
    client.page(client.iterator())
    got, read = rows(client)[-2:]
    assert (got["operation"], got["shard"], got["records"]) == ("GetShardIterator", FIRST, 0)
    assert (read["operation"], read["records"], read["bytes"]) == ("GetRecords", 1, 4)
    assert read["stream"] == "orders"


def test_refusals_are_entered_under_their_code(client: Client) -> None:
    client.create()
    client.refusal("PutRecord", StreamName="nobody", Data=b"x", PartitionKey="k")
    client.attempt("PutRecord", b"nonsense")
    client.attempt("Nonsense", {})
    client.put(data=b"x" * 1_000_000)
    client.refusal("PutRecord", StreamName="orders", Data=b"x" * 1_000_000, PartitionKey="k")
    assert [
        (row["operation"], row["stream"], row["shard"], row["outcome"]) for row in rows(client)
    ][1:] == [
        ("PutRecord", "nobody", None, "ResourceNotFoundException"),
        ("PutRecord", None, None, "SerializationException"),
        ("Nonsense", None, None, "UnknownOperationException"),
        ("PutRecord", "orders", FIRST, "ok"),
        ("PutRecord", "orders", FIRST, THROTTLED),
    ]


def test_the_request_is_kept_without_its_payload(client: Client) -> None:
    client.create()
    client.put("key", b"data")
    client.call(
        "PutRecords", StreamName="orders", Records=[{"Data": b"data", "PartitionKey": "key"}]
    )
    single, several = client.account.calls.attempts[-2:]
    assert single.request == {"StreamName": "orders", "PartitionKey": "key"}
    assert several.request == {"StreamName": "orders"}


def test_attempts_are_numbered_from_one_in_order(client: Client) -> None:
    client.create()
    for _ in range(5):
        client.put()
        client.clock.sleep(SECOND)
    attempts = client.account.calls.attempts
    assert [attempt.number for attempt in attempts] == [1, 2, 3, 4, 5, 6]
    assert [attempt.time for attempt in attempts] == sorted(attempt.time for attempt in attempts)
