"""A stream as the API Reference describes it, in plain lists, dicts and fractions.

Nothing here is taken from the simulator but how long its changes last, which AWS does not publish.
Everything is kept: a record that has expired is only counted as gone. Times are microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import md5
from math import ceil

from course import facts

MILLISECOND = 1_000
SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
MIB = 1_048_576
RING = 2**128

CREATING = facts.latency.create_stream_s * SECOND
DELETING = facts.latency.delete_stream_s * SECOND
RESHARDING = facts.latency.reshard_s * SECOND
SCALING = facts.latency.update_shard_count_s * SECOND
KEEPING = facts.latency.update_retention_s * SECOND

# GetShardIterator: an iterator expires five minutes after it was given out.
ITERATOR_LIFE = 300 * SECOND
# GetRecords: at most 10 MiB a page.
PAGE_BYTES = 10 * MIB

NOT_FOUND = "ResourceNotFoundException"
IN_USE = "ResourceInUseException"
INVALID = "InvalidArgumentException"
LIMIT = "LimitExceededException"
THROTTLED = "ProvisionedThroughputExceededException"
EXPIRED = "ExpiredIteratorException"


def point_of(key: str, explicit: str | None = None) -> int:
    """Where a record stands on the ring: its ExplicitHashKey, or the MD5 of its key."""
    if explicit is not None:
        return int(explicit)
    return int(md5(key.encode()).hexdigest(), 16)


@dataclass
class Record:
    """A record that was stored; `number` is None while its answer is lost and nobody read it."""

    data: bytes
    key: str
    point: int
    arrived: int
    serial: int
    number: str | None = None

    @property
    def size(self) -> int:
        return len(self.data) + len(self.key.encode())


@dataclass
class Bucket:
    """A second's worth at most, filled steadily."""

    rate: int
    at: int
    level: Fraction = field(init=False)

    def __post_init__(self) -> None:
        self.level = Fraction(self.rate)

    def has(self, amount: int, now: int) -> bool:
        if now > self.at:
            flown = Fraction(self.rate * (now - self.at), SECOND)
            self.level = min(Fraction(self.rate), self.level + flown)
            self.at = now
        return self.level >= amount

    def has_at(self, amount: int, now: int) -> int:
        """The first moment, not before `now`, at which there is room for `amount`."""
        lacking = 0 if self.has(amount, now) else amount - self.level
        return now + ceil(lacking * SECOND / self.rate)


class Shard:
    """A shard: 1,000 records and 1 MiB a second in, five reads and 2 MiB a second out."""

    def __init__(self, shard_id: str, start: int, end: int, parents: list[str], opened: int):
        self.shard_id = shard_id
        self.start = start
        self.end = end
        self.parents = parents
        self.children: list[str] = []
        self.opened = opened
        self.closed: int | None = None
        self.expired = False
        self.records: list[Record] = []
        self.gone = 0
        self.written: list[tuple[int, int]] = []
        self.reads: list[int] = []
        self.iterators: list[int] = []
        self._records = Bucket(1_000, opened)
        self._bytes = Bucket(MIB, opened)
        self._debt = Fraction(0)
        self._debt_at = opened
        self._shut = False

    def __contains__(self, point: int) -> bool:
        return self.start <= point <= self.end

    def passes(self, kind: str, since: int, after: str) -> bool:
        """Whether a ShardFilter of this kind lets the shard through."""
        ended = self.closed is not None and self.closed < since
        match kind:
            case "AFTER_SHARD_ID":
                return self.shard_id > after
            case "AT_LATEST":
                return self.closed is None
            case "FROM_TIMESTAMP":
                return not ended
            case "AT_TIMESTAMP" | "AT_TRIM_HORIZON":
                return self.opened <= since and not ended
        return True

    def takes(self, size: int, now: int) -> bool:
        """Whether there is room for a record of `size`; if so, it is used."""
        room = self._records.has(1, now)
        if not self._bytes.has(size, now) or not room:
            return False
        self._records.level -= 1
        self._bytes.level -= size
        self.written.append((now, size))
        return True

    def room_at(self, size: int, now: int) -> int:
        """When a record of `size` will be taken, if no other comes before."""
        return max(self._records.has_at(1, now), self._bytes.has_at(size, now))

    def gives(self, now: int) -> bool:
        """Whether GetRecords may read: five calls a second, and no debt from too big a page."""
        paid = Fraction(2 * MIB * (now - self._debt_at), SECOND)
        self._debt = max(Fraction(0), self._debt - paid)
        self._debt_at = now
        if self._shut and self._debt > 0:
            return False
        self._shut = False
        if sum(moment > now - SECOND for moment in self.reads) >= 5:
            return False
        self.reads.append(now)
        return True

    def gives_at(self, now: int) -> int:
        """When GetRecords will be allowed, if nobody else reads before."""
        paid = self._debt_at + ceil(self._debt * SECOND / (2 * MIB)) if self._shut else now
        fifth = self.reads[-5] + SECOND if len(self.reads) >= 5 else now
        return max(now, paid, fifth)

    def gave(self, size: int) -> None:
        """A page of `size` went out: above a second's worth, the shard is shut until it is paid."""
        self._debt += size
        self._shut = self._debt > 2 * MIB

    def gives_iterator(self, now: int) -> bool:
        """Whether GetShardIterator may be called: five times a second."""
        if sum(moment > now - SECOND for moment in self.iterators) >= 5:
            return False
        self.iterators.append(now)
        return True

    def first_since(self, moment: int) -> int:
        """The place of the first record to be read that arrived at `moment` or later."""
        place = self.gone
        while place < len(self.records) and self.records[place].arrived < moment:
            place += 1
        return place

    def page(self, place: int, limit: int) -> list[Record]:
        """What a reader at `place` is due: all there is, as far as the limits allow."""
        page: list[Record] = []
        size = 0
        for record in self.records[max(place, self.gone) :]:
            size += record.size
            if len(page) == limit or (page and size > PAGE_BYTES):
                break
            page.append(record)
        return page


class Stream:
    """A stream: its shards, its state, its retention."""

    def __init__(self, name: str, shard_count: int, now: int) -> None:
        self.name = name
        self.shard_count = shard_count
        self.ready = now + CREATING
        self.busy_until = 0
        self.gone_at: int | None = None
        self.retention = 24
        self.forgotten = 0
        self.shards: dict[str, Shard] = {}
        self.count_updates: list[int] = []
        # What the change under way must have led to when it ends: the shards to come, as (parents,
        # start, end), or how many equal ones.
        self.coming: list[tuple[list[str], int, int]] = []
        self.target: int | None = None
        # Where shards began before the update.
        self.borders: set[int] = set()

    def status(self, now: int) -> str:
        if self.gone_at is not None:
            return "DELETING"
        if now < self.ready:
            return "CREATING"
        return "UPDATING" if now < self.busy_until else "ACTIVE"

    @property
    def open(self) -> list[Shard]:
        """The shards that take records, along the ring."""
        return sorted(
            (shard for shard in self.shards.values() if shard.closed is None),
            key=lambda shard: shard.start,
        )

    def owner(self, point: int) -> Shard:
        """The one open shard whose range holds a point."""
        owners = [
            shard for shard in self.shards.values() if shard.closed is None and point in shard
        ]
        assert len(owners) == 1
        return owners[0]

    def horizon(self, now: int) -> int:
        """What arrived before this moment is gone; a longer retention does not bring it back."""
        return max(now - self.retention * HOUR, self.forgotten)

    def keep(self, hours: int, now: int) -> None:
        """Change the retention; the shorter one is felt at once."""
        self.forgotten = self.horizon(now)
        self.retention = hours
        self.forget(now)

    def forget(self, now: int) -> None:
        """Let go of what is older than the retention period."""
        horizon = self.horizon(now)
        for shard in self.shards.values():
            shard.gone = shard.first_since(horizon)
            if shard.closed is not None and shard.closed < horizon:
                shard.expired = True

    def check_numbers(self) -> None:
        """Sequence numbers: never twice, growing within a shard and for each hash key for good."""
        by_point: dict[int, list[tuple[int, int]]] = {}
        seen: set[int] = set()
        for shard in self.shards.values():
            numbers = [int(record.number) for record in shard.records if record.number]
            assert numbers == sorted(numbers), f"numbers of {shard.shard_id} do not grow"
            assert len(set(numbers)) == len(numbers)
            assert seen.isdisjoint(numbers)
            seen.update(numbers)
            for record in shard.records:
                if record.number:
                    entry = (record.serial, int(record.number))
                    by_point.setdefault(record.point, []).append(entry)
        for entries in by_point.values():
            numbers = [number for _, number in sorted(entries)]
            assert numbers == sorted(numbers), "numbers of a key do not grow through a reshard"

    def check_rates(self) -> None:
        """In no span of time did a shard take more than a full bucket and what flowed in."""
        for shard in self.shards.values():
            for since in {moment for moment, _ in shard.written}:
                count = total = 0
                for moment, size in shard.written:
                    if moment >= since:
                        count += 1
                        total += size
                        span = SECOND + moment - since
                        assert count * SECOND <= 1_000 * span
                        assert total * SECOND <= MIB * span
