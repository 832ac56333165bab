"""The budgets against slow models in fractions, and AWS's documented cases to the microsecond.

The limits are written out here as the API Reference gives them (CreateStream, GetRecords,
GetShardIterator, RegisterStreamConsumer): 1,000 records/s and 1 MiB/s in; 2 MiB/s and 5 calls/s
out; 10 MiB a page; 2 MiB/s pushed to each consumer.
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from course.simulator.streams.throttle import CallBudget, PushBudget, ReadBudget, WriteBudget

MIB = 1_048_576
SECOND = 1_000_000

# Many moments close together, some exactly on the edges, some far away.
gaps = st.one_of(
    st.integers(0, 3),
    st.sampled_from([0, 1, 999, 1_000, 199_999, 200_000, 999_999, 1_000_000, 1_000_001]),
    st.integers(0, 3 * SECOND),
)
write_sizes = st.one_of(
    st.integers(0, 2_000),
    st.sampled_from([0, 1, 1_048, 1_049, MIB - 1, MIB, MIB + 1, 10 * MIB, 10 * MIB + 1]),
    st.integers(0, MIB),
    st.integers(0, 10 * MIB),
)


class SlowBucket:
    """A bucket as the textbook has it: level, rate, size; real numbers.

    What flows in while it is full goes to the reserve of nine MiB, for large records.
    """

    def __init__(self, rate: int, now: int) -> None:
        self.rate = rate
        self.level = Fraction(rate)
        self.reserve = Fraction(9 * MIB)
        self.at = now

    def refill(self, now: int) -> None:
        level = self.level + self.rate * Fraction(now - self.at, SECOND)
        self.level = min(Fraction(self.rate), level)
        self.reserve = min(Fraction(9 * MIB), self.reserve + level - self.level)
        self.at = now

    def has(self, size: int) -> bool:
        return self.level + (self.reserve if size > self.rate else 0) >= size

    def take(self, size: int) -> None:
        drawn = max(Fraction(0), size - self.level)
        self.reserve -= drawn
        self.level += drawn - size


@settings(max_examples=150, derandomize=True, deadline=None)
@given(
    attempts=st.lists(
        st.tuples(gaps, write_sizes, st.sampled_from([1, 2, 7, 90, 400])), max_size=20
    ),
    start=st.integers(0, 10**16),
)
@example(attempts=[(0, 0, 400)] * 4 + [(1_000, 0, 2)] * 3, start=0)
@example(attempts=[(0, MIB, 1), (0, 0, 1), (0, 1, 1), (SECOND, MIB, 1)], start=7)
def test_writes_are_granted_exactly_as_a_slow_model_grants_them(
    attempts: list[tuple[int, int, int]], start: int
) -> None:
    """Each attempt: wait, then a number of records of one size at the same moment."""
    budget = WriteBudget(start)
    records, size_bucket = SlowBucket(1_000, start), SlowBucket(1_048_576, start)
    now = start
    granted: list[tuple[int, int]] = []
    for gap, size, count in attempts:
        now += gap
        records.refill(now)
        size_bucket.refill(now)
        for _ in range(count):
            expected = records.level >= 1 and size_bucket.has(size)
            if expected:
                records.level -= 1
                size_bucket.take(size)
                granted.append((now, size))
            assert budget.take(size, now) == expected

    # Whatever the window: never more than a full bucket and what flowed in meanwhile.
    moments = sorted({moment for moment, _ in granted})
    for since in moments[:: max(1, len(moments) // 10)]:
        taken, amount = 0, 0
        for moment, size in granted:
            if moment >= since:
                taken += 1
                amount += size
                elapsed = Fraction(moment - since, SECOND)
                assert taken <= 1_000 * (1 + elapsed)
                assert amount <= MIB * (10 + elapsed)


def test_a_rested_shard_takes_exactly_a_thousand_records_at_once() -> None:
    budget = WriteBudget(0)
    assert sum(budget.take(1, 0) for _ in range(5_000)) == 1_000
    assert not budget.take(1, 999)
    assert budget.take(1, 1_000)
    assert not budget.take(1, 1_000)


def test_a_rested_shard_takes_exactly_one_mebibyte_at_once() -> None:
    budget = WriteBudget(0)
    assert budget.take(MIB - 10, 0)
    assert not budget.take(11, 0)
    assert budget.take(10, 0)
    assert not budget.take(1, 0)


def test_a_refused_record_takes_nothing() -> None:
    budget = WriteBudget(0)
    assert not budget.take(10 * MIB + 1, 0)
    assert budget.take(MIB, 0)
    for _ in range(100):
        assert not budget.take(MIB, SECOND - 1)
    assert budget.take(MIB, SECOND)


def test_a_rested_shard_takes_one_record_of_ten_mebibytes() -> None:
    """Developer Guide, large records: bursts to 10 MiB, 1 MiB/s over time."""
    budget = WriteBudget(0)
    assert budget.take(10 * MIB, 0)
    assert not budget.take(1, 0)
    # Small records go on as soon as a second's worth flows in, which leaves the reserve empty.
    assert budget.take(MIB, SECOND)
    assert not budget.take(MIB + 1, 2 * SECOND)
    # 11 MiB were taken: after eleven seconds all has flowed in again, and not sooner.
    assert not budget.take(10 * MIB, 11 * SECOND - 1)
    assert budget.take(10 * MIB, 11 * SECOND)


def test_small_records_never_touch_the_reserve() -> None:
    budget = WriteBudget(0)
    assert budget.take(MIB, 0)
    assert not budget.take(MIB, 0)
    assert budget.take(9 * MIB, 0)


def test_a_steady_thousand_a_second_is_never_refused() -> None:
    budget = WriteBudget(0)
    assert all(budget.take(1_048, now * 1_000) for now in range(10_000))


def test_rest_is_not_saved_up_beyond_one_second() -> None:
    budget = WriteBudget(0)
    assert sum(budget.take(0, 3_600 * SECOND) for _ in range(5_000)) == 1_000


@settings(max_examples=300, derandomize=True, deadline=None)
@given(per_second=st.integers(1, 6), waits=st.lists(gaps, max_size=60))
def test_calls_are_counted_in_a_sliding_second(per_second: int, waits: list[int]) -> None:
    budget = CallBudget(per_second)
    granted: list[int] = []
    now = 0
    for wait in waits:
        now += wait
        in_last_second = sum(now - moment < SECOND for moment in granted)
        expected = in_last_second < per_second
        assert budget.take(now) == expected
        if expected:
            granted.append(now)


def test_the_sixth_call_of_a_second_waits_for_the_first_to_be_a_second_old() -> None:
    budget = CallBudget(5)
    assert [budget.take(now * 1_000) for now in range(8)] == [True] * 5 + [False] * 3
    assert not budget.take(SECOND - 1)
    assert budget.take(SECOND)
    assert not budget.take(SECOND)
    assert budget.take(SECOND + 1_000)


def test_a_full_page_closes_the_shard_for_exactly_five_seconds() -> None:
    """API Reference, GetRecords: 10 MiB, then five seconds of refusals."""
    budget = ReadBudget(0)
    assert budget.take_call(0)
    budget.charge(10 * MIB, 0)
    assert not budget.take_call(1)
    assert not budget.take_call(5 * SECOND - 1)
    assert budget.take_call(5 * SECOND)


def test_a_small_overdraft_closes_the_shard_for_about_a_second() -> None:
    """API Reference, GetRecords: too little throughput means one second of refusals."""
    budget = ReadBudget(0)
    budget.charge(2 * MIB + 1, 0)
    assert not budget.take_call(SECOND)
    assert budget.take_call(SECOND + 1)


def test_a_page_of_two_mebibytes_is_no_overdraft() -> None:
    budget = ReadBudget(0)
    budget.charge(2 * MIB, 0)
    assert budget.take_call(1)


@pytest.mark.parametrize("per_second", [1, 2, 4])
def test_two_mebibytes_a_second_can_be_read_for_ever(per_second: int) -> None:
    budget = ReadBudget(0)
    for turn in range(600):
        now = turn * SECOND // per_second
        assert budget.take_call(now)
        budget.charge(2 * MIB // per_second, now)


def test_all_readers_share_the_five_calls() -> None:
    budget = ReadBudget(0)
    assert sum(budget.take_call(reader) for reader in range(10)) == 5


def test_calls_refused_for_bytes_do_not_use_up_calls() -> None:
    budget = ReadBudget(0)
    budget.charge(10 * MIB, 0)
    assert not any(budget.take_call(5 * SECOND - 10 + n) for n in range(10))
    assert [budget.take_call(5 * SECOND) for _ in range(6)] == [True] * 5 + [False]


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(st.tuples(gaps, st.integers(0, 10 * MIB)), max_size=40))
def test_reads_are_granted_exactly_as_a_slow_model_grants_them(
    polls: list[tuple[int, int]],
) -> None:
    budget = ReadBudget(0)
    debt, at, closed, calls = Fraction(0), 0, False, []
    now = 0
    given_out: list[tuple[int, int]] = []
    for gap, size in polls:
        now += gap
        debt = max(Fraction(0), debt - 2 * MIB * Fraction(now - at, SECOND))
        at = now
        if debt == 0:
            closed = False
        recent = sum(now - moment < SECOND for moment in calls)
        expected = not closed and recent < 5
        assert budget.take_call(now) == expected
        if not expected:
            continue
        calls.append(now)
        budget.charge(size, now)
        debt += size
        closed = closed or debt > 2 * MIB
        given_out.append((now, size))

    # In the long run no more than 2 MiB/s comes out, beyond one second's worth and the last page.
    for start, (since, _) in enumerate(given_out):
        total = sum(size for _, size in given_out[start:-1])
        elapsed = Fraction(given_out[-1][0] - since, SECOND)
        assert total <= 2 * MIB * (1 + elapsed)


# Pushing


@settings(max_examples=150, derandomize=True, deadline=None)
@given(sizes=st.lists(st.integers(0, 10 * MIB), max_size=30), start=st.integers(0, 10**16))
def test_events_that_follow_at_once_come_at_two_mebibytes_a_second(
    sizes: list[int], start: int
) -> None:
    """However the bytes are cut into events, the time they take is theirs at 2 MiB/s."""
    budget = PushBudget()
    now = start
    for size in sizes:
        budget.charge(size, now)
        now = budget.free_at
    exact = Fraction(sum(sizes), 2 * MIB) * SECOND
    assert exact <= now - start <= exact + len(sizes)


def test_an_event_without_bytes_forgives_nothing() -> None:
    budget = PushBudget()
    budget.charge(2 * MIB, 0)
    budget.charge(0, SECOND // 2)
    assert budget.free_at == SECOND


def test_a_rest_saves_nothing_up() -> None:
    budget = PushBudget()
    budget.charge(2 * MIB, 10 * SECOND)
    assert budget.free_at == 11 * SECOND
    budget.charge(1, 500 * SECOND)
    assert budget.free_at == 500 * SECOND + 1
