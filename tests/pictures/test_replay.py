from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.pictures.heat import shard_heat
from course.pictures.replay import MOST_DOTS, replay, thin, timeline
from course.pictures.ring import hash_ring
from course.pictures.trace import RING, StreamTrace, Tally
from tests.pictures.traces import any_trace, article, crowded, even_shards, made, put, resharded


def counted(sent: dict) -> list[Tally]:
    """The totals per shard that a replay was sent."""
    totals = []
    for flat in sent["counts"]:
        steps = [Tally(*flat[at + 1 : at + 5]) for at in range(0, len(flat), 5)]
        totals.append(sum(steps, Tally()))
    return totals


def weight(payload: dict) -> int:
    return len(json.dumps(payload, allow_nan=False, separators=(",", ":")))


def test_an_even_trace_is_replayed_at_an_even_pace() -> None:
    line = timeline(crowded(600))
    assert line.places == (0, 1)
    assert line.place(15) == pytest.approx(0.25)


def test_a_long_silence_is_shortened() -> None:
    line = timeline(article())
    assert line.place(20.0) < 0.3, "ten records are worth more than the twenty seconds before"
    assert line.place(20.072) > 0.7
    assert "idle time shortened" in hash_ring(article()).payload()["about"]
    assert "idle time shortened" not in hash_ring(crowded(600)).payload()["about"]


def test_two_bursts_a_day_apart_are_both_seen() -> None:
    shards = even_shards(2)
    day = 86_400
    times = [0.01 * n for n in range(20)] + [day + 0.01 * n for n in range(20)]
    line = timeline(made(shards, [put(shards, time, "a") for time in times], day + 1))
    assert line.place(0.19) > 0.3
    assert line.place(day) < 0.7


@given(any_trace(), st.floats(-10, 600), st.floats(-10, 600))
def test_the_timeline_never_runs_backwards(trace: StreamTrace, a: float, b: float) -> None:
    line = timeline(trace)
    early, late = line.place(min(a, b)), line.place(max(a, b))
    assert 0 <= early <= late <= 1
    assert line.places[0] == 0
    assert line.places[-1] == pytest.approx(1)
    assert list(line.times) == sorted(set(line.times))
    assert list(line.places) == sorted(set(line.places))


def test_few_events_are_all_kept() -> None:
    kept, each = thin(article().events)
    assert each == 1
    assert kept == list(article().events)


@given(any_trace(), st.integers(1, 30))
def test_thinning_keeps_order_and_every_outcome(trace: StreamTrace, most: int) -> None:
    kept, each = thin(trace.events, most)
    times = [event.time for event in kept]
    assert times == sorted(times)
    groups = {(event.shard_id, event.kind) for event in trace.events}
    assert {(event.shard_id, event.kind) for event in kept} == groups
    assert len(kept) <= len(trace.events) / each + len(groups)


@given(any_trace())
def test_totals_are_exact(trace: StreamTrace) -> None:
    assert counted(replay(trace)) == list(trace.tallies.values())


@pytest.mark.parametrize(("shards", "most"), [(4, 120_000), (64, 220_000)])
def test_a_hundred_thousand_events_travel_light(shards: int, most: int) -> None:
    trace = crowded(100_000, shards)
    sent = replay(trace)
    assert counted(sent) == list(trace.tallies.values())
    assert sent["each"] == 42
    assert len(sent["dots"]["place"]) <= MOST_DOTS + 3 * shards
    assert weight(sent) < most
    assert weight(shard_heat(trace).payload()) < most


def test_dots_stand_where_their_records_do() -> None:
    sent = replay(article())
    dots = sent["dots"]
    assert {len(column) for column in dots.values()} == {10}
    assert dots["place"] == sorted(dots["place"])
    assert [sent["keys"][key] for key in dots["key"]] == list("0120120120")
    for place, event in zip(dots["hash"], article().events, strict=True):
        assert place / 1_000_000 == pytest.approx(event.hash / RING, abs=1e-6)


def test_many_keys_are_not_named() -> None:
    sent = replay(crowded(1_000))
    assert sent["keys"] == sent["dots"]["key"] == []


def test_a_split_happens_at_its_place() -> None:
    shards = replay(resharded())["shards"]
    assert [shard["closed"] for shard in shards] == [None, pytest.approx(0.5), None, None]
    assert [shard["opened"] for shard in shards] == [0, 0, pytest.approx(0.5), pytest.approx(0.5)]
