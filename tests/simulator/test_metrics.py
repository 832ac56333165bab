"""How samples become datapoints: minute by minute, as CloudWatch keeps them."""

from __future__ import annotations

import pytest

from course.simulator.clock import HOUR, MINUTE, SECOND, START, Clock
from course.simulator.metrics import Datapoint, Metrics

ORDERS = (("StreamName", "orders"),)
CLICKS = (("StreamName", "clicks"),)
DAY = 24 * HOUR


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def metrics(clock: Clock) -> Metrics:
    return Metrics(clock, "Shop", {"Basket": "Count"})


def test_a_minute_is_its_number_of_samples_their_sum_the_smallest_and_the_largest(
    clock: Clock, metrics: Metrics
) -> None:
    for value in (5, 1, 3):
        metrics.samples(ORDERS)["Basket"].append(value)
        clock.sleep(10 * SECOND)
    clock.sleep(MINUTE)
    assert metrics.datapoints("Basket", ORDERS) == [
        Datapoint(START, sample_count=3, sum=9, minimum=1, maximum=5)
    ]


def test_a_minute_can_be_read_when_it_is_over_and_not_before(
    clock: Clock, metrics: Metrics
) -> None:
    metrics.samples(ORDERS)["Basket"].append(1)
    clock.advance_to(START + MINUTE - 1)
    assert metrics.datapoints("Basket", ORDERS) == []
    assert list(metrics.names()) == []
    clock.advance_to(START + MINUTE)
    assert [point.time for point in metrics.datapoints("Basket", ORDERS)] == [START]
    assert list(metrics.names()) == [("Basket", ORDERS)]


def test_reading_in_the_middle_of_a_minute_does_not_cut_it_in_two(
    clock: Clock, metrics: Metrics
) -> None:
    metrics.samples(ORDERS)["Basket"].append(1)
    clock.sleep(30 * SECOND)
    metrics.datapoints("Basket", ORDERS)
    metrics.samples(ORDERS)["Basket"].append(2)
    clock.sleep(30 * SECOND)
    assert metrics.datapoints("Basket", ORDERS) == [Datapoint(START, 2, 3, 1, 2)]


def test_a_sample_at_the_very_turn_belongs_to_the_new_minute(
    clock: Clock, metrics: Metrics
) -> None:
    for _ in range(2):
        metrics.samples(ORDERS)["Basket"].append(1)
        clock.sleep(MINUTE)
    assert [point.time for point in metrics.datapoints("Basket", ORDERS)] == [START, START + MINUTE]


def test_an_idle_minute_leaves_nothing(clock: Clock, metrics: Metrics) -> None:
    metrics.samples(ORDERS)["Basket"].append(1)
    clock.sleep(5 * MINUTE)
    metrics.samples(ORDERS)  # looked at, but nothing put in
    clock.sleep(MINUTE)
    assert len(metrics.datapoints("Basket", ORDERS)) == 1
    assert metrics.datapoints("Basket", CLICKS) == []


def test_dimensions_keep_metrics_of_one_name_apart(clock: Clock, metrics: Metrics) -> None:
    metrics.samples(ORDERS)["Basket"].append(1)
    metrics.samples(CLICKS)["Basket"].append(7)
    clock.sleep(MINUTE)
    assert metrics.datapoints("Basket", ORDERS)[0].sum == 1
    assert metrics.datapoints("Basket", CLICKS)[0].sum == 7


def test_a_datapoint_is_kept_for_fifteen_days(clock: Clock, metrics: Metrics) -> None:
    """CloudWatch User Guide: data points with a period of 60 seconds, 15 days."""
    metrics.samples(ORDERS)["Basket"].append(1)
    clock.advance_to(START + 15 * DAY)
    assert len(metrics.datapoints("Basket", ORDERS)) == 1
    clock.sleep(MINUTE)
    assert metrics.datapoints("Basket", ORDERS) == []
    assert list(metrics.names()) == []
