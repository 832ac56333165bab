"""The online shop behind every chapter: order events with a known truth.

An event is a dictionary, as it goes into the stream:

    event_id      "EVT-000017", unique: what duplicates are counted by
    order_id      "ORD-00006": an order is placed, then paid, then shipped
    customer_id   "C-0042"
    number        1, 2, 3, ... for each customer, in the order in which things happened
    event_type    "order_placed", "order_paid" or "order_shipped"
    country       of the customer
    amount        in euros
    event_time    "2026-01-05T09:00:00.000Z"
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from course.simulator.clock import MILLISECOND, SECOND, START, to_datetime

STREAM = "company-order-events"

_STEPS = ("order_placed", "order_paid", "order_shipped")
_COUNTRIES = ("DE", "FR", "IT", "NL", "PL", "ES")
_MARKET = (50, 20, 12, 8, 6, 4)


def order_events(
    count: int,
    *,
    customers: int = 200,
    hot_customer: str | None = None,
    hot_share: float = 0.0,
    per_second: int = 100,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """`count` events of the shop, in the order in which they happened.

    Each order belongs to one of `customers`, all alike, or with the chance `hot_share` to
    `hot_customer`. The same arguments give the same events.
    """
    random = Random(seed)
    countries = random.choices(_COUNTRIES, _MARKET, k=customers)
    home = {customer_name(place): country for place, country in enumerate(countries)}
    open_orders: list[tuple[str, str, float, int]] = []
    numbers: Counter[str] = Counter()
    events = []
    orders = 0
    for place in range(count):
        # Half of the time an order that is under way takes its next step.
        if open_orders and random.random() < 0.5:
            order, customer, amount, step = open_orders.pop(random.randrange(len(open_orders)))
        else:
            is_hot = hot_customer is not None and random.random() < hot_share
            chosen = hot_customer if is_hot else customer_name(random.randrange(customers))
            assert chosen is not None
            order, customer, step = f"ORD-{orders:05d}", chosen, 0
            amount = round(random.lognormvariate(3.5, 0.8), 2)
            orders += 1
        if step < len(_STEPS) - 1:
            open_orders.append((order, customer, amount, step + 1))
        numbers[customer] += 1
        moment = START + place * SECOND // per_second
        events.append(
            {
                "event_id": f"EVT-{place:06d}",
                "order_id": order,
                "customer_id": customer,
                "number": numbers[customer],
                "event_type": _STEPS[step],
                "country": home.get(customer, "DE"),
                "amount": amount,
                "event_time": _stamp(moment),
            }
        )
    return events


def customer_name(place: int) -> str:
    """The id of the customer at `place`: "C-0042"."""
    return f"C-{place:04d}"


def _stamp(moment: int) -> str:
    whole = to_datetime(moment).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{moment % SECOND // MILLISECOND:03d}Z"
