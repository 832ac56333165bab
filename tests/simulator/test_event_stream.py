"""Event-stream frames, read by botocore's own parser."""

from __future__ import annotations

import json

import pytest
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer, EventStreamMessage
from hypothesis import given, settings
from hypothesis import strategies as st

from course.simulator import event_stream
from course.simulator.errors import AwsError


def read(data: bytes, chunk: int = 65_536) -> list[EventStreamMessage]:
    """The messages in `data`, which arrives in chunks."""
    buffer = EventStreamBuffer()
    messages = []
    for start in range(0, len(data), chunk):
        buffer.add_data(data[start : start + chunk])
        messages += list(buffer)
    return messages


def test_the_first_frame_is_the_initial_response() -> None:
    (message,) = read(event_stream.initial_response())
    assert message.headers == {
        ":message-type": "event",
        ":event-type": "initial-response",
        ":content-type": "application/x-amz-json-1.1",
    }
    assert json.loads(message.payload) == {}


def test_an_event_names_its_type_and_carries_json() -> None:
    (message,) = read(event_stream.event("SubscribeToShardEvent", {"Records": [], "n": b"\x00"}))
    assert message.headers[":message-type"] == "event"
    assert message.headers[":event-type"] == "SubscribeToShardEvent"
    assert json.loads(message.payload) == {"Records": [], "n": "AA=="}
    assert message.to_response_dict()["status_code"] == 200


def test_an_error_names_its_type_and_says_why() -> None:
    (message,) = read(event_stream.exception(AwsError("ResourceInUseException", "Schön besetzt")))
    assert message.headers == {
        ":message-type": "exception",
        ":exception-type": "ResourceInUseException",
        ":content-type": "application/x-amz-json-1.1",
    }
    assert json.loads(message.payload) == {"message": "Schön besetzt"}
    assert message.to_response_dict()["status_code"] == 400


@settings(max_examples=100, derandomize=True, deadline=None)
@given(
    texts=st.lists(st.text(max_size=50), max_size=5),
    kind=st.text(st.characters(codec="utf-8"), min_size=1, max_size=40),
    chunk=st.integers(1, 100),
)
def test_frames_may_arrive_in_any_pieces(texts: list[str], kind: str, chunk: int) -> None:
    data = b"".join(event_stream.event(kind, {"text": text}) for text in texts)
    messages = read(data, chunk)
    assert [json.loads(message.payload)["text"] for message in messages] == texts
    assert {message.headers[":event-type"] for message in messages} <= {kind}


def test_each_byte_is_under_one_of_the_checks() -> None:
    frame = event_stream.event("E", {"a": 1})
    for place in range(8, len(frame)):
        broken = bytearray(frame)
        broken[place] ^= 1
        with pytest.raises(ChecksumMismatch):
            read(bytes(broken))
