"""PutRecord and PutRecords: sizes, places, throttles, texts.

Limits: API Reference, PutRecord and PutRecords (500 records and 10 MiB a request, keys included);
Developer Guide, large records (1 MiB a record by default, data and key together). Texts: recorded
by kinesalite and in issue threads of clients that print them (2015-2019); "ours" where none is
known.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.simulator.clock import HOUR, SECOND
from tests.simulator.client import LAST_HASH_KEY, Client, data_of

MIB = 1_048_576
THROTTLED = (
    "Rate exceeded for shard shardId-000000000000 in stream orders under account 123456789012."
)


def put_many(client: Client, entries: list[dict[str, Any]]) -> dict[str, Any]:
    return client.call("PutRecords", StreamName="orders", Records=entries)


def entry(data: bytes = b"x", key: str = "k", **more: Any) -> dict[str, Any]:
    return {"Data": data, "PartitionKey": key, **more}


# PutRecord


def test_a_record_comes_back_as_it_was_written(client: Client) -> None:
    client.create()
    answer = client.call("PutRecord", StreamName="orders", PartitionKey="Zoë", Data=b"\x00\xff")
    assert answer.keys() == {"ShardId", "SequenceNumber"}
    assert answer["ShardId"] == "shardId-000000000000"
    (record,) = client.page(client.iterator())["Records"]
    # No EncryptionType: the stream is not encrypted (recorded answers).
    assert record.keys() == {
        "SequenceNumber",
        "ApproximateArrivalTimestamp",
        "Data",
        "PartitionKey",
    }
    assert (record["Data"], record["PartitionKey"]) == (b"\x00\xff", "Zoë")
    assert record["SequenceNumber"] == answer["SequenceNumber"]


def test_empty_data_is_a_record(client: Client) -> None:
    client.create()
    client.put(data=b"")
    assert data_of(client.page(client.iterator())["Records"]) == [b""]


def test_the_streams_arn_does_as_well_as_its_name(client: Client) -> None:
    stream = client.create()
    assert stream.arn == "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
    client.call("PutRecord", StreamARN=stream.arn, PartitionKey="k", Data=b"x")
    client.call("PutRecord", StreamName="orders", StreamARN=stream.arn, PartitionKey="k", Data=b"y")
    assert data_of(client.page(client.iterator())["Records"]) == [b"x", b"y"]


def test_a_stream_must_be_named(client: Client) -> None:
    code, _ = client.refusal("PutRecord", PartitionKey="k", Data=b"x")
    assert code == "InvalidArgumentException"
    other = "arn:aws:kinesis:us-east-1:123456789012:stream/other"
    code, _ = client.refusal(
        "PutRecord", StreamName="orders", StreamARN=other, PartitionKey="k", Data=b"x"
    )
    assert code == "InvalidArgumentException"


@pytest.mark.parametrize("operation", ["PutRecord", "PutRecords"])
def test_an_unknown_stream_is_not_found(client: Client, operation: str) -> None:
    request = entry() if operation == "PutRecord" else {"Records": [entry()]}
    assert client.refusal(operation, StreamName="orders", **request) == (
        "ResourceNotFoundException",
        "Stream orders under account 123456789012 not found.",
    )


def test_a_stream_of_another_region_is_not_found(client: Client) -> None:
    client.create()
    abroad = Client(client.account, "eu-west-1")
    assert abroad.refusal("PutRecord", StreamName="orders", **entry())[0] == (
        "ResourceNotFoundException"
    )
    arn = client.stream().arn
    assert abroad.refusal("PutRecord", StreamARN=arn, **entry())[0] == "ResourceNotFoundException"


def test_a_stream_being_created_is_not_found_yet(client: Client) -> None:
    """Recorded by kinesalite (test/putRecord.js)."""
    client.call("CreateStream", StreamName="orders", ShardCount=1)
    assert client.refusal("PutRecord", StreamName="orders", **entry()) == (
        "ResourceNotFoundException",
        "Stream orders under account 123456789012 not found.",
    )


def test_a_stream_deleted_before_it_was_ready_takes_nothing(client: Client) -> None:
    """DELETING without ever having had a shard."""
    client.call("CreateStream", StreamName="orders", ShardCount=1)
    client.call("DeleteStream", StreamName="orders")
    for operation, request in (("PutRecord", entry()), ("PutRecords", {"Records": [entry()]})):
        assert client.refusal(operation, StreamName="orders", **request)[0] == (
            "ResourceNotFoundException"
        )


def test_a_stream_being_deleted_still_takes_records(client: Client) -> None:
    """API Reference, DeleteStream: it may go on until the deletion is complete."""
    client.create()
    client.call("DeleteStream", StreamName="orders")
    client.put()
    client.clock.sleep(60 * SECOND)
    assert client.refusal("PutRecord", StreamName="orders", **entry())[0] == (
        "ResourceNotFoundException"
    )


# Where a record goes


def test_three_keys_of_the_article_leave_three_shards_empty(client: Client) -> None:
    client.create(shards=4)
    for number in range(9):
        answer = client.call(
            "PutRecord", StreamName="orders", Data=b"x", PartitionKey=str(number % 3)
        )
        assert answer["ShardId"] == "shardId-000000000003"
    assert [len(shard) for shard in client.stream().shards] == [0, 0, 0, 9]


@pytest.mark.parametrize(
    ("explicit", "shard"),
    [
        ("0", "shardId-000000000000"),
        ("113427455640312821154458202477256070484", "shardId-000000000000"),
        ("113427455640312821154458202477256070485", "shardId-000000000001"),
        (str(LAST_HASH_KEY), "shardId-000000000002"),
    ],
)
def test_an_explicit_hash_key_overrides_the_key(client: Client, explicit: str, shard: str) -> None:
    client.create(shards=3)
    one = client.call("PutRecord", StreamName="orders", **entry(ExplicitHashKey=explicit))
    many = put_many(client, [entry(ExplicitHashKey=explicit), entry()])
    assert one["ShardId"] == many["Records"][0]["ShardId"] == shard


@pytest.mark.parametrize("operation", ["PutRecord", "PutRecords"])
def test_an_explicit_hash_key_off_the_ring_is_refused(client: Client, operation: str) -> None:
    client.create()
    bad = entry(ExplicitHashKey=str(LAST_HASH_KEY + 1))
    request = bad if operation == "PutRecord" else {"Records": [entry(), bad]}
    assert client.refusal(operation, StreamName="orders", **request) == (
        "InvalidArgumentException",
        "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
        "Specified value was 340282366920938463463374607431768211456",
    )
    assert len(client.stream().shards[0]) == 0


@pytest.mark.parametrize("explicit", ["", "-1", "01", "1.0", "0x10", " 1", "1\n", "1٢", "9" * 40])
def test_an_explicit_hash_key_must_be_plain_decimal(client: Client, explicit: str) -> None:
    client.create()
    code, message = client.refusal(
        "PutRecord", StreamName="orders", **entry(ExplicitHashKey=explicit)
    )
    assert code == "ValidationException"
    assert "'explicitHashKey' failed to satisfy constraint: Member must satisfy regular" in str(
        message
    )


# How big


@pytest.mark.parametrize("key", ["k", "é" * 100], ids=["ascii", "two bytes a letter"])
def test_a_record_counts_with_its_keys_utf8_bytes(client: Client, key: str) -> None:
    client.create()
    room = MIB - len(key.encode())
    client.put(key, b"x" * room)
    client.clock.sleep(SECOND)
    code, message = client.refusal(
        "PutRecord", StreamName="orders", Data=b"x" * (room + 1), PartitionKey=key
    )
    assert code == "ValidationException"
    assert message == (
        "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 "
        f"lim={room + 1} cap={room + 1}]' at 'data' failed to satisfy constraint: "
        "Member must have length less than or equal to 1048576"
    )


def test_one_oversized_record_refuses_the_whole_request(client: Client) -> None:
    client.create()
    code, message = client.refusal(
        "PutRecords", StreamName="orders", Records=[entry(), entry(b"x" * MIB)]
    )
    assert code == "ValidationException"
    assert "at 'records.2.member.data' failed" in str(message)
    assert len(client.stream().shards[0]) == 0


def test_five_hundred_records_are_a_request_and_501_are_not(client: Client) -> None:
    client.create()
    answer = put_many(client, [entry()] * 500)
    assert answer["FailedRecordCount"] == 0
    assert len(answer["Records"]) == 500
    code, message = client.refusal("PutRecords", StreamName="orders", Records=[entry()] * 501)
    assert code == "ValidationException"
    assert str(message).endswith(
        "at 'records' failed to satisfy constraint: "
        "Member must have length less than or equal to 500"
    )


def test_an_empty_request_is_refused(client: Client) -> None:
    """Recorded by kinesalite (test/putRecords.js)."""
    client.create()
    code, message = client.refusal("PutRecords", StreamName="orders", Records=[])
    assert code == "ValidationException"
    assert str(message).endswith(
        "at 'records' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1"
    )


def test_a_request_of_ten_mebibytes_with_keys_is_the_largest(client: Client) -> None:
    """10 MiB since October 2025; the text is ours, after the one about 5 MB."""
    client.create(shards=11)
    width = 2**128 // 11
    entries = [
        entry(b"x" * (MIB - 1), "k", ExplicitHashKey=str(width * shard)) for shard in range(10)
    ]
    answer = put_many(client, entries)
    assert answer["FailedRecordCount"] == 0
    client.clock.sleep(SECOND)
    extra = entry(b"", "k", ExplicitHashKey=str(width * 10))
    code, _ = client.refusal("PutRecords", StreamName="orders", Records=[*entries, extra])
    assert code == "InvalidArgumentException"


@pytest.mark.parametrize("length", [1, 256])
def test_a_key_has_one_to_256_characters(client: Client, length: int) -> None:
    client.create()
    client.put("é" * length)


def test_a_key_of_257_characters_is_refused(client: Client) -> None:
    client.create()
    code, message = client.refusal(
        "PutRecord", StreamName="orders", Data=b"x", PartitionKey="k" * 257
    )
    assert (code, message) == (
        "ValidationException",
        f"1 validation error detected: Value '{'k' * 257}' at 'partitionKey' failed to satisfy "
        "constraint: Member must have length less than or equal to 256",
    )
    code, _ = client.refusal("PutRecord", StreamName="orders", Data=b"x", PartitionKey="")
    assert code == "ValidationException"


@pytest.mark.parametrize("operation", ["PutRecord", "PutRecords"])
def test_a_key_must_be_given(client: Client, operation: str) -> None:
    client.create()
    request = {"Data": b"x"} if operation == "PutRecord" else {"Records": [{"Data": b"x"}]}
    code, message = client.refusal(operation, StreamName="orders", **request)
    assert code == "ValidationException"
    assert "artitionKey' failed to satisfy constraint: Member must not be null" in str(message)


@pytest.mark.parametrize("operation", ["PutRecord", "PutRecords"])
@pytest.mark.parametrize("key", ["\ud800", "ok\udfff"])
def test_half_a_surrogate_pair_is_no_key(client: Client, operation: str, key: str) -> None:
    """JSON can write it; UTF-8, and so MD5, cannot."""
    client.create()
    bad = entry(key=key)
    request = bad if operation == "PutRecord" else {"Records": [bad]}
    code, _ = client.refusal(operation, StreamName="orders", **request)
    assert code == "SerializationException"


# How fast


def test_the_1001st_record_of_a_second_is_refused(client: Client) -> None:
    """The bucket refills while the calls last, so two full requests use it up, and no less."""
    client.create()
    answers = [put_many(client, [entry()] * 500) for _ in range(3)]
    # 20 ms a call, as course/facts.toml models it: 20 records flow in per call.
    assert [answer["FailedRecordCount"] for answer in answers] == [0, 0, 460]
    last = answers[-1]["Records"]
    assert all("SequenceNumber" in each for each in last[:40])
    assert all(
        each == {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": THROTTLED}
        for each in last[40:]
    )
    assert len(client.stream().shards[0]) == 1_040


def test_a_throttled_put_record_is_an_error_and_stores_nothing(client: Client) -> None:
    client.create()
    client.put(data=b"x" * (MIB - 1))
    assert client.refusal("PutRecord", StreamName="orders", **entry(b"x" * 100_000)) == (
        "ProvisionedThroughputExceededException",
        THROTTLED,
    )
    assert len(client.stream().shards[0]) == 1


def test_a_big_record_fails_between_small_ones_that_pass(client: Client) -> None:
    client.create()
    entries = [entry(b"a" * 600_000), entry(b"b" * 600_000), entry(b"c"), entry(b"d" * 400_000)]
    answer = put_many(client, entries)
    assert answer["FailedRecordCount"] == 1
    assert ["ErrorCode" in each for each in answer["Records"]] == [False, True, False, False]
    stored = [data[:1] for data in client.stream().shards[0].payloads()]
    assert stored == [b"a", b"c", b"d"]


def test_a_hot_shard_leaves_its_neighbours_alone(client: Client) -> None:
    client.create(shards=2)
    hot, cold = entry(ExplicitHashKey="0"), entry(ExplicitHashKey=str(LAST_HASH_KEY))
    for _ in range(3):
        answer = put_many(client, [hot] * 400 + [cold] * 100)
    failed = ["ErrorCode" in each for each in answer["Records"]]
    assert any(failed[:400])
    assert not any(failed[400:])


def test_each_shard_of_a_split_has_its_own_full_budget(client: Client) -> None:
    client.create()
    for _ in range(3):
        put_many(client, [entry()] * 500)
    client.call(
        "SplitShard",
        StreamName="orders",
        ShardToSplit="shardId-000000000000",
        NewStartingHashKey=str(2**127),
    )
    client.settle()
    half = [entry(ExplicitHashKey="0"), entry(ExplicitHashKey=str(LAST_HASH_KEY))] * 250
    for _ in range(4):
        assert put_many(client, half)["FailedRecordCount"] == 0


@settings(max_examples=40, derandomize=True, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 400),
            st.lists(
                st.tuples(st.sampled_from("abcdefgh"), st.sampled_from([0, 10, 1_000, 150_000])),
                min_size=1,
                max_size=30,
            ),
        ),
        max_size=8,
    )
)
def test_what_is_answered_is_what_is_stored(
    batches: list[tuple[int, list[tuple[str, int]]]],
) -> None:
    """Every entry is either stored once with the number it got, or refused and not there."""
    client = Client()
    client.create(shards=3)
    promised: dict[str, list[tuple[str, bytes]]] = {}
    for turn, (pause, batch) in enumerate(batches):
        client.clock.sleep(pause * 1_000)
        entries = [
            entry(f"{turn}/{place}/".encode() + b"." * size, key)
            for place, (key, size) in enumerate(batch)
        ]
        answer = put_many(client, entries)
        assert len(answer["Records"]) == len(entries)
        refused = 0
        for sent, got in zip(entries, answer["Records"], strict=True):
            if "ErrorCode" in got:
                assert got.keys() == {"ErrorCode", "ErrorMessage"}
                refused += 1
            else:
                assert got.keys() == {"SequenceNumber", "ShardId"}
                promised.setdefault(got["ShardId"], []).append(
                    (got["SequenceNumber"], sent["Data"])
                )
        assert answer["FailedRecordCount"] == refused
    for shard in client.stream().shards:
        records, _ = client.drain(client.iterator(shard.shard_id))
        assert [(record["SequenceNumber"], record["Data"]) for record in records] == (
            promised.get(shard.shard_id, [])
        )


# Order


def test_sequence_numbers_grow_and_are_not_consecutive(client: Client) -> None:
    client.create()
    numbers = [int(client.put()) for _ in range(50)]
    numbers += [int(each["SequenceNumber"]) for each in put_many(client, [entry()] * 50)["Records"]]
    assert all(right > left + 1 for left, right in itertools.pairwise(numbers))
    assert {len(str(number)) for number in numbers} == {56}


def test_a_number_for_ordering_may_be_any_of_this_stream(client: Client) -> None:
    client.create(shards=2)
    first = client.put(ExplicitHashKey="0")
    second = client.put(SequenceNumberForOrdering=first, ExplicitHashKey=str(LAST_HASH_KEY))
    client.put(SequenceNumberForOrdering=second)


@pytest.mark.parametrize(
    "number", ["0", "5", "49590338271490256608559692538361571095921575989136588898"]
)
def test_a_number_for_ordering_from_elsewhere_is_refused(client: Client, number: str) -> None:
    client.create()
    assert client.refusal(
        "PutRecord", StreamName="orders", SequenceNumberForOrdering=number, **entry()
    ) == (
        "InvalidArgumentException",
        f"ExclusiveMinimumSequenceNumber {number} used in PutRecord on stream orders "
        "under account 123456789012 is invalid.",
    )
    assert len(client.stream().shards[0]) == 0


def test_a_number_for_ordering_from_a_stream_that_was_made_anew_is_refused(client: Client) -> None:
    client.create()
    number = client.put()
    client.call("DeleteStream", StreamName="orders")
    client.clock.sleep(HOUR)
    client.create()
    code, _ = client.refusal(
        "PutRecord", StreamName="orders", SequenceNumberForOrdering=number, **entry()
    )
    assert code == "InvalidArgumentException"


def test_a_dry_run_writes_nothing(client: Client) -> None:
    """API Reference, PutRecord: DryRun checks whether the request would succeed."""
    client.create()
    assert client.refusal("PutRecord", StreamName="orders", DryRun=True, **entry())[0] == (
        "DryRunOperationException"
    )
    code, _ = client.refusal("PutRecords", StreamName="orders", DryRun=True, Records=[entry()])
    assert code == "DryRunOperationException"
    assert len(client.stream().shards[0]) == 0
    client.call("PutRecord", StreamName="orders", DryRun=False, **entry())


def test_the_film_shows_every_attempt_record_by_record(client: Client) -> None:
    """Pictures are drawn from it."""
    from collections import deque

    stream = client.create()
    streams = client.account.streams()
    streams.film = deque()
    started = client.clock.now
    client.put("a", b"xy")
    put_many(client, [entry(b"z" * (MIB - 10), "b"), entry(b"w" * 100, "c", ExplicitHashKey="7")])
    shard = stream.shards[0]
    first, *rest = streams.film
    assert first == (started, shard, "a", None, 3, "ok")
    # 8 ms have refilled a little more than the first record took: the bucket is full again.
    assert [written[1:] for written in rest] == [
        (shard, "b", None, MIB - 9, "ok"),
        (shard, "c", "7", 101, "ProvisionedThroughputExceededException"),
    ]
