"""The command line: `course X`, or `python run.py X` from a fresh clone.

A command only reads its options and calls a module; it imports that module itself, so that
`course --help` loads none of them. Raise `CourseError` for what the user can mend.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from course.errors import CourseError


class Commands(TyperGroup):
    """Commands whose CourseErrors reach the user as their sentence alone."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command, turning a CourseError into its text and exit code 1."""
        try:
            return super().invoke(ctx)
        except CourseError as problem:
            typer.echo(str(problem), err=True)
            raise typer.Exit(1) from problem


app = typer.Typer(
    cls=Commands,
    help="Learn Amazon Kinesis by breaking real streams.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

ChapterName = Annotated[str, typer.Argument(metavar="CHAPTER", help="Its name or number.")]


@app.command()
def lab(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Listen there; 0 takes any free port.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the web browser.")] = True,
) -> None:
    """Open the course in JupyterLab."""
    from course import launch

    launch.open_course(port, browser)


@app.command()
def reset(chapter: ChapterName) -> None:
    """Start a chapter again; your notebook is kept as a backup."""
    from course import chapters

    stem, backup = chapters.reset(chapter)
    kept = f"; yours is kept as work/{backup.name}" if backup else ""
    typer.echo(f"work/{stem}.ipynb is as it was shipped{kept}.")


@app.command("test", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run_tests(
    context: typer.Context,
    slow: Annotated[bool, typer.Option("--slow", help="Run the slow tests too.")] = False,
) -> None:
    """Run the tests; other arguments are passed on to pytest."""
    import os

    import pytest

    from course.chapters import ROOT

    os.chdir(ROOT)
    raise typer.Exit(int(pytest.main([*(["--slow"] if slow else []), *context.args])))


@app.command()
def doctor() -> None:
    """Show what this machine has, and what to do about what is missing."""
    from course import doctor

    findings = doctor.examine()
    for finding in findings:
        typer.echo(str(finding))
    raise typer.Exit(0 if all(finding.good or finding.optional for finding in findings) else 1)


@app.command()
def check(chapter: ChapterName) -> None:
    """Judge your notebook of a chapter, hidden cases included."""
    from course import chapters
    from course.chapters import Shelf
    from course.tasks.self_check import judge_notebook

    stem = chapters.resolve(chapter)
    notebook = Shelf().work / f"{stem}.ipynb"
    if not notebook.exists():
        raise CourseError(
            f"There is no {notebook.name} in work/ yet: `run.py lab` puts it there, then solve "
            "its tasks and save."
        )
    typer.echo(f"Running work/{notebook.name} in a process of its own ...")
    points = most = 0
    for verdict in judge_notebook(stem, notebook):
        typer.echo(f"\n{verdict.task}\n  {verdict}")
        points += verdict.points
        most += verdict.maximum
    typer.echo(f"\n{points} of {most} points.")


@app.command()
def build(
    check: Annotated[bool, typer.Option("--check", help="Only say what is out of date.")] = False,
    solutions: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write solved, executed notebooks there.")
    ] = None,
) -> None:
    """Build notebooks/ from solutions/."""
    from course import build

    if solutions is not None:
        for path in build.solve(solutions):
            typer.echo(f"solved {path}")
    elif check:
        sentences = build.out_of_date()
        for sentence in sentences:
            typer.echo(sentence)
        raise typer.Exit(1 if sentences else 0)
    else:
        changed = build.build()
        for path in changed:
            typer.echo(f"wrote {path}")
        if not changed:
            typer.echo("All notebooks are up to date.")


@app.command()
def bench(
    quick: Annotated[bool, typer.Option("--quick", help="Half a minute, less sure.")] = False,
) -> None:
    """Measure the simulator against its floors, and print the table."""
    import os
    import sys

    from course.chapters import ROOT

    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    from tests.benchmarks.bench import bench as measure

    measure(quick)


classroom = typer.Typer(help="Grade a class with nbgrader.", no_args_is_help=True)
app.add_typer(classroom, name="classroom")


@classroom.command("new")
def new_classroom(directory: Annotated[Path, typer.Argument(metavar="DIR")]) -> None:
    """Make an nbgrader course, with a class secret, in a new folder."""
    from autograder.classroom import new

    made = new(directory)
    typer.echo(
        f"Your class room is {made}. Go there and read INSTRUCTORS.md; the first step is "
        "`nbgrader generate_assignment 02-shards-and-partition-keys`."
    )
