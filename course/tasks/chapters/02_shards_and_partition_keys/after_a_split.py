"""Predict where keys go after a split: lower child, upper child, or not moved at all."""

from __future__ import annotations

from typing import Any

from course.simulator.streams.hash_ring import hash_key
from course.tasks import workbench
from course.tasks.task import Case, Evidence, Misconception, Stage, Task

KEYS = 60
FEWEST_INSIDE = 8


def _play(stage: Stage, shards: int, place: int, at_share: float) -> None:
    """Split one shard at a key's own point, then really put the keys."""
    stream = workbench.make_stream(stage.account, shards)
    listed = workbench.list_shards(stage.account, stream)
    parent = stream.open_shards[place]
    inside: list[str] = []
    while len(inside) < FEWEST_INSIDE:
        keys = [f"C-{number:04d}" for number in stage.random.sample(range(10_000), KEYS)]
        inside = [key for key in keys if stream.ring.owner_of_key(key) is parent]
    # The split falls exactly on a key that we ask about, with others on both sides of it.
    line = sorted(inside, key=hash_key)[round(at_share * len(inside))]
    at = hash_key(line)
    workbench.split(stage.account, stream, parent, at)
    lower, upper = parent.children
    names = {lower.shard_id: "lower", upper.shard_id: "upper"}
    landed = workbench.put(stage.account, stream, keys)
    truth = {key: names.get(home, "stays") for key, home in zip(keys, landed, strict=True)}

    described = next(shard for shard in listed if shard["ShardId"] == parent.shard_id)
    stage.note(keys=keys, parent=parent, at=at, line=line, truth=truth)
    answers = stage.call_each("after_split", [[key, described, str(at)] for key in keys])
    stage.note(answers=dict(zip(keys, answers, strict=True)))
    for key, answer in zip(keys, answers, strict=True):
        stage.expect(
            answer == truth[key],
            f"`after_split({key!r}, ...)` returned `{workbench.shown(answer)}`; after the split "
            f"its next record {_happened(truth[key], parent.shard_id)}.",
        )


def _happened(truth: str, parent: str) -> str:
    if truth == "stays":
        return f"landed where it did before: it never lived in `{parent}`"
    return f"landed in the {truth} child of `{parent}`"


def _middle(stage: Stage) -> None:
    # The third shard's start comes before its end as text, too. So whoever compares text gets
    # another picture than whoever lets every key stay.
    _play(stage, 4, 2, 0.5)


def _off_centre(stage: Stage) -> None:
    # Here points of 38 digits meet points of 39, on both sides of the cut.
    _play(stage, 4, 1, 0.2)


def _any(stage: Stage) -> None:
    shards = stage.random.randrange(3, 6)
    _play(stage, shards, stage.random.randrange(shards), stage.random.choice([0.15, 0.35, 0.8]))


def _swap(answer: Any) -> Any:
    return {"lower": "upper", "upper": "lower"}.get(answer, answer)


def _on_the_line(evidence: Evidence) -> str | None:
    notes = evidence.notes
    wrong = [key for key in notes["keys"] if notes["answers"][key] != notes["truth"][key]]
    if wrong != [notes["line"]] or notes["answers"][notes["line"]] != "lower":
        return None
    return (
        "Only this key is wrong, and its point is exactly NewStartingHashKey. There the upper "
        "child starts, so the point belongs to it."
    )


def _upside_down(evidence: Evidence) -> str | None:
    notes = evidence.notes
    if any(_swap(notes["answers"][key]) != notes["truth"][key] for key in notes["keys"]):
        return None
    return (
        "You have them the wrong way round: the child with the smaller hash keys is the lower "
        "one, and NewStartingHashKey is where the upper one begins."
    )


def _all_move(evidence: Evidence) -> str | None:
    notes = evidence.notes
    stayed = [key for key in notes["keys"] if notes["truth"][key] == "stays"]
    moved = [key for key in stayed if notes["answers"][key] in ("lower", "upper")]
    if not stayed or len(moved) < len(stayed):
        return None
    return (
        f"You let {len(moved)} keys move that never lived in `{notes['parent'].shard_id}`. A split "
        "concerns one shard's range; everybody else stays where they are, and that is what Kinesis "
        "has a ring for."
    )


def _none_move(evidence: Evidence) -> str | None:
    answers = evidence.notes["answers"]
    if set(answers.values()) != {"stays"}:
        return None
    return (
        f"You let every key stay. But the split closes `{evidence.notes['parent'].shard_id}`: its "
        "old records remain, and new ones with the same keys go to its children."
    )


def _halved(evidence: Evidence) -> str | None:
    notes = evidence.notes
    whole = notes["parent"].hash_range
    middle = (whole.start + whole.end) // 2
    for key in notes["keys"]:
        point = hash_key(key)
        half = "upper" if point > middle else "lower"
        if notes["answers"][key] != (half if point in whole else "stays"):
            return None
    return (
        "You cut the shard in its middle. SplitShard cuts at NewStartingHashKey, wherever that "
        "is; the middle is only a usual choice."
    )


def _compared_as_text(evidence: Evidence) -> str | None:
    notes = evidence.notes
    whole, at = notes["parent"].hash_range, str(notes["at"])
    start, end = str(whole.start), str(whole.end)

    def side(key: str) -> str:
        return "lower" if str(hash_key(key)) < at else "upper"

    all_text = {
        key: side(key) if start <= str(hash_key(key)) <= end else "stays" for key in notes["keys"]
    }
    cut_text = {key: side(key) if hash_key(key) in whole else "stays" for key in notes["keys"]}
    if notes["answers"] not in (all_text, cut_text):
        return None
    return (
        "You compare hash keys as text, where '9' is greater than '10'. The API writes these "
        "numbers as text because they are too big for JSON; make integers of them first."
    )


TASK = Task(
    name="after-a-split",
    names=("after_split",),
    cases=(
        Case("one of four shards", _middle),
        Case("a cut off the centre", _off_centre),
        Case("another stream", _any, hidden=True),
    ),
    misconceptions=(
        Misconception("hash-as-text", "hash keys can be compared as text", _compared_as_text),
        Misconception("A9", "a split deals all keys out anew", _all_move),
        Misconception("split-stays", "after a split old keys go on to the old shard", _none_move),
        Misconception(
            "split-edge", "NewStartingHashKey is the lower child's last point", _on_the_line
        ),
        Misconception("split-halves", "a split always halves the shard", _halved),
        Misconception(
            "split-upside-down", "the lower child is the one that starts later", _upside_down
        ),
    ),
    hints=(
        "First find out whether the key lived in the split shard at all.",
        "The key's point is either outside the shard's range (it stays), below the new starting "
        "hash key (lower), or at it or above it (upper).",
        "`point = int(md5(key.encode()).hexdigest(), 16)`; if not start <= point <= end: "
        '"stays"; if point < int(new_starting_hash_key): "lower"; else "upper".',
    ),
)
