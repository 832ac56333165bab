"""Server-side encryption: when it begins, what it shows, and what a broken key stops.

Rules: API Reference, StartStreamEncryption and StopStreamEncryption. AWS's texts for key errors
on Kinesis are not known: only the codes are checked.
"""

from __future__ import annotations

from typing import Any

import pytest

from course.simulator.clock import HOUR, MINUTE, SECOND
from tests.simulator.client import Client

ALIAS = "alias/aws/kinesis"
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:us-east-1:123456789012:key/{KEY}"


def described(client: Client) -> tuple[str, str | None]:
    """(type, key) as both descriptions show them."""
    one = client.call("DescribeStream", StreamName="orders")["StreamDescription"]
    two = client.call("DescribeStreamSummary", StreamName="orders")["StreamDescriptionSummary"]
    assert (one["EncryptionType"], one.get("KeyId")) == (two["EncryptionType"], two.get("KeyId"))
    return one["EncryptionType"], one.get("KeyId")


def start(client: Client, key_id: str = ALIAS) -> None:
    client.call("StartStreamEncryption", StreamName="orders", EncryptionType="KMS", KeyId=key_id)
    client.settle()


def stop(client: Client) -> None:
    client.call("StopStreamEncryption", StreamName="orders", EncryptionType="KMS", KeyId=ALIAS)
    client.settle()


def types(client: Client, shard: int = 0) -> list[str | None]:
    records, _ = client.drain(client.iterator(shard))
    return [record.get("EncryptionType") for record in records]


def test_encryption_begins_when_the_stream_is_active_again(client: Client) -> None:
    client.create()
    assert described(client) == ("NONE", None)
    request = {"StreamName": "orders", "EncryptionType": "KMS", "KeyId": ALIAS}
    assert client.call("StartStreamEncryption", **request) == {}
    answer = client.call("PutRecord", StreamName="orders", PartitionKey="k", Data=b"1")
    assert "EncryptionType" not in answer
    summary = client.call("DescribeStreamSummary", StreamName="orders")
    assert summary["StreamDescriptionSummary"]["StreamStatus"] == "UPDATING"
    client.settle()
    assert described(client) == ("KMS", ALIAS)
    answer = client.call("PutRecord", StreamName="orders", PartitionKey="k", Data=b"2")
    assert answer["EncryptionType"] == "KMS"
    entries = [{"PartitionKey": "k", "Data": b"3"}]
    answer = client.call("PutRecords", StreamName="orders", Records=entries)
    assert answer["EncryptionType"] == "KMS"
    stop(client)
    assert described(client) == ("NONE", None)
    client.put()
    # Recorded answers: a record that is not encrypted has no such key.
    assert types(client) == [None, "KMS", "KMS", None]


def test_children_go_on_as_their_stream_does(client: Client) -> None:
    client.create(shards=2)
    start(client)
    client.call(
        "UpdateShardCount", StreamName="orders", TargetShardCount=1, ScalingType="UNIFORM_SCALING"
    )
    client.settle()
    client.put()
    assert types(client, 2) == ["KMS"]


def test_records_keep_their_type_when_the_oldest_expire(client: Client) -> None:
    client.create()
    client.put()
    start(client)
    client.clock.sleep(12 * HOUR)
    client.put()
    client.clock.sleep(13 * HOUR)
    assert types(client) == ["KMS"]


def test_encryption_is_changed_25_times_in_24_hours_at_most(client: Client) -> None:
    client.create()
    begin = client.clock.now
    for _ in range(25):
        start(client)
    request = {"StreamName": "orders", "EncryptionType": "KMS", "KeyId": ALIAS}
    code, _ = client.refusal("StartStreamEncryption", **request)
    assert code == "LimitExceededException"
    stop(client)
    client.clock.advance_to(begin + 24 * HOUR)
    start(client)


@pytest.mark.parametrize("operation", ["StartStreamEncryption", "StopStreamEncryption"])
def test_a_bad_request_changes_nothing(client: Client, operation: str) -> None:
    request = {"StreamName": "orders", "EncryptionType": "KMS", "KeyId": ALIAS}
    assert client.refusal(operation, **request)[0] == "ResourceNotFoundException"
    client.call("CreateStream", StreamName="orders", ShardCount=1)
    assert client.refusal(operation, **request)[0] == "ResourceInUseException"
    client.clock.sleep(MINUTE)
    code, _ = client.refusal(operation, **request | {"EncryptionType": "NONE"})
    assert code == "InvalidArgumentException"
    assert client.refusal(operation, **request | {"KeyId": ""})[0] == "ValidationException"
    assert described(client) == ("NONE", None)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (None, "KMSNotFoundException"),
        ("Disabled", "KMSDisabledException"),
        ("PendingDeletion", "KMSInvalidStateException"),
        ("PendingImport", "KMSInvalidStateException"),
    ],
)
@pytest.mark.parametrize("key_id", [KEY, KEY_ARN, "alias/mine"])
def test_a_key_that_cannot_be_used_stops_writes_and_reads_of_what_it_encrypted(
    client: Client, state: str | None, code: str, key_id: str
) -> None:
    states: dict[str, str | None] = {key_id: state}
    client.account.keys.lookup = lambda region, key: states.get(key)
    client.create()
    client.put(data=b"open")
    request = {"StreamName": "orders", "EncryptionType": "KMS", "KeyId": key_id}
    assert client.refusal("StartStreamEncryption", **request)[0] == code
    states[key_id] = "Enabled"
    start(client, key_id)
    client.put(data=b"locked")
    states[key_id] = state

    put: dict[str, Any] = {"PartitionKey": "k", "Data": b"x"}
    assert client.refusal("PutRecord", StreamName="orders", **put)[0] == code
    assert client.refusal("PutRecords", StreamName="orders", Records=[put])[0] == code
    iterator = client.iterator()
    assert client.refusal("GetRecords", ShardIterator=iterator)[0] == code
    latest = client.iterator(kind="LATEST")
    assert client.refusal("GetRecords", ShardIterator=latest)[0] == code

    # A key that works again gives everything back; a refused read has skipped nothing.
    states[key_id] = "Enabled"
    assert [record["Data"] for record in client.page(iterator)["Records"]] == [b"open", b"locked"]


def test_what_was_never_encrypted_needs_no_key(client: Client) -> None:
    states = {KEY: "Enabled"}
    client.account.keys.lookup = lambda region, key: states.get(key)
    client.create(shards=1)
    start(client, KEY)
    stop(client)
    states.clear()
    client.put()
    assert types(client) == [None]


def test_the_key_of_another_account_is_refused(client: Client) -> None:
    client.create()
    foreign = KEY_ARN.replace("123456789012", "111122223333")
    request = {"StreamName": "orders", "EncryptionType": "KMS", "KeyId": foreign}
    assert client.refusal("StartStreamEncryption", **request)[0] == "KMSAccessDeniedException"


@pytest.mark.parametrize("code", ["KMSThrottlingException", "KMSOptInRequired"])
def test_kms_can_be_made_to_fail_for_a_while(client: Client, code: str) -> None:
    client.create()
    start(client)
    client.account.faults.trouble_keys("orders", code, 10 * SECOND)
    request = {"StreamName": "orders", "PartitionKey": "k", "Data": b"x"}
    assert client.refusal("PutRecord", **request)[0] == code
    client.clock.sleep(10 * SECOND)
    client.put()


def test_a_subscription_ends_when_its_key_is_disabled(client: Client) -> None:
    states = {KEY: "Enabled"}
    client.account.keys.lookup = lambda region, key: states.get(key)
    client.create()
    start(client, KEY)
    stream = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
    consumer = client.call("RegisterStreamConsumer", StreamARN=stream, ConsumerName="audit")
    client.settle()
    arn = consumer["Consumer"]["ConsumerARN"]
    subscription = client.subscribe(arn)
    client.put(data=b"abc")
    assert client.event(subscription)["Records"][0]["EncryptionType"] == "KMS"
    client.put(data=b"def")
    states[KEY] = "Disabled"
    refused = client.account.next_event(subscription)
    assert b"KMSDisabledException" in refused
    assert client.account.next_event(subscription) == b""
    request = {"Type": "TRIM_HORIZON"}
    code, _ = client.refusal(
        "SubscribeToShard",
        ConsumerARN=arn,
        ShardId="shardId-000000000000",
        StartingPosition=request,
    )
    assert code == "KMSDisabledException"
