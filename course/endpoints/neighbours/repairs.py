"""Moto, imported when it is first needed, and what has to be mended for it to live in a lab."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Any

from course.endpoints.neighbours import state

if TYPE_CHECKING:
    from moto.sqs.models import Queue

# How often a long poll of SQS looks again.
_POLL_SECONDS = 0.1


def load(service: str) -> None:
    """Import moto, if it is not here yet, and see that `service` behaves."""
    with state.lock:
        _load_moto()
        if service == "s3":
            _let_s3_objects_go()
        elif service == "sqs":
            _let_sqs_wait_by_the_clock()
        elif service == "cloudwatch":
            _let_cloudwatch_see_our_services()


@cache
def _load_moto() -> None:
    from botocore.handlers import BUILTIN_HANDLERS
    from moto.core.common_models import BaseModel
    from moto.core.models import botocore_stubber
    from moto.moto_api._internal import mock_random

    # Moto's import adds its own answer to every later client; under a `mock_aws` of the
    # learner's, each call would run twice.
    handler = ("before-send", botocore_stubber)
    if handler in BUILTIN_HANDLERS:
        BUILTIN_HANDLERS.remove(handler)

    def untracked(cls: type, *_: object, **__: object) -> Any:
        return super(BaseModel, cls).__new__(cls)  # type: ignore[misc]

    # Moto's own lists every object ever made, for its dashboard: that would keep each deleted
    # S3 object of each world in memory.
    BaseModel.__new__ = untracked  # type: ignore[method-assign]
    state.start_ids(mock_random)


@cache
def _let_s3_objects_go() -> None:
    from moto.s3.models import FakeKey

    # Moto's own warns of every object that nobody disposed of, and at the exit of Python it
    # fails to, aloud.
    FakeKey.__del__ = FakeKey.dispose  # type: ignore[method-assign]


@cache
def _let_sqs_wait_by_the_clock() -> None:
    from moto.sqs.models import Queue

    def wait_for_messages(self: Queue, timeout: int) -> None:
        time.sleep(_POLL_SECONDS)

    # Moto's own waits for a lock, in real time, until a moment on the virtual clock: for ever.
    Queue.wait_for_messages = wait_for_messages  # type: ignore[method-assign]


@cache
def _let_cloudwatch_see_our_services() -> None:
    from moto.cloudwatch.models import cloudwatch_backends
    from moto.cloudwatch.responses import CloudWatchResponse

    from course.endpoints.neighbours.cloudwatch import CloudWatch, put_metric_data

    cloudwatch_backends.backend = CloudWatch
    CloudWatchResponse.put_metric_data = put_metric_data  # type: ignore[assignment, method-assign]
