"""A client of a simulated account that is not boto3: it speaks JSON 1.1 and nothing else.

Tests of the simulator use it, so that botocore's own checks do not stand in the way of bad input.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

from botocore.eventstream import EventStreamBuffer

from course.simulator.account import Account, Reply
from course.simulator.clock import MINUTE, SECOND
from course.simulator.errors import AwsError
from course.simulator.streams.stream import Stream

# The simulator's account. AWS's texts carry it, so the tests write it out.
ACCOUNT = "123456789012"
LAST_HASH_KEY = 340282366920938463463374607431768211455


def to_json(request: Any) -> bytes:
    """A request body: bytes become base64, as every AWS client sends them."""
    return json.dumps(request, default=lambda blob: b64encode(blob).decode()).encode()


class Client:
    """Calls Data Streams in one Region of one account."""

    def __init__(self, account: Account | None = None, region: str = "us-east-1") -> None:
        self.account = account or Account()
        self.region = region

    @property
    def clock(self) -> Any:
        return self.account.clock

    def attempt(self, operation: str, request: Any) -> Reply:
        """Send `request` (anything JSON, or the bytes of a body) and hand back what came."""
        body = request if isinstance(request, bytes) else to_json(request)
        return self.account.execute("kinesis", operation, body, self.region)

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        """Call an operation; a refusal is raised as AwsError."""
        reply = self.attempt(operation, request)
        if reply.error is not None:
            raise reply.error
        assert reply.answer is not None, "the answer was lost on the way"
        return reply.answer

    def refusal(self, operation: str, **request: Any) -> tuple[str, str | None]:
        """(error code, message) of a call that must be refused."""
        try:
            answer = self.call(operation, **request)
        except AwsError as error:
            return error.code, error.message
        raise AssertionError(f"{operation} was not refused but answered {answer}")

    def create(self, name: str = "orders", shards: int = 1, **more: Any) -> Stream:
        """A new stream, already ACTIVE."""
        self.call("CreateStream", StreamName=name, ShardCount=shards, **more)
        self.clock.sleep(MINUTE)
        return self.stream(name)

    def stream(self, name: str = "orders") -> Stream:
        """The simulator's own object: for looking, not for changing."""
        streams = self.account.streams(self.region)
        return next(stream for stream in streams.all() if stream.name == name)

    def settle(self) -> None:
        """Let a reshard or a change of retention end."""
        self.clock.sleep(2 * MINUTE)

    def put(self, key: str = "k", data: bytes = b"x", name: str = "orders", **more: Any) -> str:
        """Write one record; its sequence number."""
        answer = self.call("PutRecord", StreamName=name, PartitionKey=key, Data=data, **more)
        number: str = answer["SequenceNumber"]
        return number

    def iterator(
        self, shard: str | int = 0, kind: str = "TRIM_HORIZON", name: str = "orders", **more: Any
    ) -> str:
        """A new iterator."""
        shard_id = shard if isinstance(shard, str) else f"shardId-{shard:012d}"
        answer = self.call(
            "GetShardIterator", StreamName=name, ShardId=shard_id, ShardIteratorType=kind, **more
        )
        token: str = answer["ShardIterator"]
        return token

    def page(self, iterator: str, **more: Any) -> dict[str, Any]:
        """One GetRecords, after a pause that keeps it within the five calls a second."""
        self.clock.sleep(SECOND // 4)
        return self.call("GetRecords", ShardIterator=iterator, **more)

    def drain(
        self, iterator: str, limit: int = 10_000
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """All records from an iterator on, and the last page."""
        records: list[dict[str, Any]] = []
        while True:
            page = self.page(iterator, Limit=limit)
            records += page["Records"]
            if "NextShardIterator" not in page or (
                not page["Records"] and page["MillisBehindLatest"] == 0
            ):
                return records, page
            # Long enough for the shard after any page (10 MiB at 2 MiB/s).
            self.clock.sleep(5 * SECOND)
            iterator = page["NextShardIterator"]

    def shards(self, name: str = "orders", **more: Any) -> list[dict[str, Any]]:
        """What ListShards shows on its first page."""
        shards: list[dict[str, Any]] = self.call("ListShards", StreamName=name, **more)["Shards"]
        return shards

    def register(self, name: str = "audit", stream: str = "orders") -> str:
        """A new consumer, already ACTIVE; its ARN."""
        arn = self.account.streams(self.region).arn(stream)
        answer = self.call("RegisterStreamConsumer", StreamARN=arn, ConsumerName=name)
        self.clock.sleep(MINUTE)
        consumer_arn: str = answer["Consumer"]["ConsumerARN"]
        return consumer_arn

    def subscribe(
        self, consumer_arn: str, shard: str | int = 0, kind: str = "TRIM_HORIZON", **more: Any
    ) -> str:
        """A new subscription; `more` belongs to the StartingPosition."""
        shard_id = shard if isinstance(shard, str) else f"shardId-{shard:012d}"
        answer = self.call(
            "SubscribeToShard",
            ConsumerARN=consumer_arn,
            ShardId=shard_id,
            StartingPosition={"Type": kind} | more,
        )
        subscription: str = answer["EventStream"]
        return subscription

    def event(self, subscription: str) -> dict[str, Any] | None:
        """The next event, None after the last; an error in its place is raised as AwsError."""
        frames = EventStreamBuffer()
        frames.add_data(self.account.next_event(subscription, self.region))
        for frame in frames:
            body = json.loads(frame.payload)
            if frame.headers[":message-type"] == "exception":
                raise AwsError(frame.headers[":exception-type"], body["message"])
            assert frame.headers[":event-type"] == "SubscribeToShardEvent"
            for record in body["Records"]:
                record["Data"] = b64decode(record["Data"])
            event: dict[str, Any] = body
            return event
        return None

    def events(self, subscription: str) -> list[dict[str, Any]]:
        """All events until the subscription ends."""
        events = []
        while (event := self.event(subscription)) is not None:
            events.append(event)
        return events


def data_of(records: list[dict[str, Any]]) -> list[bytes]:
    """The payloads of some records."""
    return [record["Data"] for record in records]
