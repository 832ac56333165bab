"""What cases do to an account by themselves: make streams, put records, look where they went.

None of it is in the learner's log: cases call it outside of `Stage.call`, and the account carries
it out without latency and, where it says so, without throttles.
"""

from __future__ import annotations

from typing import Any

from course import facts
from course.shop import STREAM
from course.simulator.account import Account
from course.simulator.clock import SECOND
from course.simulator.streams.shard import Shard
from course.simulator.streams.stream import ACTIVE, Stream


def ask(account: Account, operation: str, **request: Any) -> dict[str, Any]:
    """What an operation answers; neither the call log nor the clock knows of it."""
    streams = account.streams()
    streams.begin_call()
    return streams.call(operation, request)


def make_stream(account: Account, shards: int, name: str = STREAM) -> Stream:
    """An ACTIVE stream of `shards` equal shards."""
    ask(account, "CreateStream", StreamName=name, ShardCount=shards)
    stream = account.streams().get(name)
    while stream.status != ACTIVE:
        account.clock.sleep(SECOND)
    return stream


def list_shards(account: Account, stream: Stream) -> list[dict[str, Any]]:
    """What ListShards answers."""
    shards: list[dict[str, Any]] = ask(account, "ListShards", StreamName=stream.name)["Shards"]
    return shards


def put(account: Account, stream: Stream, keys: list[str]) -> list[str]:
    """Put a record with each key; the ids of the shards that took them."""
    entries = [{"PartitionKey": key, "Data": b"{}"} for key in keys]
    answer = ask(account, "PutRecords", StreamName=stream.name, Records=entries)
    return [record["ShardId"] for record in answer["Records"]]


def split(account: Account, stream: Stream, shard: Shard, at: int) -> None:
    """Split a shard and wait until it is done."""
    ask(
        account,
        "SplitShard",
        StreamName=stream.name,
        ShardToSplit=shard.shard_id,
        NewStartingHashKey=str(at),
    )
    while stream.status != ACTIVE:
        account.clock.sleep(SECOND)


def store(account: Account, stream: Stream, entries: list[tuple[str, bytes]]) -> None:
    """Store (partition key, data) pairs in order, slowly enough that nothing is refused."""
    for start in range(0, len(entries), 100):
        batch = [{"PartitionKey": key, "Data": data} for key, data in entries[start : start + 100]]
        answer = ask(account, "PutRecords", StreamName=stream.name, Records=batch)
        assert answer["FailedRecordCount"] == 0
        account.clock.sleep(SECOND)


def use_up(account: Account, stream: Stream) -> None:
    """Use up what every shard has saved, as if it had been busy until now."""
    thousandth = facts.shard.write_bytes_per_second // facts.shard.write_records_per_second
    for shard in stream.shards:
        while shard.write_budget.take(thousandth, account.clock.now):
            pass


def offer(
    account: Account, stream: Stream, per_second: list[list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Offer a list of PutRecords entries for each second; returns the entries that were refused."""
    refused = []
    for entries in per_second:
        step = SECOND // max(1, -(-len(entries) // 500))
        for start in range(0, len(entries), 500):
            batch = entries[start : start + 500]
            answer = ask(account, "PutRecords", StreamName=stream.name, Records=batch)
            refused += [
                entry
                for entry, result in zip(batch, answer["Records"], strict=True)
                if "ErrorCode" in result
            ]
            account.clock.sleep(step)
    return refused


def records(shard: Shard) -> list[dict[str, Any]]:
    """Every stored record of a shard, as GetRecords gives it; the arrival in seconds."""
    return [
        record | {"ApproximateArrivalTimestamp": record["ApproximateArrivalTimestamp"].timestamp()}
        for record in shard.read(0, len(shard) or 1, 2**62).records
    ]


def few(names: list[str], most: int = 3) -> str:
    """'a, b and 2 more'."""
    shown = ", ".join(f"`{name}`" for name in names[:most])
    rest = len(names) - most
    return f"{shown} and {rest} more" if rest > 0 else shown


def shown(value: Any, most: int = 60) -> str:
    """A value as Python writes it, cut where it gets too long to read."""
    text = repr(value)
    return text if len(text) <= most else text[:most] + "..."
