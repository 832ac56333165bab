"""Quizzes: closed-book questions whose wrong answers are real beliefs, each with its reply."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from html import escape
from importlib import resources
from string import ascii_lowercase
from typing import Any

from course import facts
from course.errors import CourseError

_FACT = re.compile(r"\{\{\s*facts\.([\w.]+)\s*\}\}")


class QuizError(CourseError):
    """A question or an answer that does not exist."""


@dataclass(frozen=True)
class Option:
    """One answer on offer, and what to say to somebody who picks it."""

    text: str
    reply: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """A question with its options; `name` is unique over all chapters."""

    name: str
    text: str
    options: tuple[Option, ...]


@cache
def bank() -> dict[str, Question]:
    """All questions of the course by name."""
    found: dict[str, Question] = {}
    folder = resources.files("course.lab").joinpath("questions")
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        for entry in tomllib.loads(file.read_text("utf-8"))["question"]:
            options = tuple(
                Option(_say(each["text"]), _say(each["reply"]), each.get("right", False))
                for each in entry["options"]
            )
            if entry["name"] in found or sum(option.right for option in options) != 1:
                raise QuizError(
                    f"Question {entry['name']!r} in {file.name} must have a name of its own and "
                    "exactly one right answer."
                )
            found[entry["name"]] = Question(entry["name"], _say(entry["text"]), options)
    return found


def _say(text: str) -> str:
    return _FACT.sub(lambda match: facts.text(match[1]), text.strip())


# The first answers to questions that were asked without telling: name -> letter.
_noted: dict[str, str] = {}


class Quiz:
    """Some questions, to be answered by click or with `answer`.

    With `reveal` off, an answer is noted and nothing is told; when the question is asked again,
    it says what was answered first.
    """

    def __init__(self, questions: list[Question], reveal: bool = True) -> None:
        self.questions = questions
        self.reveal = reveal
        self._widget: Any = None

    def answer(self, *letters: str) -> str:
        """Answer the questions in order, such as ``answer("b", "a")``; returns the replies."""
        if len(letters) != len(self.questions):
            raise QuizError(f"There are {len(self.questions)} questions; give a letter for each.")
        replies = []
        for question, letter in zip(self.questions, letters, strict=True):
            place = ascii_lowercase.find(str(letter).strip().lower())
            if len(str(letter).strip()) != 1 or not 0 <= place < len(question.options):
                last = ascii_lowercase[len(question.options) - 1]
                raise QuizError(
                    f"{letter!r} is not on offer: answer with a letter from a to {last}."
                )
            replies.append(self._reply(question, place))
        return "\n".join(replies)

    def __repr__(self) -> str:
        blocks = []
        for number, question in enumerate(self.questions, 1):
            lines = [f"{number}. {question.text}"]
            lines += [
                f"   {letter}) {option.text}"
                for letter, option in zip(ascii_lowercase, question.options, strict=False)
            ]
            blocks.append("\n".join(lines))
        example = ", ".join('"a"' for _ in self.questions)
        return "\n\n".join(blocks) + f"\n\n(Where there are no buttons: .answer({example}))"

    def _reply(self, question: Question, place: int) -> str:
        option = question.options[place]
        if not self.reveal:
            _noted[question.name] = ascii_lowercase[place]
            return f"○ {ascii_lowercase[place]}) is noted. We come back to it."
        return f"{'✔' if option.right else '✘'} {option.reply}"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        view = self._view()._repr_mimebundle_(**options)
        data = view[0] if isinstance(view, tuple) else view
        return {**data, "text/plain": repr(self)}

    def _view(self) -> Any:
        if self._widget is None:
            import ipywidgets

            parts = []
            for number, question in enumerate(self.questions, 1):
                title = question.text if len(self.questions) == 1 else f"{number}. {question.text}"
                parts.append(self._question_view(ipywidgets, title, question))
            self._widget = ipywidgets.VBox(parts)
        return self._widget

    def _question_view(self, widgets: Any, title: str, question: Question) -> Any:
        head = widgets.HTML(f"<strong>{_html(title)}</strong>")
        first = _noted.get(question.name)
        reply = widgets.HTML(f"<p>At first you said {first}).</p>" if first else "")
        buttons = []
        for place, option in enumerate(question.options):
            letter = ascii_lowercase[place]
            button = widgets.Button(
                description=f"{letter}) {option.text.replace('`', '')}",
                tooltip=option.text.replace("`", ""),
                layout=widgets.Layout(width="fit-content", max_width="100%", height="auto"),
            )

            def clicked(_: Any, place: int = place) -> None:
                reply.value = f"<p>{_html(self._reply(question, place))}</p>"

            button.on_click(clicked)
            buttons.append(button)
        return widgets.VBox([head, *buttons, reply])


def _html(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def quiz(*names: str, reveal: bool = True) -> Quiz:
    """The questions of these names. With `reveal` off, answers are noted and nothing is told."""
    if not names:
        raise QuizError("Name at least one question.")
    found = []
    for name in names:
        question = bank().get(name)
        if question is None:
            near = get_close_matches(str(name), list(bank()), n=1, cutoff=0.3)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            raise QuizError(f"There is no question called {name!r}.{meant}")
        found.append(question)
    return Quiz(found, reveal)
