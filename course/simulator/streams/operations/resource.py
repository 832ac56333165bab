"""What an ARN names: a stream or one of its consumers. Both carry tags and a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.simulator.streams import errors
from course.simulator.streams.operations import consumers

if TYPE_CHECKING:
    from course.simulator.streams.consumer import Consumer
    from course.simulator.streams.service import Streams
    from course.simulator.streams.stream import Stream


def resource(streams: Streams, arn: str) -> Stream | Consumer:
    """The stream or consumer with this ARN; raises ResourceNotFoundException."""
    if "/consumer/" in arn:
        return consumers.with_arn(streams, arn)
    if "stream/" not in arn:
        raise errors.resource_not_found(arn)
    return streams.find({"StreamARN": arn})
