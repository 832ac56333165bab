"""Every submission gets the verdict that its docstring expects, through both doors."""

from __future__ import annotations

import random
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from course.tasks import _by_chapter, find
from course.tasks.door import InProcessDoor
from course.tasks.engine import judge
from course.tasks.task import Case, Stage, Task
from course.tasks.verdict import State, Verdict
from tests.tasks.submissions import RIGHT, SUBMISSIONS, WRONG, Submission, named, row_of_table

SECRET = "a class's secret"
TASKS = [task for tasks in _by_chapter().values() for task in tasks]
FIRST_RIGHT = {submission.task.name: submission for submission in reversed(RIGHT)}


def fast(chosen: Iterable[Submission]) -> list[Any]:
    """All submissions as parameters, those that were not chosen marked slow."""
    chosen = list(chosen)
    return [
        pytest.param(each, id=str(each), marks=() if each in chosen else pytest.mark.slow)
        for each in SUBMISSIONS
    ]


# In some tasks a case takes a tenth of a second: there, one submission for each verdict will do.
QUICK_TASKS = ("after-a-split", "find-the-records", "route-a-key", "size-a-stream")
ONE_OF_A_KIND = {(each.task.name, each.expected): each for each in reversed(SUBMISSIONS)}
# A child process takes most of a second to start.
SAMPLE = (
    "after-a-split/right_bisect",
    "choose-a-key/wrong_text_only",
    "find-the-records/right_and_noisy",
    "find-the-records/wrong_endless_loop",
    "find-the-records/wrong_exits",
    "route-a-key/wrong_compares_text",
    "size-a-stream/right_numpy",
)


def expect(submission: Submission, verdict: Verdict) -> None:
    state, row = submission.expected
    assert (verdict.state, named(verdict)) == (state, row), str(verdict)
    if submission.is_right:
        assert verdict.points == verdict.maximum == submission.task.points
    else:
        assert verdict.points < verdict.maximum
        # Never only in a hidden case, where the learner could not see why.
        assert state is State.NOT_ATTEMPTED or not verdict.failed.hidden


# What there must be ------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_there_are_enough_submissions(task: Task) -> None:
    right = [submission for submission in RIGHT if submission.task is task]
    wrong = [submission for submission in WRONG if submission.task is task]
    assert len(right) >= 3
    assert len(wrong) >= 5
    assert all(submission.expected == (State.PASSED, "") for submission in right)
    assert all(submission.expected[0] is not State.PASSED for submission in wrong)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_each_misconception_is_named_for_a_submission(task: Task) -> None:
    rows = [misconception.row for misconception in task.misconceptions]
    assert len(set(rows)) == len(rows)
    named_first = {s.expected[1] for s in WRONG if s.task is task} - {""}
    assert named_first == set(rows)


# The verdicts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "submission",
    fast(s for s in SUBMISSIONS if s.task.name in QUICK_TASKS or s in ONE_OF_A_KIND.values()),
)
def test_verdict(submission: Submission, table: dict[str, str]) -> None:
    # Wrong ones must fail before any hidden case; the hidden ones are for both doors, below.
    secret = SECRET if submission.is_right else None
    verdict = judge(submission.task, submission.in_process(), secret)
    table[str(submission)] = row_of_table(submission, verdict)
    expect(submission, verdict)


@pytest.mark.parametrize("submission", fast(s for s in SUBMISSIONS if str(s) in SAMPLE))
def test_both_doors_give_the_same_verdict(submission: Submission) -> None:
    here = judge(submission.task, submission.in_process(), SECRET)
    with closing(submission.in_a_process_of_its_own()) as door:
        there = judge(submission.task, door, SECRET)
    expect(submission, there)
    if submission.repeats:
        assert str(there) == str(here)
        assert there == here  # to the last sentence and line of output


@pytest.mark.parametrize("submission", FIRST_RIGHT.values(), ids=str)
def test_without_a_secret_the_hidden_cases_wait(submission: Submission) -> None:
    task, door = submission.task, submission.in_process()
    verdict = judge(task, door, None)
    visible = sum(case.points for case in task.cases if not case.hidden)
    assert (verdict.state, verdict.points) == (State.PASSED, visible)
    assert verdict.waiting == sum(case.hidden for case in task.cases)
    in_class = judge(task, door, SECRET)
    assert verdict.results == tuple(r for r in in_class.results if not r.hidden)


# What a learner reads: what was called, what happened, what was due.
SAYS = {
    "after-a-split/wrong_capitals": "returned `'Stays'`; after the split its next record landed",
    "choose-a-key/wrong_country": "took 2,021 of 4,000 records, 4.0 times its fair share; at most",
    "choose-a-key/wrong_forgets_to_return": "A `return` seems to be missing",
    "find-the-hot-shard/wrong_pair": "the id of a shard was due. `shardId-",
    "find-the-records/wrong_parameter": 'Missing required parameter in input: "ShardIteratorType"',
    "find-the-records/wrong_polls_too_fast": "ProvisionedThroughputExceededException",
    "find-the-records/wrong_returns_the_whole_shard": "...`; the ten records are in `shardId-",
    "route-a-key/wrong_key_modulo_shards": "`shard_for('0', shards)` returned `'shardId-00000000",
    "salt-a-hot-customer/wrong_two_salts": "`salted_key` gave C-5100's events 2 keys; at least 8",
    "size-a-stream/wrong_float": "returned `5.0`, a float",
    "size-a-stream/wrong_no_readers": "the readers together fetch every byte 3 times",
    "size-a-stream/wrong_rounds_down": "with this workload, evenly spread: in 3 seconds 200 of 6",
}


@pytest.mark.parametrize(("name", "says"), SAYS.items(), ids=SAYS)
def test_sentence(name: str, says: str) -> None:
    (submission,) = (each for each in SUBMISSIONS if str(each) == name)
    verdict = judge(submission.task, submission.in_process(), None)
    assert says in str(verdict)
    assert len(str(verdict)) < 700


def test_the_records_are_never_in_the_first_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    homes = []
    monkeypatch.setattr(
        Stage, "note", lambda self, **notes: homes.append(notes.get("home", "nowhere"))
    )
    submission = FIRST_RIGHT["find-the-records"]
    assert judge(submission.task, submission.in_process(), None).state is State.PASSED
    assert len(homes) == 6
    assert not [home for home in homes if home.endswith("-000000000000")]


# A right solution is never refused for an unlucky seed --------------------------------------------

# Where the keys fall depends on how a solution spells them.
WHERE_CHANCE_DECIDES = ("choose-a-key", "salt-a-hot-customer")


def expect_full_points(submission: Submission, secrets: list[str]) -> None:
    hidden = tuple(case for case in submission.task.cases if case.hidden)
    door = submission.in_process()
    for secret in secrets:
        verdict = judge(replace_cases(submission.task, hidden), door, secret)
        assert verdict.state is State.PASSED, (secret, str(verdict))


def replace_cases(task: Task, cases: tuple[Case, ...]) -> Task:
    """The task with other cases, visible halves or not."""
    other = object.__new__(Task)
    for name, value in {**vars(task), "cases": cases}.items():
        object.__setattr__(other, name, value)
    return other


@pytest.mark.parametrize(
    "submission", [s for s in FIRST_RIGHT.values() if any(c.hidden for c in s.task.cases)], ids=str
)
def test_five_secrets(submission: Submission) -> None:
    expect_full_points(submission, [f"class {number}" for number in range(5)])


@pytest.mark.slow
@pytest.mark.parametrize(
    "submission",
    [s for s in RIGHT if s in FIRST_RIGHT.values() or s.task.name in WHERE_CHANCE_DECIDES],
    ids=str,
)
def test_fifty_secrets(submission: Submission) -> None:
    expect_full_points(submission, [f"class {number}" for number in range(50)])


@pytest.mark.slow
def test_eight_salts_are_enough_whatever_they_are_called() -> None:
    """By arithmetic, seven of eight keys meet in one shard once in 37,000 times."""
    task = find("salt-a-hot-customer")
    assert task is not None
    spread = replace_cases(task, task.cases[:1])
    random.seed(2026)
    for name in random.sample(range(10**6), 50):

        def salted_key(event: dict[str, Any], hot: str, name: int = name) -> str:
            customer = event["customer_id"]
            return f"{name}-{event['number'] % 8}-{customer}" if customer == hot else customer

        door = InProcessDoor({"salted_key": salted_key, "events_of": list})
        verdict = judge(spread, door, None)
        assert verdict.state is State.PASSED, (name, str(verdict))


# Whole notebooks ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("stem", sorted(_by_chapter()))
def test_the_solved_chapter_passes_as_a_notebook(stem: str, tmp_path: Path) -> None:
    import jupytext
    import nbformat

    from course.chapters import ROOT
    from course.tasks.subprocess_door import SubprocessDoor

    notebook = jupytext.read(ROOT / "solutions" / f"{stem}.py")
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type != "raw"]
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.startswith("check("):
            cell.metadata["nbgrader"] = {"grade": True}
    path = tmp_path / f"{stem}.ipynb"
    nbformat.write(notebook, path)
    with closing(SubprocessDoor(path)) as door:
        for task in _by_chapter()[stem]:
            verdict = judge(task, door, SECRET)
            assert (verdict.points, verdict.state) == (task.points, State.PASSED), str(verdict)
