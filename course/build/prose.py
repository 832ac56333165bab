"""Prose with its numbers: fill in {{facts...}} and {{chapter...}}."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from course.build.chapter import BuildError, Cell, Chapter
from course.build.manuscript import FactBook

PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
FOOTNOTES = "facts.footnotes"


def fill_in(chapter: Chapter, facts: FactBook) -> tuple[Cell, ...]:
    """The chapter's cells with all placeholders replaced, and the footnotes in their place."""
    used = {
        path: _look_up(path, facts, cell.place)
        for cell in chapter.cells
        for path in _facts_of(cell)
    }
    footnotes = _bullets(
        f"`{path}`: {fact.text}. {fact.source}; read {fact.date}." for path, fact in used.items()
    )
    values = {f"facts.{path}": fact.text for path, fact in used.items()}
    for name, value in asdict(chapter.card).items():
        values[f"chapter.{name}"] = _bullets(value) if isinstance(value, tuple) else str(value)
    cells = [_filled(cell, values | {FOOTNOTES: footnotes}) for cell in chapter.cells]
    if used and not any(FOOTNOTES in _placeholders(cell) for cell in chapter.cells):
        text = f"## Where the numbers come from\n\n{footnotes}"
        cells.append(Cell(f"{chapter.stem}, footnotes", "markdown", text, {}))
    return tuple(cells)


def _filled(cell: Cell, values: dict[str, str]) -> Cell:
    for name in _placeholders(cell):
        if name not in values:
            raise BuildError(
                f"{cell.place}: {{{{{name}}}}} is no placeholder; there are "
                f"{{{{facts.subject.name}}}}, {{{{{FOOTNOTES}}}}} and {{{{chapter.title}}}} with "
                "the other names of the header."
            )
    if cell.kind == "code":
        return cell
    return replace(cell, source=PLACEHOLDER.sub(lambda match: values[match[1]], cell.source))


def _placeholders(cell: Cell) -> list[str]:
    """The placeholders of a prose cell; in code, double braces are Python's own."""
    return PLACEHOLDER.findall(cell.source) if cell.kind == "markdown" else []


def _facts_of(cell: Cell) -> list[str]:
    """The paths of the facts that a cell uses: placeholders, or ``facts.subject.name`` in code."""
    if cell.kind == "markdown":
        facts = [name for name in _placeholders(cell) if name.startswith("facts.")]
        return [name.removeprefix("facts.") for name in facts if name != FOOTNOTES]
    tree = ast.parse(TransformerManager().transform_cell(cell.source))
    return [
        f"{node.value.attr}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and isinstance(node.value.value, ast.Name)
        and node.value.value.id == "facts"
    ]


def _look_up(path: str, facts: FactBook, place: str) -> Any:
    try:
        return facts.lookup(path)
    except KeyError as error:
        raise BuildError(f"{place}: {error.args[0]}") from None


def _bullets(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
