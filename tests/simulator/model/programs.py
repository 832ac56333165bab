"""Runs random programs of the machine, the same each time for the same seed."""

from __future__ import annotations

from unittest.mock import patch

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from course.simulator.streams.api_rates import ApiRates
from tests.simulator.model.machine import DataStreams

STEPS = 50
# Small, so that a run can end soon, and so that what Hypothesis learns in one is not all it tries.
PROGRAMS_PER_SEED = 50


def run(programs: int, first_seed: int) -> None:
    """Run so many programs. One that fails is made small first, then printed as calls."""
    for number, done in enumerate(range(0, programs, PROGRAMS_PER_SEED), first_seed):
        _run_seed(number, min(PROGRAMS_PER_SEED, programs - done))


def _run_seed(number: int, programs: int) -> None:
    print(f"seed {number}")
    machine = seed(number)(type("Programs", (DataStreams,), {}))
    # The machine looks at everything after each step; how often it may is tested elsewhere.
    with patch.object(ApiRates, "take", return_value=True):
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=programs,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                print_blob=True,
                # How slow a machine is must not decide.
                suppress_health_check=list(HealthCheck),
            ),
        )
