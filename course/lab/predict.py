"""Predictions: say what you expect before you run it, then see both side by side."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from course.errors import CourseError

_made: dict[str, Prediction] = {}


class PredictionError(CourseError):
    """A prediction that cannot be asked for or made in this way."""


class Prediction:
    """What you expect, out of a few options. Click one, or call `choose`."""

    def __init__(self, name: str, options: Sequence[Any]) -> None:
        self.name = name
        self.options = list(options)
        self.choice: Any = None
        self._widget: Any = None

    def choose(self, option: Any) -> Prediction:
        """Commit to an option, as a click does."""
        if option not in self.options:
            shown = ", ".join(str(each) for each in self.options)
            raise PredictionError(f"{option!r} is not on offer; choose one of {shown}.")
        self.choice = option
        if self._widget is not None:
            self._widget.value = self.options.index(option)
        return self

    def compare(self, truth: Any) -> Comparison:
        """Your prediction beside what happened."""
        return Comparison(self.choice, truth)

    def __repr__(self) -> str:
        shown = " | ".join(
            f"[{option}]" if option == self.choice else str(option) for option in self.options
        )
        how = f" (where there are no buttons: .choose({self.options[0]!r}))"
        return f"Your prediction: {shown}{how if self.choice is None else ''}"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = {"text/plain": repr(self)}
        view = self._view()._repr_mimebundle_(**options)
        data = view[0] if isinstance(view, tuple) else view
        return {**data, **bundle}

    def _view(self) -> Any:
        if self._widget is None:
            import ipywidgets

            self._widget = ipywidgets.ToggleButtons(
                options=[(str(option), place) for place, option in enumerate(self.options)],
                index=None if self.choice is None else self.options.index(self.choice),
                description="I predict",
                tooltips=[f"I predict {option}" for option in self.options],
                style={"button_width": "auto"},
            )
            self._widget.observe(self._clicked, names="value")
        return self._widget

    def _clicked(self, change: dict[str, Any]) -> None:
        if change["new"] is not None:
            self.choice = self.options[change["new"]]


class Comparison:
    """A prediction and the truth, in one line."""

    def __init__(self, choice: Any, truth: Any) -> None:
        self.choice = choice
        self.truth = truth

    @property
    def right(self) -> bool:
        """Whether the prediction came true."""
        return bool(self.choice == self.truth)

    def __repr__(self) -> str:
        if self.choice is None:
            return f"No prediction was made. It was {self.truth}."
        if self.right:
            return f"You predicted {self.choice}, and {self.truth} it was."
        return f"You predicted {self.choice}. It was {self.truth}."

    def _repr_html_(self) -> str:
        mark = "○" if self.choice is None else "✔" if self.right else "✘"
        return f"<span>{mark} {escape(repr(self))}</span>"


def predict(name: str, options: Sequence[Any], choice: Any = None) -> Prediction:
    """Ask for a prediction: one of `options`, by click, or at once by `choice`.

    Running the cell again keeps what you chose.
    """
    if isinstance(options, str) or len(options) < 2:
        raise PredictionError("A prediction needs at least two options, in a list.")
    made = _made.get(name)
    if made is None or made.options != list(options):
        made = _made[name] = Prediction(name, options)
    return made if choice is None else made.choose(choice)
