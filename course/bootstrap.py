"""Makes or mends `.venv` beside run.py, then hands over to the package's command line in it.

run.py executes this file by its path with whatever Python the reader has (3.11 or newer), so it
uses the standard library only and imports nothing of the package.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.util
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
MINIMUM = (3, 11)
LEARN = "requirements.lock"
DEVELOP = "requirements-dev.lock"  # everything of LEARN at the same versions, and the test tools

USAGE = """usage: python run.py COMMAND [ARGUMENTS]

  lab            open the course in JupyterLab
  test           run the tests (--slow: all of them)
  reset CHAPTER  start a chapter again; your notebook is kept as a backup
  doctor         show what this machine has and what is missing

`python run.py COMMAND --help` tells more. The first start installs everything into .venv.
"""

NO_VENV = (
    "This Python cannot make environments because its venv or ensurepip module is missing: on "
    "Debian and Ubuntu run `sudo apt install python3-venv`, then the same command again."
)
NO_NETWORK = (
    "The packages of the course could not be downloaded: connect this machine to the network (or "
    "to your package mirror) for the first start and run the same command again; later starts "
    "work offline."
)

# What pip, uv and venv print, and what it means. They offer no error codes, only words.
NETWORK = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|ConnectionReset|ProxyError|SSLError"
    r"|Failed to establish a new connection|name resolution|getaddrinfo failed|dns error"
    r"|nodename nor servname|Network is unreachable|error sending request|Failed to fetch"
    r"|Could not connect|timed out|tcp connect error",
    re.IGNORECASE,
)
NOTHING_FOUND = re.compile(r"from versions: none|not found in the package registry|--no-index")
DISK = re.compile(
    r"No space left|os error 28\b|Errno 28\b|not enough space|os error 112\b|quota exceeded",
    re.IGNORECASE,
)
PERMISSION = re.compile(
    r"Permission denied|Access is denied|Read-only file system|os error (?:5|13|30)\b"
    r"|Errno (?:13|30)\b",
    re.IGNORECASE,
)

# `python -m course`, but for a Ctrl-C while the package is still being imported.
COMMAND = """
import runpy, sys
try:
    runpy.run_module("course", run_name="__main__", alter_sys=True)
except KeyboardInterrupt:
    sys.exit(130)
"""


class CannotStart(Exception):
    """The environment could not be made; the text is one sentence that says what to do next."""


class NoNetwork(CannotStart):
    """Nothing could be downloaded, and nothing in the environment was changed."""


@dataclass(frozen=True)
class Place:
    """Where a checkout keeps its environment and what the starts write down about it."""

    root: Path

    @property
    def venv(self) -> Path:
        """The environment."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def packages(self) -> list[Path]:
        """The site-packages folder of the environment (a list, for it may not be there)."""
        return [*self.venv.glob("lib/*/site-packages"), *self.venv.glob("Lib/site-packages")]

    @property
    def stamp(self) -> Path:
        """Empty while the environment is being changed, JSON once it is complete."""
        return self.venv / "course-stamp.json"

    @property
    def notes(self) -> Path:
        """What a checkout remembers; git ignores it."""
        return self.root / ".course"

    @property
    def log(self) -> Path:
        """What the installers said the last time."""
        return self.notes / "install.log"


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Prepare the environment and run `course` with the arguments; returns its exit code."""
    place = Place(root)
    try:
        lock = lock_for(arguments)
        if list(arguments) in ([], ["-h"], ["--help"]) and not fits(place, lock):
            print(USAGE, end="")
            return 0
        prepare(place, lock)
    except CannotStart as problem:
        say(str(problem))
        return 1
    except OSError as problem:
        say(explain(place, str(problem), problem.errno))
        return 1
    except KeyboardInterrupt:
        say("\nStopped; the same command starts again.")
        return 130
    return hand_over(place, arguments)


def lock_for(arguments: Sequence[str]) -> str:
    """The lock file that a command needs."""
    command = arguments[0] if arguments else ""
    develops = command in ("test", "bench") or (command == "build" and "--check" in arguments)
    return DEVELOP if develops else LEARN


def prepare(place: Place, lock: str) -> None:
    """Make sure that the environment holds what the lock asks for, at the least cost."""
    if fits(place, lock):
        return
    with alone(place) as held:
        if fits(place, lock):  # the start that we waited for has done it
            return
        before = place.stamp.read_text("utf-8") if place.stamp.exists() else None
        updating = can_be_updated(place)
        if not updating:
            make(place, held)
        place.stamp.write_text("", "utf-8")
        try:
            install(place, lock, held)
        except NoNetwork:
            # pip and uv download everything before they change anything, so what was there
            # still is, and an offline machine must not lose it to a rebuild.
            if updating and before is None:
                place.stamp.unlink()
            elif updating and before:
                place.stamp.write_text(before, "utf-8")
            raise
        link_package(place)
        write_stamp(place, [LEARN, lock])
    say("Ready.")


def fits(place: Place, lock: str) -> bool:
    """Whether the environment is complete, still runs, and was made from this very lock."""
    stamp = read_stamp(place)
    return (
        stamp is not None
        and stamp["fits"].get(lock) == fingerprint(place, lock)
        and stamp["place"] == str(place.venv)
        and stamp["python"] == ask_python(place)
    )


def can_be_updated(place: Place) -> bool:
    """Whether packages may be installed over what is there.

    An environment that somebody made by other means (no stamp at all) is kept if its Python is
    new enough. One that is unfinished or broken is made again, and so is one that was moved (its
    scripts hold absolute paths) or that now has another Python than a newer patch of its own.
    """
    python = ask_python(place)
    if python is None:
        return False
    if not place.stamp.exists():
        return version_of(python) >= MINIMUM
    stamp = read_stamp(place)
    return (
        stamp is not None
        and stamp["place"] == str(place.venv)
        and version_of(stamp["python"])[:2] == version_of(python)[:2]
        and stamp["python"].split()[1] == python.split()[1]
    )


def ask_python(place: Place) -> str | None:
    """Version and platform of the environment's Python, such as `3.11.7 linux-x86_64`."""
    question = "import sys, sysconfig; print('%d.%d.%d' % sys.version_info[:3], end=' '); "
    question += "print(sysconfig.get_platform())"
    try:
        answer = subprocess.run(
            [place.python, "-I", "-S", "-c", question],
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def version_of(answer: str) -> tuple[int, ...]:
    """The version in an answer of `ask_python`."""
    return tuple(int(part) for part in answer.split()[0].split("."))


def fingerprint(place: Place, lock: str) -> str:
    """What an environment was made from: changes with the lock and with pyproject.toml."""
    digest = hashlib.sha256()
    for name in (lock, "pyproject.toml"):
        # As text: git may have turned the line ends.
        digest.update((place.root / name).read_text("utf-8").encode())
    return digest.hexdigest()


def read_stamp(place: Place) -> dict[str, Any] | None:
    """What is known about a complete environment; None for any other."""
    try:
        stamp = json.loads(place.stamp.read_text("utf-8"))
        return stamp if {"place", "python", "fits"} <= stamp.keys() else None
    except (OSError, ValueError, AttributeError):
        return None


def write_stamp(place: Place, locks: Sequence[str]) -> None:
    """Declare the environment complete for these locks; the last step of all."""
    stamp = {
        "place": str(place.venv),
        "python": ask_python(place),
        "fits": {lock: fingerprint(place, lock) for lock in locks},
    }
    written = place.stamp.with_suffix(".new")
    written.write_text(json.dumps(stamp, indent=1), "utf-8")
    written.replace(place.stamp)


def make(place: Place, held: int) -> None:
    """A new, empty environment in place of whatever is there."""
    has_pip = importlib.util.find_spec("ensurepip") is not None
    if importlib.util.find_spec("venv") is None or not (has_pip or uv_on_path()):
        raise CannotStart(NO_VENV)
    remove(place)
    place.venv.mkdir()
    place.stamp.write_text("", "utf-8")
    say("Making the environment .venv for the course.")
    # The base interpreter: ours may be the one in the .venv that was removed.
    base = getattr(sys, "_base_executable", None) or sys.executable
    pip = [] if has_pip else ["--without-pip"]
    code, output = run(place, held, [base, "-m", "venv", *pip, str(place.venv)])
    if code:
        if "ensurepip" in output:
            raise CannotStart(NO_VENV)
        raise CannotStart(explain(place, output))


def remove(place: Place) -> None:
    """Remove whatever is called .venv."""
    if place.venv.is_symlink() or place.venv.is_file():
        place.venv.unlink()
    elif place.venv.exists():
        say("The environment .venv is unfinished or no longer fits; it is made again.")
        # First of all it must be known as unfinished, should we be stopped half-way.
        place.stamp.write_text("", "utf-8")
        shutil.rmtree(place.venv)


def install(place: Place, lock: str, held: int) -> None:
    """Install the lock's packages: with uv where it can be had, otherwise with pip."""
    say(
        "Installing the packages of the course. The first time this may take some minutes and "
        "download about 300 MB; later starts take seconds."
    )
    packages = ["--no-deps", "-r", str(place.root / lock)]  # the lock is complete
    output = ""
    if uv := uv_on_path() or uv_from_pip(place, held):
        into = ["--python", str(place.python)]
        code, output = run(place, held, [uv, "pip", "install", *into, *packages])
        if code == 0:
            return
        if DISK.search(output):
            raise CannotStart(explain(place, output))
        say("uv could not install them, now pip tries.")
    if any((packages / "pip").is_dir() for packages in place.packages):
        code, output = run(place, held, [*pip_install(place), *packages])
        if code == 0:
            return
    if is_network(output):
        raise NoNetwork(NO_NETWORK)
    raise CannotStart(explain(place, output))


def is_network(output: str) -> bool:
    """Whether an installer failed because it could reach no package index."""
    if DISK.search(output) or PERMISSION.search(output):
        return False
    return bool(NETWORK.search(output) or NOTHING_FOUND.search(output))


def pip_install(place: Place) -> list[str]:
    """The start of a command that installs with the environment's pip."""
    return [str(place.python), "-m", "pip", "install", "--no-input"]


def uv_on_path() -> str | None:
    """The uv on PATH, if it runs: version managers leave shims there that do not."""
    found = shutil.which("uv")
    if not found:
        return None
    try:
        tried = subprocess.run([found, "--version"], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found if tried.returncode == 0 else None


def uv_from_pip(place: Place, held: int) -> str | None:
    """A uv of the environment's own, if pip can get one."""
    code, output = run(place, held, [*pip_install(place), "uv"])
    if code == 0:
        return shutil.which("uv", path=str(place.python.parent))
    if NETWORK.search(output):
        raise NoNetwork(NO_NETWORK)  # pip would wait for the same network once more
    return None


def link_package(place: Place) -> None:
    """Make `import course` work in the environment, without building anything.

    A .pth file is all that an editable install of pure Python comes to, and needs no build tool
    and no network. Its path is relative, so that no letter of it depends on the locale.
    """
    for packages in place.packages:
        line = os.path.relpath(place.root, packages)
        (packages / "kinesis-course.pth").write_text(line + "\n", "utf-8")


def run(place: Place, held: int, command: Sequence[str]) -> tuple[int, str]:
    """Run an installer, showing its last line while it works; returns its code and its words."""
    lines: queue.Queue[str | None] = queue.Queue()
    process = subprocess.Popen(
        command,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # An installer that outlives us keeps the lock until it ends too.
        pass_fds=[held] if os.name == "posix" else [],
    )
    reader = threading.Thread(target=pump, args=(process.stdout, lines), daemon=True)
    reader.start()
    output = []
    progress = Progress()
    try:
        while (line := next_line(lines)) is not None:
            if line:
                output.append(line)
            progress.show(line)
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    finally:
        progress.clear()
    text = "\n".join(output)
    with open(place.log, "a", encoding="utf-8") as log:
        log.write(text + "\n")
    return code, text


def pump(stream: IO[str], lines: queue.Queue[str | None]) -> None:
    """Pass lines on as they come; None at the end."""
    with stream:
        for line in stream:
            lines.put(line.strip())
    lines.put(None)


def next_line(lines: queue.Queue[str | None]) -> str | None:
    """The next line, or an empty one after a second of silence, so that the time goes on."""
    try:
        return lines.get(timeout=1)
    except queue.Empty:
        return ""


class Progress:
    """One status line on a terminal; a line now and then where there is none."""

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty()
        self.start = self.shown = time.monotonic()
        self.last = ""

    def show(self, line: str) -> None:
        """Show the line, or the last one again with a later time."""
        self.last = line or self.last
        now = time.monotonic()
        minutes, seconds = divmod(int(now - self.start), 60)
        status = f"  {minutes}:{seconds:02d}  {self.last}"
        if self.terminal:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write("\r" + status[:width].ljust(width))
            sys.stderr.flush()
        elif now - self.shown > 15:
            self.shown = now
            say(status)

    def clear(self) -> None:
        """Leave the terminal's line empty."""
        if self.terminal:
            sys.stderr.write("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r")
            sys.stderr.flush()


@contextlib.contextmanager
def alone(place: Place) -> Iterator[int]:
    """Hold the checkout's lock, waiting for another start that has it; yields the descriptor.

    The lock is the operating system's, on an open file: it ends with the process that holds it,
    so a start that was killed never blocks the next one.
    """
    place.notes.mkdir(exist_ok=True)
    with open(place.notes / "setup.lock", "a+", encoding="utf-8") as file:
        told = False
        while not lock_file(file):
            if not told:
                file.seek(0)
                say(
                    f"Another start of the course (process {file.read().strip() or 'unknown'}) "
                    "is preparing .venv; this one waits for it."
                )
                told = True
            time.sleep(0.5)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        place.log.write_text("", "utf-8")
        yield file.fileno()


def lock_file(file: IO[str]) -> bool:
    """Try to lock the file; False if another process has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            # Far behind the text, which stays readable for those who wait.
            file.seek(1 << 20)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        # Any other error is a file system without locks: go on, as everyone did before.
        return problem.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True


def environment() -> dict[str, str]:
    """The caller's variables, without those that bend an interpreter or misplace packages."""
    bends = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX", "__PYVENV_LAUNCHER__")
    variables = {name: value for name, value in os.environ.items() if name not in bends}
    return variables | {"PIP_USER": "0", "UV_PYTHON_DOWNLOADS": "never"}


def explain(place: Place, output: str, code: int | None = None) -> str:
    """One sentence about why the environment could not be made."""
    if code in (errno.ENOSPC, errno.EDQUOT) or DISK.search(output):
        free = shutil.disk_usage(place.root).free // 2**20
        return (
            f"The disk is full: the course needs about 1200 MB and {place.root} has {free} MB "
            "left (the home and temporary folders count too); make room and run the same "
            "command again."
        )
    if code in (errno.EACCES, errno.EPERM, errno.EROFS) or PERMISSION.search(output):
        return (
            f"The course may not write in {place.root}: close programs that use its .venv, or "
            "put the course into a folder of your own, and run the same command again."
        )
    if code is not None:
        return f"The environment .venv could not be made: {output}."
    last = output.strip().splitlines()[-1:] or ["(nothing)"]
    return (
        f"The packages could not be installed; the last line of {place.log} is: {last[0].strip()}"
    )


def hand_over(place: Place, arguments: Sequence[str]) -> int:
    """Run the command in the environment, as if that were activated; returns its exit code."""
    # -P keeps the caller's folder off sys.path: a file of theirs must not replace a module.
    command = [str(place.python), "-P", "-c", COMMAND, *arguments]
    variables = environment() | {"VIRTUAL_ENV": str(place.venv)}
    path = [str(place.python.parent), variables.get("PATH", os.defpath)]
    variables["PATH"] = os.pathsep.join(path)
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        # The command takes our place, and with it signals and exit code.
        os.execve(command[0], command, variables)
    return wait_for(command, variables)


def wait_for(command: Sequence[str], variables: dict[str, str]) -> int:
    """Run a command to its end and return its exit code."""
    with subprocess.Popen(command, env=variables) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                pass  # Ctrl-C reached the command as well; it decides when to end


def say(text: str) -> None:
    """Tell the user how the start goes; standard output belongs to the command."""
    print(text, file=sys.stderr, flush=True)
