"""Enhanced monitoring: which metrics a stream reports for each of its shards, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course import facts
from course.simulator.clock import SECOND
from course.simulator.streams.metrics import SHARD_LEVEL
from course.simulator.streams.operations.updating import update

if TYPE_CHECKING:
    from course.simulator.streams.service import Streams
    from course.simulator.streams.stream import Stream

UPDATE_TIME = facts.latency.update_monitoring_s * SECOND


def enable_enhanced_monitoring(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Report these metrics shard by shard, besides those that are reported already."""
    stream = streams.active(request)
    return _change(streams, stream, {*stream.shard_level_metrics, *_named(request)})


def disable_enhanced_monitoring(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Report these metrics for the stream only."""
    stream = streams.active(request)
    return _change(streams, stream, {*stream.shard_level_metrics} - _named(request))


def _named(request: dict[str, Any]) -> set[str]:
    """The metrics in a request; AWS keeps ALL as the seven names that it stands for."""
    names = set(request["ShardLevelMetrics"])
    return set(SHARD_LEVEL) if "ALL" in names else names


def _change(streams: Streams, stream: Stream, wanted: set[str]) -> dict[str, Any]:
    current = stream.shard_level_metrics
    desired = tuple(name for name in SHARD_LEVEL if name in wanted)
    # Clients that were run against AWS wait for ACTIVE after each call. Whether AWS goes through
    # UPDATING also when nothing changes is not known.
    if desired != current:

        def apply() -> None:
            stream.shard_level_metrics = desired

        update(streams, stream, UPDATE_TIME, [apply])
    return {
        "StreamName": stream.name,
        "CurrentShardLevelMetrics": [*current],
        "DesiredShardLevelMetrics": [*desired],
        "StreamARN": stream.arn,
    }
