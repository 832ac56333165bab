"""Judging, on tasks made for it: every path ends in a Verdict, and which one it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from course.tasks import _by_chapter
from course.tasks.door import InProcessDoor
from course.tasks.engine import judge
from course.tasks.task import Case, Evidence, Misconception, Stage, Task
from course.tasks.verdict import State, Verdict

HINTS = ("one", "two", "three")
TASKS = [task for tasks in _by_chapter().values() for task in tasks]
SECRET = "a class's secret"


def doubles(number: int, **more: Any) -> Case:
    """A case that wants `double(number)` to be twice the number."""

    def play(stage: Stage) -> None:
        answer = stage.call("double", number)
        stage.note(number=number, answer=answer)
        due = 2 * number
        stage.expect(answer == due, f"`double({number})` returned {answer!r}; {due} was due.")

    return Case(f"double {number}", play, **more)


def task(*cases: Case, misconceptions: tuple[Misconception, ...] = ()) -> Task:
    return Task("doubling", ("double",), cases or (doubles(3),), misconceptions, HINTS)


def verdict_on(
    double: Any, made: Task | None = None, secret: str | None = SECRET, **names: Any
) -> Verdict:
    return judge(made or task(), InProcessDoor({"double": double, **names}), secret)


def exits(number: int) -> int:
    raise SystemExit(0)


def quits(number: int) -> int:
    raise GeneratorExit


def fails(number: int) -> int:
    return {}[number]


class Nasty:
    """Looks like whatever it is asked for."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("double", "state"),
    [
        (lambda number: 2 * number, State.PASSED),
        (lambda number: number, State.WRONG),
        (print, State.WRONG),
        (lambda number: Nasty(), State.CODE_FAILED),
        (lambda number: {number}, State.CODE_FAILED),
        (lambda number: float("nan"), State.CODE_FAILED),
        (exits, State.CODE_FAILED),
        (quits, State.CODE_FAILED),
        (fails, State.CODE_FAILED),
        (lambda: 6, State.CODE_FAILED),
        (7, State.CODE_FAILED),
        (None, State.CODE_FAILED),
        (..., State.NOT_ATTEMPTED),
        (lambda number: ..., State.NOT_ATTEMPTED),
    ],
)
def test_every_answer_ends_in_a_verdict(double: Any, state: State) -> None:
    verdict = verdict_on(double)
    assert verdict.state is state
    assert re.match(r"^\d+(\.\d+)?$", repr(verdict))
    assert verdict.points == (1 if state is State.PASSED else 0)
    assert str(verdict).startswith(state.value)
    assert state.value in verdict._repr_html_()


def test_somebody_who_stops_the_check_stops_it() -> None:
    def interrupted(number: int) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verdict_on(interrupted)


# Not attempted -----------------------------------------------------------------------------------


def test_a_missing_name_is_named() -> None:
    made = Task("two", ("one", "double"), (doubles(1), doubles(2, hidden=True)), (), HINTS)
    verdict = judge(made, InProcessDoor({"one": len}), SECRET)
    assert verdict.state is State.NOT_ATTEMPTED
    assert "`double` is not there yet" in str(verdict)
    assert verdict.results == ()
    assert verdict.hints == HINTS


# Cases -------------------------------------------------------------------------------------------


def test_a_case_gives_all_of_its_points_or_none() -> None:
    made = task(doubles(1, points=4), doubles(2, points=2), doubles(3, points=1))
    assert verdict_on(lambda number: 2 if number == 1 else 0, made).points == 4
    assert verdict_on(lambda number: 2 * number if number > 1 else 0, made).points == 3


def test_hidden_cases_run_with_a_secret_only() -> None:
    made = task(doubles(1), doubles(2, hidden=True))
    called = []

    def double(number: int) -> int:
        called.append(number)
        return 2 * number

    at_home = verdict_on(double, made, None)
    assert called == [1]
    assert (at_home.points, at_home.maximum, at_home.waiting) == (1, 2, 1)
    assert at_home.state is State.PASSED
    in_class = verdict_on(double, made, SECRET)
    assert called == [1, 1, 2]
    assert (in_class.points, in_class.waiting) == (2, 0)


def test_a_hidden_case_keeps_its_values_to_itself() -> None:
    def telling(number: int) -> int:
        print("the number is", number)
        return number

    belief = Misconception("D1", "doubling is nothing", lambda evidence: "You returned 4711.")
    made = task(doubles(1), doubles(4711, hidden=True), misconceptions=(belief,))
    verdict = verdict_on(lambda number: 2 if number == 1 else telling(number), made)
    shown = str(verdict) + repr(verdict) + verdict._repr_html_()
    hidden = verdict.results[1]
    assert hidden.state is State.WRONG
    assert hidden.sentence == "The hidden case “double 4711” went wrong."
    assert hidden.output == ""
    assert "4711." not in shown
    assert "the number is" not in shown
    assert "doubling is nothing" in shown  # the belief gives nothing away
    assert hidden.rows == ("D1",)
    raised = verdict_on(lambda number: 2 if number == 1 else fails(number), made)
    assert raised.results[1].state is State.CODE_FAILED
    assert "KeyError" not in str(raised)


def test_one_bad_case_does_not_touch_the_next() -> None:
    def double(number: int) -> int:
        if number == 1:
            raise SystemExit
        return 2 * number

    made = task(doubles(1), doubles(2), doubles(3))
    states = [result.state for result in verdict_on(double, made).results]
    assert states == [State.CODE_FAILED, State.PASSED, State.PASSED]


def test_each_case_has_an_account_of_its_own() -> None:
    accounts = []

    def play(stage: Stage) -> None:
        accounts.append(stage.account)
        stage.account.clock.sleep(1)
        stage.call("double", 1)

    made = task(Case("a", play), Case("b", play))
    verdict_on(lambda number: 2, made)
    first, second = accounts
    assert first is not second
    assert first.clock.now == second.clock.now


def test_a_case_that_cannot_go_on_blames_the_answer() -> None:
    def play(stage: Stage) -> None:
        stage.expect(stage.call("double", 1)["twice"] == 2, "never reached")

    verdict = verdict_on(lambda number: "x" * 100, task(Case("a", play)))
    assert verdict.state is State.WRONG
    assert verdict.failed.sentence.startswith("`double` returned `'xxxx")
    assert verdict.failed.sentence.endswith(
        "which is not the kind of answer that the task asks for."
    )
    assert len(verdict.failed.sentence) < 200


def test_a_case_that_is_broken_is_a_verdict_too() -> None:
    def play(stage: Stage) -> None:
        raise ZeroDivisionError

    verdict = verdict_on(len, task(Case("a", play)))
    assert (verdict.state, verdict.points) == (State.WRONG, 0)
    assert "could not be played" in str(verdict)


def test_arguments_are_copies() -> None:
    given: list[Any] = [[1], {"a": [2]}]

    def play(stage: Stage) -> None:
        stage.call("double", *given)
        stage.call_each("double", [given, given])

    def double(numbers: list[int], table: dict[str, list[int]]) -> None:
        numbers.append(numbers.pop() + 1)
        assert numbers == [2]  # also in the third call
        table.clear()

    assert verdict_on(double, task(Case("a", play))).state is State.PASSED
    assert given == [[1], {"a": [2]}]


def test_random_starts_alike_in_each_call_of_a_case() -> None:
    import random

    drawn: list[float] = []

    def play(stage: Stage) -> None:
        drawn.append(stage.random.random())
        drawn.append(stage.call("double", 1))
        drawn.append(stage.call("double", 1))

    made = task(Case("a", play), Case("b", play), Case("hidden", play, hidden=True))
    before = random.getstate()
    verdict_on(lambda number: random.random(), made, "one")
    assert random.getstate() == before
    a, b, hidden = drawn[:3], drawn[3:6], drawn[6:]
    assert a[1] == a[2]
    assert a != b
    drawn.clear()
    verdict_on(lambda number: random.random(), made, "two")
    assert drawn[:6] == [*a, *b]
    assert drawn[6:] != hidden


# Misconceptions ----------------------------------------------------------------------------------


def shows(row: str, says: Callable[[Evidence], str | None]) -> Misconception:
    return Misconception(row, f"belief {row}", says)


def broken(evidence: Evidence) -> str | None:
    raise KeyError("nothing there")


def test_the_first_misconception_that_shows_is_named_and_all_are_recorded() -> None:
    made = task(
        misconceptions=(
            shows("broken", broken),
            shows("silent", lambda evidence: None),
            shows("D1", lambda evidence: f"You returned {evidence.notes['answer']}."),
            shows("D2", lambda evidence: "It is the same as the number."),
        )
    )
    verdict = verdict_on(lambda number: number, made)
    assert verdict.misconceptions == ("D1", "D2")
    assert str(verdict) == (
        "Wrong · 0 of 1 points. `double(3)` returned 3; 6 was due. You returned 3. "
        'Belief to revisit: "belief D1".'
    )
    assert verdict_on(lambda number: 6, made).misconceptions == ()


def test_a_missing_return_is_said() -> None:
    assert "`return`" in str(verdict_on(print))
    assert "`return`" not in str(verdict_on(lambda number: 3))
    named = task(misconceptions=(shows("D1", lambda evidence: "None is a number."),))
    assert "`return`" not in str(verdict_on(print, named))


def test_the_evidence_holds_calls_notes_and_attempts_of_the_learner_only() -> None:
    import boto3

    from course.tasks import workbench

    seen = []

    def play(stage: Stage) -> None:
        workbench.make_stream(stage.account, 2, "s")
        workbench.store(stage.account, stage.account.streams().get("s"), [("k", b"x")])
        stage.account.execute("kinesis", "ListStreams", b"{}")
        stage.call("double", 1)
        workbench.store(stage.account, stage.account.streams().get("s"), [("k", b"x")])
        stage.note(a=1)
        seen.append(stage.evidence)

    def double(number: int) -> int:
        kinesis = boto3.client("kinesis", region_name="us-east-1")
        kinesis.put_record(StreamName="s", PartitionKey="k", Data=b"mine")
        return kinesis.list_shards(StreamName="s")["Shards"][0]["ShardId"]

    verdict_on(double, task(Case("a", play)))
    (evidence,) = seen
    assert [attempt.operation for attempt in evidence.attempts] == ["PutRecord", "ListShards"]
    put, listed = evidence.attempts
    assert [touch[1:] for touch in put.touches] == [(1, 5, "ok")]
    assert listed.touches == []
    assert [call.value for call in evidence.calls] == ["shardId-000000000000"]
    assert evidence.notes == {"a": 1}


# Tasks -------------------------------------------------------------------------------------------


def test_visible_cases_hold_half_of_the_points() -> None:
    task(doubles(1, points=2), doubles(2, points=2, hidden=True))
    with pytest.raises(ValueError, match="half of the points"):
        task(doubles(1), doubles(2, points=2, hidden=True))


def test_two_cases_have_two_names() -> None:
    with pytest.raises(ValueError, match="same name"):
        task(doubles(1), doubles(1))


def words_of(text: str) -> Iterator[str]:
    return iter(re.findall(r"\w+", text.lower()))


@pytest.mark.parametrize("made", TASKS, ids=lambda made: made.name)
def test_every_task_has_three_hints_that_say_something(made: Task) -> None:
    assert len(made.hints) == 3
    assert len(set(made.hints)) == 3
    assert all(len(list(words_of(hint))) >= 5 for hint in made.hints)
    nudge, _, near_code = made.hints
    assert "`" in near_code or "str" in near_code or len(near_code) < 120
    assert not any(f"`{name}(" in nudge for name in made.names)


@pytest.mark.parametrize("made", TASKS, ids=lambda made: made.name)
def test_hints_do_not_repeat_the_task(made: Task) -> None:
    """No sentence of the chapter stands again in a hint."""
    from course.chapters import ROOT

    chapter = "\n".join(path.read_text("utf-8") for path in (ROOT / "solutions").glob("*.py"))
    prose = " ".join(words_of(re.sub(r"^# ?", "", chapter, flags=re.MULTILINE)))
    for hint in made.hints:
        for sentence in re.split(r"(?<=[.?!;:])\s", hint):
            said = list(words_of(sentence))
            assert len(said) < 8 or " ".join(said) not in prose


@pytest.mark.parametrize("made", TASKS, ids=lambda made: made.name)
def test_sentences_are_plain(made: Task) -> None:
    said = [*made.hints, *(misconception.belief for misconception in made.misconceptions)]
    said += [case.name for case in made.cases]
    for text in said:
        assert "!" not in text
        assert not re.search(r"\b(simply|just|obviously|easy)\b", text)
