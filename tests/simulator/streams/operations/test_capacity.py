"""Modes, growth, warm throughput, large records, AUTO distribution, limits and commitments.

Rules: API Reference of each operation, Developer Guide ("How do I size a stream", large records,
quotas), Data Streams FAQ; as of November 2026. Where AWS's text is not known, only the code is
checked. How long a state lasts is ours (course/facts.toml, [latency]).
"""

from __future__ import annotations

from typing import Any

import pytest

from course.simulator.clock import HOUR, MINUTE, SECOND
from course.simulator.streams.stream import Stream
from tests.simulator.client import Client, data_of

ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
ON_DEMAND = {"StreamMode": "ON_DEMAND"}
PROVISIONED = {"StreamMode": "PROVISIONED"}
KIB = 1_024
MIB = 1_048_576


def on_demand(client: Client, **more: Any) -> Stream:
    client.call("CreateStream", StreamName="orders", StreamModeDetails=ON_DEMAND, **more)
    client.clock.sleep(MINUTE)
    return client.stream()


def summary(client: Client) -> dict[str, Any]:
    answer = client.call("DescribeStreamSummary", StreamName="orders")
    described: dict[str, Any] = answer["StreamDescriptionSummary"]
    return described


def commit(client: Client, status: str = "ENABLED") -> dict[str, Any]:
    answer = client.call(
        "UpdateAccountSettings", MinimumThroughputBillingCommitment={"Status": status}
    )
    settings: dict[str, Any] = answer["MinimumThroughputBillingCommitment"]
    return settings


# Modes


def test_a_mode_is_switched_while_the_stream_is_updating_and_keeps_its_shards(
    client: Client,
) -> None:
    client.create(shards=3)
    number = client.put()
    assert client.call("UpdateStreamMode", StreamARN=ARN, StreamModeDetails=ON_DEMAND) == {}
    described = summary(client)
    assert described["StreamStatus"] == "UPDATING"
    assert described["StreamModeDetails"] == ON_DEMAND
    client.settle()
    described = summary(client)
    assert (described["StreamStatus"], described["OpenShardCount"]) == ("ACTIVE", 3)
    records = [r for shard in range(3) for r in client.drain(client.iterator(shard))[0]]
    assert [record["SequenceNumber"] for record in records] == [number]


def test_a_mode_is_switched_twice_in_24_hours_at_most(client: Client) -> None:
    """Developer Guide, capacity modes."""
    client.create()
    start = client.clock.now
    for mode in (ON_DEMAND, PROVISIONED):
        client.call("UpdateStreamMode", StreamARN=ARN, StreamModeDetails=mode)
        client.settle()
    code, _ = client.refusal("UpdateStreamMode", StreamARN=ARN, StreamModeDetails=ON_DEMAND)
    assert code == "LimitExceededException"
    assert summary(client)["StreamModeDetails"] == PROVISIONED
    client.clock.advance_to(start + 24 * HOUR - 1)
    code, _ = client.refusal("UpdateStreamMode", StreamARN=ARN, StreamModeDetails=ON_DEMAND)
    assert code == "LimitExceededException"
    client.call("UpdateStreamMode", StreamARN=ARN, StreamModeDetails=ON_DEMAND)


def test_a_busy_or_unknown_stream_switches_nothing(client: Client) -> None:
    code, _ = client.refusal("UpdateStreamMode", StreamARN=ARN, StreamModeDetails=ON_DEMAND)
    assert code == "ResourceNotFoundException"
    client.call("CreateStream", StreamName="orders", ShardCount=1)
    code, _ = client.refusal("UpdateStreamMode", StreamARN=ARN, StreamModeDetails=ON_DEMAND)
    assert code == "ResourceInUseException"


def test_an_account_has_fifty_on_demand_streams_at_most(client: Client) -> None:
    """Developer Guide, quotas."""
    for number in range(50):
        client.call("CreateStream", StreamName=f"s{number}", StreamModeDetails=ON_DEMAND)
        client.clock.sleep(MINUTE)
    code, message = client.refusal("CreateStream", StreamName="orders", StreamModeDetails=ON_DEMAND)
    assert code == "LimitExceededException"
    assert str(message).endswith("Current On-Demand streams count: 50. Limit: 50.")
    client.create()
    code, _ = client.refusal("UpdateStreamMode", StreamARN=ARN, StreamModeDetails=ON_DEMAND)
    assert code == "LimitExceededException"
    client.clock.sleep(SECOND)
    limits = client.call("DescribeLimits")
    assert (limits["OnDemandStreamCount"], limits["OnDemandStreamCountLimit"]) == (50, 50)
    assert (limits["OpenShardCount"], limits["ShardLimit"]) == (201, 20_000)


# On-demand growth


def write_for(client: Client, seconds: int, places: int, size: int) -> int:
    """Once a second, `size` bytes at each of some places of the ring; how many were refused."""
    refused = 0
    entries = [
        {
            "PartitionKey": "k",
            "ExplicitHashKey": str((2 * place + 1) * 2**127 // places),
            "Data": b"x" * (size - 1),
        }
        for place in range(places)
    ]
    for _ in range(seconds):
        end = client.clock.now + SECOND
        answer = client.call("PutRecords", StreamName="orders", Records=entries)
        refused += answer["FailedRecordCount"]
        client.clock.advance_to(end)
    return refused


def test_a_stream_that_takes_more_than_half_of_its_capacity_grows_within_fifteen_minutes(
    client: Client,
) -> None:
    """FAQ: a shard over 500 KB/s is split, its range in halves."""
    stream = on_demand(client)
    ranges = [shard.hash_range for shard in stream.open_shards]
    assert len(ranges) == 4
    # 30 MB in a minute are 500 KB in a second; and a bit.
    assert write_for(client, 30, 4, 1_000_001) == 0
    client.clock.sleep(10 * MINUTE)
    assert len(stream.open_shards) == 4
    client.clock.sleep(5 * MINUTE)
    assert len(stream.open_shards) == 8
    halves = [shard.hash_range for shard in stream.open_shards]
    for whole, low, high in zip(ranges, halves[::2], halves[1::2], strict=True):
        assert (low.start, high.end) == (whole.start, whole.end)
        assert low.width == high.width == whole.width // 2
    assert stream.status == "ACTIVE"


def test_traffic_that_more_than_doubles_is_throttled_until_then(client: Client) -> None:
    stream = on_demand(client)
    # 1.4 MB/s a shard, which takes 1 MiB/s.
    assert write_for(client, 45, 8, 700_000) > 100
    client.clock.sleep(15 * MINUTE)
    assert len(stream.open_shards) == 8
    assert write_for(client, 5, 8, 700_000) == 0


def test_many_small_records_let_a_stream_grow_too(client: Client) -> None:
    stream = on_demand(client)
    for _ in range(60):
        end = client.clock.now + SECOND
        for _ in range(5):
            entries = [{"PartitionKey": f"k{n}", "Data": b""} for n in range(500)]
            client.call("PutRecords", StreamName="orders", Records=entries)
        client.clock.advance_to(end)
    client.clock.sleep(15 * MINUTE)
    assert len(stream.open_shards) == 8


def test_a_quiet_stream_stays_as_it_is_and_costs_nothing(client: Client) -> None:
    stream = on_demand(client)
    write_for(client, 30, 4, 1_000_000)
    client.clock.sleep(24 * HOUR)
    assert len(stream.open_shards) == 4
    assert not client.clock._due


def test_no_split_divides_a_hot_key(client: Client) -> None:
    on_demand(client)
    assert write_for(client, 40, 1, 900_000) == 0
    client.clock.sleep(11 * MINUTE)
    assert len(client.stream().open_shards) == 5
    entries = [{"PartitionKey": "k", "ExplicitHashKey": str(2**127), "Data": b"x" * 99_999}] * 20
    answer = client.call("PutRecords", StreamName="orders", Records=entries)
    assert answer["FailedRecordCount"] == 10  # 1 MiB is ten times 100,000 and a bit


def test_a_stream_that_was_switched_back_is_not_split(client: Client) -> None:
    stream = on_demand(client)
    write_for(client, 31, 4, 1_000_000)
    client.call("UpdateStreamMode", StreamARN=ARN, StreamModeDetails=PROVISIONED)
    client.clock.sleep(HOUR)
    assert len(stream.open_shards) == 4
    assert not client.clock._due


# Large records


def test_a_stream_takes_records_of_one_mebibyte_unless_it_is_told_otherwise(
    client: Client,
) -> None:
    client.create()
    assert summary(client)["MaxRecordSizeInKiB"] == 1_024
    client.put("k", b"x" * (MIB - 1))
    code, message = client.refusal(
        "PutRecord", StreamName="orders", PartitionKey="k", Data=b"x" * MIB
    )
    assert code == "ValidationException"
    assert str(message).endswith("Member must have length less than or equal to 1048576")


def test_larger_records_are_allowed_in_a_moment(client: Client) -> None:
    client.create()
    assert client.call("UpdateMaxRecordSize", StreamARN=ARN, MaxRecordSizeInKiB=10_240) == {}
    assert summary(client)["StreamStatus"] == "UPDATING"
    code, _ = client.refusal("UpdateMaxRecordSize", StreamARN=ARN, MaxRecordSizeInKiB=2_048)
    assert code == "ResourceInUseException"
    client.settle()
    described = summary(client)
    assert (described["StreamStatus"], described["MaxRecordSizeInKiB"]) == ("ACTIVE", 10_240)
    largest = b"x" * (10 * MIB - 1)
    client.put("k", largest)
    page = client.page(client.iterator())
    assert data_of(page["Records"]) == [largest]


@pytest.mark.parametrize("size", [1_023, 10_241])
def test_no_other_size_is_allowed(client: Client, size: int) -> None:
    """API Reference: between 1,024 and 10,240 KiB, else ValidationException."""
    client.create()
    code, _ = client.refusal("UpdateMaxRecordSize", StreamARN=ARN, MaxRecordSizeInKiB=size)
    assert code == "ValidationException"
    code, _ = client.refusal(
        "CreateStream", StreamName="other", ShardCount=1, MaxRecordSizeInKiB=size
    )
    assert code == "ValidationException"


def test_a_stream_can_be_created_for_large_records(client: Client) -> None:
    client.create(MaxRecordSizeInKiB=2_048)
    assert summary(client)["MaxRecordSizeInKiB"] == 2_048
    client.put("k", b"x" * (2 * MIB - 1))
    code, _ = client.refusal(
        "PutRecord", StreamName="orders", PartitionKey="k", Data=b"x" * (2 * MIB)
    )
    assert code == "ValidationException"


def test_one_call_carries_ten_mebibytes(client: Client) -> None:
    """API Reference, PutRecords: 10 MiB for the entire request, partition keys included."""
    client.create(shards=16, MaxRecordSizeInKiB=10_240)
    entries = [{"PartitionKey": f"{n:02d}", "Data": b"x" * (MIB - 2)} for n in range(10)]
    answer = client.call("PutRecords", StreamName="orders", Records=entries)
    assert len(answer["Records"]) == 10
    entries[0]["Data"] = b"x" * (MIB - 1)
    code, _ = client.refusal("PutRecords", StreamName="orders", Records=entries)
    assert code == "InvalidArgumentException"


# AUTO


def test_an_auto_stream_spreads_records_evenly_and_shows_no_key(client: Client) -> None:
    on_demand(client, RecordDistributionStrategy="AUTO")
    assert summary(client)["RecordDistributionStrategy"] == "AUTO"
    entries: list[dict[str, Any]] = [{"Data": b"a"}, {"Data": b"b", "PartitionKey": "k"}] * 4
    entries[3]["ExplicitHashKey"] = "0"
    answer = client.call("PutRecords", StreamName="orders", Records=entries)
    shards = [entry["ShardId"][-1] for entry in answer["Records"]]
    assert shards == list("01230123")
    assert client.call("PutRecord", StreamName="orders", Data=b"c")["ShardId"][-1] == "0"
    for shard in range(4):
        for record in client.drain(client.iterator(shard))[0]:
            assert "PartitionKey" not in record


def test_ordering_is_refused_on_an_auto_stream(client: Client) -> None:
    on_demand(client, RecordDistributionStrategy="AUTO")
    number = client.call("PutRecord", StreamName="orders", Data=b"c")["SequenceNumber"]
    code, _ = client.refusal(
        "PutRecord", StreamName="orders", Data=b"c", SequenceNumberForOrdering=number
    )
    assert code == "InvalidArgumentException"


def test_the_strategy_changes_at_once_and_for_new_records_only(client: Client) -> None:
    on_demand(client)
    assert summary(client)["RecordDistributionStrategy"] == "USER_PARTITION_KEY"
    first = client.put("k")
    for strategy in ("AUTO", "USER_PARTITION_KEY"):
        client.call(
            "UpdateStreamRecordDistributionStrategy",
            StreamARN=ARN,
            RecordDistributionStrategy=strategy,
        )
        assert summary(client)["StreamStatus"] == "ACTIVE"
        client.put("k")
    records = [r for shard in range(4) for r in client.drain(client.iterator(shard))[0]]
    keys = {record["SequenceNumber"]: record.get("PartitionKey") for record in records}
    assert keys[first] == "k"
    assert sorted(keys.values(), key=str) == [None, "k", "k"]
    code, _ = client.refusal("PutRecord", StreamName="orders", Data=b"c")
    assert code == "ValidationException"


def test_a_provisioned_stream_cannot_be_auto(client: Client) -> None:
    client.create()
    assert "RecordDistributionStrategy" not in summary(client)
    code, _ = client.refusal(
        "UpdateStreamRecordDistributionStrategy",
        StreamARN=ARN,
        RecordDistributionStrategy="AUTO",
    )
    assert code == "InvalidArgumentException"
    code, _ = client.refusal(
        "CreateStream", StreamName="other", ShardCount=1, RecordDistributionStrategy="AUTO"
    )
    assert code == "InvalidArgumentException"


def test_a_large_record_is_refused_on_an_auto_stream_too(client: Client) -> None:
    on_demand(client, RecordDistributionStrategy="AUTO")
    code, _ = client.refusal("PutRecord", StreamName="orders", Data=b"x" * (MIB + 1))
    assert code == "ValidationException"


# Commitment and warm throughput


def test_a_commitment_holds_for_24_hours_at_least(client: Client) -> None:
    """MinimumThroughputBillingCommitment: an early end waits, and can be taken back."""
    settings = client.call("DescribeAccountSettings")["MinimumThroughputBillingCommitment"]
    assert settings == {"Status": "DISABLED"}
    settings = commit(client)
    assert settings["Status"] == "ENABLED"
    started = settings["StartedAt"]
    assert (settings["EarliestAllowedEndAt"] - started).total_seconds() == 24 * 3_600
    client.clock.sleep(HOUR)
    assert commit(client, "DISABLED")["Status"] == "ENABLED_UNTIL_EARLIEST_ALLOWED_END"
    assert commit(client)["Status"] == "ENABLED"
    assert commit(client, "DISABLED")["Status"] == "ENABLED_UNTIL_EARLIEST_ALLOWED_END"
    client.clock.sleep(24 * HOUR)
    settings = client.call("DescribeAccountSettings")["MinimumThroughputBillingCommitment"]
    assert settings["Status"] == "DISABLED"
    assert (settings["EndedAt"] - started).total_seconds() == 24 * 3_600
    again = commit(client)
    assert again["Status"] == "ENABLED"
    assert again["StartedAt"] > started
    assert "EndedAt" not in again


def test_after_24_hours_a_commitment_ends_at_once(client: Client) -> None:
    commit(client)
    client.clock.sleep(24 * HOUR)
    settings = commit(client, "DISABLED")
    assert settings["Status"] == "DISABLED"
    assert settings["EndedAt"] > settings["StartedAt"]
    assert commit(client, "DISABLED") == settings


def test_a_stream_warms_up_and_gives_back(client: Client) -> None:
    commit(client)
    on_demand(client, WarmThroughputMiBps=10)
    assert summary(client)["WarmThroughput"] == {"TargetMiBps": 10, "CurrentMiBps": 10}
    answer = client.call("UpdateStreamWarmThroughput", StreamName="orders", WarmThroughputMiBps=20)
    assert answer == {
        "StreamARN": ARN,
        "StreamName": "orders",
        "WarmThroughput": {"TargetMiBps": 20, "CurrentMiBps": 10},
    }
    assert summary(client)["StreamStatus"] == "UPDATING"
    client.settle()
    assert summary(client)["WarmThroughput"] == {"TargetMiBps": 20, "CurrentMiBps": 20}
    client.call("UpdateStreamWarmThroughput", StreamARN=ARN, WarmThroughputMiBps=6)
    client.settle()
    assert summary(client)["OpenShardCount"] == 6
    client.call("UpdateStreamWarmThroughput", StreamARN=ARN, WarmThroughputMiBps=0)
    client.settle()
    assert summary(client)["OpenShardCount"] == 4


def test_what_the_last_hour_needed_is_not_given_back(client: Client) -> None:
    """What's New, July 2026: the floor is what the last hour's peak needs."""
    commit(client)
    on_demand(client, WarmThroughputMiBps=16)
    assert write_for(client, 60, 16, 6 * MIB // 16) == 0
    client.clock.sleep(MINUTE)
    client.call("UpdateStreamWarmThroughput", StreamARN=ARN, WarmThroughputMiBps=0)
    client.settle()
    assert summary(client)["OpenShardCount"] == 6
    client.clock.sleep(HOUR)
    client.call("UpdateStreamWarmThroughput", StreamARN=ARN, WarmThroughputMiBps=0)
    client.settle()
    assert summary(client)["OpenShardCount"] == 4


def test_a_switch_to_on_demand_can_warm_up_at_once(client: Client) -> None:
    commit(client)
    client.create()
    client.call(
        "UpdateStreamMode", StreamARN=ARN, StreamModeDetails=ON_DEMAND, WarmThroughputMiBps=8
    )
    client.settle()
    assert summary(client)["OpenShardCount"] == 8
    assert summary(client)["WarmThroughput"]["TargetMiBps"] == 8


def test_warm_throughput_needs_a_commitment_and_an_on_demand_stream(client: Client) -> None:
    on_demand(client)
    warm = {"StreamARN": ARN, "WarmThroughputMiBps": 8}
    code, _ = client.refusal("UpdateStreamWarmThroughput", **warm)
    assert code == "InvalidArgumentException"
    code, _ = client.refusal(
        "CreateStream", StreamName="other", StreamModeDetails=ON_DEMAND, WarmThroughputMiBps=8
    )
    assert code == "InvalidArgumentException"
    commit(client)
    client.call("UpdateStreamMode", StreamARN=ARN, StreamModeDetails=PROVISIONED)
    client.settle()
    for operation, request in {
        "UpdateStreamWarmThroughput": warm,
        "UpdateStreamMode": {**warm, "StreamModeDetails": PROVISIONED},
        "CreateStream": {"StreamName": "other", "ShardCount": 1, "WarmThroughputMiBps": 8},
    }.items():
        code, _ = client.refusal(operation, **request)
        assert code == "InvalidArgumentException", operation


def test_no_stream_warms_up_beyond_ten_gibibytes_a_second(client: Client) -> None:
    """API Reference, UpdateStreamWarmThroughput."""
    commit(client)
    stream = on_demand(client)
    code, _ = client.refusal(
        "UpdateStreamWarmThroughput", StreamARN=ARN, WarmThroughputMiBps=10_241
    )
    assert code == "LimitExceededException"
    assert (stream.status, stream.warm_mib) == ("ACTIVE", None)


def test_in_most_regions_the_ceiling_is_200(client: Client) -> None:
    """Developer Guide, quotas: 200 MB/s; 10 GB/s in us-east-1, us-west-2 and eu-west-1."""
    for region, highest in (("eu-central-1", 200), ("us-west-2", 10_240), ("eu-west-1", 10_240)):
        abroad = Client(client.account, region)
        commit(abroad)
        on_demand(abroad)
        request = {"StreamName": "orders", "WarmThroughputMiBps": highest + 1}
        code, _ = abroad.refusal("UpdateStreamWarmThroughput", **request)
        assert code == "LimitExceededException"
        request["WarmThroughputMiBps"] = highest
        abroad.call("UpdateStreamWarmThroughput", **request)
        abroad.settle()
        assert summary(abroad)["OpenShardCount"] == highest


def test_on_demand_streams_have_no_part_in_the_quota_of_shards(client: Client) -> None:
    """Developer Guide, quotas: 20,000 provisioned shards."""
    client.create(name="big", shards=19_999)
    on_demand(client)
    code, _ = client.refusal("UpdateStreamMode", StreamARN=ARN, StreamModeDetails=PROVISIONED)
    assert code == "LimitExceededException"
    assert summary(client)["StreamModeDetails"] == ON_DEMAND
    client.create(name="small")
    code, _ = client.refusal("CreateStream", StreamName="more", ShardCount=1)
    assert code == "LimitExceededException"
