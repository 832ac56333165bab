"""When the events of a subscription are due, and what they hold.

Numbers: 5 minutes and 2 MiB/s, API Reference of SubscribeToShard and RegisterStreamConsumer; 70 ms,
Developer Guide on consumers. The heartbeat is ours.
"""

from __future__ import annotations

from course import facts
from course.simulator.clock import HOUR, MILLISECOND, MINUTE, SECOND
from course.simulator.streams.consumer import Consumer
from course.simulator.streams.hash_ring import even_ranges
from course.simulator.streams.shard import Shard
from course.simulator.streams.stream import PROVISIONED, Stream
from course.simulator.streams.subscription import Event, Subscription

MIB = 1_048_576
START = 1_767_603_600_000_000
HEARTBEAT = facts.fan_out.heartbeat * SECOND
DELAY = 70 * MILLISECOND


def subscription(counter: int = 1, started: int = START) -> Subscription:
    """A new subscription to the only shard of a stream."""
    stream = Stream("orders", "arn:aws:kinesis:us-east-1:123456789012:stream/orders", 1, "", 0)
    stream.mode = PROVISIONED
    stream.open(started)
    consumer = Consumer("audit", stream, started)
    shard = stream.shards[0]
    new = Subscription(consumer, shard, counter, started)
    consumer.outlet(shard).subscription = new
    return new


def write(shard: Shard, now: int, data: bytes = b"x") -> str:
    return shard.append(data, "k", len(data) + 1, now)


def split(shard: Shard, now: int) -> None:
    left, right = even_ranges(2)
    shard.close(now, (Shard(1, left, now, (shard,)), Shard(2, right, now, (shard,))))


def taken(from_: Subscription, now: int, idle_until: int = 0) -> Event:
    event = from_.next_event(now, idle_until)
    assert event is not None
    return event


def data(event: Event) -> list[bytes]:
    return [record["Data"] for record in event.records]


def test_a_record_is_due_seventy_milliseconds_after_its_arrival() -> None:
    one = subscription()
    write(one.shard, START + SECOND)
    assert one.due(START + SECOND, 0) == START + SECOND + DELAY
    early = taken(one, START + SECOND + DELAY - 1)
    assert data(early) == []
    assert early.behind_ms == 69
    assert data(taken(one, START + SECOND + DELAY)) == [b"x"]


def test_an_event_takes_what_has_come_so_far_and_tells_how_far_behind_it_is() -> None:
    one = subscription()
    write(one.shard, START, b"a")
    write(one.shard, START + 30 * MILLISECOND, b"b")
    write(one.shard, START + 80 * MILLISECOND, b"c")
    event = taken(one, START + 100 * MILLISECOND)
    assert (data(event), event.size, event.behind_ms) == ([b"a", b"b"], 4, 20)
    event = taken(one, START + 150 * MILLISECOND)
    assert (data(event), event.behind_ms) == ([b"c"], 0)


def test_with_nothing_to_push_an_empty_event_is_due_at_the_heartbeat() -> None:
    one = subscription()
    assert one.due(START, 0) == START + HEARTBEAT
    event = taken(one, START + HEARTBEAT)
    assert (event.records, event.size, event.behind_ms) == ([], 0, 0)
    assert one.due(START + HEARTBEAT, 0) == START + 2 * HEARTBEAT


def test_the_end_is_due_after_five_minutes() -> None:
    one = subscription()
    now = START
    while one.due(now, 0) < START + 5 * MINUTE:
        now = one.due(now, 0)
        assert taken(one, now).records == []
    assert one.due(now, 0) == START + 5 * MINUTE
    assert one.next_event(START + 5 * MINUTE, 0) is None
    assert one.ended


def test_what_was_pushed_before_the_end_can_be_taken_after_it() -> None:
    one = subscription()
    write(one.shard, START + 5 * MINUTE - DELAY, b"in")
    write(one.shard, START + 5 * MINUTE - DELAY + MILLISECOND, b"out")
    assert data(taken(one, START + HOUR)) == [b"in"]
    assert one.next_event(START + HOUR, 0) is None


def test_bytes_are_pushed_at_two_mebibytes_a_second() -> None:
    one = subscription()
    for _ in range(8):
        write(one.shard, START, b"x" * (MIB - 1))
    now = START + SECOND
    for second in range(4):
        now = max(now, one.due(now, 0))
        assert now == START + (1 + second) * SECOND
        assert taken(one, now).size == 2 * MIB
    assert one.due(now, 0) == now + HEARTBEAT


def test_a_record_larger_than_a_second_may_carry_comes_alone_and_is_paid_for() -> None:
    one = subscription()
    write(one.shard, START, b"small")
    write(one.shard, START, b"x" * (10 * MIB - 1))
    write(one.shard, START, b"small")
    now = START + SECOND
    assert data(taken(one, now)) == [b"small"]
    now = one.due(now, 0)
    assert taken(one, now).size == 10 * MIB
    assert one.due(now, 0) == now + 5 * SECOND


def test_an_event_without_room_is_empty() -> None:
    one = subscription()
    one.consumer.outlet(one.shard).budget.charge(20 * MIB, START)
    write(one.shard, START)
    assert one.due(START, 0) == START + HEARTBEAT
    assert taken(one, START + HEARTBEAT).records == []
    assert one.due(START + HEARTBEAT, 0) == START + 10 * SECOND


def test_an_idle_shard_pushes_nothing_until_it_wakes() -> None:
    one = subscription()
    wakes = START + 2 * SECOND
    write(one.shard, START)
    assert one.due(START, wakes) == wakes
    assert taken(one, wakes - 1, wakes).records == []
    assert len(taken(one, wakes, wakes).records) == 1
    assert one.due(wakes, START + HOUR) == wakes + HEARTBEAT


def test_the_last_event_names_the_children_and_no_continuation() -> None:
    one = subscription()
    write(one.shard, START)
    closed = START + SECOND
    split(one.shard, closed)
    event = taken(one, START + DELAY)
    assert event.continuation is not None
    assert event.children == ()
    assert one.due(START + DELAY, 0) == closed + DELAY
    event = taken(one, closed + DELAY)
    assert (event.records, event.continuation) == ([], None)
    assert [child.index for child in event.children] == [1, 2]
    assert one.ended


def test_the_last_event_may_hold_records() -> None:
    one = subscription()
    write(one.shard, START)
    split(one.shard, START)
    event = taken(one, START + DELAY)
    assert (data(event), event.continuation, len(event.children)) == ([b"x"], None, 2)


def test_the_children_wait_until_every_record_is_out() -> None:
    one = subscription()
    for _ in range(3):
        write(one.shard, START, b"x" * (MIB - 1))
    split(one.shard, START)
    event = taken(one, START + SECOND)
    assert (len(event.records), event.children) == (2, ())
    assert one.due(START + SECOND, 0) == START + 2 * SECOND
    event = taken(one, START + 2 * SECOND)
    assert (len(event.records), len(event.children)) == (1, 2)


def test_an_idle_shard_does_not_end() -> None:
    one = subscription()
    split(one.shard, START)
    event = taken(one, START + SECOND, START + HOUR)
    assert (event.children, one.ended) == ((), False)


def test_a_last_event_from_before_the_end_can_be_taken_after_it() -> None:
    one = subscription()
    split(one.shard, START + 5 * MINUTE - DELAY)
    assert len(taken(one, START + HOUR).children) == 2


def test_a_shard_that_closes_after_the_end_does_not_tell() -> None:
    one = subscription()
    split(one.shard, START + 5 * MINUTE - DELAY + MILLISECOND)
    assert one.next_event(START + HOUR, 0) is None


def test_the_continuation_is_the_number_of_the_last_record() -> None:
    one = subscription()
    write(one.shard, START)
    number = write(one.shard, START)
    assert taken(one, START + SECOND).continuation == number


def test_an_empty_events_continuation_lies_between_what_came_and_what_comes() -> None:
    one = subscription()
    before = write(one.shard, START)
    taken(one, START + SECOND)
    first = taken(one, START + SECOND + HEARTBEAT).continuation
    second = taken(one, START + SECOND + 2 * HEARTBEAT).continuation
    after = write(one.shard, START + SECOND + 2 * HEARTBEAT)
    assert first is not None
    assert second is not None
    assert int(before) < int(first) < int(second) < int(after)
    assert len(first) == len(before) == 56


def test_expired_records_are_not_pushed() -> None:
    one = subscription()
    write(one.shard, START, b"gone")
    write(one.shard, START + SECOND, b"kept")
    late = Subscription(one.consumer, one.shard, 1, START + 24 * HOUR)
    assert late.due(START + 24 * HOUR, 0) == START + DELAY
    assert late.due(START + 24 * HOUR + SECOND, 0) == START + SECOND + DELAY
    assert data(taken(late, START + 24 * HOUR + SECOND)) == [b"kept"]


def test_what_expires_in_a_wait_is_not_pushed_at_its_end() -> None:
    one = subscription()
    write(one.shard, START, b"gone")
    late = Subscription(one.consumer, one.shard, 1, START + 24 * HOUR)
    assert taken(late, START + 24 * HOUR + SECOND).records == []


def test_expired_records_do_not_make_room_for_early_ones() -> None:
    one = subscription()
    now = START + 24 * HOUR + SECOND
    write(one.shard, START, b"gone")
    write(one.shard, now - DELAY + MILLISECOND, b"early")
    late = Subscription(one.consumer, one.shard, 1, START + 24 * HOUR)
    assert taken(late, now).records == []


def test_an_event_holds_at_most_ten_thousand_records() -> None:
    one = subscription()
    for _ in range(10_001):
        write(one.shard, START, b"")
    assert len(taken(one, START + SECOND).records) == 10_000
    assert len(taken(one, START + 2 * SECOND).records) == 1


def test_a_subscription_is_taken_over_by_the_next() -> None:
    one = subscription()
    assert not one.taken_over
    one.consumer.outlet(one.shard).subscription = Subscription(one.consumer, one.shard, 1, START)
    assert one.taken_over
