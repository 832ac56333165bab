"""ListShards: shapes, filters against the API Reference's own words, paging, tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.simulator.clock import HOUR, MINUTE, SECOND
from course.simulator.streams.shard import Shard
from tests.simulator.client import LAST_HASH_KEY, Client


def ids(shards: list[dict[str, Any]]) -> list[str]:
    return [shard["ShardId"] for shard in shards]


def split(client: Client, shard: int, at: int) -> None:
    client.call(
        "SplitShard",
        StreamName="orders",
        ShardToSplit=f"shardId-{shard:012d}",
        NewStartingHashKey=str(at),
    )
    client.settle()


def test_an_open_shard_has_no_parent_and_no_end(client: Client) -> None:
    client.create()
    (shard,) = client.shards()
    start = shard["SequenceNumberRange"].pop("StartingSequenceNumber")
    assert len(start) == 56
    assert shard == {
        "ShardId": "shardId-000000000000",
        "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": str(LAST_HASH_KEY)},
        "SequenceNumberRange": {},
    }


def test_a_split_closes_the_parent_and_names_it_in_the_children(client: Client) -> None:
    client.create()
    split(client, 0, 1_000)
    parent, low, high = client.shards()
    assert "EndingSequenceNumber" in parent["SequenceNumberRange"]
    for child in (low, high):
        assert child["ParentShardId"] == "shardId-000000000000"
        assert "AdjacentParentShardId" not in child
        assert "EndingSequenceNumber" not in child["SequenceNumberRange"]
    assert low["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": "999"}
    assert high["HashKeyRange"] == {
        "StartingHashKey": "1000",
        "EndingHashKey": str(LAST_HASH_KEY),
    }


def test_a_merge_names_both_parents(client: Client) -> None:
    client.create(shards=2)
    client.call(
        "MergeShards",
        StreamName="orders",
        ShardToMerge="shardId-000000000000",
        AdjacentShardToMerge="shardId-000000000001",
    )
    client.settle()
    child = client.shards()[2]
    assert child["ParentShardId"] == "shardId-000000000000"
    assert child["AdjacentParentShardId"] == "shardId-000000000001"
    assert child["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": str(LAST_HASH_KEY)}


def test_the_range_of_numbers_holds_every_record_of_the_shard(client: Client) -> None:
    client.create()
    numbers = [int(client.put()) for _ in range(5)]
    split(client, 0, 2**127)
    numbers_of = client.shards()[0]["SequenceNumberRange"]
    start, end = (
        int(numbers_of[name]) for name in ("StartingSequenceNumber", "EndingSequenceNumber")
    )
    assert start < numbers[0]
    assert numbers[-1] < end
    # The children start after the parent's end (recorded by kinesalite, test/splitShard.js).
    for child in client.shards()[1:]:
        assert int(child["SequenceNumberRange"]["StartingSequenceNumber"]) > end


# Filters


@dataclass
class Life:
    """When a shard was there; the API Reference's definitions need no more."""

    name: str
    start: int
    end: int | None


def lives(client: Client) -> list[Life]:
    return [Life(shard.shard_id, shard.opened, shard.closed) for shard in client.stream().shards]


def expected(client: Client, kind: str, value: Any, now: int) -> list[str]:
    """The filters as the API Reference defines them (ShardFilter)."""
    horizon = now - 24 * HOUR
    everything = [life for life in lives(client) if life.end is None or life.end >= horizon]

    def at(moment: int) -> list[Life]:
        return [
            life
            for life in everything
            if life.start <= moment and (life.end is None or life.end >= moment)
        ]

    opened = min(life.start for life in lives(client))
    match kind:
        case "AFTER_SHARD_ID":
            found = [life for life in everything if life.name > value]
        case "AT_TRIM_HORIZON":
            # A stream younger than its retention: its first shards.
            found = at(max(horizon, opened))
        case "FROM_TRIM_HORIZON":
            found = everything
        case "AT_LATEST":
            found = [life for life in everything if life.end is None]
        case "AT_TIMESTAMP":
            found = at(max(value, horizon, opened))
        case _:
            found = [life for life in everything if life.end is None or life.end >= value]
    return [life.name for life in found]


@settings(max_examples=40, derandomize=True, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([0, 1, 7, 20]), st.integers(0, 5), st.booleans()),
        min_size=1,
        max_size=8,
    ),
    data=st.data(),
)
def test_every_filter_gives_what_its_definition_gives(
    steps: list[tuple[int, int, bool]], data: st.DataObject
) -> None:
    client = Client()
    start = client.clock.now
    client.create(shards=2)
    for wait, which, merging in steps:
        client.clock.sleep(wait * HOUR)
        owners: list[Shard] = client.stream().open_shards
        place = which % len(owners)
        if merging and place + 1 < len(owners):
            client.call(
                "MergeShards",
                StreamName="orders",
                ShardToMerge=owners[place].shard_id,
                AdjacentShardToMerge=owners[place + 1].shard_id,
            )
            client.settle()
        else:
            middle = (owners[place].hash_range.start + owners[place].hash_range.end) // 2
            split(client, owners[place].index, middle)
    ends = sorted({start, *(life.start for life in lives(client))})
    for moment in [*ends, data.draw(st.integers(start, client.clock.now)), client.clock.now]:
        for kind in ("AT_TIMESTAMP", "FROM_TIMESTAMP"):
            now = client.clock.now
            found = client.shards(ShardFilter={"Type": kind, "Timestamp": moment / SECOND})
            assert ids(found) == expected(client, kind, moment, now), (kind, moment)
    for kind in ("AT_TRIM_HORIZON", "FROM_TRIM_HORIZON", "AT_LATEST"):
        now = client.clock.now
        found = client.shards(ShardFilter={"Type": kind})
        assert ids(found) == expected(client, kind, None, now), kind
    now = client.clock.now
    assert ids(client.shards()) == expected(client, "FROM_TRIM_HORIZON", None, now)
    for life in lives(client):
        now = client.clock.now
        found = client.shards(ShardFilter={"Type": "AFTER_SHARD_ID", "ShardId": life.name})
        assert ids(found) == expected(client, "AFTER_SHARD_ID", life.name, now)


def test_a_timestamp_filter_before_the_stream_shows_its_first_shards(client: Client) -> None:
    client.create()
    split(client, 0, 2**127)
    for kind, count in (("AT_TIMESTAMP", 1), ("FROM_TIMESTAMP", 3)):
        assert len(client.shards(ShardFilter={"Type": kind, "Timestamp": 0})) == count


@pytest.mark.parametrize("kind", ["AT_TIMESTAMP", "FROM_TIMESTAMP", "AFTER_SHARD_ID"])
def test_a_filter_needs_its_value(client: Client, kind: str) -> None:
    client.create()
    code, _ = client.refusal("ListShards", StreamName="orders", ShardFilter={"Type": kind})
    assert code == "InvalidArgumentException"


def test_a_filter_needs_a_known_type(client: Client) -> None:
    client.create()
    code, _ = client.refusal("ListShards", StreamName="orders", ShardFilter={"Type": "NEWEST"})
    assert code == "ValidationException"
    code, _ = client.refusal("ListShards", StreamName="orders", ShardFilter={})
    assert code == "ValidationException"


# Paging


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_pages_join_to_the_whole(client: Client, size: int) -> None:
    client.create(shards=7)
    seen: list[str] = []
    page = client.call("ListShards", StreamName="orders", MaxResults=size)
    while True:
        assert len(page["Shards"]) <= size
        seen += ids(page["Shards"])
        if "NextToken" not in page:
            break
        assert len(page["Shards"]) == size
        page = client.call("ListShards", NextToken=page["NextToken"], MaxResults=size)
    assert seen == [f"shardId-{index:012d}" for index in range(7)]


def test_a_page_has_at_most_a_thousand_shards(client: Client) -> None:
    """API Reference, ListShards: MaxResults up to 10,000, but never more than 1,000 returned."""
    client.create(shards=1_001)
    page = client.call("ListShards", StreamName="orders", MaxResults=10_000)
    assert len(page["Shards"]) == 1_000
    assert len(client.call("ListShards", NextToken=page["NextToken"])["Shards"]) == 1
    assert client.refusal("ListShards", StreamName="orders", MaxResults=10_001)[0] == (
        "ValidationException"
    )


def test_a_token_remembers_the_filter(client: Client) -> None:
    client.create(shards=3)
    split(client, 0, 5)
    first = client.call(
        "ListShards", StreamName="orders", MaxResults=1, ShardFilter={"Type": "AT_LATEST"}
    )
    rest = client.call("ListShards", NextToken=first["NextToken"])
    assert ids(first["Shards"] + rest["Shards"]) == [
        "shardId-000000000001",
        "shardId-000000000002",
        "shardId-000000000003",
        "shardId-000000000004",
    ]


def test_listing_can_start_after_a_shard(client: Client) -> None:
    client.create(shards=3)
    assert ids(client.shards(ExclusiveStartShardId="shardId-000000000000")) == [
        "shardId-000000000001",
        "shardId-000000000002",
    ]


def test_a_token_lives_for_300_seconds(client: Client) -> None:
    """API Reference, ListShards."""
    client.create(shards=3)
    issued = client.clock.now
    token = client.call("ListShards", StreamName="orders", MaxResults=1)["NextToken"]
    client.clock.advance_to(issued + 300 * SECOND)
    assert len(client.call("ListShards", NextToken=token)["Shards"]) == 2
    client.clock.advance_to(issued + 301 * SECOND)
    assert client.refusal("ListShards", NextToken=token)[0] == "ExpiredNextTokenException"


@pytest.mark.parametrize(
    "more",
    [
        {"StreamName": "orders"},
        {"StreamARN": "arn:aws:kinesis:us-east-1:123456789012:stream/orders"},
        {"StreamCreationTimestamp": 1},
        {"ExclusiveStartShardId": "shardId-000000000000"},
    ],
)
def test_a_token_stands_alone(client: Client, more: dict[str, Any]) -> None:
    client.create(shards=3)
    token = client.call("ListShards", StreamName="orders", MaxResults=1)["NextToken"]
    (name,) = more
    assert client.refusal("ListShards", NextToken=token, **more) == (
        "InvalidArgumentException",
        f"NextToken and {name} cannot be provided together.",
    )


def test_something_must_be_given(client: Client) -> None:
    """Recorded by kinesalite (actions/listShards.js)."""
    assert client.refusal("ListShards") == (
        "InvalidArgumentException",
        "Either NextToken or StreamName should be provided.",
    )


@pytest.mark.parametrize("token", ["garbage", "AAAA", "é"])
def test_a_made_up_token_is_refused(client: Client, token: str) -> None:
    client.create()
    assert client.refusal("ListShards", NextToken=token)[0] == "InvalidArgumentException"


def test_a_token_outlives_its_stream_only_to_say_so(client: Client) -> None:
    client.create(shards=3)
    token = client.call("ListShards", StreamName="orders", MaxResults=1)["NextToken"]
    client.call("DeleteStream", StreamName="orders")
    client.clock.sleep(MINUTE)
    assert client.refusal("ListShards", NextToken=token)[0] == "ResourceNotFoundException"


def test_the_creation_time_tells_streams_of_one_name_apart(client: Client) -> None:
    """API Reference, ListShards, StreamCreationTimestamp."""
    first = client.create().created
    client.call("DeleteStream", StreamName="orders")
    client.clock.sleep(MINUTE)
    second = client.create().created
    assert client.shards(StreamCreationTimestamp=second / SECOND)
    assert client.refusal(
        "ListShards", StreamName="orders", StreamCreationTimestamp=first / SECOND
    ) == ("ResourceNotFoundException", "Stream orders under account 123456789012 not found.")
