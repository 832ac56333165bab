"""Opens the course in JupyterLab: the chapters on the desk, a free port, the course's settings.

Jupyter reads the settings in jupyter/ and writes only below .course/, so the reader's own Jupyter
neither changes the course nor is changed by it.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from course import chapters
from course.chapters import Shelf
from course.errors import CourseError

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

USUAL_PORTS = range(8888, 8899)  # Jupyter's own 8888 first: the address then stays the same


class CannotOpen(CourseError):
    """JupyterLab cannot be started."""


def open_course(port: int | None, browser: bool, shelf: Shelf | None = None) -> None:
    """Serve the chapters in work/ until Ctrl-C; `port` None is the first usual one, 0 any."""
    shelf = shelf or Shelf()
    port = free_port(port)
    put_chapters_out(shelf)
    for name in [name for name in os.environ if name.startswith("JUPYTER")]:
        del os.environ[name]
    os.environ.update(variables(shelf.root))
    log = shelf.root / ".course" / "lab.log"
    with everything_into(log) as terminal:
        server = make_server(shelf.work, port, browser, log)
        server.io_loop.add_callback(greet, server, terminal)
        stop_on_signals(server)
        server.start()
        print("\nThe course is closed. Your notebooks are in work/.", file=terminal)


def put_chapters_out(shelf: Shelf) -> None:
    """Copy the chapters to work/ and name those that have a newer version."""
    try:
        outdated = chapters.copy_out(shelf)
    except OSError as problem:
        raise CannotOpen(
            f"The chapters could not be copied to {shelf.work} ({problem.strerror}): make room "
            "there and see that you may write in it."
        ) from problem
    if outdated:
        print(
            f"There is a newer {', '.join(outdated)}; yours is kept as it is "
            f"(`run.py reset {outdated[0]}` brings the new one and keeps yours as a backup)."
        )


def free_port(wanted: int | None) -> int:
    """A port on 127.0.0.1 that nobody listens on."""
    for port in [*USUAL_PORTS, 0] if wanted is None else [wanted]:
        with socket.socket() as probe:
            if os.name == "posix":  # as the server does, or a port just left counts as taken
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise CannotOpen(
        f"Port {wanted} is taken by another program or not allowed: name another one with "
        "--port, or leave --port out and the course finds a free one."
    )


def variables(root: Path) -> dict[str, str]:
    """The environment variables that keep Jupyter and IPython inside the checkout."""
    own = root / ".course"
    return {
        "JUPYTER_CONFIG_PATH": str(root / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(own / "jupyter"),
        "JUPYTER_DATA_DIR": str(own / "jupyter" / "data"),
        "JUPYTER_RUNTIME_DIR": str(own / "jupyter" / "runtime"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "IPYTHONDIR": str(own / "ipython"),
    }


@contextmanager
def everything_into(log: Path) -> Iterator[TextIO]:
    """Send what this process and its kernels print to a file; yields the terminal itself."""
    sys.stdout.flush()
    sys.stderr.flush()
    with open(log, "w", encoding="utf-8") as file, open(os.dup(1), "w", buffering=1) as terminal:
        errors = os.dup(2)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield terminal
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(terminal.fileno(), 1)
            os.dup2(errors, 2)
            os.close(errors)


def make_server(folder: Path, port: int, browser: bool, log: Path) -> ServerApp:
    """A JupyterLab server that listens, and has yet to be started."""
    from jupyterlab.labapp import LabApp

    arguments = [
        f"--ServerApp.root_dir={folder}",
        f"--ServerApp.port={port}",
        f"--ServerApp.open_browser={browser}",
    ]
    try:
        server: ServerApp = LabApp.initialize_server(argv=arguments)
    except (Exception, SystemExit) as problem:
        raise CannotOpen(
            f"JupyterLab could not start ({problem}): read {log}, and if the environment is to "
            "blame delete the folder .venv and start again."
        ) from problem
    return server


def greet(server: ServerApp, terminal: TextIO) -> None:
    """Runs in the server's loop, hence when it answers."""
    token = server.identity_provider.token
    print(f"The course is open at http://127.0.0.1:{server.port}/?token={token}", file=terminal)
    print("Leave this window open; Ctrl-C in it closes the course.", file=terminal)


def stop_on_signals(server: ServerApp) -> None:
    """End at once and tidily; Jupyter's own handler asks a question first, or leaves kernels."""

    def stop(number: int, frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # whoever insists is obeyed
        server.stop(from_signal=True)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
