"""How fast the course is, as ratios to what it stands beside: `python -m tests.benchmarks`."""
