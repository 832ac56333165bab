"""Random programs against the model: some each time, a minute of them when asked, more by hand."""

from __future__ import annotations

import pytest

from tests.simulator.model.programs import run


def test_the_simulator_does_what_the_model_promises() -> None:
    run(50, first_seed=0)


@pytest.mark.slow
def test_nor_does_it_break_them_in_a_long_run() -> None:
    """A minute or more. Always the same programs, so that no machine's speed decides."""
    run(300, first_seed=1_000)
