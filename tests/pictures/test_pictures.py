"""What all four pictures owe: words, a still that is the same each time, motion where it can be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from course import facts
from course.pictures import hash_ring, key_spread, lanes, picture, shard_heat
from course.pictures.picture import Picture
from course.pictures.trace import StreamTrace
from tests.pictures.traces import article, crowded, even_shards, made, put, resharded, throttled

ROOT = Path(__file__).resolve().parents[2]
VIEW = "application/vnd.jupyter.widget-view+json"


def spread(trace: StreamTrace) -> Picture:
    return key_spread({shard: tally.records for shard, tally in trace.tallies.items()})


ALL = [hash_ring, shard_heat, lanes, spread]
MOVING = [hash_ring, shard_heat]
each = pytest.mark.parametrize("draw", ALL)
Draw = Callable[[StreamTrace], Picture]


@each
@pytest.mark.parametrize("trace", [article, resharded, throttled], ids=lambda make: make.__name__)
def test_words_and_still_are_always_there(draw: Draw, trace: Callable[[], StreamTrace]) -> None:
    data, metadata = draw(trace())._repr_mimebundle_()
    sentence, _, table = data["text/plain"].partition("\n\n")
    assert sentence.endswith(".")
    assert len(table.splitlines()) >= 4
    assert max(map(len, data["text/plain"].splitlines())) < 200
    still = Image.open(BytesIO(b64decode(data["image/png"])))
    assert still.width == 2 * metadata["image/png"]["width"], "two pixels per CSS pixel"
    assert metadata["image/png"]["alt"] == sentence
    assert set(still.info) <= {"transparency"}, "no date, no program name"


@each
@pytest.mark.parametrize("trace", [lambda: made((), [], 0), lambda: made(even_shards(3), [], 60)])
def test_nothing_to_draw_is_drawn(draw: Draw, trace: Callable[[], StreamTrace]) -> None:
    if draw is spread and not trace().shards:
        return
    data, _ = draw(trace())._repr_mimebundle_()
    assert data["image/png"]


@each
def test_the_same_picture_is_the_same_file(draw: Draw) -> None:
    first = draw(resharded()).png
    import matplotlib

    with matplotlib.rc_context({"path.sketch": (1, 100, 2), "text.antialiased": False}):
        assert draw(resharded()).png == first, "the notebook's own settings must not show"


def test_the_same_picture_is_the_same_file_in_another_process() -> None:
    code = (
        "import hashlib;"
        "from tests.pictures.test_pictures import ALL, resharded;"
        "print(*[hashlib.sha256(draw(resharded()).png).hexdigest() for draw in ALL])"
    )
    other = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.split() == [sha256(draw(resharded()).png).hexdigest() for draw in ALL]


@each
def test_other_data_is_another_picture(draw: Draw) -> None:
    assert draw(article(9)).png != draw(article(10)).png
    assert draw(article(9)).text != draw(article(10)).text


def count_pixels(png: bytes | None, color: str) -> int:
    assert png is not None
    wanted = tuple(bytes.fromhex(color[1:]))
    image = Image.open(BytesIO(png)).convert("RGB")
    near = [
        number
        for number, (red, green, blue) in image.getcolors(1 << 24)
        if max(abs(red - wanted[0]), abs(green - wanted[1]), abs(blue - wanted[2])) <= 3
    ]
    return sum(near)


def test_the_full_lane_is_seen_and_the_empty_ones_too() -> None:
    from course.pictures.still import ACCENT, FAINT

    empty = lanes(made(even_shards(4), [], 60)).png
    assert count_pixels(empty, ACCENT) == 0
    assert count_pixels(empty, FAINT) < 10_000, "an outline, not a track that waits to be filled"
    assert count_pixels(lanes(article()).png, ACCENT) > 10_000


@pytest.mark.parametrize("draw", [hash_ring, shard_heat, lanes])
def test_what_was_throttled_has_its_own_colour(draw: Draw) -> None:
    from course.pictures.still import ALARM

    assert count_pixels(draw(throttled(limit=40)).png, ALARM) == 0
    assert count_pixels(draw(throttled(limit=20)).png, ALARM) > 100


@pytest.mark.parametrize("key", ["客户 17", "$\\frac$", "\x00\x1b[31m", "🙂" * 60], ids=ascii)
def test_any_partition_key_can_be_drawn(key: str) -> None:
    shards = even_shards(2)
    trace = made(shards, [put(shards, 1, key)], 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # on stderr, nbgrader would take it for a failure
        for draw in ALL:
            assert draw(trace).png
            assert "\x1b" not in draw(trace).text


def test_importing_is_cheap_and_knows_no_stream() -> None:
    code = (
        "import sys, course; before = set(sys.modules); import course.pictures;"
        "heavy = {'matplotlib', 'anywidget', 'PIL', 'numpy', 'boto3', 'course.lab'} |"
        " {name for name in sys.modules if name.startswith('course.simulator')};"
        "found = heavy & (set(sys.modules) - before);"
        "sys.exit(f'imported: {found}' if found else 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("draw", MOVING)
def test_a_live_notebook_gets_the_moving_view(draw: Draw) -> None:
    drawn = draw(article())
    data, _ = drawn._repr_mimebundle_()
    again, _ = drawn._repr_mimebundle_()
    assert data[VIEW]["model_id"] == drawn.view.model_id == again[VIEW]["model_id"]
    assert drawn.view.trace["title"] == drawn.title
    assert "export default { render }" in drawn.view._esm


@pytest.mark.parametrize("draw", MOVING)
def test_without_anywidget_words_and_still_remain(
    draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "course.pictures.live", raising=False)
    monkeypatch.delattr(sys.modules["course.pictures"], "live", raising=False)
    data, _ = draw(article())._repr_mimebundle_()
    assert set(data) == {"text/plain", "image/png"}


def test_with_anywidget_broken_words_and_still_remain(monkeypatch: pytest.MonkeyPatch) -> None:
    from course.pictures import live

    def broken(*_: object) -> None:
        raise RuntimeError("comm is closed")

    monkeypatch.setattr(live, "view", broken)
    data, _ = hash_ring(article())._repr_mimebundle_()
    assert set(data) == {"text/plain", "image/png"}


@each
def test_without_matplotlib_the_words_remain(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("course.pictures.")]:
        if name.rpartition(".")[2] in {"still", "track"}:
            monkeypatch.delitem(sys.modules, name)
            monkeypatch.delattr(picture.__package__ + "." + name.rpartition(".")[2])
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    data, _ = draw(article())._repr_mimebundle_()
    assert "image/png" not in data
    assert data["text/plain"]


# What each picture says.


def test_the_ring_says_where_the_records_are() -> None:
    assert hash_ring(article()).text.splitlines() == [
        "orders has 4 shards: 10 records in shard 3, the other 3 are empty.",
        "",
        "shard    hash key range  records    bytes",
        "shard 0  0000… – 3fff…         0      0 B",
        "shard 1  4000… – 7fff…         0      0 B",
        "shard 2  8000… – bfff…         0      0 B",
        "shard 3  c000… – ffff…        10  1,000 B",
    ]


def test_the_ring_says_what_was_closed_and_throttled() -> None:
    assert hash_ring(resharded()).sentence().endswith("Closed within this time: shard 1.")
    assert "; 200 throttled." in hash_ring(throttled()).sentence()
    assert "throttled" not in hash_ring(article()).text


def test_the_lanes_name_keys_and_newest_records() -> None:
    previews = {"shardId-000000000003": [f'{{"order_id": "ORD-{n}"}}' for n in range(10)]}
    text = lanes(article(), previews=previews).text
    assert "shard 3: partition keys 0 (4), 1 (3), 2 (3)" in text
    assert re.findall(r"ORD-\d", text) == ["ORD-7", "ORD-8", "ORD-9"]
    assert lanes(article(), previews=previews).png != lanes(article()).png


def test_the_lanes_name_the_busiest_of_many_keys() -> None:
    trace = crowded(2_000, shards=1)
    (seen,) = trace.keys.values()
    most = max(seen.values())
    busiest = next(key for key in seen if seen[key] == most)
    said = f"{len(seen)} partition keys, busiest {busiest} ({most})"
    assert said in lanes(trace).text


def test_heat_compares_with_the_limits() -> None:
    heat = shard_heat(throttled(limit=20), limits=(20, 4_000))
    hot = next(s for s in heat.trace.shards if heat.trace.tallies[s.shard_id].records)
    assert (heat.peak(hot).records, heat.peak(hot).bytes) == (1.0, 0.5)
    assert heat.measure == "records"
    assert heat.sentence().startswith(f"Over 10 s of orders, {hot.label} was hottest at 100%")
    assert heat.sentence().endswith(f"200 records throttled, in {hot.label}.")
    assert shard_heat(throttled(limit=20), limits=(40, 1_000)).measure == "bytes"


def test_heat_knows_the_limits_of_a_shard() -> None:
    assert shard_heat(article()).limits == (
        facts.shard.write_records_per_second,
        facts.shard.write_bytes_per_second,
    )


def test_heat_widens_its_cells_for_a_long_trace_and_says_so() -> None:
    heat = shard_heat(crowded(1_000, seconds=3_600))
    assert (heat.grid.seconds, heat.grid.columns) == (20, 180)
    assert "one cell is 20 s" in heat.payload()["about"]
    assert heat.payload()["limits"][0] == 20 * facts.shard.write_records_per_second


def test_heat_refuses_a_cell_without_length() -> None:
    with pytest.raises(ValueError, match="give more than 0"):
        shard_heat(article(), bucket_seconds=0)


def test_a_closed_shard_leaves_no_cells() -> None:
    shards = {
        shard["label"]: shard["open"] for shard in shard_heat(resharded()).payload()["shards"]
    }
    assert shards["shard 1"] == [1] * 5 + [0] * 5
    assert shards["shard 2"] == [0] * 5 + [1] * 5


def test_the_spread_gives_the_ratio() -> None:
    picture = key_spread({"shardId-000000000000": 0, "shardId-000000000001": 30, "b": 6})
    assert picture.ratio == 2.5
    assert picture.sentence() == (
        "36 records over 3 shards: the fullest, shard 1, holds 2.50 times the mean "
        "(30 against 12.0)."
    )
    assert key_spread({"a": 0}).ratio == 1.0


def test_the_spread_needs_shards() -> None:
    with pytest.raises(ValueError, match="zeros included"):
        key_spread({})
