"""Iterator tokens: they say a place, live five minutes, and cannot be made up."""

from __future__ import annotations

import base64
import string

from hypothesis import given, settings
from hypothesis import strategies as st

from course.simulator.streams import shard_iterator
from course.simulator.streams.shard_iterator import ShardIterator, decode, encode

MINUTE = 60_000_000
ALPHABET = string.ascii_letters + string.digits + "+/="

names = st.text(string.ascii_letters + string.digits + "_.-", min_size=1, max_size=128)
places = st.builds(
    ShardIterator,
    stream_name=names,
    stream_created=st.integers(0, 10**17),
    shard_index=st.integers(0, 2**31 - 1),
    counter=st.integers(0, 2**63),
    issued=st.integers(0, 10**17),
)
ARTICLE = ShardIterator("company-order-events", 1_767_603_600_000_000, 0, 1, 1_767_603_620_000_000)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(places)
def test_a_token_says_its_place_and_fits_the_api(place: ShardIterator) -> None:
    token = encode(place)
    assert decode(token) == place
    # API Reference, GetRecords: ShardIterator has 1 to 512 characters.
    assert 1 <= len(token) <= 512


def test_a_token_begins_as_real_ones_do_and_is_long() -> None:
    """Seen by others: eight bytes like a version number, then what looks encrypted."""
    raw = base64.b64decode(encode(ARTICLE))
    assert raw[:8] == bytes([0, 0, 0, 0, 0, 0, 0, 1])
    assert len(encode(ARTICLE)) >= 150


@settings(max_examples=150, derandomize=True, deadline=None)
@given(place=places, data=st.data())
def test_a_garbled_token_is_nobodys(place: ShardIterator, data: st.DataObject) -> None:
    token = encode(place)
    where = data.draw(st.integers(0, len(token) - 1))
    instead = data.draw(st.sampled_from(ALPHABET).filter(lambda letter: letter != token[where]))
    for garbled in (
        token[:where] + instead + token[where + 1 :],
        token[:where] + token[where + 1 :],
        token[:where],
        token[: where + 1] + instead + token[where + 1 :],
        token + instead,
        token + "=",
        token + token,
        token.swapcase(),
    ):
        assert decode(garbled) is None


@settings(max_examples=300, derandomize=True, deadline=None)
@given(
    st.one_of(
        st.text(max_size=200), st.binary(max_size=300).map(lambda b: base64.b64encode(b).decode())
    )
)
def test_an_invented_token_is_nobodys(token: str) -> None:
    assert decode(token) is None


def test_a_token_lives_for_exactly_five_minutes() -> None:
    """API Reference, GetShardIterator; kinesalite refuses what is older than 300,000 ms."""
    assert not ARTICLE.expired(ARTICLE.issued)
    assert not ARTICLE.expired(ARTICLE.issued + 5 * MINUTE)
    assert ARTICLE.expired(ARTICLE.issued + 5 * MINUTE + 1)
    assert shard_iterator.LIFE == 300_000_000
