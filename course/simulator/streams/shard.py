"""A shard: an append-only log of records that owns one range of the hash ring.

Records lie in parallel columns, oldest first. Counters number them from 1 and never come back;
`_first` is the counter of the oldest record still in the columns. Finding a place by counter is
a subtraction, by time or by bytes a binary search, so that no call grows slower with the log.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dateutil.tz import tzlocal

from course import facts
from course.simulator.clock import MILLISECOND, SECOND
from course.simulator.streams.hash_ring import HashKeyRange
from course.simulator.streams.sequence_number import Numbering
from course.simulator.streams.throttle import CallBudget, ReadBudget, WriteBudget

# Expired records are dropped from the columns in bulk, so that trimming costs little per record.
_COMPACT_AT = 1_024


_LAST_INDEX = 2**31 - 1


def shard_id_of(index: int) -> str:
    """The id of a stream's shard number `index`."""
    return f"shardId-{index:012d}"


def index_of(shard_id: str) -> int | None:
    """The shard that an id means, or None. AWS reads only the number after the hyphen."""
    digits = shard_id.rpartition("-")[2]
    if not (digits.isascii() and digits.isdigit()):
        return None
    index = int(digits)
    return index if index <= _LAST_INDEX else None


@dataclass(frozen=True, slots=True)
class Page:
    """What one read gives: `records` as boto3 shows them, their bytes, and where to go on."""

    records: list[dict[str, Any]]
    size: int
    next_counter: int


class Shard:
    """One shard. It is open until it is split or merged; then it is closed, but still readable."""

    def __init__(
        self,
        index: int,
        hash_range: HashKeyRange,
        now: int,
        parents: tuple[Shard, ...] = (),
    ) -> None:
        self.index = index
        self.shard_id = shard_id_of(index)
        self.hash_range = hash_range
        self.parents = parents
        self.children: tuple[Shard, ...] = ()
        self.opened = now
        self.closed: int | None = None
        self.numbering = Numbering(index, _numbered_from(now, parents))
        self.write_budget = WriteBudget(now)
        self.read_budget = ReadBudget(now)
        self.iterator_budget = CallBudget(facts.shard.iterator_calls_per_second)

        self._first = 1
        self._head = 0
        self._numbers: list[str] = []
        self._arrivals = array("q")  # milliseconds since the epoch: AWS's own precision
        self._totals = array("q")  # bytes ever appended, up to and with this record
        self._data: list[bytes] = []
        self._keys: list[str | None] = []
        self._total = 0
        # The counters from which on records have another key (None: no key), and these keys:
        # mostly none at all.
        self._key_changes: list[int] = []
        self._key_arns: list[str | None] = []

    @property
    def is_open(self) -> bool:
        """Whether the shard takes records."""
        return self.closed is None

    @property
    def next_counter(self) -> int:
        """The counter that the next record will get: one past the newest."""
        return self._first + len(self._numbers)

    @property
    def oldest_counter(self) -> int:
        """The trim horizon: the counter of the oldest record that can still be read."""
        return self._first + self._head

    def __len__(self) -> int:
        return len(self._numbers) - self._head

    def append(self, data: bytes, partition_key: str | None, size: int, now: int) -> str:
        """Store a record of `size` bytes; returns its sequence number.

        A record that the stream distributed by itself has no partition key.
        """
        number = self.numbering.number(self._first + len(self._numbers), now)
        self._total += size
        self._numbers.append(number)
        self._arrivals.append(now // MILLISECOND)
        self._totals.append(self._total)
        self._data.append(data)
        self._keys.append(partition_key)
        return number

    def encrypt_with(self, key_arn: str | None) -> None:
        """Encrypt records from now on with this key, or no more (None)."""
        counter = self.next_counter
        if self._key_changes and self._key_changes[-1] == counter:
            # No record was written with the last one.
            self._key_changes.pop()
            self._key_arns.pop()
        if key_arn != self._key_arn(counter):
            self._key_changes.append(counter)
            self._key_arns.append(key_arn)

    def keys_needed(self, counter: int, limit: int, max_bytes: int) -> set[str]:
        """The ARNs of the keys that encrypt what `read` would give."""
        if not self._key_changes:
            return set()
        start, stop = self._span(counter, limit, max_bytes)
        if start >= stop:
            return set()
        changes = self._key_changes
        first = max(bisect_right(changes, self._first + start) - 1, 0)
        arns = self._key_arns[first : bisect_left(changes, self._first + stop)]
        return {arn for arn in arns if arn is not None}

    def _key_arn(self, counter: int) -> str | None:
        """The key of the record with this counter, or of the next one to come."""
        place = bisect_right(self._key_changes, counter)
        return self._key_arns[place - 1] if place else None

    def close(self, now: int, children: tuple[Shard, ...]) -> None:
        """Take no more records: the children own the hash keys from `now` on."""
        self.closed = now
        self.children = children

    def trim(self, horizon: int) -> None:
        """Forget the records that arrived before `horizon` (microseconds)."""
        arrivals = self._arrivals
        if self._head == len(arrivals) or arrivals[self._head] * MILLISECOND >= horizon:
            return
        oldest_kept = -(-horizon // MILLISECOND)
        self._head = bisect_left(arrivals, oldest_kept, self._head)
        if self._head >= _COMPACT_AT and self._head * 2 >= len(arrivals):
            self._compact()

    def _compact(self) -> None:
        head = self._head
        for column in (self._numbers, self._arrivals, self._totals, self._data, self._keys):
            del column[:head]
        self._first += head
        self._head = 0

    def counter_at_time(self, moment: int) -> int:
        """The counter of the first record that arrived at or after `moment` (microseconds)."""
        wanted = -(-moment // MILLISECOND)
        return self._first + bisect_left(self._arrivals, wanted, self._head)

    def counter_at_number(self, number: str, counter: int) -> int:
        """The counter of the first record at or after a sequence number that encodes `counter`.

        The number may lie between two records: a subscription's ContinuationSequenceNumber does.
        """
        place = counter - self._first
        stored = 0 <= place < len(self._numbers)
        return counter + (stored and int(number) > int(self._numbers[place]))

    def read(self, counter: int, limit: int, max_bytes: int) -> Page:
        """At most `limit` records and `max_bytes` from `counter` on (older ones are skipped)."""
        start, stop = self._span(counter, limit, max_bytes)
        if start >= stop:
            return Page([], 0, max(counter, self.oldest_counter))
        before = self._totals[start] - self._size(start)
        # boto3 hands out local, zone-aware datetimes; making the zone once per page is the cheap
        # way to the same value.
        zone = tzlocal()
        moments: dict[int, datetime] = {}
        records = []
        for number, arrival, data, key in zip(
            self._numbers[start:stop],
            self._arrivals[start:stop],
            self._data[start:stop],
            self._keys[start:stop],
            strict=True,
        ):
            moment = moments.get(arrival)
            if moment is None:
                moment = datetime.fromtimestamp(arrival / 1_000).replace(tzinfo=zone)
                moments[arrival] = moment
            record = {
                "SequenceNumber": number,
                "ApproximateArrivalTimestamp": moment,
                "Data": data,
            }
            if key is not None:
                record["PartitionKey"] = key
            records.append(record)
        if self._key_changes:
            for counter, record in enumerate(records, self._first + start):
                if self._key_arn(counter) is not None:
                    record["EncryptionType"] = "KMS"
        return Page(records, self._totals[stop - 1] - before, self._first + stop)

    def _span(self, counter: int, limit: int, max_bytes: int) -> tuple[int, int]:
        """The places in the columns of what `read` gives: from, and up to but not with."""
        start = max(counter - self._first, self._head)
        stop = min(start + limit, len(self._numbers))
        if start >= stop:
            return start, start
        end = self._totals[start] - self._size(start) + max_bytes
        return start, min(stop, max(bisect_right(self._totals, end, start), start + 1))

    def arrival_of(self, counter: int) -> int | None:
        """When the first readable record from `counter` on arrived (microseconds), if any."""
        place = max(counter - self._first, self._head)
        return self._arrivals[place] * MILLISECOND if place < len(self._arrivals) else None

    def index_cards(self) -> list[tuple[int, str, int]]:
        """(arrival in microseconds, partition key, bytes) of the readable records, oldest first."""
        head = self._head
        return [
            (arrival * MILLISECOND, key or "", self._size(place))
            for place, (arrival, key) in enumerate(
                zip(self._arrivals[head:], self._keys[head:], strict=True), head
            )
        ]

    def keys(self) -> list[str]:
        """The partition keys of the readable records, oldest first."""
        return [key or "" for key in self._keys[self._head :]]

    def payloads(self) -> list[bytes]:
        """The data of the readable records, oldest first."""
        return self._data[self._head :]

    @property
    def stored_bytes(self) -> int:
        """Bytes of data and partition keys that can still be read."""
        if not len(self):
            return 0
        head = self._head
        return self._total - self._totals[head] + self._size(head)

    @property
    def written(self) -> tuple[int, int]:
        """(records, bytes) ever written."""
        return self.next_counter - 1, self._total

    def _size(self, place: int) -> int:
        key = self._keys[place]
        return len(self._data[place]) + (len(key.encode()) if key is not None else 0)


def _numbered_from(now: int, parents: tuple[Shard, ...]) -> int:
    """The creation time in a shard's sequence numbers.

    A child's is a second later than its parents' end (recorded by kinesalite), and always later
    than theirs: so the numbers of a partition key grow through every reshard.
    """
    if not parents:
        return now
    return SECOND * (max(now // SECOND, *(parent.numbering.created for parent in parents)) + 1)
