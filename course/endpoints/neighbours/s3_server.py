"""S3 behind a real local port, for readers that do not go through botocore.

pandas and pyarrow carry an AWS client of their own (C++), and a presigned URL is opened by
anything; they find this server by AWS_ENDPOINT_URL_S3.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Iterable
from contextlib import closing, suppress
from functools import cache
from threading import Thread
from typing import TYPE_CHECKING, Any, cast

from course.endpoints.neighbours import repairs, state

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from flask import Flask
    from werkzeug.serving import BaseWSGIServer
    from werkzeug.wsgi import ClosingIterator

_JOIN_SECONDS = 5.0


class S3Server:
    """Moto's S3 at `url`, with the buckets of the active Neighbours, until `close`.

    The port listens at once; werkzeug and moto are imported when somebody connects.
    Raises OSError if this machine has no free local port.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._stop, self._stopped = socket.socketpair()
        self._connections: set[socket.socket] = set()
        self._thread = Thread(target=self._serve, name="course-s3", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close the port and every connection; a second call does nothing."""
        self._stop.close()
        self._thread.join(_JOIN_SECONDS)
        for connection in list(self._connections):
            # A client that is gone already is no concern.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        server: BaseWSGIServer | None = None
        with self._listener, self._stopped:
            # Without a time-out: an idle lab does not poll.
            while self._stopped not in select.select([self._listener, self._stopped], [], [])[0]:
                server = server or _make_server(self._listener, self._connections)
                server.handle_request()
        if server:
            server.server_close()


def _make_server(listener: socket.socket, connections: set[socket.socket]) -> BaseWSGIServer:
    """A server on `listener` that keeps its open connections in `connections`."""
    repairs.load("s3")
    from moto.moto_server.werkzeug_app import MotoRequestHandler
    from werkzeug.serving import ThreadedWSGIServer

    class Handler(MotoRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """A learner's cell shows no access log."""

    class Server(ThreadedWSGIServer):
        def process_request(self, request: Any, client_address: Any) -> None:
            connections.add(request)
            super().process_request(request, client_address)

        def shutdown_request(self, request: Any) -> None:
            connections.discard(request)
            super().shutdown_request(request)

    host, port = listener.getsockname()
    return Server(host, port, _s3, handler=Handler, fd=listener.fileno())


def _s3(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    with state.lock:
        body = cast("ClosingIterator", _moto_app()(environ, start_response))
        with closing(body):
            # Complete before the lock is released.
            return [b"".join(body)]


@cache
def _moto_app() -> Flask:
    from moto.moto_server.werkzeug_app import create_backend_app

    return create_backend_app("s3")
