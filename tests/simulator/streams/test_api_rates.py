"""How often each operation may be called.

The numbers are those of the API Reference (2026-11); for policies, retention and enhanced
monitoring those of the Developer Guide's quotas page (2026-11).
"""

from __future__ import annotations

from typing import Any

import pytest

from course.simulator.clock import MINUTE, SECOND
from tests.simulator.client import Client

ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
NAMED = {"StreamName": "orders"}
BY_ACCOUNT: dict[str, tuple[int, dict[str, Any]]] = {
    "CreateStream": (5, NAMED | {"ShardCount": 1}),
    "DeleteStream": (5, NAMED),
    "ListStreams": (5, {}),
    "SplitShard": (5, NAMED | {"ShardToSplit": "shardId-9", "NewStartingHashKey": "5"}),
    "MergeShards": (5, NAMED | {"ShardToMerge": "shardId-8", "AdjacentShardToMerge": "shardId-9"}),
    "AddTagsToStream": (5, NAMED | {"Tags": {"a": "b"}}),
    "RemoveTagsFromStream": (5, NAMED | {"TagKeys": ["a"]}),
    "ListTagsForStream": (5, NAMED),
    "RegisterStreamConsumer": (5, {"StreamARN": ARN, "ConsumerName": "audit"}),
    "DescribeAccountSettings": (5, {}),
    "UpdateAccountSettings": (5, {"MinimumThroughputBillingCommitment": {"Status": "DISABLED"}}),
    "UpdateStreamWarmThroughput": (5, NAMED | {"WarmThroughputMiBps": 1}),
    "DescribeStream": (10, NAMED),
    "DescribeStreamSummary": (20, NAMED),
    "DescribeLimits": (1, {}),
    "UpdateShardCount": (10, NAMED | {"TargetShardCount": 9, "ScalingType": "UNIFORM_SCALING"}),
    "PutResourcePolicy": (5, {"ResourceARN": ARN, "Policy": "{}"}),
    "GetResourcePolicy": (5, {"ResourceARN": ARN}),
    "DeleteResourcePolicy": (5, {"ResourceARN": ARN}),
}
BY_STREAM: dict[str, tuple[int, dict[str, Any]]] = {
    "DeregisterStreamConsumer": (5, {"StreamARN": ARN, "ConsumerName": "audit"}),
    "ListStreamConsumers": (5, {"StreamARN": ARN}),
    "DescribeStreamConsumer": (20, {"StreamARN": ARN, "ConsumerName": "audit"}),
    "ListShards": (1_000, NAMED),
    "IncreaseStreamRetentionPeriod": (5, NAMED | {"RetentionPeriodHours": 24}),
    "DecreaseStreamRetentionPeriod": (5, NAMED | {"RetentionPeriodHours": 24}),
    "EnableEnhancedMonitoring": (5, NAMED | {"ShardLevelMetrics": ["ALL"]}),
    "DisableEnhancedMonitoring": (5, NAMED | {"ShardLevelMetrics": ["ALL"]}),
}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    """All calls of a test come at the same moment."""
    client = Client()
    client.create()
    client.clock.sleep(MINUTE)
    monkeypatch.setattr(client.clock, "sleep", lambda length: None)
    return client


def outcome(client: Client, operation: str, request: dict[str, Any]) -> str:
    reply = client.attempt(operation, request)
    if reply.error is None:
        return "ok"
    message = str(reply.error.message)
    return "too often" if message.startswith("Rate exceeded") else reply.error.code


@pytest.mark.parametrize("operation", [*BY_ACCOUNT, *BY_STREAM])
def test_so_many_calls_in_a_second_and_no_more(client: Client, operation: str) -> None:
    most, request = (BY_ACCOUNT | BY_STREAM)[operation]
    start = client.clock.now
    outcomes = [outcome(client, operation, request) for _ in range(most + 3)]
    # Whatever else is wrong with them: the calls before are counted.
    assert "too often" not in outcomes[:most]
    assert outcomes[most:] == ["too often"] * 3
    client.clock.advance_to(start + SECOND - 1)
    assert outcome(client, operation, request) == "too often"
    client.clock.advance_to(start + SECOND)
    assert outcome(client, operation, request) != "too often"


@pytest.mark.parametrize("operation", [*BY_ACCOUNT, *BY_STREAM])
def test_a_rate_is_the_account_s_or_the_stream_s(client: Client, operation: str) -> None:
    most, request = (BY_ACCOUNT | BY_STREAM)[operation]
    other = {
        name: value.replace("orders", "clicks") if isinstance(value, str) else value
        for name, value in request.items()
    }
    for _ in range(most):
        outcome(client, operation, request)
    shared = outcome(client, operation, other) == "too often"
    assert shared == (operation in BY_ACCOUNT)
    abroad = Client(client.account, "eu-west-1")
    assert outcome(abroad, operation, request) != "too often"


def test_the_words_and_the_log(client: Client) -> None:
    """Texts: boto/botocore pull request 821; Graylog2/graylog-plugin-integrations issue 341."""
    for _ in range(10):
        client.call("DescribeStream", StreamName="orders")
    assert client.refusal("DescribeStream", StreamName="orders") == (
        "LimitExceededException",
        "Rate exceeded for stream orders under account 123456789012.",
    )
    attempt = client.account.calls.attempts[-1]
    assert (attempt.stream, attempt.outcome) == ("orders", "LimitExceededException")
    for _ in range(5):
        client.call("ListStreams")
    assert client.refusal("ListStreams") == (
        "LimitExceededException",
        "Rate exceeded for account 123456789012.",
    )


def test_a_resource_is_the_stream_that_a_rate_is_counted_for(client: Client) -> None:
    for _ in range(5):
        client.call("GetResourcePolicy", ResourceARN=ARN)
    _, message = client.refusal("GetResourcePolicy", ResourceARN=f"{ARN}/consumer/audit:1767603660")
    assert message == "Rate exceeded for stream orders under account 123456789012."


def test_what_is_not_counted_is_not_refused(client: Client) -> None:
    for _ in range(100):
        assert outcome(client, "AddTagsToStream", NAMED) == "ValidationException"
        assert outcome(client, "ListTagsForResource", {"ResourceARN": ARN}) == "ok"
