"""Event streams: an answer that comes as a sequence of frames (application/vnd.amazon.eventstream).

    total length [4] | headers length [4] | CRC-32 of these 8 [4] | headers | payload | CRC-32 [4]

A header is a name, the type of its value and the value; all of ours are text. Kinesis speaks it
in SubscribeToShard only. Lengths and checks are big-endian.
"""

from __future__ import annotations

from binascii import crc32
from typing import Any

from course.simulator import wire
from course.simulator.errors import AwsError

CONTENT_TYPE = "application/vnd.amazon.eventstream"

_TEXT = bytes([7])
_FIXED_BYTES = 16


def initial_response() -> bytes:
    """The first frame: what the answer holds beside its events, which is nothing."""
    return _frame({":message-type": "event", ":event-type": "initial-response"}, {})


def event(kind: str, members: dict[str, Any]) -> bytes:
    """The frame of an event of the type `kind`."""
    return _frame({":message-type": "event", ":event-type": kind}, members)


def exception(error: AwsError) -> bytes:
    """The frame of an error that ends the stream."""
    return _frame(
        {":message-type": "exception", ":exception-type": error.code}, {"message": error.message}
    )


def _frame(headers: dict[str, str], members: dict[str, Any]) -> bytes:
    head = b"".join(
        _header(name, value)
        for name, value in (headers | {":content-type": "application/x-amz-json-1.1"}).items()
    )
    payload = wire.encode(members)
    prelude = _number(_FIXED_BYTES + len(head) + len(payload)) + _number(len(head))
    checked = prelude + _number(crc32(prelude)) + head + payload
    return checked + _number(crc32(checked))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return bytes([len(key)]) + key + _TEXT + len(text).to_bytes(2, "big") + text


def _number(value: int) -> bytes:
    return value.to_bytes(4, "big")
