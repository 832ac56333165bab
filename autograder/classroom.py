"""A class room: a directory in which stock nbgrader releases and grades the chapters."""

from __future__ import annotations

import os
import secrets
from importlib import resources
from pathlib import Path

from course.build import Manuscript, source_text
from course.errors import CourseError

# The name that nbgrader_config.py looks for.
SECRET = "class_secret"
TEMPLATES = {
    "nbgrader_config.py": "nbgrader_config.py.template",
    "INSTRUCTORS.md": "INSTRUCTORS.md",
    ".gitignore": "classroom.gitignore",
}


class ClassroomError(CourseError):
    """A class room cannot be made; the text is one sentence for the instructor."""


def new(directory: Path, manuscript: Manuscript | None = None) -> Path:
    """Make a class room in `directory`, one nbgrader assignment per chapter; returns its path.

    The directory must be new or empty, but for a class secret brought from an earlier room.
    Raises ClassroomError when it is not, and course.build.BuildError when a chapter does not build.
    """
    directory = directory.expanduser().resolve()
    _is_free(directory)
    # Everything is built before the first byte is written: a failure leaves nothing behind.
    manuscript = manuscript or Manuscript()
    files = {
        f"source/{path.stem}/{path.stem}.ipynb": source_text(path, manuscript)
        for path in manuscript.chapters
    }
    for name, template in TEMPLATES.items():
        files[name] = resources.files("autograder").joinpath(template).read_text("utf-8")
    _keep_or_draw_secret(directory)
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return directory


def _is_free(directory: Path) -> None:
    if directory.exists() and not directory.is_dir():
        raise ClassroomError(f"{directory} is a file; name a new directory for the class room.")
    if directory.exists() and {path.name for path in directory.iterdir()} - {SECRET}:
        raise ClassroomError(
            f"{directory} is not empty; name a new directory, since a class room is never "
            "written over (it holds submissions and grades)."
        )


def _keep_or_draw_secret(directory: Path) -> None:
    """The hidden cases follow from the secret: another one would change every grade."""
    directory.mkdir(parents=True, exist_ok=True)
    try:
        # Owner only. Windows knows no such bits: there the directory's own rights protect it.
        handle = os.open(directory / SECRET, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w", encoding="ascii", newline="\n") as file:
        file.write(secrets.token_hex(32) + "\n")
