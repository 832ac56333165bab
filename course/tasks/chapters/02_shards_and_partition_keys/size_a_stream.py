"""Size a stream: the fewest shards that carry a workload, and the proof by sending it."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from course import facts
from course.simulator.clock import SECOND
from course.simulator.streams.hash_ring import even_ranges
from course.tasks import workbench
from course.tasks.task import Case, Evidence, Misconception, Stage, Task, Wrong

RECORDS: int = facts.shard.write_records_per_second
WRITE: int = facts.shard.write_bytes_per_second
READ: int = facts.shard.read_bytes_per_second
TRIAL_SECONDS = 3

Workload = tuple[int, int, int]  # events per second, bytes per event, polling readers


def due(events: int, size: int, readers: int) -> int:
    """The fewest shards: records in, bytes in, bytes out to all readers together."""
    return max(
        ceil(events / RECORDS), ceil(events * size / WRITE), ceil(events * size * readers / READ)
    )


def _play(stage: Stage, workload: Workload) -> None:
    events, size, readers = workload
    answer = stage.call("shards_needed", events, size, readers)
    needed = due(*workload)
    stage.note(workload=workload, answer=answer, due=needed)
    called = f"`shards_needed({events}, {size}, {readers})` returned `{workbench.shown(answer)}`"
    stage.expect(
        not isinstance(answer, float),
        f"{called}, a float. UpdateShardCount takes whole numbers only: an int was due.",
    )
    stage.expect(
        type(answer) is int and 1 <= answer <= facts.update_shard_count.max_shards,
        f"{called}; a whole number of shards was due.",
    )
    if answer < needed:
        raise Wrong(f"{called}. {_shortage(stage, workload, answer)}")
    stage.expect(answer == needed, f"{called}; {needed} shards carry the same workload.")


def _shortage(stage: Stage, workload: Workload, shards: int) -> str:
    """What goes wrong with too few shards, tried out."""
    events, size, readers = workload
    refused = _refused(stage, events, size, shards)
    if refused:
        them = "one shard" if shards == 1 else f"{shards} shards"
        return (
            f"We kept {them} busy with this workload, evenly spread: in {TRIAL_SECONDS} "
            f"seconds {refused:,} of {TRIAL_SECONDS * events:,} records were refused."
        )
    out = events * size * readers / READ
    return (
        f"That many shards take the writes, but the readers together fetch every byte {readers} "
        f"times: as much as {out:.1f} shards give out."
    )


def _refused(stage: Stage, events: int, size: int, shards: int) -> int:
    stream = workbench.make_stream(stage.account, shards, f"sized-{len(stage.evidence.calls)}")
    points = [str(hash_range.start) for hash_range in even_ranges(shards)]
    data = bytes(size - 1)
    second = [
        {"PartitionKey": "k", "ExplicitHashKey": points[place % shards], "Data": data}
        for place in range(events)
    ]
    refused = 0
    # A shard that rested takes a second's traffic at once. These have not, but for a moment.
    workbench.use_up(stage.account, stream)
    stage.account.clock.sleep(SECOND // 10)
    # Spread over the second in steps, as real traffic is.
    per_call = max(1, min(500, events // 20))
    for _ in range(TRIAL_SECONDS):
        for start in range(0, events, per_call):
            batch = second[start : start + per_call]
            answer = workbench.ask(
                stage.account, "PutRecords", StreamName=stream.name, Records=batch
            )
            refused += answer["FailedRecordCount"]
            stage.account.clock.sleep(SECOND * len(batch) // events)
    return refused


def _trials(*workloads: Workload) -> Callable[[Stage], None]:
    def play(stage: Stage) -> None:
        for workload in workloads:
            _play(stage, workload)

    return play


def _any(stage: Stage) -> None:
    """Workloads where decimal and binary megabytes agree: that quarrel is not the lesson."""
    found = 0
    while found < 6:
        workload = (
            stage.random.randrange(100, 9_000),
            stage.random.choice([120, 300, 700, 1_500, 3_000, 9_000]),
            stage.random.randrange(1, 6),
        )
        if _agree(*workload):
            found += 1
            _play(stage, workload)


def _agree(events: int, size: int, readers: int) -> bool:
    load = events * size
    return all(
        # A thousandth to either side, so that no rounding of floats decides.
        ceil(0.999 * need / limit) == ceil(1.001 * need / decimal)
        for need, limit, decimal in (
            (events, RECORDS, RECORDS),
            (load, WRITE, 10**6),
            (load * readers, READ, 2 * 10**6),
        )
    )


def _follows(evidence: Evidence, rule: Callable[[int, int, int], int]) -> bool:
    answer, workload = evidence.notes["answer"], evidence.notes["workload"]
    return type(answer) is int and answer == rule(*workload) != due(*workload)


def _records_only(evidence: Evidence) -> str | None:
    events, size, _ = evidence.notes["workload"]
    if not _follows(evidence, lambda e, s, r: ceil(e / RECORDS)):
        return None
    return (
        f"Your answer counts records only. Each of these has {size:,} bytes, which makes "
        f"{events * size / 2**20:.1f} MiB a second, and a shard takes "
        f"{facts.text('shard.write_bytes_per_second')}."
    )


def _bytes_only(evidence: Evidence) -> str | None:
    events, _, _ = evidence.notes["workload"]
    in_only = _follows(evidence, lambda e, s, r: ceil(e * s / WRITE))
    in_and_out = _follows(
        evidence, lambda e, s, r: max(ceil(e * s / WRITE), ceil(e * s * r / READ))
    )
    if not (in_only or in_and_out) or evidence.notes["due"] != ceil(events / RECORDS):
        return None
    return (
        f"Your answer counts bytes only. These are {events:,} records a second, and a shard takes "
        f"{RECORDS:,} of them, however small they are."
    )


def _no_readers(evidence: Evidence) -> str | None:
    if not _follows(evidence, lambda e, s, r: max(ceil(e / RECORDS), ceil(e * s / WRITE))):
        return None
    return (
        f"Your answer looks at the writes only. A shard gives out "
        f"{facts.text('shard.read_bytes_per_second')} a second, and all readers share that."
    )


def _rounded_down(evidence: Evidence) -> str | None:
    def rule(rounding: Callable[[float], int]) -> Callable[[int, int, int], int]:
        return lambda e, s, r: max(
            1, rounding(e / RECORDS), rounding(e * s / WRITE), rounding(e * s * r / READ)
        )

    if not (_follows(evidence, rule(int)) or _follows(evidence, rule(round))):
        return None
    return "The fraction of a shard that is left over needs a shard too: round up."


def _two_in(evidence: Evidence) -> str | None:
    if not _follows(
        evidence,
        lambda e, s, r: max(ceil(e / RECORDS), ceil(e * s / READ), ceil(e * s * r / READ)),
    ) and not _follows(evidence, lambda e, s, r: max(ceil(e / RECORDS), ceil(e * s / READ))):
        return None
    return (
        f"Your answer fits a shard that takes {facts.text('shard.read_bytes_per_second')} a "
        f"second. That is what it gives out; it takes {facts.text('shard.write_bytes_per_second')}."
    )


def _added_up(evidence: Evidence) -> str | None:
    if not _follows(
        evidence,
        lambda e, s, r: ceil(e / RECORDS) + ceil(e * s / WRITE) + ceil(e * s * r / READ),
    ) and not _follows(evidence, lambda e, s, r: ceil(e / RECORDS) + ceil(e * s / WRITE)):
        return None
    return (
        "The needs stand side by side: every shard brings room for records, for bytes in and for "
        "bytes out. The tightest one decides; they do not add up."
    )


TASK = Task(
    name="size-a-stream",
    names=("shards_needed",),
    cases=(
        Case("many small events", _trials((5_000, 700, 1), (2_100, 60, 2))),
        Case("fewer, bigger events", _trials((600, 9_000, 1), (2_500, 2_000, 1))),
        Case("three readers", _trials((900, 3_300, 3), (4_000, 1_250, 4))),
        Case("other workloads", _any, points=2, hidden=True),
    ),
    misconceptions=(
        Misconception("B8-records", "a shard's limit is its number of records", _records_only),
        Misconception("B8-bytes", "a shard's limit is its number of bytes", _bytes_only),
        Misconception("B1", "a shard takes 2 MB a second", _two_in),
        Misconception("B8-readers", "each reader has a shard's 2 MiB for itself", _no_readers),
        Misconception("B8-floor", "a fraction of a shard can be left out", _rounded_down),
        Misconception("B8-sum", "the needs for records and bytes add up", _added_up),
    ),
    hints=(
        "A shard can run out of three things. Which?",
        "Records in, bytes in, and bytes out, where all polling readers share the last. Work out "
        "how many shards each of the three wants; the greatest wins.",
        "`max(ceil(events / 1000), ceil(events * size / 2**20), "
        "ceil(events * size * readers / (2 * 2**20)))`",
    ),
)
