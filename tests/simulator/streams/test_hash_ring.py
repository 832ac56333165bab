"""The hash ring: MD5 on a ring of 2**128 points, cut into ranges without gap or overlap."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from hashlib import md5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.simulator.streams.hash_ring import HashKeyRange, HashRing, even_ranges, hash_key

# MD5 of "0", "1" and "2" (RFC 1321's algorithm; the first as `printf 0 | md5sum` prints it).
KNOWN = {
    "": 0xD41D8CD98F00B204E9800998ECF8427E,
    "0": 0xCFCD208495D565EF66E7DFF9F98764DA,
    "1": 0xC4CA4238A0B923820DCC509A6F75849B,
    "2": 0xC81E728D9D4C2F636F067F89CC14862C,
    "a": 0x0CC175B9C0F1B6A831C399E269772661,
    "message digest": 0xF96B697D7CB7938D525A2F31AAF161D0,
}

points = st.integers(0, 340282366920938463463374607431768211455)


@dataclass(frozen=True)
class Lane:
    """An owner of a range; what a shard is to the ring."""

    hash_range: HashKeyRange


def ring(ranges: list[HashKeyRange]) -> HashRing[Lane]:
    return HashRing([Lane(hash_range) for hash_range in ranges])


def place(found: HashRing[Lane], key: str) -> int:
    return found.owners.index(found.owner_of_key(key))


@pytest.mark.parametrize(("key", "point"), KNOWN.items())
def test_the_point_of_a_key_is_its_md5(key: str, point: int) -> None:
    assert hash_key(key) == point


def test_keys_are_hashed_as_utf8() -> None:
    assert hash_key("Zoë") == int(md5(b"Zo\xc3\xab").hexdigest(), 16)


@pytest.mark.parametrize("shards", [2, 3, 4])
def test_the_three_keys_of_the_article_share_the_last_shard(shards: int) -> None:
    """Its producer uses str(i % 3); its consumer reads shard 0."""
    found = ring(even_ranges(shards))
    assert [place(found, key) for key in ("0", "1", "2")] == [shards - 1] * 3


def test_with_eight_shards_the_article_fills_shard_6() -> None:
    found = ring(even_ranges(8))
    assert [place(found, key) for key in ("0", "1", "2")] == [6, 6, 6]


def test_three_shards_are_cut_where_aws_cuts_them() -> None:
    """Recorded from AWS in kinesalite's tests (test/mergeShards.js)."""
    assert even_ranges(3) == [
        HashKeyRange(0, 113427455640312821154458202477256070484),
        HashKeyRange(
            113427455640312821154458202477256070485, 226854911280625642308916404954512140969
        ),
        HashKeyRange(
            226854911280625642308916404954512140970, 340282366920938463463374607431768211455
        ),
    ]


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.integers(1, 3_000))
def test_even_ranges_cover_the_ring_without_gap_or_overlap(count: int) -> None:
    ranges = even_ranges(count)
    assert len(ranges) == count
    assert ranges[0].start == 0
    assert ranges[-1].end == 340282366920938463463374607431768211455
    for left, right in itertools.pairwise(ranges):
        assert right.start == left.end + 1
    assert sum(each.width for each in ranges) == 2**128
    # All but the last are equally wide; the last takes the remainder.
    assert {each.width for each in ranges[:-1]} <= {2**128 // count}
    assert 0 <= ranges[-1].width - 2**128 // count < count


@settings(max_examples=300, derandomize=True, deadline=None)
@given(cuts=st.sets(points.filter(bool), max_size=30), point=points, data=st.data())
def test_the_owner_is_the_one_that_a_linear_search_finds(
    cuts: set[int], point: int, data: st.DataObject
) -> None:
    starts = [0, *sorted(cuts)]
    ends = [start - 1 for start in starts[1:]] + [340282366920938463463374607431768211455]
    lanes = [Lane(HashKeyRange(a, b)) for a, b in zip(starts, ends, strict=True)]
    found = HashRing(data.draw(st.permutations(lanes)))
    # Every boundary, and a point anywhere.
    for each in (point, *starts, *ends):
        (expected,) = [
            lane for lane in lanes if lane.hash_range.start <= each <= lane.hash_range.end
        ]
        assert found.owner_of_hash(each) is expected
        assert each in expected.hash_range


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.lists(st.text(max_size=20), max_size=20), st.integers(1, 20))
def test_a_key_goes_where_its_point_goes_however_often_it_is_asked(
    keys: list[str], shards: int
) -> None:
    found = ring(even_ranges(shards))
    for key in keys * 2:
        assert found.owner_of_key(key) is found.owner_of_hash(
            int(md5(key.encode()).hexdigest(), 16)
        )


def test_remembering_keys_is_bounded_and_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("course.simulator.streams.hash_ring._REMEMBERED_KEYS", 10)
    found = ring(even_ranges(7))
    first = [found.owner_of_key(str(number)) for number in range(100)]
    assert [found.owner_of_key(str(number)) for number in range(100)] == first
    assert len(found._remembered) <= 10
