"""The fence around a lab: nothing that speaks to AWS finds the way out of this machine.

Two rings. The environment gives every AWS SDK dummy credentials, empty configuration and an
endpoint that is closed (S3: the lab's own server). And botocore's HTTP session, where a request of
boto3 ends up if no handler of the course has answered it, sends to this machine only.

Sockets are not watched: what opens a connection to an AWS host by itself (requests, urllib,
`pyarrow.fs.S3FileSystem()` without `endpoint_override`: apache/arrow issue 49643) is not stopped,
but it finds no credentials. `pd.read_parquet("s3://...")` and other s3:// addresses do stay inside.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from course.endpoints.neighbours import S3Server
from course.errors import CourseError
from course.simulator.account import DEFAULT_REGION

LOCAL_HOSTS = ("127.0.0.1", "localhost")


class LeftTheLab(CourseError):
    """A request would have left the lab."""

    def __init__(self, goal: str) -> None:
        super().__init__(
            "This boto3 client, or its session, was made before the course was imported, so its "
            f"request goes {goal} instead of to the lab: make it again after "
            "`from course import Lab`."
        )


@dataclass(frozen=True)
class _Before:
    """What a fence changes, as it was."""

    environ: dict[str, str]
    send: Callable[..., Any]
    auth: Callable[..., Any]
    default_session: Any


# Innermost last.
_open: list[Fence] = []


class Fence:
    """Keeps AWS requests inside while it is open; `close` restores everything as it was.

    Fences nest, and may close in any order. `s3_url` is the address of the lab's S3 server.
    """

    def __init__(self) -> None:
        self.s3_url = ""
        self._before: _Before | None = None

    def open(self) -> None:
        """Put the fence up.

        Raises OSError if this machine has no free local port, RuntimeError if it is up already.
        """
        if self._before:
            raise RuntimeError("This fence is open already; close it before you open it again.")
        # Bound, never listening: nobody else gets the port, and who connects is refused.
        self._closed_port = socket.socket()
        self._closed_port.bind(("127.0.0.1", 0))
        try:
            self._s3 = S3Server()
        except OSError:
            self._closed_port.close()
            raise
        self.s3_url = self._s3.url
        port = self._closed_port.getsockname()[1]
        self._before = _put_up(_environ(f"http://127.0.0.1:{port}", self.s3_url), port)
        _open.append(self)

    def close(self) -> None:
        """Take the fence down; a second call does nothing."""
        if not self._before:
            return
        place = _open.index(self)
        _open.remove(self)
        if place == len(_open):
            _restore(self._before)
        else:
            # One that was opened later is still up: it restores in our place.
            _open[place]._before = self._before
        self._before = None
        self._s3.close()
        self._closed_port.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def is_up() -> bool:
    """Whether any fence is open."""
    return bool(_open)


def _environ(closed_url: str, s3_url: str) -> dict[str, str]:
    no_proxy = ",".join(filter(None, [_no_proxy(), *LOCAL_HOSTS]))
    return {
        "AWS_ACCESS_KEY_ID": "LAB-KEY-NOT-REAL",
        "AWS_SECRET_ACCESS_KEY": "lab-secret-not-real",
        "AWS_DEFAULT_REGION": DEFAULT_REGION,
        "AWS_REGION": DEFAULT_REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": closed_url,
        "AWS_ENDPOINT_URL_S3": s3_url,
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
    }


def _no_proxy() -> str:
    return os.environ.get("no_proxy") or os.environ.get("NO_PROXY", "")


def _is_ours(name: str) -> bool:
    # All of AWS_*: profiles, roles, endpoints, certificates and retry modes come in too many
    # names to list, and each would make a lab run differently on another machine.
    return name.upper().startswith("AWS_") or name.upper() == "NO_PROXY"


def _replace_environ(values: dict[str, str]) -> None:
    for name in filter(_is_ours, list(os.environ)):
        del os.environ[name]
    os.environ.update(values)


def _put_up(environ: dict[str, str], closed_port: int) -> _Before:
    from botocore.httpsession import URLLib3Session
    from botocore.signers import RequestSigner

    before = _Before(
        environ={name: value for name, value in os.environ.items() if _is_ours(name)},
        send=URLLib3Session.send,
        auth=RequestSigner.get_auth_instance,
        default_session=_swap_default_session(None),
    )
    _replace_environ(environ)
    URLLib3Session.send = _guarded(before.send, closed_port)
    RequestSigner.get_auth_instance = _needs_credentials(before.auth)
    return before


def _restore(before: _Before) -> None:
    from botocore.httpsession import URLLib3Session
    from botocore.signers import RequestSigner

    URLLib3Session.send = before.send
    RequestSigner.get_auth_instance = before.auth
    _swap_default_session(before.default_session)
    _replace_environ(before.environ)


def _swap_default_session(session: Any) -> Any:
    """Give boto3 another default session; the old one is returned.

    A default session keeps the credentials it found first, so `boto3.client(...)` would go on
    with those of the learner's own account. With none, boto3 makes one when it is needed: from
    the lab's environment, and with the handlers that the course has added to botocore's.
    """
    boto3: Any = sys.modules.get("boto3")
    if not boto3:
        return None
    old, boto3.DEFAULT_SESSION = boto3.DEFAULT_SESSION, session
    return old


def _guarded(send: Callable[..., Any], closed_port: int) -> Callable[..., Any]:
    def guard(self: Any, request: Any) -> Any:
        url = urlsplit(request.url)
        if url.hostname in LOCAL_HOSTS and url.port != closed_port:
            return send(self, request)
        goal = "nowhere" if url.port == closed_port else f"to {url.hostname}"
        raise LeftTheLab(goal)

    return guard


def _needs_credentials(auth: Callable[..., Any]) -> Callable[..., Any]:
    """Inside a fence every client finds credentials, so one without was made outside."""

    def guard(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self._credentials is None and kwargs.get("request_credentials") is None:
            raise LeftTheLab("nowhere")
        return auth(self, *args, **kwargs)

    return guard
