"""The learner's copies: made, refreshed, reset, and never overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from course import chapters
from course.chapters import Shelf

FIRST = "00-start-here"
SECOND = "02-shards-and-partition-keys"


def notebook(text: str, outputs: tuple[str, ...] = (), version: str = "3.11") -> str:
    cell = {"cell_type": "code", "source": [text], "metadata": {}, "outputs": list(outputs)}
    return json.dumps({"cells": [cell], "metadata": {"language_info": {"version": version}}})


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shelf = Shelf(tmp_path)
    shelf.shipped.mkdir()
    for stem in (FIRST, SECOND):
        ship(shelf, stem, "one")
    (shelf.shipped / "scratch.ipynb").write_text("{}")
    return shelf


def ship(shelf: Shelf, stem: str, text: str) -> None:
    (shelf.shipped / f"{stem}.ipynb").write_text(notebook(text))


def mine(shelf: Shelf, stem: str = SECOND) -> Path:
    return shelf.work / f"{stem}.ipynb"


def test_chapters_are_listed_in_their_order(shelf: Shelf) -> None:
    assert chapters.stems(shelf) == [FIRST, SECOND]


@pytest.mark.parametrize("name", ["2", "02", SECOND])
def test_a_chapter_is_its_stem_or_its_number(shelf: Shelf, name: str) -> None:
    assert chapters.resolve(name, shelf) == SECOND


@pytest.mark.parametrize("name", ["1", "shards", "", "2.0", "-2", "scratch", "\u00b2"])
def test_an_unknown_chapter_is_answered_with_the_list(shelf: Shelf, name: str) -> None:
    with pytest.raises(chapters.UnknownChapter) as caught:
        chapters.resolve(name, shelf)
    message = str(caught.value)
    assert repr(name) in message
    assert f"the chapters are {FIRST}, {SECOND}." in message


def test_copies_are_made_once(shelf: Shelf) -> None:
    assert chapters.copy_out(shelf) == []
    assert sorted(path.name for path in shelf.work.iterdir()) == [
        f"{FIRST}.ipynb",
        f"{SECOND}.ipynb",
    ]
    mine(shelf).write_text(notebook("my own"))
    assert chapters.copy_out(shelf) == []
    assert mine(shelf).read_text() == notebook("my own")


def test_a_copy_that_was_merely_opened_follows_the_shipped_one(shelf: Shelf) -> None:
    chapters.copy_out(shelf)
    mine(shelf).write_text(notebook("one", version="3.12"))  # what JupyterLab saves by itself
    ship(shelf, SECOND, "two")
    assert chapters.copy_out(shelf) == []
    assert mine(shelf).read_text() == notebook("two")


@pytest.mark.parametrize("change", [notebook("my own"), notebook("one", ("ran",)), "not JSON"])
def test_a_copy_that_was_used_is_kept_and_named_until_it_is_reset(
    shelf: Shelf, change: str
) -> None:
    chapters.copy_out(shelf)
    mine(shelf).write_text(change)
    ship(shelf, SECOND, "two")
    for _ in range(2):
        assert chapters.copy_out(shelf) == [SECOND]
        assert mine(shelf).read_text() == change
    chapters.reset("2", shelf)
    assert chapters.copy_out(shelf) == []


def test_without_its_records_every_other_copy_counts_as_the_learners(shelf: Shelf) -> None:
    chapters.copy_out(shelf)
    mine(shelf).write_text(notebook("my own"))
    for spoilt in ("{", "[1]", "3"):
        shelf.origins.write_text(spoilt)
        assert chapters.copy_out(shelf) == [SECOND]
        assert mine(shelf).read_text() == notebook("my own")


def test_reset_keeps_every_notebook_under_a_new_name(shelf: Shelf) -> None:
    chapters.copy_out(shelf)
    for number in (1, 2):
        mine(shelf).write_text(notebook(f"try {number}"))
        stem, backup = chapters.reset("02", shelf)
        assert stem == SECOND
        assert backup == shelf.work / f"{SECOND}.backup-{number}.ipynb"
        assert backup.read_text() == notebook(f"try {number}")
        assert mine(shelf).read_text() == notebook("one")
    assert (shelf.work / f"{SECOND}.backup-1.ipynb").read_text() == notebook("try 1")


def test_reset_makes_no_backup_of_what_is_shipped_anyway(shelf: Shelf) -> None:
    assert chapters.reset("2", shelf) == (SECOND, None)  # before the first start, too
    assert chapters.reset("2", shelf) == (SECOND, None)
    assert len(list(shelf.work.iterdir())) == 1
