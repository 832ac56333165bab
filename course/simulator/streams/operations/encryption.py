"""Server-side encryption: records are encrypted at rest with a KMS key, and readers never notice.

They do notice when the key cannot be used: then writes are refused, and reads of what was written
with it. Nothing is really encrypted here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course import facts
from course.simulator.clock import SECOND
from course.simulator.errors import AwsError
from course.simulator.keys import DISABLED, ENABLED
from course.simulator.streams import errors
from course.simulator.streams.operations.updating import update

if TYPE_CHECKING:
    from course.simulator.streams.service import Streams
    from course.simulator.streams.shard import Shard
    from course.simulator.streams.stream import Stream
    from course.simulator.streams.throttle import CallBudget

KMS, NONE = "KMS", "NONE"
ENCRYPTION_TIME = facts.latency.update_encryption_s * SECOND


def start_stream_encryption(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Encrypt what is written from the moment that the stream is ACTIVE again."""
    stream = streams.active(request)
    _check_type(request)
    key_id = request["KeyId"]
    require_key(streams, stream, key_id)
    return _change(streams, stream, stream.encryption_starts, key_id)


def stop_stream_encryption(streams: Streams, request: dict[str, Any]) -> dict[str, Any]:
    """Encrypt no more; what was written before stays encrypted, and needs its key."""
    stream = streams.active(request)
    _check_type(request)
    return _change(streams, stream, stream.encryption_stops, None)


def require_key(streams: Streams, stream: Stream, key_id: str) -> None:
    """Raise AWS's error if the key cannot be used at this moment."""
    trouble = streams.faults.key_trouble(stream)
    if trouble is not None:
        raise AwsError(trouble, f"The key {key_id} cannot be used for stream {stream.name}.")
    account = _account_in(key_id)
    if account is not None and account != streams.account_id:
        raise AwsError(
            "KMSAccessDeniedException",
            f"User is not authorized to use the key {key_id} for stream {stream.name}.",
        )
    state = streams.keys.state(streams.region, key_id)
    if state == ENABLED:
        return
    # KMS's own words.
    if state is None:
        said = f"Alias {key_id} is not found." if "alias/" in key_id else None
        raise AwsError("KMSNotFoundException", said or f"Key '{key_id}' does not exist")
    if state == DISABLED:
        raise AwsError("KMSDisabledException", f"{key_id} is disabled.")
    said = "pending deletion" if state == "PendingDeletion" else f"in state {state}"
    raise AwsError("KMSInvalidStateException", f"{key_id} is {said}.")


def require_key_to_write(streams: Streams, stream: Stream) -> None:
    """Raise AWS's error if new records cannot be encrypted as the stream wants."""
    if stream.key_id is not None:
        require_key(streams, stream, stream.key_id)


def require_key_to_read(streams: Streams, stream: Stream, shard: Shard, first: int) -> None:
    """Raise AWS's error if records from counter `first` on are encrypted and cannot be read."""
    if stream.last_key_id is not None and shard.encrypted_from(first):
        require_key(streams, stream, stream.last_key_id)


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
    update(streams, stream, ENCRYPTION_TIME, [lambda: stream.encrypt_with(key_id)])
    return {}


def _account_in(key_id: str) -> str | None:
    """The account in a key's or alias's ARN, `arn:aws:kms:REGION:ACCOUNT:...`."""
    parts = key_id.split(":")
    return parts[4] if len(parts) >= 6 and parts[2] == "kms" else None
