"""A stream: its shards, open and closed, its state, and how long it keeps records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course import facts
from course.simulator.clock import DAY, HOUR
from course.simulator.streams.hash_ring import HashKeyRange, HashRing, even_ranges
from course.simulator.streams.shard import Shard, index_of
from course.simulator.streams.throttle import CallBudget

if TYPE_CHECKING:
    from course.simulator.streams.consumer import Consumer
    from course.simulator.streams.on_demand import Growth

CREATING, ACTIVE, UPDATING, DELETING = "CREATING", "ACTIVE", "UPDATING", "DELETING"
PROVISIONED, ON_DEMAND = "PROVISIONED", "ON_DEMAND"
AUTO, USER_PARTITION_KEY = "AUTO", "USER_PARTITION_KEY"


class Stream:
    """One stream. While it is CREATING it has no shards yet."""

    def __init__(self, name: str, arn: str, shard_count: int, mode: str, now: int) -> None:
        self.name = name
        self.arn = arn
        self.mode = mode
        self.created = now
        self.status = CREATING
        self.shard_count = shard_count
        self.tags: dict[str, str] = {}
        self.policy: str | None = None
        self.key_id: str | None = None  # what descriptions show
        self.write_key_id: str | None = None  # encrypts new records; some seconds behind key_id
        self.encryption_starts = CallBudget(facts.encryption.changes_per_day, DAY)
        self.encryption_stops = CallBudget(facts.encryption.changes_per_day, DAY)
        self.mode_switches = CallBudget(facts.stream_mode.switches_per_day, DAY)
        self.growth: Growth | None = None  # watches the writes of an on-demand stream
        self.warm_mib: int | None = None  # MiB/s that it was asked to be ready for
        self.distribution = USER_PARTITION_KEY
        self.turn = 0  # whose turn it is among the open shards, where distribution is AUTO
        self.max_record_bytes: int = facts.record.max_bytes
        self.retention_hours: int = facts.retention.default_hours
        self._gone_before = now
        self.shards: list[Shard] = []
        self.ring: HashRing[Shard] = HashRing([])
        self.count_updates = CallBudget(facts.update_shard_count.per_day, DAY)
        self.shard_level_metrics: tuple[str, ...] = ()
        self.consumers: dict[str, Consumer] = {}

    def open(self, now: int) -> None:
        """The stream is ready: lay out its first shards."""
        self.ring = HashRing(
            [self._add(hash_range, now) for hash_range in even_ranges(self.shard_count)]
        )

    def shard(self, shard_id: str) -> Shard | None:
        """The shard with this id, closed ones included, or None."""
        index = index_of(shard_id)
        return self.shards[index] if index is not None and index < len(self.shards) else None

    @property
    def open_shards(self) -> list[Shard]:
        """The shards that take records, in the order of their hash keys."""
        return self.ring.owners

    def split(self, shard: Shard, at: int, now: int) -> tuple[Shard, Shard]:
        """Close `shard`; two children take over below and from hash key `at`."""
        whole = shard.hash_range
        children = (
            self._add(HashKeyRange(whole.start, at - 1), now, (shard,)),
            self._add(HashKeyRange(at, whole.end), now, (shard,)),
        )
        shard.close(now, children)
        self.ring = self.ring.replaced([shard], children)
        return children

    def merge(self, shard: Shard, adjacent: Shard, now: int) -> Shard:
        """Close a shard and the one right of it; one child takes over their joined range."""
        joined = HashKeyRange(shard.hash_range.start, adjacent.hash_range.end)
        child = self._add(joined, now, (shard, adjacent))
        shard.close(now, (child,))
        adjacent.close(now, (child,))
        self.ring = self.ring.replaced([shard, adjacent], [child])
        return child

    def encrypt_with(self, key_id: str | None) -> None:
        """Encrypt new records with this key, or no more (None)."""
        self.write_key_id = key_id
        if key_id is None:
            for shard in self.open_shards:
                shard.encrypt_with(None)

    def horizon(self, now: int) -> int:
        """Records that arrived before this moment (microseconds) are gone."""
        return max(now - self.retention_hours * HOUR, self._gone_before)

    def keep_for(self, hours: int, now: int) -> None:
        """Change the retention; what has expired by the old one stays gone."""
        self._gone_before = self.horizon(now)
        self.retention_hours = hours

    def expired(self, shard: Shard, now: int) -> bool:
        """Whether the shard was closed longer ago than the retention period."""
        return shard.closed is not None and shard.closed < self.horizon(now)

    def listed(self, now: int) -> list[Shard]:
        """The shards that are not EXPIRED: open, or closed within the retention period."""
        return [shard for shard in self.shards if not self.expired(shard, now)]

    def _add(self, hash_range: HashKeyRange, now: int, parents: tuple[Shard, ...] = ()) -> Shard:
        shard = Shard(len(self.shards), hash_range, now, parents)
        self.shards.append(shard)
        return shard
