"""The world's neighbours: every service but Kinesis and Firehose."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Protocol, Self

from course.endpoints.neighbours import repairs, state
from course.endpoints.neighbours.addresses import aws_urls
from course.errors import CourseError
from course.simulator.account import ACCOUNT_ID
from course.simulator.keys import Key
from course.simulator.metrics import Metrics

OURS = frozenset({"kinesis", "firehose"})

_NO_BODY = ("", b"", "Not yet implemented")


class NotPlayed(CourseError):
    """The lab has no such service or operation."""


class Request(Protocol):
    """What `answer` reads of an HTTP request: botocore's AWSPreparedRequest has it."""

    method: str
    url: str
    headers: Any  # a mapping of str to str, or to bytes as botocore has it after signing
    body: Any  # None, str, bytes or a file
    stream_output: bool


class Neighbours:
    """The AWS services beside Kinesis, as one world sees them: empty at first, shared with none.

    `seed` makes the ids that moto hands out repeat; the learner's `random` is left alone.

    `answer` always speaks for this world. The S3 server has no world of its own: it serves the
    one that is active, so a Lab activates its neighbours for as long as it is open, and a case
    inside it activates others for a while (`with neighbours:`).

    With `passed_on`, moto plays Kinesis and Firehose too, as far as it can.
    """

    def __init__(self, seed: int = 0, *, passed_on: bool = False) -> None:
        self._memory = state.Memory(seed)
        self._not_played = frozenset[str]() if passed_on else OURS

    def watch(self, metrics: Callable[[str], Iterable[Metrics]]) -> None:
        """Let CloudWatch show what the world's own services report, Region by Region."""
        self._memory.metrics = metrics

    def key(self, region: str, name: str) -> Key | None:
        """A key of this world's KMS, by its id or by the name of an alias."""
        if "moto.kms.models" not in sys.modules:
            return None  # nobody can have made a key
        from moto.kms.models import kms_backends

        with state.lock, self:
            kms = kms_backends[ACCOUNT_ID][region]
            key_id = kms.get_key_id_from_alias(name) if name.startswith("alias/") else name
            key = kms.keys.get(key_id or "")
            return None if key is None else Key(str(key.arn), str(key.key_state))

    def answer(
        self, service: str, operation: str, request: Request
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of AWS's reply to one attempt, as `before-send` sees it.

        Nothing checks the signature. Raises NotPlayed where moto lacks the service or operation.
        """
        if service in self._not_played:
            raise NotPlayed(
                f"The lab plays Kinesis and Firehose itself and does not have {service}."
                f"{operation}: leave this call out, or try it in an AWS account."
            )
        with state.lock, self:
            repairs.load(service)
            reply = _dispatch(service, request)
        if reply is None:
            raise NotPlayed(
                f"The lab does not have {service}.{operation}, because moto, which plays the "
                "services beside Kinesis here, lacks it: leave this call out, or try it in an "
                "AWS account."
            )
        return reply

    def activate(self) -> None:
        """Become the world that moto remembers, until the matching `deactivate`."""
        state.activate(self._memory)

    def deactivate(self) -> None:
        """Give moto back to the world that was active before; harmless if this one is not."""
        state.deactivate(self._memory)

    def __enter__(self) -> Self:
        self.activate()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.deactivate()


def _dispatch(service: str, request: Request) -> tuple[int, dict[str, str], bytes] | None:
    """Moto's reply, or None if it has none to give."""
    from botocore.awsrequest import AWSPreparedRequest
    from moto.core.botocore_stubber import BotocoreStubber

    for url in aws_urls(service, request.url, request.headers):
        addressed = AWSPreparedRequest(
            request.method, url, request.headers, request.body, request.stream_output
        )
        try:
            reply = BotocoreStubber().process_request(addressed)
        except (NotImplementedError, ImportError):
            # ImportError: a service that needs more than those extras of moto that we install.
            return None
        if reply is None:
            continue
        status, headers, body = reply
        # Moto found nobody to ask: a 404 of AWS's own has a body, unless it answers HEAD.
        if status == 404 and request.method != "HEAD" and body in _NO_BODY:
            continue
        plain = {str(name): str(value) for name, value in headers.items()}
        return status, plain, body.encode() if isinstance(body, str) else body
    return None
