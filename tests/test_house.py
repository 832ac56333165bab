"""The house rules that a tool can hold: style, imports that go down only, types."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from course.chapters import ROOT


def run(*command: str) -> None:
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def test_style() -> None:
    run(tool("ruff"), "check", ".")


def test_format() -> None:
    run(tool("ruff"), "format", "--check", ".")


def test_imports_go_down_only() -> None:
    run(tool("lint-imports"), "--no-cache")


@pytest.mark.slow
def test_types() -> None:
    run(sys.executable, "-m", "mypy")


def test_the_simulator_needs_neither_pandas_nor_ipython() -> None:
    code = (
        "import sys, course.simulator.account;"
        "heavy = {'pandas', 'IPython', 'matplotlib', 'moto', 'boto3'} & set(sys.modules);"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    run(sys.executable, "-c", code)
