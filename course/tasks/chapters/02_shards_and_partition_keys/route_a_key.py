"""Route a key by hand: which shard takes a record with this partition key?"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import md5
from itertools import pairwise
from typing import Any

from course.simulator.streams.hash_ring import hash_key
from course.tasks import workbench
from course.tasks.task import Case, Evidence, Misconception, Stage, Task


def _play(stage: Stage, keys: list[str], shards: int, split: bool = False) -> None:
    stream = workbench.make_stream(stage.account, shards)
    if split:
        # Right behind the point of a key: that key sits at the very end of its arc.
        point = hash_key(stage.random.choice(keys))
        parent = stream.ring.owner_of_hash(point)
        workbench.split(stage.account, stream, parent, point + 1)
    listed = workbench.list_shards(stage.account, stream)
    truth = workbench.put(stage.account, stream, keys)
    stage.note(keys=keys, shards=listed, truth=truth)
    answers = stage.call_each("shard_for", [[key, listed] for key in keys])
    stage.note(answers=answers)
    for key, answer, home in zip(keys, answers, truth, strict=True):
        stage.expect(
            answer == home,
            f"`shard_for({workbench.shown(key)}, shards)` returned `{workbench.shown(answer)}`, "
            f"and a record with that key landed in `{home}`.",
        )
    written = _writes(stage.evidence)
    stage.expect(written == 0, f"`shard_for` put {written} records into the stream.")


def _writes(evidence: Evidence) -> int:
    return sum(attempt.operation in ("PutRecord", "PutRecords") for attempt in evidence.attempts)


def _article_keys(stage: Stage) -> None:
    # All of them numbers, so that who takes a remainder of them gets as far as an answer.
    _play(stage, ["0", "1", "2", "3", "17", "42"], 4)


def _world_keys(stage: Stage) -> None:
    _play(stage, ["C-0042", "Zoë", "東京", "ORD-1 🚲", "a" * 256, "7"], 8)


def _closed_shard(stage: Stage) -> None:
    _play(stage, [str(number) for number in range(40)], 3, split=True)


def _any(stage: Stage) -> None:
    keys = [f"{stage.random.choice('CDEF')}-{stage.random.randrange(9999)}" for _ in range(40)]
    keys += [str(stage.random.randrange(10**6)) for _ in range(10)]
    _play(stage, keys, stage.random.randrange(2, 13), split=True)


Rule = Callable[[str, list[dict[str, Any]]], str | None]


def _follows(evidence: Evidence, rule: Rule) -> bool:
    """Whether all answers are what `rule(key, shards)` gives."""
    notes = evidence.notes
    return all(
        rule(key, notes["shards"]) == answer
        for key, answer in zip(notes["keys"], notes["answers"], strict=True)
    )


def _modulo(key: str, shards: list[dict[str, Any]]) -> str:
    return str(shards[int(key) % len(shards)]["ShardId"])


def _hash_modulo(key: str, shards: list[dict[str, Any]]) -> str:
    return str(shards[hash_key(key) % len(shards)]["ShardId"])


def _equal_arcs(key: str, shards: list[dict[str, Any]]) -> str:
    return str(shards[hash_key(key) * len(shards) >> 128]["ShardId"])


def _open_equal_arcs(key: str, shards: list[dict[str, Any]]) -> str:
    return _equal_arcs(key, [shard for shard in shards if not _is_closed(shard)])


def _as_text(key: str, shards: list[dict[str, Any]]) -> str | None:
    point = str(hash_key(key))
    return _owner(shards, lambda start, end: start <= point <= end)


def _as_hex_text(key: str, shards: list[dict[str, Any]]) -> str | None:
    point = f"{hash_key(key):032x}"
    return _owner(shards, lambda start, end: start <= point <= end)


def _little_endian(key: str, shards: list[dict[str, Any]]) -> str | None:
    point = int.from_bytes(md5(key.encode(), usedforsecurity=False).digest(), "little")
    return _owner(shards, lambda start, end: int(start) <= point <= int(end))


def _owner(shards: list[dict[str, Any]], holds: Callable[[str, str], bool]) -> str | None:
    for shard in shards:
        edges = shard["HashKeyRange"]
        if holds(edges["StartingHashKey"], edges["EndingHashKey"]):
            return str(shard["ShardId"])
    return None


def _is_closed(shard: dict[str, Any]) -> bool:
    return "EndingSequenceNumber" in shard["SequenceNumberRange"]


def _counted(evidence: Evidence) -> str | None:
    if not (_follows(evidence, _hash_modulo) or _follows(evidence, _modulo)):
        return None
    return (
        f"You take a remainder: you divide by the {len(evidence.notes['shards'])} shards. Kinesis "
        "never divides. The MD5 of the key is a point on the ring, and the shard whose hash key "
        "range holds that point takes the record."
    )


def _in_turn(evidence: Evidence) -> str | None:
    ids = [shard["ShardId"] for shard in evidence.notes["shards"]]
    answers = evidence.notes["answers"]
    turns = [ids.index(answer) for answer in answers]
    steps = {(after - before) % len(ids) for before, after in pairwise(turns)}
    if steps != {1}:
        return None
    return (
        "You deal out one shard after the other, whatever the key. Kinesis looks at the key "
        "alone: the same key always goes to the same shard."
    )


def _divided(evidence: Evidence) -> str | None:
    if not (_follows(evidence, _equal_arcs) or _follows(evidence, _open_equal_arcs)):
        return None
    return (
        "You divide the ring into equal arcs. That held while the stream was new; one shard has "
        "been split since, so two arcs are half as long as the others. Read each shard's "
        "`HashKeyRange`."
    )


def _compared_as_text(evidence: Evidence) -> str | None:
    if not (_follows(evidence, _as_text) or _follows(evidence, _as_hex_text)):
        return None
    return (
        "You compare hash keys as text, where '9' is greater than '10'. The API writes these "
        "numbers as text because they are too big for JSON; make integers of them first."
    )


def _read_backwards(evidence: Evidence) -> str | None:
    if not _follows(evidence, _little_endian):
        return None
    return (
        "You read the 16 bytes of the MD5 from the wrong end. The first byte is the biggest: "
        "`int(md5(...).hexdigest(), 16)`."
    )


def _closed(evidence: Evidence) -> str | None:
    closed = {shard["ShardId"] for shard in evidence.notes["shards"] if _is_closed(shard)}
    found = [answer for answer in evidence.notes["answers"] if answer in closed]
    if not found:
        return None
    return (
        f"`{found[0]}` is closed: it was split. `list_shards` still lists it, because its records "
        "can be read, but a shard with an `EndingSequenceNumber` takes no more."
    )


def _asked_by_writing(evidence: Evidence) -> str | None:
    if not _writes(evidence):
        return None
    return (
        "Every question of support leaves a record that somebody has to read. The key and the "
        "hash key ranges tell it without a write."
    )


TASK = Task(
    name="route-a-key",
    names=("shard_for",),
    cases=(
        Case("the article's keys on four shards", _article_keys),
        Case("keys from all over the world on eight shards", _world_keys),
        Case("a stream with a closed shard", _closed_shard),
        Case("other keys, other shards", _any, hidden=True),
    ),
    misconceptions=(
        Misconception("ask-by-writing", "only a write shows where a key goes", _asked_by_writing),
        Misconception("P9", "a key's shard is the key modulo the number of shards", _counted),
        Misconception("P9-round-robin", "Kinesis deals records out in turn", _in_turn),
        Misconception("equal-arcs", "all shards have equal shares of the ring", _divided),
        Misconception("closed-takes", "every shard that is listed takes records", _closed),
        Misconception("hash-as-text", "hash keys can be compared as text", _compared_as_text),
        Misconception("hash-backwards", "any 128 bits of the MD5 will do", _read_backwards),
    ),
    hints=(
        "The partition key decides, and nothing else. What does Kinesis make of it first?",
        "MD5 turns the key into a number on the ring. One open shard's `HashKeyRange` holds that "
        "number; both of its ends belong to it. The ends come as text.",
        "`point = int(md5(partition_key.encode()).hexdigest(), 16)`; then go through the shards, "
        "skip those with an `EndingSequenceNumber`, and return the one with "
        "`int(StartingHashKey) <= point <= int(EndingHashKey)`.",
    ),
)
