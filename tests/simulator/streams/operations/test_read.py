"""GetShardIterator and GetRecords.

Rules: API Reference of both. Texts: recorded by kinesalite; the throttle text of GetRecords as
clients printed it in 2023 and 2025 (risingwave issue 7453, KCL issue 1521).
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.simulator.account import Account
from course.simulator.clock import HOUR, MILLISECOND, MINUTE, SECOND
from tests.simulator.client import LAST_HASH_KEY, Client, data_of

MIB = 1_048_576
READ_THROTTLED = (
    "ProvisionedThroughputExceededException",
    "Rate exceeded for Shard - 123456789012/orders/shardId-000000000000",
)


def fill(client: Client, count: int, size: int = 1) -> list[str]:
    """`count` records, one a second; their sequence numbers."""
    numbers = []
    for number in range(count):
        numbers.append(client.put(data=f"{number:0{size}d}".encode()))
        client.clock.sleep(SECOND)
    return numbers


def texts(page: dict[str, Any]) -> list[int]:
    return [int(data) for data in data_of(page["Records"])]


# The five kinds of iterator


def test_trim_horizon_is_the_oldest_record(client: Client) -> None:
    client.create()
    fill(client, 3)
    assert texts(client.page(client.iterator(kind="TRIM_HORIZON"))) == [0, 1, 2]


def test_latest_is_after_the_newest_record(client: Client) -> None:
    client.create()
    fill(client, 3)
    token = client.iterator(kind="LATEST")
    assert texts(client.page(token)) == []
    client.put(data=b"3")
    assert texts(client.page(token)) == [3]


def test_at_and_after_a_sequence_number(client: Client) -> None:
    client.create()
    numbers = fill(client, 4)
    for place, number in enumerate(numbers):
        at = client.iterator(kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=number)
        assert texts(client.page(at)) == list(range(place, 4))
        after = client.iterator(kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=number)
        assert texts(client.page(after)) == list(range(place + 1, 4))


def test_the_shards_own_first_and_last_numbers_are_good_starts(client: Client) -> None:
    client.create()
    fill(client, 2)
    split(client)
    parent = client.shards()[0]["SequenceNumberRange"]
    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        start = client.iterator(kind=kind, StartingSequenceNumber=parent["StartingSequenceNumber"])
        assert texts(client.page(start)) == [0, 1]
        end = client.iterator(kind=kind, StartingSequenceNumber=parent["EndingSequenceNumber"])
        page = client.page(end)
        assert page["Records"] == []
        assert "NextShardIterator" not in page


def test_at_timestamp_is_the_first_record_not_older(client: Client) -> None:
    client.create()
    start = client.clock.now
    fill(client, 4)
    (first, second, *_), _ = client.drain(client.iterator())
    moments = [each["ApproximateArrivalTimestamp"].timestamp() for each in (first, second)]
    for moment, expected in [
        (moments[0], 0),
        (moments[0] + 0.001, 1),
        (moments[1], 1),
        (moments[1] - 0.001, 1),
        (0, 0),
        (-1e9, 0),
        (start / SECOND - 3_600, 0),
        (client.clock.now / SECOND, None),
    ]:
        client.clock.sleep(SECOND)
        token = client.iterator(kind="AT_TIMESTAMP", Timestamp=moment)
        page = client.page(token)
        assert texts(page) == ([] if expected is None else list(range(expected, 4)))


def test_at_a_timestamp_older_than_the_horizon_is_the_horizon(client: Client) -> None:
    client.create()
    start = client.clock.now / SECOND
    fill(client, 2)
    client.clock.sleep(23 * HOUR)
    client.put(data=b"2")
    client.clock.sleep(2 * HOUR)
    token = client.iterator(kind="AT_TIMESTAMP", Timestamp=start)
    assert texts(client.page(token)) == [2]


@pytest.mark.parametrize(
    "ahead", [0.001, 3_600, 1e12, 1e300, pytest.param(int("9" * 4_300), id="4300 digits")]
)
def test_at_a_timestamp_in_the_future_is_refused(client: Client, ahead: float) -> None:
    client.create()
    moment = ahead if ahead > 1e9 else client.clock.now / SECOND + ahead
    code, _ = client.refusal(
        "GetShardIterator",
        StreamName="orders",
        ShardId="shardId-000000000000",
        ShardIteratorType="AT_TIMESTAMP",
        Timestamp=moment,
    )
    assert code in ("InvalidArgumentException", "SerializationException")


def test_at_timestamp_needs_a_timestamp(client: Client) -> None:
    client.create()
    code, _ = client.refusal(
        "GetShardIterator",
        StreamName="orders",
        ShardId="shardId-000000000000",
        ShardIteratorType="AT_TIMESTAMP",
    )
    assert code == "InvalidArgumentException"


@pytest.mark.parametrize(
    ("kind", "number", "said"),
    [
        ("AT_SEQUENCE_NUMBER", None, "AT_SEQUENCE_NUMBER and no"),
        ("AFTER_SEQUENCE_NUMBER", None, "AFTER_SEQUENCE_NUMBER and no"),
        ("LATEST", "5", "LATEST and also a"),
        ("TRIM_HORIZON", "5", "TRIM_HORIZON and also a"),
    ],
)
def test_a_kind_and_a_number_must_fit(
    client: Client, kind: str, number: str | None, said: str
) -> None:
    """Recorded by kinesalite (test/getShardIterator.js)."""
    client.create()
    more = {} if number is None else {"StartingSequenceNumber": number}
    assert client.refusal(
        "GetShardIterator",
        StreamName="orders",
        ShardId="shardId-0",
        ShardIteratorType=kind,
        **more,
    ) == (
        "InvalidArgumentException",
        "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and "
        "StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. "
        f"Request specified {said} StartingSequenceNumber.",
    )


# Which shard


@pytest.mark.parametrize("name", ["shardId-000000000000", "shardId-0", "shard-0", "0", "x-000"])
def test_a_shard_may_be_named_loosely(client: Client, name: str) -> None:
    """Recorded by kinesalite: AWS reads the number after the hyphen."""
    client.create()
    assert client.page(client.iterator(name))["Records"] == []


@pytest.mark.parametrize("name", ["shardId-000000000005", "shardId-5", "5", "a-2147483647"])
def test_a_shard_that_is_not_there_does_not_exist(client: Client, name: str) -> None:
    """Recorded by kinesalite: the text names the shard in full."""
    client.create()
    index = int(name.rpartition("-")[2])
    assert client.refusal(
        "GetShardIterator", StreamName="orders", ShardId=name, ShardIteratorType="LATEST"
    ) == (
        "ResourceNotFoundException",
        f"Shard shardId-{index:012d} in stream orders under account 123456789012 does not exist",
    )


@pytest.mark.parametrize(
    "name", ["ABKLFD8", "shardId-", "2.14E4", "shardId-002147483648", "9" * 128, "-"]
)
def test_a_name_without_a_number_is_not_found(client: Client, name: str) -> None:
    """Recorded by kinesalite: the text repeats what was asked."""
    client.create()
    assert client.refusal(
        "GetShardIterator", StreamName="orders", ShardId=name, ShardIteratorType="LATEST"
    ) == (
        "ResourceNotFoundException",
        f"Could not find shard {name} in stream orders under account 123456789012.",
    )


def test_an_unknown_stream_has_no_shards(client: Client) -> None:
    code, _ = client.refusal(
        "GetShardIterator", StreamName="orders", ShardId="0", ShardIteratorType="LATEST"
    )
    assert code == "ResourceNotFoundException"


def test_a_stream_being_created_has_no_shards_yet(client: Client) -> None:
    client.call("CreateStream", StreamName="orders", ShardCount=1)
    code, _ = client.refusal(
        "GetShardIterator", StreamName="orders", ShardId="0", ShardIteratorType="LATEST"
    )
    assert code == "ResourceNotFoundException"


# Numbers that do not belong


def refused_number(client: Client, number: str, shard: int = 0) -> tuple[str, str | None]:
    return client.refusal(
        "GetShardIterator",
        StreamName="orders",
        ShardId=f"shardId-{shard:012d}",
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        StartingSequenceNumber=number,
    )


def test_a_number_of_another_shard_is_refused(client: Client) -> None:
    client.create(shards=2)
    number = client.put(ExplicitHashKey=str(LAST_HASH_KEY))
    assert refused_number(client, number) == (
        "InvalidArgumentException",
        "Invalid StartingSequenceNumber. It encodes shardId-000000000001, while it was used in "
        "a call to a shard with shardId-000000000000",
    )


def test_a_number_of_another_stream_is_refused(client: Client) -> None:
    client.create()
    client.clock.sleep(MINUTE)
    client.create("other")
    number = client.put(name="other")
    assert refused_number(client, number) == (
        "InvalidArgumentException",
        f"StartingSequenceNumber {number} used in GetShardIterator on shard shardId-000000000000 "
        "in stream orders under account 123456789012 is invalid because it did not come from "
        "this stream.",
    )


def test_a_number_that_says_nothing_is_refused(client: Client) -> None:
    client.create()
    number = str(int("20000000000800000000000000000000000000000000002", 16))
    assert refused_number(client, number) == (
        "InvalidArgumentException",
        f"StartingSequenceNumber {number} used in GetShardIterator on shard shardId-000000000000 "
        "in stream orders under account 123456789012 is invalid.",
    )


def test_a_number_of_the_future_waits_at_the_tip(client: Client) -> None:
    """It may be well formed and yet not given out: nothing may be skipped."""
    stream = client.create()
    fill(client, 2)
    ahead = stream.shards[0].numbering.number(1_000, client.clock.now)
    token = client.iterator(kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=ahead)
    client.put(data=b"2")
    assert texts(client.page(token)) == [2]


# Pages


def test_a_page_has_at_most_limit_records_and_the_next_goes_on(client: Client) -> None:
    client.create()
    fill(client, 5)
    first = client.page(client.iterator(), Limit=2)
    assert texts(first) == [0, 1]
    second = client.page(first["NextShardIterator"], Limit=2)
    assert texts(second) == [2, 3]
    # The same iterator gives the same page again.
    assert texts(client.page(first["NextShardIterator"], Limit=2)) == [2, 3]


def test_ten_thousand_records_are_a_page_by_default(client: Client) -> None:
    client.create()
    for _ in range(21):
        client.call(
            "PutRecords",
            StreamName="orders",
            Records=[{"Data": b"", "PartitionKey": "k"}] * 500,
        )
        client.clock.sleep(SECOND)
    page = client.page(client.iterator())
    assert len(page["Records"]) == 10_000
    assert len(client.page(page["NextShardIterator"])["Records"]) == 500
    assert len(client.page(client.iterator(), Limit=10_000)["Records"]) == 10_000


@pytest.mark.parametrize("limit", [0, -1, 10_001, 2**40])
def test_a_limit_out_of_range_is_refused(client: Client, limit: int) -> None:
    """Recorded by kinesalite as a ValidationException; the API text says InvalidArgument."""
    client.create()
    code, message = client.refusal("GetRecords", ShardIterator=client.iterator(), Limit=limit)
    rule = "greater than or equal to 1" if limit < 1 else "less than or equal to 10000"
    assert (code, message) == (
        "ValidationException",
        f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
        f"Member must have value {rule}",
    )


def test_a_page_holds_at_most_ten_mebibytes(client: Client) -> None:
    client.create()
    for _ in range(12):
        client.put(data=b"x" * (MIB - 1))
        client.clock.sleep(2 * SECOND)
    page = client.page(client.iterator())
    assert len(page["Records"]) == 10
    client.clock.sleep(5 * SECOND)
    assert len(client.page(page["NextShardIterator"])["Records"]) == 2


def test_after_a_full_page_the_shard_is_shut_for_five_seconds(client: Client) -> None:
    client.create()
    for _ in range(11):
        client.put(data=b"x" * (MIB - 1))
        client.clock.sleep(2 * SECOND)
    token = client.iterator()
    read_at = client.clock.now
    page = client.call("GetRecords", ShardIterator=token)
    assert sum(len(r["Data"]) + 1 for r in page["Records"]) == 10 * MIB
    for wait in (0, 1, 4, 4.98):
        client.clock.advance_to(read_at + int(wait * SECOND))
        assert client.refusal("GetRecords", ShardIterator=page["NextShardIterator"]) == (
            READ_THROTTLED
        )
    client.clock.advance_to(read_at + 5 * SECOND)
    again = client.call("GetRecords", ShardIterator=page["NextShardIterator"])
    assert len(again["Records"]) == 1


def test_five_polls_a_second_are_shared_by_all_readers(client: Client) -> None:
    client.create()
    tokens = [client.iterator() for _ in range(3)]
    client.clock.sleep(SECOND)
    replies = [client.attempt("GetRecords", {"ShardIterator": tokens[n % 3]}) for n in range(7)]
    assert [reply.status for reply in replies] == [200] * 5 + [400] * 2
    assert (replies[-1].error.code, replies[-1].error.message) == READ_THROTTLED  # type: ignore[union-attr]


def test_five_iterators_a_second_for_each_shard(client: Client) -> None:
    """API Reference, GetShardIterator: 5 transactions per second per open shard."""
    client.create(shards=2)
    request = {
        "StreamName": "orders",
        "ShardId": "shardId-000000000000",
        "ShardIteratorType": "LATEST",
    }
    replies = [client.attempt("GetShardIterator", request) for _ in range(6)]
    assert [reply.status for reply in replies] == [200] * 5 + [400]
    assert replies[-1].error is not None
    assert replies[-1].error.code == "ProvisionedThroughputExceededException"
    client.iterator(1)


def test_millis_behind_latest_is_the_age_of_what_is_unread(client: Client) -> None:
    client.create()
    fill(client, 3)
    client.clock.sleep(10 * SECOND)
    page = client.page(client.iterator(), Limit=1)
    second = client.stream().shards[0].arrival_of(2)
    assert second is not None
    read_at = client.clock.now - 10 * MILLISECOND
    assert page["MillisBehindLatest"] == (read_at - second) // 1_000
    assert client.page(page["NextShardIterator"])["MillisBehindLatest"] == 0


# Expiry


def test_an_iterator_lives_300_000_milliseconds_and_no_longer(client: Client) -> None:
    client.create()
    token = client.iterator()
    issued = client.clock.now - 8 * MILLISECOND
    client.clock.advance_to(issued + 300_000 * MILLISECOND)
    client.call("GetRecords", ShardIterator=token)
    client.clock.advance_to(issued + 300_001 * MILLISECOND)
    code, message = client.refusal("GetRecords", ShardIterator=token)
    assert code == "ExpiredIteratorException"
    assert message == (
        "Iterator expired. The iterator was created at time Mon Jan 05 09:01:00 UTC 2026 while "
        "right now it is Mon Jan 05 09:06:00 UTC 2026 which is further in the future than the "
        "tolerated delay of 300000 milliseconds."
    )


def test_each_page_gives_five_fresh_minutes(client: Client) -> None:
    client.create()
    token = client.iterator()
    for _ in range(4):
        client.clock.sleep(4 * MINUTE)
        token = client.call("GetRecords", ShardIterator=token)["NextShardIterator"]


def test_after_expiry_the_last_number_leads_back(client: Client) -> None:
    client.create()
    numbers = fill(client, 4)
    client.page(client.iterator(), Limit=2)
    client.clock.sleep(HOUR)
    token = client.iterator(kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[1])
    assert texts(client.page(token)) == [2, 3]


@pytest.mark.parametrize(
    "token", ["garbage", "", "AAAA", "\u00e9", "x" * 512, "/////////", "AAAAAAAAAAE=", "\ud800"]
)
def test_garbage_is_no_iterator(client: Client, token: str) -> None:
    client.create()
    code, message = client.refusal("GetRecords", ShardIterator=token)
    if token:
        assert (code, message) == ("InvalidArgumentException", "Invalid ShardIterator.")
    else:
        assert code == "ValidationException"


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.data())
def test_a_garbled_iterator_is_refused(data: st.DataObject) -> None:
    client = Client()
    client.create()
    token = client.iterator()
    where = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019+/=").filter(lambda each: each != token[where]))
    code, _ = client.refusal(
        "GetRecords", ShardIterator=token[:where] + letter + token[where + 1 :]
    )
    assert code == "InvalidArgumentException"
    code, _ = client.refusal("GetRecords", ShardIterator=token[:where] or "A")
    assert code == "InvalidArgumentException"


def test_an_iterator_of_a_stream_that_is_gone_names_its_shard(client: Client) -> None:
    """Recorded by kinesalite (test/getRecords.js)."""
    client.create(shards=2)
    token = client.iterator(1)
    client.call("DeleteStream", StreamName="orders")
    client.clock.sleep(MINUTE)
    refusal = (
        "ResourceNotFoundException",
        "Shard shardId-000000000001 in stream orders under account 123456789012 does not exist",
    )
    assert client.refusal("GetRecords", ShardIterator=token) == refusal
    client.create(shards=1)
    assert client.refusal("GetRecords", ShardIterator=token) == refusal


def test_an_iterator_of_a_stream_made_anew_reads_nothing_of_it(client: Client) -> None:
    """Ours: AWS's iterators carry a sequence number and survive this; a place of ours means
    another record in the new stream."""
    client.create()
    token = client.iterator()
    client.call("DeleteStream", StreamName="orders")
    client.clock.sleep(MINUTE)
    client.create()
    client.put()
    code, _ = client.refusal("GetRecords", ShardIterator=token)
    assert code == "ResourceNotFoundException"


def test_an_iterator_of_another_region_names_no_shard_here(client: Client) -> None:
    client.create()
    token = client.iterator()
    abroad = Client(client.account, "eu-west-1")
    abroad.create()
    assert abroad.refusal("GetRecords", ShardIterator=token)[0] == "ResourceNotFoundException"


def test_an_iterator_of_another_world_is_refused_cleanly() -> None:
    """Every world starts at the same moment, so its streams can have been made at the same one."""
    wide, narrow = Client(Account()), Client(Account())
    wide.create(shards=4)
    narrow.create(shards=1)
    token = wide.iterator(3)
    narrow.clock.sleep(SECOND)
    assert narrow.refusal("GetRecords", ShardIterator=token) == (
        "ResourceNotFoundException",
        "Shard shardId-000000000003 in stream orders under account 123456789012 does not exist",
    )


def test_an_iterator_of_the_future_is_invalid() -> None:
    """Recorded by kinesalite (actions/getRecords.js); here it comes from another world."""
    ahead, behind = Client(Account()), Client(Account())
    ahead.create()
    behind.create()
    ahead.clock.sleep(HOUR)
    assert behind.refusal("GetRecords", ShardIterator=ahead.iterator()) == (
        "InvalidArgumentException",
        "Invalid ShardIterator.",
    )


def test_an_iterator_ahead_of_this_worlds_records_skips_none() -> None:
    full, empty = Client(Account()), Client(Account())
    full.create()
    empty.create()
    fill(full, 5)
    token = full.iterator(kind="LATEST")
    empty.clock.advance_to(full.clock.now)
    following = empty.page(token)["NextShardIterator"]
    empty.put(data=b"7")
    assert texts(empty.page(following)) == [7]


# Retention


def test_records_are_gone_after_24_hours(client: Client) -> None:
    """API Reference, CreateStream: 24 hours by default."""
    client.create()
    client.put(data=b"0")
    arrived = client.stream().shards[0].arrival_of(1)
    assert arrived is not None
    client.clock.advance_to(arrived + 24 * HOUR)
    token = client.iterator()
    # Asked for 24 hours after the arrival to the millisecond, and answered.
    assert texts(client.call("GetRecords", ShardIterator=client.iterator())) == []
    client.clock.sleep(SECOND)
    assert texts(client.page(token)) == []
    client.put(data=b"1")
    assert texts(client.page(token)) == [1]


def test_a_record_exactly_24_hours_old_can_still_be_read(client: Client) -> None:
    client.create()
    client.put(data=b"0")
    arrived = client.stream().shards[0].arrival_of(1)
    assert arrived is not None
    client.clock.advance_to(arrived + 24 * HOUR - 8 * MILLISECOND)
    token = client.iterator()
    assert client.clock.now == arrived + 24 * HOUR
    assert texts(client.call("GetRecords", ShardIterator=token)) == [0]


def test_a_reader_behind_the_horizon_goes_on_at_it(client: Client) -> None:
    client.create()
    first = client.put(data=b"0")
    client.clock.sleep(23 * HOUR)
    client.put(data=b"1")
    client.clock.sleep(2 * HOUR)
    token = client.iterator(kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=first)
    assert texts(client.page(token)) == [1]


# The end of a closed shard


def split(client: Client, at: int = 2**127) -> None:
    client.call(
        "SplitShard",
        StreamName="orders",
        ShardToSplit="shardId-000000000000",
        NewStartingHashKey=str(at),
    )
    client.settle()


def test_a_closed_shard_ends_after_its_last_record_and_names_its_children(client: Client) -> None:
    client.create()
    fill(client, 3)
    split(client)
    page = client.page(client.iterator(), Limit=2)
    assert "ChildShards" not in page
    last = client.page(page["NextShardIterator"], Limit=2)
    assert texts(last) == [2]
    assert "NextShardIterator" not in last
    assert last["MillisBehindLatest"] == 0
    assert last["ChildShards"] == [
        {
            "ShardId": "shardId-000000000001",
            "ParentShards": ["shardId-000000000000"],
            "HashKeyRange": {
                "StartingHashKey": "0",
                "EndingHashKey": "170141183460469231731687303715884105727",
            },
        },
        {
            "ShardId": "shardId-000000000002",
            "ParentShards": ["shardId-000000000000"],
            "HashKeyRange": {
                "StartingHashKey": "170141183460469231731687303715884105728",
                "EndingHashKey": "340282366920938463463374607431768211455",
            },
        },
    ]


def test_an_iterator_that_waited_at_the_tip_learns_of_the_end(client: Client) -> None:
    client.create()
    fill(client, 1)
    token = client.iterator(kind="LATEST")
    split(client)
    page = client.page(token)
    assert page["Records"] == []
    assert [child["ShardId"] for child in page["ChildShards"]] == [
        "shardId-000000000001",
        "shardId-000000000002",
    ]


def test_latest_on_a_closed_shard_is_its_end(client: Client) -> None:
    client.create()
    fill(client, 1)
    split(client)
    page = client.page(client.iterator(kind="LATEST"))
    assert page["Records"] == []
    assert "NextShardIterator" not in page


def test_a_merged_shard_has_one_child_with_two_parents(client: Client) -> None:
    client.create(shards=2)
    client.call(
        "MergeShards",
        StreamName="orders",
        ShardToMerge="shardId-000000000000",
        AdjacentShardToMerge="shardId-000000000001",
    )
    client.settle()
    for parent in (0, 1):
        (child,) = client.page(client.iterator(parent))["ChildShards"]
        assert child["ShardId"] == "shardId-000000000002"
        assert child["ParentShards"] == ["shardId-000000000000", "shardId-000000000001"]


def test_an_expired_shard_does_not_exist_any_more(client: Client) -> None:
    """EXPIRED after the retention period: readers get ResourceNotFoundException (Developer
    Guide, after resharding; qubole/kinesis-sql pull request 59)."""
    client.create()
    split(client)
    closed = client.stream().shards[0].closed
    assert closed is not None
    client.clock.advance_to(closed + 24 * HOUR - MINUTE)
    token = client.iterator(0)
    client.clock.advance_to(closed + 24 * HOUR + MINUTE)
    refusal = (
        "ResourceNotFoundException",
        "Shard shardId-000000000000 in stream orders under account 123456789012 does not exist",
    )
    assert client.refusal("GetRecords", ShardIterator=token) == refusal
    assert (
        client.refusal(
            "GetShardIterator", StreamName="orders", ShardId="shardId-0", ShardIteratorType="LATEST"
        )
        == refusal
    )


def test_a_dry_run_reads_nothing(client: Client) -> None:
    client.create()
    token = client.iterator()
    assert client.refusal("GetRecords", ShardIterator=token, DryRun=True)[0] == (
        "DryRunOperationException"
    )


@settings(max_examples=80, derandomize=True, deadline=None)
@given(
    writes=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=15),
    limits=st.lists(st.integers(1, 30), min_size=1, max_size=5),
)
def test_page_by_page_every_record_is_read_once(
    writes: list[tuple[int, int]], limits: list[int]
) -> None:
    """A reader that polls while others write, with pages of any size."""
    client = Client()
    client.create()
    token = client.iterator()
    written: list[bytes] = []
    read: list[bytes] = []
    for turn, (pause, count) in enumerate(writes):
        entries = [
            {"Data": f"{turn}-{place}".encode(), "PartitionKey": "k"} for place in range(count)
        ]
        client.call("PutRecords", StreamName="orders", Records=entries)
        written += [entry["Data"] for entry in entries]
        client.clock.sleep(pause * SECOND)
        page = client.page(token, Limit=limits[turn % len(limits)])
        read += data_of(page["Records"])
        token = page["NextShardIterator"]
    rest, _ = client.drain(token)
    assert read + data_of(rest) == written
