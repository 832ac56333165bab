"""Chapter 02: shards and partition keys."""

import importlib

_ORDER = (
    "route_a_key",
    "choose_a_key",
    "find_the_hot_shard",
    "salt_a_hot_customer",
    "size_a_stream",
    "after_a_split",
)

TASKS = tuple(importlib.import_module(f"{__name__}.{name}").TASK for name in _ORDER)
