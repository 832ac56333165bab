"""SubscribeToShard and its events.

Rules: API Reference of SubscribeToShard and SubscribeToShardEvent (5 minutes, 5 seconds, 1 call a
second), of RegisterStreamConsumer (2 MiB/s); Developer Guide on consumers (70 ms). Texts: a
consumer that is not ACTIVE, kinesis-hot-shard-advisor issue 37; two subscriptions, kinesumer
issue 16; sequence numbers, amazon-kinesis-client issue 391.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.simulator.account import Account
from course.simulator.clock import HOUR, MILLISECOND, MINUTE, SECOND
from course.simulator.errors import AwsError
from course.simulator.streams.hash_ring import hash_key
from tests.simulator.client import Client, data_of

MIB = 1_048_576
STREAM_ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
IN_USE = ("ResourceInUseException", "Another active subscription exists for this consumer")
FIRST_SHARD = "shardId-000000000000"


@pytest.fixture
def arn(client: Client) -> str:
    """The ARN of a consumer of the stream "orders", which has one shard."""
    client.create()
    return client.register()


def refused(client: Client, arn: str, **more: Any) -> tuple[str, str | None]:
    request = {"ShardId": FIRST_SHARD, "StartingPosition": {"Type": "LATEST"}} | more
    return client.refusal("SubscribeToShard", ConsumerARN=arn, **request)


def ended_by(client: Client, subscription: str) -> tuple[str, str | None]:
    """(error code, message) of the error that comes in place of an event."""
    with pytest.raises(AwsError) as caught:
        client.event(subscription)
    assert client.event(subscription) is None
    return caught.value.code, caught.value.message


def filled(client: Client, subscription: str, count: int) -> list[dict[str, Any]]:
    """The next `count` records."""
    records: list[dict[str, Any]] = []
    while len(records) < count:
        event = client.event(subscription)
        assert event is not None
        records += event["Records"]
    return records


# Where a subscription starts


def test_the_types_of_starting_position(client: Client, arn: str) -> None:
    numbers = []
    for number in range(5):
        numbers.append(client.put(data=b"%d" % number))
        client.clock.sleep(SECOND)
    moment = client.clock.now // SECOND - 2
    for expected, position in [
        (b"01234", {"kind": "TRIM_HORIZON"}),
        (b"234", {"kind": "AT_SEQUENCE_NUMBER", "SequenceNumber": numbers[2]}),
        (b"34", {"kind": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": numbers[2]}),
        (b"34", {"kind": "AT_TIMESTAMP", "Timestamp": moment}),
        (b"01234", {"kind": "AT_TIMESTAMP", "Timestamp": 0}),
        (b"", {"kind": "LATEST"}),
    ]:
        client.clock.sleep(5 * SECOND)
        event = client.event(client.subscribe(arn, **position))
        assert event is not None
        assert b"".join(data_of(event["Records"])) == expected, position


def test_latest_is_the_moment_of_the_call(client: Client, arn: str) -> None:
    client.put(data=b"before")
    subscription = client.subscribe(arn, kind="LATEST")
    client.put(data=b"after")
    assert data_of(filled(client, subscription, 1)) == [b"after"]


def test_expired_records_are_not_pushed(client: Client, arn: str) -> None:
    number = client.put(data=b"gone")
    client.clock.sleep(24 * HOUR)
    client.put(data=b"kept")
    for position in (
        {"kind": "TRIM_HORIZON"},
        {"kind": "AT_SEQUENCE_NUMBER", "SequenceNumber": number},
    ):
        subscription = client.subscribe(arn, **position)
        assert data_of(filled(client, subscription, 1)) == [b"kept"]
        client.clock.sleep(5 * SECOND)


# Errors before the stream begins


def test_a_consumer_must_be_active(client: Client) -> None:
    client.create()
    request = {"StreamARN": STREAM_ARN, "ConsumerName": "audit"}
    second = client.clock.now // SECOND
    arn = client.call("RegisterStreamConsumer", **request)["Consumer"]["ConsumerARN"]
    not_active = (
        "ResourceInUseException",
        f"Consumer audit with creation timestamp {second} under stream: orders , account "
        "123456789012 is not in ACTIVE status.",
    )
    assert refused(client, arn) == not_active
    client.settle()
    client.call("DeregisterStreamConsumer", ConsumerARN=arn)
    assert refused(client, arn) == not_active
    client.settle()
    assert refused(client, arn) == (
        "ResourceNotFoundException",
        f"Consumer {arn}, account 123456789012 not found.",
    )


def test_a_namesake_has_another_arn(client: Client, arn: str) -> None:
    client.call("DeregisterStreamConsumer", ConsumerARN=arn)
    client.settle()
    again = client.register()
    assert refused(client, arn)[0] == "ResourceNotFoundException"
    client.subscribe(again)


@pytest.mark.parametrize(
    ("shard", "message"),
    [
        (
            "shardId-000000000001",
            "Shard shardId-000000000001 in stream orders under account 123456789012 does not exist",
        ),
        ("nonsense", "Could not find shard nonsense in stream orders under account 123456789012."),
    ],
)
def test_an_unknown_shard_is_not_found(client: Client, arn: str, shard: str, message: str) -> None:
    assert refused(client, arn, ShardId=shard) == ("ResourceNotFoundException", message)


def test_an_expired_shard_is_not_found(client: Client, arn: str) -> None:
    split(client, FIRST_SHARD, 2**127)
    client.clock.sleep(25 * HOUR)
    assert refused(client, arn)[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("position", "message"),
    [
        (
            {"Type": "AT_SEQUENCE_NUMBER"},
            "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and "
            "StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. "
            "Request specified AT_SEQUENCE_NUMBER and no StartingSequenceNumber.",
        ),
        (
            {"Type": "LATEST", "SequenceNumber": "5"},
            "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and "
            "StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. "
            "Request specified LATEST and also a StartingSequenceNumber.",
        ),
        (
            {"Type": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": "5"},
            "StartingSequenceNumber 5 used in SubscribeToShard on shard shardId-000000000000 in "
            "stream orders under account 123456789012 is invalid.",
        ),
        (
            {"Type": "AT_TIMESTAMP"},
            "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. "
            "Current request has no timestamp parameter.",
        ),
    ],
)
def test_a_bad_starting_position_is_refused(
    client: Client, arn: str, position: dict[str, Any], message: str
) -> None:
    assert refused(client, arn, StartingPosition=position) == ("InvalidArgumentException", message)


def test_a_time_to_come_is_refused(client: Client, arn: str) -> None:
    position = {"Type": "AT_TIMESTAMP", "Timestamp": client.clock.now // SECOND + 100}
    code, message = refused(client, arn, StartingPosition=position)
    assert code == "InvalidArgumentException"
    assert "cannot be greater than the currentTimestampInMillis" in str(message)


def test_a_sequence_number_of_another_shard_is_refused(client: Client) -> None:
    client.create(shards=2)
    arn = client.register()
    number = client.put(ExplicitHashKey="0")
    position = {"Type": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": number}
    answer = refused(client, arn, StartingPosition=position, ShardId="shardId-000000000001")
    assert answer == (
        "InvalidArgumentException",
        "Invalid StartingSequenceNumber. It encodes shardId-000000000000, while it was used in a "
        "call to a shard with shardId-000000000001",
    )


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"StartingPosition": {}}, "ValidationException"),
        ({"StartingPosition": {"Type": "SOON"}}, "ValidationException"),
        ({"StartingPosition": "LATEST"}, "SerializationException"),
        ({"StartingPosition": None}, "ValidationException"),
        ({"ShardId": ""}, "ValidationException"),
        ({"ConsumerARN": STREAM_ARN}, "ValidationException"),
        ({"ConsumerARN": None}, "ValidationException"),
        ({"DryRun": True}, "DryRunOperationException"),
    ],
)
def test_a_bad_request_is_refused(
    client: Client, arn: str, more: dict[str, Any], code: str
) -> None:
    request = {
        "ConsumerARN": arn,
        "ShardId": FIRST_SHARD,
        "StartingPosition": {"Type": "LATEST"},
    } | more
    assert client.refusal("SubscribeToShard", **request)[0] == code
    client.subscribe(arn)


# One subscription for each consumer and shard


def test_a_second_call_within_five_seconds_is_refused(client: Client, arn: str) -> None:
    started = client.clock.now
    subscription = client.subscribe(arn)
    client.clock.advance_to(started + 5 * SECOND - 1)
    assert refused(client, arn) == IN_USE
    client.put()
    assert len(filled(client, subscription, 1)) == 1


def test_a_second_call_after_five_seconds_takes_over(client: Client, arn: str) -> None:
    started = client.clock.now
    old = client.subscribe(arn, kind="LATEST")
    client.clock.advance_to(started + 5 * SECOND)
    new = client.subscribe(arn, kind="LATEST")
    client.put()
    assert ended_by(client, old) == IN_USE
    assert len(filled(client, new, 1)) == 1


def test_a_takeover_ends_a_wait_at_once(client: Client, arn: str) -> None:
    """The old connection learns of it while it waits for its next event."""
    old = client.subscribe(arn, kind="LATEST")
    client.clock.sleep(5 * SECOND)
    client.event(old)
    moment = client.clock.now + 1_234_567
    client.clock.call_at(moment, lambda: client.subscribe(arn, kind="LATEST"))
    assert ended_by(client, old) == IN_USE
    # The other call takes the 25 ms of any control call.
    assert client.clock.now == moment + 25 * MILLISECOND


def test_other_consumers_and_other_shards_are_not_in_the_way(client: Client) -> None:
    client.create(shards=2)
    one, other = client.register(), client.register("search")
    subscriptions = [client.subscribe(arn, shard) for arn in (one, other) for shard in (0, 1)]
    for key in ("0", str(2**127)):
        client.put(ExplicitHashKey=key)
    assert [len(filled(client, each, 1)) for each in subscriptions] == [1, 1, 1, 1]


def test_a_closed_connection_still_holds_its_five_seconds(client: Client, arn: str) -> None:
    subscription = client.subscribe(arn)
    client.account.end_subscription(subscription)
    assert client.event(subscription) is None
    assert refused(client, arn) == IN_USE
    client.clock.sleep(5 * SECOND)
    client.subscribe(arn)


def test_one_call_a_second(client: Client, arn: str) -> None:
    """A refused call is a call; one that the rate refused is not."""
    started = client.clock.now
    client.subscribe(arn)
    client.clock.advance_to(started + 4_500_000)
    assert refused(client, arn) == IN_USE
    client.clock.advance_to(started + 5 * SECOND)
    assert refused(client, arn) == (
        "LimitExceededException",
        "Rate exceeded for consumer audit and shard shardId-000000000000 in stream orders under "
        "account 123456789012.",
    )
    client.clock.advance_to(started + 5_500_000)
    client.subscribe(arn)


# What comes, and when


def test_a_record_comes_seventy_milliseconds_after_it_was_written(client: Client, arn: str) -> None:
    subscription = client.subscribe(arn, kind="LATEST")
    written = client.clock.now + SECOND
    client.clock.call_at(written, lambda: client.put(data=b"late"))
    event = client.event(subscription)
    assert event is not None
    assert data_of(event["Records"]) == [b"late"]
    assert client.clock.now == written + 70 * MILLISECOND


def test_a_reader_that_comes_late_waits_for_nothing(client: Client, arn: str) -> None:
    client.put()
    client.clock.sleep(SECOND)
    subscription = client.subscribe(arn)
    before = client.clock.now
    assert len(filled(client, subscription, 1)) == 1
    assert client.clock.now == before


def test_an_event_says_what_the_api_says(client: Client, arn: str) -> None:
    number = client.put("Zoë", b"\x00\xff")
    arrived = client.clock.now - 8 * MILLISECOND
    event = client.event(client.subscribe(arn))
    assert event == {
        "Records": [
            {
                "SequenceNumber": number,
                "ApproximateArrivalTimestamp": arrived / SECOND,
                "Data": b"\x00\xff",
                "PartitionKey": "Zoë",
            }
        ],
        "ContinuationSequenceNumber": number,
        "MillisBehindLatest": 0,
    }


def test_empty_events_come_while_nothing_is_written(client: Client, arn: str) -> None:
    subscription = client.subscribe(arn, kind="LATEST")
    events = client.events(subscription)
    assert {len(event["Records"]) for event in events} == {0}
    numbers = [int(event["ContinuationSequenceNumber"]) for event in events]
    assert numbers == sorted(set(numbers))
    assert {event["MillisBehindLatest"] for event in events} == {0}


def test_a_subscription_ends_after_five_minutes(client: Client, arn: str) -> None:
    started = client.clock.now
    subscription = client.subscribe(arn)
    client.events(subscription)
    assert client.clock.now == started + 5 * MINUTE
    assert client.event(subscription) is None
    assert client.clock.now == started + 5 * MINUTE


def test_shards_can_be_read_one_after_the_other(client: Client) -> None:
    """What was pushed to the second subscription while the first was read is not lost."""
    client.create(shards=2)
    arn = client.register()
    subscriptions = [client.subscribe(arn, shard) for shard in (0, 1)]
    for key in ("0", str(2**127)):
        client.put(data=key.encode(), ExplicitHashKey=key)
    found = [
        data_of([record for event in client.events(each) for record in event["Records"]])
        for each in subscriptions
    ]
    assert found == [[b"0"], [str(2**127).encode()]]


def test_an_unknown_subscription_has_ended(client: Client, arn: str) -> None:
    assert client.event("77") is None
    client.account.end_subscription("77")


# Throughput


def fill(client: Client, mebibytes: int) -> None:
    """One MiB a second, as much as a shard takes."""
    for _ in range(mebibytes):
        client.put(data=b"x" * (MIB - 1))
        client.clock.sleep(SECOND)


def test_each_consumer_has_two_mebibytes_a_second_for_itself(client: Client, arn: str) -> None:
    other = client.register("search")
    fill(client, 45)
    # A full page for a poller costs the subscribers nothing.
    assert len(client.page(client.iterator())["Records"]) == 10
    subscriptions = [client.subscribe(each) for each in (arn, other)]
    started = client.clock.now
    taken: Counter[str] = Counter()
    while client.clock.now < started + 20 * SECOND:
        for each in subscriptions:
            event = client.event(each)
            assert event is not None
            taken[each] += sum(len(data) + 1 for data in data_of(event["Records"]))
    assert client.clock.now == started + 20 * SECOND
    # Twenty seconds, and the events at their beginning.
    assert [taken[each] for each in subscriptions] == [42 * MIB, 42 * MIB]


def test_a_takeover_does_not_fill_the_budget_up(client: Client, arn: str) -> None:
    fill(client, 5)
    started = client.clock.now
    old = client.subscribe(arn)
    client.clock.advance_to(started + 5 * SECOND)
    filled(client, old, 2)
    new = client.subscribe(arn)
    filled(client, new, 2)
    assert client.clock.now == started + 6 * SECOND


def test_fan_out_takes_nothing_from_the_pollers(client: Client, arn: str) -> None:
    fill(client, 10)
    filled(client, client.subscribe(arn), 10)
    page = client.call("GetRecords", ShardIterator=client.iterator())
    assert len(page["Records"]) == 10


# Going on


@settings(max_examples=25, derandomize=True, deadline=None)
@given(
    pauses=st.lists(st.integers(0, 90), min_size=1, max_size=30),
    sizes=st.lists(st.integers(1, MIB // 2), min_size=1, max_size=5),
    takes=st.lists(st.integers(1, 70), min_size=1, max_size=8),
)
def test_whoever_goes_on_after_the_continuation_loses_and_doubles_nothing(
    pauses: list[int], sizes: list[int], takes: list[int]
) -> None:
    """A producer writes on the clock; the reader hangs up now and then, or is at its end."""
    client = Client()
    client.create()
    arn = client.register()
    sent: list[bytes] = []

    def write(number: int) -> None:
        data = b"%d:" % number + b"x" * sizes[number % len(sizes)]
        client.put(data=data)
        sent.append(data)

    moment = client.clock.now
    for number, pause in enumerate(pauses):
        moment += pause * SECOND + SECOND
        client.clock.call_at(moment, lambda number=number: write(number))
    end = moment + MINUTE
    received: list[bytes] = []
    position: dict[str, Any] = {"kind": "TRIM_HORIZON"}
    turn = 0
    while client.clock.now < end:
        subscription = client.subscribe(arn, **position)
        for _ in range(takes[turn % len(takes)]):
            event = client.event(subscription)
            if event is None:
                break
            received += data_of(event["Records"])
            number = event["ContinuationSequenceNumber"]
            position = {"kind": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": number}
        client.clock.sleep(5 * SECOND)
        turn += 1
    assert received == sent
    assert len(sent) == len(pauses)


@pytest.mark.parametrize("kind", ["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"])
def test_after_an_empty_event_both_kinds_go_on_right_there(
    client: Client, arn: str, kind: str
) -> None:
    client.put(data=b"0")
    subscription = client.subscribe(arn)
    filled(client, subscription, 1)
    empty = client.event(subscription)
    assert empty is not None
    assert empty["Records"] == []
    client.put(data=b"1")
    number = empty["ContinuationSequenceNumber"]
    again = client.subscribe(arn, kind=kind, SequenceNumber=number)
    assert data_of(filled(client, again, 1)) == [b"1"]
    token = client.iterator(kind=kind, StartingSequenceNumber=number)
    assert data_of(client.page(token)["Records"]) == [b"1"]


def test_at_the_continuation_gives_the_last_record_again(client: Client, arn: str) -> None:
    """As on AWS, where it may be that record's number (amazon-kinesis-client, PR 371)."""
    client.put(data=b"0")
    event = client.event(client.subscribe(arn))
    assert event is not None
    client.clock.sleep(5 * SECOND)
    number = event["ContinuationSequenceNumber"]
    again = client.subscribe(arn, kind="AT_SEQUENCE_NUMBER", SequenceNumber=number)
    assert data_of(filled(client, again, 1)) == [b"0"]


# The end of a shard


def split(client: Client, shard: str, at: int) -> None:
    client.call("SplitShard", StreamName="orders", ShardToSplit=shard, NewStartingHashKey=str(at))
    client.settle()


def test_the_last_event_names_the_children(client: Client, arn: str) -> None:
    client.put()
    split(client, FIRST_SHARD, 2**127)
    subscription = client.subscribe(arn)
    (event,) = client.events(subscription)
    assert len(event["Records"]) == 1
    # Null on AWS (amazon-kinesis-client, pull request 1744), and nulls are left out.
    assert "ContinuationSequenceNumber" not in event
    assert event["ChildShards"] == [
        {
            "ShardId": "shardId-000000000001",
            "ParentShards": [FIRST_SHARD],
            "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": str(2**127 - 1)},
        },
        {
            "ShardId": "shardId-000000000002",
            "ParentShards": [FIRST_SHARD],
            "HashKeyRange": {"StartingHashKey": str(2**127), "EndingHashKey": str(2**128 - 1)},
        },
    ]


def test_latest_on_a_closed_shard_gives_its_last_event(client: Client, arn: str) -> None:
    """amazon-kinesis-client relies on it (pull request 1744)."""
    client.put()
    split(client, FIRST_SHARD, 2**127)
    (event,) = client.events(client.subscribe(arn, kind="LATEST"))
    assert (event["Records"], len(event["ChildShards"])) == ([], 2)


def follow(client: Client, arn: str, until: int) -> list[bytes]:
    """Everything a reader gets that starts at shard 0 and learns of the others from ChildShards.

    Children are read after all of their parents, one shard after the other.
    """
    received: list[bytes] = []
    todo = [FIRST_SHARD]
    done: set[str] = set()
    while todo and client.clock.now < until:
        shard = todo.pop(0)
        position: dict[str, Any] = {"kind": "TRIM_HORIZON"}
        children = None
        while children is None and client.clock.now < until:
            for event in client.events(client.subscribe(arn, shard, **position)):
                received += data_of(event["Records"])
                children = event.get("ChildShards")
                if children is None:
                    number = event["ContinuationSequenceNumber"]
                    position = {"kind": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": number}
        done.add(shard)
        for child in children or []:
            if done.issuperset(child["ParentShards"]) and child["ShardId"] not in todo:
                todo.append(child["ShardId"])
    return received


@settings(max_examples=10, derandomize=True, deadline=None)
@given(
    cut=st.integers(2, 2**128 - 3),
    keys=st.lists(st.sampled_from("abcdefgh"), min_size=16, max_size=30),
)
def test_whoever_follows_the_children_sees_every_record_in_order(cut: int, keys: list[str]) -> None:
    """Through a split and a merge, with a producer that never stops."""
    client = Client()
    client.create()
    arn = client.register()
    start = client.clock.now
    sent: list[bytes] = []

    def write(number: int, key: str) -> None:
        data = f"{key}:{number}".encode()
        client.put(key, data)
        sent.append(data)

    def change(operation: str, **request: Any) -> None:
        client.call(operation, StreamName="orders", **request)

    for number, key in enumerate(keys):
        moment = start + number * 10 * SECOND
        client.clock.call_at(moment, lambda number=number, key=key: write(number, key))
    end = start + len(keys) * 10 * SECOND
    client.clock.call_at(
        start + 20 * SECOND,
        lambda: change("SplitShard", ShardToSplit=FIRST_SHARD, NewStartingHashKey=str(cut)),
    )
    client.clock.call_at(
        start + 120 * SECOND,
        lambda: change(
            "MergeShards",
            ShardToMerge="shardId-000000000001",
            AdjacentShardToMerge="shardId-000000000002",
        ),
    )
    client.clock.call_at(
        end + 60 * SECOND,
        lambda: change(
            "SplitShard", ShardToSplit="shardId-000000000003", NewStartingHashKey=str(2**127)
        ),
    )
    received = follow(client, arn, end + 20 * MINUTE)
    assert sorted(received) == sorted(sent)
    assert len(sent) == len(keys)
    for key in set(keys):
        mine = [data for data in received if data.startswith(key.encode())]
        assert mine == [data for data in sent if data.startswith(key.encode())], hash_key(key)


# What cuts a subscription off


def test_deregistering_ends_it(client: Client, arn: str) -> None:
    subscription = client.subscribe(arn)
    client.put()
    client.call("DeregisterStreamConsumer", ConsumerARN=arn)
    assert ended_by(client, subscription) == (
        "ResourceNotFoundException",
        "Consumer audit, account 123456789012 not found.",
    )


def test_deleting_the_stream_ends_it_while_it_waits(client: Client, arn: str) -> None:
    subscription = client.subscribe(arn)
    moment = client.clock.now + SECOND
    request = {"StreamName": "orders", "EnforceConsumerDeletion": True}
    client.clock.call_at(moment, lambda: client.call("DeleteStream", **request))
    gone = ("ResourceNotFoundException", "Stream orders under account 123456789012 not found.")
    assert ended_by(client, subscription) == gone
    assert client.clock.now == moment + 25 * MILLISECOND


def test_a_stream_of_the_same_name_does_not_go_on_with_it(client: Client, arn: str) -> None:
    subscription = client.subscribe(arn)
    client.call("DeleteStream", StreamName="orders", EnforceConsumerDeletion=True)
    client.settle()
    client.create()
    client.put()
    assert ended_by(client, subscription)[0] == "ResourceNotFoundException"


# Faults


def test_an_idle_shard_pushes_no_records(client: Client, arn: str) -> None:
    client.put()
    client.account.faults.idle("orders", None, 12 * SECOND)
    wakes = client.clock.now + 12 * SECOND
    subscription = client.subscribe(arn)
    assert len(filled(client, subscription, 1)) == 1
    assert client.clock.now == wakes


def test_a_throttle_and_expired_iterators_do_not_touch_it(client: Client, arn: str) -> None:
    client.put()
    client.account.faults.throttle("orders", None, HOUR)
    client.account.faults.expire_iterators("orders")
    assert len(filled(client, client.subscribe(arn), 1)) == 1


# The call log, and who counts


def rows(client: Client) -> list[tuple[Any, ...]]:
    """(operation, stream, shard, records, bytes, outcome) of what concerns subscriptions."""
    return [row[2:] for row in client.account.calls.rows() if row[2].startswith("SubscribeToShard")]


def test_the_log_has_the_call_and_each_event_with_records(client: Client, arn: str) -> None:
    subscription = client.subscribe(arn)
    refused(client, arn)
    for size in (3, 5):
        client.put(data=b"x" * size)
        filled(client, subscription, 1)
    client.event(subscription)
    client.call("DeregisterStreamConsumer", ConsumerARN=arn)
    ended_by(client, subscription)
    call, event = "SubscribeToShard", "SubscribeToShardEvent"
    assert rows(client) == [
        (call, "orders", FIRST_SHARD, 0, 0, "ok"),
        (call, "orders", FIRST_SHARD, 0, 0, "ResourceInUseException"),
        (event, "orders", FIRST_SHARD, 1, 4, "ok"),
        (event, "orders", FIRST_SHARD, 1, 6, "ok"),
        (event, "orders", FIRST_SHARD, 0, 0, "ResourceNotFoundException"),
    ]
    attempt = client.account.calls.attempts[-1]
    assert attempt.request == {"ConsumerARN": arn, "ShardId": FIRST_SHARD}
    assert attempt.time == client.clock.now


def test_every_event_is_in_the_metrics(client: Client, arn: str) -> None:
    """Developer Guide, CloudWatch: by StreamName and ConsumerName."""
    subscription = client.subscribe(arn)
    code, _ = refused(client, arn)
    assert code == "ResourceInUseException"
    client.event(subscription)
    client.put(data=b"abc")
    client.event(subscription)
    client.clock.sleep(2 * 60 * SECOND)
    metrics = client.account.streams().metrics.published
    dimensions = (("ConsumerName", "audit"), ("StreamName", "orders"))

    def sums(name: str) -> tuple[int, int]:
        points = metrics.datapoints(name, dimensions)
        return sum(point.sample_count for point in points), sum(point.sum for point in points)

    assert sums("SubscribeToShard.Success") == (2, 1)
    assert sums("SubscribeToShard.RateExceeded") == (1, 1)
    assert sums("SubscribeToShardEvent.Success") == (2, 2)
    assert sums("SubscribeToShardEvent.Records") == (2, 1)
    assert sums("SubscribeToShardEvent.Bytes") == (2, 4)
    assert sums("SubscribeToShardEvent.MillisBehindLatest") == (2, 0)


def test_a_producer_in_the_wait_keeps_its_own_rows(client: Client, arn: str) -> None:
    subscription = client.subscribe(arn, kind="LATEST")
    client.clock.call_at(client.clock.now + SECOND, lambda: client.put(data=b"abc"))
    filled(client, subscription, 1)
    last = [row[2:] for row in client.account.calls.rows()][-2:]
    assert last == [
        ("PutRecord", "orders", FIRST_SHARD, 1, 4, "ok"),
        ("SubscribeToShardEvent", "orders", FIRST_SHARD, 1, 4, "ok"),
    ]


# Regions


def test_regions_are_apart() -> None:
    account = Account()
    abroad = Client(account, "eu-west-1")
    abroad.create()
    arn = abroad.register()
    subscription = abroad.subscribe(arn)
    abroad.put()
    assert Client(account).event(subscription) is None
    assert len(filled(abroad, subscription, 1)) == 1
    assert refused(Client(account), arn)[0] == "ResourceNotFoundException"
