"""JupyterLab for real: what the learner gets, what stays untouched, and how it ends."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPCookieProcessor, build_opener, urlopen

import pytest

from course import launch
from course.chapters import Shelf

ROOT = Path(__file__).resolve().parent.parent

OPEN = """
import sys
from pathlib import Path
from course import launch
from course.chapters import Shelf
launch.open_course(int(sys.argv[2]), False, Shelf(Path(sys.argv[1])))
"""


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A checkout with the course's settings and one notebook."""
    shelf = Shelf(tmp_path / "check out")
    shelf.root.mkdir()
    shutil.copytree(ROOT / "jupyter", shelf.root / "jupyter")
    shelf.shipped.mkdir()
    cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Here"]}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (shelf.shipped / "00-start-here.ipynb").write_text(json.dumps(notebook))
    return shelf


def end_by_itself(root: Path) -> None:
    """Should the test be killed, the server must not outlive it for long."""
    path = root / "jupyter" / "jupyter_server_config.json"
    settings = json.loads(path.read_text())
    settings["ServerApp"]["shutdown_no_activity_timeout"] = 120
    path.write_text(json.dumps(settings))


@contextmanager
def running(
    command: Sequence[str], environment: dict[str, str], patience: float
) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """A start of the course: the process, its address, and the lines before the address."""
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines: list[str] = []
    deadline = time.monotonic() + patience
    try:
        for line in process.stdout:
            if address := re.search(r"http://127\.0\.0\.1:\d+/\?token=\w+", line):
                yield process, address.group(), lines
                return
            lines.append(line)
            assert time.monotonic() < deadline, lines
        pytest.fail(f"no address in: {''.join(lines)}")
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=60)


def page(address: str) -> tuple[str, str]:
    """What a browser lands on: the path after all redirects, and the text."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    with browser.open(address, timeout=60) as answer:
        return urlsplit(answer.geturl()).path, answer.read().decode()


def test_the_course_opens_at_its_first_chapter_and_ends_with_ctrl_c(
    shelf: Shelf, tmp_path: Path
) -> None:
    end_by_itself(shelf.root)
    home = tmp_path / "home"
    own = home / ".jupyter" / "jupyter_server_config.json"
    own.parent.mkdir(parents=True)
    own.write_text('{"ServerApp": {"base_url": "/mine/"}, "IdentityProvider": {"token": "mine"}}')
    before = {path: path.stat().st_mtime for path in home.rglob("*")}
    environment = os.environ | {"HOME": str(home), "JUPYTER_TOKEN": "mine", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", OPEN, str(shelf.root), "0"]
    with running(command, environment, 60) as (process, address, _):
        landed, text = page(address)
        assert landed == "/lab/tree/00-start-here.ipynb"
        found = re.search(r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', text, re.S)
        assert found is not None
        config = json.loads(found.group(1))
        assert config["serverRoot"] == str(shelf.work)
        assert "@jupyterlab/apputils-extension:announcements" in config["disabledExtensions"]
        assert "@jupyter/nbgrader:menu" in config["disabledExtensions"]
        assert "@jupyter/nbgrader:validate-assignment" not in config["disabledExtensions"]
        with pytest.raises(HTTPError) as refused:
            urlopen(address.split("?")[0] + "api/contents", timeout=60)
        assert refused.value.code == 403
        kernels = json.loads(page(address.replace("?", "api/kernelspecs?"))[1])
        assert list(kernels["kernelspecs"]) == ["python3"]
        plugin = "@jupyterlab/apputils-extension:themes"
        themes = json.loads(page(address.replace("?", f"lab/api/settings/{plugin}?"))[1])
        assert themes["schema"]["properties"]["adaptive-theme"]["default"] is True

        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "Traceback" not in output
        assert "y/[n]" not in output
        assert output.splitlines()[-1] == "The course is closed. Your notebooks are in work/."
    assert {path: path.stat().st_mtime for path in home.rglob("*")} == before
    assert (shelf.work / "00-start-here.ipynb").exists()


def test_everything_that_jupyter_writes_lands_in_one_ignored_folder() -> None:
    settings = launch.variables(Path("root"))
    assert settings["JUPYTER_CONFIG_PATH"] == str(Path("root", "jupyter"))
    written = {"JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"}
    for name in written:
        assert Path("root", ".course") in Path(settings[name]).parents
    assert ".course/" in (ROOT / ".gitignore").read_text().splitlines()


def test_a_taken_port_is_one_sentence_if_it_was_asked_for() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(launch.CannotOpen, match=rf"Port {port} is taken .* --port") as caught:
            launch.free_port(port)
        assert "\n" not in str(caught.value)
        assert launch.free_port(0) != port


def test_a_taken_usual_port_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        monkeypatch.setattr(launch, "USUAL_PORTS", [taken])
        assert launch.free_port(None) not in (taken, 0)
    assert launch.free_port(None) == taken


def test_a_newer_chapter_is_told_in_one_line(
    shelf: Shelf, capsys: pytest.CaptureFixture[str]
) -> None:
    launch.put_chapters_out(shelf)
    assert capsys.readouterr().out == ""
    (shelf.work / "00-start-here.ipynb").write_text("mine")
    (shelf.shipped / "00-start-here.ipynb").write_text("newer")
    launch.put_chapters_out(shelf)
    told = capsys.readouterr().out
    assert len(told.splitlines()) == 1
    assert "run.py reset 00-start-here" in told


def test_a_desk_that_cannot_be_written_is_one_sentence(shelf: Shelf) -> None:
    shelf.work.write_text("a file where the folder should be")
    with pytest.raises(launch.CannotOpen, match="could not be copied"):
        launch.put_chapters_out(shelf)


@pytest.mark.slow
def test_a_fresh_clone_in_an_empty_home_opens_the_course_by_one_command(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    fresh_clone(clone)
    end_by_itself(clone)
    home = tmp_path / "home"
    home.mkdir()
    base = getattr(sys, "_base_executable", None) or sys.executable
    command = [base, str(clone / "run.py"), "lab", "--no-browser", "--port", "0"]
    environment = os.environ | {"HOME": str(home)}
    try:
        with running(command, environment, 900) as (_, address, _):
            assert page(address)[0] == "/lab/tree/00-start-here.ipynb"
        # The registry is out of reach the second time, and nothing is installed.
        offline = {"PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
        start = time.monotonic()
        with running(command, environment | offline, 60) as (_, address, before):
            assert time.monotonic() - start < 60
            assert before == []
            assert page(address)[0] == "/lab/tree/00-start-here.ipynb"
    finally:
        shutil.rmtree(clone)
        shutil.rmtree(home)


def fresh_clone(target: Path) -> None:
    """The last commit, or the files themselves where nothing is committed yet."""
    if subprocess.run(["git", "-C", ROOT, "rev-parse", "-q", "--verify", "HEAD"]).returncode == 0:
        subprocess.run(["git", "clone", "-q", ROOT, target], check=True)
    else:
        ignored = [".git", ".venv*", ".course", "work", "__pycache__", "*.egg-info", ".*_cache"]
        shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(*ignored))
