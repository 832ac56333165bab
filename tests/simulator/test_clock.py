"""The clock: whole microseconds, events in order, never backwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.simulator.clock import (
    SECOND,
    Clock,
    from_datetime,
    to_datetime,
    to_local_datetime,
)

# 2026-01-05T09:00:00Z, written out.
NINE_O_CLOCK = 1_767_603_600_000_000


def test_a_world_begins_on_a_monday_morning() -> None:
    assert Clock().now == NINE_O_CLOCK
    assert to_datetime(Clock().now) == datetime(2026, 1, 5, 9, tzinfo=UTC)


def test_sleeping_moves_the_clock_exactly() -> None:
    clock = Clock(0)
    for _ in range(1_500):
        clock.sleep(200_000)
    assert clock.now == 300_000_000


def test_sleeping_backwards_is_refused_as_time_sleep_refuses_it() -> None:
    with pytest.raises(ValueError, match="non-negative"):
        Clock().sleep(-1)


def test_a_moment_already_past_leaves_the_clock_where_it_is() -> None:
    clock = Clock(100)
    clock.advance_to(50)
    assert clock.now == 100


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    moments=st.lists(st.integers(0, 100), max_size=20),
    moves=st.lists(st.integers(0, 30), max_size=10),
)
def test_events_happen_in_order_at_their_moment_and_once(
    moments: list[int], moves: list[int]
) -> None:
    clock = Clock(0)
    seen: list[tuple[int, int]] = []
    for number, moment in enumerate(moments):
        clock.call_at(moment, lambda number=number: seen.append((clock.now, number)))
    for move in moves:
        clock.sleep(move)
    due = [(moment, number) for number, moment in enumerate(moments) if moment <= clock.now]
    # With no move at all nothing has had a chance to happen.
    assert seen == (sorted(due) if moves else [])
    assert clock.now == sum(moves)


def test_what_an_event_starts_happens_on_the_same_way() -> None:
    clock = Clock(0)
    seen = []
    clock.call_at(10, lambda: clock.call_at(15, lambda: seen.append(clock.now)))
    clock.sleep(20)
    assert seen == [15]


def test_an_event_that_is_late_happens_at_the_next_move() -> None:
    clock = Clock(100)
    seen = []
    clock.call_at(50, lambda: seen.append(clock.now))
    assert seen == []
    clock.sleep(0)
    assert seen == [100]


def test_a_wait_ends_where_it_is_due_and_no_farther() -> None:
    clock = Clock(0)
    seen: list[int] = []
    clock.call_at(10, lambda: seen.append(clock.now))
    clock.call_at(30, lambda: seen.append(clock.now))
    clock.advance_until(lambda: 20)
    assert (clock.now, seen) == (20, [10])
    clock.advance_until(lambda: 5)
    assert clock.now == 20


def test_what_happens_in_a_wait_may_shorten_it_or_draw_it_out() -> None:
    clock = Clock(0)
    due = 100

    def set_due(when: int) -> None:
        nonlocal due
        due = when

    clock.call_at(10, lambda: set_due(40))
    clock.call_at(20, lambda: set_due(25))
    clock.call_at(24, lambda: set_due(31))
    clock.call_at(50, lambda: set_due(1_000))
    clock.advance_until(lambda: due)
    assert clock.now == 31


def test_what_is_due_at_the_end_of_a_wait_happens_in_it() -> None:
    clock = Clock(0)
    seen: list[int] = []
    clock.call_at(20, lambda: seen.append(clock.now))
    clock.advance_until(lambda: 20)
    assert seen == [20]


def test_listeners_hear_where_the_clock_stands() -> None:
    clock = Clock(0)
    heard: list[int] = []
    clock.on_move.append(heard.append)
    clock.sleep(5)
    clock.advance_to(3)
    clock.advance_until(lambda: 7)
    assert heard == [5, 5, 7]


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.integers(0, 10**16))
def test_datetimes_keep_every_microsecond(moment: int) -> None:
    assert from_datetime(to_datetime(moment)) == moment
    assert from_datetime(to_local_datetime(moment)) == moment


def test_datetimes_in_other_zones_mean_the_same_moment() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    assert from_datetime(datetime(2026, 1, 5, 14, 30, tzinfo=zone)) == NINE_O_CLOCK
    assert from_datetime(datetime(2026, 1, 5, 9)) == NINE_O_CLOCK
    assert from_datetime(datetime(2026, 1, 5, 9, 0, 1)) - NINE_O_CLOCK == SECOND
