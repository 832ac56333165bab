"""A task: what the learner's code must do to a stream, case by case, and the beliefs behind
the ways to get it wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from course.endpoints.world import LocalWorld
from course.simulator.account import Account
from course.simulator.call_log import Attempt
from course.tasks.door import Call, Door, Outcome, Returned


class Wrong(Exception):
    """A case found the answer wrong: what was called, what happened, what was due."""


class CodeFailed(Exception):
    """The learner's code raised, or did not end."""


@dataclass(frozen=True)
class DoorCall:
    """One call of the learner's code, and what came of it."""

    call: Call
    outcome: Outcome

    @property
    def value(self) -> Any:
        """What it returned, or None."""
        return self.outcome.value if isinstance(self.outcome, Returned) else None


@dataclass
class Evidence:
    """What a case leaves behind for the misconceptions to look at.

    `attempts` are the learner's alone. `notes` holds what the case found worth keeping, such as
    the true answer under "expected".
    """

    account: Account
    calls: list[DoorCall] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)


class Stage:
    """Where a case plays: a fresh account, a seeded generator, and the door.

    What the case does to the account itself (`account`) is not in the learner's log.
    """

    def __init__(self, door: Door, seed: int) -> None:
        self._door = door
        self._seed = seed
        self.random = Random(seed)
        self.world = LocalWorld()
        self.account = self.world.account
        self.evidence = Evidence(self.account)
        self.output: list[str] = []

    def call(self, name: str, *args: Any) -> Any:
        """Call the learner's `name`; raises CodeFailed if it raises or does not end."""
        return self._call(Call(name, list(args), self._seed))

    def call_each(self, name: str, arguments: list[list[Any]]) -> list[Any]:
        """Call the learner's `name` with one list of arguments after the other."""
        answers: list[Any] = self._call(Call(name, arguments, self._seed, each=True))
        return answers

    def _call(self, call: Call) -> Any:
        log = self.account.calls.attempts
        before = len(log)
        outcome = self._door.call(call, self.world)
        self.evidence.attempts.extend(log[before:])
        self.evidence.calls.append(DoorCall(call, outcome))
        if outcome.output:
            self.output.append(outcome.output)
        if isinstance(outcome, Returned):
            return outcome.value
        raise CodeFailed(f"`{call.name}` {outcome.sentence}.")

    def note(self, **notes: Any) -> None:
        """Keep something for the misconceptions."""
        self.evidence.notes.update(notes)

    def expect(self, holds: bool, sentence: str) -> None:
        """Raise Wrong with `sentence` unless it holds."""
        if not holds:
            raise Wrong(sentence)


@dataclass(frozen=True)
class Case:
    """One trial of a task. All of its points or none; a hidden one runs when graded."""

    name: str
    play: Callable[[Stage], None]
    points: int = 1
    hidden: bool = False


@dataclass(frozen=True)
class Misconception:
    """A belief, and how it shows in what the code did.

    `shows` looks at the evidence of a case that went wrong and returns the sentence that explains
    it, or None; the case's own sentence has said what was called, what happened and what was due.
    `row` is its name in the course's list, such as "P9".
    """

    row: str
    belief: str
    shows: Callable[[Evidence], str | None]


@dataclass(frozen=True)
class Task:
    """A graded exercise. `names` are what the learner must define; misconceptions stand most
    specific first; `hints` are a nudge, the concept, and near-code."""

    name: str
    names: tuple[str, ...]
    cases: tuple[Case, ...]
    misconceptions: tuple[Misconception, ...]
    hints: tuple[str, str, str]

    def __post_init__(self) -> None:
        visible = sum(case.points for case in self.cases if not case.hidden)
        if 2 * visible < self.points:
            raise ValueError(f"Task {self.name!r}: visible cases must hold half of the points.")
        if len({case.name for case in self.cases}) != len(self.cases):
            raise ValueError(f"Task {self.name!r}: two cases have the same name.")

    @property
    def points(self) -> int:
        """What the task is worth: the sum over its cases."""
        return sum(case.points for case in self.cases)
