"""Shard iterators: a place in a shard, good for five minutes.

The token is opaque, as on AWS, and carries all it says: nobody has to remember it. A digest keeps
a garbled or invented token from being read as a place.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from hashlib import blake2b

from course import facts
from course.simulator.clock import SECOND

LIFE: int = facts.iterator.life * SECOND

_KEY = b"shard iterator"
_DIGEST_BYTES = 16
# AWS's tokens begin with eight bytes that look like a version, and are a good deal longer than
# what they say; so are ours.
_VERSION = bytes([0, 0, 0, 0, 0, 0, 0, 1])
_LENGTH = 96


@dataclass(frozen=True, slots=True)
class ShardIterator:
    """A place: `counter` is the next record to read; `issued` in microseconds."""

    stream_name: str
    stream_created: int
    shard_index: int
    counter: int
    issued: int

    def expired(self, now: int) -> bool:
        """Whether the five minutes are over."""
        return now - self.issued > LIFE


def encode(place: ShardIterator) -> str:
    """The token of a place."""
    text = "/".join(
        (
            str(place.issued),
            str(place.stream_created),
            str(place.shard_index),
            str(place.counter),
            place.stream_name,
        )
    )
    payload = text.encode().ljust(_LENGTH, b"\0")
    digest = blake2b(payload, digest_size=_DIGEST_BYTES, key=_KEY).digest()
    return b64encode(_VERSION + digest + payload).decode()


def decode(token: str) -> ShardIterator | None:
    """The place that a token names, or None for a token that no stream gave out."""
    try:
        raw = b64decode(token, validate=True)
    except (Base64Error, ValueError):
        return None
    # Python takes surplus padding and stray last bits for the same bytes; AWS does not.
    if b64encode(raw).decode() != token:
        return None
    body = len(_VERSION)
    payload = raw[body + _DIGEST_BYTES :]
    digest = blake2b(payload, digest_size=_DIGEST_BYTES, key=_KEY).digest()
    if raw[:body] != _VERSION or raw[body : body + _DIGEST_BYTES] != digest:
        return None
    issued, created, index, counter, name = payload.rstrip(b"\0").decode().split("/", 4)
    return ShardIterator(name, int(created), int(index), int(counter), int(issued))
