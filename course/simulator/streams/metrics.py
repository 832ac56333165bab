"""What Data Streams reports to CloudWatch: one sample per call, or per event of fan-out.

Source: Developer Guide, "Monitoring the Amazon Kinesis Data Streams Service with Amazon
CloudWatch". Left out are the two metrics it calls deprecated (GetRecords.IteratorAge and
PutRecords.Records). Its averages say what a sample is: the average of PutRecord.Success is the
share of successful writes, so a refused one is a 0; a maximum of 0 throttled records means that
nothing was throttled, so a put that was not is a 0 as well; the average of IncomingBytes is what a
single put brought, and "successful operations only" (AWS re:Post), so a refused put is no sample.

A call is counted once it has reached a shard. Those that were refused before, because they were
ill-formed or named no stream, are not; what AWS does with them is not documented.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course.simulator.clock import MILLISECOND, Clock
from course.simulator.faults import THROTTLED
from course.simulator.metrics import Metrics, Samples

if TYPE_CHECKING:
    from course.simulator.streams.service import Touch
    from course.simulator.streams.stream import Stream

NAMESPACE = "AWS/Kinesis"

# In the order of the API's model.
SHARD_LEVEL = (
    "IncomingBytes",
    "IncomingRecords",
    "OutgoingBytes",
    "OutgoingRecords",
    "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds",
)

UNITS = {
    "PutRecord.Bytes": "Bytes",
    "PutRecord.Latency": "Milliseconds",
    "PutRecord.Success": "Count",
    "PutRecords.Bytes": "Bytes",
    "PutRecords.Latency": "Milliseconds",
    "PutRecords.Success": "Count",
    "PutRecords.TotalRecords": "Count",
    "PutRecords.SuccessfulRecords": "Count",
    "PutRecords.FailedRecords": "Count",
    "PutRecords.ThrottledRecords": "Count",
    "IncomingBytes": "Bytes",
    "IncomingRecords": "Count",
    "WriteProvisionedThroughputExceeded": "Count",
    "GetRecords.Bytes": "Bytes",
    "GetRecords.IteratorAgeMilliseconds": "Milliseconds",
    "GetRecords.Latency": "Milliseconds",
    "GetRecords.Records": "Count",
    "GetRecords.Success": "Count",
    "OutgoingBytes": "Bytes",
    "OutgoingRecords": "Count",
    "IteratorAgeMilliseconds": "Milliseconds",
    "ReadProvisionedThroughputExceeded": "Count",
    "SubscribeToShard.RateExceeded": "Count",
    "SubscribeToShard.Success": "Count",
    "SubscribeToShardEvent.Bytes": "Bytes",
    "SubscribeToShardEvent.MillisBehindLatest": "Milliseconds",
    "SubscribeToShardEvent.Records": "Count",
    "SubscribeToShardEvent.Success": "Count",
}


@dataclass(slots=True)
class _Writes:
    """The records of one put, by what became of them: `stored` (of `size` bytes) and not."""

    stored: int = 0
    size: int = 0
    throttled: int = 0
    failed: int = 0

    def add(self, touch: Touch) -> None:
        _, records, size, outcome = touch
        if outcome == "ok":
            self.stored += records
            self.size += size
        elif outcome == THROTTLED:
            self.throttled += records
        else:
            self.failed += records


class StreamMetrics:
    """The metrics of all streams of one Region; `published` is what CloudWatch reads."""

    def __init__(self, clock: Clock) -> None:
        self.published = Metrics(clock, NAMESPACE, UNITS)

    def count_call(
        self, operation: str, stream: Stream, touches: list[Touch], age: int, latency: int
    ) -> None:
        """Count a call that has touched shards.

        `age` is GetRecords' iterator age in milliseconds; `latency` is in microseconds.
        """
        match operation:
            case "PutRecord" | "PutRecords":
                self._count_put(operation, stream, touches, latency // MILLISECOND)
            case "GetRecords":
                self._count_read(stream, touches[0], age, latency // MILLISECOND)

    def count_subscription(self, stream: Stream, consumer: str, *, established: bool) -> None:
        """Count a SubscribeToShard of the consumer of that name.

        It is either established, or refused because the consumer has a subscription to the shard
        already or calls too often. (Other refusals belong to no subscription: do not count them.)
        """
        samples = self._of_consumer(stream, consumer)
        samples["SubscribeToShard.Success"].append(int(established))
        if not established:
            samples["SubscribeToShard.RateExceeded"].append(1)

    def count_event(
        self, stream: Stream, consumer: str, shard_id: str, *, records: int, size: int, behind: int
    ) -> None:
        """Count a SubscribeToShardEvent that was pushed to the consumer of that name.

        `size` counts data and partition keys; `behind` is the event's MillisBehindLatest.
        """
        samples = self._of_consumer(stream, consumer)
        samples["SubscribeToShardEvent.Bytes"].append(size)
        samples["SubscribeToShardEvent.MillisBehindLatest"].append(behind)
        samples["SubscribeToShardEvent.Records"].append(records)
        samples["SubscribeToShardEvent.Success"].append(1)
        self._count_shard(stream, shard_id, OutgoingBytes=size, OutgoingRecords=records)

    def _count_put(
        self, operation: str, stream: Stream, touches: list[Touch], latency: int
    ) -> None:
        writes = _Writes()
        for touch in touches:
            writes.add(touch)
        samples = self._of_stream(stream)
        samples[f"{operation}.Latency"].append(latency)
        samples[f"{operation}.Success"].append(int(writes.stored > 0))
        samples["WriteProvisionedThroughputExceeded"].append(writes.throttled)
        if writes.stored:
            samples[f"{operation}.Bytes"].append(writes.size)
            samples["IncomingBytes"].append(writes.size)
            samples["IncomingRecords"].append(writes.stored)
        if operation == "PutRecords":
            total = writes.stored + writes.throttled + writes.failed
            samples["PutRecords.TotalRecords"].append(total)
            samples["PutRecords.SuccessfulRecords"].append(writes.stored)
            samples["PutRecords.FailedRecords"].append(writes.failed)
            samples["PutRecords.ThrottledRecords"].append(writes.throttled)
        if stream.shard_level_metrics:
            for shard_id, part in _by_shard(touches).items():
                self._count_shard(
                    stream, shard_id, WriteProvisionedThroughputExceeded=part.throttled
                )
                if part.stored:
                    self._count_shard(
                        stream, shard_id, IncomingBytes=part.size, IncomingRecords=part.stored
                    )

    def _count_read(self, stream: Stream, touch: Touch, age: int, latency: int) -> None:
        shard_id, records, size, outcome = touch
        throttled = int(outcome == THROTTLED)
        samples = self._of_stream(stream)
        samples["GetRecords.Latency"].append(latency)
        samples["GetRecords.Success"].append(int(outcome == "ok"))
        samples["ReadProvisionedThroughputExceeded"].append(throttled)
        self._count_shard(stream, shard_id, ReadProvisionedThroughputExceeded=throttled)
        if outcome == "ok":
            samples["GetRecords.Bytes"].append(size)
            samples["GetRecords.Records"].append(records)
            samples["GetRecords.IteratorAgeMilliseconds"].append(age)
            self._count_shard(
                stream,
                shard_id,
                OutgoingBytes=size,
                OutgoingRecords=records,
                IteratorAgeMilliseconds=age,
            )

    def _count_shard(self, stream: Stream, shard_id: str, **values: int) -> None:
        """Samples of a shard, as far as the stream reports them (EnableEnhancedMonitoring)."""
        for name in stream.shard_level_metrics:
            if name in values:
                dimensions = (("ShardId", shard_id), ("StreamName", stream.name))
                self.published.samples(dimensions)[name].append(values[name])

    def _of_stream(self, stream: Stream) -> Samples:
        return self.published.samples((("StreamName", stream.name),))

    def _of_consumer(self, stream: Stream, consumer: str) -> Samples:
        return self.published.samples((("ConsumerName", consumer), ("StreamName", stream.name)))


def _by_shard(touches: Iterable[Touch]) -> dict[str, _Writes]:
    parts: dict[str, _Writes] = {}
    for touch in touches:
        parts.setdefault(touch[0], _Writes()).add(touch)
    return parts
