"""The command line: a sentence and an exit code for what goes wrong, speed for --help."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from course import chapters, launch
from course.cli import app
from course.errors import CourseError

ROOT = Path(__file__).resolve().parent.parent


def test_an_error_of_ours_is_its_sentence_and_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise CourseError("The port is taken; name another one.")

    monkeypatch.setattr(launch, "open_course", refuse)
    result = CliRunner().invoke(app, ["lab"])
    assert result.exit_code == 1
    assert result.stderr == "The port is taken; name another one.\n"
    assert result.stdout == ""


def test_an_error_that_is_none_of_ours_keeps_its_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(launch, "open_course", fail)
    assert isinstance(CliRunner().invoke(app, ["lab"]).exception, ZeroDivisionError)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], (None, True)),
        (["--port", "9000", "--no-browser"], (9000, False)),
        (["--port", "0"], (0, True)),
    ],
)
def test_the_options_of_lab(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], expected: tuple[int | None, bool]
) -> None:
    seen: list[tuple[int | None, bool]] = []
    monkeypatch.setattr(launch, "open_course", lambda port, browser: seen.append((port, browser)))
    assert CliRunner().invoke(app, ["lab", *arguments]).exit_code == 0
    assert seen == [expected]


def test_reset_says_where_the_old_notebook_went(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = ("02-shards", Path("work/02-shards.backup-1.ipynb"))
    monkeypatch.setattr(chapters, "reset", lambda name: answer)
    result = CliRunner().invoke(app, ["reset", "2"])
    assert result.stdout == (
        "work/02-shards.ipynb is as it was shipped; yours is kept as work/02-shards.backup-1.ipynb."
        "\n"
    )


def test_the_test_command_passes_arguments_on_and_the_verdict_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[list[str]] = []

    def pytest_main(arguments: list[str]) -> int:
        seen.append(arguments)
        return 5

    monkeypatch.setattr("pytest.main", pytest_main)
    monkeypatch.setattr("os.chdir", lambda folder: None)
    result = CliRunner().invoke(app, ["test", "--slow", "-k", "ring", "--lf", "tests/test_run.py"])
    assert result.exit_code == 5
    assert seen == [["--slow", "-k", "ring", "--lf", "tests/test_run.py"]]


def test_help_loads_no_command() -> None:
    code = (
        "import sys; from course.cli import app; app(['--help'], standalone_mode=False); "
        "heavy = {'pandas', 'boto3', 'IPython', 'jupyterlab', 'moto', 'matplotlib', 'rich'}; "
        "sys.exit(', '.join(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr.strip() == ""
    assert "doctor" in done.stdout


@pytest.mark.parametrize(
    ("options", "expected"),
    [([], ["test_fast"]), (["--slow"], ["test_fast", "test_slow"])],
)
def test_slow_tests_run_only_when_asked_for_and_last(
    tmp_path: Path, options: list[str], expected: list[str]
) -> None:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "test_order.py").write_text(
        "import pytest\n@pytest.mark.slow\ndef test_slow(): pass\ndef test_fast(): pass\n"
    )
    command = [sys.executable, "-m", "pytest", "-v", "test_order.py", *options]
    bare = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=bare, capture_output=True, text=True)
    assert re.findall(r"::(\w+) PASSED", done.stdout) == expected
