from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.tasks.verdict import CaseResult, State, Verdict

HINTS = ("Think of a ring.", "A ring has arcs.", "`for arc in arcs:` compare.")
SCRIPT = "<script>alert('x')</script> & <b>"
# What stock nbgrader takes as points (nbgrader.utils.determine_grade).
POINTS = re.compile(r"^\d+(\.\d+)?$")


def case(state: State = State.PASSED, **more: object) -> CaseResult:
    return replace(CaseResult("one", 1, hidden=False, state=state), **more)


def verdict(*results: CaseResult, waiting: int = 0, **more: object) -> Verdict:
    return Verdict(
        "task", sum(r.points for r in results) + waiting, results, waiting, HINTS, **more
    )


class Text(HTMLParser):
    """The tags and the text of some HTML; every tag must be closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(
    ("results", "state"),
    [
        ([case(), case()], State.PASSED),
        ([case(), case(State.WRONG)], State.WRONG),
        ([case(State.CODE_FAILED), case(State.WRONG)], State.CODE_FAILED),
        # What the learner can see goes before what they cannot.
        ([case(State.WRONG, hidden=True), case(State.CODE_FAILED)], State.CODE_FAILED),
    ],
)
def test_the_first_case_that_went_wrong_decides(results: list[CaseResult], state: State) -> None:
    assert verdict(*results).state is state


def test_points_are_those_of_the_cases_that_passed() -> None:
    mixed = verdict(case(points=2), case(State.WRONG, points=4), case(points=1), waiting=3)
    assert (mixed.points, mixed.maximum) == (3, 10)
    assert repr(mixed) == "3.0"


@given(
    st.lists(st.builds(case, st.sampled_from(State), points=st.integers(0, 10**6))),
    st.integers(0, 9),
    st.text(),
)
def test_repr_is_what_nbgrader_takes(results: list[CaseResult], waiting: int, said: str) -> None:
    made = verdict(*results, waiting=waiting, message=said)
    assert POINTS.match(repr(made))
    assert 0 <= float(repr(made)) <= made.maximum


@pytest.mark.parametrize(
    ("waiting", "score"),
    [
        (0, "1 of 1 points"),
        (1, "1 of 2 points here; 1 hidden case runs when graded"),
        (2, "1 of 3 points here; 2 hidden cases run when graded"),
    ],
)
def test_score(waiting: int, score: str) -> None:
    assert verdict(case(), waiting=waiting).score == score


def test_str_is_said_on_one_line() -> None:
    wrong = verdict(
        case(State.WRONG, sentence="`f(1)` returned 2; 3 was due.", belief="1 + 1 is 3"),
        waiting=1,
    )
    assert str(wrong) == (
        "Wrong · 0 of 2 points here; 1 hidden case runs when graded. "
        '`f(1)` returned 2; 3 was due. Belief to revisit: "1 + 1 is 3".'
    )


def test_a_message_stands_alone_where_there_is_nothing_to_win() -> None:
    unknown = Verdict("nothing", 0, (), waiting=0, hints=(), message="There is no such task.")
    assert str(unknown) == "There is no such task."
    assert Text(unknown._repr_html_()).text.strip() == "There is no such task."
    assert repr(unknown) == "0.0"


def test_misconceptions_begin_with_the_named_one() -> None:
    results = (
        case(State.WRONG, rows=("P1", "P2"), hidden=True),
        case(State.WRONG, rows=("P3", "P1")),
    )
    assert verdict(*results).misconceptions == ("P3", "P1", "P2")


def test_html_shows_marks_points_belief_output_and_hints() -> None:
    html = verdict(
        case(name="the first", output="printed\n"),
        case(State.WRONG, name="the second", sentence="`f` is wrong.", belief="f is right"),
        case(State.CODE_FAILED, name="the third", hidden=True),
    )._repr_html_()
    shown = Text(html)
    for text in ("✔ the first: 1 of 1", "✘ the second: 0 of 1", "▲ the third (hidden): 0 of 1"):
        assert text in shown.text
    assert "“f is right”" in shown.text
    assert "<code>f</code>" in html
    assert "printed" in shown.text
    for number, hint in enumerate(HINTS, 1):
        assert f"Hint {number}" in shown.text
        assert hint.replace("`", "") in shown.text
    assert html.count("<details>") == 1 + 3  # hints and output are folded in


def test_who_has_passed_needs_no_hints() -> None:
    assert "Hint" not in verdict(case())._repr_html_()


def test_what_a_hidden_case_printed_is_not_shown() -> None:
    html = verdict(case(State.WRONG, hidden=True, output="4711"))._repr_html_()
    assert "4711" not in html


@pytest.mark.parametrize(
    "made",
    [
        verdict(case(State.WRONG, name=SCRIPT)),
        verdict(case(State.WRONG, sentence=SCRIPT)),
        verdict(case(State.WRONG, sentence=f"`{SCRIPT}`")),
        verdict(case(State.WRONG, sentence="x", belief=SCRIPT)),
        verdict(case(output=SCRIPT)),
        verdict(message=SCRIPT),
        replace(verdict(case(State.WRONG)), hints=(SCRIPT, SCRIPT, SCRIPT)),
    ],
)
def test_nothing_that_was_said_becomes_html(made: Verdict) -> None:
    html = made._repr_html_()
    assert "<script" not in html
    assert SCRIPT in Text(html).text
    assert Text(html).tags <= {
        "div",
        "strong",
        "em",
        "ul",
        "li",
        "details",
        "summary",
        "pre",
        "code",
    }


@given(st.text(), st.text(), st.text(), st.text())
def test_html_is_whole_whatever_is_said(name: str, said: str, belief: str, output: str) -> None:
    wrong = case(State.WRONG, name=name, sentence=said, belief=belief, output=output)
    assert "script" not in Text(verdict(wrong, message=said)._repr_html_()).tags


def test_long_output_is_cut() -> None:
    assert len(verdict(case(output="x" * 10**6))._repr_html_()) < 10_000
