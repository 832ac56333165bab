"""The same program on moto and on ours, where moto is right: streams that are never split.

Compared are which shard takes a key, the hash key ranges, what each kind of iterator reads and in
which order, paging, and the codes of errors. Not compared is what moto (5.2) does not have:
states, limits, expiry, resharding, sequence numbers, the words of messages.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from course.endpoints import lanes
from course.endpoints.fence import Fence
from course.endpoints.neighbours import Neighbours
from course.endpoints.world import LocalWorld, enter, leave
from course.simulator.account import Account
from course.simulator.clock import MINUTE, SECOND

KEYS = ["0", "1", "2", "C-0042", "Zoë", "客户", "🦒", "x" * 256, " ", "a/b:c"]


@pytest.fixture(scope="module")
def session() -> Iterator[boto3.Session]:
    with Fence():
        lanes.install()
        yield boto3.Session()


def on_both(
    session: boto3.Session, program: Callable[[Any, Callable[[int], None]], Any]
) -> tuple[Any, Any]:
    """What a program sees on (moto, ours). It gets a client, and a way to let time pass."""
    seen = []
    for world in (
        LocalWorld(Account(services=frozenset()), Neighbours(0, passed_on=True)),
        LocalWorld(),
    ):
        enter(world)
        try:
            seen.append(program(session.client("kinesis"), world.sleep))
        finally:
            leave(world)
    return seen[0], seen[1]


def code_of(call: Callable[..., Any], **request: Any) -> str:
    try:
        call(**request)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "ok"


@pytest.mark.parametrize("seed", range(8))
def test_records_go_to_the_same_shards_and_come_back_in_the_same_order(
    session: boto3.Session, seed: int
) -> None:
    def program(kinesis: Any, sleep: Callable[[int], None]) -> list[Any]:
        rng = random.Random(seed)
        count = rng.randint(1, 7)
        kinesis.create_stream(StreamName="orders", ShardCount=count)
        sleep(MINUTE)
        placed: list[tuple[str, str]] = []  # (shard, number) of each record
        for number in range(12):
            keys = rng.choices(KEYS + [f"k{n}" for n in range(40)], k=rng.randint(1, 20))
            entries = [
                {"PartitionKey": key, "Data": f"{seed}-{number}-{place}".encode()}
                for place, key in enumerate(keys)
            ]
            if rng.random() < 0.3:
                # (moto fails at the very last hash key of a shard.)
                entries[0]["ExplicitHashKey"] = str(rng.randrange(2**128 - 1))
            if rng.random() < 0.5:
                answer = kinesis.put_records(StreamName="orders", Records=entries)
                assert answer["FailedRecordCount"] == 0
                placed += [(e["ShardId"], e["SequenceNumber"]) for e in answer["Records"]]
            else:
                answer = kinesis.put_record(StreamName="orders", **entries[0])
                placed.append((answer["ShardId"], answer["SequenceNumber"]))
        shards = kinesis.list_shards(StreamName="orders")["Shards"]
        seen: list[Any] = [[(s["ShardId"], s["HashKeyRange"]) for s in shards]]
        seen.append([shard for shard, _ in placed])
        for shard in shards:
            own = [number for place, number in placed if place == shard["ShardId"]]
            starts: list[dict[str, Any]] = [{"ShardIteratorType": "TRIM_HORIZON"}]
            if own:
                middle = rng.choice(range(len(own)))
                starts += [
                    {"ShardIteratorType": kind, "StartingSequenceNumber": own[middle]}
                    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")
                ]
            for start in starts:
                token = kinesis.get_shard_iterator(
                    StreamName="orders", ShardId=shard["ShardId"], **start
                )["ShardIterator"]
                limit = rng.choice([1, 3, 10_000])
                for _ in range(4):
                    page = kinesis.get_records(ShardIterator=token, Limit=limit)
                    seen.append([(r["Data"], r["PartitionKey"]) for r in page["Records"]])
                    token = page["NextShardIterator"]
                    sleep(SECOND)
        return seen

    theirs, ours = on_both(session, program)
    assert ours == theirs


def test_the_latest_iterator_sees_what_comes_after_it(session: boto3.Session) -> None:
    def program(kinesis: Any, sleep: Callable[[int], None]) -> list[bytes]:
        kinesis.create_stream(StreamName="orders", ShardCount=1)
        sleep(MINUTE)
        kinesis.put_record(StreamName="orders", Data=b"before", PartitionKey="k")
        token = kinesis.get_shard_iterator(
            StreamName="orders", ShardId="shardId-000000000000", ShardIteratorType="LATEST"
        )["ShardIterator"]
        kinesis.put_record(StreamName="orders", Data=b"after", PartitionKey="k")
        return [r["Data"] for r in kinesis.get_records(ShardIterator=token)["Records"]]

    assert on_both(session, program) == ([b"after"], [b"after"])


def test_streams_are_listed_page_by_page(session: boto3.Session) -> None:
    def program(kinesis: Any, sleep: Callable[[int], None]) -> list[Any]:
        for name in ("c", "a", "b", "d", "e"):
            kinesis.create_stream(StreamName=name, ShardCount=1)
            sleep(MINUTE)
        pages = []
        for request in ({"Limit": 2}, {"Limit": 2, "ExclusiveStartStreamName": "b"}, {}):
            page = kinesis.list_streams(**request)
            pages.append((page["StreamNames"], page["HasMoreStreams"]))
            sleep(SECOND)
        return pages

    theirs, ours = on_both(session, program)
    # moto lists in the order of creation.
    assert ours[2] == (sorted(theirs[2][0]), theirs[2][1])
    assert ours[:2] == [(["a", "b"], True), (["c", "d"], True)]


def test_a_stream_is_described_alike(session: boto3.Session) -> None:
    kept = ("StreamName", "StreamARN", "StreamStatus", "RetentionPeriodHours", "EncryptionType")

    def program(kinesis: Any, sleep: Callable[[int], None]) -> list[Any]:
        kinesis.create_stream(StreamName="orders", ShardCount=3)
        sleep(MINUTE)
        kinesis.increase_stream_retention_period(StreamName="orders", RetentionPeriodHours=48)
        sleep(MINUTE)
        kinesis.add_tags_to_stream(StreamName="orders", Tags={"team": "shop", "a": "1"})
        kinesis.remove_tags_from_stream(StreamName="orders", TagKeys=["a", "b"])
        summary = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]
        stream = kinesis.describe_stream(StreamName="orders", Limit=2)["StreamDescription"]
        return [
            [summary[name] for name in kept],
            summary["OpenShardCount"],
            [shard["ShardId"] for shard in stream["Shards"]],
            stream["HasMoreShards"],
            kinesis.list_tags_for_stream(StreamName="orders")["Tags"],
        ]

    theirs, ours = on_both(session, program)
    assert ours == theirs


def test_refusals_have_the_same_codes(session: boto3.Session) -> None:
    def program(kinesis: Any, sleep: Callable[[int], None]) -> dict[str, str]:
        kinesis.create_stream(StreamName="orders", ShardCount=2)
        sleep(MINUTE)
        shard = "shardId-000000000000"
        put = {"Data": b"x", "PartitionKey": "k"}
        named = {"StreamName": "orders"}
        return {
            "put to nobody": code_of(kinesis.put_record, StreamName="nobody", **put),
            "describe nobody": code_of(kinesis.describe_stream, StreamName="nobody"),
            "delete nobody": code_of(kinesis.delete_stream, StreamName="nobody"),
            "created twice": code_of(kinesis.create_stream, ShardCount=1, **named),
            "unknown shard": code_of(
                kinesis.get_shard_iterator,
                ShardId="shardId-000000000009",
                ShardIteratorType="LATEST",
                **named,
            ),
            "too short": code_of(
                kinesis.increase_stream_retention_period, RetentionPeriodHours=23, **named
            ),
            "too long": code_of(
                kinesis.increase_stream_retention_period, RetentionPeriodHours=8_761, **named
            ),
            "not adjacent": code_of(
                kinesis.merge_shards, ShardToMerge=shard, AdjacentShardToMerge=shard, **named
            ),
            "split outside": code_of(
                kinesis.split_shard, ShardToSplit=shard, NewStartingHashKey="0", **named
            ),
            "split of no shard": code_of(
                kinesis.split_shard,
                ShardToSplit="shardId-000000000009",
                NewStartingHashKey="5",
                **named,
            ),
            "501 records": code_of(kinesis.put_records, Records=[put] * 501, **named),
        }

    theirs, ours = on_both(session, program)
    assert ours == theirs
    assert "ok" not in ours.values()
