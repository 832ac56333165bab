"""A consumer's name in the world, and what it has for itself from each shard."""

from __future__ import annotations

import re

from botocore.loaders import Loader

from course.simulator.clock import SECOND
from course.simulator.streams.consumer import Consumer
from course.simulator.streams.stream import PROVISIONED, Stream

ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"


def consumer(name: str = "audit", created: int = 1_731_291_806_999_999) -> Consumer:
    stream = Stream("orders", ARN, 2, PROVISIONED, 0)
    stream.open(0)
    return Consumer(name, stream, created)


def test_the_arn_ends_in_the_second_of_creation() -> None:
    assert consumer().arn == f"{ARN}/consumer/audit:1731291806"
    assert consumer(created=1_731_291_807_000_000).arn.endswith(":1731291807")


def test_the_arn_is_one_by_aws_pattern() -> None:
    shapes = Loader().load_service_model("kinesis", "service-2")["shapes"]
    assert re.fullmatch(shapes["ConsumerARN"]["pattern"], consumer("a-b_c.9").arn)


def test_each_shard_has_one_outlet_for_each_consumer() -> None:
    one = consumer()
    left, right = one.stream.shards
    assert one.outlet(left) is one.outlet(left)
    assert one.outlet(left) is not one.outlet(right)
    other = Consumer("search", one.stream, 0)
    assert other.outlet(left) is not one.outlet(left)


def test_the_budgets_of_two_shards_do_not_touch() -> None:
    one = consumer()
    left, right = one.stream.shards
    one.outlet(left).budget.charge(10**7, 5 * SECOND)
    assert one.outlet(right).budget.free_at == 0
    assert one.outlet(left).calls.take(0)
    assert not one.outlet(left).calls.take(1)
    assert one.outlet(right).calls.take(1)


def test_a_new_consumer_is_creating_and_has_no_tags() -> None:
    assert (consumer().status, consumer().tags) == ("CREATING", {})
