"""A stream's life: CREATING, ACTIVE, UPDATING, DELETING; describing, listing, retention.

Rules: API Reference of each operation. Texts: recorded by kinesalite and printed by moto. How long
a state lasts is ours (course/facts.toml, [latency]).
"""

from __future__ import annotations

from typing import Any

import pytest

from course.simulator.clock import HOUR, SECOND
from tests.simulator.client import Client, data_of

NOT_FOUND = (
    "ResourceNotFoundException",
    "Stream orders under account 123456789012 not found.",
)


def status(client: Client) -> str:
    description = client.call("DescribeStream", StreamName="orders")["StreamDescription"]
    summary = client.call("DescribeStreamSummary", StreamName="orders")["StreamDescriptionSummary"]
    assert description["StreamStatus"] == summary["StreamStatus"]
    return str(summary["StreamStatus"])


# Creating


def test_a_stream_is_created_in_twenty_seconds(client: Client) -> None:
    assert client.call("CreateStream", StreamName="orders", ShardCount=2) == {}
    created = client.clock.now - 25_000
    client.clock.advance_to(created + 20 * SECOND - 60_000)
    assert status(client) == "CREATING"
    description = client.call("DescribeStream", StreamName="orders")["StreamDescription"]
    assert description["Shards"] == []
    assert description["HasMoreShards"] is False
    client.clock.advance_to(created + 20 * SECOND)
    assert status(client) == "ACTIVE"


def test_a_stream_being_created_can_be_looked_at_but_not_changed(client: Client) -> None:
    client.call("CreateStream", StreamName="orders", ShardCount=1)
    in_use = (
        "ResourceInUseException",
        "Stream orders under account 123456789012 not ACTIVE, instead in state CREATING",
    )
    for operation, request in _CHANGES.items():
        assert client.refusal(operation, StreamName="orders", **request) == in_use, operation
    assert client.refusal("ListShards", StreamName="orders") == in_use
    assert client.call("ListStreams")["StreamNames"] == ["orders"]


_CHANGES: dict[str, dict[str, Any]] = {
    "SplitShard": {"ShardToSplit": "shardId-000000000000", "NewStartingHashKey": "5"},
    "MergeShards": {
        "ShardToMerge": "shardId-000000000000",
        "AdjacentShardToMerge": "shardId-000000000001",
    },
    "UpdateShardCount": {"TargetShardCount": 2, "ScalingType": "UNIFORM_SCALING"},
    "IncreaseStreamRetentionPeriod": {"RetentionPeriodHours": 48},
    "DecreaseStreamRetentionPeriod": {"RetentionPeriodHours": 24},
}


@pytest.mark.parametrize("operation", _CHANGES)
def test_a_stream_that_changes_cannot_be_changed(client: Client, operation: str) -> None:
    client.create(shards=2)
    client.call(
        "UpdateShardCount", StreamName="orders", TargetShardCount=3, ScalingType="UNIFORM_SCALING"
    )
    assert client.refusal(operation, StreamName="orders", **_CHANGES[operation]) == (
        "ResourceInUseException",
        "Stream orders under account 123456789012 not ACTIVE, instead in state UPDATING",
    )


def test_a_name_is_given_once(client: Client) -> None:
    client.create()
    assert client.refusal("CreateStream", StreamName="orders", ShardCount=1) == (
        "ResourceInUseException",
        "Stream orders under account 123456789012 already exists.",
    )
    Client(client.account, "eu-west-1").create()


def test_at_most_five_streams_are_created_at_once(client: Client) -> None:
    """API Reference, CreateStream."""
    for number in range(5):
        client.call("CreateStream", StreamName=f"orders-{number}", ShardCount=1)
    code, _ = client.refusal("CreateStream", StreamName="one-more", ShardCount=1)
    assert code == "LimitExceededException"
    client.clock.sleep(30 * SECOND)
    client.call("CreateStream", StreamName="one-more", ShardCount=1)


def test_the_shard_quota_counts_streams_that_are_being_created(client: Client) -> None:
    """20,000 shards in us-east-1 (Developer Guide, quotas); the text as kinesalite recorded it."""
    client.call("CreateStream", StreamName="big", ShardCount=19_999)
    code, message = client.refusal("CreateStream", StreamName="orders", ShardCount=2)
    assert code == "LimitExceededException"
    assert message == (
        "This request would exceed the shard limit for the account 123456789012 in us-east-1. "
        "Current shard count for the account: 19999. Limit: 20000. Number of additional shards "
        "that would have resulted from this request: 2. Refer to the AWS Service Limits page "
        "(http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current "
        "limits and how to request higher limits."
    )
    client.call("CreateStream", StreamName="orders", ShardCount=1)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({}, "Value null at 'streamName' failed to satisfy constraint: Member must not be null"),
        (
            {"StreamName": "a b", "ShardCount": 1},
            "Value 'a b' at 'streamName' failed to satisfy constraint: Member must satisfy regular "
            "expression pattern: [a-zA-Z0-9_.-]+",
        ),
        (
            {"StreamName": "a" * 129, "ShardCount": 1},
            f"Value '{'a' * 129}' at 'streamName' failed to satisfy constraint: Member must have "
            "length less than or equal to 128",
        ),
        (
            {"StreamName": "orders", "ShardCount": 0},
            "Value '0' at 'shardCount' failed to satisfy constraint: Member must have value "
            "greater than or equal to 1",
        ),
        (
            {"StreamName": "orders"},
            "Value null at 'shardCount' failed to satisfy constraint: Member must not be null",
        ),
        (
            {"StreamName": "orders", "StreamModeDetails": {"StreamMode": "SERVERLESS"}},
            "Value 'SERVERLESS' at 'streamModeDetails.streamMode' failed to satisfy constraint: "
            "Member must satisfy enum value set: [PROVISIONED, ON_DEMAND]",
        ),
    ],
)
def test_a_stream_needs_a_good_name_and_shards(
    client: Client, request_: dict[str, Any], said: str
) -> None:
    assert client.refusal("CreateStream", **request_) == (
        "ValidationException",
        f"1 validation error detected: {said}",
    )


def test_an_on_demand_stream_starts_with_four_shards(client: Client) -> None:
    """Recorded answers; and it cannot be split, merged or scaled (moto prints the text)."""
    client.call("CreateStream", StreamName="orders", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    client.clock.sleep(30 * SECOND)
    assert len(client.shards()) == 4
    summary = client.call("DescribeStreamSummary", StreamName="orders")["StreamDescriptionSummary"]
    assert summary["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    for operation in ("SplitShard", "MergeShards", "UpdateShardCount"):
        assert client.refusal(operation, StreamName="orders", **_CHANGES[operation]) == (
            "ValidationException",
            "Request is invalid. Stream orders under account 123456789012 is in On-Demand mode.",
        )


# Deleting


def test_a_stream_is_deleting_for_twenty_seconds_and_then_unknown(client: Client) -> None:
    client.create()
    assert client.call("DeleteStream", StreamName="orders") == {}
    asked = client.clock.now - 25_000
    assert status(client) == "DELETING"
    assert client.refusal("CreateStream", StreamName="orders", ShardCount=1)[0] == (
        "ResourceInUseException"
    )
    assert client.call("DeleteStream", StreamName="orders") == {}
    client.clock.advance_to(asked + 20 * SECOND)
    assert client.refusal("DescribeStream", StreamName="orders") == NOT_FOUND
    assert client.refusal("DeleteStream", StreamName="orders") == NOT_FOUND
    client.create()


def test_a_stream_can_be_deleted_while_it_is_being_created(client: Client) -> None:
    """Recorded by kinesalite (test/deleteStream.js)."""
    started = client.clock.now
    client.call("CreateStream", StreamName="orders", ShardCount=1)
    client.clock.sleep(10 * SECOND)
    client.call("DeleteStream", StreamName="orders")
    # The moment at which it would have been ready.
    client.clock.advance_to(started + 20 * SECOND)
    assert status(client) == "DELETING"
    description = client.call("DescribeStream", StreamName="orders")["StreamDescription"]
    assert description["Shards"] == []
    client.clock.sleep(HOUR)
    assert client.refusal("DescribeStream", StreamName="orders") == NOT_FOUND


@pytest.mark.parametrize(
    "filter_", [None, "AT_LATEST", "AT_TRIM_HORIZON", "FROM_TRIM_HORIZON", "AT_TIMESTAMP"]
)
def test_a_stream_deleted_before_it_was_ready_has_no_shards(
    client: Client, filter_: str | None
) -> None:
    client.call("CreateStream", StreamName="orders", ShardCount=1)
    client.call("DeleteStream", StreamName="orders")
    more = {"ShardFilter": {"Type": filter_, "Timestamp": 0}} if filter_ else {}
    assert client.shards(**more) == []


def test_a_stream_deleted_in_the_middle_of_a_change_stays_deleted(client: Client) -> None:
    client.create(shards=2)
    client.call(
        "UpdateShardCount", StreamName="orders", TargetShardCount=4, ScalingType="UNIFORM_SCALING"
    )
    # The change would end after a minute, in the middle of the deletion.
    client.clock.sleep(50 * SECOND)
    client.call("DeleteStream", StreamName="orders")
    before = client.shards()
    client.clock.sleep(15 * SECOND)
    assert status(client) == "DELETING"
    assert client.shards() == before
    client.clock.sleep(HOUR)
    assert client.refusal("DescribeStream", StreamName="orders") == NOT_FOUND
    client.create()
    assert len(client.shards()) == 1


# Describing and listing


def test_a_stream_describes_itself(client: Client) -> None:
    created = client.clock.now
    client.create(shards=2)
    description = client.call("DescribeStream", StreamName="orders")["StreamDescription"]
    shards = description.pop("Shards")
    moment = description.pop("StreamCreationTimestamp")
    assert moment.timestamp() * SECOND == created
    assert moment.utcoffset() is not None
    assert description == {
        "StreamName": "orders",
        "StreamARN": "arn:aws:kinesis:us-east-1:123456789012:stream/orders",
        "StreamStatus": "ACTIVE",
        "StreamModeDetails": {"StreamMode": "PROVISIONED"},
        "HasMoreShards": False,
        "RetentionPeriodHours": 24,
        "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
        "EncryptionType": "NONE",
    }
    assert shards == client.shards()
    summary = client.call("DescribeStreamSummary", StreamName="orders")["StreamDescriptionSummary"]
    assert summary["OpenShardCount"] == 2
    assert summary["ConsumerCount"] == 0
    assert summary["StreamARN"] == description["StreamARN"]


def test_describe_stream_shows_at_most_a_hundred_shards_a_page(client: Client) -> None:
    """API Reference, DescribeStream: never more than 100, whatever Limit says."""
    client.create(shards=250)
    seen: list[str] = []
    sizes = []
    more: dict[str, Any] = {"Limit": 10_000}
    while True:
        page = client.call("DescribeStream", StreamName="orders", **more)["StreamDescription"]
        seen += [shard["ShardId"] for shard in page["Shards"]]
        sizes.append(len(page["Shards"]))
        if not page["HasMoreShards"]:
            break
        more["ExclusiveStartShardId"] = seen[-1]
    assert sizes == [100, 100, 50]
    assert seen == [f"shardId-{index:012d}" for index in range(250)]
    page = client.call("DescribeStream", StreamName="orders", Limit=3)["StreamDescription"]
    assert len(page["Shards"]) == 3
    assert page["HasMoreShards"] is True


@pytest.mark.parametrize("operation", ["DescribeStream", "DescribeStreamSummary", "DeleteStream"])
def test_an_unknown_stream_is_not_found(client: Client, operation: str) -> None:
    assert client.refusal(operation, StreamName="orders") == NOT_FOUND


def test_streams_are_listed_by_name_a_hundred_at_a_time(client: Client) -> None:
    """API Reference, ListStreams: 100 by default."""
    names = sorted(f"s-{number}" for number in range(120))
    for name in reversed(names):
        client.call("CreateStream", StreamName=name, ShardCount=1)
        client.clock.sleep(5 * SECOND)
    page = client.call("ListStreams")
    assert page["StreamNames"] == names[:100]
    assert page["HasMoreStreams"] is True
    rest = client.call("ListStreams", NextToken=page["NextToken"])
    assert rest["StreamNames"] == names[100:]
    assert rest["HasMoreStreams"] is False
    assert "NextToken" not in rest
    after = client.call("ListStreams", ExclusiveStartStreamName=names[50], Limit=7)
    assert after["StreamNames"] == names[51:58]
    assert [each["StreamName"] for each in after["StreamSummaries"]] == names[51:58]
    # API Reference: at most 100, whatever Limit says.
    assert len(client.call("ListStreams", Limit=10_000)["StreamNames"]) == 100


@pytest.mark.parametrize("token", ["garbage", "AAAA", "é"])
def test_a_made_up_token_is_refused(client: Client, token: str) -> None:
    assert client.refusal("ListStreams", NextToken=token)[0] == "InvalidArgumentException"


def test_a_token_of_another_listing_is_refused(client: Client) -> None:
    client.create(shards=3)
    token = client.call("ListShards", StreamName="orders", MaxResults=1)["NextToken"]
    assert client.refusal("ListStreams", NextToken=token)[0] == "InvalidArgumentException"


# Retention


def retention(client: Client, operation: str, hours: int) -> dict[str, Any]:
    answer = client.call(operation, StreamName="orders", RetentionPeriodHours=hours)
    client.settle()
    return answer


def increase(client: Client, hours: int) -> None:
    assert retention(client, "IncreaseStreamRetentionPeriod", hours) == {}


def decrease(client: Client, hours: int) -> None:
    assert retention(client, "DecreaseStreamRetentionPeriod", hours) == {}


def hours_of(client: Client) -> int:
    summary = client.call("DescribeStreamSummary", StreamName="orders")["StreamDescriptionSummary"]
    return int(summary["RetentionPeriodHours"])


def readable(client: Client) -> list[bytes]:
    return data_of(client.drain(client.iterator())[0])


@pytest.mark.parametrize("hours", [24, 25, 168, 8_760])
def test_retention_goes_up_to_a_year_and_back(client: Client, hours: int) -> None:
    client.create()
    increase(client, hours)
    assert hours_of(client) == hours
    decrease(client, 24)
    assert hours_of(client) == 24


@pytest.mark.parametrize(
    "operation", ["IncreaseStreamRetentionPeriod", "DecreaseStreamRetentionPeriod"]
)
@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (23, "Minimum allowed retention period is 24 hours. Requested retention period "
             "(23 hours) is too short."),
        (0, "Minimum allowed retention period is 24 hours. Requested retention period "
            "(0 hours) is too short."),
        (-5, "Minimum allowed retention period is 24 hours. Requested retention period "
             "(-5 hours) is too short."),
        (8_761, "Maximum allowed retention period is 8760 hours. Requested retention period "
                "(8761 hours) is too long."),
    ],
)  # fmt: skip
def test_retention_has_its_bounds(client: Client, operation: str, hours: int, said: str) -> None:
    client.create()
    assert client.refusal(operation, StreamName="orders", RetentionPeriodHours=hours) == (
        "InvalidArgumentException",
        said,
    )


def test_each_direction_has_its_own_operation(client: Client) -> None:
    client.create()
    increase(client, 48)
    assert client.refusal(
        "IncreaseStreamRetentionPeriod", StreamName="orders", RetentionPeriodHours=30
    ) == (
        "InvalidArgumentException",
        "Requested retention period (30 hours) for stream orders can not be shorter than existing "
        "retention period (48 hours). Use DecreaseRetentionPeriod API.",
    )
    assert client.refusal(
        "DecreaseStreamRetentionPeriod", StreamName="orders", RetentionPeriodHours=50
    ) == (
        "InvalidArgumentException",
        "Requested retention period (50 hours) for stream orders can not be longer than existing "
        "retention period (48 hours). Use IncreaseRetentionPeriod API.",
    )


def test_the_present_value_changes_nothing(client: Client) -> None:
    """Terraform always sends it (floci's KinesisService, issue 342)."""
    client.create()
    for operation in ("IncreaseStreamRetentionPeriod", "DecreaseStreamRetentionPeriod"):
        client.call(operation, StreamName="orders", RetentionPeriodHours=24)
        assert status(client) == "ACTIVE"


def test_a_change_of_retention_takes_five_seconds_and_hinders_nobody(client: Client) -> None:
    client.create()
    client.call("IncreaseStreamRetentionPeriod", StreamName="orders", RetentionPeriodHours=48)
    assert status(client) == "UPDATING"
    client.put(data=b"x")
    assert data_of(client.page(client.iterator())["Records"]) == [b"x"]
    client.clock.sleep(5 * SECOND)
    assert status(client) == "ACTIVE"


def test_longer_retention_keeps_what_is_there(client: Client) -> None:
    client.create()
    client.put(data=b"x")
    increase(client, 48)
    client.clock.sleep(47 * HOUR)
    assert readable(client) == [b"x"]
    client.clock.sleep(HOUR)
    assert readable(client) == []


def test_longer_retention_brings_nothing_back(client: Client) -> None:
    """API Reference, IncreaseStreamRetentionPeriod; nobody has read meanwhile."""
    client.create()
    client.put(data=b"old")
    client.clock.sleep(20 * HOUR)
    client.put(data=b"new")
    client.clock.sleep(5 * HOUR)
    increase(client, 8_760)
    assert readable(client) == [b"new"]


def test_shorter_retention_hides_older_records_at_once(client: Client) -> None:
    """API Reference, DecreaseStreamRetentionPeriod: at once, while still UPDATING."""
    client.create()
    increase(client, 48)
    client.put(data=b"old")
    client.clock.sleep(30 * HOUR)
    client.put(data=b"new")
    client.call("DecreaseStreamRetentionPeriod", StreamName="orders", RetentionPeriodHours=24)
    assert data_of(client.page(client.iterator())["Records"]) == [b"new"]
    client.settle()
    increase(client, 48)
    assert readable(client) == [b"new"]


def test_longer_retention_brings_no_expired_shard_back(client: Client) -> None:
    client.create()
    client.call("SplitShard", StreamName="orders", ShardToSplit="0", NewStartingHashKey=str(2**127))
    client.settle()
    assert len(client.shards()) == 3
    client.clock.sleep(25 * HOUR)
    assert [shard["ShardId"][-1] for shard in client.shards()] == ["1", "2"]
    increase(client, 8_760)
    assert [shard["ShardId"][-1] for shard in client.shards()] == ["1", "2"]


def test_the_members_that_describe_a_stream_are_the_models(client: Client) -> None:
    """API Reference, StreamDescription and StreamDescriptionSummary, in the model's order.

    Not there: KeyId (only of an encrypted stream), WarmThroughput (only with the commitment),
    RecordDistributionStrategy (only on demand), StreamId ("Not Implemented. Reserved for future
    use"), ChannelCount and QueueCount.
    """
    client.create()
    description = client.call("DescribeStream", StreamName="orders")["StreamDescription"]
    assert [*description] == [
        "StreamName",
        "StreamARN",
        "StreamStatus",
        "StreamModeDetails",
        "Shards",
        "HasMoreShards",
        "RetentionPeriodHours",
        "StreamCreationTimestamp",
        "EnhancedMonitoring",
        "EncryptionType",
    ]
    summary = client.call("DescribeStreamSummary", StreamName="orders")["StreamDescriptionSummary"]
    assert [*summary] == [
        *(name for name in description if name not in ("Shards", "HasMoreShards")),
        "OpenShardCount",
        "ConsumerCount",
        "MaxRecordSizeInKiB",
    ]


def test_a_stream_id_is_checked_but_says_nothing(client: Client) -> None:
    """API Reference: "Not Implemented. Reserved for future use"; the model has its pattern."""
    client.create()
    stream_id = "a" * 20 + "-abc"
    by_name = client.call("DescribeStream", StreamName="orders", StreamId=stream_id)
    assert by_name["StreamDescription"]["StreamName"] == "orders"
    assert client.refusal("DescribeStream", StreamId=stream_id) == (
        "InvalidArgumentException",
        "Either StreamName or StreamARN should be provided.",
    )
    code, _ = client.refusal("DescribeStream", StreamName="orders", StreamId="orders")
    assert code == "ValidationException"
