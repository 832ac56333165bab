"""Any bytes at all to any operation: an answer in the model's shape, or AWS's refusal."""

from __future__ import annotations

import pytest

from course.simulator.streams.operations import OPERATIONS
from tests.simulator import fuzz


def test_every_body_is_answered_or_refused() -> None:
    """A fixed set of worlds, so that it takes equally long and finds the same each time."""
    seen = set()
    for seed in range(15):
        session = fuzz.Session(seed)
        session.run(fuzz.BODIES_PER_WORLD)
        seen |= set(session.outcomes)
    # A fuzzer that gets nowhere near the operations proves nothing.
    assert {operation for operation, outcome in seen if outcome == "ok"} >= set(fuzz.OFTEN)
    assert {outcome for _, outcome in seen} >= {
        "InvalidArgumentException", "ResourceInUseException", "ResourceNotFoundException",
        "SerializationException", "ValidationException",
    }  # fmt: skip
    assert {operation for operation, _ in seen} == set(fuzz.OPERATIONS)
    assert set(fuzz.OPERATIONS) >= OPERATIONS.keys()


@pytest.mark.slow
def test_every_body_is_answered_or_refused_for_a_minute() -> None:
    fuzz.fuzz(60, first_world=1_000)
