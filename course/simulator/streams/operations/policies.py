"""Resource policies: who else may use a stream or a consumer. Kept, and not enforced: the course
has one account."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from course.simulator.errors import AwsError
from course.simulator.streams import errors
from course.simulator.streams.operations.resource import resource

if TYPE_CHECKING:
    from course.simulator.streams.service import Streams

_NONE = "{}"  # what AWS answers for a resource without a policy (recorded)


def put_resource_policy(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Attach a policy in place of the one before."""
    owner = resource(streams, request["ResourceARN"])
    policy = request["Policy"]
    _check(policy)
    owner.policy = policy
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


def _check(policy: str) -> None:
    """A policy is a JSON object with statements, each with an effect. (AWS checks more.)"""
    try:
        document = json.loads(policy)
    except (ValueError, RecursionError):
        document = None
    statements = document.get("Statement") if isinstance(document, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    listed = statements if isinstance(statements, list) else []
    if not listed or not all(map(_is_statement, listed)):
        # AWS's text is not known to us.
        raise errors.invalid_argument("The resource policy is not a valid policy document.")


def _is_statement(statement: Any) -> bool:
    return (
        isinstance(statement, dict)
        and statement.get("Effect") in ("Allow", "Deny")
        and ("Principal" in statement or "NotPrincipal" in statement)
        and ("Action" in statement or "NotAction" in statement)
    )
