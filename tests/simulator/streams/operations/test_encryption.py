"""Server-side encryption: when it begins, what it shows, and what a broken key stops.

Rules: API Reference, StartStreamEncryption and StopStreamEncryption. Of Kinesis's texts for key
errors only the one about access is known; the others are KMS's own words.
"""

from __future__ import annotations

from typing import Any

import pytest

from course.simulator.clock import HOUR, MILLISECOND, MINUTE, SECOND
from course.simulator.keys import Key
from tests.simulator.client import Client

ALIAS = "alias/aws/kinesis"
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:us-east-1:123456789012:key/{KEY}"
ALIAS_ARN = "arn:aws:kms:us-east-1:123456789012:alias/mine"


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


def written(client: Client) -> str | None:
    """The encryption that the answers of both puts show."""
    put = {"PartitionKey": "k", "Data": b"x"}
    one = client.call("PutRecord", StreamName="orders", **put).get("EncryptionType")
    assert (
        client.call("PutRecords", StreamName="orders", Records=[put]).get("EncryptionType") == one
    )
    return one


def state(client: Client) -> str:
    summary = client.call("DescribeStreamSummary", StreamName="orders")["StreamDescriptionSummary"]
    return str(summary["StreamStatus"])


def test_encryption_is_shown_at_once_and_applied_five_seconds_later(client: Client) -> None:
    """API Reference: up to 5 seconds after ACTIVE. UPDATING lasts 5 seconds: ours."""
    client.create()
    request = {"StreamName": "orders", "EncryptionType": "KMS", "KeyId": ALIAS}
    for operation, before, after in (
        ("StartStreamEncryption", None, "KMS"),
        ("StopStreamEncryption", "KMS", None),
    ):
        begin = client.clock.now
        shown = described(client)
        assert client.call(operation, **request) == {}
        assert (state(client), described(client), written(client)) == ("UPDATING", shown, before)
        client.clock.advance_to(begin + 5 * SECOND + MILLISECOND * 100)
        assert state(client) == "ACTIVE"
        assert described(client) == (("KMS", ALIAS) if after else ("NONE", None))
        client.clock.advance_to(begin + 10 * SECOND - MILLISECOND * 200)
        assert written(client) == before
        client.clock.advance_to(begin + 10 * SECOND + MILLISECOND * 100)
        assert written(client) == after
    # Recorded answers: a record that is not encrypted has no such key.
    assert types(client) == [None] * 4 + ["KMS"] * 6 + [None] * 2


def test_records_written_at_once_show_what_they_are(client: Client) -> None:
    client.create(shards=2)
    start(client)
    entries = [{"PartitionKey": str(key), "Data": b"x"} for key in range(10)]
    client.call("PutRecords", StreamName="orders", Records=entries)
    for shard in (0, 1):
        assert set(types(client, shard)) == {"KMS"}


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
    assert state(client) == "ACTIVE"
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


def own_keys(client: Client, **states: str) -> dict[str, str]:
    """The customer's keys and the aliases of the first, which tests may change as they go on."""
    keys = {KEY: "Enabled", **states}

    def lookup(region: str, name: str) -> Key | None:
        key_id = KEY if name == "alias/mine" else name
        arn = f"arn:aws:kms:{region}:123456789012:key/{key_id}"
        return Key(arn, keys[key_id]) if key_id in keys else None

    client.account.keys.lookup = lookup
    return keys


@pytest.mark.parametrize(
    ("broken", "code", "said"),
    [
        ("Disabled", "KMSDisabledException", f"{KEY_ARN} is disabled."),
        ("PendingDeletion", "KMSInvalidStateException", f"{KEY_ARN} is pending deletion."),
        ("PendingImport", "KMSInvalidStateException", f"{KEY_ARN} is pending import."),
    ],
)
@pytest.mark.parametrize("key_id", [KEY, KEY_ARN, "alias/mine", ALIAS_ARN])
def test_a_key_that_cannot_be_used_stops_writes_and_reads_of_what_it_encrypted(
    client: Client, broken: str, code: str, said: str, key_id: str
) -> None:
    keys = own_keys(client)
    client.create()
    client.put(data=b"open")
    request = {"StreamName": "orders", "EncryptionType": "KMS", "KeyId": key_id}
    keys[KEY] = broken
    assert client.refusal("StartStreamEncryption", **request) == (code, said)
    keys[KEY] = "Enabled"
    start(client, key_id)
    assert described(client) == ("KMS", key_id)
    client.put(data=b"locked")
    keys[KEY] = broken

    put: dict[str, Any] = {"PartitionKey": "k", "Data": b"x"}
    assert client.refusal("PutRecord", StreamName="orders", **put) == (code, said)
    assert client.refusal("PutRecords", StreamName="orders", Records=[put]) == (code, said)
    iterator = client.iterator()
    assert client.refusal("GetRecords", ShardIterator=iterator) == (code, said)
    # What needs no key is given.
    assert [record["Data"] for record in client.page(iterator, Limit=1)["Records"]] == [b"open"]
    assert client.page(client.iterator(kind="LATEST"))["Records"] == []

    # A key that works again gives everything back; a refused read has skipped nothing.
    keys[KEY] = "Enabled"
    assert [record["Data"] for record in client.page(iterator)["Records"]] == [b"open", b"locked"]


def test_each_record_needs_the_key_it_was_written_with(client: Client) -> None:
    other = KEY.replace("1234", "5678", 1)
    keys = own_keys(client, **{other: "Enabled"})
    client.create()
    start(client, KEY)
    first = client.put(data=b"old")
    start(client, other)
    client.put(data=b"new")
    keys[KEY] = "Disabled"
    client.put(data=b"newest")
    iterator = client.iterator()
    refused = client.refusal("GetRecords", ShardIterator=iterator)
    assert refused == ("KMSDisabledException", f"{KEY_ARN} is disabled.")
    later = client.iterator(kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=first)
    assert [record["Data"] for record in client.page(later)["Records"]] == [b"new", b"newest"]
    keys[other] = "Disabled"
    keys[KEY] = "Enabled"
    assert [record["Data"] for record in client.page(iterator, Limit=1)["Records"]] == [b"old"]
    code, _ = client.refusal("GetRecords", ShardIterator=iterator, Limit=2)
    assert code == "KMSDisabledException"


@pytest.mark.parametrize(
    ("key_id", "said"),
    [
        (KEY, f"Key '{KEY_ARN}' does not exist"),
        (KEY_ARN, f"Key '{KEY_ARN}' does not exist"),
        ("alias/mine", f"Alias {ALIAS_ARN} is not found."),
        (ALIAS_ARN, f"Alias {ALIAS_ARN} is not found."),
        (
            KEY_ARN.replace("us-east-1", "eu-west-1"),
            f"Key '{KEY_ARN.replace('us-east-1', 'eu-west-1')}' does not exist",
        ),
        (
            "arn:aws:kms:eu-west-1:123456789012:alias/aws/kinesis",
            "Alias arn:aws:kms:eu-west-1:123456789012:alias/aws/kinesis is not found.",
        ),
        ("x:alias/aws/kinesis", None),
    ],
)
def test_a_key_that_is_not_there_is_not_found(
    client: Client, key_id: str, said: str | None
) -> None:
    client.create()
    request = {"StreamName": "orders", "EncryptionType": "KMS", "KeyId": key_id}
    code, message = client.refusal("StartStreamEncryption", **request)
    assert code == "KMSNotFoundException"
    assert said in (None, message)


def test_the_alias_of_the_managed_key_has_an_arn_too(client: Client) -> None:
    client.create()
    arn = "arn:aws:kms:us-east-1:123456789012:alias/aws/kinesis"
    start(client, arn)
    assert (described(client), written(client)) == (("KMS", arn), "KMS")


def test_what_was_never_encrypted_needs_no_key(client: Client) -> None:
    keys = own_keys(client)
    client.create(shards=1)
    start(client, KEY)
    stop(client)
    keys.clear()
    client.put()
    assert types(client) == [None]


def test_the_key_of_another_account_is_refused(client: Client) -> None:
    client.create()
    foreign = KEY_ARN.replace("123456789012", "111122223333")
    request = {"StreamName": "orders", "EncryptionType": "KMS", "KeyId": foreign}
    # Text: serverless-operations/serverless-apigateway-service-proxy, issue 101.
    assert client.refusal("StartStreamEncryption", **request) == (
        "KMSAccessDeniedException",
        "User: arn:aws:iam::123456789012:root is not authorized to perform: kms:GenerateDataKey "
        f"on resource: {foreign}",
    )


@pytest.mark.parametrize(
    "code",
    [
        "KMSAccessDeniedException",
        "KMSDisabledException",
        "KMSInvalidStateException",
        "KMSNotFoundException",
        "KMSOptInRequired",
        "KMSThrottlingException",
    ],
)
def test_kms_can_be_made_to_fail_for_a_while(client: Client, code: str) -> None:
    client.create()
    start(client)
    client.put()
    iterator = client.iterator()
    client.account.faults.trouble_keys("orders", code, 10 * SECOND)
    put: dict[str, Any] = {"PartitionKey": "k", "Data": b"x"}
    for operation, request in {
        "PutRecord": {"StreamName": "orders"} | put,
        "PutRecords": {"StreamName": "orders", "Records": [put]},
        "GetRecords": {"ShardIterator": iterator},
        "StartStreamEncryption": {
            "StreamName": "orders",
            "EncryptionType": "KMS",
            "KeyId": ALIAS,
        },
    }.items():
        assert client.refusal(operation, **request)[0] == code
    client.clock.sleep(10 * SECOND)
    client.put()


def test_a_subscription_ends_when_its_key_is_disabled(client: Client) -> None:
    keys = own_keys(client)
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
    keys[KEY] = "Disabled"
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
