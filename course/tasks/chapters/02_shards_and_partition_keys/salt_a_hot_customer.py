"""Salt a hot customer over several keys, and still read their events in order."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any

from course import facts
from course.shop import customer_name, order_events
from course.tasks import workbench
from course.tasks.task import Case, Evidence, Misconception, Stage, Task, Wrong

SHARDS = 8
SECONDS = 4
HOT_PER_SECOND = 1_200
# Together too much for one shard, so the others cannot share one key either.
OTHERS_PER_SECOND = 1_400
FEWEST_SALTS = 8


def _spread(stage: Stage) -> None:
    """The producer's half: nothing is refused, and nobody else is salted."""
    hot = customer_name(stage.random.randrange(10_000))
    seconds = [_second(stage, hot, second) for second in range(SECONDS)]
    events = [event for second in seconds for event in second]
    keys = stage.call_each("salted_key", [[event, hot] for event in events])
    stage.note(hot=hot, events=events, keys=keys)
    _expect_text(keys)

    stream = workbench.make_stream(stage.account, SHARDS)
    waiting = iter(keys)
    offered = [
        [{"PartitionKey": next(waiting), "Data": b"{}"} for _ in second] for second in seconds
    ]
    refused = workbench.offer(stage.account, stream, offered)
    used = _keys_used(events, keys)
    salts = len(used.pop(hot))
    torn = [customer for customer, found in used.items() if len(found) > 1]
    stage.note(refused=len(refused), torn=torn, salts=salts)
    stage.expect(
        not refused,
        f"With your keys {len(refused):,} of {len(events):,} records were refused. {hot} sends "
        f"{HOT_PER_SECOND:,} a second, all others together {OTHERS_PER_SECOND:,}, and a shard "
        f"takes {facts.text('shard.write_records_per_second')} a second.",
    )
    stage.expect(
        salts >= FEWEST_SALTS,
        f"`salted_key` gave {hot}'s events {salts} keys; at least {FEWEST_SALTS} were due.",
    )
    stage.expect(
        not torn,
        f"{len(torn)} customers who are not hot have events under several keys, for example "
        f"{workbench.few(torn)}. One key each keeps their order for free.",
    )


def _second(stage: Stage, hot: str, second: int) -> list[dict[str, Any]]:
    others = order_events(OTHERS_PER_SECOND, customers=400, seed=stage.random.randrange(2**32))
    events = [event for event in others if event["customer_id"] != hot]
    first = second * HOT_PER_SECOND
    for place in range(HOT_PER_SECOND):
        number = first + place + 1
        events.append(
            {
                "event_id": f"EVT-H{number:05d}",
                "order_id": f"ORD-H{number // 3:05d}",
                "customer_id": hot,
                "number": number,
                "event_type": "order_placed",
                "country": "DE",
                "amount": 10.0,
                "event_time": events[0]["event_time"],
            }
        )
    stage.random.shuffle(events)
    return events


def _read(stage: Stage) -> None:
    """The consumer's half: what was spread comes back in order, with nothing lost or doubled."""
    hot = customer_name(stage.random.randrange(10_000))
    events = order_events(
        900,
        customers=40,
        hot_customer=hot,
        hot_share=0.5,
        per_second=2_000,
        seed=stage.random.randrange(2**32),
    )
    keys = stage.call_each("salted_key", [[event, hot] for event in events])
    _expect_text(keys)
    if len(_keys_used(events, keys)[hot]) < FEWEST_SALTS:
        # That is the other case's matter. Here it would leave the reader nothing to do.
        keys = [
            f"{hot}#{event['number'] % 16}" if event["customer_id"] == hot else key
            for event, key in zip(events, keys, strict=True)
        ]
    stream = workbench.make_stream(stage.account, SHARDS)
    entries = [(key, json.dumps(event).encode()) for key, event in zip(keys, events, strict=True)]
    workbench.store(stage.account, stream, entries)
    # A reader of many shards gets them in any order.
    shards = stage.random.sample(stream.shards, SHARDS)
    records = [record for shard in shards for record in workbench.records(shard)]
    calm = next(event["customer_id"] for event in events if event["customer_id"] != hot)
    for customer in (hot, calm):
        truth = [event["event_id"] for event in events if event["customer_id"] == customer]
        answer = stage.call("events_of", customer, records)
        stage.note(customer=customer, hot=hot, truth=truth, answer=answer, records=records)
        _expect_in_order(stage, customer, truth, answer)


def _expect_in_order(stage: Stage, customer: str, truth: list[str], answer: Any) -> None:
    called = f"`events_of({customer!r}, records)`"
    stage.expect(
        isinstance(answer, list),
        f"{called} returned `{workbench.shown(answer)}`; a list of event ids was due.",
    )
    odd = [entry for entry in answer if not isinstance(entry, str)]
    if odd:
        raise Wrong(
            f"{called} returned a list with a {type(odd[0]).__name__} in it; the `event_id`s, as "
            "text, were due."
        )
    missing = [event for event in truth if event not in set(answer)]
    stage.expect(
        not missing,
        f"{called} left out {len(missing):,} of {len(truth):,} events, for example "
        f"{workbench.few(missing)}.",
    )
    stage.expect(
        len(answer) == len(truth),
        f"{called} returned {len(answer):,} events; the customer has {len(truth):,}.",
    )
    pairs = enumerate(zip(answer, truth, strict=True))
    place = next((place for place, (got, due) in pairs if got != due), 0)
    stage.expect(
        answer == truth,
        f"{called} returned the right events in the wrong order: `{answer[place]}` stands where "
        f"`{truth[place]}` was due.",
    )


def _expect_text(keys: list[Any]) -> None:
    odd = [key for key in keys if not isinstance(key, str) or not 1 <= len(key) <= 256]
    if odd:
        raise Wrong(
            f"`salted_key` returned `{workbench.shown(odd[0])}`; a partition key is text of 1 to "
            "256 characters."
        )


def _keys_used(events: list[dict[str, Any]], keys: list[str]) -> dict[str, set[str]]:
    """The keys that each customer's events got."""
    used = defaultdict(set)
    for event, key in zip(events, keys, strict=True):
        used[event["customer_id"]].add(key)
    return used


def _not_salted(evidence: Evidence) -> str | None:
    notes = evidence.notes
    if notes["salts"] > 1:
        return None
    return (
        f"All of {notes['hot']}'s events got one key, and one key is one point in one shard. More "
        "shards do not help; only more keys do."
    )


def _too_few_salts(evidence: Evidence) -> str | None:
    notes = evidence.notes
    if not 1 < notes["salts"] < FEWEST_SALTS:
        return None
    return (
        f"Keys fall on the ring like dice: of only {notes['salts']}, too many may well meet in one "
        "shard."
    )


def _others_together(evidence: Evidence) -> str | None:
    notes = evidence.notes
    used = Counter(
        key
        for event, key in zip(notes["events"], notes["keys"], strict=True)
        if event["customer_id"] != notes["hot"]
    )
    key, count = used.most_common(1)[0]
    if not notes["refused"] or 2 * count < used.total():
        return None
    return (
        f"The customers who are not hot share the key `{key}`, one point on the ring. Each of them "
        "needs a key of their own."
    )


def _everybody_salted(evidence: Evidence) -> str | None:
    torn = evidence.notes["torn"]
    if not torn:
        return None
    return f"Salt costs order. Pay that price only for {evidence.notes['hot']}."


def _sorted_by(evidence: Evidence, rank: Any) -> list[str]:
    notes = evidence.notes
    own = [
        (record, json.loads(record["Data"]))
        for record in notes["records"]
        if json.loads(record["Data"])["customer_id"] == notes["customer"]
    ]
    return [event["event_id"] for _, event in sorted(own, key=lambda pair: rank(*pair))]


def _picked_by_key(evidence: Evidence) -> str | None:
    notes = evidence.notes
    picked = [
        json.loads(record["Data"])["event_id"]
        for record in notes["records"]
        if record["PartitionKey"] == notes["customer"]
    ]
    if sorted(notes["answer"]) != sorted(picked):
        return None
    return (
        f"You picked the records whose PartitionKey is `{notes['customer']}`. Salt is part of the "
        "key, so the key alone no longer says whose event it is; `customer_id` in the event does."
    )


def _as_read(evidence: Evidence) -> str | None:
    if evidence.notes["answer"] != _sorted_by(evidence, lambda record, event: 0):
        return None
    return (
        "That is the order in which the shards were read: all of one, then all of the next. Salt "
        "took the order apart, and the reader has to put it together again."
    )


def _by_sequence_number(evidence: Evidence) -> str | None:
    by_number = _sorted_by(evidence, lambda record, event: int(record["SequenceNumber"]))
    by_text = _sorted_by(evidence, lambda record, event: record["SequenceNumber"])
    if evidence.notes["answer"] not in (by_number, by_text):
        return None
    return (
        "You sort by SequenceNumber. That number orders the records of one shard; between two "
        "shards it says nothing, and a salted customer lives in several."
    )


def _by_arrival(evidence: Evidence) -> str | None:
    by_arrival = _sorted_by(evidence, lambda record, event: record["ApproximateArrivalTimestamp"])
    by_event_time = _sorted_by(evidence, lambda record, event: event["event_time"])
    answer = evidence.notes["answer"]
    if answer != by_arrival and answer != by_event_time:
        return None
    stamp = "ApproximateArrivalTimestamp" if answer == by_arrival else "event_time"
    return (
        f"You sort by {stamp}. Several events carry the same millisecond, and among those the "
        "order is lost. Each event has a `number` that counts its customer's events."
    )


TASK = Task(
    name="salt-a-hot-customer",
    names=("salted_key", "events_of"),
    cases=(
        Case("the load is spread", _spread, points=2),
        Case("the events come back in order", _read, points=2),
        Case("another hot customer", _read, points=1, hidden=True),
    ),
    misconceptions=(
        Misconception("P27", "more shards fix a hot key", _not_salted),
        Misconception("P13-few", "a few salts are as good as many", _too_few_salts),
        Misconception("P7", "one key does for everybody else", _others_together),
        Misconception("P13-all", "if salt is good for one, it is good for all", _everybody_salted),
        Misconception("P13-key", "the key still names the customer", _picked_by_key),
        Misconception("P13", "salt can be forgotten once it is written", _as_read),
        Misconception("B7", "sequence numbers order a whole stream", _by_sequence_number),
        Misconception("C39", "time stamps restore the order", _by_arrival),
    ),
    hints=(
        "The producer spreads one customer over several keys. What must the reader do that it "
        "did not have to do before?",
        "Keys: the customer's id, and for the hot one a small number behind it, at least eight "
        "different ones. Reading: pick the customer's events out of all records, then sort them "
        "by something that the producer counted.",
        "`f\"{customer}#{event['number'] % 16}\"` for the hot customer, the plain id for others. "
        "Then `sorted((json.loads(r['Data']) for r in records), key=lambda e: e['number'])`, only "
        "those of the customer, and return their `event_id`.",
    ),
)
