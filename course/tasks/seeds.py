"""Where a case's randomness comes from.

The course is public, so hidden cases are not hidden in files: they are ordinary cases whose seed
nobody can know in advance. In a class it comes from the class secret; at home from a public
word, so that self-study can run them too.
"""

from __future__ import annotations

import hashlib
import hmac
import os

ENVIRONMENT_VARIABLE = "COURSE_SECRET"
PUBLIC = "self-study"
_VISIBLE = "visible"


def class_secret() -> str | None:
    """The secret that the grader put into the environment, or None outside of grading."""
    return os.environ.get(ENVIRONMENT_VARIABLE) or None


def seed_of(task: str, case: str, secret: str | None) -> int:
    """The seed of a case: fixed for a visible one (`secret` None), else drawn from `secret`."""
    key = (_VISIBLE if secret is None else f"hidden:{secret}").encode()
    return int.from_bytes(hmac.digest(key, f"{task}/{case}".encode(), hashlib.sha256)[:8], "big")
