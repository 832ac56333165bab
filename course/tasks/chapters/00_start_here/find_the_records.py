"""Warm-up: find the shard that holds the records, in any stream."""

from __future__ import annotations

from typing import Any

from course.shop import STREAM
from course.tasks import workbench
from course.tasks.task import Case, Evidence, Misconception, Stage, Task


def _play(stage: Stage) -> None:
    """Three streams, each with all of its records in one shard: at the end, then in the middle."""
    for number, (shards, key) in enumerate(((4, "0"), (3, "C-0001"), (6, "東京"))):
        name = f"{STREAM}-{number}"
        stream = workbench.make_stream(stage.account, shards, name)
        home, *_ = workbench.put(stage.account, stream, [key] * 10)
        stage.note(shards=[shard.shard_id for shard in stream.shards], home=home, answer=None)
        answer = stage.call("shard_with_records", name)
        stage.note(answer=answer)
        stage.expect(
            answer == home,
            f"`shard_with_records({name!r})` returned `{workbench.shown(answer)}`; the ten records "
            f"are in `{home}`, one of {shards} shards.",
        )


def _read(evidence: Evidence) -> set[Any]:
    return {
        shard for attempt in evidence.attempts for shard, *_ in attempt.touches if shard is not None
    }


def _first_shard(evidence: Evidence) -> str | None:
    notes = evidence.notes
    if notes["answer"] != notes["shards"][0]:
        return None
    return "That is the stream's first shard, and it is empty."


def _without_looking(evidence: Evidence) -> str | None:
    if _read(evidence) or not isinstance(evidence.notes["answer"], str):
        return None
    return (
        "Your code did not read a single shard. Where the records are differs from stream to "
        "stream: ask `list_shards`, then look into each of them."
    )


def _from_now_on(evidence: Evidence) -> str | None:
    kinds = {
        attempt.request.get("ShardIteratorType")
        for attempt in evidence.attempts
        if attempt.operation == "GetShardIterator"
    }
    if kinds != {"LATEST"}:
        return None
    return (
        "You opened the shards at LATEST, which begins behind the newest record and shows only "
        "what comes from now on. TRIM_HORIZON begins with the oldest."
    )


TASK = Task(
    name="find-the-records",
    names=("shard_with_records",),
    cases=(Case("three streams", _play),),
    misconceptions=(
        Misconception("C3", "LATEST shows what is in the stream now", _from_now_on),
        Misconception("C1", "a stream is shard 0", _first_shard),
        Misconception("C1-fixed", "what holds for one stream holds for the next", _without_looking),
    ),
    hints=(
        "You did it by hand a moment ago, for one shard. Do it for each.",
        "`list_shards` names the shards. For each, take an iterator at TRIM_HORIZON and read one "
        "page; the shard whose page is not empty is the one.",
        '`for shard in kinesis.list_shards(StreamName=stream_name)["Shards"]:` get an iterator, '
        "`get_records`, and return the `ShardId` once `Records` is not empty.",
    ),
)
