"""Sequence numbers: 56 digits that grow within a shard and say where they come from."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.simulator.clock import SECOND, START
from course.simulator.streams.sequence_number import CLOSING_COUNTER, Decoded, Numbering, decode

# (number, shard, counter or None where only AWS knows it). Real ones, as public text prints them:
# AWS's own Lambda documentation (an event of shardId-000000000006), the Kinesis Producer
# Library's tests (shard_map_test.cc) and a `describe-stream` in a blog about splitting.
REAL = [
    ("49590338271490256608559692538361571095921575989136588898", 6, None),
    ("49590338271490256608559692540925702759324208523137515618", 6, None),
    ("49549167410945534708633744510750617797212193316405248018", 1, 0),
    ("49549167410956685081233009822320176730553508082787287058", 1, 2**63 - 1),
    ("49549169978943246555030591128013184047489460388642160674", 2, 0),
    ("49576292205153501102148580626741318270310083545912049666", 0, 0),
    ("49576300004002856343289126011049985768053015998086774786", 0, 2**63 - 1),
]

moments = st.integers(START, START + 10 * 365 * 24 * 3_600 * SECOND)
indices = st.integers(0, 2**31 - 1)
counters = st.integers(0, CLOSING_COUNTER)


@pytest.mark.parametrize(("number", "shard", "counter"), REAL)
def test_real_numbers_are_read_and_written_digit_by_digit(
    number: str, shard: int, counter: int | None
) -> None:
    parts = decode(number)
    assert parts is not None
    assert parts.shard_index == shard
    if counter is not None:
        assert parts.counter == counter
    again = Numbering(shard, parts.created * SECOND).number(parts.counter, parts.second * SECOND)
    assert again == number


def test_a_real_number_tells_when_it_was_given() -> None:
    """AWS's Lambda sample has the arrival beside it: 1545084650.987."""
    parts = decode(REAL[0][0])
    assert parts is not None
    assert parts.second == 1_545_084_650


@pytest.mark.parametrize(("number", "shard", "counter"), [row for row in REAL if row[2] == 0])
def test_a_real_shard_starts_below_its_first_record(number: str, shard: int, counter: int) -> None:
    parts = decode(number)
    assert parts is not None
    assert Numbering(shard, parts.created * SECOND).first() == number


@settings(max_examples=300, derandomize=True, deadline=None)
@given(index=indices, created=moments, counter=counters, later=st.integers(0, 10**15))
def test_what_is_written_can_be_read(index: int, created: int, counter: int, later: int) -> None:
    now = created + later
    number = Numbering(index, created).number(counter, now)
    assert len(number) == 56
    assert number.startswith("49")
    assert decode(number) == Decoded(created // SECOND, counter, now // SECOND, index)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    index=indices,
    created=moments,
    steps=st.lists(st.integers(0, 10**12), min_size=2, max_size=20),
    counter=st.integers(1, 2**62),
)
def test_they_grow_within_a_shard_and_its_ends_enclose_them(
    index: int, created: int, steps: list[int], counter: int
) -> None:
    numbering = Numbering(index, created)
    now, numbers = created, []
    for place, step in enumerate(steps):
        now += step
        numbers.append(int(numbering.number(counter + place, now)))
    ends = int(numbering.first()), int(numbering.closing(now))
    everything = [ends[0], *numbers, ends[1]]
    assert everything == sorted(set(everything))
    assert all(right - left > 1 for left, right in itertools.pairwise(numbers))


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.lists(st.tuples(indices, st.integers(1, 2**40)), unique=True, min_size=2, max_size=30))
def test_no_two_records_of_a_stream_share_one(places: list[tuple[int, int]]) -> None:
    numbers = [Numbering(index, START).number(counter, START) for index, counter in places]
    assert len(set(numbers)) == len(numbers)


def test_the_records_of_a_young_shard_share_28_digits() -> None:
    """As two real numbers of one shard did (fluent-bit issue 3410)."""
    numbers = [Numbering(0, START).number(n, START + n * SECOND) for n in range(1, 1_000)]
    assert len({number[:28] for number in numbers}) == 1
    assert len(set(numbers)) == len(numbers)


def test_the_article_prints_the_same_20_digits_for_every_record() -> None:
    """It prints `seq[:20]`; that tells nothing, in a shard of any size."""
    for index in range(8):
        numbering = Numbering(index, START)
        heads = {numbering.number(10**power, START)[:20] for power in range(9)}
        assert len(heads) == 1


@pytest.mark.parametrize(
    "number",
    [
        "0",
        "5",
        # Recorded by kinesalite (test/getShardIterator.js): an old, short one.
        "425352958651173072921826052383309826",
        # Version 1, from AWS's own documentation of Lambda.
        "49545115243490985018280067714973144582180062593244200961",
        "9" * 129,
    ],
)
def test_other_numbers_are_nobodys(number: str) -> None:
    assert decode(number) is None


@pytest.mark.parametrize(
    "hexadecimal",
    [
        "20000000000800000000000000000000000000000000002",
        "20000000000000000000000000000000000000800000002",
    ],
)
def test_an_index_above_its_range_is_invalid(hexadecimal: str) -> None:
    """Recorded by kinesalite: an 8 at the head of the counter, or of the shard index."""
    assert decode(str(int(hexadecimal, 16))) is None
