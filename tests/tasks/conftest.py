from __future__ import annotations

from collections.abc import Iterator

import pytest

from course.endpoints.fence import Fence
from tests.tasks.submissions import SUBMISSIONS

TABLE = pytest.StashKey[dict[str, str]]()


@pytest.fixture(autouse=True, scope="session")
def _fenced() -> Iterator[None]:
    """As `check` does it: what goes wrong on the way of a call needs credentials to sign with."""
    with Fence():
        yield


@pytest.fixture
def table(request: pytest.FixtureRequest) -> dict[str, str]:
    """Task, submission and verdict, line by line: printed at the end of a verbose run."""
    return request.config.stash.setdefault(TABLE, {})


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    lines = config.stash.get(TABLE, {})
    if lines and config.get_verbosity() > 0:
        terminalreporter.section("submissions and their verdicts")
        for submission in SUBMISSIONS:
            terminalreporter.line(lines.get(str(submission), f"{submission}  (not run)"))
