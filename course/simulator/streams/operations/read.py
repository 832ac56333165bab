"""GetShardIterator and GetRecords: take a place in a shard, then read on page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course import facts
from course.simulator.clock import MILLISECOND
from course.simulator.streams import errors, shard_iterator
from course.simulator.streams.operations.shards import describe_range
from course.simulator.streams.sequence_number import decode
from course.simulator.streams.shard import Page, Shard, index_of, shard_id_of
from course.simulator.streams.shard_iterator import ShardIterator

if TYPE_CHECKING:
    from course.simulator.streams.service import Streams
    from course.simulator.streams.stream import Stream

MAX_RECORDS: int = facts.get_records.max_records
MAX_PAGE_BYTES: int = facts.get_records.max_bytes

_BY_NUMBER = ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")


def get_shard_iterator(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """A place in a shard, of one of the five types."""
    stream = streams.find(request)
    shard_id = request["ShardId"]
    index = index_of(shard_id)
    if index is None:
        raise errors.shard_not_found(shard_id, stream.name, streams.account_id)
    shard = _shard(streams, stream, index)
    counter = _starting_counter(streams, stream, shard, request)
    if not shard.iterator_budget.take(streams.now):
        streams.touched(shard, 0, 0, "ProvisionedThroughputExceededException")
        raise errors.read_rate_exceeded(shard.shard_id, stream.name, streams.account_id)
    streams.touched(shard, 0, 0, "ok")
    return {"ShardIterator": _token(stream, shard, counter, streams.now)}


def get_records(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """The next page of a shard, and the iterator for the page after it.

    At the end of a closed shard there is no next iterator; the shard's children are named instead.
    An empty page means only that nothing was there this time.
    """
    place = shard_iterator.decode(request["ShardIterator"])
    now = streams.now
    if place is None or place.issued > now:
        raise errors.invalid_argument("Invalid ShardIterator.")
    stream = streams.named(place.stream_name)
    # A stream of the same name, made anew, has none of the old one's shards.
    if stream is None or stream.created != place.stream_created:
        shard_id = shard_id_of(place.shard_index)
        raise errors.shard_missing(shard_id, place.stream_name, streams.account_id)
    shard = _shard(streams, stream, place.shard_index)
    if place.expired(now) or streams.faults.expired(stream, place.issued):
        streams.touched(shard, 0, 0, "ExpiredIteratorException")
        raise errors.iterator_expired(place.issued, now)
    if streams.faults.throttles(stream, shard) or not shard.read_budget.take_call(now):
        streams.touched(shard, 0, 0, "ProvisionedThroughputExceededException")
        raise errors.read_rate_exceeded(shard.shard_id, stream.name, streams.account_id)

    shard.trim(stream.horizon(now))
    limit = 0 if streams.faults.idles(stream, shard) else request.get("Limit", MAX_RECORDS)
    # Only an iterator from another world lies ahead of the newest record; it must skip none.
    page = shard.read(min(place.counter, shard.next_counter), limit, MAX_PAGE_BYTES)
    shard.read_budget.charge(page.size, now)

    unread_since = shard.arrival_of(page.next_counter)
    behind = 0 if unread_since is None else (now - unread_since) // MILLISECOND
    age = _iterator_age(shard, page, unread_since, now)
    streams.touched(shard, len(page.records), page.size, "ok", age)

    answer: dict[str, Any] = {"Records": page.records}
    if shard.is_open or unread_since is not None:
        answer["NextShardIterator"] = _token(stream, shard, page.next_counter, now)
    answer["MillisBehindLatest"] = behind
    if "NextShardIterator" not in answer:
        answer["ChildShards"] = [
            {
                "ShardId": child.shard_id,
                "ParentShards": [parent.shard_id for parent in child.parents],
                "HashKeyRange": describe_range(child),
            }
            for child in shard.children
        ]
    return answer


def _shard(streams: Streams, stream: Stream, index: int) -> Shard:
    """A shard that can be read: there, and not expired."""
    shards = stream.shards
    if index >= len(shards) or stream.expired(shards[index], streams.now):
        raise errors.shard_missing(shard_id_of(index), stream.name, streams.account_id)
    return shards[index]


def _iterator_age(shard: Shard, page: Page, unread_since: int | None, now: int) -> int:
    """The age of the last record of a page, in milliseconds; 0 for a reader that has caught up.

    An empty page has no last record: then it is the age of the first that the reader did not get.
    """
    if unread_since is None:
        return 0
    last = shard.arrival_of(page.next_counter - 1) if page.records else None
    return (now - (unread_since if last is None else last)) // MILLISECOND


def _token(stream: Stream, shard: Shard, counter: int, now: int) -> str:
    return shard_iterator.encode(
        ShardIterator(stream.name, stream.created, shard.index, counter, now)
    )


def _starting_counter(
    streams: Streams, stream: Stream, shard: Shard, request: dict[str, Any]
) -> int:
    kind = request["ShardIteratorType"]
    number = request.get("StartingSequenceNumber")
    if (kind in _BY_NUMBER) != (number is not None) and kind != "AT_TIMESTAMP":
        asked = "and no" if number is None else "and also a"
        raise errors.invalid_argument(
            "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and "
            "StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. "
            f"Request specified {kind} {asked} StartingSequenceNumber."
        )
    match kind:
        case "TRIM_HORIZON":
            shard.trim(stream.horizon(streams.now))
            return shard.oldest_counter
        case "LATEST":
            return shard.next_counter
        case "AT_TIMESTAMP":
            return _counter_at(streams, stream, shard, request)
        case _:
            assert number is not None
            counter = _counter_of(streams, stream, shard, number)
            after = counter + (kind == "AFTER_SEQUENCE_NUMBER")
            return min(after, shard.next_counter)


def _counter_at(streams: Streams, stream: Stream, shard: Shard, request: dict[str, Any]) -> int:
    moment = request.get("Timestamp")
    if moment is None:
        raise errors.invalid_argument(
            "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. "
            "Current request has no timestamp parameter."
        )
    if moment > streams.now:
        raise errors.invalid_argument(
            "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
            f"timestampInMillis: {moment // MILLISECOND}, "
            f"currentTimestampInMillis: {streams.now // MILLISECOND}"
        )
    shard.trim(stream.horizon(streams.now))
    return shard.counter_at_time(moment)


def _counter_of(streams: Streams, stream: Stream, shard: Shard, number: str) -> int:
    place = decode(number)
    used = (
        f"StartingSequenceNumber {number} used in GetShardIterator on shard {shard.shard_id} in "
        f"stream {stream.name} under account {streams.account_id} is invalid"
    )
    if place is None:
        raise errors.invalid_argument(f"{used}.")
    if place.shard_index != shard.index:
        raise errors.invalid_argument(
            f"Invalid StartingSequenceNumber. It encodes shardId-{place.shard_index:012d}, while "
            f"it was used in a call to a shard with {shard.shard_id}"
        )
    if place.created != shard.numbering.created:
        raise errors.invalid_argument(f"{used} because it did not come from this stream.")
    return place.counter
