"""The numbers of the course, from facts.toml: one place, each with its source and date.

from course import facts
facts.put_records.max_records            # 500
facts.text("put_records.max_records")    # '500 records'
facts.lookup("put_records.max_records")  # Fact(value=500, unit='records', ...)
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import resources
from types import SimpleNamespace
from typing import Any


class UnknownFact(AttributeError, KeyError):
    """A fact was asked for that facts.toml does not have."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Fact:
    """One number: its value, its unit, who says so, and when we last read it (year-month)."""

    path: str
    value: Any
    unit: str
    source: str
    date: str
    text: str


class Facts(SimpleNamespace):
    """The facts about one subject, as attributes."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise _unknown(name, list(vars(self)))


@cache
def table() -> dict[str, Fact]:
    """All facts by their path, such as ``put_records.max_records``."""
    raw = tomllib.loads(resources.files("course").joinpath("facts.toml").read_text("utf-8"))
    facts = {}
    for subject, entries in raw.items():
        for name, entry in entries.items():
            path = f"{subject}.{name}"
            text = entry.get("text") or _say(entry["value"], entry["unit"])
            facts[path] = Fact(
                path, entry["value"], entry["unit"], entry["source"], entry["date"], text
            )
    return facts


def lookup(path: str) -> Fact:
    """The whole fact at `path`; raises UnknownFact with the nearest names."""
    try:
        return table()[path]
    except KeyError:
        raise _unknown(path, list(table())) from None


def text(path: str) -> str:
    """The fact as prose says it: value with thousands comma, then the unit."""
    return lookup(path).text


def _say(value: Any, unit: str) -> str:
    number = f"{value:,}" if isinstance(value, int | float) else str(value)
    return f"{number} {unit}".strip()


@cache
def _subject(name: str) -> Facts:
    members = {
        path.split(".", 1)[1]: fact.value
        for path, fact in table().items()
        if path.split(".", 1)[0] == name
    }
    if not members:
        raise _unknown(name, sorted({path.split(".", 1)[0] for path in table()}))
    return Facts(**members)


def _unknown(name: str, known: list[str]) -> UnknownFact:
    near = get_close_matches(name, known, n=3, cutoff=0.4) or known[:3]
    return UnknownFact(
        f"There is no fact called {name!r}; the nearest names are {', '.join(near)}. "
        "All of them stand in course/facts.toml."
    )


def __getattr__(name: str) -> Facts:
    if name.startswith("__"):
        raise AttributeError(name)
    return _subject(name)


def __dir__() -> list[str]:
    return sorted({path.split(".", 1)[0] for path in table()} | {"lookup", "text", "table"})
