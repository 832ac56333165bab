"""Traces for the tests: small ones with a known answer, and a strategy for any."""

from __future__ import annotations

import random
from hashlib import md5

from hypothesis import strategies as st

from course.pictures.trace import OK, RING, THROTTLED, Event, ShardSpan, StreamTrace

START = 1_767_603_600_000_000
OUTCOMES = (OK, THROTTLED, "InternalFailure")


def hash_of(key: str) -> int:
    return int.from_bytes(md5(key.encode()).digest(), "big")


def even_shards(number: int) -> tuple[ShardSpan, ...]:
    """`number` shards, open throughout, that divide the ring evenly."""
    width = RING // number
    return tuple(
        ShardSpan(
            f"shardId-{place:012d}",
            place * width,
            RING - 1 if place == number - 1 else (place + 1) * width - 1,
        )
        for place in range(number)
    )


def put(shards: tuple[ShardSpan, ...], time: float, key: str, outcome: str = OK) -> Event:
    """A record of 100 bytes, in the first shard whose range holds the key's hash."""
    hash_key = hash_of(key)
    owner = next(shard for shard in shards if shard.start <= hash_key <= shard.end)
    return Event(time, key, hash_key, owner.shard_id, 100, outcome)


def made(shards: tuple[ShardSpan, ...], events: list[Event], seconds: float) -> StreamTrace:
    return StreamTrace("orders", shards, tuple(events), START, START + seconds * 1_000_000)


def article(records: int = 10) -> StreamTrace:
    """Ten records, 8 ms apart after twenty quiet seconds, with the keys 0, 1 and 2."""
    shards = even_shards(4)
    events = [put(shards, 20 + 0.008 * number, str(number % 3)) for number in range(records)]
    return made(shards, events, 20.1)


def resharded() -> StreamTrace:
    """Shard 1 of two is split after 5 of 10 seconds; keys 'a' to 'f' once a second each."""
    left, right = even_shards(2)
    middle = (right.start + right.end) // 2
    right = ShardSpan(right.shard_id, right.start, right.end, (), 0.0, 5.0)
    parents = (right.shard_id,)
    children = (
        ShardSpan("shardId-000000000002", right.start, middle, parents, 5.0),
        ShardSpan("shardId-000000000003", middle + 1, right.end, parents, 5.0),
    )
    events = [
        put((left, right) if second < 5 else (left, *children), second + 0.5, key)
        for second in range(10)
        for key in "abcdef"
    ]
    return made((left, right, *children), events, 10)


def throttled(limit: int = 20) -> StreamTrace:
    """One hot key, 40 records a second for ten seconds, of which `limit` a second are taken."""
    shards = even_shards(4)
    events = [
        put(shards, second + number / 40, "customer-17", OK if number < limit else THROTTLED)
        for second in range(10)
        for number in range(40)
    ]
    return made(shards, events, 10)


def crowded(events: int = 100_000, shards: int = 4, seconds: float = 60) -> StreamTrace:
    """A minute of many keys, every hundredth record throttled, one in a thousand failed."""
    dice = random.Random(7)
    spans = even_shards(shards)
    width = RING // shards
    keys = [(key, hash_of(key)) for key in (f"customer-{number}" for number in range(500))]
    told = []
    for number in range(events):
        key, hash_key = keys[dice.randrange(500)]
        shard = spans[min(hash_key // width, shards - 1)]
        outcome = THROTTLED if number % 100 == 0 else OK
        if number % 1000 == 1:
            outcome = "InternalFailure"
        told.append(Event(seconds * number / events, key, hash_key, shard.shard_id, 250, outcome))
    return made(spans, told, seconds)


def any_trace(most_events: int = 60) -> st.SearchStrategy[StreamTrace]:
    """Any trace of up to six shards, times inside it and a little outside."""

    @st.composite
    def build(draw: st.DrawFn) -> StreamTrace:
        shards = even_shards(draw(st.integers(1, 6)))
        seconds = draw(st.one_of(st.just(0.0), st.floats(0.001, 500)))
        events = draw(
            st.lists(
                st.builds(
                    put,
                    st.just(shards),
                    st.floats(-1, seconds + 1, allow_nan=False),
                    st.text(st.characters(codec="utf-8"), min_size=1, max_size=12),
                    st.sampled_from(OUTCOMES),
                ),
                max_size=most_events,
            )
        )
        return made(shards, events, seconds)

    return build()
