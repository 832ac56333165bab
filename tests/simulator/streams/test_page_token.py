"""NextToken: it carries the place and cannot be made up."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from course.simulator.streams.page_token import decode, encode

values = st.one_of(
    st.none(),
    st.integers(),
    st.text(max_size=20),
    st.dictionaries(st.text(max_size=5), st.integers()),
)
places = st.dictionaries(st.text(max_size=10), values, max_size=4)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(places)
def test_a_token_says_its_place(place: dict[str, Any]) -> None:
    assert decode(encode(place)) == place


@settings(max_examples=200, derandomize=True, deadline=None)
@given(place=places, data=st.data())
def test_a_garbled_token_is_nobodys(place: dict[str, Any], data: st.DataObject) -> None:
    token = encode(place)
    where = data.draw(st.integers(0, len(token) - 1))
    for garbled in (token[:where], token[:where] + "!" + token[where:], token[where:] + token):
        assert decode(garbled) is None


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.text(max_size=100))
def test_an_invented_token_is_nobodys(token: str) -> None:
    assert decode(token) is None
