"""Resource policies: who else may use a stream or a consumer. Kept, and not enforced: the course
has one account."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from course.simulator.clock import SECOND
from course.simulator.errors import AwsError
from course.simulator.streams import errors
from course.simulator.streams.operations.resource import resource
from course.simulator.streams.stream import CREATING, DELETING, Stream

if TYPE_CHECKING:
    from course.simulator.streams.consumer import Consumer
    from course.simulator.streams.service import Streams

_VERSIONS = ("2012-10-17", "2008-10-17")
_NONE = "{}"  # what AWS answers for a resource without a policy (recorded)


def put_resource_policy(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Attach a policy in place of the one before, once the stream or consumer is there."""
    owner = resource(streams, request["ResourceARN"])
    _check_changeable(streams, owner)
    problem = _problem(request["Policy"])
    if problem is not None:
        # AWS's texts are not known to us.
        raise errors.invalid_argument(f"The resource policy is invalid: {problem}")
    owner.policy = request["Policy"]
    return {}


def get_resource_policy(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """The policy, letter by letter as it was attached."""
    return {"Policy": resource(streams, request["ResourceARN"]).policy or _NONE}


def delete_resource_policy(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Detach the policy; raises ResourceNotFoundException where there is none."""
    arn = request["ResourceARN"]
    owner = resource(streams, arn)
    if owner.policy is None:
        # The text is the one that moto prints.
        raise AwsError(
            "ResourceNotFoundException", f"No resource policy found for resource ARN {arn}."
        )
    owner.policy = None
    return {}


def _check_changeable(streams: Streams, owner: Stream | Consumer) -> None:
    if owner.status not in (CREATING, DELETING):
        return
    if isinstance(owner, Stream):
        # Seen for consumers only; of streams the API Reference says that they must be ACTIVE.
        raise errors.stream_not_active(owner.name, streams.account_id, owner.status)
    raise errors.consumer_not_changeable(
        owner.name, owner.created // SECOND, owner.stream.name, streams.account_id
    )


def _problem(policy: str) -> str | None:
    """What is wrong with the shape of a policy (IAM User Guide, policy grammar), if anything is."""
    try:
        document = json.loads(policy)
    except (ValueError, RecursionError):
        return "it must be JSON."
    if not isinstance(document, dict):
        return "it must be a JSON object."
    if document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        return f"Version must be one of [{', '.join(_VERSIONS)}]."
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        return "it must have a Statement."
    for statement in statements:
        if not isinstance(statement, dict):
            return "each Statement must be a JSON object."
        if statement.get("Effect") not in ("Allow", "Deny"):
            return "Effect must be Allow or Deny."
        for element in ("Principal", "Action"):
            if not (statement.get(element) or statement.get(f"Not{element}")):
                return f"each Statement must have a {element}."
    return None
