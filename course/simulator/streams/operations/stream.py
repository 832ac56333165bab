"""A stream's life: create, describe, list, keep for longer or shorter, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from course import facts
from course.simulator.clock import SECOND, to_local_datetime
from course.simulator.errors import validation_error
from course.simulator.streams import errors, page_token, tag
from course.simulator.streams.operations import capacity, encryption, reshard
from course.simulator.streams.operations.shards import describe
from course.simulator.streams.operations.updating import update
from course.simulator.streams.stream import (
    ACTIVE,
    CREATING,
    DELETING,
    ON_DEMAND,
    PROVISIONED,
    USER_PARTITION_KEY,
    Stream,
)

if TYPE_CHECKING:
    from course.simulator.streams.service import Streams

CREATE_TIME = facts.latency.create_stream_s * SECOND
DELETE_TIME = facts.latency.delete_stream_s * SECOND
RETENTION_TIME = facts.latency.update_retention_s * SECOND


def create_stream(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Ask for a stream; it is CREATING for a while and has no shards until it is ACTIVE."""
    name = request["StreamName"]
    if streams.named(name) is not None:
        raise errors.stream_exists(name, streams.account_id)
    creating = sum(stream.status == CREATING for stream in streams.all())
    if creating >= facts.account.streams_creating:
        # Text, two blanks included: hashicorp/terraform-provider-aws, pull request 1339. It names
        # DELETING too; the API Reference of today counts the streams in CREATING only.
        raise errors.limit_exceeded(
            "This request would have exceed the limit on the number  of streams that can "
            f"simultaneously be in CREATING or DELETING for the account {streams.account_id}. "
            f"Limit: {facts.account.streams_creating}."
        )
    mode = request.get("StreamModeDetails", {}).get("StreamMode", PROVISIONED)
    count = request.get("ShardCount")
    warm = request.get("WarmThroughputMiBps")
    distribution = request.get("RecordDistributionStrategy", USER_PARTITION_KEY)
    capacity.check_distribution(name, mode, distribution)
    if mode == ON_DEMAND:
        if count is not None:
            # Documented as mutually exclusive; AWS's text for it is not known to us.
            raise errors.invalid_argument("ShardCount must not be set for an on-demand stream.")
        capacity.check_on_demand_quota(streams)
        count = capacity.first_shard_count(streams, mode, warm)
    elif warm is not None:
        count = capacity.first_shard_count(streams, mode, warm)  # refuses it
    elif count is None:
        raise validation_error(
            "Value null at 'shardCount' failed to satisfy constraint: Member must not be null"
        )
    tags = request.get("Tags", {})
    tag.check_tags(tags, name, streams.account_id)
    if mode != ON_DEMAND:
        reshard.check_quota(streams, count)
    stream = Stream(name, streams.arn(name), count, mode, streams.now)
    stream.tags = dict(tags)
    stream.distribution = distribution
    stream.warm_mib = warm
    stream.max_record_bytes = request.get("MaxRecordSizeInKiB", stream.max_record_bytes // 1024)
    stream.max_record_bytes *= 1024
    if mode == ON_DEMAND:
        capacity.watch_growth(streams, stream)
    streams.add(stream)

    def ready() -> None:
        if stream.status == CREATING:
            stream.open(streams.now)
            stream.status = ACTIVE

    streams.clock.call_at(streams.now + CREATE_TIME, ready)
    return {}


def delete_stream(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Give a stream up; it is DELETING for a while, then unknown.

    With consumers it goes only by force, and takes them along.
    """
    stream = streams.find(request)
    if stream.status != DELETING:
        if stream.consumers and not request.get("EnforceConsumerDeletion"):
            raise errors.stream_has_consumers(stream.name, streams.account_id)
        stream.status = DELETING
        for consumer in stream.consumers.values():
            consumer.status = DELETING
        streams.clock.call_at(streams.now + DELETE_TIME, lambda: streams.remove(stream))
    return {}


def describe_stream(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """The stream and a page of its shards (at most 100)."""
    stream = streams.find(request)
    start = request.get("ExclusiveStartShardId", "")
    limit = min(request.get("Limit", 100), facts.describe_stream.max_shards)
    rest = [shard for shard in stream.listed(streams.now) if shard.shard_id > start]
    page = {
        "Shards": [describe(shard) for shard in rest[:limit]],
        "HasMoreShards": len(rest) > limit,
    }
    return {"StreamDescription": _identity(stream) | page | _settings(stream)}


def describe_stream_summary(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """The stream without its shards, but with their number."""
    stream = streams.find(request)
    summary = _identity(stream) | _settings(stream)
    summary["OpenShardCount"] = len(stream.open_shards)
    summary["ConsumerCount"] = len(stream.consumers)
    if stream.warm_mib is not None and streams.commitment.holds:
        summary["WarmThroughput"] = {
            "TargetMiBps": stream.warm_mib,
            "CurrentMiBps": len(stream.open_shards),
        }
    summary["MaxRecordSizeInKiB"] = stream.max_record_bytes // 1024
    if stream.mode == ON_DEMAND:
        summary["RecordDistributionStrategy"] = stream.distribution
    return {"StreamDescriptionSummary": summary}


def list_streams(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """The streams of this Region by name, a page at a time."""
    after = request.get("ExclusiveStartStreamName", "")
    token = request.get("NextToken")
    if token is not None:
        place = page_token.decode(token)
        if place is None or "after_stream" not in place:
            raise errors.invalid_argument("NextToken is invalid.")
        after = place["after_stream"]
    most = facts.list_streams.max_streams
    limit = min(request.get("Limit", most), most)
    rest = sorted(
        (stream for stream in streams.all() if stream.name > after), key=lambda stream: stream.name
    )
    page = rest[:limit]
    more = len(rest) > len(page)
    answer: dict[str, Any] = {
        "StreamNames": [stream.name for stream in page],
        "HasMoreStreams": more,
    }
    if more:
        answer["NextToken"] = page_token.encode({"after_stream": page[-1].name})
    answer["StreamSummaries"] = [
        {
            "StreamName": stream.name,
            "StreamARN": stream.arn,
            "StreamStatus": stream.status,
            "StreamModeDetails": {"StreamMode": stream.mode},
            "StreamCreationTimestamp": to_local_datetime(stream.created),
        }
        for stream in page
    ]
    return answer


def increase_stream_retention_period(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Keep records for longer. What has already expired does not come back."""

    def check(stream: Stream, hours: int) -> None:
        if hours < stream.retention_hours:
            raise errors.invalid_argument(
                f"Requested retention period ({hours} hours) for stream {stream.name} can not be "
                f"shorter than existing retention period ({stream.retention_hours} hours). "
                "Use DecreaseRetentionPeriod API."
            )

    return _change_retention(streams, request, check)


def decrease_stream_retention_period(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Keep records for less long. Older ones are out of reach at once."""

    def check(stream: Stream, hours: int) -> None:
        if hours > stream.retention_hours:
            raise errors.invalid_argument(
                f"Requested retention period ({hours} hours) for stream {stream.name} can not be "
                f"longer than existing retention period ({stream.retention_hours} hours). "
                "Use IncreaseRetentionPeriod API."
            )

    return _change_retention(streams, request, check)


def _change_retention(
    streams: Streams, request: dict[str, Any], check: Callable[[Stream, int], None]
) -> dict[str, Any]:
    hours = request["RetentionPeriodHours"]
    shortest, longest = facts.retention.min_hours, facts.retention.max_hours
    if hours < shortest:
        raise errors.invalid_argument(
            f"Minimum allowed retention period is {shortest} hours. Requested retention period "
            f"({hours} hours) is too short."
        )
    if hours > longest:
        raise errors.invalid_argument(
            f"Maximum allowed retention period is {longest} hours. Requested retention period "
            f"({hours} hours) is too long."
        )
    stream = streams.active(request)
    check(stream, hours)
    if hours == stream.retention_hours:
        return {}
    stream.keep_for(hours, streams.now)
    update(streams, stream, RETENTION_TIME)
    return {}


# In the order of the API's model, in which boto3 shows the members of an answer.


def _identity(stream: Stream) -> dict[str, Any]:
    return {
        "StreamName": stream.name,
        "StreamARN": stream.arn,
        "StreamStatus": stream.status,
        "StreamModeDetails": {"StreamMode": stream.mode},
    }


def _settings(stream: Stream) -> dict[str, Any]:
    return {
        "RetentionPeriodHours": stream.retention_hours,
        "StreamCreationTimestamp": to_local_datetime(stream.created),
        "EnhancedMonitoring": [{"ShardLevelMetrics": [*stream.shard_level_metrics]}],
    } | encryption.describe(stream)
