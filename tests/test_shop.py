"""The shop's events: the same every time, and true to their own numbers."""

from __future__ import annotations

from collections import Counter, defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from course.shop import order_events


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 300), st.integers(1, 50), st.integers(0, 2**32))
def test_truth_holds(count: int, customers: int, seed: int) -> None:
    events = order_events(count, customers=customers, seed=seed)
    assert len({event["event_id"] for event in events}) == count
    steps = defaultdict(list)
    numbers = defaultdict(list)
    for event in events:
        steps[event["order_id"]].append(event["event_type"])
        numbers[event["customer_id"]].append(event["number"])
    for seen in steps.values():
        assert seen == ["order_placed", "order_paid", "order_shipped"][: len(seen)]
    for seen in numbers.values():
        assert seen == list(range(1, len(seen) + 1))
    assert [event["event_time"] for event in events] == sorted(e["event_time"] for e in events)
    assert len({(e["order_id"], e["customer_id"]) for e in events}) == len(steps)


def test_the_same_arguments_give_the_same_events() -> None:
    assert order_events(50, seed=3) == order_events(50, seed=3)
    assert order_events(50, seed=3) != order_events(50, seed=4)


def test_a_hot_customer_gets_its_share() -> None:
    events = order_events(4_000, customers=100, hot_customer="C-9999", hot_share=0.4)
    share = Counter(event["customer_id"] for event in events)["C-9999"] / 4_000
    assert 0.35 < share < 0.45
