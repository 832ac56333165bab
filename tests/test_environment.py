"""The lists of packages agree with each other: pyproject.toml, both locks, environment.yml."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LEARN, DEVELOP = "requirements.lock", "requirements-dev.lock"


def lines(lock: str) -> list[str]:
    return (ROOT / lock).read_text("utf-8").splitlines()


def pins(lock: str) -> dict[str, set[str]]:
    """The versions a lock holds of each package; there may be one for each range of Pythons."""
    found: dict[str, set[str]] = {}
    for line in lines(lock):
        requirement = Requirement(line)
        (pin,) = requirement.specifier
        assert pin.operator == "==", line
        found.setdefault(canonicalize_name(requirement.name), set()).add(pin.version)
    return found


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        (LEARN, PROJECT["dependencies"]),
        (DEVELOP, PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]),
    ],
)
def test_each_dependency_is_in_its_lock_at_a_version_it_allows(
    lock: str, wanted: list[str]
) -> None:
    locked = pins(lock)
    for text in wanted:
        requirement = Requirement(text)
        versions = locked.get(canonicalize_name(requirement.name))
        assert versions, f"{lock} lacks {text}; lock again"
        for version in versions:
            assert requirement.specifier.contains(version), f"{lock} has {version} for {text}"


def test_the_test_tools_come_on_top_of_the_very_same_packages() -> None:
    assert set(lines(LEARN)) <= set(lines(DEVELOP))


@pytest.mark.parametrize("name", [LEARN, DEVELOP, "environment.yml"])
def test_no_list_names_a_host_or_a_path(name: str) -> None:
    assert not re.search(r"://|@|--(extra-)?index|find-links|^/", (ROOT / name).read_text(), re.M)


def test_conda_installs_the_lock_and_the_package_and_nothing_else() -> None:
    wanted = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    python, pip, from_pip = wanted["dependencies"]
    name, version = python.split("=")
    assert (name, pip) == ("python", "pip")
    assert SpecifierSet(PROJECT["requires-python"]).contains(version)
    assert from_pip == {"pip": ["-r requirements.lock", "-e ."]}
    assert wanted["channels"] == ["conda-forge"]
    assert (ROOT / "requirements.lock").is_file()
    assert (ROOT / "pyproject.toml").is_file()


def test_git_ignores_no_source_file() -> None:
    command = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "--"]
    folders = ["course", "autograder", "notebooks", "solutions", "tests", "jupyter"]
    done = subprocess.run([*command, *folders], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("this is no git checkout")
    passing = ("__pycache__", ".ipynb_checkpoints")
    assert [file for file in done.stdout.splitlines() if not any(x in file for x in passing)] == []
