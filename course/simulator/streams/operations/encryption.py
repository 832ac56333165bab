"""Server-side encryption: records are encrypted at rest with a KMS key, and readers never notice.

They do notice when the key cannot be used: then writes are refused, and reads of what was written
with it. Nothing is really encrypted here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course import facts
from course.simulator.clock import SECOND
from course.simulator.errors import AwsError
from course.simulator.keys import DISABLED, ENABLED, Key
from course.simulator.streams import errors
from course.simulator.streams.operations.updating import update

if TYPE_CHECKING:
    from course.simulator.streams.service import Streams
    from course.simulator.streams.shard import Shard
    from course.simulator.streams.stream import Stream
    from course.simulator.streams.throttle import CallBudget

KMS, NONE = "KMS", "NONE"
ENCRYPTION_TIME = facts.latency.update_encryption_s * SECOND
APPLIES_AFTER = facts.encryption.applies_after * SECOND

# KMS's own words. Kinesis is known to pass on those about a user who may not
# (serverless-operations/serverless-apigateway-service-proxy, issue 101).
_WORDS = {
    "KMSAccessDeniedException": "User: arn:aws:iam::{account}:root is not authorized to perform: "
    "kms:GenerateDataKey on resource: {arn}",
    "KMSDisabledException": "{arn} is disabled.",
    "KMSInvalidStateException": "{arn} is pending deletion.",
    "KMSNotFoundException": "Key '{arn}' does not exist",
    "KMSOptInRequired": "The AWS Access Key Id needs a subscription for the service",
    "KMSThrottlingException": "You have exceeded the rate at which you may call KMS. Reduce the "
    "frequency of your calls.",
}


def start_stream_encryption(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Encrypt what is written from soon after the moment that the stream is ACTIVE again."""
    stream = streams.active(request)
    _check_type(request)
    key_id = request["KeyId"]
    require_key(streams, stream, key_id)
    return _change(streams, stream, stream.encryption_starts, key_id)


def stop_stream_encryption(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Encrypt no more; what was written before stays encrypted, and needs its key.

    KeyId is asked for, but no key is needed to stop: the API names no KMS error for it.
    """
    stream = streams.active(request)
    _check_type(request)
    return _change(streams, stream, stream.encryption_stops, None)


def require_key(streams: Streams, stream: Stream, key_id: str) -> Key:
    """The key; raises AWS's error if it cannot be used at this moment."""
    arn = streams.keys.arn(streams.region, key_id)
    trouble = streams.faults.key_trouble(stream)
    if trouble is not None:
        raise _refusal(streams, trouble, arn)
    account = _account_in(arn)
    if account is not None and account != streams.account_id:
        raise _refusal(streams, "KMSAccessDeniedException", arn)
    key = streams.keys.find(streams.region, key_id)
    if key is None:
        if ":alias/" in arn:
            raise AwsError("KMSNotFoundException", f"Alias {arn} is not found.")
        raise _refusal(streams, "KMSNotFoundException", arn)
    if key.state == DISABLED:
        raise _refusal(streams, "KMSDisabledException", key.arn)
    if key.state == "PendingImport":
        raise AwsError("KMSInvalidStateException", f"{key.arn} is pending import.")
    if key.state != ENABLED:
        raise _refusal(streams, "KMSInvalidStateException", key.arn)
    return key


def key_to_write(streams: Streams, stream: Stream) -> Key | None:
    """The key for new records, if they are encrypted; raises AWS's error if it cannot be used."""
    if stream.write_key_id is None:
        return None
    return require_key(streams, stream, stream.write_key_id)


def require_keys_to_read(
    streams: Streams, stream: Stream, shard: Shard, first: int, limit: int, max_bytes: int
) -> None:
    """Raise AWS's error if a record that `Shard.read` would give cannot be decrypted.

    Each needs the key that it was written with. One that cannot be used spoils the page; whether
    AWS would give the records before it is not known to us.
    """
    for arn in sorted(shard.keys_needed(first, limit, max_bytes)):
        require_key(streams, stream, arn)


def describe(stream: Stream) -> dict[str, str]:
    """The stream's encryption, as descriptions have it."""
    if stream.key_id is None:
        return {"EncryptionType": NONE}
    return {"EncryptionType": KMS, "KeyId": stream.key_id}


def _check_type(request: dict[str, Any]) -> None:
    # "The only valid value is KMS"; AWS's text for the other one is not known to us.
    if request["EncryptionType"] != KMS:
        raise errors.invalid_argument("EncryptionType must be KMS.")


def _change(
    streams: Streams, stream: Stream, times: CallBudget, key_id: str | None
) -> dict[str, Any]:
    if not times.take(streams.now):
        # The limit is documented; its text is not known to us.
        raise errors.limit_exceeded(
            f"The encryption of stream {stream.name} under account {streams.account_id} was "
            f"already changed {facts.encryption.changes_per_day} times in the last 24 hours."
        )

    def shown() -> None:
        stream.key_id = key_id

    update(streams, stream, ENCRYPTION_TIME, [shown])
    applied = streams.now + ENCRYPTION_TIME + APPLIES_AFTER
    streams.clock.call_at(applied, lambda: stream.encrypt_with(key_id))
    return {}


def _refusal(streams: Streams, code: str, arn: str) -> AwsError:
    return AwsError(code, _WORDS[code].format(arn=arn, account=streams.account_id))


def _account_in(arn: str) -> str | None:
    """The account in the ARN of a key or an alias, `arn:aws:kms:REGION:ACCOUNT:...`."""
    parts = arn.split(":")
    return parts[4] if len(parts) >= 6 and parts[2] == "kms" else None
