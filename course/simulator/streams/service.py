"""The streams of one account in one Region, and the way from a call to its operation."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import count
from typing import Any

from course.simulator.clock import Clock
from course.simulator.errors import AwsError
from course.simulator.faults import Faults
from course.simulator.keys import Keys
from course.simulator.streams import errors
from course.simulator.streams.api_rates import ApiRates
from course.simulator.streams.metrics import StreamMetrics
from course.simulator.streams.operations import OPERATIONS
from course.simulator.streams.shard import Shard
from course.simulator.streams.stream import ACTIVE, Stream
from course.simulator.streams.subscription import Subscription
from course.simulator.streams.throughput_commitment import ThroughputCommitment

# One attempt to write one record: (time, shard, partition key, explicit hash key or None, bytes,
# "ok" or the error code).
Written = tuple[int, Shard, str, str | None, int, str]

# (shard id, records, bytes, "ok" or the error code): what one call did to one shard.
Touch = tuple[str, int, int, str]


class Streams:
    """Kinesis Data Streams in one Region."""

    def __init__(
        self, clock: Clock, region: str, account_id: str, faults: Faults, keys: Keys
    ) -> None:
        self.clock = clock
        self.region = region
        self.account_id = account_id
        self.faults = faults
        self.keys = keys
        self._rates = ApiRates()
        self.metrics = StreamMetrics(clock)
        self.commitment = ThroughputCommitment(clock)
        self.subject: str | None = None
        self.touches: list[Touch] = []
        self._iterator_age = 0
        # A film of the writes for pictures, record by record; None where nobody looks.
        self.film: deque[Written] | None = None
        self.subscriptions: dict[str, Subscription] = {}
        self._subscription_ids = count(1)
        self._streams: dict[str, Stream] = {}

    def begin_call(self) -> None:
        """Forget what the last call was about."""
        self.subject = None
        self.touches = []

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out a call; raises AwsError.

        Afterwards `subject` is the stream it was about, `touches` what it did shard by shard.
        """
        handler = OPERATIONS.get(operation)
        if handler is None:
            raise AwsError(
                "UnknownOperationException",
                f"The course's simulator does not carry out {operation} yet.",
            )
        if request.get("DryRun"):
            raise AwsError(
                "DryRunOperationException",
                "The request was rejected because the DryRun parameter was specified.",
            )
        name = _stream_name_in(request)
        if not self._rates.take(operation, name, self.now):
            self.subject = name
            raise errors.call_rate_exceeded(name, self.account_id)
        return handler(self, request)

    def touched(
        self, shard: Shard, records: int, size: int, outcome: str, iterator_age: int = 0
    ) -> None:
        """Note what the current call did to a shard: the call log and the metrics read it.

        `iterator_age` is how old what was read is, in milliseconds.
        """
        self.touches.append((shard.shard_id, records, size, outcome))
        self._iterator_age = iterator_age

    def end_call(self, operation: str, latency: int) -> None:
        """Count the current call in the metrics; it has taken `latency` microseconds."""
        stream = self._streams.get(self.subject or "")
        if self.touches and stream is not None:
            self.metrics.count_call(operation, stream, self.touches, self._iterator_age, latency)

    def add_subscription(self, subscription: Subscription) -> str:
        """Take in a new subscription; the id by which its events are asked for."""
        subscription_id = str(next(self._subscription_ids))
        self.subscriptions[subscription_id] = subscription
        return subscription_id

    @property
    def now(self) -> int:
        """The clock, in microseconds."""
        return self.clock.now

    def arn(self, name: str) -> str:
        """The ARN of the stream called `name`."""
        return f"arn:aws:kinesis:{self.region}:{self.account_id}:stream/{name}"

    def all(self) -> Iterable[Stream]:
        """Every stream, whatever its state."""
        return self._streams.values()

    def named(self, name: str) -> Stream | None:
        """The stream of that name, or None."""
        self.subject = name
        return self._streams.get(name)

    def add(self, stream: Stream) -> None:
        """Take in a new stream."""
        self._streams[stream.name] = stream

    def remove(self, stream: Stream) -> None:
        """Forget a stream that has been deleted."""
        del self._streams[stream.name]

    def name_in(self, request: dict[str, Any]) -> str:
        """The stream that a request means, by StreamName, by StreamARN, or by both."""
        name: str | None = request.get("StreamName")
        arn: str | None = request.get("StreamARN")
        if arn is not None:
            by_arn = arn.rpartition("/")[2]
            if arn != self.arn(by_arn):
                raise AwsError("ResourceNotFoundException", f"Stream {arn} not found.")
            if name is not None and name != by_arn:
                raise errors.invalid_argument("StreamARN and StreamName do not match.")
            return by_arn
        if name is None:
            raise errors.invalid_argument("Either StreamName or StreamARN should be provided.")
        return name

    def get(self, name: str) -> Stream:
        """The stream of that name; raises ResourceNotFoundException."""
        stream = self.named(name)
        if stream is None:
            raise errors.stream_not_found(name, self.account_id)
        return stream

    def find(self, request: dict[str, Any]) -> Stream:
        """The stream that a request means, in any state."""
        return self.get(self.name_in(request))

    def usable(self, request: dict[str, Any]) -> Stream:
        """The stream for a write: one that has no shards yet is not found."""
        stream = self.find(request)
        if not stream.shards:
            raise errors.stream_not_found(stream.name, self.account_id)
        return stream

    def active(self, request: dict[str, Any]) -> Stream:
        """The stream for a change: it must be ACTIVE."""
        stream = self.find(request)
        if stream.status != ACTIVE:
            raise errors.stream_not_active(stream.name, self.account_id, stream.status)
        return stream


def _stream_name_in(request: dict[str, Any]) -> str | None:
    """The stream that a request names, by name or ARN, whether it is there or not."""
    name: str | None = request.get("StreamName")
    if name is not None:
        return name
    members = ("StreamARN", "ConsumerARN", "ResourceARN")
    arn: str = next((request[member] for member in members if member in request), "")
    return arn.partition(":stream/")[2].partition("/")[0] or None
