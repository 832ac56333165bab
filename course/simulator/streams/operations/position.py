"""Where a reader starts in a shard: the five types of GetShardIterator and SubscribeToShard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.simulator.clock import MILLISECOND
from course.simulator.streams import errors
from course.simulator.streams.sequence_number import Decoded, decode
from course.simulator.streams.shard import Shard, index_of, shard_id_of

if TYPE_CHECKING:
    from course.simulator.streams.service import Streams
    from course.simulator.streams.stream import Stream

_BY_NUMBER = ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")


def shard_with_id(streams: Streams, stream: Stream, shard_id: str) -> Shard:
    """The shard that a reader names."""
    index = index_of(shard_id)
    if index is None:
        raise errors.shard_not_found(shard_id, stream.name, streams.account_id)
    return shard_at(streams, stream, index)


def shard_at(streams: Streams, stream: Stream, index: int) -> Shard:
    """A shard that can be read: there, and not expired."""
    shards = stream.shards
    if index >= len(shards) or stream.expired(shards[index], streams.now):
        raise errors.shard_missing(shard_id_of(index), stream.name, streams.account_id)
    return shards[index]


def starting_counter(
    streams: Streams,
    stream: Stream,
    shard: Shard,
    kind: str,
    number: str | None,
    moment: int | None,
    operation: str,
) -> int:
    """The counter of the first record to read.

    `number` and `moment` (microseconds) belong to some of the types; messages name `operation`.
    """
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
            return _counter_at(streams, stream, shard, moment)
        case _:
            assert number is not None
            place = _place_of(streams, stream, shard, number, operation)
            if kind == "AFTER_SEQUENCE_NUMBER":
                counter = place.counter + 1
            else:
                counter = shard.counter_at_number(number, place.counter)
            return min(counter, shard.next_counter)


def _counter_at(streams: Streams, stream: Stream, shard: Shard, moment: int | None) -> int:
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


def _place_of(
    streams: Streams, stream: Stream, shard: Shard, number: str, operation: str
) -> Decoded:
    place = decode(number)
    used = (
        f"StartingSequenceNumber {number} used in {operation} on shard {shard.shard_id} in "
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
    return place
