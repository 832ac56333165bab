"""The refusals of Data Streams, in AWS's words.

The texts were recorded from real answers by others (kinesalite's tests; issue threads of clients
that print them); each stands in the facts of the course with its source. `account` is an id.
"""

from __future__ import annotations

from course.simulator.clock import to_datetime
from course.simulator.errors import AwsError


def stream_not_found(name: str, account: str) -> AwsError:
    """No stream of that name, or one that is still being made."""
    return AwsError(
        "ResourceNotFoundException", f"Stream {name} under account {account} not found."
    )


def stream_exists(name: str, account: str) -> AwsError:
    """The name is taken."""
    return AwsError(
        "ResourceInUseException", f"Stream {name} under account {account} already exists."
    )


def stream_not_active(name: str, account: str, status: str) -> AwsError:
    """The stream is busy with another change."""
    return AwsError(
        "ResourceInUseException",
        f"Stream {name} under account {account} not ACTIVE, instead in state {status}",
    )


def stream_has_consumers(name: str, account: str) -> AwsError:
    """A stream with consumers is not deleted unless EnforceConsumerDeletion says so.

    With the typographic apostrophe, as aws-nuke's issue 497 prints it.
    """
    return AwsError(
        "ResourceInUseException",
        f"DeleteStream can’t delete {account}:{name} because there are consumers associated with "
        f"this data stream. To delete {name} anyway, set the EnforceConsumerDeletion parameter to "
        "true to force the deletion of all the consumers that are associated with it.",
    )


def consumer_not_found(asked: str, account: str) -> AwsError:
    """No consumer of that name or ARN (the text as moto has it)."""
    return AwsError("ResourceNotFoundException", f"Consumer {asked}, account {account} not found.")


def consumer_exists(consumer: str, name: str, account: str) -> AwsError:
    """The name is taken. AWS's text is not known to us."""
    return AwsError(
        "ResourceInUseException",
        f"Consumer {consumer} under stream {name}, account {account} already exists.",
    )


def consumer_not_active(consumer: str, created: int, name: str, account: str) -> AwsError:
    """A consumer reads only while it is ACTIVE; `created` in seconds since the epoch."""
    return AwsError(
        "ResourceInUseException",
        f"Consumer {consumer} with creation timestamp {created} under stream: {name} , account "
        f"{account} is not in ACTIVE status.",
    )


def consumer_not_changeable(consumer: str, created: int, name: str, account: str) -> AwsError:
    """A consumer takes a policy only while it is ACTIVE, and AWS words it a little otherwise.

    Text: aws-cloudformation/cloudformation-coverage-roadmap, issue 2442.
    """
    return AwsError(
        "ResourceInUseException",
        f"Consumer {consumer} with creation timestamp {created} under stream {name} and account "
        f"{account} is not in ACTIVE status.",
    )


def subscribed_already() -> AwsError:
    """One subscription for each consumer and shard (more of the text is not known to us)."""
    return AwsError(
        "ResourceInUseException", "Another active subscription exists for this consumer"
    )


def resource_not_found(arn: str) -> AwsError:
    """No stream or consumer has this ARN. (AWS's text is not known to us.)"""
    return AwsError("ResourceNotFoundException", f"Resource {arn} not found.")


def call_rate_exceeded(name: str | None, account: str) -> AwsError:
    """Too many calls of this operation in a second.

    Texts: boto/botocore pull request 821 (DescribeStream), Graylog2/graylog-plugin-integrations
    issue 341 (ListStreams).
    """
    about = f"stream {name} under account {account}" if name else f"account {account}"
    return AwsError("LimitExceededException", f"Rate exceeded for {about}.")


def shard_missing(shard_id: str, name: str, account: str) -> AwsError:
    """A reader asked for a shard that the stream does not have."""
    return AwsError(
        "ResourceNotFoundException",
        f"Shard {shard_id} in stream {name} under account {account} does not exist",
    )


def shard_not_found(shard_id: str, name: str, account: str) -> AwsError:
    """A split or merge named a shard that the stream does not have."""
    return AwsError(
        "ResourceNotFoundException",
        f"Could not find shard {shard_id} in stream {name} under account {account}.",
    )


def write_rate_exceeded(shard_id: str, name: str, account: str) -> AwsError:
    """A shard has no room left for a record this second."""
    return AwsError(
        "ProvisionedThroughputExceededException",
        f"Rate exceeded for shard {shard_id} in stream {name} under account {account}.",
    )


def read_rate_exceeded(shard_id: str, name: str, account: str) -> AwsError:
    """GetRecords words it otherwise than the writers, and without a full stop."""
    return AwsError(
        "ProvisionedThroughputExceededException",
        f"Rate exceeded for Shard - {account}/{name}/{shard_id}",
    )


def iterator_expired(issued: int, now: int) -> AwsError:
    """An iterator was used after its five minutes."""

    def stamp(moment: int) -> str:
        return to_datetime(moment).strftime("%a %b %d %H:%M:%S UTC %Y")

    return AwsError(
        "ExpiredIteratorException",
        f"Iterator expired. The iterator was created at time {stamp(issued)} while right now it "
        f"is {stamp(now)} which is further in the future than the tolerated delay of 300000 "
        "milliseconds.",
    )


def invalid_argument(message: str) -> AwsError:
    """A well-formed request that the service does not accept."""
    return AwsError("InvalidArgumentException", message)


def limit_exceeded(message: str) -> AwsError:
    """A quota of the account or the stream is used up."""
    return AwsError("LimitExceededException", message)


def on_demand(name: str, account: str) -> AwsError:
    """The shards of an on-demand stream are not the caller's to change."""
    return AwsError(
        "ValidationException",
        f"Request is invalid. Stream {name} under account {account} is in On-Demand mode.",
    )
