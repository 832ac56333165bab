"""PutRecord and PutRecords: into the shard that owns the key, if it has room this second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course import facts
from course.simulator.errors import AwsError, serialization_error, validation_error
from course.simulator.faults import THROTTLED
from course.simulator.streams import errors
from course.simulator.streams.hash_ring import LAST_HASH_KEY
from course.simulator.streams.sequence_number import decode
from course.simulator.streams.shard import Shard

if TYPE_CHECKING:
    from course.simulator.streams.service import Streams
    from course.simulator.streams.stream import Stream

MAX_RECORD_BYTES: int = facts.record.max_bytes
MAX_REQUEST_BYTES: int = facts.put_records.max_bytes


def put_record(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Write one record; refused as a whole when its shard has no room."""
    stream = streams.usable(request)
    shard, size = _place(stream, request, "data")
    _check_ordering(streams, stream, request.get("SequenceNumberForOrdering"))
    if streams.faults.throttles(stream, shard) or not shard.write_budget.take(size, streams.now):
        _record(streams, shard, request, size, THROTTLED)
        streams.touched(shard, 1, size, THROTTLED)
        raise errors.write_rate_exceeded(shard.shard_id, stream.name, streams.account_id)
    number = shard.append(request["Data"], request["PartitionKey"], size, streams.now)
    _record(streams, shard, request, size, "ok")
    streams.touched(shard, 1, size, "ok")
    streams.faults.after_write(stream)
    return {"ShardId": shard.shard_id, "SequenceNumber": number}


def put_records(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Write up to 500 records, each on its own: some may be refused while others are stored.

    The answer's entries stand in the order of the request's.
    """
    stream = streams.usable(request)
    entries = request["Records"]
    placed = [
        _place(stream, entry, f"records.{index}.member.data")
        for index, entry in enumerate(entries, 1)
    ]
    if sum(size for _, size in placed) > MAX_REQUEST_BYTES:
        raise errors.invalid_argument("Records size exceeds 10 MB limit")

    now = streams.now
    faults = streams.faults
    filming = streams.film is not None
    chosen = faults.failing_entries(stream)
    answers = []
    failed = 0
    tally: dict[tuple[Shard, str], list[int]] = {}
    for index, (entry, (shard, size)) in enumerate(zip(entries, placed, strict=True)):
        outcome = chosen.get(index)
        if outcome is None:
            if not faults.throttles(stream, shard) and shard.write_budget.take(size, now):
                number = shard.append(entry["Data"], entry["PartitionKey"], size, now)
                answers.append({"SequenceNumber": number, "ShardId": shard.shard_id})
                outcome = "ok"
            else:
                outcome = THROTTLED
        if outcome != "ok":
            failed += 1
            answers.append(_failure(streams, stream, shard, outcome))
        if filming:
            _record(streams, shard, entry, size, outcome)
        count = tally.get((shard, outcome))
        if count is None:
            tally[shard, outcome] = [1, size]
        else:
            count[0] += 1
            count[1] += size
    for (shard, outcome), (many, total) in tally.items():
        streams.touched(shard, many, total, outcome)
    faults.after_write(stream)
    return {"FailedRecordCount": failed, "Records": answers}


def _record(streams: Streams, shard: Shard, entry: dict[str, Any], size: int, outcome: str) -> None:
    if streams.film is not None:
        streams.film.append(
            (
                streams.now,
                shard,
                entry["PartitionKey"],
                entry.get("ExplicitHashKey"),
                size,
                outcome,
            )
        )


def _failure(streams: Streams, stream: Stream, shard: Shard, code: str) -> dict[str, Any]:
    if code == "InternalFailure":
        return {"ErrorCode": code, "ErrorMessage": "Internal Service Failure"}
    refused = errors.write_rate_exceeded(shard.shard_id, stream.name, streams.account_id)
    return {"ErrorCode": code, "ErrorMessage": refused.message}


def _place(stream: Stream, entry: dict[str, Any], where: str) -> tuple[Shard, int]:
    """The shard that an entry belongs to, and how many bytes it counts for."""
    data = entry["Data"]
    key = entry.get("PartitionKey")
    if key is None:
        # Optional in the model since September 2026, but only for streams that distribute
        # records themselves (RecordDistributionStrategy AUTO). AWS's text for it is not known.
        key_at = where[: -len("data")] + "partitionKey"
        raise validation_error(
            f"Value null at '{key_at}' failed to satisfy constraint: Member must not be null"
        )
    try:
        size = len(data) + len(key.encode())
    except UnicodeEncodeError:
        # Half a surrogate pair: JSON can write it, UTF-8 cannot.
        raise serialization_error() from None
    if size > MAX_RECORD_BYTES:
        raise validation_error(
            f"Value 'java.nio.HeapByteBuffer[pos=0 lim={len(data)} cap={len(data)}]' at "
            f"'{where}' failed to satisfy constraint: Member must have length less than or "
            f"equal to {MAX_RECORD_BYTES}"
        )
    explicit = entry.get("ExplicitHashKey")
    if explicit is None:
        return stream.ring.owner_of_key(key), size
    point = int(explicit)
    if point > LAST_HASH_KEY:
        raise errors.invalid_argument(
            "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
            f"Specified value was {explicit}"
        )
    return stream.ring.owner_of_hash(point), size


def _check_ordering(streams: Streams, stream: Stream, number: str | None) -> None:
    """SequenceNumberForOrdering must be a number of this stream; arrival order does the rest."""
    if number is None:
        return
    place = decode(number)
    if (
        place is None
        or place.shard_index >= len(stream.shards)
        or stream.shards[place.shard_index].numbering.created != place.created
    ):
        raise AwsError(
            "InvalidArgumentException",
            f"ExclusiveMinimumSequenceNumber {number} used in PutRecord on stream {stream.name} "
            f"under account {streams.account_id} is invalid.",
        )
