"""The chapters: what they are called, and the learner's copies of them.

The shipped notebooks lie in notebooks/ and nobody works in them. A learner works on copies in
work/, and what they wrote there is never overwritten.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from course.errors import CourseError

ROOT = Path(__file__).resolve().parent.parent


class UnknownChapter(CourseError, LookupError):
    """A chapter was named that does not exist."""


@dataclass(frozen=True)
class Shelf:
    """The folders of one checkout that hold chapters."""

    root: Path = ROOT

    @property
    def shipped(self) -> Path:
        """What the build made."""
        return self.root / "notebooks"

    @property
    def work(self) -> Path:
        """Where the learner works."""
        return self.root / "work"

    @property
    def origins(self) -> Path:
        """Which shipped text each copy was made from: stem -> SHA-256."""
        return self.root / ".course" / "copies.json"


def stems(shelf: Shelf | None = None) -> list[str]:
    """The chapters in their order, such as `02-shards-and-partition-keys`."""
    shelf = shelf or Shelf()
    return sorted(path.stem for path in shelf.shipped.glob("[0-9][0-9]-*.ipynb"))


def resolve(name: str, shelf: Shelf | None = None) -> str:
    """The stem of the chapter called `name`: the stem itself, or its number (`2`, `02`)."""
    known = stems(shelf)
    for stem in known:
        number = stem.split("-")[0]
        if name == stem or (name.isdecimal() and int(name) == int(number)):
            return stem
    raise UnknownChapter(
        f"There is no chapter called {name!r}; the chapters are {', '.join(known) or 'missing'}."
    )


def copy_out(shelf: Shelf | None = None) -> list[str]:
    """Copy the shipped chapters to work/, where the learner has none of that name.

    A copy in which no cell was run or changed follows the shipped notebook. Returns the stems
    whose shipped notebook is newer while the learner's was changed: theirs stays as it is.
    """
    shelf = shelf or Shelf()
    shelf.work.mkdir(exist_ok=True)
    origins = _read_origins(shelf)
    outdated = []
    for stem in stems(shelf):
        shipped, copy = _paths(stem, shelf)
        newest = _digest(shipped)
        mine = _digest(copy) if copy.exists() else None
        if mine in (None, newest, origins.get(stem)):
            if mine != newest:
                _put(shipped, copy)
            origins[stem] = newest
        elif origins.get(stem) != newest:
            outdated.append(stem)
    _write_origins(shelf, origins)
    return outdated


def reset(name: str, shelf: Shelf | None = None) -> tuple[str, Path | None]:
    """Put the shipped chapter back into work/; returns its stem and where the old copy went.

    The learner's notebook is kept as `STEM.backup-1.ipynb`, `-2` and so on, unless it already is
    the shipped one.
    """
    shelf = shelf or Shelf()
    stem = resolve(name, shelf)
    shipped, copy = _paths(stem, shelf)
    newest = _digest(shipped)
    backup = None
    if copy.exists() and _digest(copy) != newest:
        backup = _free_name(copy)
        copy.rename(backup)
    shelf.work.mkdir(exist_ok=True)
    _put(shipped, copy)
    _write_origins(shelf, _read_origins(shelf) | {stem: newest})
    return stem, backup


def _paths(stem: str, shelf: Shelf) -> tuple[Path, Path]:
    return shelf.shipped / f"{stem}.ipynb", shelf.work / f"{stem}.ipynb"


def _free_name(copy: Path) -> Path:
    number = 1
    while (backup := copy.with_name(f"{copy.stem}.backup-{number}.ipynb")).exists():
        number += 1
    return backup


def _digest(path: Path) -> str:
    """A hash of the cells. JupyterLab rewrites the rest of a notebook that was merely opened."""
    raw = path.read_bytes()
    try:
        cells = [
            [cell["cell_type"], "".join(cell["source"]), cell["metadata"], cell.get("outputs")]
            for cell in json.loads(raw)["cells"]
        ]
        raw = json.dumps(cells, sort_keys=True).encode()
    except (ValueError, KeyError, TypeError):
        pass  # not a notebook (any more): its bytes will do
    return hashlib.sha256(raw).hexdigest()


def _put(source: Path, target: Path) -> None:
    """Copy so that the target is whole or absent, however the copying ends."""
    partial = target.with_suffix(".partial")
    shutil.copyfile(source, partial)
    os.replace(partial, target)


def _read_origins(shelf: Shelf) -> dict[str, str]:
    try:
        return dict(json.loads(shelf.origins.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return {}  # lost: each changed copy then counts as the learner's own


def _write_origins(shelf: Shelf, origins: dict[str, str]) -> None:
    shelf.origins.parent.mkdir(exist_ok=True)
    partial = shelf.origins.with_suffix(".partial")
    partial.write_text(json.dumps(origins, indent=1), "utf-8")
    os.replace(partial, shelf.origins)
