"""Tags: names and values on a stream or a consumer, for people, bills and permissions.

There are two families of calls: the old ones name a stream, the new ones any resource by its ARN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course import facts
from course.simulator.streams import errors, tag
from course.simulator.streams.operations.resource import resource
from course.simulator.streams.stream import CREATING, Stream

if TYPE_CHECKING:
    from course.simulator.streams.consumer import Consumer
    from course.simulator.streams.service import Streams


def add_tags_to_stream(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Add tags to a stream, or give them other values."""
    _add(streams, streams.find(request), request["Tags"])
    return {}


def list_tags_for_stream(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """The tags of a stream by name, a page at a time."""
    stream = streams.find(request)
    after = request.get("ExclusiveStartTagKey", "")
    rest = [entry for entry in _described(stream.tags) if entry["Key"] > after]
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


def _add(streams: Streams, owner: Stream | Consumer, tags: dict[str, str]) -> None:
    _check_changeable(streams, owner)
    tag.check_tags(tags, owner.name, streams.account_id, owner.tags)
    owner.tags.update(tags)


def _remove(streams: Streams, owner: Stream | Consumer, keys: list[str]) -> None:
    _check_changeable(streams, owner)
    tag.check_keys(keys, owner.name, streams.account_id)
    for key in keys:
        owner.tags.pop(key, None)


def _check_changeable(streams: Streams, owner: Stream | Consumer) -> None:
    # API Reference, CreateStream: no updates to the tags until the stream is ACTIVE.
    if isinstance(owner, Stream) and owner.status == CREATING:
        raise errors.stream_not_active(owner.name, streams.account_id, owner.status)


def _described(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
