"""How a cost is taken: CPU seconds, side by side, again and again.

A busy machine makes wall-clock figures worthless, so costs are CPU seconds of this process, which
holds client and simulator both. What is compared runs in turns, A B C A B C, and each ratio is
taken within one turn: what slows the machine down then slows both sides.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from time import perf_counter, process_time

# Enters: makes what the call needs. Yields: the call to repeat. Leaves: checks what it did.
Arm = Callable[[], AbstractContextManager[Callable[[], object]]]


@dataclass(frozen=True)
class Effort:
    """How much to spend: rounds, CPU seconds for each arm in a round, fresh processes."""

    rounds: int
    seconds: float
    processes: int


FULL = Effort(rounds=7, seconds=0.15, processes=5)
QUICK = Effort(rounds=4, seconds=0.03, processes=2)


def in_turns(arms: Mapping[str, Arm], effort: Effort) -> dict[str, list[float]]:
    """The CPU seconds of one call of each arm, round by round."""
    costs: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(effort.rounds):
        for name, arm in arms.items():
            costs[name].append(_cost(arm, effort.seconds))
    return costs


def ratios(costs: Mapping[str, list[float]], name: str, base: str) -> list[float]:
    """What one arm costs in multiples of another, round by round."""
    return [cost / of for cost, of in zip(costs[name], costs[base], strict=True)]


@dataclass(frozen=True)
class Stopped:
    """What somebody had to wait for: seconds by the real clock, and CPU seconds among them."""

    wall: float
    cpu: float


def stopped(run: Callable[[], object], times: int) -> list[Stopped]:
    """How long `run` takes, `times` times over."""
    taken = []
    for _ in range(times):
        wall, cpu = perf_counter(), process_time()
        run()
        taken.append(Stopped(perf_counter() - wall, process_time() - cpu))
    return taken


def _cost(arm: Arm, seconds: float) -> float:
    with arm() as call:
        call()  # so that no arm pays for a cache that fills once
        # The garbage collector stays on, as it is for learners. What is there already is
        # collected and set aside first, so that each arm pays for its own garbage and no other's.
        gc.collect()
        gc.freeze()
        calls = 0
        started = process_time()
        while (spent := process_time() - started) < seconds:
            call()
            calls += 1
    return spent / calls
