"""SplitShard, MergeShards, UpdateShardCount: the stream is UPDATING for a while, and readable."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from course import facts
from course.simulator.clock import SECOND
from course.simulator.streams import errors, resharding
from course.simulator.streams.operations.updating import update
from course.simulator.streams.shard import index_of, shard_id_of
from course.simulator.streams.stream import ACTIVE, DELETING, ON_DEMAND

if TYPE_CHECKING:
    from course.simulator.streams.service import Streams
    from course.simulator.streams.shard import Shard
    from course.simulator.streams.stream import Stream

RESHARD_TIME = facts.latency.reshard_s * SECOND
UPDATE_TIME = facts.latency.update_shard_count_s * SECOND


def split_shard(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Divide one shard's range in two at NewStartingHashKey."""
    stream = _reshardable(streams, request)
    shard = _open_shard(streams, stream, request["ShardToSplit"])
    at = int(request["NewStartingHashKey"])
    whole = shard.hash_range
    if not whole.start + 1 < at < whole.end:
        raise errors.invalid_argument(
            f"NewStartingHashKey {at} used in SplitShard() on shard {shard.shard_id} in stream "
            f"{stream.name} under account {streams.account_id} is not both greater than one plus "
            f"the shard's StartingHashKey {whole.start} and less than the shard's EndingHashKey "
            f"{whole.end}."
        )
    check_quota(streams, 1)
    streams.touched(shard, 0, 0, "ok")
    update(streams, stream, RESHARD_TIME, [lambda: stream.split(shard, at, streams.now)])
    return {}


def merge_shards(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Join two shards whose ranges touch."""
    stream = _reshardable(streams, request)
    shard = _open_shard(streams, stream, request["ShardToMerge"])
    adjacent = _open_shard(streams, stream, request["AdjacentShardToMerge"])
    # AWS takes the lower shard first (recorded by kinesalite: "adjacency is inverted").
    if shard.hash_range.end + 1 != adjacent.hash_range.start:
        raise errors.invalid_argument(
            f"Shards {shard.shard_id} and {adjacent.shard_id} in stream {stream.name} under "
            f"account {streams.account_id} are not an adjacent pair of shards eligible for merging"
        )
    for parent in (shard, adjacent):
        streams.touched(parent, 0, 0, "ok")
    update(streams, stream, RESHARD_TIME, [lambda: stream.merge(shard, adjacent, streams.now)])
    return {}


def update_shard_count(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Go to TargetShardCount equal shards, by splits and merges: at most x2, at least /2."""
    stream = _reshardable(streams, request)
    target = request["TargetShardCount"]
    current = len(stream.open_shards)
    counts = f"Current open shard count: {current} Target shard count: {target}"
    if target > current * facts.update_shard_count.max_factor:
        raise errors.limit_exceeded(
            "UpdateShardCount cannot scale up over double your current open shard count. " + counts
        )
    if target * facts.update_shard_count.max_factor < current:
        raise errors.limit_exceeded(
            "UpdateShardCount cannot scale down below half your current open shard count. " + counts
        )
    most: int = facts.update_shard_count.max_shards
    # Both limits are documented; their texts are not known to us.
    if target > most and target >= current:
        raise errors.limit_exceeded(
            f"UpdateShardCount cannot scale up to more than {most} shards. " + counts
        )
    if target >= most and target < current:
        raise errors.limit_exceeded(
            f"UpdateShardCount cannot scale down from more than {most} shards unless the result "
            f"is less than {most} shards. " + counts
        )
    check_quota(streams, target - current)
    if not stream.count_updates.take(streams.now):
        # The limit is documented; its text is not known to us.
        raise errors.limit_exceeded(
            f"UpdateShardCount was already called {facts.update_shard_count.per_day} times in the "
            f"last 24 hours for stream {stream.name} under account {streams.account_id}."
        )
    reshard(streams, stream, target)
    return {
        "StreamName": stream.name,
        "CurrentShardCount": current,
        "TargetShardCount": target,
        "StreamARN": stream.arn,
    }


def reshard(streams: Streams, stream: Stream, target: int) -> None:
    """Start the way to `target` equal shards; its steps spread evenly over the update's time.

    A stream that is not ACTIVE yet is waited for: two plans at once would tear the ring.
    """
    if stream.status != ACTIVE:
        if stream.status != DELETING:
            streams.clock.call_at(streams.now + SECOND, lambda: reshard(streams, stream, target))
        return
    steps = resharding.plan([shard.hash_range for shard in stream.open_shards], target)

    def action(step: resharding.Step) -> Callable[[], object]:
        return lambda: resharding.apply(stream, step, streams.now)

    update(streams, stream, UPDATE_TIME, [action(step) for step in steps])


def _reshardable(streams: Streams, request: dict[str, Any]) -> Stream:
    stream = streams.active(request)
    if stream.mode == ON_DEMAND:
        raise errors.on_demand(stream.name, streams.account_id)
    return stream


def _open_shard(streams: Streams, stream: Stream, shard_id: str) -> Shard:
    shard = stream.shard(shard_id)
    if shard is None or stream.expired(shard, streams.now):
        index = index_of(shard_id)
        asked = shard_id if index is None else shard_id_of(index)
        raise errors.shard_not_found(asked, stream.name, streams.account_id)
    if not shard.is_open:
        raise errors.invalid_argument(
            f"Shard {shard.shard_id} in stream {stream.name} under account {streams.account_id} "
            "has already been merged or split, and thus is not eligible for merging or splitting."
        )
    return shard


def check_quota(streams: Streams, additional: int) -> None:
    """Refuse what would take the account over its quota of shards.

    On-demand streams have no part in it (Developer Guide, quotas).
    """
    current = _shard_count(streams, provisioned_only=True)
    limit: int = facts.account.shard_limit
    if additional > 0 and current + additional > limit:
        raise errors.limit_exceeded(
            f"This request would exceed the shard limit for the account {streams.account_id} in "
            f"{streams.region}. Current shard count for the account: {current}. Limit: {limit}. "
            "Number of additional shards that would have resulted from this request: "
            f"{additional}. Refer to the AWS Service Limits page (http://docs.aws.amazon.com/"
            "general/latest/gr/aws_service_limits.html) for current limits and how to request "
            "higher limits."
        )


def open_shard_count(streams: Streams) -> int:
    """The open shards of the account in this Region, those that are being created included."""
    return _shard_count(streams, provisioned_only=False)


def _shard_count(streams: Streams, *, provisioned_only: bool) -> int:
    return sum(
        len(stream.open_shards) if stream.shards else stream.shard_count
        for stream in streams.all()
        if stream.mode != ON_DEMAND or not provisioned_only
    )
