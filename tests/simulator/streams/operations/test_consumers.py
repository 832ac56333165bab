"""RegisterStreamConsumer, DescribeStreamConsumer, ListStreamConsumers, DeregisterStreamConsumer.

Rules and limits: API Reference of each. DeleteStream's text: aws-nuke issue 497; the text for an
unknown consumer: moto.
"""

from __future__ import annotations

from typing import Any

import pytest

from course import facts
from course.simulator.clock import SECOND, from_datetime
from tests.simulator.client import Client

ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"


def register(client: Client, name: str = "audit", arn: str = ARN, **more: Any) -> dict[str, Any]:
    """Register, without waiting; the Consumer in the answer."""
    answer = client.call("RegisterStreamConsumer", StreamARN=arn, ConsumerName=name, **more)
    consumer: dict[str, Any] = answer["Consumer"]
    return consumer


def status(client: Client, consumer_arn: str) -> str:
    answer = client.call("DescribeStreamConsumer", ConsumerARN=consumer_arn)
    told: str = answer["ConsumerDescription"]["ConsumerStatus"]
    return told


def names(client: Client, **more: Any) -> list[str]:
    answer = client.call("ListStreamConsumers", StreamARN=ARN, **more)
    return [consumer["ConsumerName"] for consumer in answer["Consumers"]]


def consumer_count(client: Client) -> int:
    summary = client.call("DescribeStreamSummary", StreamName="orders")["StreamDescriptionSummary"]
    count: int = summary["ConsumerCount"]
    return count


# RegisterStreamConsumer


def test_a_new_consumer_is_creating_and_becomes_active(client: Client) -> None:
    client.create()
    before = client.clock.now
    consumer = register(client)
    created = consumer.pop("ConsumerCreationTimestamp")
    assert from_datetime(created) == before
    assert consumer == {
        "ConsumerName": "audit",
        "ConsumerARN": f"{ARN}/consumer/audit:{before // SECOND}",
        "ConsumerStatus": "CREATING",
    }
    assert status(client, consumer["ConsumerARN"]) == "CREATING"
    client.settle()
    assert status(client, consumer["ConsumerARN"]) == "ACTIVE"


def test_a_name_is_taken_until_its_consumer_is_gone(client: Client) -> None:
    client.create()
    arn = register(client)["ConsumerARN"]
    refused = (
        "ResourceInUseException",
        "Consumer audit under stream orders, account 123456789012 already exists.",
    )
    request = {"StreamARN": ARN, "ConsumerName": "audit"}
    assert client.refusal("RegisterStreamConsumer", **request) == refused
    client.call("DeregisterStreamConsumer", ConsumerARN=arn)
    assert client.refusal("RegisterStreamConsumer", **request) == refused
    client.settle()
    assert register(client)["ConsumerARN"] != arn


def test_the_same_name_on_another_stream_is_another_consumer(client: Client) -> None:
    client.create()
    client.create("clicks")
    clicks = ARN.replace("orders", "clicks")
    assert register(client)["ConsumerARN"].startswith(f"{ARN}/consumer/audit:")
    assert register(client, arn=clicks)["ConsumerARN"].startswith(f"{clicks}/consumer/audit:")


def test_a_stream_has_at_most_twenty_consumers(client: Client) -> None:
    client.create()
    for number in range(20):
        register(client, f"c-{number}")
        client.clock.sleep(60 * SECOND)
    request = {"StreamARN": ARN, "ConsumerName": "one-more"}
    code, message = client.refusal("RegisterStreamConsumer", **request)
    assert code == "LimitExceededException"
    assert message == (
        "Stream orders under account 123456789012 already has 20 registered consumers. Limit: 20."
    )
    assert consumer_count(client) == 20
    client.create("clicks")
    register(client, arn=ARN.replace("orders", "clicks"))
    client.call("DeregisterStreamConsumer", StreamARN=ARN, ConsumerName="c-7")
    client.settle()
    register(client, "one-more")


def test_with_a_throughput_commitment_there_are_fifty(client: Client) -> None:
    """API Reference, RegisterStreamConsumer: On-demand Advantage."""
    client.create()
    client.call("UpdateAccountSettings", MinimumThroughputBillingCommitment={"Status": "ENABLED"})
    for number in range(50):
        register(client, f"c-{number}")
        client.clock.sleep(60 * SECOND)
    request = {"StreamARN": ARN, "ConsumerName": "one-more"}
    code, message = client.refusal("RegisterStreamConsumer", **request)
    assert (code, str(message)[-10:]) == ("LimitExceededException", "Limit: 50.")


def test_at_most_five_consumers_are_creating_at_once(client: Client) -> None:
    client.create()
    client.create("clicks")
    for number in range(4):
        register(client, f"c-{number}")
    register(client, arn=ARN.replace("orders", "clicks"))
    client.clock.sleep(SECOND)
    request = {"StreamARN": ARN, "ConsumerName": "sixth"}
    assert client.refusal("RegisterStreamConsumer", **request) == (
        "LimitExceededException",
        "This account 123456789012 already has 5 consumers in state CREATING.",
    )
    client.settle()
    register(client, "sixth")


def test_a_stream_must_be_active(client: Client) -> None:
    client.call("CreateStream", StreamName="orders", ShardCount=1)
    request = {"StreamARN": ARN, "ConsumerName": "audit"}
    assert client.refusal("RegisterStreamConsumer", **request) == (
        "ResourceInUseException",
        "Stream orders under account 123456789012 not ACTIVE, instead in state CREATING",
    )
    client.settle()
    client.call("DeleteStream", StreamName="orders")
    assert client.refusal("RegisterStreamConsumer", **request)[0] == "ResourceInUseException"
    client.settle()
    assert client.refusal("RegisterStreamConsumer", **request) == (
        "ResourceNotFoundException",
        "Stream orders under account 123456789012 not found.",
    )


def test_tags_are_kept(client: Client) -> None:
    client.create()
    register(client, Tags={"team": "fraud"})
    assert client.stream().consumers["audit"].tags == {"team": "fraud"}


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({}, "2 validation errors detected"),
        ({"StreamARN": ARN, "ConsumerName": "a b"}, "regular expression"),
        ({"StreamARN": ARN, "ConsumerName": "a" * 129}, "less than or equal to 128"),
        ({"StreamARN": "orders", "ConsumerName": "a"}, "regular expression"),
        ({"StreamARN": ARN, "ConsumerName": "a", "Tags": {}}, "greater than or equal to 1"),
    ],
)
def test_a_registration_follows_the_model(
    client: Client, request_: dict[str, Any], said: str
) -> None:
    client.create()
    code, message = client.refusal("RegisterStreamConsumer", **request_)
    assert code == "ValidationException"
    assert said in str(message)


# DescribeStreamConsumer and DeregisterStreamConsumer find a consumer alike


@pytest.fixture
def arn(client: Client) -> str:
    """The ARN of the consumer "audit" of the stream "orders"."""
    client.create()
    return client.register()


FINDERS = ["DescribeStreamConsumer", "DeregisterStreamConsumer"]


@pytest.mark.parametrize("operation", FINDERS)
@pytest.mark.parametrize("given", ["arn", "names", "all"])
def test_a_consumer_is_found_by_arn_or_by_names(
    client: Client, arn: str, operation: str, given: str
) -> None:
    by_names = {"StreamARN": ARN, "ConsumerName": "audit"}
    by_arn = {"ConsumerARN": arn}
    request = {"arn": by_arn, "names": by_names, "all": by_arn | by_names}[given]
    client.call(operation, **request)


def test_a_description_names_the_stream(client: Client, arn: str) -> None:
    description = client.call("DescribeStreamConsumer", ConsumerARN=arn)["ConsumerDescription"]
    assert description.pop("ConsumerCreationTimestamp")
    assert description == {
        "ConsumerName": "audit",
        "ConsumerARN": arn,
        "ConsumerStatus": "ACTIVE",
        "StreamARN": ARN,
    }


@pytest.mark.parametrize("operation", FINDERS)
@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"ConsumerName": "audit"},
        {"StreamARN": ARN},
        {"ConsumerARN": "$arn", "ConsumerName": "search"},
        {"ConsumerARN": "$arn", "StreamARN": ARN.replace("orders", "clicks")},
    ],
)
def test_too_few_names_or_names_that_conflict_are_refused(
    client: Client, arn: str, operation: str, request_: dict[str, Any]
) -> None:
    request = {name: arn if value == "$arn" else value for name, value in request_.items()}
    code, message = client.refusal(operation, **request)
    assert code == "InvalidArgumentException"
    assert "ConsumerARN" in str(message)
    assert status(client, arn) == "ACTIVE"


@pytest.mark.parametrize("operation", FINDERS)
def test_an_unknown_consumer_is_not_found(client: Client, arn: str, operation: str) -> None:
    def not_found(what: str) -> tuple[str, str]:
        return "ResourceNotFoundException", f"Consumer {what}, account 123456789012 not found."

    for other in (arn + "1", arn.replace("audit", "search")):
        assert client.refusal(operation, ConsumerARN=other) == not_found(other)
    by_name = client.refusal(operation, StreamARN=ARN, ConsumerName="search")
    assert by_name == not_found("search")


@pytest.mark.parametrize("operation", FINDERS)
def test_a_consumer_of_an_unknown_stream_is_not_found(
    client: Client, arn: str, operation: str
) -> None:
    elsewhere = arn.replace("us-east-1", "eu-west-1")
    assert client.refusal(operation, ConsumerARN=elsewhere)[0] == "ResourceNotFoundException"
    nowhere = arn.replace("orders", "nobody")
    assert client.refusal(operation, ConsumerARN=nowhere) == (
        "ResourceNotFoundException",
        "Stream nobody under account 123456789012 not found.",
    )


def test_a_deregistered_consumer_is_deleting_and_then_gone(client: Client, arn: str) -> None:
    assert client.call("DeregisterStreamConsumer", ConsumerARN=arn) == {}
    assert status(client, arn) == "DELETING"
    assert (names(client), consumer_count(client)) == (["audit"], 1)
    client.call("DeregisterStreamConsumer", ConsumerARN=arn)
    client.settle()
    request = {"ConsumerARN": arn}
    assert client.refusal("DescribeStreamConsumer", **request)[0] == "ResourceNotFoundException"
    assert (names(client), consumer_count(client)) == ([], 0)


def test_a_consumer_can_be_given_up_before_it_is_active(client: Client) -> None:
    client.create()
    active = client.clock.now + facts.latency.register_consumer_s * SECOND
    arn = register(client)["ConsumerARN"]
    client.call("DeregisterStreamConsumer", ConsumerARN=arn)
    client.clock.advance_to(active)
    assert status(client, arn) == "DELETING"
    client.settle()
    assert names(client) == []


# ListStreamConsumers


@pytest.fixture
def twelve(client: Client) -> list[str]:
    """Twelve consumers, registered in no order."""
    client.create()
    for number in (7, 3, 11, 0, 5, 1, 9, 10, 2, 8, 4, 6):
        register(client, f"c-{number:02d}")
        client.clock.sleep(60 * SECOND)
    return [f"c-{number:02d}" for number in range(12)]


def test_consumers_are_listed_page_by_page(client: Client, twelve: list[str]) -> None:
    answer = client.call("ListStreamConsumers", StreamARN=ARN, MaxResults=5)
    seen = [consumer["ConsumerName"] for consumer in answer["Consumers"]]
    while "NextToken" in answer:
        answer = client.call(
            "ListStreamConsumers", StreamARN=ARN, MaxResults=5, NextToken=answer["NextToken"]
        )
        assert len(answer["Consumers"]) <= 5
        seen += [consumer["ConsumerName"] for consumer in answer["Consumers"]]
    assert seen == twelve
    assert answer["Consumers"][0].keys() == {
        "ConsumerName",
        "ConsumerARN",
        "ConsumerStatus",
        "ConsumerCreationTimestamp",
    }


def test_all_are_listed_by_default_whatever_more_is_asked_for(
    client: Client, twelve: list[str]
) -> None:
    assert names(client) == names(client, MaxResults=10_000) == twelve
    answer = client.call("ListStreamConsumers", StreamARN=ARN, MaxResults=12)
    assert "NextToken" not in answer


def token(client: Client) -> str:
    answer = client.call("ListStreamConsumers", StreamARN=ARN, MaxResults=1)
    found: str = answer["NextToken"]
    return found


def test_a_token_lives_three_hundred_seconds(client: Client, twelve: list[str]) -> None:
    issued = client.clock.now
    page = token(client)
    client.clock.advance_to(issued + 300 * SECOND)
    assert names(client, NextToken=page)[0] == "c-01"
    request = {"StreamARN": ARN, "NextToken": page}
    assert client.refusal("ListStreamConsumers", **request)[0] == "ExpiredNextTokenException"


def test_a_token_is_for_its_own_listing(client: Client, twelve: list[str]) -> None:
    client.create("clicks", shards=2)
    clicks = ARN.replace("orders", "clicks")
    of_shards = client.call("ListShards", StreamName="clicks", MaxResults=1)["NextToken"]
    for request in (
        {"StreamARN": clicks, "NextToken": token(client)},
        {"StreamARN": ARN, "NextToken": of_shards},
        {"StreamARN": ARN, "NextToken": "garbage"},
        {"StreamARN": ARN, "NextToken": token(client), "StreamCreationTimestamp": 0},
    ):
        assert client.refusal("ListStreamConsumers", **request)[0] == "InvalidArgumentException"


def test_a_stream_of_another_time_is_not_found(client: Client, twelve: list[str]) -> None:
    created = client.stream().created // SECOND
    assert names(client, StreamCreationTimestamp=created) == twelve
    request = {"StreamARN": ARN, "StreamCreationTimestamp": created + 1}
    assert client.refusal("ListStreamConsumers", **request)[0] == "ResourceNotFoundException"


def test_the_stream_must_be_there_and_made(client: Client) -> None:
    code, _ = client.refusal("ListStreamConsumers", StreamARN=ARN)
    assert code == "ResourceNotFoundException"
    client.call("CreateStream", StreamName="orders", ShardCount=1)
    code, _ = client.refusal("ListStreamConsumers", StreamARN=ARN)
    assert code == "ResourceInUseException"
    client.settle()
    assert names(client) == []


# What a stream says of its consumers, and its deletion


def test_a_stream_counts_its_consumers(client: Client) -> None:
    client.create()
    assert consumer_count(client) == 0
    register(client)
    register(client, "search")
    assert consumer_count(client) == 2


def test_a_stream_with_consumers_is_deleted_only_by_force(client: Client, arn: str) -> None:
    refused = (
        "ResourceInUseException",
        "DeleteStream can’t delete 123456789012:orders because there are consumers associated "
        "with this data stream. To delete orders anyway, set the EnforceConsumerDeletion parameter "
        "to true to force the deletion of all the consumers that are associated with it.",
    )
    assert client.refusal("DeleteStream", StreamName="orders") == refused
    request = {"StreamName": "orders", "EnforceConsumerDeletion": False}
    assert client.refusal("DeleteStream", **request) == refused
    assert status(client, arn) == "ACTIVE"
    client.call("DeleteStream", StreamName="orders", EnforceConsumerDeletion=True)
    assert status(client, arn) == "DELETING"
    client.call("DeleteStream", StreamName="orders")
    client.settle()
    request = {"ConsumerARN": arn}
    assert client.refusal("DescribeStreamConsumer", **request)[0] == "ResourceNotFoundException"


def test_the_consumers_of_a_deleted_stream_do_not_come_back(client: Client, arn: str) -> None:
    client.call("DeregisterStreamConsumer", ConsumerARN=arn)
    client.call("DeleteStream", StreamName="orders", EnforceConsumerDeletion=True)
    client.settle()
    client.create()
    assert names(client) == []
    client.register()
    assert names(client) == ["audit"]
