"""A consumer: a reader that is registered with a stream and has throughput of its own.

That is enhanced fan-out. From each shard the consumer gets its 2 MiB/s, however many others read;
the shard pushes, the consumer does not poll (see subscription).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from course import facts
from course.simulator.clock import SECOND
from course.simulator.streams.stream import CREATING
from course.simulator.streams.throttle import CallBudget, PushBudget

if TYPE_CHECKING:
    from course.simulator.streams.shard import Shard
    from course.simulator.streams.stream import Stream
    from course.simulator.streams.subscription import Subscription


@dataclass(slots=True, eq=False)
class Outlet:
    """Where one shard gives to one consumer: at most one subscription draws from it."""

    budget: PushBudget = field(default_factory=PushBudget)
    calls: CallBudget = field(default_factory=lambda: CallBudget(facts.fan_out.calls_per_second))
    subscription: Subscription | None = None


@dataclass(slots=True, eq=False)
class Consumer:
    """One consumer: CREATING, then ACTIVE, at last DELETING. Only an ACTIVE one can read."""

    name: str
    stream: Stream
    created: int
    tags: dict[str, str] = field(default_factory=dict)
    policy: str | None = None
    status: str = CREATING
    _outlets: dict[int, Outlet] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The ARN; with the second of creation, so that a namesake made later has another one."""
        return f"{self.stream.arn}/consumer/{self.name}:{self.created // SECOND}"

    def outlet(self, shard: Shard) -> Outlet:
        """Where this consumer draws from `shard`."""
        return self._outlets.setdefault(shard.index, Outlet())
