"""GetShardIterator and GetRecords: take a place in a shard, then read on page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course import facts
from course.simulator.clock import MILLISECOND
from course.simulator.streams import errors, shard_iterator
from course.simulator.streams.operations import position
from course.simulator.streams.operations.encryption import require_keys_to_read
from course.simulator.streams.operations.shards import describe_child
from course.simulator.streams.shard import Page, Shard, shard_id_of
from course.simulator.streams.shard_iterator import ShardIterator

if TYPE_CHECKING:
    from course.simulator.streams.service import Streams
    from course.simulator.streams.stream import Stream

MAX_RECORDS: int = facts.get_records.max_records
MAX_PAGE_BYTES: int = facts.get_records.max_bytes


def get_shard_iterator(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """A place in a shard, of one of the five types."""
    stream = streams.find(request)
    shard = position.shard_with_id(streams, stream, request["ShardId"])
    counter = position.starting_counter(
        streams,
        stream,
        shard,
        request["ShardIteratorType"],
        request.get("StartingSequenceNumber"),
        request.get("Timestamp"),
        "GetShardIterator",
    )
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
    shard = position.shard_at(streams, stream, place.shard_index)
    if place.expired(now) or streams.faults.expired(stream, place.issued):
        streams.touched(shard, 0, 0, "ExpiredIteratorException")
        raise errors.iterator_expired(place.issued, now)
    shard.trim(stream.horizon(now))
    limit = 0 if streams.faults.idles(stream, shard) else request.get("Limit", MAX_RECORDS)
    require_keys_to_read(streams, stream, shard, place.counter, limit, MAX_PAGE_BYTES)
    if streams.faults.throttles(stream, shard) or not shard.read_budget.take_call(now):
        streams.touched(shard, 0, 0, "ProvisionedThroughputExceededException")
        raise errors.read_rate_exceeded(shard.shard_id, stream.name, streams.account_id)

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
        answer["ChildShards"] = [describe_child(child) for child in shard.children]
    return answer


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
