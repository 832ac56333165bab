"""The learner's own KMS keys, made by boto3, are the ones that their streams depend on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from course.endpoints import lanes
from course.endpoints.fence import Fence
from course.endpoints.world import LocalWorld, enter, leave
from course.simulator.clock import MINUTE


@pytest.fixture(scope="module")
def session() -> Iterator[boto3.Session]:
    with Fence():
        lanes.install()
        yield boto3.Session()


@pytest.fixture
def world() -> Iterator[LocalWorld]:
    world = LocalWorld()
    enter(world)
    yield world
    leave(world)


@pytest.fixture
def kinesis(session: boto3.Session, world: LocalWorld) -> Any:
    kinesis = session.client("kinesis")
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    world.sleep(MINUTE)
    return kinesis


def encrypt(kinesis: Any, world: LocalWorld, key_id: str) -> None:
    kinesis.start_stream_encryption(StreamName="orders", EncryptionType="KMS", KeyId=key_id)
    world.sleep(MINUTE)


def put(kinesis: Any) -> Any:
    return kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")


def test_a_disabled_key_stops_the_stream_until_it_is_enabled_again(
    session: boto3.Session, world: LocalWorld, kinesis: Any
) -> None:
    kms = session.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/orders", TargetKeyId=key["KeyId"])
    alias = key["Arn"].replace(f"key/{key['KeyId']}", "alias/orders")
    for key_id in (key["KeyId"], key["Arn"], "alias/orders", alias):
        encrypt(kinesis, world, key_id)
        assert put(kinesis)["EncryptionType"] == "KMS"
        kms.disable_key(KeyId=key["KeyId"])
        with pytest.raises(kinesis.exceptions.KMSDisabledException, match=f"{key['Arn']} is disab"):
            put(kinesis)
        kms.enable_key(KeyId=key["KeyId"])
        put(kinesis)
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    with pytest.raises(kinesis.exceptions.KMSInvalidStateException):
        put(kinesis)


@pytest.mark.parametrize("key_id", ["alias/nobody", "1234abcd-12ab", "arn:aws:kms:x", "*"])
@pytest.mark.parametrize("kms_is_there", [False, True])
def test_a_key_that_nobody_made_is_not_found(
    session: boto3.Session, world: LocalWorld, kinesis: Any, key_id: str, kms_is_there: bool
) -> None:
    if kms_is_there:
        session.client("kms").create_key()
    with pytest.raises(kinesis.exceptions.KMSNotFoundException):
        encrypt(kinesis, world, key_id)


def test_the_key_that_aws_manages_is_always_there(world: LocalWorld, kinesis: Any) -> None:
    encrypt(kinesis, world, "alias/aws/kinesis")
    assert put(kinesis)["EncryptionType"] == "KMS"


def test_another_world_has_other_keys(session: boto3.Session, world: LocalWorld) -> None:
    key = session.client("kms").create_key()["KeyMetadata"]["KeyId"]
    other = LocalWorld()
    enter(other)
    try:
        kinesis = session.client("kinesis")
        kinesis.create_stream(StreamName="orders", ShardCount=1)
        other.sleep(MINUTE)
        with pytest.raises(ClientError, match="KMSNotFoundException"):
            encrypt(kinesis, other, key)
    finally:
        leave(other)
