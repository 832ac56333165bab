"""`python -m course`: the command line."""

from course.cli import app

app(prog_name="course")
