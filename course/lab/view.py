"""What a picture needs to know of a stream, gathered from the account or through the API."""

from __future__ import annotations

from typing import Any

from course.pictures.trace import Event, ShardSpan, StreamTrace
from course.simulator.clock import SECOND, from_datetime
from course.simulator.streams.hash_ring import hash_key
from course.simulator.streams.service import Streams
from course.simulator.streams.shard import Shard
from course.simulator.streams.stream import Stream

_PREVIEWS = 3


def stored(stream: Stream, now: int) -> StreamTrace:
    """The records that can be read at `now`, shard by shard."""
    for shard in stream.shards:
        shard.trim(stream.horizon(now))
    shards = stream.listed(now)
    events = [
        Event((arrival - stream.created) / SECOND, key, hash_key(key), shard.shard_id, size)
        for shard in shards
        for arrival, key, size in shard.index_cards()
    ]
    return StreamTrace(
        stream.name, _spans(shards, stream.created), tuple(events), stream.created, now
    )


def newest(stream: Stream) -> dict[str, list[str]]:
    """The newest payloads of each shard, as text."""
    return {
        shard.shard_id: [_preview(data) for data in shard.payloads()[-_PREVIEWS:]]
        for shard in stream.shards
    }


def filmed(streams: Streams, stream: Stream, since: int | None) -> StreamTrace:
    """Every attempt to write from `since` (microseconds; None: from the first) until now."""
    own = set(stream.shards)
    written = [entry for entry in streams.film or () if entry[1] in own]
    first = written[0][0] if written else streams.now
    start = first if since is None else max(since, stream.created)
    written = [entry for entry in written if entry[0] >= start]
    events = tuple(
        Event(
            (time - start) / SECOND,
            key,
            int(explicit) if explicit is not None else hash_key(key),
            shard.shard_id,
            size,
            outcome,
        )
        for time, shard, key, explicit, size, outcome in written
    )
    seen = {entry[1] for entry in written}
    shards = [
        shard
        for shard in stream.shards
        if shard in seen or shard.closed is None or shard.closed >= start
    ]
    return StreamTrace(stream.name, _spans(shards, start), events, start, streams.now)


def through_the_api(kinesis: Any, name: str, now: int) -> tuple[StreamTrace, dict[str, list[str]]]:
    """The same as `stored` and `newest`, read with a client: for a backend that is not ours."""
    shards = kinesis.list_shards(StreamName=name)["Shards"]
    events, previews = [], {}
    for shard in shards:
        place = kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        page = kinesis.get_records(ShardIterator=place["ShardIterator"])
        previews[shard["ShardId"]] = [_preview(r["Data"]) for r in page["Records"][-_PREVIEWS:]]
        for record in page["Records"]:
            key = record["PartitionKey"]
            arrived = from_datetime(record["ApproximateArrivalTimestamp"])
            size = len(record["Data"]) + len(key.encode())
            events.append((arrived, key, shard["ShardId"], size))
    start = min((arrived for arrived, *_ in events), default=now)
    spans = tuple(
        ShardSpan(
            shard["ShardId"],
            int(shard["HashKeyRange"]["StartingHashKey"]),
            int(shard["HashKeyRange"]["EndingHashKey"]),
            closed=0.0 if "EndingSequenceNumber" in shard["SequenceNumberRange"] else None,
        )
        for shard in shards
    )
    told = tuple(
        Event((arrived - start) / SECOND, key, hash_key(key), shard_id, size)
        for arrived, key, shard_id, size in events
    )
    return StreamTrace(name, spans, told, start, max(now, start)), previews


def _spans(shards: list[Shard], start: int) -> tuple[ShardSpan, ...]:
    return tuple(
        ShardSpan(
            shard.shard_id,
            shard.hash_range.start,
            shard.hash_range.end,
            tuple(parent.shard_id for parent in shard.parents),
            (shard.opened - start) / SECOND,
            None if shard.closed is None else (shard.closed - start) / SECOND,
        )
        for shard in shards
    )


def _preview(data: bytes) -> str:
    return data[:120].decode("utf-8", "backslashreplace")
