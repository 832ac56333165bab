"""What moto remembers, and how one world's memory takes the place of another's.

Moto keeps everything in module globals: a `BackendDict` for each service, and one random
generator. Account ids do not separate worlds, because a bucket name is taken once for all
accounts (`S3BackendDict.bucket_accounts`), so whole memories are swapped.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from threading import RLock
from typing import TYPE_CHECKING, Any

from course.simulator.metrics import Metrics

if TYPE_CHECKING:
    from moto.core.base_backend import BackendDict
    from moto.moto_api._internal.moto_random import MotoRandom

# Held for a swap and for each request, so that no request sees half of two worlds: the S3 server
# answers from threads of its own.
lock = RLock()


class Memory:
    """One world's share of moto's globals; empty, with a fresh generator, until it is used.

    `seed` starts the generator of moto's ids; None takes one from the operating system. `metrics`
    gives, by Region, what the services that moto does not play report to CloudWatch.
    """

    def __init__(self, seed: int | None) -> None:
        self.metrics: Callable[[str], Iterable[Metrics]] = lambda region: ()
        self._seed = seed
        self._random_state: tuple[Any, ...] | None = None
        self._services: list[_Service] = []

    def put_in(self) -> None:
        """Make this what moto remembers. Moto must be empty: see `take_out`."""
        if random := _moto_random():
            self.continue_ids(random)
        for service in self._services:
            service.put_in()
        self._services = []

    def continue_ids(self, random: MotoRandom) -> None:
        """Let moto's generator go on from where it stood for this memory."""
        if self._random_state is None:
            random.seed(self._seed)
        else:
            random.setstate(self._random_state)

    def take_out(self) -> None:
        """Keep what moto remembers here, and leave moto empty."""
        if random := _moto_random():
            self._random_state = random.getstate()
        # BackendDict lists itself here when it gets its first account.
        for backends in (in_use := _backends_in_use()):
            self._services.append(_Service(backends))
        in_use.clear()


class _Service:
    """The contents of one BackendDict, taken out of it."""

    def __init__(self, backends: BackendDict[Any]) -> None:
        self._backends = backends
        self._contents = [(part, dict(part)) for part in [backends, *_dict_attributes(backends)]]
        for part, _ in self._contents:
            part.clear()

    def put_in(self) -> None:
        for part, content in self._contents:
            part.update(content)
        _backends_in_use().append(self._backends)


def _dict_attributes(backends: BackendDict[Any]) -> list[dict[Any, Any]]:
    return [value for value in vars(backends).values() if isinstance(value, dict)]


def _backends_in_use() -> list[BackendDict[Any]]:
    base = sys.modules.get("moto.core.base_backend")
    return base.BackendDict._instances if base else []


def _moto_random() -> MotoRandom | None:
    internal = sys.modules.get("moto.moto_api._internal")
    return internal.mock_random if internal else None


_outside = Memory(seed=None)
_active: list[Memory] = []


def activate(memory: Memory) -> None:
    """Put `memory` into moto; what was there waits until `memory` is deactivated."""
    with lock:
        _show(memory, hide=_shown())
        _active.append(memory)


def deactivate(memory: Memory) -> None:
    """Undo the latest `activate(memory)`, in any order; nothing happens if there is none."""
    with lock:
        for index in reversed(range(len(_active))):
            if _active[index] is memory:
                shown = _shown()
                del _active[index]
                _show(_shown(), hide=shown)
                return


def start_ids(random: MotoRandom) -> None:
    """Seed the generator of a moto that has this moment been imported."""
    _shown().continue_ids(random)


def metrics(region: str) -> Iterable[Metrics]:
    """What the services of the world that is shown report to CloudWatch."""
    return _shown().metrics(region)


def _shown() -> Memory:
    return _active[-1] if _active else _outside


def _show(memory: Memory, *, hide: Memory) -> None:
    if memory is not hide:
        hide.take_out()
        memory.put_in()
