"""How often a call may be made: so many times a second, for the account or for each stream.

Source: API Reference, each operation; where it is silent, the quotas page of the Developer Guide.
Where they differ the Reference is kept: the Guide counts SplitShard, MergeShards,
ListTagsForStream, RemoveTagsFromStream and RegisterStreamConsumer by stream.

GetShardIterator and GetRecords have limits of their own for each shard (see throttle), and so has
SubscribeToShard for each consumer (see consumer). Operations that are not listed here have no
documented rate.
"""

from __future__ import annotations

from dataclasses import dataclass

from course import facts
from course.simulator.streams.throttle import CallBudget


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `per_second` calls in any second; with `by_stream` for each stream by itself."""

    per_second: int
    by_stream: bool = False


_CONTROL = Rate(facts.api_rates.control)
_POLICIES = Rate(facts.api_rates.resource_policies)
_SETTINGS = Rate(facts.api_rates.stream_settings, by_stream=True)

RATES = {
    "CreateStream": _CONTROL,
    "DeleteStream": _CONTROL,
    "ListStreams": _CONTROL,
    "SplitShard": _CONTROL,
    "MergeShards": _CONTROL,
    "AddTagsToStream": _CONTROL,
    "RemoveTagsFromStream": _CONTROL,
    "ListTagsForStream": _CONTROL,
    "RegisterStreamConsumer": _CONTROL,
    "DescribeAccountSettings": _CONTROL,
    "UpdateAccountSettings": _CONTROL,
    "UpdateStreamWarmThroughput": _CONTROL,
    "PutResourcePolicy": _POLICIES,
    "GetResourcePolicy": _POLICIES,
    "DeleteResourcePolicy": _POLICIES,
    "IncreaseStreamRetentionPeriod": _SETTINGS,
    "DecreaseStreamRetentionPeriod": _SETTINGS,
    "EnableEnhancedMonitoring": _SETTINGS,
    "DisableEnhancedMonitoring": _SETTINGS,
    "DeregisterStreamConsumer": Rate(facts.api_rates.consumers, by_stream=True),
    "ListStreamConsumers": Rate(facts.api_rates.consumers, by_stream=True),
    "DescribeStreamConsumer": Rate(facts.api_rates.describe_stream_consumer, by_stream=True),
    "DescribeStream": Rate(facts.api_rates.describe_stream),
    "DescribeStreamSummary": Rate(facts.api_rates.describe_stream_summary),
    "DescribeLimits": Rate(facts.api_rates.describe_limits),
    "ListShards": Rate(facts.api_rates.list_shards, by_stream=True),
    "UpdateShardCount": Rate(facts.api_rates.update_shard_count),
}


class ApiRates:
    """The calls of the last second of one account in one Region."""

    def __init__(self) -> None:
        self._budgets: dict[tuple[str, str | None], CallBudget] = {}

    def take(self, operation: str, stream_name: str | None, now: int) -> bool:
        """Grant a call at `now`, unless there were too many; a refused one does not count."""
        rate = RATES.get(operation)
        if rate is None:
            return True
        key = (operation, stream_name if rate.by_stream else None)
        budget = self._budgets.get(key)
        if budget is None:
            budget = self._budgets[key] = CallBudget(rate.per_second)
        return budget.take(now)
