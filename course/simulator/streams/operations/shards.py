"""ListShards: the map of a stream, by page and by filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course import facts
from course.simulator.clock import SECOND
from course.simulator.errors import AwsError
from course.simulator.streams import errors, page_token
from course.simulator.streams.shard import Shard
from course.simulator.streams.stream import CREATING

if TYPE_CHECKING:
    from course.simulator.streams.service import Streams
    from course.simulator.streams.stream import Stream

MAX_RESULTS: int = facts.list_shards.max_results
TOKEN_LIFE = facts.list_shards.token_life * SECOND


def list_shards(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """The stream's shards, closed ones included, `MaxResults` at a time."""
    token = request.get("NextToken")
    if token is None:
        if "StreamName" not in request and "StreamARN" not in request:
            raise errors.invalid_argument("Either NextToken or StreamName should be provided.")
        place: dict[str, Any] = {
            "stream": streams.name_in(request),
            "created": request.get("StreamCreationTimestamp"),
            "filter": request.get("ShardFilter"),
            "after": request.get("ExclusiveStartShardId"),
        }
    else:
        place = _place_of(streams, token, request)

    stream = streams.get(place["stream"])
    created = place["created"]
    if created is not None and created // SECOND != stream.created // SECOND:
        raise errors.stream_not_found(stream.name, streams.account_id)
    if stream.status == CREATING:
        raise errors.stream_not_active(stream.name, streams.account_id, stream.status)
    found = _filtered(streams, stream, place["filter"])
    if place["after"] is not None:
        found = [shard for shard in found if shard.shard_id > place["after"]]
    page = found[: min(request.get("MaxResults", MAX_RESULTS), MAX_RESULTS)]
    answer: dict[str, Any] = {"Shards": [describe(shard) for shard in page]}
    if len(page) < len(found):
        answer["NextToken"] = page_token.encode(
            place | {"after": page[-1].shard_id, "issued": streams.now}
        )
    return answer


def describe(shard: Shard) -> dict[str, Any]:
    """A shard as ListShards and DescribeStream show it."""
    description: dict[str, Any] = {"ShardId": shard.shard_id}
    for name, parent in zip(
        ("ParentShardId", "AdjacentParentShardId"), shard.parents, strict=False
    ):
        description[name] = parent.shard_id
    description["HashKeyRange"] = describe_range(shard)
    numbers = {"StartingSequenceNumber": shard.numbering.first()}
    if shard.closed is not None:
        numbers["EndingSequenceNumber"] = shard.numbering.closing(shard.closed)
    description["SequenceNumberRange"] = numbers
    return description


def describe_child(shard: Shard) -> dict[str, Any]:
    """A shard as the end of its parent announces it."""
    return {
        "ShardId": shard.shard_id,
        "ParentShards": [parent.shard_id for parent in shard.parents],
        "HashKeyRange": describe_range(shard),
    }


def describe_range(shard: Shard) -> dict[str, str]:
    """The hash key range of a shard; the API writes 128-bit numbers as decimal text."""
    return {
        "StartingHashKey": str(shard.hash_range.start),
        "EndingHashKey": str(shard.hash_range.end),
    }


def _place_of(streams: Streams, token: str, request: dict[str, Any]) -> dict[str, Any]:
    for name in ("StreamName", "StreamARN", "StreamCreationTimestamp", "ExclusiveStartShardId"):
        if name in request:
            raise errors.invalid_argument(f"NextToken and {name} cannot be provided together.")
    place = page_token.decode(token)
    if place is None or "issued" not in place:
        raise errors.invalid_argument("NextToken is invalid.")
    if streams.now - place["issued"] > TOKEN_LIFE:
        raise AwsError("ExpiredNextTokenException", "NextToken has expired.")
    return place


def _filtered(streams: Streams, stream: Stream, shard_filter: dict[str, Any] | None) -> list[Shard]:
    shards = stream.listed(streams.now)
    if shard_filter is None:
        return shards
    kind = shard_filter["Type"]
    horizon = stream.horizon(streams.now)
    if kind == "AFTER_SHARD_ID":
        after = shard_filter.get("ShardId")
        if after is None:
            raise errors.invalid_argument("ShardId must be provided for filter AFTER_SHARD_ID.")
        return [shard for shard in shards if shard.shard_id > after]
    if kind == "AT_LATEST":
        return [shard for shard in shards if shard.is_open]
    if kind == "FROM_TRIM_HORIZON":
        return shards
    if kind == "AT_TRIM_HORIZON":
        moment = horizon
    else:
        asked = shard_filter.get("Timestamp")
        if asked is None:
            raise errors.invalid_argument(f"Timestamp must be provided for filter {kind}.")
        moment = max(asked, horizon)
    alive = [shard for shard in shards if shard.closed is None or shard.closed >= moment]
    if kind == "FROM_TIMESTAMP" or not alive:
        return alive
    first_open = stream.shards[0].opened
    return [shard for shard in alive if shard.opened <= max(moment, first_open)]
