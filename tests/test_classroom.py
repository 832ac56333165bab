"""The class room: an nbgrader course root in which the stock commands release and grade."""

from __future__ import annotations

import copy
import csv
import os
import re
import stat
import subprocess
import sys
import sysconfig
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode

from autograder.classroom import ClassroomError, new
from course.build import BuildError, Manuscript, release_text
from course.chapters import ROOT
from course.tasks import chapter_tasks, find, points
from course.tasks.door import InProcessDoor
from course.tasks.engine import judge

STEM = "03-sending"

# Each task is worth two points, and a third one that only the right secret gives.
CHAPTER = """\
# ---
# title: Sending
# minutes: 10
# ---

# %% [markdown]
# # {{chapter.title}}

# %%
import os
from pathlib import Path


class Points(float):
    __repr__ = float.__repr__

    def _repr_html_(self):
        return f"<b>{float(self)} points</b>"


# %% [markdown]
# A stand-in for the task engine.

# %%
CASES = {
    "send-twice": lambda: send_twice(1) == [1, 1],
    "send-none": lambda: send_none(1) == [],
}


def check(name):
    try:
        right = CASES[name]()
    except Exception:
        right = False
    file = Path("../../../class_secret")
    graded = file.exists() and os.environ.get("COURSE_SECRET") == file.read_text().strip()
    return Points(right * (3 if graded else 2))


# %% [markdown]
# ## Twice

# %% task="send-twice"
def send_twice(order):
    ### BEGIN SOLUTION
    return [order, order]
    ### END SOLUTION


# %% check="send-twice"
check("send-twice")

# %% [markdown]
# ## None

# %% task="send-none"
def send_none(order):
    ### BEGIN SOLUTION
    return []
    ### END SOLUTION


# %% check="send-none"
check("send-none")
"""


class Tasks:
    """Two tasks of three points."""

    def chapter_tasks(self, stem: str) -> list[str]:
        return ["send-twice", "send-none"]

    def points(self, task: str) -> float:
        return 3


@pytest.fixture
def manuscript(tmp_path: Path) -> Manuscript:
    chapter = tmp_path / "checkout" / "solutions" / f"{STEM}.py"
    chapter.parent.mkdir(parents=True)
    chapter.write_text(CHAPTER, encoding="utf-8")
    return Manuscript(tmp_path / "checkout", Tasks())


def test_a_new_room_is_complete(
    tmp_path: Path, manuscript: Manuscript, capfd: pytest.CaptureFixture[str]
) -> None:
    room = new(tmp_path / "a class" / "of 2026", manuscript)

    assert {str(p.relative_to(room).as_posix()) for p in room.rglob("*") if p.is_file()} == {
        ".gitignore",
        "INSTRUCTORS.md",
        "class_secret",
        "nbgrader_config.py",
        f"source/{STEM}/{STEM}.ipynb",
    }
    source = nbformat.read(room / "source" / STEM / f"{STEM}.ipynb", 4)
    assert any("return [order, order]" in cell.source for cell in source.cells)
    assert "class_secret" in (room / ".gitignore").read_text("utf-8").split("\n")
    secret = (room / "class_secret").read_text("ascii")
    assert re.fullmatch(r"[0-9a-f]{64}\n", secret)
    out, err = capfd.readouterr()
    assert secret.strip() not in out + err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no owner-only bits; the guide says so")
def test_only_the_owner_reads_the_secret(tmp_path: Path, manuscript: Manuscript) -> None:
    before = os.umask(0)
    try:
        room = new(tmp_path / "room", manuscript)
    finally:
        os.umask(before)
    assert stat.S_IMODE((room / "class_secret").stat().st_mode) == 0o600


def test_two_rooms_have_two_secrets(tmp_path: Path, manuscript: Manuscript) -> None:
    first, second = (new(tmp_path / name, manuscript) / "class_secret" for name in "ab")
    assert first.read_text() != second.read_text()


def test_a_secret_that_is_there_is_kept(tmp_path: Path, manuscript: Manuscript) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "class_secret").write_text("of last year\n")
    room = new(tmp_path / "room", manuscript)
    assert (room / "class_secret").read_text() == "of last year\n"
    assert (room / "nbgrader_config.py").exists()


def test_a_room_is_never_written_over(tmp_path: Path, manuscript: Manuscript) -> None:
    room = tmp_path / "room"
    room.mkdir()
    (room / "gradebook.db").write_text("grades")
    with pytest.raises(ClassroomError, match="is not empty; name a new directory") as caught:
        new(room, manuscript)
    assert "\n" not in str(caught.value)
    assert [path.name for path in room.iterdir()] == ["gradebook.db"]
    with pytest.raises(ClassroomError, match="is a file; name a new directory"):
        new(room / "gradebook.db", manuscript)


def test_a_chapter_that_does_not_build_leaves_nothing(
    tmp_path: Path, manuscript: Manuscript
) -> None:
    manuscript.chapters[0].write_text("print(1)\n", "utf-8")
    with pytest.raises(BuildError):
        new(tmp_path / "room", manuscript)
    assert not (tmp_path / "room").exists()


# The stock commands -------------------------------------------------------------------------------


def nbgrader(room: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run stock nbgrader in `room`, with no environment activated and no settings of a user."""
    nowhere = str(room.parent / "nowhere")
    environment = {key: value for key, value in os.environ.items() if key != "COURSE_SECRET"}
    environment |= {"JUPYTER_CONFIG_DIR": nowhere, "IPYTHONDIR": nowhere}
    scripts = sysconfig.get_path("scripts")
    paths = environment["PATH"].split(os.pathsep)
    environment["PATH"] = os.pathsep.join(path for path in paths if path != scripts)
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=room,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )


def autograde(room: Path, stem: str) -> subprocess.CompletedProcess[str]:
    """Grade, and as the guide says once more when the machine could not start a kernel."""
    done = nbgrader(room, "autograde", stem)
    if re.search("Kernel didn't respond|Kernel died before", done.stderr):
        done = nbgrader(room, "autograde", stem)
    return done


def released(room: Path, stem: str) -> Path:
    """Release the chapter and return the learner's notebook."""
    done = nbgrader(room, "generate_assignment", stem)
    assert done.returncode == 0, done.stderr
    return room / "release" / stem / f"{stem}.ipynb"


def cell_of(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    return next(
        cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    )


def solve(room: Path, stem: str, notebook: NotebookNode, *tasks: str) -> None:
    """Put the model solutions of `tasks` into `notebook`."""
    source = nbformat.read(room / "source" / stem / f"{stem}.ipynb", 4)
    for task in tasks:
        solution = cell_of(source, f"{task}-solution").source
        cell_of(notebook, f"{task}-solution").source = "\n".join(
            line for line in solution.split("\n") if "### " not in line
        )


def hand_in(room: Path, stem: str, student: str, edit: Callable[[NotebookNode], None]) -> None:
    notebook = nbformat.read(room / "release" / stem / f"{stem}.ipynb", 4)
    edit(notebook)
    path = room / "submitted" / student / stem / f"{stem}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


def scores(room: Path, stem: str, student: str) -> dict[str, float | None]:
    """What the gradebook has for each task."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{room / 'gradebook.db'}") as book:
        notebook = book.find_submission_notebook(stem, stem, student)
        return {grade.name: grade.auto_score for grade in notebook.grades}


def copy_a_check(notebook: NotebookNode) -> None:
    twin = copy.deepcopy(cell_of(notebook, "send-twice"))
    twin.id = "twin"
    notebook.cells.append(twin)


def drop_a_check(notebook: NotebookNode) -> None:
    notebook.cells.remove(cell_of(notebook, "send-twice"))


def edit_a_check(notebook: NotebookNode) -> None:
    cell_of(notebook, "send-twice").source = "3.0"


@pytest.mark.slow
def test_the_stock_lifecycle(tmp_path: Path, manuscript: Manuscript) -> None:
    room = new(tmp_path / "room of 2026", manuscript)
    release = released(room, STEM)
    assert release.read_text("utf-8") == release_text(manuscript.chapters[0], manuscript)

    def right(notebook: NotebookNode) -> None:
        solve(room, STEM, notebook, "send-twice", "send-none")

    def wrong(notebook: NotebookNode) -> None:
        right(notebook)
        cell_of(notebook, "send-twice-solution").source = "def send_twice(order):\n    1 / 0"

    hand_in(room, STEM, "a-copier", copy_a_check)
    hand_in(room, STEM, "dropper", drop_a_check)
    hand_in(room, STEM, "editor", edit_a_check)
    hand_in(room, STEM, "empty", lambda notebook: None)
    hand_in(room, STEM, "half", lambda notebook: solve(room, STEM, notebook, "send-none"))
    hand_in(room, STEM, "right", right)
    hand_in(room, STEM, "wrong", wrong)
    graded = autograde(room, STEM)

    # One student's accident is that student's alone, and it is named.
    assert graded.returncode != 0
    failed = re.findall(r"error processing assignment '\S+' for student '(\S+)'", graded.stderr)
    assert failed == ["a-copier"]
    assert "SAWarning" not in graded.stderr
    assert "over TCP" not in graded.stderr

    assert scores(room, STEM, "right") == {"send-twice": 3, "send-none": 3}
    assert scores(room, STEM, "half") == {"send-twice": 0, "send-none": 3}
    assert scores(room, STEM, "wrong") == {"send-twice": 0, "send-none": 3}
    for student in ("empty", "dropper", "editor"):
        assert scores(room, STEM, student) == {"send-twice": 0, "send-none": 0}

    assert nbgrader(room, "generate_feedback", STEM).returncode == 0
    secret = (room / "class_secret").read_text().strip()
    pages = list((room / "feedback").rglob("*.html"))
    assert len(pages) == 6
    assert not [page for page in pages if secret in page.read_text("utf-8")]

    assert nbgrader(room, "export").returncode == 0
    with (room / "grades.csv").open(encoding="utf-8", newline="") as file:
        totals = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert totals == {
        "a-copier": 0, "dropper": 0, "editor": 0, "empty": 0, "half": 3, "right": 6, "wrong": 3
    }  # fmt: skip


@pytest.mark.slow
def test_only_autograde_sees_the_secret_and_stops_without_it(
    tmp_path: Path, manuscript: Manuscript
) -> None:
    room = new(tmp_path / "room", manuscript)
    with (room / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write("def look(**_):\n    print('secret', os.environ.get('COURSE_SECRET'))\n")
        file.write("c.GenerateAssignment.pre_convert_hook = look\n")
    done = nbgrader(room, "generate_assignment", STEM)
    assert "secret None" in done.stdout, done.stderr

    hand_in(room, STEM, "ana", lambda notebook: None)
    (room / "class_secret").unlink()
    graded = autograde(room, STEM)
    assert graded.returncode != 0
    assert "The class secret is missing from" in graded.stderr
    assert not list((room / "autograded").rglob("*.ipynb"))


# The real chapters --------------------------------------------------------------------------------

GRADED = [
    path.stem
    for path in sorted((ROOT / "solutions").glob("[0-9]*.py"))
    if "# %% task=" in path.read_text("utf-8")
]
SUBMISSIONS = Path(__file__).parent / "tasks"
# Words that tell a case: ids, keys and large numbers; shorter ones are everywhere.
WORD = re.compile(r"(?=[\w-]*\d)[\w-]{6,}")


# Knows the calls of the visible cases by heart, and nothing else.
PARROT = """
import zlib

_{name} = {name}


def {name}(*args):
    known = zlib.crc32(repr(args).encode()) in {known}
    return _{name}(*args) if known else None
"""


class Judged:
    """What check makes of a submission's `source`: the points, and what it was called with."""

    def __init__(self, name: str, source: str, secret: str | None) -> None:
        task = find(name)
        assert task is not None
        self.calls: dict[str, list[str]] = {name: [] for name in task.names}
        namespace: dict[str, Any] = {}
        exec(source, namespace)
        overheard = {name: self._overhear(name, namespace[name]) for name in task.names}
        self.points = judge(task, InProcessDoor(overheard), secret).points

    def _overhear(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            self.calls[name].append(repr(args))
            return function(*args)

        return call

    @property
    def words(self) -> set[str]:
        return set(WORD.findall(repr(self.calls)))

    def parrot(self) -> str:
        """Code to put below the source: it gives up on every other call."""
        return "".join(
            PARROT.format(name=name, known={zlib.crc32(call.encode()) for call in calls})
            for name, calls in self.calls.items()
        )


@pytest.mark.slow
@pytest.mark.parametrize("stem", GRADED)
def test_a_chapter_is_graded_as_check_does(stem: str, tmp_path: Path) -> None:
    tasks = chapter_tasks(stem)
    full = {task: float(points(task)) for task in tasks}
    none = dict.fromkeys(tasks, 0.0)
    # A secret of this test, so that its hidden cases are the same every time.
    secret = "0123456789abcdef" * 4
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "class_secret").write_text(secret)
    room = new(tmp_path / "room")
    release = released(room, stem)
    assert release.read_bytes() == (ROOT / "notebooks" / release.name).read_bytes()

    wrong, parrot = {}, {}
    hidden_words = set()
    for task in tasks:
        wrong[task] = min((SUBMISSIONS / task).glob("wrong_*.py")).read_text("utf-8")
        right = min((SUBMISSIONS / task).glob("right_*.py")).read_text("utf-8")
        visible = Judged(task, right, None)
        parrot[task] = right + visible.parrot()
        assert Judged(task, parrot[task], secret).points == visible.points
        hidden_words |= Judged(task, right, secret).words - visible.words

    def grades(code: dict[str, str]) -> dict[str, float]:
        return {task: Judged(task, source, secret).points for task, source in code.items()}

    # In the mixed ones each wrong function has right neighbours: it may cost no point of theirs.
    odd, even = tasks[::2], tasks[1::2]
    submissions: dict[str, tuple[list[str], dict[str, str]]] = {
        "right": (tasks, {}),
        "empty": ([], {}),
        "mixed-1": (even, {task: wrong[task] for task in odd}),
        "parrot": ([], parrot),
    }
    if even:  # else they would be the first two again
        submissions["half"] = (odd, {})
        submissions["mixed-2"] = (odd, {task: wrong[task] for task in even})
    expected = {}
    for student, (right_ones, code) in submissions.items():
        expected[student] = none | {task: full[task] for task in right_ones} | grades(code)

        def edit(
            notebook: NotebookNode,
            right_ones: list[str] = right_ones,
            code: dict[str, str] = code,
        ) -> None:
            solve(room, stem, notebook, *right_ones)
            for task, source in code.items():
                cell_of(notebook, f"{task}-solution").source = source

        hand_in(room, stem, student, edit)
    assert all(expected["mixed-1"][task] < full[task] for task in odd)

    graded = autograde(room, stem)
    assert graded.returncode == 0, graded.stderr
    assert "has changed" not in graded.stderr  # no noise in which tampering would drown
    assert {student: scores(room, stem, student) for student in expected} == expected

    for path in (room / "autograded" / "empty").rglob("*.ipynb"):
        outputs = [out for cell in nbformat.read(path, 4).cells for out in cell.get("outputs", [])]
        assert not [out for out in outputs if out.output_type == "error"]

    assert nbgrader(room, "generate_feedback", stem).returncode == 0
    hidden_words -= set(WORD.findall(release.read_text("utf-8")))
    assert hidden_words or full == expected["parrot"]
    for path in (room / "feedback").rglob("*.html"):
        shown = set(WORD.findall(path.read_text("utf-8")))
        assert not shown & (hidden_words | {secret})
