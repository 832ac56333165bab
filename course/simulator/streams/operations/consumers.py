"""Consumers: register, describe, list, deregister. Registering and deregistering take a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course import facts
from course.simulator.clock import SECOND, to_local_datetime
from course.simulator.errors import AwsError
from course.simulator.streams import errors, page_token, tag
from course.simulator.streams.consumer import Consumer
from course.simulator.streams.stream import ACTIVE, CREATING, DELETING

if TYPE_CHECKING:
    from course.simulator.streams.service import Streams
    from course.simulator.streams.stream import Stream

REGISTER_TIME = facts.latency.register_consumer_s * SECOND
DEREGISTER_TIME = facts.latency.deregister_consumer_s * SECOND
MAX_RESULTS: int = facts.list_stream_consumers.max_results
TOKEN_LIFE = facts.list_stream_consumers.token_life * SECOND


def register_stream_consumer(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Give a stream one more consumer; it is CREATING for a while and cannot read until then."""
    stream = streams.active(request)
    name = request["ConsumerName"]
    if name in stream.consumers:
        raise errors.consumer_exists(name, stream.name, streams.account_id)
    tags = request.get("Tags", {})
    tag.check_tags(tags, name, streams.account_id)
    _check_limits(streams, stream)
    consumer = Consumer(name, stream, streams.now, dict(tags))
    stream.consumers[name] = consumer

    def ready() -> None:
        if consumer.status == CREATING:
            consumer.status = ACTIVE

    streams.clock.call_at(streams.now + REGISTER_TIME, ready)
    return {"Consumer": _describe(consumer)}


def deregister_stream_consumer(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Give a consumer up; it is DELETING for a while, then unknown. What it reads ends at once."""
    consumer = _find(streams, request)
    if consumer.status != DELETING:
        consumer.status = DELETING

        def gone() -> None:
            del consumer.stream.consumers[consumer.name]

        streams.clock.call_at(streams.now + DEREGISTER_TIME, gone)
    return {}


def describe_stream_consumer(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """One consumer, by ARN or by stream and name."""
    consumer = _find(streams, request)
    description = _describe(consumer) | {"StreamARN": consumer.stream.arn}
    return {"ConsumerDescription": description}


def list_stream_consumers(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """The consumers of a stream by name, a page at a time."""
    after = _after(streams, request)
    stream = streams.find(request)
    created = request.get("StreamCreationTimestamp")
    if created is not None and created // SECOND != stream.created // SECOND:
        raise errors.stream_not_found(stream.name, streams.account_id)
    if stream.status == CREATING:
        raise errors.stream_not_active(stream.name, streams.account_id, stream.status)
    rest = [stream.consumers[name] for name in sorted(stream.consumers) if name > after]
    page = rest[: min(request.get("MaxResults", MAX_RESULTS), MAX_RESULTS)]
    answer: dict[str, Any] = {"Consumers": [_describe(consumer) for consumer in page]}
    if len(page) < len(rest):
        answer["NextToken"] = page_token.encode(
            {"consumers_of": stream.arn, "after": page[-1].name, "issued": streams.now}
        )
    return answer


def with_arn(streams: Streams, arn: str) -> Consumer:
    """The consumer with this ARN; raises ResourceNotFoundException."""
    stream_arn, _, registered = arn.partition("/consumer/")
    stream = streams.find({"StreamARN": stream_arn})
    consumer = stream.consumers.get(registered.rpartition(":")[0])
    # A consumer that was registered anew has another ARN.
    if consumer is None or consumer.arn != arn:
        raise errors.consumer_not_found(arn, streams.account_id)
    return consumer


def _limit(streams: Streams) -> int:
    committed: int = facts.fan_out.consumers_per_stream_committed
    usual: int = facts.fan_out.consumers_per_stream
    return committed if streams.commitment.holds else usual


def _check_limits(streams: Streams, stream: Stream) -> None:
    # Both limits are documented; AWS's texts for them are not known to us.
    most = _limit(streams)
    if len(stream.consumers) >= most:
        raise errors.limit_exceeded(
            f"Stream {stream.name} under account {streams.account_id} already has "
            f"{len(stream.consumers)} registered consumers. Limit: {most}."
        )
    creating = sum(
        consumer.status == CREATING
        for other in streams.all()
        for consumer in other.consumers.values()
    )
    if creating >= facts.fan_out.consumers_creating:
        raise errors.limit_exceeded(
            f"This account {streams.account_id} already has {creating} consumers in state CREATING."
        )


def _find(streams: Streams, request: dict[str, Any]) -> Consumer:
    """The consumer that a request means: by its ARN, by stream and name, or by all three."""
    arn: str | None = request.get("ConsumerARN")
    name: str | None = request.get("ConsumerName")
    stream_arn: str | None = request.get("StreamARN")
    if arn is not None:
        consumer = with_arn(streams, arn)
        if name not in (None, consumer.name) or stream_arn not in (None, consumer.stream.arn):
            # Documented as a conflict; AWS's text for it is not known to us.
            raise errors.invalid_argument(
                "ConsumerARN does not match the given StreamARN and ConsumerName."
            )
        return consumer
    if name is None or stream_arn is None:
        # AWS's text for it is not known to us.
        raise errors.invalid_argument(
            "Either ConsumerARN or both StreamARN and ConsumerName should be provided."
        )
    found = streams.find(request).consumers.get(name)
    if found is None:
        raise errors.consumer_not_found(name, streams.account_id)
    return found


def _after(streams: Streams, request: dict[str, Any]) -> str:
    """The name of the consumer after which a page begins."""
    token = request.get("NextToken")
    if token is None:
        return ""
    if "StreamCreationTimestamp" in request:
        raise errors.invalid_argument(
            "NextToken and StreamCreationTimestamp cannot be provided together."
        )
    place = page_token.decode(token)
    if place is None or place.get("consumers_of") != request["StreamARN"]:
        raise errors.invalid_argument("NextToken is invalid.")
    if streams.now - place["issued"] > TOKEN_LIFE:
        raise AwsError("ExpiredNextTokenException", "NextToken has expired.")
    after: str = place["after"]
    return after


def _describe(consumer: Consumer) -> dict[str, Any]:
    return {
        "ConsumerName": consumer.name,
        "ConsumerARN": consumer.arn,
        "ConsumerStatus": consumer.status,
        "ConsumerCreationTimestamp": to_local_datetime(consumer.created),
    }
