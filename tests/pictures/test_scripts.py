"""The scripts of the moving pictures: they parse, fetch nothing, and count as Python counts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import pairwise
from math import dist
from pathlib import Path
from typing import Any

import pytest

from course.pictures import replay, still
from course.pictures.live import script
from course.pictures.trace import StreamTrace
from tests.pictures.traces import article, crowded, resharded

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="there is no Node.js to run the scripts")
PICTURES = Path(still.__file__).parent
SCRIPTS = ["ring.js", "heat.js"]


def run(tmp_path: Path, module: str, code: str, data: Any = None) -> Any:
    """What `code` prints as JSON, run at the end of a picture's module."""
    file = tmp_path / "picture.mjs"
    file.write_text(f"{module}\nconst data = {json.dumps(data)};\n{code}", "utf-8")
    done = subprocess.run([str(NODE), str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_node
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_parses(name: str, tmp_path: Path) -> None:
    assert run(tmp_path, script(name), "console.log(JSON.stringify(typeof render));") == "function"


@pytest.mark.parametrize("name", ["stage.js", "player.js", *SCRIPTS, "pictures.css"])
def test_nothing_is_fetched(name: str) -> None:
    text = (PICTURES / name).read_text("utf-8")
    assert not re.search(r"https?:|\bimport\b|\bfetch\(|XMLHttpRequest|url\(|require\(", text)


@needs_node
@pytest.mark.parametrize("trace", [article(), resharded(), crowded(20_000)], ids=lambda t: t.total)
def test_the_script_counts_as_python_does(trace: StreamTrace, tmp_path: Path) -> None:
    code = """
    const { counted, moment, most } = prepare(data);
    const names = ["records", "bytes", "throttled", "failed"];
    const at = (place) => data.shards.map((_, lane) => names.map((n) => counted(lane, n, place)));
    const places = Array.from({ length: 101 }, (_, step) => step / 100);
    console.log(JSON.stringify({ all: places.map(at), when: places.map(moment), most }));
    """
    told = run(tmp_path, script("ring.js"), code, replay.replay(trace))
    tallies = trace.tallies.values()
    assert told["all"][0] == [[0, 0, 0, 0]] * len(trace.shards)
    assert told["all"][-1] == [[t.records, t.bytes, t.throttled, t.failed] for t in tallies]
    assert told["most"] == max(tally.records for tally in tallies)
    for before, after in pairwise(told["all"]):
        for few, more in zip(before, after, strict=True):
            assert all(a <= b for a, b in zip(few, more, strict=True))
    line = replay.timeline(trace)
    for step, when in enumerate(told["when"]):
        assert line.place(when) == pytest.approx(step / 100, abs=1e-6)


@needs_node
def test_every_way_leads_without_a_jump_from_the_producer_to_the_lane(tmp_path: Path) -> None:
    code = """
    const ways = [];
    for (const width of [480, 760, 1200]) {
      const plan = layOut(width, 4, 1, false);
      for (let step = 0; step < 64; step += 1) {
        const place = (step + 0.5) / 64;
        const lane = Math.floor(place * 4);
        const { point, hit } = route(plan, place, (lane + 0.5) / 4, lane, 0);
        const points = Array.from({ length: 301 }, (_, at) => point(at / 300));
        const end = [plan.left - 6, plan.trackY(lane)];
        ways.push({ points, ring: point(hit), end, center: plan.center, rim: plan.radius });
      }
    }
    console.log(JSON.stringify(ways));
    """
    for way in run(tmp_path, script("ring.js"), code):
        assert way["points"][0] == pytest.approx(way["center"])
        assert way["points"][-1] == pytest.approx(way["end"])
        assert dist(way["ring"], way["center"]) == pytest.approx(way["rim"] * 1.065)
        steps = [dist(a, b) for a, b in pairwise(way["points"])]
        assert max(steps) < 3 * sum(steps) / len(steps)


def test_scripts_and_stills_agree() -> None:
    style = (PICTURES / "pictures.css").read_text("utf-8")
    light = dict(re.findall(r"--(\w+): (#\w{6});", style.partition("[data-dark")[0]))
    assert light["accent"] == still.ACCENT.lower()
    assert light["alarm"] == still.ALARM.lower()
    assert light["fault"] == still.FAULT.lower()
    assert light["hot"] == still.warm(1)
    assert light["warm"] == still.warm(2 / 3)
    ring = script("ring.js")
    assert f"const KINDS = {json.dumps(list(replay.KINDS))};" in ring
    assert f"const PARTS = {replay.PARTS:.0e};".replace("e+0", "e") in ring
