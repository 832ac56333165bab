"""A simulated AWS account: its services, its clock, its call log, its faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from course import facts
from course.simulator import event_stream, wire
from course.simulator.call_log import CallLog
from course.simulator.clock import MILLISECOND, Clock
from course.simulator.errors import AwsError
from course.simulator.faults import Faults, TimedOut
from course.simulator.keys import Keys
from course.simulator.metrics import Metrics
from course.simulator.streams.operations import subscribe
from course.simulator.streams.service import Streams

ACCOUNT_ID = "123456789012"
DEFAULT_REGION = "us-east-1"

_LATENCY = {
    "PutRecord": facts.latency.put_record_ms,
    "PutRecords": facts.latency.put_records_ms,
    "GetRecords": facts.latency.get_records_ms,
    "GetShardIterator": facts.latency.get_shard_iterator_ms,
}
# In an answer that is an event stream: the id by which its events are asked for.
SUBSCRIPTION_HEADER = "x-course-subscription"

_CLIENT_PATIENCE = facts.latency.client_timeout_ms * MILLISECOND


@dataclass(slots=True)
class Reply:
    """What came of one attempt: an answer, an AWS error, or nothing in time.

    `number` is the attempt's number in the call log; `now` the clock when the reply is there.
    """

    number: int
    now: int
    answer: dict[str, Any] | None = None
    error: AwsError | None = None

    @property
    def timed_out(self) -> bool:
        """Whether the client waited in vain."""
        return self.answer is None and self.error is None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return 200 if self.error is None else self.error.status

    @property
    def request_id(self) -> str:
        """An id in AWS's form, the same in every run."""
        return f"00000000-0000-4000-8000-{self.number:012x}"

    @property
    def headers(self) -> dict[str, str]:
        """The HTTP headers; `x-course-now` is the clock in microseconds."""
        headers = {
            "x-amzn-RequestId": self.request_id,
            "Content-Type": "application/x-amz-json-1.1",
            "x-course-now": str(self.now),
        }
        if self._subscription is not None:
            headers["Content-Type"] = event_stream.CONTENT_TYPE
            headers[SUBSCRIPTION_HEADER] = self._subscription
        return headers

    @property
    def body(self) -> bytes:
        """The HTTP body. An operation without output answers with an empty one, as AWS does.

        Of an event stream it is the first frame; `Account.next_event` has the others.
        """
        if self.error is not None:
            return wire.encode(self.error.document)
        if self._subscription is not None:
            return event_stream.initial_response()
        return wire.encode(self.answer) if self.answer else b""

    @property
    def _subscription(self) -> str | None:
        return self.answer.get("EventStream") if self.answer else None


class Account:
    """One AWS account. Single-threaded: whoever serves several clients takes turns."""

    SERVICES = frozenset(("kinesis",))

    def __init__(self, services: frozenset[str] = SERVICES) -> None:
        self.services = services
        self.clock = Clock()
        self.account_id = ACCOUNT_ID
        self.calls = CallLog()
        self.faults = Faults(self.clock)
        self.keys = Keys(self.account_id)
        self._streams: dict[str, Streams] = {}

    def streams(self, region: str = DEFAULT_REGION) -> Streams:
        """Data Streams in one Region."""
        streams = self._streams.get(region)
        if streams is None:
            streams = Streams(self.clock, region, self.account_id, self.faults, self.keys)
            self._streams[region] = streams
        return streams

    def metrics(self, region: str) -> list[Metrics]:
        """What the services report to CloudWatch in one Region."""
        return [self.streams(region).metrics.published]

    def execute(
        self, service: str, operation: str, body: bytes, region: str = DEFAULT_REGION
    ) -> Reply:
        """Carry out one attempt of a call, exactly once, and let its latency pass."""
        streams = self.streams(region)
        clock = self.clock
        streams.begin_call()
        answer: dict[str, Any] | None = None
        error: AwsError | None = None
        request: dict[str, Any] = {}
        started = clock.now
        latency = _LATENCY.get(operation, facts.latency.control_ms) * MILLISECOND
        waited = latency
        outcome = "ok"
        try:
            request = wire.decode(service, operation, body)
            answer = streams.call(operation, request)
        except AwsError as refused:
            error = refused
            outcome = refused.code
        except TimedOut:
            waited = _CLIENT_PATIENCE
            outcome = "TimedOut"
        attempt = self.calls.note(started, service, operation, request)
        attempt.stream = streams.subject
        attempt.outcome = outcome
        attempt.touches = streams.touches
        streams.end_call(operation, latency)
        clock.sleep(waited)
        return Reply(attempt.number, clock.now, answer, error)

    def next_event(self, subscription_id: str, region: str = DEFAULT_REGION) -> bytes:
        """The next frame of an event stream, as soon as there is one; empty after the last.

        The clock moves no farther than that takes. What is pushed stands in the call log as
        SubscribeToShardEvent; events without records do not.
        """
        streams = self.streams(region)
        subscription = streams.subscriptions.get(subscription_id)
        if subscription is None:
            return b""
        subscribe.wait_for_event(streams, subscription)
        streams.begin_call()
        frame = b""
        outcome = "ok"
        try:
            event = subscribe.next_event(streams, subscription)
            if event is not None:
                frame = event_stream.event("SubscribeToShardEvent", event)
        except AwsError as error:
            outcome = error.code
            frame = event_stream.exception(error)
        if subscription.ended:
            self.end_subscription(subscription_id, region)
        if outcome != "ok" or any(records for _, records, _, _ in streams.touches):
            consumer = subscription.consumer
            attempt = self.calls.note(
                self.clock.now,
                "kinesis",
                "SubscribeToShardEvent",
                {"ConsumerARN": consumer.arn, "ShardId": subscription.shard.shard_id},
            )
            attempt.stream = consumer.stream.name
            attempt.outcome = outcome
            attempt.touches = streams.touches
        return frame

    def end_subscription(self, subscription_id: str, region: str = DEFAULT_REGION) -> None:
        """Push no more: the client has hung up, or there is nothing to come."""
        self.streams(region).subscriptions.pop(subscription_id, None)
