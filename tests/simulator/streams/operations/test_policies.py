"""Resource policies are kept as they came. Rules: API Reference, PutResourcePolicy."""

from __future__ import annotations

import json

import pytest

from course.simulator.clock import SECOND
from tests.simulator.client import Client

ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
STATEMENT = {
    "Effect": "Allow",
    "Principal": {"AWS": "111122223333"},
    "Action": "kinesis:GetRecords",
    "Resource": ARN,
}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]}, indent=3)


def test_a_policy_is_given_back_letter_by_letter(client: Client) -> None:
    client.create()
    # Recorded: a stream without one answers {}.
    assert client.call("GetResourcePolicy", ResourceARN=ARN) == {"Policy": "{}"}
    assert client.call("PutResourcePolicy", ResourceARN=ARN, Policy=POLICY) == {}
    assert client.call("GetResourcePolicy", ResourceARN=ARN) == {"Policy": POLICY}
    assert client.call("DeleteResourcePolicy", ResourceARN=ARN) == {}
    assert client.call("GetResourcePolicy", ResourceARN=ARN) == {"Policy": "{}"}
    code, _ = client.refusal("DeleteResourcePolicy", ResourceARN=ARN)
    assert code == "ResourceNotFoundException"


def test_a_consumer_has_a_policy_of_its_own(client: Client) -> None:
    client.create()
    answer = client.call("RegisterStreamConsumer", StreamARN=ARN, ConsumerName="audit")
    consumer = answer["Consumer"]["ConsumerARN"]
    client.settle()
    client.call("PutResourcePolicy", ResourceARN=consumer, Policy=POLICY)
    assert client.call("GetResourcePolicy", ResourceARN=consumer) == {"Policy": POLICY}
    assert client.call("GetResourcePolicy", ResourceARN=ARN) == {"Policy": "{}"}


def test_a_policy_waits_for_its_consumer(client: Client) -> None:
    """Text: aws-cloudformation/cloudformation-coverage-roadmap, issue 2442."""
    client.create()
    created = client.clock.now // SECOND
    answer = client.call("RegisterStreamConsumer", StreamARN=ARN, ConsumerName="audit")
    request = {"ResourceARN": answer["Consumer"]["ConsumerARN"], "Policy": POLICY}
    busy = (
        "ResourceInUseException",
        f"Consumer audit with creation timestamp {created} under stream orders and account "
        "123456789012 is not in ACTIVE status.",
    )
    assert client.refusal("PutResourcePolicy", **request) == busy
    client.settle()
    client.call("PutResourcePolicy", **request)
    client.call("DeregisterStreamConsumer", ConsumerARN=request["ResourceARN"])
    assert client.refusal("PutResourcePolicy", **request) == busy


def test_a_policy_waits_for_its_stream(client: Client) -> None:
    request = {"ResourceARN": ARN, "Policy": POLICY}
    busy = "Stream orders under account 123456789012 not ACTIVE, instead in state"
    client.call("CreateStream", StreamName="orders", ShardCount=1)
    refused = client.refusal("PutResourcePolicy", **request)
    assert refused == ("ResourceInUseException", f"{busy} CREATING")
    client.settle()
    client.call("PutResourcePolicy", **request)
    client.call("DeleteStream", StreamName="orders")
    refused = client.refusal("PutResourcePolicy", **request)
    assert refused == ("ResourceInUseException", f"{busy} DELETING")


@pytest.mark.parametrize(
    "policy",
    [
        "",
        "{",
        "[]",
        "1",
        "{}",
        '{"Statement": []}',
        '{"Statement": "all"}',
        '{"Statement": [1]}',
        json.dumps({"Statement": [STATEMENT | {"Effect": "Maybe"}]}),
        json.dumps({"Statement": {"Effect": "Allow", "Action": "*"}}),
        json.dumps({"Statement": STATEMENT | {"Action": []}}),
        json.dumps({"Version": "2026-11-25", "Statement": STATEMENT}),
        json.dumps({"Version": ["2012-10-17"], "Statement": STATEMENT}),
        "[" * 100_000,
    ],
)
def test_what_is_no_policy_is_refused(client: Client, policy: str) -> None:
    client.create()
    code, _ = client.refusal("PutResourcePolicy", ResourceARN=ARN, Policy=policy)
    assert code == "InvalidArgumentException"
    assert client.call("GetResourcePolicy", ResourceARN=ARN) == {"Policy": "{}"}


def test_a_single_statement_needs_no_list(client: Client) -> None:
    client.create()
    policy = json.dumps({"Statement": STATEMENT})
    client.call("PutResourcePolicy", ResourceARN=ARN, Policy=policy)
    assert client.call("GetResourcePolicy", ResourceARN=ARN) == {"Policy": policy}
