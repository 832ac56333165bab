"""What this machine has of what the course needs, and what to do about the rest."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from course import chapters
from course.chapters import Shelf
from course.errors import CourseError
from course.launch import free_port

PACKAGES = ("jupyterlab", "nbgrader", "boto3", "moto", "pandas")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
ROOM = 300  # MB, for the work of the learner; the environment is there already


@dataclass(frozen=True)
class Finding:
    """One line of the report; `advice` is what to do if it is not good."""

    subject: str
    good: bool
    seen: str
    advice: str
    optional: bool = False

    def __str__(self) -> str:
        mark = "ok  " if self.good else ("-   " if self.optional else "BAD ")
        advice = "" if self.good else f": {self.advice}"
        return f"{mark}{self.subject:<12}{self.seen}{advice}"


def examine(shelf: Shelf | None = None) -> list[Finding]:
    """Look at everything; a look never changes anything."""
    shelf = shelf or Shelf()
    looks: list[Callable[[Shelf], Finding]] = [
        _python, _environment, _packages, _chapters, _writable, _disk, _ports, _browser,
    ]  # fmt: skip
    return [look(shelf) for look in looks]


def _python(shelf: Shelf) -> Finding:
    seen = f"{platform.python_version()} on {platform.platform(terse=True)}, {os.cpu_count()} cores"
    return Finding("Python", sys.version_info >= (3, 11), seen, "install Python 3.11 or newer")


def _environment(shelf: Shelf) -> Finding:
    inside = Path(sys.prefix) == shelf.root / ".venv"
    advice = "start with `python run.py`, which makes one for the course"
    return Finding("environment", inside, sys.prefix, advice, optional=True)


def _packages(shelf: Shelf) -> Finding:
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    seen = ", ".join(found) or "none"
    advice = f"{', '.join(missing)} missing; delete the folder .venv and start again"
    return Finding("packages", not missing, seen, advice)


def _chapters(shelf: Shelf) -> Finding:
    known = chapters.stems(shelf)
    return Finding(
        "chapters", bool(known), f"{len(known)} in {shelf.shipped}", "clone the repository again"
    )


def _writable(shelf: Shelf) -> Finding:
    folder = shelf.work if shelf.work.exists() else shelf.root
    try:
        with tempfile.TemporaryFile(dir=folder):
            good = True
    except OSError:
        good = False
    return Finding("writing", good, str(folder), "put the course into a folder of your own")


def _disk(shelf: Shelf) -> Finding:
    free = shutil.disk_usage(shelf.root).free // 2**20
    return Finding("disk", free > ROOM, f"{free:,} MB free", f"make room, {ROOM} MB at least")


def _ports(shelf: Shelf) -> Finding:
    advice = "allow programs to listen on 127.0.0.1 (firewall or sandbox)"
    try:
        return Finding("ports", True, f"127.0.0.1:{free_port(None)} is free", advice)
    except CourseError:
        return Finding("ports", False, "none can be opened on 127.0.0.1", advice)


def _browser(shelf: Shelf) -> Finding:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    advice = "only the browser test needs it, and is skipped without"
    return Finding("Chromium", found is not None, found or "not found", advice, optional=True)
