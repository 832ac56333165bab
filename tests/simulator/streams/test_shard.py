"""The shard's log against a plain list, and what it costs when it is long."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from course.simulator.clock import MILLISECOND, SECOND, START, to_datetime
from course.simulator.streams import shard as shard_module
from course.simulator.streams.hash_ring import HashKeyRange
from course.simulator.streams.shard import Shard

EVERYTHING = 10**9


def new_shard(index: int = 0, now: int = START) -> Shard:
    return Shard(index, HashKeyRange(0, 2**128 - 1), now)


def put(shard: Shard, data: bytes, now: int, key: str = "k") -> str:
    return shard.append(data, key, len(data) + len(key.encode()), now)


class Log(RuleBasedStateMachine):
    """The model: all records ever written, and how many of them are gone."""

    compact_at = 4

    @initialize()
    def start(self) -> None:
        self.before = shard_module._COMPACT_AT
        shard_module._COMPACT_AT = self.compact_at
        self.shard = new_shard()
        self.now = START
        self.written: list[tuple[str, int, bytes, str]] = []
        self.gone = 0
        self.encrypted_with: list[str | None] = []
        self.key_arn: str | None = None

    def teardown(self) -> None:
        shard_module._COMPACT_AT = self.before

    @rule(
        records=st.lists(
            st.tuples(st.binary(max_size=20), st.text(min_size=1, max_size=5)),
            min_size=1,
            max_size=8,
        ),
        wait=st.integers(0, 5_000),
    )
    def append(self, records: list[tuple[bytes, str]], wait: int) -> None:
        self.now += wait
        for data, key in records:
            number = put(self.shard, data, self.now, key)
            self.written.append((number, self.now // MILLISECOND * MILLISECOND, data, key))
            self.encrypted_with.append(self.key_arn)

    @rule(key_arn=st.sampled_from([None, "a", "b"]))
    def encrypt(self, key_arn: str | None) -> None:
        self.shard.encrypt_with(key_arn)
        self.key_arn = key_arn

    @precondition(lambda self: self.written)
    @rule(back=st.integers(0, 30_000))
    def trim(self, back: int) -> None:
        """A horizon never goes back in a stream, but trimming must bear it if it does."""
        horizon = self.now - back
        self.shard.trim(horizon)
        while self.gone < len(self.written) and self.written[self.gone][1] < horizon:
            self.gone += 1

    @rule(
        counter=st.integers(0, 200),
        limit=st.integers(0, 30),
        max_bytes=st.one_of(st.integers(0, 200), st.just(EVERYTHING)),
    )
    def read(self, counter: int, limit: int, max_bytes: int) -> None:
        page = self.shard.read(counter, limit, max_bytes)
        first = max(counter - 1, self.gone)
        expected: list[tuple[str, int, bytes, str]] = []
        size = 0
        for record in self.written[first : first + limit]:
            # A page is never empty for want of bytes, or a reader would be stuck.
            weight = len(record[2]) + len(record[3].encode())
            if expected and size + weight > max_bytes:
                break
            expected.append(record)
            size += weight
        assert [
            (
                each["SequenceNumber"],
                each["ApproximateArrivalTimestamp"],
                each["Data"],
                each["PartitionKey"],
            )
            for each in page.records
        ] == [(number, to_datetime(at), data, key) for number, at, data, key in expected]
        assert page.size == size
        keys = self.encrypted_with[first : first + len(expected)]
        assert [each.get("EncryptionType") for each in page.records] == [
            None if key is None else "KMS" for key in keys
        ]
        assert self.shard.keys_needed(counter, limit, max_bytes) == {*keys} - {None}
        if expected:
            assert page.next_counter == first + len(expected) + 1
        else:
            # Nothing is skipped: a reader ahead of the newest record stays where it is.
            assert page.next_counter == max(counter, self.gone + 1)

    @rule(moment=st.integers(-10_000, 10_000))
    def find_a_moment(self, moment: int) -> None:
        wanted = self.now + moment
        later = [place for place, record in enumerate(self.written) if record[1] >= wanted]
        place = max(later[0] if later else len(self.written), self.gone)
        assert self.shard.counter_at_time(wanted) == place + 1

    @rule(counter=st.integers(0, 200))
    def ask_for_an_arrival(self, counter: int) -> None:
        rest = self.written[max(counter - 1, self.gone) :]
        assert self.shard.arrival_of(counter) == (rest[0][1] if rest else None)

    @invariant()
    def agrees(self) -> None:
        kept = self.written[self.gone :]
        assert len(self.shard) == len(kept)
        assert self.shard.next_counter == len(self.written) + 1
        assert self.shard.oldest_counter == self.gone + 1
        assert self.shard.payloads() == [data for _, _, data, _ in kept]
        assert self.shard.keys() == [key for *_, key in kept]
        assert self.shard.stored_bytes == sum(len(d) + len(k.encode()) for _, _, d, k in kept)
        assert self.shard.index_cards() == [
            (at, key, len(data) + len(key.encode())) for _, at, data, key in kept
        ]
        numbers = [int(number) for number, *_ in self.written]
        assert numbers == sorted(set(numbers))


TestLog = Log.TestCase
TestLog.settings = settings(
    max_examples=40, stateful_step_count=30, derandomize=True, deadline=None
)


def test_old_records_leave_the_memory_too() -> None:
    shard = new_shard()
    for second in range(5_000):
        put(shard, b"x" * 100, START + second * SECOND)
    shard.trim(START + 4_000 * SECOND)
    assert len(shard) == 1_000
    assert len(shard._data) == 1_000
    assert shard.next_counter == 5_001
    page = shard.read(1, 1, EVERYTHING)
    assert page.next_counter == 4_002


def test_a_key_that_stays_takes_no_memory() -> None:
    shard = new_shard()
    shard.encrypt_with(None)
    assert shard._key_changes == []
    for second in range(100):
        shard.encrypt_with("a")
        put(shard, b"x", START + second * SECOND)
    assert shard._key_changes == [1]


def test_a_record_as_old_as_the_horizon_is_still_there() -> None:
    shard = new_shard()
    put(shard, b"x", START)
    shard.trim(START)
    assert len(shard) == 1
    shard.trim(START + 1)
    assert len(shard) == 0


def test_arrivals_are_local_aware_datetimes_of_whole_milliseconds() -> None:
    """So boto3 hands them out; AWS's own precision is the millisecond."""
    shard = new_shard()
    put(shard, b"x", START + 123_999)
    moment = shard.read(1, 1, EVERYTHING).records[0]["ApproximateArrivalTimestamp"]
    assert isinstance(moment, datetime)
    assert moment.utcoffset() is not None
    assert moment == to_datetime(START + 123_000)


def test_a_shard_names_itself_as_aws_does() -> None:
    assert new_shard(0).shard_id == "shardId-000000000000"
    assert new_shard(12_345).shard_id == "shardId-000000012345"


class Counted(list[Any]):
    """A column that counts how many of its entries anybody touches or moves."""

    touched = 0

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        Counted.touched += len(found) if isinstance(place, slice) else 1
        return Counted(found) if isinstance(place, slice) else found

    def __delitem__(self, place: Any) -> None:
        super().__delitem__(place)
        Counted.touched += len(self)

    def __iter__(self) -> Any:
        for each in super().__iter__():
            Counted.touched += 1
            yield each


def counted(records: int) -> Shard:
    """A shard with one record a second, whose columns count."""
    shard = new_shard()
    for column in ("_numbers", "_arrivals", "_totals", "_data", "_keys"):
        setattr(shard, column, Counted())
    for second in range(records):
        put(shard, b"x" * 10, START + second * SECOND)
    Counted.touched = 0
    return shard


def cost(shard: Shard, what: str, records: int) -> int:
    """How many entries one call touches."""
    Counted.touched = 0
    match what:
        case "append":
            put(shard, b"x", START + records * SECOND)
        case "read ten in the middle":
            assert len(shard.read(records // 2, 10, EVERYTHING).records) == 10
        case "read by bytes":
            assert len(shard.read(records // 2, 10_000, 110).records) == 10
        case "poll the tip":
            assert not shard.read(shard.next_counter, 10_000, EVERYTHING).records
        case "find a moment":
            assert shard.counter_at_time(START + records // 3 * SECOND) == records // 3 + 1
        case "trim nothing":
            shard.trim(START)
        case "trim one":
            shard.trim(START + SECOND)
        case "oldest arrival":
            shard.arrival_of(0)
        case "stored bytes":
            assert shard.stored_bytes
    return Counted.touched


@pytest.mark.parametrize(
    "what",
    [
        "append",
        "read ten in the middle",
        "read by bytes",
        "poll the tip",
        "find a moment",
        "trim nothing",
        "trim one",
        "oldest arrival",
        "stored bytes",
    ],
)
def test_no_call_grows_slower_with_the_log(what: str) -> None:
    """Sixty-four times the records may cost the steps of a longer binary search, no more."""
    short, long = 1_000, 64_000
    allowed = cost(counted(short), what, short) + 4 * 6
    assert cost(counted(long), what, long) <= allowed


def test_trimming_costs_a_constant_for_each_record_ever_written() -> None:
    """A day's retention trimmed second by second, as a reader at the horizon does it."""
    records = 20_000
    shard = counted(records)
    for second in range(records):
        shard.trim(START + second * SECOND)
    # Five columns; each record may be moved about once per column, and looked at a few times.
    assert Counted.touched <= records * 5 * 6
