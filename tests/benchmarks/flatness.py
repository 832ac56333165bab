"""No call grows slower with the shard: 1,000,000 records in it, against 1,000."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from course.endpoints.world import LocalWorld
from course.simulator.clock import SECOND, to_datetime
from tests.benchmarks import clients
from tests.benchmarks.measure import Arm, Effort, in_turns, ratios
from tests.benchmarks.table import Row, at_most
from tests.benchmarks.worlds import (
    STREAM,
    Midway,
    entered,
    fill,
    stream_of,
    world_with_stream,
)

FEW, MANY = 1_000, 1_000_000
PAGE = 1_000
SIZE = 100
BOUND = 1.15

SHARD = "shardId-000000000000"
BATCH = [{"Data": b"x" * SIZE, "PartitionKey": f"key-{number}"} for number in range(500)]


@dataclass(frozen=True)
class Place:
    """A world whose one shard is filled, and the record from which PAGE of them lie midway."""

    world: LocalWorld
    midway: Midway


def rows(effort: Effort) -> list[Row]:
    """One row for each call."""
    client = clients.on_the_lanes()
    many = _place(MANY)
    found = []
    for what, make in CALLS.items():
        arms: dict[str, Arm] = {
            "many": partial(_block, make, client, lambda: many),
            "few": partial(_block, make, client, lambda: _place(FEW)),
        }
        against = f"{MANY:,} records : {FEW:,}"
        measured = ratios(in_turns(arms, effort), "many", "few")
        found.append(at_most(what, against, BOUND, measured))
    return found


def _place(records: int) -> Place:
    world = world_with_stream(1)
    mark = (records - PAGE) // 2
    return Place(world, fill(world, stream_of(world).shards[0], records, SIZE, mark))


Call = Callable[[], object]


@contextmanager
def _block(
    make: Callable[[Any, Place], Call], client: Any, place: Callable[[], Place]
) -> Iterator[Call]:
    here = place()
    with entered(here.world):
        call = make(client, here)

        def call_and_rest() -> None:
            call()
            # Five reads a second and 1,000 records a second are what a shard gives and takes.
            here.world.sleep(SECOND // 2)

        yield call_and_rest


def _put_record(client: Any, place: Place) -> Call:
    return partial(client.put_record, StreamName=STREAM, Data=b"x" * SIZE, PartitionKey="key-1")


def _put_records(client: Any, place: Place) -> Call:
    def call() -> None:
        assert client.put_records(StreamName=STREAM, Records=BATCH)["FailedRecordCount"] == 0

    return call


def _get_records_at_the_tip(client: Any, place: Place) -> Call:
    iterator = _iterator(client, ShardIteratorType="LATEST")

    def call() -> None:
        nonlocal iterator
        page = client.get_records(ShardIterator=iterator)
        assert not page["Records"]
        iterator = page["NextShardIterator"]

    return call


def _get_records_midway(client: Any, place: Place) -> Call:
    start = {
        "ShardIteratorType": "AT_SEQUENCE_NUMBER",
        "StartingSequenceNumber": place.midway.number,
    }
    iterator = _iterator(client, **start)

    def call() -> None:
        assert len(client.get_records(ShardIterator=iterator, Limit=PAGE)["Records"]) == PAGE

    return call


def _get_shard_iterator(client: Any, place: Place, kind: str) -> Call:
    start: dict[str, Any] = {"ShardIteratorType": kind}
    if kind == "AT_TIMESTAMP":
        start["Timestamp"] = to_datetime(place.midway.arrived)
    elif kind.endswith("SEQUENCE_NUMBER"):
        start["StartingSequenceNumber"] = place.midway.number
    return partial(_iterator, client, **start)


def _list_shards(client: Any, place: Place) -> Call:
    return partial(client.list_shards, StreamName=STREAM)


def _iterator(client: Any, **start: Any) -> str:
    token: str = client.get_shard_iterator(StreamName=STREAM, ShardId=SHARD, **start)[
        "ShardIterator"
    ]
    return token


ITERATOR_TYPES = (
    "TRIM_HORIZON",
    "LATEST",
    "AT_SEQUENCE_NUMBER",
    "AFTER_SEQUENCE_NUMBER",
    "AT_TIMESTAMP",
)

CALLS: dict[str, Callable[[Any, Place], Call]] = {
    "PutRecord": _put_record,
    "PutRecords(500)": _put_records,
    "GetRecords at the tip": _get_records_at_the_tip,
    f"GetRecords({PAGE:,}) midway": _get_records_midway,
    **{
        f"GetShardIterator {kind}": partial(_get_shard_iterator, kind=kind)
        for kind in ITERATOR_TYPES
    },
    "ListShards": _list_shards,
}
