"""Choose a partition key for orders: balance by histogram, order per customer by evidence."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from course.shop import order_events
from course.tasks import workbench
from course.tasks.task import Case, Evidence, Misconception, Stage, Task

SHARDS = 8
EVENTS = 4_000
CUSTOMERS = 2_000
MOST_UNEVEN = 1.5


def _play(stage: Stage, events: list[dict[str, Any]]) -> None:
    keys = stage.call_each("key_for", [[event] for event in events])
    stage.note(events=events, keys=keys)
    for event, key in zip(events, keys, strict=True):
        stage.expect(
            isinstance(key, str) and 1 <= len(key) <= 256,
            f"`key_for` returned `{workbench.shown(key)}` for {event['event_id']}. A partition key "
            "is text of 1 to 256 characters; boto3 raises ParamValidationError for anything else.",
        )
    stream = workbench.make_stream(stage.account, SHARDS)
    customers = [str(event["customer_id"]) for event in events]
    workbench.store(
        stage.account,
        stream,
        [(key, customer.encode()) for key, customer in zip(keys, customers, strict=True)],
    )

    loads = {shard.shard_id: len(shard) for shard in stream.shards}
    uneven = max(loads.values()) * SHARDS / len(events)
    homes: dict[str, set[str]] = defaultdict(set)
    for shard in stream.shards:
        for data in shard.payloads():
            homes[data.decode()].add(shard.shard_id)
    scattered = [customer for customer, found in homes.items() if len(found) > 1]
    stage.note(loads=loads, uneven=uneven, scattered=scattered)
    stage.expect(
        uneven <= MOST_UNEVEN,
        f"With your key the busiest of {SHARDS} shards took {max(loads.values()):,} of "
        f"{len(events):,} records, {uneven:.1f} times its fair share; at most {MOST_UNEVEN} times "
        "was due.",
    )
    stage.expect(
        not scattered,
        f"With your key {len(scattered):,} customers have events in more than one shard, for "
        f"example {workbench.few(scattered)}. Nobody can tell any more which of their events came "
        "first.",
    )


def _minute(stage: Stage) -> None:
    _play(stage, _events(stage))


def _numbers(stage: Stage) -> None:
    events = _events(stage)
    for event in events:
        event["customer_id"] = int(event["customer_id"].removeprefix("C-"))
    _play(stage, events)


def _events(stage: Stage) -> list[dict[str, Any]]:
    return order_events(EVENTS, customers=CUSTOMERS, seed=stage.random.randrange(2**32))


def _not_text(evidence: Evidence) -> str | None:
    # None is no belief: a `return` is missing.
    odd = next((key for key in evidence.notes["keys"] if not isinstance(key, str)), None)
    if odd is None:
        return None
    return (
        f"That is of type {type(odd).__name__}. Ids are not always text; make text of them "
        "yourself."
    )


def _constant(evidence: Evidence) -> str | None:
    key, *others = set(evidence.notes["keys"])
    if others or not isinstance(key, str) or not key:
        return None
    return (
        f"Every event got the key `{key!r}`. One key is one point on the ring, and a point lies in "
        "one shard."
    )


def _over_time(evidence: Evidence) -> str | None:
    """Keys that are a time, or a part of it such as the date, or stand for one second each."""
    notes = evidence.notes
    pairs = [
        (event["event_time"], key)
        for event, key in zip(notes["events"], notes["keys"], strict=True)
    ]
    if len({key for _, key in pairs}) == 1:
        (time, key), *_ = pairs
        if len(key) < len("09:00") or key not in time:
            return None
        return (
            f"Every event got the key `{key}`, taken from the clock. One shard does all the work "
            "now, and another one when the clock has moved on."
        )
    keys_of = defaultdict(set)
    for time, key in pairs:
        keys_of[time[:19]].add(key)
    once_each = Counter(key for keys in keys_of.values() for key in keys)
    by_second = max(map(len, keys_of.values())) == max(once_each.values()) == 1
    if not (by_second or all(time in key for time, key in pairs)):
        return None
    return (
        "Your key follows the clock. A customer's events happen at many moments, so they get many "
        "keys, and all that happens at one moment falls on one shard."
    )


def _few(evidence: Evidence) -> str | None:
    counts = Counter(evidence.notes["keys"])
    if evidence.notes["uneven"] <= MOST_UNEVEN or not 1 < len(counts) <= 10 * SHARDS:
        return None
    used = sum(load > 0 for load in evidence.notes["loads"].values())
    return (
        f"You used {len(counts)} different keys, and they fell on {used} of the shards. Keys fall "
        "on the ring like dice: hundreds for each shard even out, a handful does not."
    )


def _random(evidence: Evidence) -> str | None:
    notes = evidence.notes
    scattered = notes.get("scattered")
    if not scattered or len(set(notes["keys"])) < 0.9 * len(notes["keys"]):
        return None
    return (
        "Nearly every event got a key of its own. That spreads the load and loses the order: "
        "`order_shipped` can be read before `order_paid`."
    )


def _per_order(evidence: Evidence) -> str | None:
    notes = evidence.notes
    keys_of_order = defaultdict(set)
    for event, key in zip(notes["events"], notes["keys"], strict=True):
        keys_of_order[event["order_id"]].add(key)
    if not notes.get("scattered") or any(len(keys) > 1 for keys in keys_of_order.values()):
        return None
    return (
        "Your key keeps each order together, but not a customer's orders. The shop asked for order "
        "per customer, so the customer must be the key."
    )


TASK = Task(
    name="choose-a-key",
    names=("key_for",),
    cases=(
        Case("two thousand customers", _minute, points=2),
        Case("customer ids that are numbers", _numbers),
        Case("another day's customers", _minute, hidden=True),
    ),
    misconceptions=(
        Misconception("P11", "any value can be a partition key", _not_text),
        Misconception("P12", "the time is a good partition key", _over_time),
        Misconception("P7", "a constant partition key is fine", _constant),
        Misconception("P8", "a few distinct keys spread evenly", _few),
        Misconception("P10-order", "order per order is order per customer", _per_order),
        Misconception("P10", "the best key is a new one for every record", _random),
    ),
    hints=(
        "Two questions decide: what must stay in order, and how many different values are there?",
        "Events with the same key stay in order, in one shard. So the key names the thing whose "
        "events belong together, and there must be many more of those things than shards.",
        '`event["customer_id"]` is the one; make text of it with `str`, for it may be a number.',
    ),
)
