"""Judging: each case of a task on a stage of its own, and what came of it as a verdict.

Every path ends in a Verdict. A graded cell that ends otherwise would get full marks from stock
nbgrader.
"""

from __future__ import annotations

from dataclasses import replace

from course.tasks import seeds
from course.tasks.door import Door
from course.tasks.task import Case, CodeFailed, Evidence, Stage, Task, Wrong
from course.tasks.verdict import CaseResult, State, Verdict
from course.tasks.workbench import shown


def judge(task: Task, door: Door, secret: str | None) -> Verdict:
    """Play the cases of `task` through `door`; the hidden ones only if there is a `secret`."""
    for name in task.names:
        if not door.attempted(name):
            return _not_attempted(task, name, secret)
    playing = [case for case in task.cases if secret is not None or not case.hidden]
    results = tuple(_play(task, case, door, secret) for case in playing)
    return Verdict(
        task.name,
        task.points,
        results,
        waiting=len(task.cases) - len(playing),
        hints=task.hints,
    )


def _not_attempted(task: Task, name: str, secret: str | None) -> Verdict:
    """The verdict when `name` is missing or still the stub."""
    return Verdict(
        task.name,
        task.points,
        (),
        waiting=0 if secret is not None else sum(case.hidden for case in task.cases),
        hints=task.hints,
        message=f"`{name}` is not there yet: replace the `...` in the cell above, run that cell, "
        "then run this one again.",
    )


def _play(task: Task, case: Case, door: Door, secret: str | None) -> CaseResult:
    seed = seeds.seed_of(task.name, case.name, secret if case.hidden else None)
    stage = Stage(door, seed)
    result = CaseResult(case.name, case.points, case.hidden, State.PASSED)
    try:
        case.play(stage)
    except Wrong as wrong:
        result = replace(result, state=State.WRONG, sentence=str(wrong))
    except CodeFailed as failed:
        result = replace(result, state=State.CODE_FAILED, sentence=str(failed))
    except Exception:
        result = replace(result, state=State.WRONG, sentence=_unusable(stage.evidence))
    result = replace(result, output="".join(stage.output))
    return result if result.state is State.PASSED else _explain(task, stage.evidence, result)


def _unusable(evidence: Evidence) -> str:
    if not evidence.calls:
        return "The case could not be played."
    last = evidence.calls[-1]
    return (
        f"`{last.call.name}` returned `{shown(last.value)}`, which is not the kind of answer that "
        "the task asks for."
    )


def _returned_nothing(evidence: Evidence) -> bool:
    answers = [call.value if call.call.each else [call.value] for call in evidence.calls]
    return bool(answers) and all(answer is None for answer in answers[-1])


def _explain(task: Task, evidence: Evidence, result: CaseResult) -> CaseResult:
    seen = []
    for misconception in task.misconceptions:
        try:
            sentence = misconception.shows(evidence)
        except Exception:  # the evidence is the learner's and may have any shape
            continue
        if sentence:
            seen.append((misconception, sentence))
    if seen:
        first, explanation = seen[0]
        result = replace(
            result,
            sentence=f"{result.sentence} {explanation}",
            belief=first.belief,
            rows=tuple(misconception.row for misconception, _ in seen),
        )
    elif result.state is State.WRONG and _returned_nothing(evidence):
        result = replace(result, sentence=f"{result.sentence} A `return` seems to be missing.")
    if result.hidden:
        # Its values would give the case away to the rest of the class.
        result = replace(result, output="", sentence=f"The hidden case “{result.name}” went wrong.")
    return result
