"""One virtual minute of a small shop: 8 shards, 1 producer, 4 consumers, one thread.

The consumers poll as often as a shard allows, five times a second, so that this is the most that
a notebook's polling loop can ask for.
"""

from __future__ import annotations

from typing import Any

from course import facts
from course.simulator.clock import MINUTE, SECOND
from tests.benchmarks import clients
from tests.benchmarks.measure import Effort, stopped
from tests.benchmarks.table import Row, within
from tests.benchmarks.worlds import STREAM, entered, stream_of, world_with_stream

SHARDS = 8
CONSUMERS = 4
RECORDS_PER_TICK = 20
TICK = SECOND // facts.shard.read_calls_per_second


def rows(effort: Effort) -> list[Row]:
    """One row: the real seconds that the virtual minute takes."""
    client = clients.on_the_lanes()
    what = f"one virtual minute, {SHARDS} shards, 1 producer, {CONSUMERS} consumers"
    return [within(what, 1, stopped(lambda: _minute(client), effort.rounds))]


def _minute(client: Any) -> None:
    world = world_with_stream(SHARDS)
    with entered(world):
        shard_ids = [shard.shard_id for shard in stream_of(world).shards]
        consumers = [_Consumer(client, shard_ids[first::CONSUMERS]) for first in range(CONSUMERS)]
        ticks = MINUTE // TICK
        started = world.now()
        for tick in range(ticks):
            _produce(client, tick)
            for consumer in consumers:
                consumer.poll()
            world.sleep(started + (tick + 1) * TICK - world.now())
        received = sum(consumer.received for consumer in consumers)
        assert received == ticks * RECORDS_PER_TICK


def _produce(client: Any, tick: int) -> None:
    records = [
        {"Data": b'{"order": %d}' % number, "PartitionKey": f"customer-{number % 97}"}
        for number in range(tick * RECORDS_PER_TICK, (tick + 1) * RECORDS_PER_TICK)
    ]
    assert client.put_records(StreamName=STREAM, Records=records)["FailedRecordCount"] == 0


class _Consumer:
    """Reads its shards page by page, from the oldest record on."""

    def __init__(self, client: Any, shard_ids: list[str]) -> None:
        self._client = client
        self.received = 0
        self._iterators = [
            client.get_shard_iterator(
                StreamName=STREAM, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            for shard_id in shard_ids
        ]

    def poll(self) -> None:
        """One GetRecords on each shard."""
        for place, iterator in enumerate(self._iterators):
            page = self._client.get_records(ShardIterator=iterator)
            self.received += len(page["Records"])
            self._iterators[place] = page["NextShardIterator"]
