"""A stream through any mix of reshards: the open shards cover the ring, and no record is lost,
doubled or out of order for a reader that follows the children."""

from __future__ import annotations

import itertools
from collections import deque
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from course.simulator.clock import HOUR, SECOND
from course.simulator.errors import AwsError
from course.simulator.streams.hash_ring import hash_key
from tests.simulator.client import LAST_HASH_KEY, Client

KEYS = [f"customer-{number}" for number in range(12)]


def read_everything(client: Client, limit: int) -> dict[str, list[dict[str, Any]]]:
    """Shard by shard, the records in order; children only after all of their parents."""
    listed = client.shards(ShardFilter={"Type": "FROM_TRIM_HORIZON"})
    known = {shard["ShardId"] for shard in listed}
    waiting = {
        shard["ShardId"]: {
            shard[name]
            for name in ("ParentShardId", "AdjacentParentShardId")
            if shard.get(name) in known
        }
        for shard in listed
    }
    ready = deque(shard for shard, parents in waiting.items() if not parents)
    read: dict[str, list[dict[str, Any]]] = {}
    while ready:
        shard = ready.popleft()
        records, last = client.drain(client.iterator(shard), limit)
        read[shard] = records
        for child in last.get("ChildShards", []):
            assert set(child["ParentShards"]) >= {shard}
            parents = waiting[child["ShardId"]]
            parents.discard(shard)
            if not parents:
                ready.append(child["ShardId"])
    # Every listed shard was reached by following the children alone.
    assert read.keys() == known
    return read


class Resharding(RuleBasedStateMachine):
    @initialize(shards=st.integers(1, 5))
    def start(self, shards: int) -> None:
        self.client = Client()
        self.client.create(shards=shards)
        self.written: dict[str, list[bytes]] = {key: [] for key in KEYS}
        self.count = 0

    @rule(keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=20))
    def put(self, keys: list[str]) -> None:
        entries = []
        for key in keys:
            self.count += 1
            data = str(self.count).encode()
            entries.append({"PartitionKey": key, "Data": data})
            self.written[key].append(data)
        answer = self.client.call("PutRecords", StreamName="orders", Records=entries)
        assert answer["FailedRecordCount"] == 0
        owners = {shard.shard_id: shard for shard in self.client.stream().open_shards}
        for entry, got in zip(entries, answer["Records"], strict=True):
            key = str(entry["PartitionKey"])
            assert hash_key(key) in owners[got["ShardId"]].hash_range

    @rule(place=st.integers(0, 20), part=st.integers(1, 99))
    def split(self, place: int, part: int) -> None:
        owners = self.client.stream().open_shards
        shard = owners[place % len(owners)]
        at = shard.hash_range.start + shard.hash_range.width * part // 100
        self.change("SplitShard", ShardToSplit=shard.shard_id, NewStartingHashKey=str(at))

    @rule(place=st.integers(0, 20))
    def merge(self, place: int) -> None:
        owners = self.client.stream().open_shards
        if len(owners) > 1:
            left = place % (len(owners) - 1)
            self.change(
                "MergeShards",
                ShardToMerge=owners[left].shard_id,
                AdjacentShardToMerge=owners[left + 1].shard_id,
            )

    @rule(count=st.integers(1, 12))
    def scale(self, count: int) -> None:
        self.change("UpdateShardCount", TargetShardCount=count, ScalingType="UNIFORM_SCALING")

    def change(self, operation: str, **request: Any) -> None:
        before = [shard.index for shard in self.client.stream().open_shards]
        try:
            self.client.call(operation, StreamName="orders", **request)
        except AwsError as error:
            if error.code not in ("ResourceInUseException", "LimitExceededException"):
                raise
            # What was refused has changed nothing.
            assert [shard.index for shard in self.client.stream().open_shards] == before

    @rule(seconds=st.sampled_from([1, 7, 20, 31, 61]))
    def wait(self, seconds: int) -> None:
        self.client.clock.sleep(seconds * SECOND)

    @invariant()
    def open_shards_cover_the_ring(self) -> None:
        stream = self.client.stream()
        ranges = [shard.hash_range for shard in stream.open_shards]
        assert ranges[0].start == 0
        assert ranges[-1].end == LAST_HASH_KEY
        for left, right in itertools.pairwise(ranges):
            assert right.start == left.end + 1
        assert {shard.index for shard in stream.open_shards} == {
            shard.index for shard in stream.shards if shard.is_open
        }

    def teardown(self) -> None:
        if not hasattr(self, "client"):
            return
        self.client.settle()
        assert self.client.stream().status == "ACTIVE"
        read: dict[str, list[tuple[int, bytes]]] = {key: [] for key in KEYS}
        for records in read_everything(self.client, limit=7).values():
            for record in records:
                read[record["PartitionKey"]].append((int(record["SequenceNumber"]), record["Data"]))
        for key, found in read.items():
            assert [data for _, data in found] == self.written[key]
            numbers = [number for number, _ in found]
            assert numbers == sorted(set(numbers))


TestResharding = Resharding.TestCase
TestResharding.settings = settings(
    max_examples=30, stateful_step_count=25, derandomize=True, deadline=None
)


def test_a_key_keeps_its_order_through_a_reshard_of_many_short_lived_shards() -> None:
    """More steps than the update has seconds: parents and children of the same second."""
    client = Client()
    client.create(shards=40)
    numbers: dict[str, list[int]] = {key: [] for key in KEYS}
    client.call(
        "UpdateShardCount", StreamName="orders", TargetShardCount=79, ScalingType="UNIFORM_SCALING"
    )
    for _ in range(600):
        client.clock.sleep(SECOND // 10)
        entries = [{"PartitionKey": key, "Data": b"x"} for key in KEYS]
        answer = client.call("PutRecords", StreamName="orders", Records=entries)
        for key, got in zip(KEYS, answer["Records"], strict=True):
            numbers[key].append(int(got["SequenceNumber"]))
    assert len(client.stream().open_shards) == 79
    for found in numbers.values():
        assert found == sorted(set(found))


def test_a_day_of_nothing_closes_no_shard_and_keeps_the_map_small() -> None:
    client = Client()
    client.create(shards=2)
    for turn in range(4):
        client.call(
            "UpdateShardCount",
            StreamName="orders",
            TargetShardCount=4 if turn % 2 == 0 else 2,
            ScalingType="UNIFORM_SCALING",
        )
        client.clock.sleep(25 * HOUR)
        # Only the newest shards, and the parents closed in the last 24 hours: none.
        assert len(client.shards()) == len(client.stream().open_shards)
