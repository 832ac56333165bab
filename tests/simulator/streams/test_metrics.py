"""What Data Streams reports to CloudWatch, in numbers worked out by hand.

Rules: Developer Guide, "Monitoring the Amazon Kinesis Data Streams Service with Amazon
CloudWatch". Latencies are ours: PutRecord takes 8 ms, PutRecords 20 ms, GetRecords 10 ms.
"""

from __future__ import annotations

from typing import Any

import pytest

from course.simulator.clock import MINUTE, SECOND
from course.simulator.errors import AwsError
from course.simulator.faults import INTERNAL_FAILURE
from course.simulator.metrics import Dimensions
from tests.simulator.client import Client

# (sample count, sum, minimum, maximum) of one minute.
Point = tuple[int, int, int, int]

# Explicit hash keys at the lower and the upper end of the ring.
FIRST, LAST = "0", str(2**128 - 1)


def turn(client: Client) -> None:
    """Go to the beginning of the next minute."""
    client.clock.advance_to((client.clock.now // MINUTE + 1) * MINUTE)


def reported(client: Client, **dimensions: str) -> dict[str, Point]:
    """The minute that has just ended: the metrics with exactly these dimensions."""
    minute = (client.clock.now // MINUTE - 1) * MINUTE
    wanted: Dimensions = tuple(sorted(dimensions.items()))
    (metrics,) = client.account.metrics(client.region)
    assert metrics.namespace == "AWS/Kinesis"
    return {
        name: (point.sample_count, point.sum, point.minimum, point.maximum)
        for name, found in metrics.names()
        if found == wanted
        for point in metrics.datapoints(name, found)
        if point.time == minute
    }


def entries(*sizes: int, **more: Any) -> list[dict[str, Any]]:
    """Records that count for so many bytes each; one of them is the partition key."""
    return [{"Data": b"x" * (size - 1), "PartitionKey": "k", **more} for size in sizes]


@pytest.fixture
def orders(client: Client) -> Client:
    """A client with a stream of two shards, at the beginning of a minute."""
    client.create(shards=2)
    turn(client)
    return client


# A scripted minute


def test_a_scripted_minute(orders: Client) -> None:
    iterator = orders.iterator(1, "TRIM_HORIZON")
    orders.put("k", b"12345")  # 6 bytes with the key
    orders.put("k", b"123")  # 4 bytes
    orders.call("PutRecords", StreamName="orders", Records=entries(10, 20, 30))
    page = orders.call("GetRecords", ShardIterator=iterator)
    orders.call("GetRecords", ShardIterator=page["NextShardIterator"])
    turn(orders)
    assert reported(orders, StreamName="orders") == {
        # Two calls of 6 and 4 bytes, both successful, 8 ms each.
        "PutRecord.Bytes": (2, 10, 4, 6),
        "PutRecord.Latency": (2, 16, 8, 8),
        "PutRecord.Success": (2, 2, 1, 1),
        # One call with three records of 60 bytes together, 20 ms.
        "PutRecords.Bytes": (1, 60, 60, 60),
        "PutRecords.Latency": (1, 20, 20, 20),
        "PutRecords.Success": (1, 1, 1, 1),
        "PutRecords.TotalRecords": (1, 3, 3, 3),
        "PutRecords.SuccessfulRecords": (1, 3, 3, 3),
        "PutRecords.FailedRecords": (1, 0, 0, 0),
        "PutRecords.ThrottledRecords": (1, 0, 0, 0),
        # Three puts: "a single put operation" is a sample, of 6, 4 and 60 bytes; 1, 1, 3 records.
        "IncomingBytes": (3, 70, 4, 60),
        "IncomingRecords": (3, 5, 1, 3),
        "WriteProvisionedThroughputExceeded": (3, 0, 0, 0),
        # A page with all five records, then an empty one; 10 ms each.
        "GetRecords.Bytes": (2, 70, 0, 70),
        "GetRecords.Records": (2, 5, 0, 5),
        "GetRecords.Latency": (2, 20, 10, 10),
        "GetRecords.Success": (2, 2, 1, 1),
        # Nothing was left unread after either call.
        "GetRecords.IteratorAgeMilliseconds": (2, 0, 0, 0),
        "ReadProvisionedThroughputExceeded": (2, 0, 0, 0),
    }


def test_nothing_is_reported_for_an_idle_minute(orders: Client) -> None:
    orders.put()
    turn(orders)
    assert reported(orders, StreamName="orders")
    # Looking at a stream moves no records.
    orders.call("DescribeStream", StreamName="orders")
    orders.call("ListShards", StreamName="orders")
    orders.iterator()
    turn(orders)
    assert reported(orders, StreamName="orders") == {}


def test_every_metric_has_a_unit_of_cloudwatch(orders: Client) -> None:
    orders.put()
    orders.call("PutRecords", StreamName="orders", Records=entries(1))
    orders.page(orders.iterator())
    turn(orders)
    (metrics,) = orders.account.metrics("us-east-1")
    names = {name for name, _ in metrics.names()}
    assert names <= metrics.units.keys()
    for name in names:
        ending = {"Bytes": "Bytes", "Latency": "Milliseconds", "Milliseconds": "Milliseconds"}
        due = next((unit for end, unit in ending.items() if name.endswith(end)), "Count")
        assert metrics.units[name] == due, name


def test_regions_streams_and_accounts_are_apart(orders: Client) -> None:
    orders.create("clicks")
    orders.put(name="clicks")
    other = Client()
    other.create()
    turn(orders)
    turn(other)
    assert reported(orders, StreamName="orders") == {}
    assert reported(orders, StreamName="clicks")["IncomingRecords"] == (1, 1, 1, 1)
    assert reported(Client(orders.account, "eu-west-1"), StreamName="clicks") == {}
    assert reported(other, StreamName="clicks") == {}


# Refusals


def test_a_throttled_put_record_is_a_failure_a_throttle_and_nothing_incoming(
    orders: Client,
) -> None:
    orders.put("k", b"x" * 9, ExplicitHashKey=LAST)
    orders.account.faults.throttle("orders", None, SECOND)
    assert orders.attempt(
        "PutRecord", {"StreamName": "orders", "Data": b"x", "PartitionKey": "k"}
    ).error
    turn(orders)
    assert reported(orders, StreamName="orders") == {
        # An average of 0.5: "the percentage of successful writes".
        "PutRecord.Success": (2, 1, 0, 1),
        "PutRecord.Latency": (2, 16, 8, 8),
        "WriteProvisionedThroughputExceeded": (2, 1, 0, 1),
        # Of the one that was stored only.
        "PutRecord.Bytes": (1, 10, 10, 10),
        "IncomingBytes": (1, 10, 10, 10),
        "IncomingRecords": (1, 1, 1, 1),
    }


def test_put_records_tells_throttled_records_from_failed_ones(orders: Client) -> None:
    """A MiB fits into a shard's second, so of three halves of one the third is refused."""
    half = 524_288
    orders.account.faults.fail_entries("orders", [0], 1, INTERNAL_FAILURE)
    answer = orders.call("PutRecords", StreamName="orders", Records=entries(*[half] * 4))
    assert answer["FailedRecordCount"] == 2
    turn(orders)
    numbers = reported(orders, StreamName="orders")
    assert numbers["PutRecords.TotalRecords"] == (1, 4, 4, 4)
    assert numbers["PutRecords.SuccessfulRecords"] == (1, 2, 2, 2)
    assert numbers["PutRecords.FailedRecords"] == (1, 1, 1, 1)
    assert numbers["PutRecords.ThrottledRecords"] == (1, 1, 1, 1)
    assert numbers["WriteProvisionedThroughputExceeded"] == (1, 1, 1, 1)
    # "At least one record succeeded".
    assert numbers["PutRecords.Success"] == (1, 1, 1, 1)
    assert numbers["PutRecords.Bytes"] == numbers["IncomingBytes"] == (1, 2 * half, 2 * half, 2**20)


def test_put_records_without_one_stored_record_is_no_success(orders: Client) -> None:
    orders.account.faults.throttle("orders", None, SECOND)
    orders.call("PutRecords", StreamName="orders", Records=entries(1, 1))
    turn(orders)
    assert reported(orders, StreamName="orders") == {
        "PutRecords.Latency": (1, 20, 20, 20),
        "PutRecords.Success": (1, 0, 0, 0),
        "PutRecords.TotalRecords": (1, 2, 2, 2),
        "PutRecords.SuccessfulRecords": (1, 0, 0, 0),
        "PutRecords.FailedRecords": (1, 0, 0, 0),
        "PutRecords.ThrottledRecords": (1, 2, 2, 2),
        "WriteProvisionedThroughputExceeded": (1, 2, 2, 2),
    }


def test_throttled_reads_are_counted_in_calls(orders: Client) -> None:
    """Five GetRecords a second and shard: of eight at once (10 ms apart) three are refused."""
    iterator = orders.iterator()
    for _ in range(8):
        orders.attempt("GetRecords", {"ShardIterator": iterator})
    turn(orders)
    numbers = reported(orders, StreamName="orders")
    assert numbers["ReadProvisionedThroughputExceeded"] == (8, 3, 0, 1)
    assert numbers["GetRecords.Success"] == (8, 5, 0, 1)
    assert numbers["GetRecords.Latency"] == (8, 80, 10, 10)
    assert numbers["GetRecords.Records"] == (5, 0, 0, 0)


def test_too_many_get_shard_iterator_are_no_throttled_reads(orders: Client) -> None:
    for _ in range(6):
        orders.attempt(
            "GetShardIterator",
            {
                "StreamName": "orders",
                "ShardId": "shardId-000000000000",
                "ShardIteratorType": "LATEST",
            },
        )
    assert orders.account.calls.attempts[-1].outcome == "ProvisionedThroughputExceededException"
    turn(orders)
    assert reported(orders, StreamName="orders") == {}


def test_an_expired_iterator_is_a_failure_but_no_throttle(orders: Client) -> None:
    iterator = orders.iterator()
    orders.clock.sleep(5 * MINUTE + SECOND)
    assert orders.refusal("GetRecords", ShardIterator=iterator)[0] == "ExpiredIteratorException"
    turn(orders)
    assert reported(orders, StreamName="orders") == {
        "GetRecords.Latency": (1, 10, 10, 10),
        "GetRecords.Success": (1, 0, 0, 0),
        "ReadProvisionedThroughputExceeded": (1, 0, 0, 0),
    }


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("PutRecord", {"StreamName": "orders", "Data": b"x", "PartitionKey": ""}),
        ("PutRecord", {"StreamName": "nobody", "Data": b"x", "PartitionKey": "k"}),
        ("PutRecord", {"StreamName": "orders", "Data": b"x" * 2**20, "PartitionKey": "k"}),
        ("PutRecords", {"StreamName": "orders", "Records": []}),
        ("GetRecords", {"ShardIterator": "garbage"}),
        ("PutRecord", {"StreamName": "orders", "Data": b"", "PartitionKey": "k", "DryRun": True}),
    ],
)
def test_a_call_that_reaches_no_shard_is_not_counted(
    orders: Client, operation: str, request_: dict[str, Any]
) -> None:
    assert orders.attempt(operation, request_).error
    turn(orders)
    assert reported(orders, StreamName="orders") == {}
    assert reported(orders, StreamName="nobody") == {}


def test_a_put_whose_answer_was_lost_was_a_success_for_the_service(orders: Client) -> None:
    """It took the service 8 ms; the 60 seconds are the client's patience."""
    orders.account.faults.time_out_after_write("orders", 1)
    assert orders.attempt(
        "PutRecord", {"StreamName": "orders", "Data": b"x", "PartitionKey": "k"}
    ).timed_out
    # The patience has led into the next minute.
    numbers = reported(orders, StreamName="orders")
    assert numbers["PutRecord.Success"] == (1, 1, 1, 1)
    assert numbers["PutRecord.Latency"] == (1, 8, 8, 8)
    assert numbers["IncomingRecords"] == (1, 1, 1, 1)


# Iterator age


def ages(client: Client) -> Point:
    return reported(client, StreamName="orders")["GetRecords.IteratorAgeMilliseconds"]


def test_the_iterator_age_is_that_of_the_last_record_of_the_page(orders: Client) -> None:
    iterator = orders.iterator(1)
    for _ in range(3):
        orders.put()
        orders.clock.sleep(10 * SECOND)
    # Read at 30.024 s after the first (three puts of 8 ms): of the two that come the last was
    # written at 10.008 s. MillisBehindLatest tells of the one that stays behind (20.016 s).
    page = orders.call("GetRecords", ShardIterator=iterator, Limit=2)
    assert page["MillisBehindLatest"] == 10_008
    turn(orders)
    assert ages(orders) == (1, 20_016, 20_016, 20_016)


def test_the_iterator_age_is_0_for_a_reader_that_has_caught_up(orders: Client) -> None:
    iterator = orders.iterator(1)
    orders.put()
    orders.clock.sleep(20 * SECOND)
    # The record is 20 s old, but nothing waits behind it.
    page = orders.call("GetRecords", ShardIterator=iterator)
    assert len(page["Records"]) == 1
    turn(orders)
    assert ages(orders) == (1, 0, 0, 0)


def test_the_iterator_age_of_an_empty_page_is_that_of_what_was_not_given(orders: Client) -> None:
    iterator = orders.iterator(1)
    orders.put()
    orders.account.faults.idle("orders", None, MINUTE)
    orders.clock.sleep(20 * SECOND)
    assert orders.call("GetRecords", ShardIterator=iterator)["Records"] == []
    turn(orders)
    assert ages(orders) == (1, 20_008, 20_008, 20_008)


def test_the_iterator_age_of_a_slow_reader_grows(orders: Client) -> None:
    """Two records come each second and one is read: the reader falls behind 30 s a minute."""
    iterator = orders.iterator(1)
    turn(orders)
    seen = []
    for _ in range(4):
        for _ in range(60):
            started = orders.clock.now
            orders.call("PutRecords", StreamName="orders", Records=entries(1, 1))
            page = orders.call("GetRecords", ShardIterator=iterator, Limit=1)
            iterator = page["NextShardIterator"]
            orders.clock.advance_to(started + SECOND)
        seen.append(ages(orders)[3])
    # Second n (from 0) reads record n, which was written in second n // 2, 20 ms before.
    assert seen == [20 + (n - n // 2) * 1_000 for n in (59, 119, 179, 239)]


# Shard by shard


def test_nothing_is_reported_for_shards_unless_it_is_enabled(orders: Client) -> None:
    orders.put()
    turn(orders)
    (metrics,) = orders.account.metrics("us-east-1")
    assert {dimensions for _, dimensions in metrics.names()} == {(("StreamName", "orders"),)}


def monitored(client: Client, *names: str) -> None:
    client.call("EnableEnhancedMonitoring", StreamName="orders", ShardLevelMetrics=[*names])
    turn(client)


def test_all_metrics_of_a_shard(orders: Client) -> None:
    monitored(orders, "ALL")
    iterator = orders.iterator(0)
    orders.call(
        "PutRecords",
        StreamName="orders",
        Records=entries(10, 20, ExplicitHashKey=FIRST) + entries(5, ExplicitHashKey=LAST),
    )
    orders.put("k", b"x", ExplicitHashKey=FIRST)  # 2 bytes
    orders.clock.sleep(SECOND)
    # All three records: caught up.
    orders.call("GetRecords", ShardIterator=iterator)
    # One again, while two wait behind it: written 20 ms + 8 ms + 1 s + 10 ms before.
    orders.call("GetRecords", ShardIterator=iterator, Limit=1)
    turn(orders)
    assert reported(orders, StreamName="orders", ShardId="shardId-000000000000") == {
        # Two puts reached the shard: 30 bytes in two records, then 2 bytes in one.
        "IncomingBytes": (2, 32, 2, 30),
        "IncomingRecords": (2, 3, 1, 2),
        "WriteProvisionedThroughputExceeded": (2, 0, 0, 0),
        "OutgoingBytes": (2, 42, 10, 32),
        "OutgoingRecords": (2, 4, 1, 3),
        "ReadProvisionedThroughputExceeded": (2, 0, 0, 0),
        "IteratorAgeMilliseconds": (2, 1_038, 0, 1_038),
    }
    assert reported(orders, StreamName="orders", ShardId="shardId-000000000001") == {
        "IncomingBytes": (1, 5, 5, 5),
        "IncomingRecords": (1, 1, 1, 1),
        "WriteProvisionedThroughputExceeded": (1, 0, 0, 0),
    }
    # The stream's own metrics go on.
    assert reported(orders, StreamName="orders")["IncomingBytes"] == (2, 37, 2, 35)


def test_only_the_enabled_metrics_are_reported(orders: Client) -> None:
    monitored(orders, "OutgoingRecords", "IncomingBytes")
    orders.put(ExplicitHashKey=FIRST)
    orders.call("GetRecords", ShardIterator=orders.iterator(0))
    turn(orders)
    assert reported(orders, StreamName="orders", ShardId="shardId-000000000000") == {
        "IncomingBytes": (1, 2, 2, 2),
        "OutgoingRecords": (1, 1, 1, 1),
    }


def test_a_throttled_shard_reports_its_refusals(orders: Client) -> None:
    monitored(orders, "ALL")
    iterator = orders.iterator(0)
    orders.account.faults.throttle("orders", "shardId-000000000000", SECOND)
    orders.call(
        "PutRecords",
        StreamName="orders",
        Records=entries(1, 1, ExplicitHashKey=FIRST) + entries(1, ExplicitHashKey=LAST),
    )
    with pytest.raises(AwsError):
        orders.call("GetRecords", ShardIterator=iterator)
    turn(orders)
    assert reported(orders, StreamName="orders", ShardId="shardId-000000000000") == {
        "WriteProvisionedThroughputExceeded": (1, 2, 2, 2),
        "ReadProvisionedThroughputExceeded": (1, 1, 1, 1),
    }


def test_a_put_that_half_fits_is_one_sample_of_the_shard(orders: Client) -> None:
    """A MiB fits: of three records of half a MiB the shard stores two and refuses one."""
    monitored(orders, "IncomingRecords", "WriteProvisionedThroughputExceeded")
    orders.call("PutRecords", StreamName="orders", Records=entries(*[524_288] * 3))
    turn(orders)
    assert reported(orders, StreamName="orders", ShardId="shardId-000000000001") == {
        "IncomingRecords": (1, 2, 2, 2),
        "WriteProvisionedThroughputExceeded": (1, 1, 1, 1),
    }


def test_a_hot_shard_hides_behind_the_average_of_the_stream(client: Client) -> None:
    """Ten shards take 10,000 records a second; 3,000 come, but two thirds for one shard."""
    client.create(shards=10)
    client.call("EnableEnhancedMonitoring", StreamName="orders", ShardLevelMetrics=["ALL"])
    turn(client)
    # Points in the middle of the ten arcs of the ring.
    points = [str((2 * shard + 1) * 2**128 // 20) for shard in range(10)]
    hot = 3
    for _ in range(60):
        started = client.clock.now
        for _ in range(4):
            records = entries(*[10] * 500, ExplicitHashKey=points[hot])
            client.call("PutRecords", StreamName="orders", Records=records)
        for shard in range(10):
            records = entries(*[10] * 100, ExplicitHashKey=points[shard])
            client.call("PutRecords", StreamName="orders", Records=records)
        client.clock.advance_to(started + SECOND)
    stream = reported(client, StreamName="orders")
    # By the stream's metrics there is room for all: 3,000 records of 10,000, 30 KB of 10 MB.
    asked = stream["PutRecords.TotalRecords"][1] / 60
    assert asked == 3_000
    assert stream["IncomingRecords"][1] / 60 < 10_000 / 4
    # And yet more than a third of them were refused: all by one shard.
    assert stream["WriteProvisionedThroughputExceeded"][1] > 60 * 1_000
    refused = {
        shard: reported(client, StreamName="orders", ShardId=f"shardId-{shard:012d}")[
            "WriteProvisionedThroughputExceeded"
        ][1]
        for shard in range(10)
    }
    assert [shard for shard, records in refused.items() if records] == [hot]
    assert refused[hot] == stream["WriteProvisionedThroughputExceeded"][1]
    # The shard takes its 1,000 a second, and the second's worth that it had saved up.
    hot_shard = reported(client, StreamName="orders", ShardId=f"shardId-{hot:012d}")
    assert 60_000 <= hot_shard["IncomingRecords"][1] <= 61_000


# Fan-out


def test_an_established_subscription_and_its_events(orders: Client) -> None:
    metrics, stream = orders.account.streams().metrics, orders.stream()
    metrics.count_subscription(stream, "billing", established=True)
    metrics.count_event(stream, "billing", "shardId-000000000000", records=3, size=300, behind=70)
    metrics.count_event(stream, "billing", "shardId-000000000000", records=0, size=0, behind=0)
    turn(orders)
    assert reported(orders, StreamName="orders", ConsumerName="billing") == {
        "SubscribeToShard.Success": (1, 1, 1, 1),
        "SubscribeToShardEvent.Bytes": (2, 300, 0, 300),
        "SubscribeToShardEvent.Records": (2, 3, 0, 3),
        "SubscribeToShardEvent.MillisBehindLatest": (2, 70, 0, 70),
        "SubscribeToShardEvent.Success": (2, 2, 1, 1),
    }
    assert reported(orders, StreamName="orders") == {}


def test_a_refused_subscription(orders: Client) -> None:
    """RateExceeded "is emitted when a new subscription attempt fails": there is no 0 of it."""
    metrics, stream = orders.account.streams().metrics, orders.stream()
    metrics.count_subscription(stream, "billing", established=False)
    turn(orders)
    assert reported(orders, StreamName="orders", ConsumerName="billing") == {
        "SubscribeToShard.Success": (1, 0, 0, 0),
        "SubscribeToShard.RateExceeded": (1, 1, 1, 1),
    }


def test_events_count_into_what_goes_out_of_a_shard(orders: Client) -> None:
    """OutgoingBytes: "a single GetRecords operation or published in a single event"."""
    monitored(orders, "OutgoingBytes", "OutgoingRecords")
    orders.put("k", b"x" * 9, ExplicitHashKey=FIRST)
    orders.call("GetRecords", ShardIterator=orders.iterator(0))
    orders.account.streams().metrics.count_event(
        orders.stream(), "billing", "shardId-000000000000", records=1, size=30, behind=0
    )
    turn(orders)
    assert reported(orders, StreamName="orders", ShardId="shardId-000000000000") == {
        "OutgoingBytes": (2, 40, 10, 30),
        "OutgoingRecords": (2, 2, 1, 1),
    }
