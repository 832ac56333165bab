"""Random programs of calls, faults and time; after each step the simulator is held to the model.

The calls go through `Account.execute` as JSON. Between them the layout of the shards is looked at
by ListShards at the very moment of the call, since a stream may change while a call's latency
passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from course import facts
from course.simulator.account import Reply
from course.simulator.clock import from_datetime
from course.simulator.faults import INTERNAL_FAILURE
from course.simulator.streams import shard as shard_module
from tests.simulator.client import Client
from tests.simulator.model.reader import Reader
from tests.simulator.model.reference import (
    DAY,
    DELETING,
    EXPIRED,
    HOUR,
    IN_USE,
    INVALID,
    ITERATOR_LIFE,
    KEEPING,
    LIMIT,
    MIB,
    MILLISECOND,
    NOT_FOUND,
    RESHARDING,
    RING,
    SCALING,
    SECOND,
    THROTTLED,
    Record,
    Shard,
    Stream,
    point_of,
)

# How long a GetShardIterator takes, so that a read can come at a moment of our choice.
ITERATOR_TIME = facts.latency.get_shard_iterator_ms * MILLISECOND
# A border that is within rounding of its place stays: three shards begin a third elsewhere than
# six do. The widest such difference is the number of shards, at most 20,000 in an account.
ROUNDING = 20_000
MOST_SHARDS = 16

troubles = st.sampled_from(
    [
        ("throttle", MILLISECOND),
        ("throttle", 300 * MILLISECOND),
        ("throttle", 30 * SECOND),
        ("idle", SECOND),
        ("idle", 30 * SECOND),
        ("fail_entries", [0, 2], THROTTLED),
        ("fail_entries", [1, 2, 5, 300], INTERNAL_FAILURE),
        ("time_out_after_write",),
        ("expire_iterators",),
    ]
)
names = st.sampled_from(["orders"] * 5 + ["clicks"])
hot_keys = st.sampled_from(["hot", "a", "b", "c", "d", "e", "customer-é", "😀"])
keys = st.one_of(hot_keys, hot_keys, st.text(min_size=1, max_size=8))
sizes = st.sampled_from([0] * 8 + [10, 100, 1_000, 10_000, 300_000, MIB - 100])
places = st.integers(0, 40)
kinds = st.sampled_from(
    ["TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"] + ["AT_TIMESTAMP"] * 2
)
wheres = st.one_of(st.none(), places)
limits = st.one_of(st.integers(1, 5), st.sampled_from([1, 100, 10_000]))
# An ExplicitHashKey beside a border of the shards: (which shard, which side, how far).
borders = st.tuples(places, st.booleans(), st.integers(-1, 1))
entries = st.tuples(keys, st.one_of(st.none(), st.none(), borders), sizes)
filters = st.sampled_from(
    ["AFTER_SHARD_ID", "AT_TRIM_HORIZON", "FROM_TRIM_HORIZON", "AT_LATEST", "AT_TIMESTAMP",
     "FROM_TIMESTAMP"]
)  # fmt: skip
hours = st.sampled_from([24, 24, 24, 25, 26, 48, 8_760])
# Where to split: hundredths of the shard, or (from its end, if negative) whole hash keys.
cuts = st.one_of(
    st.fractions(Fraction(1, 100), Fraction(99, 100), max_denominator=100),
    st.sampled_from([-2, -1, 0, 1, 2, 3]),
)
# Just before, at, and just after a moment that matters.
edges = st.sampled_from([-1, 0, 0, 1])
lives = st.sampled_from([["create"], ["delete"], ["delete", "create"], ["create", "delete"]])
# Whether to wait until a change is over.
rests = st.booleans()
spans = st.sampled_from(
    [1, 999, MILLISECOND, 7 * MILLISECOND, 200 * MILLISECOND, SECOND, 5 * SECOND, 20 * SECOND,
     31 * SECOND, 61 * SECOND, 61 * SECOND, HOUR, 12 * HOUR, 24 * HOUR, 25 * HOUR, 3 * DAY]
)  # fmt: skip


@dataclass
class Token:
    """An iterator that was given out."""

    text: str
    stream: Stream
    shard: Shard
    place: int
    issued: int


class DataStreams(RuleBasedStateMachine):
    """Two streams, made, filled, read, resharded, broken and given up in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.client = Client()
        self.streams: dict[str, Stream] = {}
        self.tokens: list[Token] = []
        self.readers: dict[str, Reader] = {}
        self.serial = 0
        self.heaped_up = False
        # The faults that are planned.
        self.throttled: dict[tuple[str, str | None], int] = {}
        self.idle: dict[tuple[str, str | None], int] = {}
        self.failing: dict[str, list[tuple[list[int], str]]] = {"orders": [], "clicks": []}
        self.timeouts = {"orders": 0, "clicks": 0}
        self.expired_before = {"orders": 0, "clicks": 0}
        # Expired records leave memory after so few that these programs get there.
        self.compact_at, shard_module._COMPACT_AT = shard_module._COMPACT_AT, 4

    @initialize(count=st.integers(1, 4), more=st.booleans())
    def begin(self, count: int, more: bool) -> None:
        self.create("orders", count, rest=True)
        if more:
            self.create("clicks", 1, rest=True)
        self.start_reader("orders")

    def teardown(self) -> None:
        try:
            self.settle()
            for name, stream in self.streams.items():
                if stream.shards and stream.gone_at is None:
                    self.audit(name, Reader(self.client, name))
                    if name in self.readers:
                        self.audit(name, self.readers[name])
                stream.check_numbers()
                stream.check_rates()
        finally:
            shard_module._COMPACT_AT = self.compact_at

    # The state of things

    @property
    def now(self) -> int:
        now: int = self.client.clock.now
        return now

    def look(self) -> None:
        """Bring the model to this moment, and hold what the API shows to it."""
        now = self.now
        for name, stream in list(self.streams.items()):
            if stream.gone_at is not None and now >= stream.gone_at:
                del self.streams[name]
                self.readers.pop(name, None)
        assert self.ask("ListStreams")["StreamNames"] == sorted(self.streams)
        for name, stream in self.streams.items():
            summary = self.ask("DescribeStreamSummary", StreamName=name)["StreamDescriptionSummary"]
            assert summary["StreamStatus"] == stream.status(now)
            assert summary["RetentionPeriodHours"] == stream.retention
            if stream.status(now) != "CREATING":
                self.look_at_shards(stream)
            assert summary["OpenShardCount"] == len(stream.open)

    def ask(self, operation: str, **request: Any) -> dict[str, Any]:
        """An answer at this moment: no time passes."""
        return self.client.account.streams().call(operation, request)

    def look_at_shards(self, stream: Stream) -> None:
        now = self.now
        stream.forget(now)
        answer = self.ask("ListShards", StreamName=stream.name, MaxResults=5)
        listed = answer["Shards"]
        while "NextToken" in answer:
            answer = self.ask("ListShards", NextToken=answer["NextToken"], MaxResults=5)
            listed += answer["Shards"]
        before = set(stream.shards)
        for shown in listed:
            if shown["ShardId"] not in stream.shards:
                self.take_in(stream, shown)
        born = [stream.shards[shard_id] for shard_id in stream.shards if shard_id not in before]
        if born and not before:
            self.check_first_layout(stream, born)
        elif born:
            assert stream.status(now) != "ACTIVE" or now >= stream.busy_until
        for shown in listed:
            self.check_shown(stream, stream.shards[shown["ShardId"]], shown)
        assert [shown["ShardId"] for shown in listed] == sorted(
            shard.shard_id for shard in stream.shards.values() if not shard.expired
        )
        if stream.shards:
            self.check_ring(stream)
            self.check_change(stream, born)

    def take_in(self, stream: Stream, shown: dict[str, Any]) -> None:
        """A shard that was not there before: its parents take no more records."""
        parents = [
            shown[name] for name in ("ParentShardId", "AdjacentParentShardId") if name in shown
        ]
        own = self.client.stream(stream.name).shard(shown["ShardId"])
        assert own is not None
        hashes = shown["HashKeyRange"]
        shard = Shard(
            shown["ShardId"],
            int(hashes["StartingHashKey"]),
            int(hashes["EndingHashKey"]),
            parents,
            own.opened,
        )
        assert shard.shard_id == f"shardId-{len(stream.shards):012d}"
        stream.shards[shard.shard_id] = shard
        for parent_id in parents:
            parent = stream.shards[parent_id]
            parent.children.append(shard.shard_id)
            parent.closed = shard.opened

    def check_first_layout(self, stream: Stream, born: list[Shard]) -> None:
        width = RING // stream.shard_count
        assert [shard.start for shard in born] == [
            number * width for number in range(stream.shard_count)
        ]
        assert all(not shard.parents and shard.opened == stream.ready for shard in born)

    def check_shown(self, stream: Stream, shard: Shard, shown: dict[str, Any]) -> None:
        numbers = shown["SequenceNumberRange"]
        first = int(numbers["StartingSequenceNumber"])
        assert ("EndingSequenceNumber" in numbers) == (shard.closed is not None)
        last = int(numbers.get("EndingSequenceNumber", 10**130))
        for record in shard.records[:1] + shard.records[-1:]:
            assert record.number is None or first < int(record.number) < last
        if shard.closed is not None:
            assert shard.children
            joined = [stream.shards[child] for child in shard.children]
            assert min(child.start for child in joined) <= shard.start
            assert max(child.end for child in joined) >= shard.end

    def check_ring(self, stream: Stream) -> None:
        """The open shards cover every hash key exactly once."""
        ring = stream.open
        assert ring[0].start == 0
        assert ring[-1].end == RING - 1
        assert all(left.end + 1 == right.start for left, right in pairwise(ring))

    def check_change(self, stream: Stream, born: list[Shard]) -> None:
        """A split or merge comes at once at its end; an update ends with equal shards."""
        if self.now < stream.busy_until:
            assert stream.target is not None or not born or not stream.coming
            return
        if stream.coming and stream.gone_at is None:
            assert [(each.parents, each.start, each.end) for each in born] == stream.coming
            assert all(shard.opened == stream.busy_until for shard in born)
        if stream.target is not None and stream.gone_at is None:
            assert len(stream.open) == stream.target
            for number, shard in enumerate(stream.open):
                even = number * (RING // stream.target)
                kept = shard.start in stream.borders and abs(shard.start - even) <= ROUNDING
                assert kept or shard.start == even
        stream.coming, stream.target = [], None

    def exists(self, name: str) -> bool:
        return name in self.streams

    # Calls

    def attempt(self, operation: str, expected: str | None, **request: Any) -> Reply:
        """One call, which must be refused with the code `expected`, or answered if that is None."""
        reply = self.client.attempt(operation, request)
        refused = reply.error.code if reply.error is not None else None
        assert refused == expected, f"{operation}: {refused}, due was {expected}"
        return reply

    def pace(self) -> None:
        """AWS takes five calls a second of most operations that change or describe a stream."""
        self.sleep(SECOND // 4)
        self.look()

    def go_on(self, name: str, rest: bool) -> None:
        """After a change: at once, or when the stream has come to rest."""
        self.look()
        if rest and self.exists(name):
            stream = self.streams[name]
            self.sleep(max(0, stream.ready - self.now, stream.busy_until - self.now))

    def refusal_of_change(self, name: str) -> str | None:
        if not self.exists(name):
            return NOT_FOUND
        return None if self.streams[name].status(self.now) == "ACTIVE" else IN_USE

    def sleep(self, span: int) -> None:
        """Let time pass, with a look whenever a stream comes to rest."""
        until = self.now + span
        for stream in list(self.streams.values()):
            for moment in (stream.ready, stream.busy_until):
                if self.now < moment < until:
                    self.client.clock.advance_to(moment)
                    self.look()
        self.client.clock.advance_to(until)
        self.look()

    @rule(name=names, steps=lives, count=st.integers(1, 4), rest=rests)
    def live(self, name: str, steps: list[str], count: int, rest: bool) -> None:
        """A stream is made, given up, or both."""
        for step in steps:
            if step == "create":
                self.create(name, count, rest)
            else:
                self.delete(name, rest)

    def create(self, name: str, count: int, rest: bool) -> None:
        self.pace()
        expected = IN_USE if self.exists(name) else None
        now = self.now
        self.attempt("CreateStream", expected, StreamName=name, ShardCount=count)
        if expected is None:
            self.streams[name] = Stream(name, count, now)
        self.go_on(name, rest)

    def delete(self, name: str, rest: bool) -> None:
        self.pace()
        expected = None if self.exists(name) else NOT_FOUND
        now = self.now
        self.attempt("DeleteStream", expected, StreamName=name)
        if expected is None and self.streams[name].gone_at is None:
            self.streams[name].gone_at = now + DELETING
        self.look()
        if rest:
            self.sleep(DELETING)

    @rule(span=spans)
    def wait(self, span: int) -> None:
        self.sleep(span)

    # Writing

    @rule(name=names, entry=entries)
    def put(self, name: str, entry: Any) -> None:
        self.look()
        request, record = self.entry(name, entry)
        stream = self.streams.get(name)
        now = self.now
        if stream is None or not stream.shards:
            self.attempt("PutRecord", NOT_FOUND, StreamName=name, **request)
            return
        shard = stream.owner(record.point)
        takes = not self.throttles(name, shard, now) and shard.takes(record.size, now)
        reply = self.attempt("PutRecord", None if takes else THROTTLED, StreamName=name, **request)
        if takes:
            shard.records.append(record)
            if self.timed_out(name, reply):
                return
            assert reply.answer is not None
            assert reply.answer["ShardId"] == shard.shard_id
            record.number = reply.answer["SequenceNumber"]

    @rule(name=names, batch=st.lists(entries, min_size=1, max_size=6))
    def put_many(self, name: str, batch: list[Any]) -> None:
        self.put_records(name, batch)

    @rule(name=names, key=keys, count=st.integers(340, 400), times=st.sampled_from([1, 3]))
    def flood(self, name: str, key: str, count: int, times: int) -> None:
        """As many records as a shard takes in a second, and more."""
        for _ in range(times):
            self.put_records(name, [(key, None, 0)] * count)

    @precondition(lambda self: not self.heaped_up)
    @rule(name=names, key=hot_keys, count=st.sampled_from([3, 3, 3, 12]))
    def heap_up(self, name: str, key: str, count: int) -> None:
        """Records as big as may be, one a second: soon more than one read may take at once."""
        self.heaped_up = True  # Once in a program: megabytes of JSON take their time.
        for _ in range(count):
            self.put(name, (key, None, MIB - 100))
            self.sleep(SECOND)

    @rule(name=names, key=hot_keys, size=st.sampled_from([0, 500_000]), off=edges)
    def put_when_there_is_room(self, name: str, key: str, size: int, off: int) -> None:
        """Use a second's records or bytes up, then write at the moment there is room again."""
        for batch in [[(key, None, MIB - 100)]] if size else [[(key, None, 0)] * 500] * 2:
            self.put_records(name, batch)
        if self.exists(name) and self.streams[name].shards:
            shard = self.streams[name].owner(point_of(key))
            needed = max(size, len(str(self.serial + 1))) + len(key.encode())
            self.sleep(max(0, shard.room_at(needed, self.now) + off - self.now))
            self.put(name, (key, None, size))

    def put_records(self, name: str, batch: list[Any]) -> None:
        self.look()
        made = [self.entry(name, entry) for entry in batch]
        stream = self.streams.get(name)
        now = self.now
        requests = [request for request, _ in made]
        if stream is None or not stream.shards:
            self.attempt("PutRecords", NOT_FOUND, StreamName=name, Records=requests)
            return
        failing, code = self.failing[name].pop(0) if self.failing[name] else ([], "")
        due: list[tuple[Shard, Record, str]] = []
        for index, (_, record) in enumerate(made):
            shard = stream.owner(record.point)
            if index in failing:
                outcome = code
            elif not self.throttles(name, shard, now) and shard.takes(record.size, now):
                outcome = "ok"
                shard.records.append(record)
            else:
                outcome = THROTTLED
            due.append((shard, record, outcome))
        reply = self.attempt("PutRecords", None, StreamName=name, Records=requests)
        if self.timed_out(name, reply):
            return
        assert reply.answer is not None
        answers = reply.answer["Records"]
        assert reply.answer["FailedRecordCount"] == sum(outcome != "ok" for *_, outcome in due)
        for (shard, record, outcome), answer in zip(due, answers, strict=True):
            assert answer.get("ErrorCode", "ok") == outcome
            if outcome == "ok":
                assert answer["ShardId"] == shard.shard_id
                record.number = answer["SequenceNumber"]

    def entry(self, name: str, drawn: Any) -> tuple[dict[str, Any], Record]:
        key, border, size = drawn
        self.serial += 1
        data = str(self.serial).encode().ljust(size, b".")
        request: dict[str, Any] = {"Data": data, "PartitionKey": key}
        explicit = None
        if border is not None and self.exists(name) and self.streams[name].shards:
            ring = self.streams[name].open
            place, at_start, off = border
            shard = ring[place % len(ring)]
            explicit = str(((shard.start if at_start else shard.end) + off) % RING)
            request["ExplicitHashKey"] = explicit
        arrived = self.now // MILLISECOND * MILLISECOND
        return request, Record(data, key, point_of(key, explicit), arrived, self.serial)

    def timed_out(self, name: str, reply: Reply) -> bool:
        """Whether the answer is lost, as it must be when such a fault is planned."""
        due = self.timeouts[name] > 0
        assert reply.timed_out == due
        self.timeouts[name] -= due
        self.look()
        return due

    # Reading

    @rule(name=names, where=places, kind=kinds, pick=places, off=edges, limit=limits)
    def start_to_read(
        self, name: str, where: int, kind: str, pick: int, off: int, limit: int
    ) -> None:
        """An iterator, and what it leads to; AT_TIMESTAMP often at a record's millisecond."""
        self.look()
        before = len(self.tokens)
        self.iterator(name, self.some_shard(name, where).shard_id, kind, pick, off)
        if len(self.tokens) > before:
            self.use(self.tokens[-1], limit)

    def iterator(self, name: str, shard_id: str, kind: str, pick: int, off: int) -> None:
        self.look()
        now = self.now
        stream = self.streams.get(name)
        if stream is None or not stream.shards:
            request = {"ShardId": shard_id, "ShardIteratorType": "TRIM_HORIZON"}
            self.attempt("GetShardIterator", NOT_FOUND, StreamName=name, **request)
            return
        shard = stream.shards[shard_id]
        request: dict[str, Any] = {"ShardId": shard.shard_id, "ShardIteratorType": kind}
        expected = NOT_FOUND if shard.expired else None
        place = 0
        match kind:
            case "TRIM_HORIZON":
                place = shard.gone
            case "LATEST":
                place = len(shard.records)
            case "AT_TIMESTAMP":
                moment = now - pick * SECOND
                kept = shard.records[shard.gone :]
                if kept and pick % 5:
                    moment = kept[pick % len(kept)].arrived
                moment = moment // MILLISECOND * MILLISECOND + off * MILLISECOND
                request["Timestamp"] = moment / SECOND
                place = shard.first_since(moment)
                if moment > now:
                    expected = expected or INVALID
            case _:
                known = [index for index, each in enumerate(shard.records) if each.number]
                if known:
                    place = known[pick % len(known)]
                    request["StartingSequenceNumber"] = shard.records[place].number
                else:
                    expected = expected or INVALID
                place += kind == "AFTER_SEQUENCE_NUMBER"
        if expected is None and not shard.gives_iterator(now):
            expected = THROTTLED
        reply = self.attempt("GetShardIterator", expected, StreamName=name, **request)
        if reply.answer is not None:
            text = reply.answer["ShardIterator"]
            self.tokens.append(Token(text, stream, shard, place, now))

    @precondition(lambda self: self.tokens)
    @rule(which=places, limit=limits, old=st.integers(0, 5), pages=st.integers(1, 7))
    def read(self, which: int, limit: int, old: int, pages: int) -> None:
        """Pages from one of the iterators on; mostly from one of the last few."""
        self.read_page(which, limit, old)
        for _ in range(pages - 1):
            self.read_page(0, limit, 1)

    def read_page(self, which: int, limit: int, old: int) -> None:
        recent = self.tokens[:-6:-1] if old else self.tokens
        self.use(recent[which % len(recent)], limit)

    def use(self, token: Token, limit: int) -> None:
        """One GetRecords."""
        self.look()
        now, shard, stream = self.now, token.shard, token.stream
        expected = None
        if self.streams.get(stream.name) is not stream or shard.expired:
            expected = NOT_FOUND
        elif now - token.issued > ITERATOR_LIFE or token.issued < self.expired_before[stream.name]:
            expected = EXPIRED
        elif self.throttles(stream.name, shard, now) or not shard.gives(now):
            expected = THROTTLED
        idle = self.holds(self.idle, stream.name, shard, now)
        reply = self.attempt("GetRecords", expected, ShardIterator=token.text, Limit=limit)
        if reply.answer is None:
            return
        due = [] if idle else shard.page(token.place, limit)
        self.check_page(shard, reply.answer, due)
        shard.gave(sum(record.size for record in due))
        place = max(token.place, shard.gone) + len(due)
        self.check_end(shard, reply.answer, place, now)
        if "NextShardIterator" in reply.answer:
            text = reply.answer["NextShardIterator"]
            self.tokens.append(Token(text, stream, shard, place, now))

    @precondition(lambda self: self.tokens)
    @rule(which=places, off=edges)
    def read_at_the_end_of_an_iterators_life(self, which: int, off: int) -> None:
        token = self.tokens[: -(which % 5) - 2 : -1][-1]
        moment = token.issued + ITERATOR_LIFE + off
        if moment > self.now:
            self.sleep(moment - self.now)
            self.use(token, 10_000)

    @rule(name=names, where=places, pick=places, kind=kinds, off=edges)
    def read_at_the_end_of_a_records_life(
        self, name: str, where: int, pick: int, kind: str, off: int
    ) -> None:
        self.look()
        filled = [
            shard
            for shard in (self.streams[name].shards.values() if self.exists(name) else [])
            if shard.gone < len(shard.records) and not shard.expired
        ]
        if not filled:
            return
        shard = filled[where % len(filled)]
        kept = shard.records[shard.gone :]
        moment = kept[pick % len(kept)].arrived + self.streams[name].retention * HOUR + off
        before = len(self.tokens)
        self.sleep(max(0, moment - ITERATOR_TIME - self.now))
        self.iterator(name, shard.shard_id, kind, 0, 0)
        if len(self.tokens) > before:
            self.use(self.tokens[-1], 10_000)

    @precondition(lambda self: self.tokens)
    @rule(off=edges)
    def read_when_it_is_allowed(self, off: int) -> None:
        """Use a second's reads up, then read at the moment the shard gives again."""
        token = self.tokens[-1]
        for _ in range(5):
            self.use(token, 10_000)
        for late in (off, 0, 1):
            self.sleep(max(0, token.shard.gives_at(self.now) + late - self.now))
            self.use(token, 10_000)

    def check_page(self, shard: Shard, answer: dict[str, Any], due: list[Record]) -> None:
        got = answer["Records"]
        assert [each["Data"] for each in got] == [record.data for record in due]
        assert [each["PartitionKey"] for each in got] == [record.key for record in due]
        for each, record in zip(got, due, strict=True):
            assert from_datetime(each["ApproximateArrivalTimestamp"]) == record.arrived
            if record.number is None:
                record.number = each["SequenceNumber"]
            assert each["SequenceNumber"] == record.number

    def check_end(self, shard: Shard, answer: dict[str, Any], place: int, now: int) -> None:
        """How far behind, and whether and with what the shard has ended."""
        unread = shard.records[place:]
        behind = (now - unread[0].arrived) // MILLISECOND if unread else 0
        assert answer["MillisBehindLatest"] == behind
        ended = shard.closed is not None and shard.closed <= now and not unread
        assert ("NextShardIterator" in answer) == (not ended)
        assert ("ChildShards" in answer) == ended
        if ended:
            stream = next(each for each in self.streams.values() if shard in each.shards.values())
            assert [
                (
                    child["ShardId"],
                    child["ParentShards"],
                    int(child["HashKeyRange"]["StartingHashKey"]),
                    int(child["HashKeyRange"]["EndingHashKey"]),
                )
                for child in answer["ChildShards"]
            ] == [
                (child.shard_id, child.parents, child.start, child.end)
                for child in (stream.shards[shard_id] for shard_id in shard.children)
            ]

    def start_reader(self, name: str) -> None:
        self.pace()
        if name not in self.readers and self.exists(name) and self.streams[name].shards:
            self.readers[name] = Reader(self.client, name)

    @rule(name=names, which=places, limit=limits, calls=st.integers(1, 5))
    def read_on(self, name: str, which: int, limit: int, calls: int) -> None:
        """A consumer makes its next calls; other readers of the shard feel it."""
        self.start_reader(name)
        for _ in range(calls):
            self.one_step(name, which, limit)

    def one_step(self, name: str, which: int, limit: int) -> None:
        self.look()
        reader = self.readers.get(name)
        if reader is None or not reader.places:
            return
        shard = self.streams[name].shards[reader.choice(which)]
        now, log = self.now, self.client.account.calls.attempts
        before = len(log)
        reader.step(which, limit)
        attempt = log[before]
        reads = attempt.operation == "GetRecords"
        if attempt.outcome == "ok":
            assert shard.gives(now) if reads else shard.gives_iterator(now)
            if reads:
                shard.gave(attempt.touches[0][2])
        elif attempt.outcome == THROTTLED and not self.throttles(name, shard, now):
            assert not (shard.gives(now) if reads else shard.gives_iterator(now))
        self.look()

    # Resharding

    @rule(name=names, where=places, cut=cuts, rest=rests)
    def split(self, name: str, where: int, cut: int | Fraction, rest: bool) -> None:
        self.pace()
        expected = self.refusal_of_change(name)
        shard = self.some_shard(name, where)
        if isinstance(cut, Fraction):
            at = shard.start + int((shard.end - shard.start) * cut)
        else:
            at = shard.start + cut if cut >= 0 else shard.end + cut + 1
        if expected is None:
            expected = self.refusal_of_parent(shard)
        if expected is None and not shard.start + 1 < at < shard.end:
            expected = INVALID
        if expected is None and len(self.streams[name].open) >= MOST_SHARDS:
            return
        now = self.now
        self.attempt(
            "SplitShard",
            expected,
            StreamName=name,
            ShardToSplit=shard.shard_id,
            NewStartingHashKey=str(at),
        )
        if expected is None:
            stream = self.streams[name]
            stream.busy_until = now + RESHARDING
            stream.coming = [
                ([shard.shard_id], shard.start, at - 1),
                ([shard.shard_id], at, shard.end),
            ]
        self.go_on(name, rest)

    @rule(name=names, where=places, other=places, rest=rests)
    def merge(self, name: str, where: int, other: int, rest: bool) -> None:
        """Two neighbours on the ring, mostly; else any two."""
        self.pace()
        expected = self.refusal_of_change(name)
        left, right = self.some_shard(name, where), self.some_shard(name, other)
        ring = self.streams[name].open if self.exists(name) else []
        if len(ring) > 1 and other % 4:
            place = where % (len(ring) - 1)
            left, right = ring[place], ring[place + 1]
            if other % 7 == 0:
                left, right = right, left
        if expected is None:
            expected = self.refusal_of_parent(left) or self.refusal_of_parent(right)
        if expected is None and left.end + 1 != right.start:
            expected = INVALID
        now = self.now
        self.attempt(
            "MergeShards",
            expected,
            StreamName=name,
            ShardToMerge=left.shard_id,
            AdjacentShardToMerge=right.shard_id,
        )
        if expected is None:
            stream = self.streams[name]
            stream.busy_until = now + RESHARDING
            stream.coming = [([left.shard_id, right.shard_id], left.start, right.end)]
        self.go_on(name, rest)

    def some_shard(self, name: str, where: int) -> Shard:
        """A shard of the stream, mostly one that is open or has records, or its first to come."""
        stream = self.streams.get(name)
        if stream is None or not stream.shards:
            return Shard("shardId-000000000000", 0, RING - 1, [], 0)
        every = list(stream.shards.values())
        filled = [shard for shard in every if shard.gone < len(shard.records)]
        shards = [every, stream.open, filled, filled][where % 4] or every
        return shards[where // 4 % len(shards)]

    @rule(name=names, kind=filters, where=places, off=edges)
    def list_some(self, name: str, kind: str, where: int, off: int) -> None:
        """ListShards with a filter; moments are often those at which a shard opened or closed."""
        self.look()
        if not self.exists(name) or not self.streams[name].shards:
            return
        stream, shard = self.streams[name], self.some_shard(name, where)
        moment = (shard.opened if where % 2 or shard.closed is None else shard.closed) + off
        asked: dict[str, Any] = {"Type": kind}
        if kind.endswith("TIMESTAMP"):
            asked["Timestamp"] = moment
        if kind == "AFTER_SHARD_ID":
            asked["ShardId"] = shard.shard_id
        since = stream.horizon(self.now)
        if "Timestamp" in asked:
            since = max(since, moment)
        due = [
            each.shard_id
            for each in stream.shards.values()
            if not each.expired and each.passes(kind, max(since, stream.ready), shard.shard_id)
        ]
        listed = self.ask("ListShards", StreamName=name, ShardFilter=asked)["Shards"]
        assert [each["ShardId"] for each in listed] == due

    def refusal_of_parent(self, shard: Shard) -> str | None:
        if shard.expired:
            return NOT_FOUND
        return None if shard.closed is None else INVALID

    @rule(name=names, count=st.integers(1, MOST_SHARDS), rest=rests, often=st.integers(0, 9))
    def scale(self, name: str, count: int, rest: bool, often: int) -> None:
        """Once; or to what there is already, ten times in a day and once too often."""
        if often or not self.exists(name) or not self.streams[name].shards:
            self.scale_once(name, count, rest)
        else:
            for _ in range(11):
                # A deletion may fall due on the way.
                current = len(self.streams[name].open) if self.exists(name) else 1
                self.scale_once(name, max(1, current), True)

    def scale_once(self, name: str, count: int, rest: bool) -> None:
        self.pace()
        now = self.now
        expected = self.refusal_of_change(name)
        if expected is None:
            stream = self.streams[name]
            current = len(stream.open)
            recent = [moment for moment in stream.count_updates if now - moment < DAY]
            if count > 2 * current or 2 * count < current or len(recent) >= 10:
                expected = LIMIT
        self.attempt(
            "UpdateShardCount",
            expected,
            StreamName=name,
            TargetShardCount=count,
            ScalingType="UNIFORM_SCALING",
        )
        if expected is None:
            stream = self.streams[name]
            stream.count_updates.append(now)
            stream.busy_until = now + SCALING
            stream.target = count
            stream.borders = {shard.start for shard in stream.open}
        self.go_on(name, rest)

    @rule(
        name=names,
        hours=hours,
        longer=st.booleans(),
        rest=rests,
    )
    def keep(self, name: str, hours: int, longer: bool, rest: bool) -> None:
        """Change the retention."""
        self.pace()
        now = self.now
        expected = self.refusal_of_change(name)
        kept = self.streams[name].retention if self.exists(name) else 24
        if expected is None and (hours < kept if longer else hours > kept):
            expected = INVALID
        verb = "Increase" if longer else "Decrease"
        operation = f"{verb}StreamRetentionPeriod"
        self.attempt(operation, expected, StreamName=name, RetentionPeriodHours=hours)
        if expected is None and hours != kept:
            stream = self.streams[name]
            stream.keep(hours, now)
            stream.busy_until = now + KEEPING
        self.go_on(name, rest)

    # Faults

    @rule(name=names, trouble=troubles, where=wheres, off=st.one_of(st.none(), edges))
    def plan(self, name: str, trouble: Any, where: int | None, off: int | None) -> None:
        """A fault, of the stream or of one of its shards; one that lasts is perhaps waited for."""
        faults = self.client.account.faults
        kind, *details = trouble
        shard_id = None if where is None else self.some_shard(name, where).shard_id
        match kind:
            case "throttle" | "idle":
                (span,) = details
                getattr(faults, kind)(name, shard_id, span)
                planned = self.throttled if kind == "throttle" else self.idle
                until = max(planned.get((name, shard_id), 0), self.now + span)
                planned[name, shard_id] = until
                if off is not None:
                    self.sleep(until + off - self.now)
                    self.put(name, ("hot", None, 0))
            case "fail_entries":
                indices, code = details
                faults.fail_entries(name, indices, 2, code)
                self.failing[name] += [(indices, code)] * 2
            case "time_out_after_write":
                faults.time_out_after_write(name, 1)
                self.timeouts[name] += 1
            case "expire_iterators":
                faults.expire_iterators(name)
                self.expired_before[name] = self.now

    def throttles(self, name: str, shard: Shard, now: int) -> bool:
        return self.holds(self.throttled, name, shard, now)

    def holds(
        self, planned: dict[tuple[str, str | None], int], name: str, shard: Shard, now: int
    ) -> bool:
        return any(planned.get((name, which), 0) > now for which in (None, shard.shard_id))

    # The end

    def settle(self) -> None:
        """Let every change and every fault come to its end."""
        self.sleep(2 * 60 * SECOND)

    def audit(self, name: str, reader: Reader) -> None:
        """A consumer that reads to the end has every record of each key, in order and once."""
        stream = self.streams[name]
        reader.run()
        self.look()
        by_number: dict[str, Record] = {}
        by_data = {
            record.data: record for shard in stream.shards.values() for record in shard.records
        }
        last: dict[int, int] = {}
        for _, got in reader.seen:
            record = by_data[got["Data"]]
            record.number = record.number or got["SequenceNumber"]
            assert got["SequenceNumber"] == record.number
            assert record.number not in by_number, "a record came twice"
            by_number[record.number] = record
            assert last.get(record.point, 0) < record.serial, "a key's records came out of order"
            last[record.point] = record.serial
        for shard in stream.shards.values():
            for record in shard.records[shard.gone :]:
                assert record.number in by_number, "a record was lost"
