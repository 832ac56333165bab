"""Worlds to measure in: a stream that is ready, and as many records as wanted."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from course import facts
from course.endpoints.world import LocalWorld, enter, leave
from course.simulator.account import DEFAULT_REGION
from course.simulator.clock import SECOND
from course.simulator.streams.shard import Shard
from course.simulator.streams.stream import Stream

STREAM = "orders"
_FILM = 200_000
_BATCH = facts.put_records.max_records


@contextmanager
def entered(world: LocalWorld) -> Iterator[None]:
    """Let calls reach `world`; then see that it answered them, for a refusal costs less."""
    noted = len(world.account.calls.attempts)
    enter(world)
    try:
        yield
    finally:
        leave(world)
    outcomes = {attempt.outcome for attempt in world.account.calls.attempts[noted:]}
    assert outcomes == {"ok"}, f"The outcomes were {outcomes or 'none at all'}, not all ok."


def world_with_stream(shards: int) -> LocalWorld:
    """A world with one ACTIVE stream, called STREAM; the writes are filmed, as in the lab."""
    world = LocalWorld()
    world.account.streams(DEFAULT_REGION).film = deque(maxlen=_FILM)
    body = f'{{"StreamName": "{STREAM}", "ShardCount": {shards}}}'.encode()
    assert world.request("kinesis", "CreateStream", body, {})[0] == 200
    world.sleep(2 * facts.latency.create_stream_s * SECOND)
    return world


def stream_of(world: LocalWorld) -> Stream:
    """The stream of a world that has one."""
    return world.account.streams(DEFAULT_REGION).get(STREAM)


@dataclass(frozen=True)
class Midway:
    """A place in a shard: a record's sequence number, and when it arrived (microseconds)."""

    number: str
    arrived: int


def fill(world: LocalWorld, shard: Shard, records: int, size: int, mark: int = 0) -> Midway:
    """Append `records` of `size` bytes, two batches of 500 a second, as PutRecords would.

    Returns where record number `mark` lies.
    """
    marked = None
    for index in range(records):
        if index % _BATCH == 0:
            world.sleep(SECOND // 2)
        now = world.now()
        key = f"key-{index % 1_000}"
        number = shard.append(b"%0*d" % (size, index), key, size + len(key), now)
        if index == mark:
            marked = Midway(number, now)
    assert marked is not None
    return marked
