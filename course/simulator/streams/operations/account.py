"""What holds for the whole account in a Region: its limits, and what it committed itself to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course import facts
from course.simulator.clock import to_local_datetime
from course.simulator.streams.operations.reshard import open_shard_count
from course.simulator.streams.stream import ON_DEMAND
from course.simulator.streams.throughput_commitment import ENABLED

if TYPE_CHECKING:
    from course.simulator.streams.service import Streams


def describe_limits(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """The quotas of shards and on-demand streams, and how much of them is used.

    The limit of channels is not told: AWS publishes it by stream only.
    """
    return {
        "ShardLimit": facts.account.shard_limit,
        "OpenShardCount": open_shard_count(streams),
        "OnDemandStreamCount": on_demand_count(streams),
        "OnDemandStreamCountLimit": facts.on_demand.streams,
        "ChannelCount": 0,
    }


def describe_account_settings(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """The throughput commitment, with the moments that it has."""
    commitment = streams.commitment
    described: dict[str, Any] = {"Status": commitment.status}
    moments = {
        "StartedAt": commitment.started,
        "EndedAt": commitment.ended,
        "EarliestAllowedEndAt": commitment.earliest_end if commitment.holds else None,
    }
    for name, moment in moments.items():
        if moment is not None:
            described[name] = to_local_datetime(moment)
    return {"MinimumThroughputBillingCommitment": described}


def update_account_settings(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Enable or end the commitment; an end that comes too early waits until it is allowed."""
    if request["MinimumThroughputBillingCommitment"]["Status"] == ENABLED:
        streams.commitment.enable()
    else:
        streams.commitment.disable()
    return describe_account_settings(streams, request)


def on_demand_count(streams: Streams) -> int:
    """The on-demand streams of the account in this Region."""
    return sum(stream.mode == ON_DEMAND for stream in streams.all())
