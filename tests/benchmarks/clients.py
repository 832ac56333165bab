"""boto3 clients that differ in one thing: who answers them."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from unittest.mock import patch

import boto3.session
import botocore.handlers
import botocore.session
from botocore.awsrequest import AWSResponse
from moto.core.models import patch_client

from course.endpoints import lanes
from course.endpoints.world import Answer


def on_the_lanes() -> Any:
    """A client that the course answers, as in the lab."""
    lanes.install()
    return _client("course")


def of_moto() -> Any:
    """A client that moto answers while `mock_aws` is active."""
    # The fence gives every client an endpoint on this machine, and moto goes by the address.
    client = _client(endpoint_url="https://kinesis.us-east-1.amazonaws.com")
    patch_client(client)
    return client


def with_canned_replies(replies: Mapping[str, Answer]) -> Any:
    """A client that costs what boto3 alone costs: each operation has its answer ready."""

    def answer(event_name: str, request: Any, **_: Any) -> AWSResponse:
        status, headers, body = replies[event_name.rpartition(".")[2]]
        return AWSResponse(request.url, status, headers, _Body(body))

    client = _client()
    client.meta.events.register("before-send.kinesis", answer)
    return client


class _Body(BytesIO):
    """A response body as urllib3 hands it to botocore."""

    def stream(self) -> Any:
        yield self.read()


def _client(*answering: str, endpoint_url: str | None = None) -> Any:
    """A Kinesis client that has, besides botocore's own handlers, those of `answering` packages.

    The course and moto both add theirs to all later sessions of the process. Each runs even when
    another has answered, so a client that carried both would pay for both.
    """
    wanted = {"botocore", *answering}
    kept = [
        spec
        for spec in botocore.handlers.BUILTIN_HANDLERS
        if spec[1].__module__.partition(".")[0] in wanted
    ]
    with patch.object(botocore.handlers, "BUILTIN_HANDLERS", kept):
        session = boto3.session.Session(botocore_session=botocore.session.Session())
        return session.client("kinesis", region_name="us-east-1", endpoint_url=endpoint_url)
