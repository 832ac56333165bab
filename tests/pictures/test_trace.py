from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.pictures.trace import RING, Event, ShardSpan, StreamTrace, Tally
from tests.pictures.traces import any_trace, article, even_shards, made, resharded, throttled


def test_short_names() -> None:
    assert ShardSpan("shardId-000000000012", 0, 1).label == "shard 12"
    assert ShardSpan("my-shard", 0, 1).label == "my-shard"


def test_hash_range_shows_the_first_digits_of_32() -> None:
    assert [shard.hash_range for shard in even_shards(4)] == [
        "0000… – 3fff…",
        "4000… – 7fff…",
        "8000… – bfff…",
        "c000… – ffff…",
    ]


def test_a_range_outside_the_ring_is_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"hash key range of shardId-0 .* within 0 and 2\*\*128"):
        ShardSpan("shardId-0", 0, RING)


def test_an_event_of_an_unknown_shard_is_refused() -> None:
    with pytest.raises(ValueError, match="events for shardId-9, which is not among its shards"):
        made(even_shards(1), [Event(0, "a", 1, "shardId-9", 1)], 1)


def test_a_shard_listed_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="lists a shard twice"):
        made(even_shards(1) * 2, [], 1)


def test_a_trace_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before it starts"):
        StreamTrace("orders", (), (), 2, 1)


def test_the_article_fills_one_shard() -> None:
    records = [tally.records for tally in article().tallies.values()]
    assert records == [0, 0, 0, 10]
    assert article().keys["shardId-000000000003"] == {"0": 4, "1": 3, "2": 3}


def test_throttled_records_are_counted_and_not_taken() -> None:
    assert throttled(limit=20).total == Tally(200, 20_000, 200, 0)


def test_children_stand_behind_their_parent_on_the_ring() -> None:
    labels = [shard.label for shard in resharded().ring_order]
    assert labels == ["shard 0", "shard 1", "shard 2", "shard 3"]


def test_a_grid_puts_each_second_in_its_column() -> None:
    grid = throttled(limit=15).grid(1)
    assert grid.columns == 10
    (busy,) = [row for row in grid.rows.values() if any(tally.records for tally in row)]
    assert [(tally.records, tally.throttled) for tally in busy] == [(15, 25)] * 10


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_grid_needs_a_length(seconds: float) -> None:
    with pytest.raises(ValueError, match="give more than 0"):
        article().grid(seconds)


@given(any_trace(), st.floats(0.1, 1000))
def test_a_grid_loses_nothing(trace: StreamTrace, seconds: float) -> None:
    rows = trace.grid(seconds).rows
    assert {shard: sum(row, Tally()) for shard, row in rows.items()} == trace.tallies
    total = trace.total
    assert total.records + total.throttled + total.failed == len(trace.events)
    assert sum(sum(seen.values()) for seen in trace.keys.values()) == total.records
