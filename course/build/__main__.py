"""Command line of the build, for who has no `course` command: python -m course.build."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from course.build import BuildError, build, out_of_date, solve


def main(arguments: list[str] | None = None) -> int:
    """Run the build; returns the exit code, 1 when something is to be mended."""
    parser = argparse.ArgumentParser(prog="python -m course.build", description="Build notebooks/.")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="write nothing, say what is out of date")
    what.add_argument("--solutions", metavar="DIR", type=Path, help="solved, executed notebooks")
    options = parser.parse_args(arguments)
    try:
        if options.check:
            sentences = out_of_date()
            print("\n".join(sentences) or "notebooks/ is what solutions/ builds.")
            return 1 if sentences else 0
        for path in solve(options.solutions) if options.solutions else build():
            print(f"wrote {path}")
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
