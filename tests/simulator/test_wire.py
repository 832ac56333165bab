"""The wire: bodies in, checked requests out, in AWS's words.

Texts: recorded by kinesalite (tests of each operation); those of SerializationException as other
JSON services of AWS gave them in 2026 (SES, Athena: measured by emulators' authors).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.simulator import wire
from course.simulator.errors import AwsError


def decode(operation: str, request: Any) -> dict[str, Any]:
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    return wire.decode("kinesis", operation, body)


def refusal(operation: str, request: Any) -> tuple[str, str | None]:
    with pytest.raises(AwsError) as caught:
        decode(operation, request)
    return caught.value.code, caught.value.message


def outcome(operation: str, request: Any) -> str:
    """ "ok" or the code of the refusal; anything else that is raised goes on."""
    try:
        decode(operation, request)
    except AwsError as error:
        json.loads(wire.encode(error.document))
        return error.code
    return "ok"


def problems(operation: str, request: Any) -> list[str]:
    """The single complaints of a ValidationException, counted rightly."""
    code, message = refusal(operation, request)
    assert code == "ValidationException"
    count, _, rest = str(message).partition(" detected: ")
    complaints = rest.split("; ")
    noun = "error" if len(complaints) == 1 else "errors"
    assert count == f"{len(complaints)} validation {noun}"
    return complaints


@pytest.mark.parametrize("operation", sorted(wire.operations("kinesis")))
def test_every_operation_of_the_model_can_be_decoded_or_refused(operation: str) -> None:
    assert outcome(operation, {}) in ("ok", "ValidationException")


def test_blobs_become_bytes_and_times_microseconds() -> None:
    assert decode("PutRecord", {"Data": "AP8=", "PartitionKey": "k"})["Data"] == b"\x00\xff"
    request = {"StreamName": "s", "StreamCreationTimestamp": 1_767_603_600.123456}
    assert decode("ListShards", request)["StreamCreationTimestamp"] == 1_767_603_600_123_456


def test_unknown_members_and_nulls_are_passed_over() -> None:
    assert decode("ListStreams", {"Colour": [1, {"x": None}], "Limit": None}) == {}


def test_an_empty_body_is_an_empty_request() -> None:
    assert decode("ListStreams", b"") == {}


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        b"[]",
        b"null",
        b"1",
        b'"text"',
        b"{",
        b"\xff\xfe",
        b'{"Limit": }',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"{" + b'"Limit": ' + b"9" * 10_000 + b"}",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_what_is_no_json_object_cannot_be_read(body: bytes) -> None:
    assert refusal("ListStreams", body)[0] == "SerializationException"


@pytest.mark.parametrize(
    ("operation", "request_", "said"),
    [
        ("GetRecords", {"ShardIterator": 5}, "NUMBER_VALUE can not be converted to a String"),
        ("GetRecords", {"ShardIterator": True}, "TRUE_VALUE can not be converted to a String"),
        ("GetRecords", {"ShardIterator": []}, "Start of list found where not expected"),
        (
            "GetRecords",
            {"ShardIterator": {}},
            "Start of structure or map found where not expected.",
        ),
        ("ListStreams", {"Limit": "5"}, "STRING_VALUE can not be converted to an Integer"),
        ("ListStreams", {"Limit": False}, "FALSE_VALUE can not be converted to an Integer"),
        ("PutRecord", {"Data": 5}, "NUMBER_VALUE can not be converted to a Blob"),
        ("PutRecords", {"Records": {}}, "Start of structure or map found where not expected."),
        ("PutRecords", {"Records": "x"}, "Expected list or null"),
        ("PutRecords", {"Records": ["x"]}, "Expected null"),
        ("ListShards", {"ShardFilter": 5}, "Expected null"),
        ("CreateStream", {"Tags": True}, "Expected map or null"),
        ("PutRecords", {"Records": [[]]}, "Start of list found where not expected"),
        ("ListShards", {"ShardFilter": []}, "Start of list found where not expected"),
        (
            "ListShards",
            {"StreamCreationTimestamp": "today"},
            "STRING_VALUE can not be converted to a Timestamp",
        ),
        (
            "DeleteStream",
            {"EnforceConsumerDeletion": 1},
            "NUMBER_VALUE can not be converted to a Boolean",
        ),
    ],
)
def test_wrong_types_cannot_be_read(operation: str, request_: Any, said: str) -> None:
    assert refusal(operation, request_) == ("SerializationException", said)


def test_a_null_in_a_list_cannot_be_read() -> None:
    code, _ = refusal("PutRecords", {"StreamName": "s", "Records": [None]})
    assert code == "SerializationException"


@pytest.mark.parametrize(
    "data", ["=", "A", "AA", "AAA", "A===", "AA=A", "!!!!", "AAAA\n", "é", " "]
)
def test_bad_base64_cannot_be_read(data: str) -> None:
    assert refusal("PutRecord", {"Data": data, "PartitionKey": "k"})[0] == "SerializationException"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"])
@pytest.mark.parametrize("member", ["Limit", "StreamCreationTimestamp"])
def test_numbers_that_are_none_cannot_be_read(number: str, member: str) -> None:
    operation = "ListStreams" if member == "Limit" else "ListShards"
    body = f'{{"{member}": {number}}}'.encode()
    assert refusal(operation, body)[0] == "SerializationException"


def test_missing_members_are_null() -> None:
    assert problems("SplitShard", {}) == [
        "Value null at 'newStartingHashKey' failed to satisfy constraint: Member must not be null",
        "Value null at 'shardToSplit' failed to satisfy constraint: Member must not be null",
    ]
    assert problems("PutRecords", {"Records": [{"PartitionKey": "k"}]}) == [
        "Value null at 'records.1.member.data' failed to satisfy constraint: "
        "Member must not be null"
    ]


def test_several_problems_are_counted_and_the_pattern_comes_first() -> None:
    assert problems("GetShardIterator", {"ShardId": "", "ShardIteratorType": "LATEST"}) == [
        "Value '' at 'shardId' failed to satisfy constraint: Member must satisfy regular "
        "expression pattern: [a-zA-Z0-9_.-]+",
        "Value '' at 'shardId' failed to satisfy constraint: Member must have length greater than "
        "or equal to 1",
    ]


def test_at_most_ten_problems_are_told() -> None:
    records = [{"Data": "", "PartitionKey": ""}] * 30
    assert len(problems("PutRecords", {"StreamName": "s", "Records": records})) == 10


@pytest.mark.parametrize(
    ("operation", "request_", "said"),
    [
        (
            "GetRecords",
            {"ShardIterator": "x" * 513},
            f"Value '{'x' * 513}' at 'shardIterator' failed to satisfy constraint: Member must "
            "have length less than or equal to 512",
        ),
        (
            "GetShardIterator",
            {"ShardId": "0", "ShardIteratorType": "FIRST"},
            "Value 'FIRST' at 'shardIteratorType' failed to satisfy constraint: Member must "
            "satisfy enum value set: [AT_SEQUENCE_NUMBER, AFTER_SEQUENCE_NUMBER, TRIM_HORIZON, "
            "LATEST, AT_TIMESTAMP]",
        ),
        (
            "PutRecord",
            {"Data": "", "PartitionKey": "k", "ExplicitHashKey": "-1"},
            "Value '-1' at 'explicitHashKey' failed to satisfy constraint: Member must satisfy "
            r"regular expression pattern: ^(0|([1-9]\d{0,38}))$",
        ),
        (
            "DescribeStream",
            {"StreamARN": "arn:aws:s3:::bucket"},
            "Value 'arn:aws:s3:::bucket' at 'streamARN' failed to satisfy constraint: Member must "
            r"satisfy regular expression pattern: arn:aws.*:kinesis:.*:\d{12}:stream/\S+",
        ),
    ],
)
def test_values_out_of_bounds_are_told(operation: str, request_: Any, said: str) -> None:
    assert problems(operation, request_) == [said]


def test_a_blob_beyond_the_model_is_told_as_a_java_buffer() -> None:
    """10 MiB is the largest a stream can be set to (Developer Guide, large records)."""
    data = "AAAA" * ((10_485_760 + 2) // 3)
    assert problems("PutRecord", {"Data": data, "PartitionKey": "k"}) == [
        "Value 'java.nio.HeapByteBuffer[pos=0 lim=10485762 cap=10485762]' at 'data' failed to "
        "satisfy constraint: Member must have length less than or equal to 10485760"
    ]


@pytest.mark.parametrize("operation", ["", "Nonsense", "putRecord", "__class__", "PutRecord "])
def test_an_unknown_operation_is_refused(operation: str) -> None:
    assert refusal(operation, {})[0] == "UnknownOperationException"


def test_a_target_names_service_and_operation() -> None:
    assert wire.operation_of("Kinesis_20131202.PutRecord") == ("kinesis", "PutRecord")
    assert wire.operation_of("Firehose_20150804.PutRecord") == ("firehose", "PutRecord")


@pytest.mark.parametrize(
    "target", ["", "PutRecord", "Kinesis_20131202", "Kinesis_20131202.", "Kinesis_20131202.X", "."]
)
def test_another_target_is_unknown(target: str) -> None:
    with pytest.raises(AwsError, match="UnknownOperationException"):
        wire.operation_of(target)


def test_answers_are_written_as_aws_writes_them() -> None:
    answer = {
        "Data": b"\x00\xff",
        "At": datetime(2026, 1, 5, 9, 0, 0, 123456, tzinfo=UTC),
        "Text": "Zoë",
    }
    assert wire.encode(answer) == b'{"Data":"AP8=","At":1767603600.123456,"Text":"Zo\\u00eb"}'


def test_other_types_cannot_go_over_the_wire() -> None:
    with pytest.raises(TypeError, match="set cannot go over the wire"):
        wire.encode({"x": set()})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=10,
)
members = ["StreamName", "Records", "Data", "PartitionKey", "Limit", "ShardFilter", "Timestamp"]


@settings(max_examples=300, derandomize=True, deadline=None)
@given(
    operation=st.sampled_from(sorted(wire.operations("kinesis"))),
    request=st.dictionaries(st.sampled_from(members), json_values) | json_values,
)
def test_nothing_but_an_aws_error_comes_out(operation: str, request: Any) -> None:
    assert outcome(operation, request) in (
        "ok",
        "SerializationException",
        "ValidationException",
    )


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.binary(max_size=60))
def test_nor_from_any_bytes(body: bytes) -> None:
    assert outcome("PutRecord", body) in ("SerializationException", "ValidationException")


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.binary(max_size=200), st.text(min_size=1, max_size=20))
def test_what_a_client_serialises_is_what_is_decoded(data: bytes, key: str) -> None:
    """botocore's own serialiser at the other end."""
    from botocore.serialize import create_serializer

    model = wire.service_model("kinesis").operation_model("PutRecord")
    request = {"StreamName": "orders", "Data": data, "PartitionKey": key}
    sent = create_serializer("json").serialize_to_request(request, model)
    assert wire.decode("kinesis", "PutRecord", sent["body"]) == request
