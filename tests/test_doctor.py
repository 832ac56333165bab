"""The report on the machine: a line each, and an advice where something is missing."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from course import doctor, launch
from course.chapters import Shelf
from course.cli import app


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "00-start-here.ipynb").touch()
    return Shelf(tmp_path)


def report(shelf: Shelf) -> dict[str, doctor.Finding]:
    return {finding.subject: finding for finding in doctor.examine(shelf)}


def test_a_fit_machine_needs_no_advice(shelf: Shelf) -> None:
    before = sorted(shelf.root.rglob("*"))
    for finding in report(shelf).values():
        if not finding.optional:
            assert finding.good, finding
            assert str(finding).startswith("ok ")
            assert finding.advice not in str(finding)
    assert sorted(shelf.root.rglob("*")) == before


def test_what_is_missing_comes_with_an_advice(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(port: int | None) -> int:
        raise launch.CannotOpen("no")

    (shelf.shipped / "00-start-here.ipynb").unlink()
    monkeypatch.setattr(doctor, "PACKAGES", ("jupyterlab", "not-a-package"))
    monkeypatch.setattr(doctor, "free_port", refuse)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=2**20))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    found = report(shelf)
    bad = {"chapters", "packages", "ports", "disk"}
    assert {name for name, finding in found.items() if not finding.good} >= bad
    for name in bad:
        assert str(found[name]).startswith("BAD ")
        assert str(found[name]).endswith(found[name].advice)
    assert "not-a-package missing" in str(found["packages"])
    assert str(found["Chromium"]).startswith("-   ")


def test_an_unwritable_folder_is_found(shelf: Shelf) -> None:
    shelf.work.symlink_to(shelf.root / "notebooks" / "00-start-here.ipynb")
    assert not report(shelf)["writing"].good


@pytest.mark.parametrize(("good", "optional", "code"), [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_only_what_is_needed_makes_the_command_fail(
    monkeypatch: pytest.MonkeyPatch, good: int, optional: int, code: int
) -> None:
    finding = doctor.Finding("disk", bool(good), "1 MB", "make room", bool(optional))
    monkeypatch.setattr(doctor, "examine", lambda: [finding])
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == code
    assert "1 MB" in result.stdout
