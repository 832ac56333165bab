"""Predictions: committed before, compared after."""

from __future__ import annotations

import pytest

from course import predict
from course.lab.predict import PredictionError


def test_a_prediction_is_kept_when_the_cell_runs_again() -> None:
    predict("kept", [1, 2, 3]).choose(2)
    assert predict("kept", [1, 2, 3]).choice == 2
    assert predict("kept", [1, 2, 3, 4]).choice is None


@pytest.mark.parametrize(
    ("choice", "sentence", "right"),
    [
        (None, "No prediction was made. It was 1.", False),
        (1, "You predicted 1, and 1 it was.", True),
        (3, "You predicted 3. It was 1.", False),
    ],
)
def test_comparison_in_one_line(choice: int | None, sentence: str, right: bool) -> None:
    made = predict(f"compared-{choice}", [1, 2, 3], choice=choice)
    comparison = made.compare(1)
    assert repr(comparison) == sentence
    assert comparison.right is right


def test_clicking_the_widget_commits() -> None:
    made = predict("clicked", ["none", "all"])
    made._view().value = 1
    assert made.choice == "all"
    made.choose("none")
    assert made._view().value == 0


def test_it_reads_well_without_a_widget() -> None:
    made = predict("plain", ["none", "<b>"])
    assert repr(made) == (
        "Your prediction: none | <b> (where there are no buttons: .choose('none'))"
    )
    assert made._repr_mimebundle_()["text/plain"] == repr(made)
    assert repr(made.choose("none")) == "Your prediction: [none] | <b>"
    assert "<b>" not in made.choose("<b>").compare("none")._repr_html_()


@pytest.mark.parametrize("options", [[], [1], "ab"])
def test_too_few_options(options: list[int]) -> None:
    with pytest.raises(PredictionError, match="at least two options"):
        predict("few", options)


def test_an_option_that_is_not_on_offer() -> None:
    with pytest.raises(PredictionError, match="7 is not on offer; choose one of 1, 2"):
        predict("offer", [1, 2], choice=7)
