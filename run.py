"""Start here: `python run.py lab` opens the course, `python run.py test` tests it.

Every start makes or mends the environment `.venv` beside this file, which takes some minutes
the first time and seconds after that; then `python run.py X` means `course X`.
"""

# An old Python must be able to read this file to its end and say what it lacks, so the newer
# syntax begins in course/bootstrap.py.
# ruff: noqa: UP031

import os
import sys

MINIMUM = (3, 11)
HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    """Run the command; returns its exit code."""
    if sys.version_info < MINIMUM:
        sys.stderr.write(too_old() + "\n")
        return 1
    from importlib import util

    # By path: importing the package would run course/__init__.py before its libraries exist.
    spec = util.spec_from_file_location("bootstrap", os.path.join(HERE, "course", "bootstrap.py"))
    sys.modules["bootstrap"] = bootstrap = util.module_from_spec(spec)
    spec.loader.exec_module(bootstrap)
    return bootstrap.main(sys.argv[1:])


def too_old():
    """What to tell a reader whose Python cannot run the course."""
    newer = newer_python()
    if newer:
        advice = "this machine also has %s: start with `%s run.py` instead." % (newer, newer)
    else:
        advice = "install a newer one (python.org has it) and start run.py with that."
    return "The course needs Python %d.%d or newer, and this is Python %d.%d.%d; %s" % (
        MINIMUM + tuple(sys.version_info[:3]) + (advice,)
    )


def newer_python():
    """The name of a Python on PATH that is new enough, or None."""
    for minor in range(MINIMUM[1] + 3, MINIMUM[1] - 1, -1):
        name = "python%d.%d" % (MINIMUM[0], minor)
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            if os.access(os.path.join(folder, name), os.X_OK):
                return name
    return None


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
