"""A consumer that knows the API and nothing else: from TRIM_HORIZON on, child after parents.

It is what a Kinesis client library does without its leases: whatever happens to the stream, it
must see every record of each key, in order and once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from course.simulator.clock import SECOND
from course.simulator.errors import AwsError
from tests.simulator.client import Client


@dataclass
class Place:
    """How far a shard is read: the iterator to go on with, and the last number in case it dies."""

    iterator: str | None = None
    last: str | None = None
    at_tip: bool = False


class Reader:
    """Reads one stream. `seen` has the records in the order in which they came."""

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.name = name
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.places: dict[str, Place] = {}
        self.done: set[str] = set()
        # Shards that wait for these parents.
        self.waiting: dict[str, set[str]] = {}
        self._discover()

    def choice(self, which: int) -> str:
        """The shard that `step` turns to."""
        return sorted(self.places)[which % len(self.places)]

    def step(self, which: int, limit: int) -> None:
        """One call for one of the shards that are being read."""
        shard_id = self.choice(which)
        here = self.places[shard_id]
        try:
            if here.iterator is None:
                here.iterator = self._iterator(shard_id, here)
                return
            answer = self.client.call("GetRecords", ShardIterator=here.iterator, Limit=limit)
        except AwsError as error:
            match error.code:
                case "ExpiredIteratorException":
                    here.iterator = None
                case "ProvisionedThroughputExceededException":
                    pass
                case "ResourceNotFoundException":
                    # The shard has expired before it was read to its end.
                    self._finish(shard_id)
                    self._discover()
                case _:
                    raise
            return
        for record in answer["Records"]:
            self.seen.append((shard_id, record))
            here.last = record["SequenceNumber"]
        here.iterator = answer.get("NextShardIterator")
        here.at_tip = not answer["Records"] and answer["MillisBehindLatest"] == 0
        if here.iterator is None:
            assert answer["ChildShards"], f"{shard_id} ended without children"
            for child in answer["ChildShards"]:
                self._await(child["ShardId"], child["ParentShards"])
            self._finish(shard_id)

    def run(self) -> None:
        """Read on until every open shard is at its tip; new records must not come meanwhile."""
        for here in self.places.values():
            here.at_tip = False
        for _ in range(10_000):
            behind = [number for number, each in enumerate(self._in_order()) if not each.at_tip]
            if not behind:
                return
            self.step(behind[0], 10_000)
            self.client.clock.sleep(SECOND // 4)
        raise AssertionError("the reader does not come to an end")

    def _in_order(self) -> list[Place]:
        return [self.places[shard_id] for shard_id in sorted(self.places)]

    def _iterator(self, shard_id: str, here: Place) -> str:
        start = {"ShardIteratorType": "TRIM_HORIZON"}
        if here.last is not None:
            start = {
                "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                "StartingSequenceNumber": here.last,
            }
        answer = self.client.call(
            "GetShardIterator", StreamName=self.name, ShardId=shard_id, **start
        )
        token: str = answer["ShardIterator"]
        return token

    def _discover(self) -> None:
        """Take in the shards whose parents are not listed: nobody will name them."""
        listed = self.client.shards(self.name)
        known = {shard["ShardId"] for shard in listed}
        for shard in listed:
            parents = {shard.get("ParentShardId"), shard.get("AdjacentParentShardId")}
            if not parents & known:
                self._await(shard["ShardId"], [])

    def _await(self, shard_id: str, parents: list[str]) -> None:
        if shard_id not in self.places and shard_id not in self.done:
            self.waiting[shard_id] = set(parents)
            self._start_the_ready()

    def _finish(self, shard_id: str) -> None:
        self.places.pop(shard_id, None)
        self.done.add(shard_id)
        self._start_the_ready()

    def _start_the_ready(self) -> None:
        for shard_id, parents in list(self.waiting.items()):
            if parents <= self.done:
                del self.waiting[shard_id]
                self.places[shard_id] = Place()
