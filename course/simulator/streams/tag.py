"""A tag: a key and a value on a stream or a consumer, and what they may be made of."""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import category

from course import facts
from course.simulator.streams import errors

# "Unicode letters, digits, white space, or these symbols" (API Reference, TagResource). Letters of
# many scripts need marks.
_CATEGORIES = "LMNZ"
_SYMBOLS = "_.:/=+-@"
_RESERVED = "aws:"


def check_tags(tags: dict[str, str], name: str, account: str, already: Iterable[str] = ()) -> None:
    """Refuse what may not be a tag of the resource called `name`, and too many of them."""
    _check_characters((*tags, *tags.values()), f"add tags to stream {name} under account {account}")
    if any(key.lower().startswith(_RESERVED) for key in tags):
        # Reserved by AWS; its text for Kinesis is not known to us.
        raise errors.invalid_argument("Tag keys must not start with the reserved prefix aws:.")
    if len({*tags, *already}) > facts.tags.per_resource:
        # AWS's text went on to say 10 when the limit was 50 already (mhart/kinesalite, pull
        # request 54, in 2017); whether it still does is not known to us.
        raise errors.invalid_argument(
            f"Failed to add tags to stream {name} under account {account} because a given stream "
            f"cannot have more than {facts.tags.per_resource} tags associated with it."
        )


def check_keys(keys: Iterable[str], name: str, account: str) -> None:
    """Refuse what cannot be the key of a tag to remove."""
    _check_characters(keys, f"remove tags from stream {name} under account {account}")


def _check_characters(texts: Iterable[str], what: str) -> None:
    """Both texts were recorded by kinesalite: the first one allows the percent sign."""
    used = set("".join(texts))
    if any(
        character != "%" and character not in _SYMBOLS and category(character)[0] not in _CATEGORIES
        for character in used
    ):
        raise errors.invalid_argument(
            "Some tags contain invalid characters. Valid characters: Unicode letters, digits, "
            "white space, _ . / = + - % @ :."
        )
    if "%" in used:
        raise errors.invalid_argument(
            f"Failed to {what} because some tags contained illegal characters. The allowed "
            "characters are Unicode letters, white-spaces, '_',',','/','=','+','-','@',':'."
        )
