"""Quizzes: every option has a reply, one is right, and nothing gives it away."""

from __future__ import annotations

import pytest

from course import quiz
from course.lab.quiz import QuizError, bank


@pytest.mark.parametrize("name", sorted(bank()))
def test_each_question_can_be_answered(name: str) -> None:
    question = bank()[name]
    letters = "abcdefgh"[: len(question.options)]
    replies = [quiz(name).answer(letter) for letter in letters]
    assert sum(reply.startswith("✔") for reply in replies) == 1
    assert len(set(replies)) == len(replies)
    assert "{{" not in question.text + "".join(replies)
    for option in question.options:
        assert option.reply not in repr(quiz(name))


def test_the_right_answer_is_not_always_in_one_place() -> None:
    places = {
        next(i for i, option in enumerate(question.options) if option.right)
        for question in bank().values()
    }
    assert len(places) > 1


def test_a_click_shows_the_reply() -> None:
    shown = quiz("gap-owner")
    head, *buttons, reply = shown._view().children[0].children
    assert "Which line is missing" in head.value
    buttons[1].click()
    assert "✔" in reply.value
    buttons[0].click()
    assert "✘" in reply.value


def test_without_reveal_the_answer_is_noted_and_nothing_told() -> None:
    wrong_first = quiz("warm-silence", reveal=False)
    assert wrong_first.answer("a") == "○ a) is noted. We come back to it."
    wrong_first._view().children[0].children[3].click()
    reply = wrong_first._view().children[0].children[-1]
    assert "c) is noted" in reply.value
    later = quiz("warm-silence")
    assert "At first you said c)" in later._view().children[0].children[-1].value
    assert later.answer("b").startswith("✔")


def test_bad_names_and_answers_get_a_sentence() -> None:
    with pytest.raises(QuizError, match=r"'gap-onwer'.*'gap-owner'"):
        quiz("gap-onwer")
    with pytest.raises(QuizError, match="Name at least one"):
        quiz()
    with pytest.raises(QuizError, match="from a to c"):
        quiz("gap-owner").answer("z")
    with pytest.raises(QuizError, match="1 questions; give a letter for each"):
        quiz("gap-owner").answer("a", "b")
