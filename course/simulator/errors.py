"""What a service answers when it refuses: an error code, a message, an HTTP status."""

from __future__ import annotations


class AwsError(Exception):
    """An error reply in AWS's shape. An operation that raises it has changed nothing."""

    def __init__(self, code: str, message: str | None = None, status: int = 400) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status

    @property
    def document(self) -> dict[str, str]:
        """The JSON body: ``__type`` and, where AWS gives one, ``message``."""
        body = {"__type": self.code}
        if self.message is not None:
            body["message"] = self.message
        return body


def validation_error(*problems: str) -> AwsError:
    """ValidationException over one or more problems, counted as AWS counts them."""
    noun = "error" if len(problems) == 1 else "errors"
    return AwsError(
        "ValidationException",
        f"{len(problems)} validation {noun} detected: {'; '.join(problems)}",
    )


def serialization_error(message: str | None = None) -> AwsError:
    """SerializationException: the body is not the JSON that the operation expects."""
    return AwsError("SerializationException", message)
