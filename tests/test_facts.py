"""Facts: a value, a unit, a source and a date for each number."""

from __future__ import annotations

import re

import pytest

from course import facts


def test_a_few_that_everything_rests_on() -> None:
    # Written out, from the Kinesis API Reference of November 2026.
    assert facts.put_records.max_records == 500
    assert facts.put_records.max_bytes == 10 * 2**20
    assert facts.shard.write_records_per_second == 1_000
    assert facts.shard.write_bytes_per_second == 2**20
    assert facts.shard.read_bytes_per_second == 2 * 2**20
    assert facts.shard.read_calls_per_second == 5
    assert facts.iterator.life == 300
    assert facts.retention.default_hours == 24
    assert facts.retention.max_hours == 365 * 24


@pytest.mark.parametrize("path", sorted(facts.table()))
def test_each_has_a_source_and_a_date(path: str) -> None:
    fact = facts.lookup(path)
    assert len(fact.source) > 8
    assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", fact.date)
    assert facts.text(path) == fact.text


def test_text_has_thousands_commas_and_units() -> None:
    assert facts.text("put_records.max_records") == "500 records"
    assert facts.text("shard.write_records_per_second") == "1,000 records"
    assert facts.text("shard.write_bytes_per_second") == "1 MiB"


def test_unknown_names_get_the_nearest_ones() -> None:
    with pytest.raises(AttributeError, match="put_records"):
        _ = facts.put_recods
    with pytest.raises(AttributeError, match="max_records"):
        _ = facts.put_records.max_record
    with pytest.raises(KeyError, match="put_records.max_records"):
        facts.lookup("put_records.maxrecords")
