"""Find the hot shard from the call log alone: who refuses writes?"""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from typing import Any

from course import facts
from course.simulator.call_log import COLUMNS
from course.simulator.clock import MILLISECOND, SECOND
from course.simulator.streams.shard import Shard
from course.simulator.streams.stream import Stream
from course.tasks import workbench
from course.tasks.task import Case, Evidence, Misconception, Stage, Task

SHARDS = 6
SECONDS = 3


def _play(
    stage: Stage, hot_records: int, hot_bytes: int, readers: bool = False, pinched: bool = False
) -> None:
    """Some seconds of traffic: one hot shard, two busy but healthy ones, and quiet ones.

    With `pinched` a quiet one refuses more calls than the hot one, but only one record in each.
    """
    stream = workbench.make_stream(stage.account, SHARDS)
    hot, busy, heavy, read, polled, quiet = stage.random.sample(stream.shards, SHARDS)
    for _ in range(SECONDS):
        if readers:
            _poll(stage, stream, read, "TRIM_HORIZON", times=5)
            _poll(stage, stream, polled, "LATEST", times=9)
        _put(stage, stream, hot, hot_records, hot_bytes)
        _put(stage, stream, busy, 900, 100)
        _put(stage, stream, heavy, 6, 100_000)
        _put(stage, stream, read, 300, 100)
        for shard in (polled, quiet):
            _put(stage, stream, shard, stage.random.randrange(60, 120), 300)
        for _ in range(2 if pinched else 0):
            stage.account.faults.throttle(stream.name, quiet.shard_id, MILLISECOND)
            _put(stage, stream, quiet, 1, 300)
        stage.account.clock.advance_to(-(-stage.account.clock.now // SECOND) * SECOND)
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in stage.account.calls.rows()]
    for row in rows:
        row["time"] /= SECOND
    stage.account.calls.attempts.clear()
    stage.note(rows=rows, hot=hot.shard_id)
    answer = stage.call("hot_shard", rows)
    stage.note(answer=answer)
    stage.expect(
        answer == hot.shard_id,
        f"`hot_shard(calls)` returned `{workbench.shown(answer)}`; {_story(rows, answer)}. "
        f"`{hot.shard_id}` refused {_refused(rows)[hot.shard_id]:,} records.",
    )


def _put(stage: Stage, stream: Stream, shard: Shard, count: int, size: int) -> None:
    """Offer records to one shard, in calls of 500 as a producer would."""
    data = b64encode(bytes(size)).decode()
    point = str(stage.random.randrange(shard.hash_range.start, shard.hash_range.end))
    for start in range(0, count, 500):
        entry = {"Data": data, "PartitionKey": "k", "ExplicitHashKey": point}
        entries = [entry] * min(500, count - start)
        _ask(stage, "PutRecords", StreamName=stream.name, Records=entries)


def _poll(stage: Stage, stream: Stream, shard: Shard, start: str, times: int) -> None:
    """Read one shard; more than five times in a second is more than it allows."""
    answer = _ask(
        stage,
        "GetShardIterator",
        StreamName=stream.name,
        ShardId=shard.shard_id,
        ShardIteratorType=start,
    )
    for _ in range(times):
        _ask(stage, "GetRecords", ShardIterator=answer["ShardIterator"])


def _ask(stage: Stage, operation: str, **request: Any) -> dict[str, Any]:
    reply = stage.account.execute("kinesis", operation, json.dumps(request).encode())
    return reply.answer or {}


def _a_hot_customer(stage: Stage) -> None:
    _play(stage, 1_400, 200)


def _two_readers(stage: Stage) -> None:
    _play(stage, 17, 70_000, readers=True)


def _heavy_records(stage: Stage) -> None:
    _play(stage, 20, 60_000, pinched=True)


def _any(stage: Stage) -> None:
    _play(stage, *stage.random.choice([(1_300, 150), (19, 65_000)]), readers=True)


def _writes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["operation"] in ("PutRecord", "PutRecords")]


def _refused(rows: list[dict[str, Any]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for row in _writes(rows):
        if row["outcome"] != "ok":
            counts[row["shard"]] += row["records"]
    return counts


def _sum(rows: list[dict[str, Any]], column: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for row in rows:
        if row["shard"] is not None:
            counts[row["shard"]] += row[column]
    return counts


def _story(rows: list[dict[str, Any]], answer: Any) -> str:
    stored = sum(
        row["records"] for row in _writes(rows) if row["shard"] == answer and row["outcome"] == "ok"
    )
    if not stored:
        return "the id of a shard was due"
    return f"that shard stored {stored:,} records and refused {_refused(rows)[answer]:,}"


def _is_top(evidence: Evidence, counts: Counter[str]) -> bool:
    return bool(counts) and counts.most_common(1)[0][0] == evidence.notes["answer"]


def _read_refusals(evidence: Evidence) -> str | None:
    rows = evidence.notes["rows"]
    refused_calls = Counter(row["shard"] for row in rows if row["outcome"] != "ok")
    reads = Counter(
        row["shard"] for row in rows if row["operation"] == "GetRecords" and row["outcome"] != "ok"
    )
    if not _is_top(evidence, reads) or not _is_top(evidence, refused_calls):
        return None
    return (
        f"What it refused were {reads[evidence.notes['answer']]} reads: somebody polls it more "
        f"often than {facts.shard.read_calls_per_second} times a second. A hot shard refuses "
        "writes; look at PutRecord and PutRecords only."
    )


def _reads_counted(evidence: Evidence) -> str | None:
    rows = evidence.notes["rows"]
    if not _is_top(evidence, _sum(rows, "records")) or _is_top(
        evidence, _sum(_writes(rows), "records")
    ):
        return None
    return (
        "It has the most records in the log, but most of them were read, not written, and the "
        "same record can be read again and again."
    )


def _records_counted(evidence: Evidence) -> str | None:
    stored = [row for row in _writes(evidence.notes["rows"]) if row["outcome"] == "ok"]
    if not _is_top(evidence, _sum(stored, "records")):
        return None
    return f"It stored the most records, but one with fewer can run out of bytes. {_LIMITS}"


def _bytes_counted(evidence: Evidence) -> str | None:
    if not _is_top(evidence, _sum(_writes(evidence.notes["rows"]), "bytes")):
        return None
    return f"It was sent the most bytes, but one with fewer can run out of records. {_LIMITS}"


_LIMITS = (
    f"A shard takes {facts.text('shard.write_records_per_second')} and "
    f"{facts.text('shard.write_bytes_per_second')} a second, and is hot when either runs out."
)


TASK = Task(
    name="find-the-hot-shard",
    names=("hot_shard",),
    cases=(
        Case("a hot customer", _a_hot_customer),
        Case("two readers beside it", _two_readers),
        Case("a few heavy records", _heavy_records),
        Case("another day", _any, hidden=True),
    ),
    misconceptions=(
        Misconception("reads-are-heat", "any throttle means a hot shard", _read_refusals),
        Misconception("reads-count", "what is read makes a shard hot", _reads_counted),
        Misconception(
            "records-only", "the shard with the most records is the hot one", _records_counted
        ),
        Misconception("bytes-only", "the shard with the most bytes is the hot one", _bytes_counted),
    ),
    hints=(
        "A hot shard is not the one that stores the most. What does a shard do when it has had "
        "enough?",
        "Each row says which shard, how many records, and an outcome. Refused writes are rows of "
        'PutRecord or PutRecords whose outcome is not "ok".',
        'Go through the rows; where the operation starts with Put and the outcome is not "ok", '
        "add `records` to a counter under the row's shard; return the shard with the most.",
    ),
)
