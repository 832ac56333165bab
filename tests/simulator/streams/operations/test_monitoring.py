"""EnableEnhancedMonitoring and DisableEnhancedMonitoring.

Rules: API Reference of both. That ALL is kept as seven names and that each call takes the stream
through UPDATING was reported by clients that were run against AWS (go-to-k/cdkd, pull 1700).
"""

from __future__ import annotations

from typing import Any

import pytest

from course.simulator.clock import SECOND
from tests.simulator.client import Client

ALL = [
    "IncomingBytes",
    "IncomingRecords",
    "OutgoingBytes",
    "OutgoingRecords",
    "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds",
]
BOTH = ["EnableEnhancedMonitoring", "DisableEnhancedMonitoring"]


@pytest.fixture
def orders(client: Client) -> Client:
    client.create()
    return client


def change(client: Client, operation: str, *names: str) -> dict[str, Any]:
    return client.call(operation, StreamName="orders", ShardLevelMetrics=[*names])


def shown(client: Client) -> list[str]:
    description = client.call("DescribeStream", StreamName="orders")["StreamDescription"]
    summary = client.call("DescribeStreamSummary", StreamName="orders")["StreamDescriptionSummary"]
    assert description["EnhancedMonitoring"] == summary["EnhancedMonitoring"]
    (monitoring,) = summary["EnhancedMonitoring"]
    names: list[str] = monitoring["ShardLevelMetrics"]
    return names


def test_metrics_are_added_to_those_that_there_are(orders: Client) -> None:
    assert shown(orders) == []
    assert change(orders, "EnableEnhancedMonitoring", "OutgoingBytes") == {
        "StreamName": "orders",
        "CurrentShardLevelMetrics": [],
        "DesiredShardLevelMetrics": ["OutgoingBytes"],
        "StreamARN": "arn:aws:kinesis:us-east-1:123456789012:stream/orders",
    }
    orders.settle()
    answer = change(orders, "EnableEnhancedMonitoring", "OutgoingBytes", "IncomingBytes")
    assert answer["CurrentShardLevelMetrics"] == ["OutgoingBytes"]
    assert answer["DesiredShardLevelMetrics"] == ["IncomingBytes", "OutgoingBytes"]
    orders.settle()
    assert shown(orders) == ["IncomingBytes", "OutgoingBytes"]


def test_metrics_are_taken_away(orders: Client) -> None:
    change(orders, "EnableEnhancedMonitoring", "ALL")
    orders.settle()
    answer = change(orders, "DisableEnhancedMonitoring", "IncomingBytes", "IteratorAgeMilliseconds")
    assert answer["CurrentShardLevelMetrics"] == ALL
    assert answer["DesiredShardLevelMetrics"] == ALL[1:-1]
    orders.settle()
    assert shown(orders) == ALL[1:-1]


def test_all_stands_for_the_seven(orders: Client) -> None:
    answer = change(orders, "EnableEnhancedMonitoring", "IncomingBytes", "ALL")
    assert answer["DesiredShardLevelMetrics"] == ALL
    orders.settle()
    assert shown(orders) == ALL
    answer = change(orders, "DisableEnhancedMonitoring", "ALL")
    assert answer["DesiredShardLevelMetrics"] == []
    orders.settle()
    assert shown(orders) == []


def test_the_stream_is_updating_for_five_seconds_and_then_reports(orders: Client) -> None:
    """Five seconds are ours (course/facts.toml, [latency])."""
    started = orders.clock.now
    change(orders, "EnableEnhancedMonitoring", "IncomingBytes")
    orders.clock.advance_to(started + 5 * SECOND - 1)
    assert orders.stream().status == "UPDATING"
    assert orders.stream().shard_level_metrics == ()
    orders.put()
    orders.clock.advance_to(started + 5 * SECOND)
    assert orders.stream().status == "ACTIVE"
    assert orders.stream().shard_level_metrics == ("IncomingBytes",)


@pytest.mark.parametrize("operation", BOTH)
def test_a_change_while_another_goes_on_is_refused(orders: Client, operation: str) -> None:
    change(orders, "EnableEnhancedMonitoring", "IncomingBytes")
    request = {"StreamName": "orders", "ShardLevelMetrics": ["ALL"]}
    assert orders.refusal(operation, **request) == (
        "ResourceInUseException",
        "Stream orders under account 123456789012 not ACTIVE, instead in state UPDATING",
    )
    orders.settle()
    assert shown(orders) == ["IncomingBytes"]


@pytest.mark.parametrize("operation", BOTH)
def test_a_stream_that_is_not_there_or_not_ready(client: Client, operation: str) -> None:
    request = {"StreamName": "orders", "ShardLevelMetrics": ["ALL"]}
    missing = (
        "ResourceNotFoundException",
        "Stream orders under account 123456789012 not found.",
    )
    assert client.refusal(operation, **request) == missing
    client.call("CreateStream", StreamName="orders", ShardCount=1)
    assert client.refusal(operation, **request)[0] == "ResourceInUseException"
    client.settle()
    client.call("DeleteStream", StreamName="orders")
    assert client.refusal(operation, **request)[0] == "ResourceInUseException"


def test_a_stream_may_be_deleted_while_its_monitoring_changes(orders: Client) -> None:
    change(orders, "EnableEnhancedMonitoring", "ALL")
    orders.call("DeleteStream", StreamName="orders")
    orders.clock.sleep(6 * SECOND)
    assert orders.stream().status == "DELETING"
    orders.settle()
    orders.create()
    assert shown(orders) == []


@pytest.mark.parametrize("operation", BOTH)
def test_what_changes_nothing_leaves_the_stream_active(orders: Client, operation: str) -> None:
    if operation == "EnableEnhancedMonitoring":
        change(orders, operation, "ALL")
        orders.settle()
    answer = change(orders, operation, "IncomingBytes")
    assert answer["CurrentShardLevelMetrics"] == answer["DesiredShardLevelMetrics"]
    assert orders.stream().status == "ACTIVE"


@pytest.mark.parametrize("operation", BOTH)
@pytest.mark.parametrize(
    ("names", "code", "rule"),
    [
        (
            [],
            "ValidationException",
            "1 validation error detected: Value '[]' at 'shardLevelMetrics' failed to satisfy "
            "constraint: Member must have length greater than or equal to 1",
        ),
        (
            [*ALL, "ALL"],
            "ValidationException",
            f"1 validation error detected: Value '[{', '.join([*ALL, 'ALL'])}]' at "
            "'shardLevelMetrics' failed to satisfy constraint: Member must have length less than "
            "or equal to 7",
        ),
        (
            ["Colour"],
            "ValidationException",
            "1 validation error detected: Value '[Colour]' at 'shardLevelMetrics' failed to "
            "satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value "
            "set: [IncomingBytes, IncomingRecords, OutgoingBytes, OutgoingRecords, "
            "WriteProvisionedThroughputExceeded, ReadProvisionedThroughputExceeded, "
            "IteratorAgeMilliseconds, ALL]]",
        ),
        ("ALL", "SerializationException", None),
        (
            None,
            "ValidationException",
            "1 validation error detected: Value null at 'shardLevelMetrics' failed to satisfy "
            "constraint: Member must not be null",
        ),
    ],
)
def test_ill_formed_requests(
    orders: Client, operation: str, names: Any, code: str, rule: str | None
) -> None:
    refusal = orders.refusal(operation, StreamName="orders", ShardLevelMetrics=names)
    assert refusal[0] == code
    if rule is not None:
        assert refusal[1] == rule
    assert shown(orders) == []


@pytest.mark.parametrize("operation", BOTH)
def test_a_stream_may_be_named_by_its_arn_but_must_be_named(orders: Client, operation: str) -> None:
    arn = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
    answer = orders.call(operation, StreamARN=arn, ShardLevelMetrics=["ALL"])
    assert answer["StreamName"] == "orders"
    assert orders.refusal(operation, ShardLevelMetrics=["ALL"]) == (
        "InvalidArgumentException",
        "Either StreamName or StreamARN should be provided.",
    )
