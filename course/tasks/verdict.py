"""A verdict: what the learner sees, what the gradebook reads.

`_repr_html_` is for the learner, `str()` is one sentence, and `repr()` is the points, which stock
nbgrader takes as partial credit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from html import escape


class State(Enum):
    """The four ways a check can end."""

    NOT_ATTEMPTED = "Not attempted"
    CODE_FAILED = "Your code failed"
    WRONG = "Wrong"
    PASSED = "Passed"


@dataclass(frozen=True)
class CaseResult:
    """What came of one case: `sentence` and the misconceptions' rows, if it went wrong."""

    name: str
    points: int
    hidden: bool
    state: State
    sentence: str = ""
    belief: str = ""
    rows: tuple[str, ...] = ()
    output: str = ""


@dataclass(frozen=True, repr=False)
class Verdict:
    """The outcome of a task over the cases that ran.

    `maximum` counts every case of the task; `waiting` is how many hidden ones did not run here.
    `message` says why no case ran at all.
    """

    task: str
    maximum: int
    results: tuple[CaseResult, ...]
    waiting: int
    hints: tuple[str, ...]
    message: str = ""

    @property
    def points(self) -> int:
        """The points of the cases that passed."""
        return sum(r.points for r in self.results if r.state is State.PASSED)

    @property
    def failed(self) -> CaseResult | None:
        """The first case that did not pass; a visible one if there is any."""
        bad = [r for r in self.results if r.state is not State.PASSED]
        return min(bad, key=lambda r: r.hidden, default=None)

    @property
    def state(self) -> State:
        """Not attempted, your code failed, wrong, or passed."""
        if self.message:
            return State.NOT_ATTEMPTED
        return self.failed.state if self.failed else State.PASSED

    @property
    def misconceptions(self) -> tuple[str, ...]:
        """The rows of the misconceptions seen, the named one first."""
        seen = (self.failed.rows if self.failed else ()) + tuple(
            row for result in self.results for row in result.rows
        )
        return tuple(dict.fromkeys(seen))

    @property
    def score(self) -> str:
        """The points as people say them."""
        if self.waiting:
            plural = "case runs" if self.waiting == 1 else "cases run"
            return (
                f"{self.points} of {self.maximum} points here; "
                f"{self.waiting} hidden {plural} when graded"
            )
        return f"{self.points} of {self.maximum} points"

    def __repr__(self) -> str:
        return f"{float(self.points)}"

    def __str__(self) -> str:
        parts = [f"{self.state.value} · {self.score}." if self.maximum else ""]
        if self.message:
            parts.append(self.message)
        if self.failed:
            parts.append(self.failed.sentence)
            if self.failed.belief:
                parts.append(f'Belief to revisit: "{self.failed.belief}".')
        return " ".join(filter(None, parts))

    def _repr_html_(self) -> str:
        mark, colour = _LOOK[self.state]
        lines = [f'<div class="course-verdict" style="{_BOX};border-left-color:{colour}">']
        if self.maximum:
            head = f"<strong>{mark} {self.state.value}</strong> · {escape(self.score)}"
            lines.append(f"<div>{head}</div>")
        if self.message:
            lines.append(f"<div>{_prose(self.message)}</div>")
        if self.failed:
            lines.append(f'<div style="margin-top:.4em">{_prose(self.failed.sentence)}</div>')
            if self.failed.belief:
                lines.append(
                    f"<div style='margin-top:.4em'><em>Belief to revisit:</em> "
                    f"“{_prose(self.failed.belief)}”</div>"
                )
        lines.append(self._cases())
        lines.append(self._output())
        if self.state is not State.PASSED:
            lines.extend(
                f"<details><summary>{rung}</summary>{_prose(text)}</details>"
                for rung, text in zip(_RUNGS, self._open_hints, strict=False)
            )
        lines.append("</div>")
        return "\n".join(line for line in lines if line)

    @property
    def _open_hints(self) -> tuple[str, ...]:
        """Nearly the code is for those who have tried."""
        return self.hints[:2] if self.state is State.NOT_ATTEMPTED else self.hints

    def _cases(self) -> str:
        if self.message:
            return ""
        rows = "".join(
            f"<li>{_LOOK[result.state][0]} {escape(result.name)}"
            f"{' (hidden)' if result.hidden else ''}: {_points(result)}</li>"
            for result in self.results
        )
        style = "list-style:none;padding-left:0;margin:.4em 0"
        return f'<ul style="{style}">{rows}</ul>'

    def _output(self) -> str:
        printed = "".join(r.output for r in self.results if not r.hidden).strip()
        if not printed:
            return ""
        return (
            "<details><summary>What your code printed</summary>"
            f"<pre>{escape(printed[:_SHOWN])}</pre></details>"
        )


_SHOWN = 4_000
_RUNGS = ("Hint 1: a nudge", "Hint 2: the idea", "Hint 3: nearly the code")
_BOX = "border-left:4px solid;padding:.3em .8em;margin:.2em 0;line-height:1.45"

# Shape and colour (Okabe-Ito): neither alone carries the meaning.
_LOOK = {
    State.PASSED: ("✔", "#009E73"),
    State.WRONG: ("✘", "#D55E00"),
    State.CODE_FAILED: ("▲", "#CC79A7"),
    State.NOT_ATTEMPTED: ("○", "#56B4E9"),
}


def _points(result: CaseResult) -> str:
    got = result.points if result.state is State.PASSED else 0
    return f"{got} of {result.points}"


def _prose(text: str) -> str:
    """Text with `code` between backticks, safe to show."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
