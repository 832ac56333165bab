"""`python -m tests.benchmarks [--quick]`"""

from __future__ import annotations

import argparse

from tests.benchmarks.bench import bench

parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=bench.__doc__)
parser.add_argument("--quick", action="store_true", help="half a minute, less sure")
bench(parser.parse_args().quick)
