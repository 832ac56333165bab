"""How much a stream can carry: its mode, its warm throughput, its records' size and spread."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from course import facts
from course.simulator.clock import SECOND
from course.simulator.streams import errors
from course.simulator.streams.on_demand import Growth
from course.simulator.streams.operations import reshard
from course.simulator.streams.operations.account import on_demand_count
from course.simulator.streams.operations.updating import update
from course.simulator.streams.stream import (
    AUTO,
    ON_DEMAND,
    PROVISIONED,
    USER_PARTITION_KEY,
)

if TYPE_CHECKING:
    from course.simulator.streams.service import Streams
    from course.simulator.streams.stream import Stream

MODE_TIME = facts.latency.update_mode_s * SECOND
RECORD_SIZE_TIME = facts.latency.update_max_record_size_s * SECOND
_SHARD_BYTES: int = facts.shard.write_bytes_per_second


def update_stream_mode(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Switch between provisioned and on-demand: twice in 24 hours at most. The shards stay."""
    stream = streams.active(request)
    mode = request["StreamModeDetails"]["StreamMode"]
    warm = request.get("WarmThroughputMiBps")
    if warm is not None:
        _check_warm(streams, mode, warm)
    if mode == stream.mode:
        return {}  # AWS's answer to this is not known to us
    if mode == ON_DEMAND:
        check_on_demand_quota(streams)
    if mode == PROVISIONED:
        reshard.check_quota(streams, len(stream.open_shards))
    if not stream.mode_switches.take(streams.now):
        # The limit is documented; its text is not known to us.
        raise errors.limit_exceeded(
            f"The mode of stream {stream.name} under account {streams.account_id} was already "
            f"changed {facts.stream_mode.switches_per_day} times in the last 24 hours."
        )
    if mode == ON_DEMAND:
        watch_growth(streams, stream)
    else:
        # Both are only there for on-demand streams.
        stream.growth = None
        stream.distribution = USER_PARTITION_KEY
        stream.warm_mib = None
    stream.mode = mode
    if warm is not None:
        _warm_up(streams, stream, warm)
    else:
        update(streams, stream, MODE_TIME)
    return {}


def update_stream_warm_throughput(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Be ready for so many MiB a second at once, without having grown to them.

    Lowering it gives back what neither the target nor the last hour's busiest minute needs.
    """
    stream = streams.active(request)
    warm = request["WarmThroughputMiBps"]
    _check_warm(streams, stream.mode, warm)
    current = len(stream.open_shards)
    _warm_up(streams, stream, warm)
    return {
        "StreamARN": stream.arn,
        "StreamName": stream.name,
        "WarmThroughput": {"TargetMiBps": warm, "CurrentMiBps": current},
    }


def update_max_record_size(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Allow records of up to MaxRecordSizeInKiB, data and partition key together."""
    stream = streams.active(request)
    stream.max_record_bytes = request["MaxRecordSizeInKiB"] * 1024
    update(streams, stream, RECORD_SIZE_TIME)
    return {}


def update_stream_record_distribution_strategy(
    streams: Streams, request: dict[str, Any]
) -> dict[str, Any]:
    """Let the stream spread new records by itself (AUTO), or by their partition keys again."""
    stream = streams.active(request)
    strategy = request["RecordDistributionStrategy"]
    check_distribution(stream.name, stream.mode, strategy)
    stream.distribution = strategy
    return {}


def check_distribution(name: str, mode: str, strategy: str) -> None:
    """AUTO is for on-demand streams. (Documented; AWS's text for it is not known to us.)"""
    if strategy == AUTO and mode != ON_DEMAND:
        raise errors.invalid_argument(
            f"RecordDistributionStrategy AUTO is not supported for stream {name}, which is in "
            f"{PROVISIONED} mode."
        )


def check_on_demand_quota(streams: Streams) -> None:
    """Refuse one on-demand stream too many."""
    count = on_demand_count(streams)
    limit: int = facts.on_demand.streams
    if count >= limit:
        # Text: hashicorp/terraform-provider-aws, issue 38094.
        raise errors.limit_exceeded(
            "This request would exceed the limit on the number of On-Demand streams for the "
            f"account {streams.account_id} in {streams.region}. Current On-Demand streams count: "
            f"{count}. Limit: {limit}."
        )


def first_shard_count(streams: Streams, mode: str, warm: int | None) -> int:
    """The shards of a new on-demand stream: four, or as many as its warm throughput needs."""
    if warm is not None:
        _check_warm(streams, mode, warm)
    return _shards_for(warm or 0)


def watch_growth(streams: Streams, stream: Stream) -> None:
    """From now on the stream grows with its traffic."""

    stream.growth = Growth(stream, streams.clock, _ceiling(streams))


def _check_warm(streams: Streams, mode: str, warm: int) -> None:
    """The rules stand in the API Reference; AWS's texts for them are not known to us."""
    if mode != ON_DEMAND:
        raise errors.invalid_argument(
            "WarmThroughputMiBps is only supported for streams in ON_DEMAND mode."
        )
    if not streams.commitment.holds:
        raise errors.invalid_argument(
            "WarmThroughputMiBps requires MinimumThroughputBillingCommitment to be enabled for "
            f"account {streams.account_id}."
        )
    highest = _ceiling(streams)
    if warm > highest:
        raise errors.limit_exceeded(
            f"WarmThroughputMiBps {warm} is more than the limit of {highest} for a stream."
        )


def _ceiling(streams: Streams) -> int:
    """The most shards, and so MiB a second, of an on-demand stream in this Region."""
    widest = streams.region in facts.on_demand.widest_regions
    most: int = facts.on_demand.max_shards_widest if widest else facts.on_demand.max_shards
    return most


def _shards_for(warm: int) -> int:
    return max(facts.on_demand.start_shards, warm)  # a shard takes 1 MiB a second


def _warm_up(streams: Streams, stream: Stream, warm: int) -> None:
    current = len(stream.open_shards)
    needed = _shards_for(warm)
    if needed < current and stream.growth is not None:
        busiest = ceil(stream.growth.busiest_minute() / 60 / _SHARD_BYTES)
        needed = min(current, max(needed, busiest))
    stream.warm_mib = warm
    if needed == current:
        update(streams, stream, MODE_TIME)
    else:
        reshard.reshard(streams, stream, needed)
