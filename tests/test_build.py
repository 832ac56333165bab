"""The build: what an author writes becomes what a learner opens, the same bytes every time."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbclient import NotebookClient

from course.build import (
    BuildError,
    Manuscript,
    build,
    out_of_date,
    release_text,
    solve,
    source_text,
)
from course.build.__main__ import main
from course.chapters import ROOT

SOURCES = sorted((ROOT / "solutions").glob("[0-9]*.py"))

HEADER = """\
# ---
# title: Sending orders
# minutes: 40
# objectives:
#   - Send an order.
#   - Send it again.
# ---

"""

OPENING = """\
# %% [markdown]
# # {{chapter.title}}
#
# In {{chapter.minutes}} minutes:
#
# {{chapter.objectives}}

"""

TASK = '''\
# %% [markdown]
"""
## Twice is enough

One call takes {{facts.put_records.max_records}}.
"""

# %% task="send-twice"
def send_twice(order):
    """Send `order` twice."""
    ### BEGIN SOLUTION
    return [order, order]
    ### END SOLUTION


# %% check="send-twice"
check("send-twice")

'''

CHECKER = """\
# %%
class Points(float):
    __repr__ = float.__repr__


def check(name):
    return Points(2.0 if send_twice(1) == [1, 1] else 0.0)

"""


class Facts:
    """A fact book with one page."""

    def lookup(self, path: str) -> SimpleNamespace:
        if path != "put_records.max_records":
            raise KeyError(f"There is no fact called {path!r}; the nearest is put_records.")
        return SimpleNamespace(text="500 records", source="API Reference", date="2026-11")


class Tasks:
    """A task book: the tasks of chapter 03, with their points."""

    def __init__(self, **points: float) -> None:
        self._points = {name.replace("_", "-"): worth for name, worth in points.items()}

    def chapter_tasks(self, stem: str) -> list[str]:
        return list(self._points) if stem == "03-sending" else []

    def points(self, task: str) -> float:
        return self._points[task]


Write = Callable[..., Manuscript]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write one chapter, 03-sending, and return its manuscript."""

    def write(text: str, **points: float) -> Manuscript:
        chapter = tmp_path / "solutions" / "03-sending.py"
        chapter.parent.mkdir(exist_ok=True)
        chapter.write_text(text, encoding="utf-8")
        return Manuscript(tmp_path, Tasks(**points), Facts())

    return write


def released(manuscript: Manuscript) -> nbformat.NotebookNode:
    return nbformat.reads(release_text(manuscript.chapters[0], manuscript), 4)


def fails(manuscript: Manuscript, *fragments: str) -> None:
    """The release does not build, and one sentence says where and why."""
    with pytest.raises(BuildError) as caught:
        release_text(manuscript.chapters[0], manuscript)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.startswith("03-sending")
    for fragment in fragments:
        assert fragment in sentence


def test_a_graded_task_becomes_stub_and_check(write: Write) -> None:
    notebook = released(write(HEADER + OPENING + TASK, send_twice=2))
    solution, check = notebook.cells[2:4]

    assert solution.source == 'def send_twice(order):\n    """Send `order` twice."""\n    ...'
    assert solution.metadata.deletable is False
    assert solution.metadata.nbgrader == {
        "cell_type": "code",
        "checksum": solution.metadata.nbgrader.checksum,
        "grade": False,
        "grade_id": "send-twice-solution",
        "locked": False,
        "schema_version": 3,
        "solution": True,
        "task": False,
    }
    assert check.source == 'check("send-twice")'
    assert check.metadata.editable is False
    assert check.metadata.nbgrader == {
        "cell_type": "code",
        "checksum": check.metadata.nbgrader.checksum,
        "grade": True,
        "grade_id": "send-twice",
        "locked": True,
        "points": 2,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }


def test_the_instructor_keeps_the_solution_and_the_markers(write: Write) -> None:
    manuscript = write(HEADER + OPENING + TASK, send_twice=2)
    source = nbformat.reads(source_text(manuscript.chapters[0], manuscript), 4)
    assert "### BEGIN SOLUTION\n    return [order, order]" in source.cells[2].source


def test_a_value_can_be_a_task(write: Write) -> None:
    text = (
        '# %% task="shards"\nshards = (\n    ### BEGIN SOLUTION\n    4\n    ### END SOLUTION\n)\n'
    )
    text += '\n# %% check="shards"\ncheck("shards")\n'
    namespace: dict[str, object] = {}
    exec(released(write(HEADER + OPENING + text, shards=1)).cells[1].source, namespace)
    assert namespace["shards"] is ...


def test_half_points_are_kept(write: Write) -> None:
    notebook = released(write(HEADER + OPENING + TASK, send_twice=1.5))
    assert notebook.cells[3].metadata.nbgrader.points == 1.5


def test_ids_come_from_task_and_heading(write: Write) -> None:
    text = HEADER + OPENING + "# %%\nprint(1)\n\n# %%\nprint(2)\n\n" + TASK
    assert [cell.id for cell in released(write(text, send_twice=2)).cells] == [
        "sending-orders-1",
        "sending-orders-2",
        "sending-orders-3",
        "twice-is-enough-1",
        "send-twice-solution",
        "send-twice",
        "where-the-numbers-come-from-1",
    ]


def test_the_file_is_plain_and_the_same_every_time(write: Write) -> None:
    manuscript = write(HEADER + OPENING + TASK, send_twice=2)
    [path] = build(manuscript)
    first = path.read_bytes()
    path.unlink()
    build(manuscript)

    assert path.read_bytes() == first
    assert b"\r" not in first
    notebook = json.loads(first)
    again = json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert first.decode() == again
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert notebook["metadata"]["language_info"]["name"] == "python"
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert all({"task", "check", "lines_to_next_cell"}.isdisjoint(c["metadata"]) for c in code)


def test_the_card_is_filled_in(write: Write) -> None:
    notebook = released(write(HEADER + OPENING))
    assert notebook.cells[0].source == (
        "# Sending orders\n\nIn 40 minutes:\n\n- Send an order.\n- Send it again."
    )
    assert notebook.metadata.course == {
        "chapter": "03-sending",
        "minutes": 40,
        "title": "Sending orders",
    }


def test_facts_have_their_unit_and_a_footnote(write: Write) -> None:
    cells = released(write(HEADER + OPENING + TASK, send_twice=2)).cells
    assert "One call takes 500 records." in cells[1].source
    assert cells[-1].source == (
        "## Where the numbers come from\n\n"
        "- `put_records.max_records`: 500 records. API Reference; read 2026-11."
    )


def test_footnotes_stand_where_the_author_wants_them(write: Write) -> None:
    text = HEADER + "# %% [markdown]\n# # Notes\n#\n# {{facts.footnotes}}\n\n"
    text += "# %%\nprint(facts.put_records.max_records)\n"
    cells = released(write(text)).cells
    assert len(cells) == 2
    assert "`put_records.max_records`: 500 records" in cells[0].source


def test_a_chapter_without_facts_has_no_footnotes(write: Write) -> None:
    assert len(released(write(HEADER + OPENING)).cells) == 1


def test_braces_in_code_are_code(write: Write) -> None:
    source = 'f"{{facts.no.such}}"'
    assert released(write(f"{HEADER}# %%\n{source}\n")).cells[0].source == source


def test_tags_and_folds_pass_through(write: Write) -> None:
    text = HEADER + '# %% tags=["raises-exception"] jupyter={"source_hidden": true}\n1 / 0\n'
    assert released(write(text)).cells[0].metadata == {
        "tags": ["raises-exception"],
        "jupyter": {"source_hidden": True},
    }


def mutated(old: str, new: str) -> str:
    text = HEADER + OPENING + TASK
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("text", "fragments"),
    [
        ("# %%\nprint(1)\n", ["begins with a header", "title and minutes"]),
        (mutated("title: Sending", "title: [Sending"), ["not YAML"]),
        (mutated("# title: Sending orders\n", ""), ["needs a title"]),
        (mutated("minutes: 40", "minutes: forty"), ["minutes (a whole number)"]),
        (mutated("objectives:", "objective:"), ["'objective'", "objectives"]),
        (mutated("#   - Send an order.", "#   - 1"), ["objectives", "list of sentences"]),
        (mutated("chapter.minutes", "chapter.hours"), ["cell 1", "{{chapter.hours}}"]),
        (mutated("facts.put_records", "fact.put_records"), ["cell 2", "no placeholder"]),
        (
            mutated("put_records.max_records", "put_records.max_record"),
            ["cell 2 ('## Twice is enough')", "no fact called 'put_records.max_record'", "nearest"],
        ),
        (mutated('check("send-twice")\n', "check('send-twice')\n"), ["exactly", "cell 4"]),
        (mutated('# %% check="send-twice"\ncheck("send-twice")\n', ""), ["no check cell"]),
        (mutated('# %% task="send-twice"', "# %%"), ["a solution stands only in a cell marked"]),
        (mutated('task="send-twice"', 'tusk="send-twice"'), ["carries 'tusk'", "it may carry"]),
        (mutated('task="send-twice"', "task=send-twice"), ["carries 'task=send-twice'"]),
        (mutated('# %% task="send-twice"', "# %% send-twice"), ["carries 'send-twice'"]),
        (mutated('task="send-twice"', 'task="7"'), ["'7' is no task name"]),
        (mutated("    ### END SOLUTION\n", ""), ["found BEGIN"]),
        (mutated("    ### BEGIN SOLUTION\n", ""), ["found END"]),
        (mutated("### END SOLUTION", "# END SOLUTION"), ["is no marker"]),
        (mutated('    """Send `order` twice."""\n', "    times = 2\n"), ["not a stub"]),
        (mutated("    ### END SOLUTION\n", "    ### END SOLUTION\n    print(1)\n"), ["not a stub"]),
        (mutated("    return [order, order]", "    # %%\n    return []"), ["not Python by itself"]),
        (mutated("    return [order, order]", "# %%\nreturn []"), ["not Python by itself"]),
        (mutated("[order, order]", '"""\n# %% x\n"""'), ["would begin a new cell"]),
        (mutated("return [order, order]", "return ]"), ["not Python by itself"]),
        (mutated("return [order, order]", "### BEGIN HIDDEN TESTS"), ["seeds in course/tasks"]),
        (HEADER + OPENING + TASK + TASK, ["second task cell for 'send-twice'"]),
        (HEADER + OPENING + "# %%\n\n# %%\nprint(1)\n", ["cell 2", "empty"]),
        (
            HEADER + OPENING + '# %% check="send-twice"\ncheck("send-twice")\n',
            ["no task cell above it"],
        ),
        (mutated("send-twice", "send-thrice"), ["no task 'send-thrice'", "send-twice"]),
        (HEADER + OPENING, ["has the task 'send-twice', but no cell"]),
        (mutated("## Twice is enough", "## x\n\n## {{facts.a}}"), ["no fact called 'a'"]),
    ],
)
def test_a_slip_of_the_pen_is_one_sentence(write: Write, text: str, fragments: list[str]) -> None:
    fails(write(text, send_twice=2), *fragments)


def test_two_cells_never_share_an_id(write: Write) -> None:
    text = mutated("## Twice is enough", "## Send").replace("send-twice", "send-1")
    fails(write(text, send_1=2), "'send-1'", "taken")


def test_a_run_of_the_unsolved_code_raises_nothing(write: Write) -> None:
    namespace: dict[str, object] = {}
    for cell in released(write(HEADER + CHECKER + OPENING + TASK, send_twice=2)).cells:
        if cell.cell_type == "code":
            exec(cell.source, namespace)


def test_check_says_what_is_out_of_date(write: Write) -> None:
    manuscript = write(HEADER + OPENING)
    notebook = manuscript.notebooks / "03-sending.ipynb"
    [missing] = out_of_date(manuscript)
    assert missing.startswith("notebooks/03-sending.ipynb is missing for solutions/03-sending.py")
    assert "python run.py build" in missing
    assert not notebook.exists()

    assert build(manuscript) == [notebook]
    assert build(manuscript) == []
    assert out_of_date(manuscript) == []

    # What git on Windows may check out.
    notebook.write_bytes(notebook.read_bytes().replace(b"\n", b"\r\n"))
    assert out_of_date(manuscript) == []

    notebook.write_text(notebook.read_text("utf-8").replace("40 minutes", "4 minutes"), "utf-8")
    notebook.with_name("99-orphan.ipynb").write_text("{}", "utf-8")
    differs, orphan = out_of_date(manuscript)
    assert "differs from solutions/03-sending.py" in differs
    assert "99-orphan.ipynb has no solutions/99-orphan.py" in orphan


def test_one_bad_chapter_leaves_all_notebooks_alone(write: Write) -> None:
    manuscript = write(HEADER + OPENING)
    (manuscript.root / "solutions" / "04-bad.py").write_text("print(1)\n", "utf-8")
    with pytest.raises(BuildError, match=r"04-bad\.py"):
        build(manuscript)
    assert not manuscript.notebooks.exists()


def test_no_chapters_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="There is no chapter in"):
        build(Manuscript(tmp_path, Tasks(), Facts()))


def test_solved_notebooks_are_executed(write: Write, tmp_path: Path) -> None:
    manuscript = write(HEADER + CHECKER + OPENING + TASK, send_twice=2)
    [path] = solve(tmp_path / "solved", manuscript)
    notebook = nbformat.read(path, 4)
    solution, check = notebook.cells[3:5]
    assert solution.source.endswith('twice."""\n    return [order, order]')
    assert check.outputs[0].data["text/plain"] == "2.0"
    assert "nbgrader" not in check.metadata


@pytest.mark.parametrize(
    ("text", "points", "sentence"),
    [
        (mutated("[order, order]", "1 / 0"), 2, "'send-twice' ends in ZeroDivisionError"),
        (mutated("[order, order]", "[order]"), 2, "'send-twice' earns 0.0 of 2 points"),
        (mutated("[order, order]", "[order, order]"), 3, "'send-twice' earns 2.0 of 3 points"),
    ],
)
def test_a_model_solution_must_hold(
    write: Write, tmp_path: Path, text: str, points: float, sentence: str
) -> None:
    manuscript = write(text.replace(OPENING, CHECKER), send_twice=points)
    with pytest.raises(BuildError) as caught:
        list(solve(tmp_path / "solved", manuscript))
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("03-sending: ")


def test_the_committed_notebooks_are_what_the_chapters_build() -> None:
    assert out_of_date() == []


@pytest.mark.slow
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_run_all_of_an_unsolved_chapter_ends_well(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.reads(release_text(path, Manuscript()), 4)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=300, startup_timeout=300, resources=resources).execute()
    stderr = [
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stderr"
    ]
    assert stderr == []


@pytest.mark.slow
def test_the_model_solutions_earn_all_points_and_print_the_same_twice(tmp_path: Path) -> None:
    first, second = ([path.read_text("utf-8") for path in solve(tmp_path / run)] for run in "ab")
    assert len(first) == len(SOURCES)
    assert first == second


def test_the_command_line_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = io.StringIO()
    monkeypatch.setattr("course.build.__main__.out_of_date", lambda: ["03 differs."])
    with contextlib.redirect_stdout(printed):
        assert main(["--check"]) == 1
    assert printed.getvalue() == "03 differs.\n"
