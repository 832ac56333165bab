"""The first cell of a notebook: from `from course import Lab` to the first record in a stream.

It runs in a fresh process in which IPython is loaded already, as in a kernel. time-machine imports
pytest where it finds it; a learner's environment has none, so here it finds none.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.benchmarks.measure import Effort, Stopped
from tests.benchmarks.table import NOT_THERE_YET, WALL, Row, missing, told, within

ROOT = Path(__file__).parents[2]
WHAT = "first cell of a notebook"
BOUND = 1
TIME_LIMIT_SECONDS = 60
SHARES = 5

CELL = """
from course import Lab
lab = Lab()
import boto3
kinesis = boto3.client("kinesis", region_name="us-east-1")
kinesis.create_stream(StreamName="orders", ShardCount=1)
kinesis.get_waiter("stream_exists").wait(StreamName="orders")
kinesis.put_record(StreamName="orders", Data=b"first", PartitionKey="a")
"""

_MARK = "the cell begins"
_PROGRAM = f"""
import json, sys
from time import perf_counter, process_time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
sys.modules["pytest"] = None
print({_MARK!r}, file=sys.stderr, flush=True)
wall, cpu = perf_counter(), process_time()
result = shell.run_cell({CELL!r})
wall, cpu = perf_counter() - wall, process_time() - cpu
error = result.error_before_exec or result.error_in_exec
print()
print(json.dumps({{"wall": wall, "cpu": cpu, "error": repr(error) if error else None}}))
"""


def rows(effort: Effort) -> list[Row]:
    """The seconds of the cell, then what its imports take of them."""
    runs = []
    for _ in range(effort.processes):
        answer, _ = _run()
        if answer["error"]:
            return [missing(WHAT, WALL, f"<= {BOUND} s", _reason(answer["error"]))]
        runs.append(Stopped(answer["wall"], answer["cpu"]))
    return [within(WHAT, BOUND, runs), *_shares()]


def _reason(error: str) -> str:
    return NOT_THERE_YET if error.startswith(("ImportError", "ModuleNotFoundError")) else error


def _shares() -> list[Row]:
    answer, told_by_python = _run("-X", "importtime")
    spent: Counter[str] = Counter()
    lines = told_by_python.partition(_MARK)[2].splitlines()
    for line in lines:
        fields = line.removeprefix("import time:").split("|")
        # self [us] | cumulative | imported package
        if line.startswith("import time:") and fields[0].strip().isdigit():
            package = fields[2].strip().partition(".")[0]
            known = package.removeprefix("_") in sys.stdlib_module_names
            spent["Python's own library" if known else package] += int(fields[0])
    whole = answer["wall"] * 1e6
    largest = spent.most_common(SHARES)
    rest = spent.total() - sum(amount for _, amount in largest)
    parts = [*((f"importing {name}", amount) for name, amount in largest)]
    parts += [("other imports", rest), ("what the cell does", whole - spent.total())]
    return [told(f"- {name}", WHAT, f"{amount / whole:.0%}") for name, amount in parts]


def _run(*options: str) -> tuple[dict[str, Any], str]:
    """What the process measured, and what Python told on stderr."""
    with TemporaryDirectory() as profile:
        done = subprocess.run(
            [sys.executable, *options, "-c", _PROGRAM],
            cwd=ROOT,
            env=os.environ | {"IPYTHONDIR": profile},
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT_SECONDS,
            check=True,
        )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer, done.stderr
