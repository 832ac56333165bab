"""SplitShard, MergeShards, UpdateShardCount.

Rules: API Reference of each. Texts: recorded by kinesalite (tests of each operation; issue 109 for
a shard already split) and printed by clients (UpdateShardCount).
"""

from __future__ import annotations

from typing import Any

import pytest

from course.simulator.clock import HOUR, MINUTE, SECOND
from tests.simulator.client import LAST_HASH_KEY, Client

THIRD = "113427455640312821154458202477256070484"


def shard_id(index: int) -> str:
    return f"shardId-{index:012d}"


def split(client: Client, shard: int, at: int | str) -> None:
    client.call(
        "SplitShard",
        StreamName="orders",
        ShardToSplit=shard_id(shard),
        NewStartingHashKey=str(at),
    )
    client.settle()


def merge(client: Client, left: int, right: int) -> None:
    client.call(
        "MergeShards",
        StreamName="orders",
        ShardToMerge=shard_id(left),
        AdjacentShardToMerge=shard_id(right),
    )
    client.settle()


def scale(client: Client, target: int) -> dict[str, Any]:
    answer = client.call(
        "UpdateShardCount",
        StreamName="orders",
        TargetShardCount=target,
        ScalingType="UNIFORM_SCALING",
    )
    client.settle()
    return answer


def refused_scale(client: Client, target: int) -> tuple[str, str | None]:
    return client.refusal(
        "UpdateShardCount",
        StreamName="orders",
        TargetShardCount=target,
        ScalingType="UNIFORM_SCALING",
    )


def open_shards(client: Client) -> list[int]:
    return [shard.index for shard in client.stream().open_shards]


# SplitShard


@pytest.mark.parametrize("at", ["2", str(2**127), "340282366920938463463374607431768211454"])
def test_a_split_divides_the_range_where_it_is_told(client: Client, at: str) -> None:
    client.create()
    split(client, 0, at)
    _, low, high = (shard["HashKeyRange"] for shard in client.shards())
    assert low == {"StartingHashKey": "0", "EndingHashKey": str(int(at) - 1)}
    assert high == {"StartingHashKey": at, "EndingHashKey": str(LAST_HASH_KEY)}


@pytest.mark.parametrize("at", ["0", "1", THIRD, "9" * 39])
def test_a_split_outside_the_range_is_refused(client: Client, at: str) -> None:
    client.create(shards=3)
    assert client.refusal(
        "SplitShard", StreamName="orders", ShardToSplit="shard-0", NewStartingHashKey=at
    ) == (
        "InvalidArgumentException",
        f"NewStartingHashKey {at} used in SplitShard() on shard shardId-000000000000 in stream "
        "orders under account 123456789012 is not both greater than one plus the shard's "
        f"StartingHashKey 0 and less than the shard's EndingHashKey {THIRD}.",
    )


def test_until_it_is_done_the_parent_takes_the_records(client: Client) -> None:
    """Recorded by kinesalite: UPDATING, the old shard still open and alone."""
    client.create()
    client.call("SplitShard", StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey="2")
    asked = client.clock.now - 25_000
    put = {"StreamName": "orders", "Data": b"x", "PartitionKey": "a", "ExplicitHashKey": "1"}
    assert client.call("PutRecord", **put)["ShardId"] == shard_id(0)
    assert len(client.shards()) == 1
    client.clock.advance_to(asked + 30 * SECOND)
    assert client.call("PutRecord", **put)["ShardId"] == shard_id(1)
    assert client.stream().status == "ACTIVE"


# MergeShards


def test_neighbours_can_be_merged(client: Client) -> None:
    client.create(shards=3)
    merge(client, 0, 1)
    assert open_shards(client) == [3, 2]
    merge(client, 3, 2)
    assert open_shards(client) == [4]


@pytest.mark.parametrize(("left", "right"), [(0, 2), (1, 0), (1, 1), (2, 0)])
def test_only_the_lower_one_and_its_right_neighbour_can_be_merged(
    client: Client, left: int, right: int
) -> None:
    """Recorded by kinesalite: also refused "if adjacency is inverted"."""
    client.create(shards=3)
    assert client.refusal(
        "MergeShards",
        StreamName="orders",
        ShardToMerge=f"x-{left}",
        AdjacentShardToMerge=f"x-{right}",
    ) == (
        "InvalidArgumentException",
        f"Shards {shard_id(left)} and {shard_id(right)} in stream orders under account "
        "123456789012 are not an adjacent pair of shards eligible for merging",
    )


@pytest.mark.parametrize("operation", ["SplitShard", "MergeShards"])
@pytest.mark.parametrize(
    ("asked", "said"), [("shardId-5", "shardId-000000000005"), ("ABKLFD8", "ABKLFD8")]
)
def test_an_unknown_shard_is_not_found(
    client: Client, operation: str, asked: str, said: str
) -> None:
    client.create()
    request = (
        {"ShardToSplit": asked, "NewStartingHashKey": "5"}
        if operation == "SplitShard"
        else {"ShardToMerge": asked, "AdjacentShardToMerge": "0"}
    )
    assert client.refusal(operation, StreamName="orders", **request) == (
        "ResourceNotFoundException",
        f"Could not find shard {said} in stream orders under account 123456789012.",
    )


def test_a_closed_shard_cannot_be_split_or_merged_again(client: Client) -> None:
    client.create(shards=2)
    split(client, 0, 1_000)
    refusal = (
        "InvalidArgumentException",
        "Shard shardId-000000000000 in stream orders under account 123456789012 has already been "
        "merged or split, and thus is not eligible for merging or splitting.",
    )
    assert (
        client.refusal(
            "SplitShard", StreamName="orders", ShardToSplit=shard_id(0), NewStartingHashKey="5"
        )
        == refusal
    )
    assert (
        client.refusal(
            "MergeShards",
            StreamName="orders",
            ShardToMerge=shard_id(0),
            AdjacentShardToMerge=shard_id(1),
        )
        == refusal
    )


def test_an_expired_shard_cannot_even_be_found(client: Client) -> None:
    client.create()
    split(client, 0, 1_000)
    client.clock.sleep(25 * HOUR)
    assert (
        client.refusal("SplitShard", StreamName="orders", ShardToSplit="0", NewStartingHashKey="5")[
            0
        ]
        == "ResourceNotFoundException"
    )


@pytest.mark.parametrize("operation", ["SplitShard", "UpdateShardCount"])
def test_a_reshard_beyond_the_quota_is_refused(
    client: Client, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from course import facts

    client.create(shards=3)
    monkeypatch.setattr(facts.account, "shard_limit", 3)
    request: dict[str, Any] = (
        {"ShardToSplit": "0", "NewStartingHashKey": "5"}
        if operation == "SplitShard"
        else {"TargetShardCount": 4, "ScalingType": "UNIFORM_SCALING"}
    )
    code, message = client.refusal(operation, StreamName="orders", **request)
    assert code == "LimitExceededException"
    assert str(message).startswith(
        "This request would exceed the shard limit for the account 123456789012 in us-east-1. "
        "Current shard count for the account: 3. Limit: 3. Number of additional shards that "
        "would have resulted from this request: 1."
    )


# UpdateShardCount


def test_four_to_three_gives_the_shards_that_were_seen_on_aws(client: Client) -> None:
    """risingwave issue 9961: open shards 6, 9 and 10."""
    client.create(shards=4)
    assert scale(client, 3) == {
        "StreamName": "orders",
        "CurrentShardCount": 4,
        "TargetShardCount": 3,
        "StreamARN": "arn:aws:kinesis:us-east-1:123456789012:stream/orders",
    }
    assert open_shards(client) == [6, 9, 10]
    assert [
        shard["HashKeyRange"] for shard in client.shards(ShardFilter={"Type": "AT_LATEST"})
    ] == [
        {"StartingHashKey": "0", "EndingHashKey": THIRD},
        {
            "StartingHashKey": "113427455640312821154458202477256070485",
            "EndingHashKey": "226854911280625642308916404954512140969",
        },
        {
            "StartingHashKey": "226854911280625642308916404954512140970",
            "EndingHashKey": str(LAST_HASH_KEY),
        },
    ]


@pytest.mark.parametrize(
    ("current", "target", "shards"),
    [
        (2, 3, [2, 6, 5]),
        (4, 8, [4, 5, 6, 7, 8, 9, 10, 11]),
        (4, 2, [4, 5]),
        (1, 2, [1, 2]),
        (3, 3, [0, 1, 2]),
    ],
)
def test_other_counts(client: Client, current: int, target: int, shards: list[int]) -> None:
    client.create(shards=current)
    scale(client, target)
    assert open_shards(client) == shards
    assert client.stream().status == "ACTIVE"


def test_at_most_double(client: Client) -> None:
    client.create()
    assert refused_scale(client, 4) == (
        "LimitExceededException",
        "UpdateShardCount cannot scale up over double your current open shard count. Current "
        "open shard count: 1 Target shard count: 4",
    )
    scale(client, 2)


@pytest.mark.parametrize(("current", "low"), [(4, 2), (5, 3), (1, 1)])
def test_at_least_half(client: Client, current: int, low: int) -> None:
    """Half of an odd count is not documented; a real-valued half is the natural reading."""
    client.create(shards=current)
    if low > 1:
        assert refused_scale(client, low - 1) == (
            "LimitExceededException",
            "UpdateShardCount cannot scale down below half your current open shard count. Current "
            f"open shard count: {current} Target shard count: {low - 1}",
        )
    scale(client, low)


def test_only_open_shards_count(client: Client) -> None:
    client.create(shards=4)
    scale(client, 2)
    assert len(client.shards()) == 6
    assert "Current open shard count: 2" in str(refused_scale(client, 5)[1])


def test_at_most_ten_thousand_shards(client: Client) -> None:
    """API Reference, UpdateShardCount."""
    client.create(shards=5_001)
    assert refused_scale(client, 10_001)[0] == "LimitExceededException"


def test_ten_updates_in_any_24_hours(client: Client) -> None:
    """API Reference, UpdateShardCount: ten times per rolling 24-hour period per stream."""
    client.create(shards=2)
    client.create("other")
    first = client.clock.now
    for turn in range(10):
        scale(client, 3 if turn % 2 == 0 else 2)
        client.clock.sleep(HOUR)
    assert refused_scale(client, 3)[0] == "LimitExceededException"
    client.call(
        "UpdateShardCount", StreamName="other", TargetShardCount=2, ScalingType="UNIFORM_SCALING"
    )
    # The refused call takes 25 ms, and then the first one is 24 hours old to the microsecond.
    client.clock.advance_to(first + 24 * HOUR - 25_000)
    assert refused_scale(client, 3)[0] == "LimitExceededException"
    assert client.clock.now == first + 24 * HOUR
    scale(client, 3)
    assert refused_scale(client, 2)[0] == "LimitExceededException"


def test_a_refused_update_does_not_count(client: Client) -> None:
    client.create()
    for _ in range(20):
        refused_scale(client, 5)
        client.clock.sleep(SECOND)
    scale(client, 2)


def test_a_target_must_be_positive_and_the_scaling_known(client: Client) -> None:
    client.create()
    assert refused_scale(client, 0)[0] == "ValidationException"
    assert client.refusal(
        "UpdateShardCount", StreamName="orders", TargetShardCount=2, ScalingType="RANDOM"
    ) == (
        "ValidationException",
        "1 validation error detected: Value 'RANDOM' at 'scalingType' failed to satisfy "
        "constraint: Member must satisfy enum value set: [UNIFORM_SCALING]",
    )


def test_an_update_takes_a_minute_and_goes_step_by_step(client: Client) -> None:
    client.create(shards=4)
    client.call(
        "UpdateShardCount", StreamName="orders", TargetShardCount=8, ScalingType="UNIFORM_SCALING"
    )
    asked = client.clock.now - 25_000
    counts = []
    for part in range(5):
        client.clock.advance_to(asked + part * 15 * SECOND)
        counts.append(len(client.stream().open_shards))
    assert counts == [4, 5, 6, 7, 8]
    assert client.stream().status == "ACTIVE"


def test_resharding_is_logged_with_the_shards_it_closed(client: Client) -> None:
    client.create(shards=2)
    merge(client, 0, 1)
    attempt = client.account.calls.attempts[-1]
    assert attempt.operation == "MergeShards"
    assert [shard for shard, *_ in attempt.touches] == [shard_id(0), shard_id(1)]


def test_a_forced_reshard_waits_for_the_one_before(client: Client) -> None:
    """`lab.reshard` may come at any time: in the middle of another one, or while CREATING."""
    from course.simulator.streams.operations.reshard import reshard

    client.call("CreateStream", StreamName="orders", ShardCount=4)
    streams = client.account.streams()
    for target in (7, 3, 12):
        reshard(streams, client.stream(), target)
        client.clock.sleep(10 * SECOND)
    client.clock.sleep(10 * MINUTE)
    assert client.stream().status == "ACTIVE"
    assert len(client.stream().open_shards) == 12
