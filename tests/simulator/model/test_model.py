"""Random programs against the model: some each time, a minute of them when asked, more by hand."""

from __future__ import annotations

import pytest

from tests.simulator.model.programs import run, run_for


def test_the_simulator_does_what_the_model_promises() -> None:
    run(50, first_seed=0)


@pytest.mark.slow
def test_the_simulator_does_what_the_model_promises_for_a_minute() -> None:
    run_for(60, first_seed=1_000)
