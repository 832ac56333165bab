"""The fast set by default; `--slow` adds the tests marked slow, after the fast ones."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the slow tests too, at the end")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    slow = [item for item in items if item.get_closest_marker("slow")]
    fast = [item for item in items if not item.get_closest_marker("slow")]
    if config.getoption("--slow"):
        items[:] = fast + slow
    else:
        items[:] = fast
        config.hook.pytest_deselected(items=slow)
