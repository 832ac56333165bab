"""run.py for real, on a tiny project: nothing to install, and a uv that does what it is told."""

from __future__ import annotations

import ast
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from course import bootstrap

ROOT = Path(__file__).resolve().parent.parent
BASE = getattr(sys, "_base_executable", None) or sys.executable

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in for uv is a Unix script")

# Behaves as told by the file `uv-does` beside it and writes down each install.
STAND_IN = """#!{python}
import os, sys, time
here = os.path.dirname(os.path.abspath(__file__))
if sys.argv[1:] == ["--version"]:
    sys.exit(0)
with open(os.path.join(here, "installs"), "a") as file:
    file.write(" ".join(sys.argv[1:]) + chr(10))
with open(os.path.join(here, "uv-does")) as file:
    words = file.read()
deadline = time.monotonic() + 20
while words == "wait" and time.monotonic() < deadline:
    if os.path.exists(os.path.join(here, "go")):
        words = ""
    time.sleep(0.02)
print(words)
sys.exit(1 if words else 0)
"""

# Debian's Python without python3-venv; it also spares the six seconds that making pip takes.
WITHOUT_PIP = """
import runpy, sys
sys.modules["ensurepip"] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""

COMMAND = """
import json, os, sys
import course
print(json.dumps([os.getcwd(), sys.argv[1:], course.__file__, sys.prefix]))
sys.exit(int(os.environ.get("EXIT", 0)))
"""


class Project:
    """A checkout with nothing in it but what run.py needs, and a PATH with one program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "check out"  # with a blank, as many home folders have
        self.bin = folder / "bin"
        (self.root / "course").mkdir(parents=True)
        self.bin.mkdir()
        shutil.copy(ROOT / "run.py", self.root)
        shutil.copy(ROOT / "course" / "bootstrap.py", self.root / "course")
        (self.root / "course" / "__init__.py").touch()
        (self.root / "course" / "__main__.py").write_text(COMMAND)
        (self.root / "pyproject.toml").touch()
        (self.root / "requirements.lock").touch()
        (self.root / "requirements-dev.lock").write_text("# and the test tools\n")
        self.tell_uv("")
        uv = self.bin / "uv"
        uv.write_text(STAND_IN.format(python=BASE))
        uv.chmod(0o755)

    def tell_uv(self, words: str) -> None:
        """What uv does from now on: "" works, "wait" works once `go` exists, else it fails."""
        (self.bin / "uv-does").write_text(words)

    @property
    def installs(self) -> list[str]:
        written = self.bin / "installs"
        return written.read_text().splitlines() if written.exists() else []

    def environment(self, **variables: str) -> dict[str, str]:
        return {"PATH": str(self.bin), "HOME": str(self.folder), "LANG": "C.UTF-8"} | variables

    def command(self, *arguments: str, pip: bool = False) -> list[str]:
        block = [] if pip else ["-c", WITHOUT_PIP]
        return [BASE, *block, str(self.root / "run.py"), *arguments]

    def run(
        self, command: list[str], cwd: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=self.environment(**variables),
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(
        self, *arguments: str, pip: bool = False, cwd: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return self.run(self.command(*arguments, pip=pip), cwd, **variables)

    def start_with(self, python: str) -> subprocess.CompletedProcess[str]:
        return self.run([python, str(self.root / "run.py"), "lab"])

    @contextmanager
    def background(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(
            self.command(*arguments),
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            (self.bin / "go").touch()
            process.kill()
            process.communicate()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The last line of a start that failed, which must be all that explains it."""
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.stderr.splitlines()[-1]


# From nothing


def test_the_first_start_makes_an_environment_and_runs_the_command(project: Project) -> None:
    done = project.start("lab")
    assert done.returncode == 0, done.stderr
    assert len(project.installs) == 1
    assert project.installs[0].endswith(f"--no-deps -r {project.root / 'requirements.lock'}")
    _, arguments, package, prefix = json.loads(done.stdout)
    assert arguments == ["lab"]
    assert Path(package) == project.root / "course" / "__init__.py"
    assert Path(prefix) == project.root / ".venv"


def test_arguments_folder_and_exit_code_pass_through(project: Project) -> None:
    given = ["check", "two words", "--flag=\u00fc", "", "-x", "*"]
    done = project.start(*given, cwd=project.bin, EXIT="7")
    assert done.returncode == 7
    folder, arguments, *_ = json.loads(done.stdout)
    assert (folder, arguments) == (str(project.bin), given)


def test_a_file_in_the_folder_of_the_caller_replaces_no_module(project: Project) -> None:
    (project.bin / "course.py").write_text("raise SystemExit('the wrong module')")
    assert project.start("lab", cwd=project.bin).returncode == 0


def test_a_pythonpath_of_the_caller_replaces_no_module(project: Project) -> None:
    (project.bin / "json.py").write_text("raise SystemExit('the wrong module')")
    own = project.command("lab")
    command = [own[0], "-I", *own[1:]]  # or it would break run.py itself
    done = project.run(command, PYTHONPATH=str(project.bin))
    assert done.returncode == 0, done.stderr


def test_ctrl_c_while_the_package_is_imported_shows_no_traceback(project: Project) -> None:
    (project.root / "course" / "__init__.py").write_text("raise KeyboardInterrupt")
    done = project.start("lab")
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


def test_help_needs_no_environment(project: Project) -> None:
    for arguments in ([], ["--help"]):
        done = project.start(*arguments)
        assert done.returncode == 0
        assert "lab" in done.stdout
    assert not (project.root / ".venv").exists()


@pytest.mark.slow
@pytest.mark.parametrize("uv", ["none", "a bad day"])
def test_pip_installs_where_uv_cannot(project: Project, with_pip: Path, uv: str) -> None:
    shutil.copytree(with_pip, project.root / ".venv", symlinks=True)
    project.tell_uv(uv)
    if uv == "none":
        (project.bin / "uv").unlink()
    wheel = tiny_wheel(project.folder)
    (project.root / "requirements.lock").write_text(f"tiny @ {wheel.as_uri()}\n")
    (project.root / "course" / "__main__.py").write_text("import tiny; print(tiny.word)")
    done = project.start("lab", PIP_NO_INDEX="1")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "here\n"


@pytest.fixture(scope="module")
def with_pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with pip in it, made once because that takes six seconds."""
    venv = tmp_path_factory.mktemp("with-pip") / ".venv"
    subprocess.run([BASE, "-m", "venv", str(venv)], check=True)
    return venv


def tiny_wheel(folder: Path) -> Path:
    from zipfile import ZipFile

    wheel = folder / "tiny-1-py3-none-any.whl"
    with ZipFile(wheel, "w") as file:
        file.writestr("tiny.py", "word = 'here'")
        file.writestr("tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1")
        file.writestr("tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any")
        file.writestr("tiny-1.dist-info/RECORD", "tiny.py,,\n")
    return wheel


# The second time


def test_the_second_start_installs_nothing(project: Project) -> None:
    project.start("lab")
    (project.bin / "uv").unlink()  # and could not
    shutil.rmtree(project.root / ".course")
    done = project.start("lab")
    assert done.returncode == 0
    assert done.stderr == ""
    assert not (project.root / ".course").exists()  # it takes no lock and writes nothing


def test_the_test_tools_are_installed_when_first_needed_and_serve_the_lab_too(
    project: Project,
) -> None:
    project.start("lab")
    project.start("test")
    assert [line.rsplit("/")[-1] for line in project.installs] == [
        "requirements.lock",
        "requirements-dev.lock",
    ]
    for command in (["lab"], ["test"], ["bench"], ["build", "--check"], ["build"]):
        project.start(*command)
    assert len(project.installs) == 2


@pytest.mark.parametrize(
    ("arguments", "lock"),
    [
        ([], bootstrap.LEARN),
        (["lab"], bootstrap.LEARN),
        (["check", "test"], bootstrap.LEARN),
        (["build"], bootstrap.LEARN),
        (["build", "--check"], bootstrap.DEVELOP),
        (["test", "--slow"], bootstrap.DEVELOP),
        (["bench"], bootstrap.DEVELOP),
    ],
)
def test_which_lock_a_command_needs(arguments: list[str], lock: str) -> None:
    assert bootstrap.lock_for(arguments) == lock


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_a_changed_lock_updates_what_is_there(project: Project, changed: str) -> None:
    project.start("lab")
    (project.root / ".venv" / "kept").touch()
    (project.root / changed).write_text("# new\n")
    assert project.start("lab").returncode == 0
    assert len(project.installs) == 2
    assert (project.root / ".venv" / "kept").exists()


def test_other_line_ends_are_no_change(project: Project) -> None:
    (project.root / "pyproject.toml").write_bytes(b"a = 1\nb = 2\n")
    project.start("lab")
    (project.root / "pyproject.toml").write_bytes(b"a = 1\r\nb = 2\r\n")
    project.start("lab")
    assert len(project.installs) == 1


def test_an_update_without_network_costs_nothing(project: Project) -> None:
    project.start("lab")
    (project.root / ".venv" / "kept").touch()
    lock = project.root / "requirements.lock"
    before = lock.read_text()
    lock.write_text("# new\n")
    project.tell_uv("error sending request for url")
    assert sentence(project.start("lab")) == bootstrap.NO_NETWORK
    lock.write_text(before)
    assert project.start("lab").returncode == 0
    assert (project.root / ".venv" / "kept").exists()


# Broken environments


def test_a_start_that_was_killed_is_repaired_once_its_installer_has_ended(
    project: Project,
) -> None:
    project.tell_uv("wait")
    with project.background("lab") as first:
        until(lambda: len(project.installs) == 1)
        (project.root / ".venv" / "half").touch()
        first.send_signal(signal.SIGKILL)
        first.wait()
        with project.background("lab") as second:
            assert second.stderr is not None
            assert f"process {first.pid}" in second.stderr.readline()
            project.tell_uv("")
            (project.bin / "go").touch()
            second.communicate(timeout=20)
            assert second.returncode == 0
    assert len(project.installs) == 2
    assert not (project.root / ".venv" / "half").exists()


def test_an_interrupted_start_says_so_and_is_repaired(project: Project) -> None:
    project.tell_uv("wait")
    with project.background("lab") as first:
        until(lambda: len(project.installs) == 1)
        first.send_signal(signal.SIGINT)
        _, errors = first.communicate(timeout=20)
        assert first.returncode == 130
        assert errors.splitlines()[-1].startswith("Stopped")
        assert "Traceback" not in errors
        project.tell_uv("")
        done = project.start("lab")
        assert done.returncode == 0
        assert "waits" not in done.stderr  # the installer was stopped as well
    assert len(project.installs) == 2


def lose_python(project: Project) -> None:
    for path in (project.root / ".venv" / "bin").glob("python*"):
        path.unlink()


def change_python(project: Project) -> None:
    stamp = project.root / ".venv" / "course-stamp.json"
    words = json.loads(stamp.read_text())
    stamp.write_text(json.dumps(words | {"python": words["python"] + "-of-another-make"}))


def empty(project: Project) -> None:
    shutil.rmtree(project.root / ".venv")
    (project.root / ".venv").mkdir()


def spoil_stamp(project: Project) -> None:
    (project.root / ".venv" / "course-stamp.json").write_text('["not", "ours"]')


def be_a_file(project: Project) -> None:
    shutil.rmtree(project.root / ".venv")
    (project.root / ".venv").touch()


def move(project: Project) -> None:
    project.root = project.root.rename(project.folder / "elsewhere")


@pytest.mark.parametrize("harm", [lose_python, change_python, empty, spoil_stamp, be_a_file, move])
def test_a_broken_environment_is_made_again(
    project: Project, harm: Callable[[Project], None]
) -> None:
    project.start("lab")
    (project.root / ".venv" / "old").touch()
    harm(project)
    done = project.start("lab")
    assert done.returncode == 0, done.stderr
    assert len(project.installs) == 2
    assert not (project.root / ".venv" / "old").exists()
    assert json.loads(done.stdout)[2] == str(project.root / "course" / "__init__.py")
    assert project.start("lab").stderr == ""


def test_an_environment_that_somebody_else_made_is_used_as_it_is(project: Project) -> None:
    venv = project.root / ".venv"
    subprocess.run([BASE, "-m", "venv", "--without-pip", str(venv)], check=True)
    (venv / "kept").touch()
    assert project.start("lab").returncode == 0
    assert (venv / "kept").exists()


def test_such_an_environment_survives_an_offline_start(project: Project) -> None:
    venv = project.root / ".venv"
    subprocess.run([BASE, "-m", "venv", "--without-pip", str(venv)], check=True)
    (venv / "kept").touch()
    project.tell_uv("dns error")
    assert sentence(project.start("lab")) == bootstrap.NO_NETWORK
    project.tell_uv("")
    assert project.start("lab").returncode == 0
    assert (venv / "kept").exists()


def test_a_newer_patch_of_its_python_is_an_update(project: Project) -> None:
    project.start("lab")
    stamp = project.root / ".venv" / "course-stamp.json"
    words = json.loads(stamp.read_text())
    version, platform = words["python"].split()
    older = version.rsplit(".", 1)[0] + ".0"
    stamp.write_text(json.dumps(words | {"python": f"{older} {platform}"}))
    (project.root / ".venv" / "kept").touch()
    assert project.start("lab").returncode == 0
    assert len(project.installs) == 2
    assert (project.root / ".venv" / "kept").exists()


def test_started_from_its_own_environment_it_can_still_make_that_again(project: Project) -> None:
    project.start("lab")
    spoil_stamp(project)
    own = str(project.root / ".venv" / "bin" / "python")
    command = [own, *project.command("lab")[1:]]
    done = project.run(command)
    assert done.returncode == 0, done.stderr
    assert len(project.installs) == 2


# Two at once


def test_of_two_starts_at_once_one_installs_and_the_other_waits(project: Project) -> None:
    project.tell_uv("wait")
    with project.background("lab") as first:
        until(lambda: len(project.installs) == 1)
        with project.background("lab") as second:
            assert second.stderr is not None
            said = second.stderr.readline()
            assert f"process {first.pid}" in said
            assert "waits" in said
            (project.bin / "go").touch()
            assert json.loads(first.communicate(timeout=20)[0])[1] == ["lab"]
            assert json.loads(second.communicate(timeout=20)[0])[1] == ["lab"]
    assert len(project.installs) == 1


def test_the_lock_of_a_dead_process_blocks_nobody(project: Project) -> None:
    (project.root / ".course").mkdir()
    (project.root / ".course" / "setup.lock").write_text("999999")
    done = project.start("lab")
    assert done.returncode == 0
    assert "waits" not in done.stderr


# Sentences


def old_pythons() -> dict[str, str]:
    """The interpreters below 3.11 of this machine, on PATH or kept by pyenv, by version."""
    kept = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    paths = [str(path) for path in kept.glob("*/bin/python")]
    paths += filter(None, map(shutil.which, ["python2.7", "python3.8", "python3.9", "python3.10"]))
    found = {}
    for path in paths:
        ask = "import sys; print('%d.%d.%d' % tuple(sys.version_info[:3]))"
        answer = subprocess.run([path, "-c", ask], capture_output=True, text=True, check=False)
        version = answer.stdout.strip()
        if version and tuple(map(int, version.split("."))) < (3, 11):
            found[version] = path
    return found


def test_an_old_python_says_what_is_needed(project: Project) -> None:
    pythons = old_pythons()
    if not pythons:
        pytest.skip("this machine has no Python older than 3.11")
    for version, python in pythons.items():
        done = project.start_with(python)
        assert done.returncode == 1
        said = f"The course needs Python 3.11 or newer, and this is Python {version}; "
        assert done.stderr.startswith(said)
        assert "python.org" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    (project.bin / "python3.12").touch(0o755)
    assert "`python3.12 run.py`" in project.start_with(python).stderr
    assert not (project.root / ".venv").exists()


def test_run_is_written_in_a_syntax_that_old_pythons_read() -> None:
    ast.parse((ROOT / "run.py").read_text("ascii"), feature_version=(3, 4))


def test_debian_without_venv_is_told_what_to_install(project: Project) -> None:
    (project.bin / "uv").unlink()
    done = project.start("lab")
    assert sentence(done) == bootstrap.NO_VENV
    assert "apt install python3-venv" in bootstrap.NO_VENV
    assert not (project.root / ".venv").exists()


@pytest.mark.slow
def test_without_network_pip_is_asked_once_and_the_sentence_says_it(
    project: Project, with_pip: Path
) -> None:
    shutil.copytree(with_pip, project.root / ".venv", symlinks=True)
    (project.bin / "uv").unlink()
    (project.root / "requirements.lock").write_text("boto3==1.44.5\n")
    done = project.start("lab", PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="1")
    assert sentence(done) == bootstrap.NO_NETWORK
    log = (project.root / ".course" / "install.log").read_text()
    assert "Connection refused" in log
    assert "boto3" not in log


@pytest.mark.slow
def test_the_first_start_makes_pip_for_the_notebooks_too(project: Project) -> None:
    assert project.start("lab", pip=True).returncode == 0
    python = project.root / ".venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "--version"], check=True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("error: failed to write: No space left on device (os error 28)", "The disk is full"),
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("There is not enough space on the disk. (os error 112)", "The disk is full"),
        ("error: failed to create directory: Permission denied (os error 13)", "may not write"),
        ("PermissionError: [WinError 5] Access is denied: 'python.exe'", "may not write"),
        ("error: Read-only file system (os error 30)", "may not write"),
        ("Caused by: dns error: failed to lookup address", bootstrap.NO_NETWORK),
        ("No matching distribution (from versions: none)", bootstrap.NO_NETWORK),
        ("first line\nthe wheel is damaged", "is: the wheel is damaged"),
    ],
)
def test_what_an_installer_says_becomes_one_sentence(
    project: Project, words: str, expected: str
) -> None:
    project.tell_uv(words)
    assert expected in sentence(project.start("lab"))
    project.tell_uv("")
    assert project.start("lab").returncode == 0


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.ENOSPC, "The disk is full"),
        (errno.EACCES, "may not write"),
        (errno.EROFS, "may not write"),
        (errno.EIO, "could not be made"),
    ],
)
def test_what_the_system_refuses_becomes_one_sentence(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    code: int,
    expected: str,
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert bootstrap.main(["lab"], project.root) == 1
    _, errors = capsys.readouterr()
    assert expected in errors
    assert len(errors.splitlines()) == 1


def test_where_a_command_cannot_replace_us_we_wait_for_it() -> None:
    variables: Mapping[str, str] = os.environ
    command = [sys.executable, "-c", "raise SystemExit(7)"]
    assert bootstrap.wait_for(command, dict(variables)) == 7
