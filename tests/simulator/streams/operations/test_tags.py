"""Tags: the old calls by stream, the new ones by ARN. Rules: API Reference of each operation.

The text about invalid characters was recorded by kinesalite.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.client import Client

ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
INVALID = (
    "InvalidArgumentException",
    "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white "
    "space, _ . / = + - % @ :.",
)


def tags(client: Client, arn: str = ARN) -> dict[str, str]:
    listed = client.call("ListTagsForResource", ResourceARN=arn)["Tags"]
    return {tag["Key"]: tag["Value"] for tag in listed}


def test_tags_are_added_changed_and_removed(client: Client) -> None:
    client.create()
    assert tags(client) == {}
    added = {"team": "shop", "Straße": "", "हिन्दी": "भाषा", "a.b:c/d=e+f-g@h_i 1": "x" * 256}
    assert client.call("AddTagsToStream", StreamName="orders", Tags=added) == {}
    assert client.call("TagResource", ResourceARN=ARN, Tags={"team": "data"}) == {}
    assert tags(client) == added | {"team": "data"}
    keys = ["team", "nobody"]
    assert client.call("RemoveTagsFromStream", StreamARN=ARN, TagKeys=keys) == {}
    assert client.call("UntagResource", ResourceARN=ARN, TagKeys=["Straße", "हिन्दी"]) == {}
    assert list(tags(client)) == ["a.b:c/d=e+f-g@h_i 1"]


def test_a_stream_and_a_consumer_can_be_tagged_from_the_start(client: Client) -> None:
    client.create(Tags={"team": "shop"})
    consumer = client.call(
        "RegisterStreamConsumer", StreamARN=ARN, ConsumerName="audit", Tags={"for": "audit"}
    )["Consumer"]
    assert tags(client) == {"team": "shop"}
    assert tags(client, consumer["ConsumerARN"]) == {"for": "audit"}
    client.call("TagResource", ResourceARN=consumer["ConsumerARN"], Tags={"x": "1"})
    client.call("UntagResource", ResourceARN=consumer["ConsumerARN"], TagKeys=["for"])
    assert tags(client, consumer["ConsumerARN"]) == {"x": "1"}
    assert tags(client) == {"team": "shop"}


def test_tags_are_listed_by_name_page_by_page(client: Client) -> None:
    client.create(Tags={"c": "3", "a": "1", "b": "2"})
    page = client.call("ListTagsForStream", StreamName="orders", Limit=2)
    assert page == {
        "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
        "HasMoreTags": True,
    }
    page = client.call("ListTagsForStream", StreamName="orders", ExclusiveStartTagKey="b")
    assert page == {"Tags": [{"Key": "c", "Value": "3"}], "HasMoreTags": False}


def test_a_resource_has_at_most_fifty_tags(client: Client) -> None:
    client.create(Tags={f"k{number}": "" for number in range(50)})
    client.call("TagResource", ResourceARN=ARN, Tags={"k1": "changed"})
    for operation, request in {
        "AddTagsToStream": {"StreamName": "orders", "Tags": {"one": "more"}},
        "TagResource": {"ResourceARN": ARN, "Tags": {"one": "more"}},
        "CreateStream": {
            "StreamName": "other",
            "ShardCount": 1,
            "Tags": {f"k{number}": "" for number in range(51)},
        },
    }.items():
        code, message = client.refusal(operation, **request)
        assert code == "InvalidArgumentException"
        assert "cannot have more than 50 tags" in str(message)
    assert len(tags(client)) == 50


@pytest.mark.parametrize("bad", ["a!", "ключ#", "a\x00", "<b>", "a,b"])
def test_other_characters_are_refused(client: Client, bad: str) -> None:
    client.create()
    for given in ({bad: "x"}, {"x": bad}):
        assert client.refusal("AddTagsToStream", StreamName="orders", Tags=given) == INVALID
        assert client.refusal("TagResource", ResourceARN=ARN, Tags=given) == INVALID
    assert client.refusal("UntagResource", ResourceARN=ARN, TagKeys=[bad]) == INVALID
    assert tags(client) == {}


def test_the_percent_sign_has_a_refusal_of_its_own(client: Client) -> None:
    client.create()
    given = {"discount": "50%"}
    for code, message in (
        client.refusal("AddTagsToStream", StreamName="orders", Tags=given),
        client.refusal("RemoveTagsFromStream", StreamName="orders", TagKeys=["%"]),
    ):
        assert code == "InvalidArgumentException"
        assert "under account 123456789012 because some tags contained illegal" in str(message)


def test_the_prefix_of_aws_is_reserved(client: Client) -> None:
    client.create()
    for key in ("aws:x", "AWS:x"):
        code, _ = client.refusal("TagResource", ResourceARN=ARN, Tags={key: "x"})
        assert code == "InvalidArgumentException"


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("TagResource", {"Tags": {"": "x"}}),
        ("TagResource", {"Tags": {"x" * 129: "x"}}),
        ("TagResource", {"Tags": {"x": "x" * 257}}),
        ("TagResource", {"Tags": {}}),
        ("UntagResource", {"TagKeys": []}),
        ("UntagResource", {"TagKeys": ["x"] * 51}),
    ],
)
def test_the_model_is_kept(client: Client, operation: str, request_: dict[str, Any]) -> None:
    client.create()
    code, _ = client.refusal(operation, ResourceARN=ARN, **request_)
    assert code == "ValidationException"


def test_the_model_s_texts_blame_the_whole_map_or_list(client: Client) -> None:
    """kinesalite's tests of AddTagsToStream and RemoveTagsFromStream recorded them."""
    long_key, long_value = "k" * 129, "v" * 257
    failed = "failed to satisfy constraint:"
    lengths = (
        "[Member must have length less than or equal to {}, "
        "Member must have length greater than or equal to {}]"
    )
    for request, problems in (
        (
            {"Tags": {"a": "1", long_key: "3"}},
            [
                f"'{{a=1, {long_key}=3}}' at 'tags' {failed} Map keys must satisfy constraint: "
                + lengths.format(128, 1)
            ],
        ),
        (
            {"Tags": {"c": long_value}},
            [
                f"'{{c={long_value}}}' at 'tags' {failed} Map value must satisfy constraint: "
                + lengths.format(256, 0)
            ],
        ),
        (
            {"Tags": {}},
            [f"'{{}}' at 'tags' {failed} Member must have length greater than or equal to 1"],
        ),
        (
            {"TagKeys": ["a", long_key, "b"]},
            [
                f"'[a, {long_key}, b]' at 'tagKeys' {failed} Member must satisfy constraint: "
                + lengths.format(128, 1)
            ],
        ),
        (
            {"TagKeys": []},
            [f"'[]' at 'tagKeys' {failed} Member must have length greater than or equal to 1"],
        ),
    ):
        operation = "AddTagsToStream" if "Tags" in request else "RemoveTagsFromStream"
        said = [f"1 validation error detected: Value {problem}" for problem in problems]
        refused = client.refusal(operation, StreamName="orders", **request)
        assert refused == ("ValidationException", *said)


def test_a_new_consumer_s_tags_are_held_to_the_same_rules(client: Client) -> None:
    client.create()
    request = {"StreamARN": ARN, "ConsumerName": "audit"}
    assert client.refusal("RegisterStreamConsumer", **request, Tags={"a!": ""}) == INVALID
    for tags in ({"aws:x": ""}, {f"k{number}": "" for number in range(51)}):
        code, _ = client.refusal("RegisterStreamConsumer", **request, Tags=tags)
        assert code == "InvalidArgumentException"
    assert client.call("ListStreamConsumers", StreamARN=ARN)["Consumers"] == []


def test_the_call_log_keeps_what_was_asked(client: Client) -> None:
    client.create(Tags={"team": "shop"})
    consumer = client.call(
        "RegisterStreamConsumer", StreamARN=ARN, ConsumerName="audit", Tags={"for": "audit"}
    )["Consumer"]
    created, registered = client.account.calls.attempts[0], client.account.calls.attempts[-1]
    for arn in (ARN, consumer["ConsumerARN"]):
        client.call("TagResource", ResourceARN=arn, Tags={"more": "x"})
    assert created.request["Tags"] == {"team": "shop"}
    assert registered.request["Tags"] == {"for": "audit"}


def test_tags_stay_as_they_are_until_the_stream_is_there(client: Client) -> None:
    """API Reference, CreateStream."""
    client.call("CreateStream", StreamName="orders", ShardCount=1, Tags={"team": "shop"})
    assert tags(client) == {"team": "shop"}
    code, _ = client.refusal("TagResource", ResourceARN=ARN, Tags={"x": "y"})
    assert code == "ResourceInUseException"


@pytest.mark.parametrize(
    "arn",
    [
        ARN,
        ARN.replace("us-east-1", "eu-west-1"),
        f"{ARN}/consumer/audit:1767603660",
        "arn:aws:kinesis:us-east-1:123456789012:queue/q",
    ],
)
def test_an_unknown_resource_is_not_found(client: Client, arn: str) -> None:
    for operation, more in {
        "TagResource": {"Tags": {"x": "y"}},
        "UntagResource": {"TagKeys": ["x"]},
        "ListTagsForResource": {},
        "GetResourcePolicy": {},
        "DeleteResourcePolicy": {},
    }.items():
        code, _ = client.refusal(operation, ResourceARN=arn, **more)
        assert code == "ResourceNotFoundException", operation
