"""NextToken: where a listing goes on, carried by the token itself and guarded by a digest."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from hashlib import blake2b
from typing import Any

_KEY = b"page token"
_DIGEST_BYTES = 16


def encode(place: dict[str, Any]) -> str:
    """The token of a place in a listing."""
    payload = json.dumps(place, sort_keys=True).encode()
    return b64encode(
        blake2b(payload, digest_size=_DIGEST_BYTES, key=_KEY).digest() + payload
    ).decode()


def decode(token: str) -> dict[str, Any] | None:
    """The place that a token names, or None for a token that no listing gave out."""
    try:
        raw = b64decode(token, validate=True)
    except (Base64Error, ValueError):
        return None
    digest, payload = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
    if digest != blake2b(payload, digest_size=_DIGEST_BYTES, key=_KEY).digest():
        return None
    place: dict[str, Any] = json.loads(payload)
    return place
