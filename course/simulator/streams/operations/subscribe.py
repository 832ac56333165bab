"""SubscribeToShard, and the events that follow its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course import facts
from course.simulator.clock import SECOND
from course.simulator.errors import AwsError
from course.simulator.streams import errors
from course.simulator.streams.operations import consumers, position
from course.simulator.streams.operations.encryption import require_keys_to_read
from course.simulator.streams.operations.shards import describe_child
from course.simulator.streams.stream import ACTIVE, DELETING
from course.simulator.streams.subscription import MAX_BYTES, MAX_RECORDS, Event, Subscription

if TYPE_CHECKING:
    from course.simulator.streams.service import Streams

TAKEOVER_AFTER = facts.fan_out.takeover_after * SECOND


def subscribe_to_shard(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Let a shard push its records to a consumer for five minutes.

    A second subscription takes the first one's place, but not within five seconds. In the answer
    EventStream is the id of the subscription, for `next_event`.
    """
    consumer = consumers.with_arn(streams, request["ConsumerARN"])
    stream = consumer.stream
    if consumer.status != ACTIVE:
        raise errors.consumer_not_active(
            consumer.name, consumer.created // SECOND, stream.name, streams.account_id
        )
    shard = position.shard_with_id(streams, stream, request["ShardId"])
    start = request["StartingPosition"]
    counter = position.starting_counter(
        streams,
        stream,
        shard,
        start["Type"],
        start.get("SequenceNumber"),
        start.get("Timestamp"),
        "SubscribeToShard",
    )
    require_keys_to_read(streams, stream, shard, counter, MAX_RECORDS, MAX_BYTES)
    outlet = consumer.outlet(shard)
    now = streams.now
    # Refused calls count against the rate as well, but within the five seconds AWS promises
    # ResourceInUseException whatever the rate.
    in_time = outlet.calls.take(now)
    before = outlet.subscription
    subscribed_lately = before is not None and now - before.started < TAKEOVER_AFTER
    established = in_time and not subscribed_lately
    streams.metrics.count_subscription(stream, consumer.name, established=established)
    if subscribed_lately:
        streams.touched(shard, 0, 0, "ResourceInUseException")
        raise errors.subscribed_already()
    if not in_time:
        streams.touched(shard, 0, 0, "LimitExceededException")
        # The rate is documented; AWS's text for it is not known to us.
        raise errors.limit_exceeded(
            f"Rate exceeded for consumer {consumer.name} and shard {shard.shard_id} in stream "
            f"{stream.name} under account {streams.account_id}."
        )
    outlet.subscription = Subscription(consumer, shard, counter, now)
    streams.touched(shard, 0, 0, "ok")
    return {"EventStream": streams.add_subscription(outlet.subscription)}


def wait_for_event(streams: Streams, subscription: Subscription) -> None:
    """Let the clock go on until there is an event, an error, or the end: no farther."""

    def due() -> int:
        if subscription.ended or _cut_off(streams, subscription) is not None:
            return streams.now
        return subscription.due(streams.now, _idle_until(streams, subscription))

    streams.clock.advance_until(due)


def next_event(streams: Streams, subscription: Subscription) -> dict[str, Any] | None:
    """The event that was waited for; None when the subscription has ended.

    Raises AwsError where AWS sends an error in place of an event; that is an end too. Afterwards
    `streams.touches` tells of the records.
    """
    if subscription.ended:
        return None
    shard = subscription.shard
    error = _cut_off(streams, subscription)
    if error is not None:
        subscription.ended = True
        streams.touched(shard, 0, 0, error.code)
        raise error
    event = subscription.next_event(streams.now, _idle_until(streams, subscription))
    if event is None:
        return None
    records = len(event.records)
    streams.touched(shard, records, event.size, "ok")
    streams.metrics.count_event(
        subscription.consumer.stream,
        subscription.consumer.name,
        shard.shard_id,
        records=records,
        size=event.size,
        behind=event.behind_ms,
    )
    return _describe(event)


def _cut_off(streams: Streams, subscription: Subscription) -> AwsError | None:
    """Why the subscription has lost its shard or its consumer, if it has."""
    consumer = subscription.consumer
    if consumer.stream.status == DELETING:
        return errors.stream_not_found(consumer.stream.name, streams.account_id)
    if consumer.status == DELETING:
        return errors.consumer_not_found(consumer.name, streams.account_id)
    if subscription.taken_over:
        return errors.subscribed_already()
    try:
        require_keys_to_read(
            streams,
            consumer.stream,
            subscription.shard,
            subscription.counter,
            MAX_RECORDS,
            MAX_BYTES,
        )
    except AwsError as unusable:
        return unusable
    return None


def _idle_until(streams: Streams, subscription: Subscription) -> int:
    return streams.faults.idle_until(subscription.consumer.stream, subscription.shard)


def _describe(event: Event) -> dict[str, Any]:
    description: dict[str, Any] = {"Records": event.records}
    # AWS: null in the last event of a shard (amazon-kinesis-client, pull request 1744).
    if event.continuation is not None:
        description["ContinuationSequenceNumber"] = event.continuation
    description["MillisBehindLatest"] = event.behind_ms
    if event.children:
        description["ChildShards"] = [describe_child(child) for child in event.children]
    return description
