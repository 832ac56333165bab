from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.tasks.values import Unpackable, pack, unpack

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**4_300) + 1, 2**4_300 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text().filter(lambda key: key != "$bytes"), inner)
    ),
    max_leaves=20,
)


def types_of(value: Any) -> Any:
    match value:
        case list():
            return [types_of(entry) for entry in value]
        case dict():
            return {key: types_of(entry) for key, entry in value.items()}
    return type(value)


@given(VALUES)
def test_a_value_comes_out_as_it_went_in(value: Any) -> None:
    came = unpack(pack(value))
    assert came == value
    assert types_of(came) == types_of(value)  # True is not 1, and 1 is not 1.0


@given(VALUES)
def test_what_came_out_is_a_copy(value: Any) -> None:
    came = unpack(pack([value]))
    assert came is not value
    if isinstance(value, list | dict) and value:
        assert came[0] is not value


@pytest.mark.parametrize(
    ("value", "comes"),
    [
        ((1, (2, "a")), [1, [2, "a"]]),
        (bytearray(b"ab"), b"ab"),
        (memoryview(b"ab"), b"ab"),
        (b"", b""),
        (b"\x00\xff", b"\x00\xff"),
        ({"a": b"x"}, {"a": b"x"}),
        (np.int64(2**62), 2**62),
        (np.float32(0.5), 0.5),
        (np.float64(0.1), 0.1),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array(3), 3),
        (2**128 - 1, 2**128 - 1),
        ("\ud800", "\ud800"),
    ],
)
def test_what_becomes_plain(value: Any, comes: Any) -> None:
    came = unpack(pack(value))
    assert came == comes
    assert types_of(came) == types_of(comes)


class Yes(str):
    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


class Seven(int):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__

    def __repr__(self) -> str:
        return "7"


class Everything(float):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = float.__hash__


@pytest.mark.parametrize("value", [Yes("no"), Seven(3), Everything(0.5)])
def test_what_equals_everything_equals_itself_alone(value: Any) -> None:
    assert value == "whatever"
    came = unpack(pack([value]))[0]
    assert came != "whatever"
    assert type(came) in (str, int, float)


def itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(sys.getrecursionlimit() * 10):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (math.nan, "it is nan"),
        (math.inf, "it is inf"),
        (np.float64("-inf"), "it is -inf"),
        ([1, {"a": [math.nan]}], "it[1]['a'][0] is nan"),
        ({1, 2}, "type set"),
        ({"a": {1: 2}}, "it['a'] has the key 1"),
        ({"$bytes": "AAAA"}, "the key '$bytes'"),
        ({"$bytes": "no base64"}, "the key '$bytes'"),
        (object(), "type object"),
        (len, "type builtin_function_or_method"),
        ((entry for entry in "ab"), "type generator"),
        (np.array([1, 2]), "type ndarray"),
        (pd.DataFrame(), "type DataFrame"),
        (pd.Timestamp("2026-01-05"), "type Timestamp"),
        (1j, "type complex"),
        (10**5_000, "over a thousand digits"),
        (-(10**1_300), "over a thousand digits"),
        (itself(), "contains itself"),
        (deep(), "nested too deeply"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_packed(value: Any, says: str) -> None:
    with pytest.raises(Unpackable, match=".") as refused:
        pack(value)
    assert says in str(refused.value)
    assert len(str(refused.value)) < 200
