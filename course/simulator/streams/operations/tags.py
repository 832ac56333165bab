"""Tags: names and values on a stream or a consumer, for people, bills and permissions.

There are two families of calls: the old ones name a stream, the new ones any resource by its ARN.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from unicodedata import category

from course import facts
from course.simulator.streams import errors
from course.simulator.streams.operations.resource import resource
from course.simulator.streams.stream import CREATING, Stream

if TYPE_CHECKING:
    from course.simulator.streams.consumer import Consumer
    from course.simulator.streams.service import Streams

# "Unicode letters, digits, white space, or these symbols" (API Reference, TagResource). Letters of
# many scripts need marks.
_CATEGORIES = "LMNZ"
_SYMBOLS = "_.:/=+-@"
_RESERVED = "aws:"


def add_tags_to_stream(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Add tags to a stream, or give them other values."""
    _add(streams, streams.find(request), request["Tags"])
    return {}


def list_tags_for_stream(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """The tags of a stream by name, a page at a time."""
    stream = streams.find(request)
    after = request.get("ExclusiveStartTagKey", "")
    rest = [tag for tag in _described(stream.tags) if tag["Key"] > after]
    page = rest[: request.get("Limit", facts.tags.page)]
    return {"Tags": page, "HasMoreTags": len(page) < len(rest)}


def remove_tags_from_stream(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Remove tags from a stream; names that it does not have are ignored."""
    _remove(streams, streams.find(request), request["TagKeys"])
    return {}


def tag_resource(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Add tags to a stream or a consumer, or give them other values."""
    _add(streams, resource(streams, request["ResourceARN"]), request["Tags"])
    return {}


def untag_resource(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Remove tags from a stream or a consumer; names that it does not have are ignored."""
    _remove(streams, resource(streams, request["ResourceARN"]), request["TagKeys"])
    return {}


def list_tags_for_resource(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """All tags of a stream or a consumer, by name."""
    return {"Tags": _described(resource(streams, request["ResourceARN"]).tags)}


def check(tags: dict[str, str], name: str, account: str, already: Iterable[str] = ()) -> None:
    """Refuse what may not be a tag of the resource called `name`, and too many of them."""
    _check_characters((*tags, *tags.values()), f"add tags to stream {name} under account {account}")
    if any(key.lower().startswith(_RESERVED) for key in tags):
        # Reserved by AWS; its text for Kinesis is not known to us.
        raise errors.invalid_argument("Tag keys must not start with the reserved prefix aws:.")
    if len({*tags, *already}) > facts.tags.per_resource:
        # The text was recorded when the limit was 10, and went on to say so.
        raise errors.invalid_argument(
            f"Failed to add tags to stream {name} under account {account} because a given stream "
            f"cannot have more than {facts.tags.per_resource} tags associated with it."
        )


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


def _add(streams: Streams, owner: Stream | Consumer, tags: dict[str, str]) -> None:
    _check_changeable(streams, owner)
    check(tags, owner.name, streams.account_id, owner.tags)
    owner.tags.update(tags)


def _remove(streams: Streams, owner: Stream | Consumer, keys: list[str]) -> None:
    _check_changeable(streams, owner)
    what = f"remove tags from stream {owner.name} under account {streams.account_id}"
    _check_characters(keys, what)
    for key in keys:
        owner.tags.pop(key, None)


def _check_changeable(streams: Streams, owner: Stream | Consumer) -> None:
    # API Reference, CreateStream: no updates to the tags until the stream is ACTIVE.
    if isinstance(owner, Stream) and owner.status == CREATING:
        raise errors.stream_not_active(owner.name, streams.account_id, owner.status)


def _described(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
