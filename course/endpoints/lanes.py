"""The two lanes by which an unmodified boto3 reaches the current world, without a socket.

*Call lane* (botocore's ``before-call`` event, as its own Stubber uses it): takes the body that
botocore serialised and hands back the parsed answer. It skips signing, HTTP and parsing, which
together cost more than the simulator does.

*Wire lane* (``before-send``): real HTTP requests and answers. It carries the other services,
SubscribeToShard (whose events come one by one, as the client iterates over them), and everything
that went wrong: when the call lane meets an error it sets the outcome aside under a token, adds
the token as a header and lets botocore go on. The wire lane then gives that outcome to the first
attempt and carries out only the retries. So each attempt is executed exactly once, and retries,
back-off and exception classes are botocore's own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import count
from random import Random
from threading import Condition
from typing import Any

import botocore.retries.bucket
import botocore.retries.standard
import botocore.retryhandler
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.handlers import BUILTIN_HANDLERS

from course.endpoints.world import Answer, LocalWorld, current
from course.simulator.account import SUBSCRIPTION_HEADER, Reply
from course.simulator.faults import TimedOut

OUTCOME_HEADER = "x-course-outcome"
CALL_LANE_SERVICES = ("kinesis",)

# botocore draws its back-off from here, so that the learner's `random` is theirs alone and the
# same notebook waits equally long in every run.
jitter = Random(0)

_set_aside: dict[str, Reply] = {}
_tokens = count(1)
_call_lane_on = True


class _CallResponse:
    """The little of an HTTP response that botocore's client looks at."""

    __slots__ = ("headers", "status_code")

    def __init__(self, headers: dict[str, str]) -> None:
        self.status_code = 200
        self.headers = headers


class _SleepingCondition(Condition):
    """What botocore's client-side rate limit waits on: by time.sleep, which can be virtual."""

    def wait(self, timeout: float | None = None) -> bool:
        # A wait below the clock's resolution would never end.
        time.sleep(max(timeout or 0, 0.001))
        return True


class _LimitBucket(botocore.retries.bucket.TokenBucket):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._new_fill_rate_condition = _SleepingCondition(self._lock)


class _Raw(BytesIO):
    """A response body as urllib3 hands it to botocore."""

    def stream(self, amount: int = 65_536, **_: Any) -> Iterator[bytes]:
        while chunk := self.read(amount):
            yield chunk


class _Events:
    """A response body that goes on: an event stream, asked for frame by frame.

    `ask` carries a request to the world in which the stream began, wherever calls go meanwhile.
    """

    def __init__(self, first_frame: bytes, ask: Callable[[str], Answer]) -> None:
        self._first_frame = first_frame
        self._ask = ask

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        frame = self._first_frame
        while frame:
            yield frame
            frame = self._ask("GET")[2]

    def close(self) -> None:
        self._ask("DELETE")


def call_lane(
    model: Any, params: dict[str, Any], context: dict[str, Any], **_: Any
) -> tuple[_CallResponse, dict[str, Any]] | None:
    """Answer a call before it becomes HTTP, if it goes well."""
    world = current()
    if not _call_lane_on or not isinstance(world, LocalWorld):
        return None
    service = model.service_model.service_name
    if service not in world.account.services or _limits_itself(context["client_config"]):
        return None
    if model.has_event_stream_output:
        return None
    reply = world.execute(service, model.name, params["body"], context["client_region"])
    if reply.answer is None:
        token = str(next(_tokens))
        _set_aside[token] = reply
        params["headers"][OUTCOME_HEADER] = token
        return None
    headers = {name.lower(): value for name, value in reply.headers.items()}
    metadata = {
        "RequestId": reply.request_id,
        "HTTPStatusCode": 200,
        "HTTPHeaders": headers,
        "RetryAttempts": 0,
    }
    parsed = {**reply.answer, "ResponseMetadata": metadata}
    return _CallResponse(headers), parsed


def _limits_itself(config: Any) -> bool:
    """Whether the client measures and limits its own rate: it does so where requests are sent."""
    return bool(config.retries) and config.retries.get("mode") == "adaptive"


def wire_lane(event_name: str, request: Any, **_: Any) -> AWSResponse | None:
    """Answer an HTTP request that botocore is about to send."""
    world = current()
    if world is None:
        return None
    service, operation = event_name.split(".", 2)[1:]
    token = request.headers.pop(OUTCOME_HEADER, None)
    if token is not None and not isinstance(token, str):
        token = token.decode()
    reply = _set_aside.pop(token, None) if token else None
    asked = _headers(request)
    try:
        if reply is None:
            status, headers, body = world.request(service, operation, _body(request), asked)
        elif reply.timed_out:
            raise TimedOut
        else:
            status, headers, body = reply.status, reply.headers, reply.body
    except TimedOut:
        raise ReadTimeoutError(endpoint_url=request.url) from None
    subscription = headers.get(SUBSCRIPTION_HEADER)
    if subscription is None:
        return AWSResponse(request.url, status, headers, _Raw(body))
    asked[SUBSCRIPTION_HEADER] = subscription

    def ask(method: str) -> Answer:
        return world.request(service, operation, b"", {**asked, ":method": method})

    return AWSResponse(request.url, status, headers, _Events(body, ask))


def _body(request: Any) -> bytes:
    body = request.body
    if body is None:
        return b""
    if hasattr(body, "read"):
        body = body.read()
    return body.encode() if isinstance(body, str) else bytes(body)


def _headers(request: Any) -> dict[str, str]:
    headers = {
        name: value if isinstance(value, str) else value.decode("latin-1")
        for name, value in request.headers.items()
    }
    region = _signed_region(headers.get("Authorization", ""))
    if region:
        headers["x-course-region"] = region
    headers[":method"] = request.method
    headers[":url"] = request.url
    return headers


def _signed_region(authorization: str) -> str | None:
    """The Region in a signature: ``Credential=KEY/20260105/us-east-1/kinesis/aws4_request``."""
    _, _, credential = authorization.partition("Credential=")
    scope = credential.partition(",")[0].split("/")
    return scope[2] if len(scope) == 5 else None


@contextmanager
def wire_only() -> Iterator[None]:
    """Send every call over the wire lane (for conformance tests)."""
    global _call_lane_on
    before = _call_lane_on
    _call_lane_on = False
    try:
        yield
    finally:
        _call_lane_on = before


def install() -> None:
    """Give every botocore session made from now on both lanes. Doing it twice changes nothing."""
    if any(spec[1] is wire_lane for spec in BUILTIN_HANDLERS):
        return
    for service in CALL_LANE_SERVICES:
        BUILTIN_HANDLERS.append((f"before-call.{service}", call_lane))
    BUILTIN_HANDLERS.append(("before-send", wire_lane))
    backoff = botocore.retries.standard.ExponentialBackoff
    backoff.__init__.__defaults__ = tuple(
        jitter.random if callable(default) else default
        for default in backoff.__init__.__defaults__ or ()
    )
    botocore.retryhandler.random = jitter
    botocore.retries.bucket.TokenBucket = _LimitBucket
