"""Data Streams against a model of it.

`reference` says what the API promises, in plain lists and dicts; `reader` is a consumer that knows
only the API; `machine` drives the simulator and holds it to both.

    python -m tests.simulator.model 2000        as many random programs, by hand
"""
