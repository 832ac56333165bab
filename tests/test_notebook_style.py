"""How the chapters read: the numbers we aim at, printed, and the rules that hold.

`python tests/test_notebook_style.py` prints the numbers of every chapter beside the aims.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import groupby, pairwise
from pathlib import Path
from statistics import median, quantiles

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course import facts
from course.build.chapter import read_chapter
from course.chapters import ROOT

NOTEBOOKS = ROOT / "notebooks"
STEMS = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
SOURCES = sorted((ROOT / "solutions").glob("[0-9]*.py"))

MOST_LINES = 20
MOST_COLUMNS = 79
MOST_CODE_CELLS_IN_A_ROW = 2

FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
INLINE_CODE = re.compile(r"`[^`\n]+`")
IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
IMAGE_TAG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
TAG = re.compile(r"<!--.*?-->|</?[a-zA-Z][^>]*>", re.DOTALL)
HEADING = re.compile(r"^(#{1,6})\s", re.MULTILINE)
WORD = re.compile(r"[^\W_]+(?:['\u2019.,-][^\W_]+)*")
DRAWS = re.compile(r"\blab\.show\(|\bpictures\.|\bplt\.|\.plot")


def read(stem: str) -> NotebookNode:
    return nbformat.read(NOTEBOOKS / f"{stem}.ipynb", 4)


def prose_of(source: str) -> str:
    """Markdown as it is read aloud: no code, no pictures, no targets of links."""
    for pattern, left in (
        (FENCE, ""),
        (INLINE_CODE, "code"),
        (IMAGE, ""),
        (LINK, r"\1"),
        (TAG, ""),
    ):
        source = pattern.sub(left, source)
    return source


def sentences_of(source: str) -> list[int]:
    """The length in words of each sentence; a heading, a bullet and a table row are their own."""
    blocks = re.split(r"\n\s*\n|\n(?=\s*(?:[-*+>|#]|\d+\.)\s)", prose_of(source))
    found = (
        len(WORD.findall(sentence))
        for block in blocks
        if not HEADING.match(block)
        for sentence in re.split(r"(?<=[.?!:])\s+", block)
    )
    return [length for length in found if length]


def cells_of(notebook: NotebookNode, kind: str) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def own_code(notebook: NotebookNode) -> list[NotebookNode]:
    """The code that is ours: what we quote stays as its author wrote it."""
    cells = cells_of(notebook, "code")
    return [cell for cell in cells if "quoted" not in cell.metadata.get("tags", [])]


def code_cells_in_a_row(notebook: NotebookNode) -> int:
    runs = groupby(notebook.cells, key=lambda cell: cell.cell_type)
    return max((len(list(run)) for kind, run in runs if kind == "code"), default=0)


# The numbers --------------------------------------------------------------------------------------

AIMS = {
    "cells": "40-60",
    "words": "1500-2200",
    "sentence median": "<= 16",
    "prose cell median": "30-45",
    "prose cell p90": "110",
    "code lines median": "<= 4",
    "code lines p90": "<= 10",
    "code lines max": f"<= {MOST_LINES}",
    "code cells in a row": f"<= {MOST_CODE_CELLS_IN_A_ROW}",
    "figures": ">= 3",
    "code width": f"<= {MOST_COLUMNS}",
}


def p90(values: list[int]) -> float:
    return quantiles(values, n=10, method="inclusive")[-1] if len(values) > 1 else sum(values)


def numbers(notebook: NotebookNode) -> dict[str, float]:
    prose = [cell.source for cell in cells_of(notebook, "markdown")]
    code = [cell.source for cell in own_code(notebook)]
    words = [len(WORD.findall(prose_of(source))) for source in prose]
    lines = [len(source.split("\n")) for source in code]
    sentences = [length for source in prose for length in sentences_of(source)]
    pictures = sum(len(IMAGE.findall(text)) + len(IMAGE_TAG.findall(text)) for text in prose)
    return {
        "cells": len(notebook.cells),
        "words": sum(words),
        "sentence median": median(sentences or [0]),
        "prose cell median": median(words or [0]),
        "prose cell p90": p90(words),
        "code lines median": median(lines or [0]),
        "code lines p90": p90(lines),
        "code lines max": max(lines, default=0),
        "code cells in a row": code_cells_in_a_row(notebook),
        "figures": pictures + sum(bool(DRAWS.search(source)) for source in code),
        "code width": max((len(line) for text in code for line in text.split("\n")), default=0),
    }


def table() -> str:
    columns = {stem: numbers(read(stem)) for stem in STEMS}
    heads = [stem[:2] for stem in columns]
    rows = [f"{'':20}{'aim':>11}" + "".join(f"{head:>8}" for head in heads)]
    for name, aim in AIMS.items():
        values = "".join(f"{column[name]:>8g}" for column in columns.values())
        rows.append(f"{name:20}{aim:>11}{values}")
    return "\n".join(rows)


def test_the_numbers_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print("\n" + table())
    assert STEMS


# The rules ----------------------------------------------------------------------------------------


def long_cells(notebook: NotebookNode) -> Iterator[str]:
    for cell in own_code(notebook):
        if (lines := len(cell.source.split("\n"))) > MOST_LINES:
            yield f"{cell.id} has {lines} lines of code; plumbing belongs into the package"


def wide_lines(notebook: NotebookNode) -> Iterator[str]:
    for cell in own_code(notebook):
        for line in cell.source.split("\n"):
            if len(line) > MOST_COLUMNS:
                yield f"{cell.id} has a line of {len(line)} columns: {line.strip()[:40]}..."


def code_without_prose(notebook: NotebookNode) -> Iterator[str]:
    if (run := code_cells_in_a_row(notebook)) > MOST_CODE_CELLS_IN_A_ROW:
        yield f"{run} code cells stand in a row; say something between them"


def headings(notebook: NotebookNode) -> Iterator[str]:
    found = [
        (cell.id, len(marks))
        for cell in cells_of(notebook, "markdown")
        for marks in HEADING.findall(FENCE.sub("", cell.source))
    ]
    if [level for _, level in found].count(1) != 1 or found[0][1] != 1:
        yield "there is exactly one heading with a single #, and it comes first"
    for (_, above), (cell, level) in pairwise(found):
        if level > above + 1:
            yield f"{cell} jumps from {'#' * above} to {'#' * level}"


def pictures_without_words(notebook: NotebookNode) -> Iterator[str]:
    for cell in cells_of(notebook, "markdown"):
        alts = IMAGE.findall(cell.source)
        for tag in IMAGE_TAG.findall(cell.source):
            alt = re.search(r"""\balt=(["'])(.*?)\1""", tag)
            alts.append(alt[2] if alt else "")
        if not all(alt.strip() for alt in alts):
            yield f"{cell.id} has an image without alt text"


def what_dark_theme_spoils(notebook: NotebookNode) -> Iterator[str]:
    for cell in cells_of(notebook, "markdown"):
        if re.search(r"<div[^>]*class=[\"']?alert", cell.source):
            yield f"{cell.id} has an alert box; write a blockquote"
        if re.search(r"^\s*(```|~~~)\s*mermaid", cell.source, re.MULTILINE):
            yield f"{cell.id} has a Mermaid drawing; its arrows vanish in the dark theme"


def tone(notebook: NotebookNode) -> Iterator[str]:
    for cell in cells_of(notebook, "markdown"):
        for word in re.findall(r"\b(?:simply|just)\b|!", prose_of(cell.source), re.IGNORECASE):
            yield f"{cell.id} says {word!r}"


def numbered_tasks(notebook: NotebookNode) -> Iterator[str]:
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "named")
        if not re.search(r"[a-z]{3}", name) or re.fullmatch(r"cell-[0-9a-f]+", name):
            yield f"{cell.id} has the grade_id {name!r}; a task has a name"


Rule = Callable[[NotebookNode], Iterator[str]]
RULES: list[Rule] = [
    long_cells,
    wide_lines,
    code_without_prose,
    headings,
    pictures_without_words,
    what_dark_theme_spoils,
    tone,
    numbered_tasks,
]


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_chapter_keeps_the_rules(rule: Rule, stem: str) -> None:
    assert list(rule(read(stem))) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_solutions_fit_the_page_too(path: Path) -> None:
    cells = [
        new_code_cell(cell.source, id=f"cell-{number}", metadata=dict(cell.metadata))
        for number, cell in enumerate(read_chapter(path).cells, start=1)
        if cell.kind == "code"
    ]
    assert list(wide_lines(new_notebook(cells=cells))) == []


def typed_numbers(prose: str) -> list[str]:
    """Facts whose value an author typed: those with three digits or more, or in bytes."""
    return [
        f"{fact.text!r} stands in facts.toml: write {{{{facts.{path}}}}}"
        for path, fact in facts.table().items()
        if re.search(r"\d[\d,]{2}|iB\b", fact.text)
        and re.search(rf"(?<![\w.,]){re.escape(fact.text)}\b", prose)
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_numbers_about_aws_come_from_facts(path: Path) -> None:
    found = [
        f"{cell.place}: {number}"
        for cell in read_chapter(path).cells
        if cell.kind == "markdown"
        for number in typed_numbers(prose_of(cell.source))
    ]
    assert found == []


# The rules can fail -------------------------------------------------------------------------------


def notebook_of(*cells: str) -> NotebookNode:
    """A notebook with a title; a cell that starts with > is code."""
    return new_notebook(
        cells=[new_markdown_cell("# Title")]
        + [
            new_code_cell(text[1:]) if text.startswith(">") else new_markdown_cell(text)
            for text in cells
        ]
    )


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (long_cells, ">" + "\n" * 19, ">" + "\n" * 20),
        (wide_lines, ">" + "x" * 79, ">" + "x" * 80),
        (headings, "## Two\n### Three\n## Two", "### Three"),
        (headings, "```\n# a comment\n```", "# A second title"),
        (pictures_without_words, "![a ring](ring.png)", "![](ring.png)"),
        (pictures_without_words, '<img src="a" alt="a ring">', '<img src="a" alt="">'),
        (what_dark_theme_spoils, "> **Note** so", '<div class="alert alert-info">so</div>'),
        (what_dark_theme_spoils, "```python\n```", "```mermaid\n```"),
        (tone, "We adjust it: `a != b`, `!ls`", "We just do it"),
        (tone, "![x](y) <!-- note -->", "Well done!"),
        (tone, "```\njust simply!\n```", "Simply so"),
    ],
)
def test_a_rule_tells_good_from_bad(rule: Rule, good: str, bad: str) -> None:
    assert list(rule(notebook_of(good))) == []
    assert len(list(rule(notebook_of(bad)))) == 1


def test_a_quotation_keeps_its_form() -> None:
    notebook = notebook_of(">" + "x" * 80 + "\n" * 20)
    assert [list(rule(notebook)) != [] for rule in (long_cells, wide_lines)] == [True, True]
    notebook.cells[1].metadata.tags = ["quoted"]
    assert [list(rule(notebook)) != [] for rule in (long_cells, wide_lines)] == [False, False]


def test_three_code_cells_in_a_row_are_too_many() -> None:
    assert list(code_without_prose(notebook_of(">1", ">2", "so", ">3", ">4"))) == []
    assert len(list(code_without_prose(notebook_of("so", ">1", ">2", ">3")))) == 1


@pytest.mark.parametrize("name", ["1", "2-1", "cell-0a1b2c3d4e"])
def test_a_task_has_no_number_for_a_name(name: str) -> None:
    notebook = notebook_of(">check()")
    notebook.cells[1].metadata.nbgrader = {"grade_id": "retry-only-the-failed"}
    assert list(numbered_tasks(notebook)) == []
    notebook.cells[1].metadata.nbgrader = {"grade_id": name}
    assert len(list(numbered_tasks(notebook))) == 1


def test_a_typed_number_is_found() -> None:
    assert typed_numbers("A call takes {{facts.put_records.max_records}} or 1,500 records") == []
    assert len(typed_numbers("A call takes 500 records.")) == 1


def test_sentences_are_counted_as_they_are_read() -> None:
    text = "## A heading\n\nOne two three. Is it `a b` four?\n\n- five six\n- seven\n"
    assert sentences_of(text) == [3, 4, 2, 1]


if __name__ == "__main__":
    print(table())
