"""`python -m tests.simulator.model [PROGRAMS] [--seed N]`"""

from __future__ import annotations

import argparse

from tests.simulator.model.programs import run

parser = argparse.ArgumentParser(prog="python -m tests.simulator.model", description=run.__doc__)
parser.add_argument("programs", type=int, nargs="?", default=2_000)
parser.add_argument("--seed", type=int, default=10_000)
arguments = parser.parse_args()
run(arguments.programs, arguments.seed)
