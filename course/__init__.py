"""The Kinesis course: `from course import Lab, check, hint, predict, quiz, facts`.

Importing it gives boto3 the lanes to the lab, so a client made afterwards reaches whatever lab is
open when it is used. Everything else waits until it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from course.endpoints import lanes

if TYPE_CHECKING:
    from course import facts
    from course.lab.lab import Lab
    from course.lab.predict import predict
    from course.lab.quiz import quiz
    from course.tasks import check, hint

__all__ = ["Lab", "check", "facts", "hint", "predict", "quiz"]

_HOMES = {
    "Lab": "course.lab.lab",
    "check": "course.tasks",
    "hint": "course.tasks",
    "predict": "course.lab.predict",
    "quiz": "course.lab.quiz",
}

lanes.install()


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'course' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
