"""PutRecord and PutRecords: into the shard that owns the key, if it has room this second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course import facts
from course.simulator.errors import AwsError, serialization_error, validation_error
from course.simulator.faults import THROTTLED
from course.simulator.streams import errors
from course.simulator.streams.hash_ring import LAST_HASH_KEY
from course.simulator.streams.operations.encryption import KMS, key_to_write
from course.simulator.streams.sequence_number import decode
from course.simulator.streams.shard import Shard
from course.simulator.streams.stream import AUTO

if TYPE_CHECKING:
    from course.simulator.keys import Key
    from course.simulator.streams.service import Streams
    from course.simulator.streams.stream import Stream

MAX_REQUEST_BYTES: int = facts.put_records.max_bytes


def put_record(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Write one record; refused as a whole when its shard has no room."""
    stream = streams.usable(request)
    shard, size = _place(stream, request, "data")
    encryption_key = key_to_write(streams, stream)
    _check_ordering(streams, stream, request.get("SequenceNumberForOrdering"))
    if stream.growth is not None:
        stream.growth.wrote()
    if streams.faults.throttles(stream, shard) or not shard.write_budget.take(size, streams.now):
        _film(streams, stream, shard, request, size, THROTTLED)
        streams.touched(shard, 1, size, THROTTLED)
        raise errors.write_rate_exceeded(shard.shard_id, stream.name, streams.account_id)
    if encryption_key is not None:
        shard.encrypt_with(encryption_key.arn)
    # Readers see no key where the stream ignored it.
    key = None if stream.distribution == AUTO else request["PartitionKey"]
    number = shard.append(request["Data"], key, size, streams.now)
    stream.turn += 1
    _film(streams, stream, shard, request, size, "ok")
    streams.touched(shard, 1, size, "ok")
    streams.faults.after_write(stream)
    return {"ShardId": shard.shard_id, "SequenceNumber": number} | _encryption(encryption_key)


def put_records(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Write up to 500 records, each on its own: some may be refused while others are stored.

    The answer's entries stand in the order of the request's.
    """
    stream = streams.usable(request)
    entries = request["Records"]
    placed = [
        _place(stream, entry, f"records.{index}.member.data", index - 1)
        for index, entry in enumerate(entries, 1)
    ]
    if sum(size for _, size in placed) > MAX_REQUEST_BYTES:
        raise errors.invalid_argument("Records size exceeds 10 MB limit")
    encryption_key = key_to_write(streams, stream)

    if encryption_key is not None:
        for shard in {shard for shard, _ in placed}:
            shard.encrypt_with(encryption_key.arn)
    if stream.growth is not None:
        stream.growth.wrote()
    now = streams.now
    faults = streams.faults
    filming = streams.film is not None
    keyless = stream.distribution == AUTO
    chosen = faults.failing_entries(stream)
    answers = []
    failed = 0
    tally: dict[tuple[Shard, str], list[int]] = {}
    for index, (entry, (shard, size)) in enumerate(zip(entries, placed, strict=True)):
        outcome = chosen.get(index)
        if outcome is None:
            if not faults.throttles(stream, shard) and shard.write_budget.take(size, now):
                key = None if keyless else entry["PartitionKey"]
                number = shard.append(entry["Data"], key, size, now)
                answers.append({"SequenceNumber": number, "ShardId": shard.shard_id})
                outcome = "ok"
            else:
                outcome = THROTTLED
        if outcome != "ok":
            failed += 1
            answers.append(_failure(streams, stream, shard, outcome))
        if filming:
            _film(streams, stream, shard, entry, size, outcome)
        count = tally.get((shard, outcome))
        if count is None:
            tally[shard, outcome] = [1, size]
        else:
            count[0] += 1
            count[1] += size
    stream.turn += len(entries)
    for (shard, outcome), (many, total) in tally.items():
        streams.touched(shard, many, total, outcome)
    faults.after_write(stream)
    return {"FailedRecordCount": failed, "Records": answers} | _encryption(encryption_key)


def _encryption(key: Key | None) -> dict[str, str]:
    return {} if key is None else {"EncryptionType": KMS}


def _film(
    streams: Streams, stream: Stream, shard: Shard, entry: dict[str, Any], size: int, outcome: str
) -> None:
    if streams.film is None:
        return
    key, explicit = entry.get("PartitionKey", ""), entry.get("ExplicitHashKey")
    if stream.distribution == AUTO:
        key, explicit = "", str(shard.hash_range.start)
    streams.film.append((streams.now, shard, key, explicit, size, outcome))


def _failure(streams: Streams, stream: Stream, shard: Shard, code: str) -> dict[str, Any]:
    if code == "InternalFailure":
        return {"ErrorCode": code, "ErrorMessage": "Internal Service Failure"}
    refused = errors.write_rate_exceeded(shard.shard_id, stream.name, streams.account_id)
    return {"ErrorCode": code, "ErrorMessage": refused.message}


def _place(stream: Stream, entry: dict[str, Any], where: str, ahead: int = 0) -> tuple[Shard, int]:
    """The shard that an entry belongs to, and how many bytes it counts for.

    `where` is how messages name its data, `ahead` the number of entries before it in the call.
    """
    data = entry["Data"]
    if stream.distribution == AUTO:
        if len(data) > stream.max_record_bytes:
            raise _too_large(stream, data, where)
        shards = stream.open_shards
        return shards[(stream.turn + ahead) % len(shards)], len(data)
    key = entry.get("PartitionKey")
    if key is None:
        # Optional in the model since September 2026, but only for streams that distribute
        # records themselves. AWS's text for it is not known.
        key_at = where[: -len("data")] + "partitionKey"
        raise validation_error(
            f"Value null at '{key_at}' failed to satisfy constraint: Member must not be null"
        )
    try:
        size = len(data) + len(key.encode())
    except UnicodeEncodeError:
        # Half a surrogate pair: JSON can write it, UTF-8 cannot.
        raise serialization_error() from None
    if size > stream.max_record_bytes:
        raise _too_large(stream, data, where)
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


def _too_large(stream: Stream, data: bytes, where: str) -> AwsError:
    return validation_error(
        f"Value 'java.nio.HeapByteBuffer[pos=0 lim={len(data)} cap={len(data)}]' at "
        f"'{where}' failed to satisfy constraint: Member must have length less than or "
        f"equal to {stream.max_record_bytes}"
    )


def _check_ordering(streams: Streams, stream: Stream, number: str | None) -> None:
    """SequenceNumberForOrdering must be a number of this stream; arrival order does the rest."""
    if number is None:
        return
    if stream.distribution == AUTO:
        # Documented as rejected; AWS's text for it is not known to us.
        raise errors.invalid_argument(
            f"SequenceNumberForOrdering can not be used on stream {stream.name} under account "
            f"{streams.account_id}, whose record distribution strategy is AUTO."
        )
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
