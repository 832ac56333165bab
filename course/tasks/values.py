"""What crosses a door: JSON, plus bytes as ``{"$bytes": base64}``. No NaN, no objects.

A value that has been through here is made of Python's own types and nothing else, so that a
comparison with it means what it says.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from math import isfinite
from typing import Any

_BYTES = "$bytes"

# Python reads and writes no whole number with more than 4,300 digits (sys.int_info), and JSON is
# text. A hash key has 39.
_MOST_BITS = 4_300


class Unpackable(TypeError):
    """A value that is not JSON; the message says which part."""


def pack(value: Any) -> str:
    """`value` as text; raises Unpackable. Tuples become lists, numpy numbers plain ones."""
    try:
        return json.dumps(_plain(value, "it"))
    except RecursionError:
        raise Unpackable("it contains itself, or is nested too deeply") from None


def unpack(text: str) -> Any:
    """The value that `text` stands for."""
    return _DECODER.decode(text)


def _plain(value: Any, where: str) -> Any:
    match value:
        case None | bool() | str():
            return value
        case int():
            if value.bit_length() > _MOST_BITS:
                raise Unpackable(f"{where} is a number of over a thousand digits")
            return value
        case float():
            if not isfinite(value):
                raise Unpackable(f"{where} is {float(value)}, and only finite numbers can be")
            return value
        case bytes() | bytearray() | memoryview():
            return {_BYTES: b64encode(bytes(value)).decode()}
        case dict():
            for key in value:
                if not isinstance(key, str) or key == _BYTES:
                    raise Unpackable(f"{where} has the key {key!r}, and keys must be plain text")
            # Most entries are text, and their names would cost more than they do.
            return {
                str(key): entry if type(entry) is str else _plain(entry, f"{where}[{key!r}]")
                for key, entry in value.items()
            }
        case list() | tuple():
            return [
                entry if type(entry) is str else _plain(entry, f"{where}[{place}]")
                for place, entry in enumerate(value)
            ]
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        return _plain(value.item(), where)
    raise Unpackable(
        f"{where} is of type {type(value).__name__}, and only None, True and False, numbers, text, "
        "bytes, lists and dictionaries can be"
    )


def _restore(entry: dict[str, Any]) -> Any:
    if entry.keys() == {_BYTES}:
        return b64decode(entry[_BYTES])
    return entry


_DECODER = json.JSONDecoder(object_hook=_restore)
