"""PutRecord, PutRecords and GetRecords: on both lanes, against boto3 alone and against moto."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count
from typing import Any

from moto import mock_aws

from course.endpoints import lanes
from course.endpoints.world import Answer, LocalWorld
from course.simulator.clock import SECOND
from tests.benchmarks import clients
from tests.benchmarks.measure import Arm, Effort, in_turns, ratios
from tests.benchmarks.table import Row, at_most, faster
from tests.benchmarks.worlds import STREAM, entered, fill, stream_of, world_with_stream

SHARDS = 8
DATA = b"x" * 200
BATCH = [{"Data": DATA, "PartitionKey": f"key-{number}"} for number in range(500)]
PAGE = 10_000

# operation -> bound on the call lane, on the wire lane, times faster than moto
BOUNDS = {
    "PutRecord": (0.6, 1.4, 6),
    "PutRecords(500)": (1.3, 1.9, 4),
    "GetRecords(10k)": (0.15, 1.5, 20),
}

Call = Callable[[], object]


def rows(effort: Effort) -> list[Row]:
    """The rows of the three calls, lane by lane, then moto."""
    with mock_aws():
        moto = _Moto()
        costs = {operation: in_turns(_arms(operation, moto), effort) for operation in BOUNDS}
    alone = "boto3, canned reply"
    return [
        *(
            at_most(f"{what}, call lane", alone, bound, ratios(costs[what], "call", "boto3"))
            for what, (bound, _, _) in BOUNDS.items()
        ),
        *(
            at_most(f"{what}, wire lane", alone, bound, ratios(costs[what], "wire", "boto3"))
            for what, (_, bound, _) in BOUNDS.items()
        ),
        *(
            faster(what, "moto in process", bound, ratios(costs[what], "moto", "call"))
            for what, (_, _, bound) in BOUNDS.items()
        ),
    ]


def _arms(operation: str, moto: _Moto) -> dict[str, Arm]:
    alone = clients.with_canned_replies(_canned_replies())
    ours = clients.on_the_lanes()

    @contextmanager
    def boto3_alone() -> Iterator[Call]:
        yield _call(operation, alone, STREAM, rest=lambda: None)

    @contextmanager
    def on_a_lane(lane: Callable[[], AbstractContextManager[None]]) -> Iterator[Call]:
        world = _world(operation)
        # A second's rest lets the shards refill; PutRecord never empties them.
        pause = 0 if operation == "PutRecord" else SECOND
        with entered(world), lane():
            yield _call(operation, ours, STREAM, rest=lambda: world.sleep(pause))

    @contextmanager
    def in_moto() -> Iterator[Call]:
        stream = moto.filled if operation == "GetRecords(10k)" else moto.make_stream(SHARDS)
        yield _call(operation, moto.client, stream, rest=lambda: None)

    return {
        "boto3": boto3_alone,
        "call": lambda: on_a_lane(nullcontext),
        "wire": lambda: on_a_lane(lanes.wire_only),
        "moto": in_moto,
    }


def _call(operation: str, client: Any, stream: str, rest: Call) -> Call:
    """One call of `operation`, checked, and the rest that follows it."""
    if operation == "PutRecord":

        def put_record() -> None:
            client.put_record(StreamName=stream, Data=DATA, PartitionKey="key-1")
            rest()

        return put_record

    if operation == "PutRecords(500)":

        def put_records() -> None:
            answer = client.put_records(StreamName=stream, Records=BATCH)
            assert answer["FailedRecordCount"] == 0
            rest()

        return put_records

    iterator = client.get_shard_iterator(
        StreamName=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]

    def get_records() -> None:
        answer = client.get_records(ShardIterator=iterator, Limit=PAGE)
        assert len(answer["Records"]) == PAGE
        rest()

    return get_records


def _world(operation: str) -> LocalWorld:
    if operation != "GetRecords(10k)":
        return world_with_stream(SHARDS)
    world = world_with_stream(1)
    fill(world, stream_of(world).shards[0], PAGE, len(DATA))
    return world


class _Moto:
    """A moto with one filled stream, and new streams on demand: it slows down as they fill."""

    def __init__(self) -> None:
        self.client = clients.of_moto()
        self._number = count(1)
        self.filled = self.make_stream(1)
        for _ in range(PAGE // len(BATCH)):
            self.client.put_records(StreamName=self.filled, Records=BATCH)

    def make_stream(self, shards: int) -> str:
        """The name of a new, empty stream."""
        name = f"stream-{next(self._number)}"
        self.client.create_stream(StreamName=name, ShardCount=shards)
        return name


def _canned_replies() -> dict[str, Answer]:
    """What the simulator answers, to be given again and again without it."""
    world = _world("GetRecords(10k)")
    data = b64encode(DATA).decode()
    place = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    replies: dict[str, Answer] = {}

    def ask(operation: str, **request: Any) -> Any:
        world.sleep(SECOND)
        answer = world.request("kinesis", operation, json.dumps(request).encode(), {})
        assert answer[0] == 200, answer
        replies[operation] = answer
        return json.loads(answer[2])

    ask("PutRecord", StreamName=STREAM, Data=data, PartitionKey="key-1")
    ask("PutRecords", StreamName=STREAM, Records=[entry | {"Data": data} for entry in BATCH])
    iterator = ask("GetShardIterator", StreamName=STREAM, **place)["ShardIterator"]
    ask("GetRecords", ShardIterator=iterator, Limit=PAGE)
    return replies
