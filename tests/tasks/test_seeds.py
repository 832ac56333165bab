from __future__ import annotations

import pytest

from course.tasks import seeds


def test_a_visible_case_has_one_seed_for_everybody() -> None:
    # Written down: if this changes, every learner's visible cases change under their feet.
    assert seeds.seed_of("route-a-key", "one", None) == 10465605232429261450


def test_seeds_differ_by_task_case_and_secret() -> None:
    found = {
        seeds.seed_of(task, case, secret)
        for task in ("a", "b")
        for case in ("one", "two")
        for secret in (None, "x", "y", "visible", seeds.PUBLIC)
    }
    assert len(found) == 2 * 2 * 5
    assert all(0 <= seed < 2**64 for seed in found)


def test_no_secret_gives_the_visible_seed() -> None:
    """Else a class whose secret it is would know its hidden cases."""
    visible = seeds.seed_of("a", "one", None)
    for secret in ("", "visible", "None"):
        assert seeds.seed_of("a", "one", secret) != visible


def test_the_secret_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(seeds.ENVIRONMENT_VARIABLE, "s3cret")
    assert seeds.class_secret() == "s3cret"
    monkeypatch.setenv(seeds.ENVIRONMENT_VARIABLE, "")
    assert seeds.class_secret() is None
    monkeypatch.delenv(seeds.ENVIRONMENT_VARIABLE)
    assert seeds.class_secret() is None
