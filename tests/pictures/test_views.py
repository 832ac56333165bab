"""The moving pictures in a real browser, without a notebook around them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright import sync_api as playwright

from course.pictures import hash_ring, shard_heat
from course.pictures.live import script
from course.pictures.picture import Picture
from tests.pictures.traces import article, crowded, resharded, throttled

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as engine:
        chromium = engine.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


class Stand:
    """A page with one picture, and what it did that it should not."""

    def __init__(self, browser: playwright.Browser, picture: Picture, **context: Any) -> None:
        self.page = browser.new_page(**{"device_scale_factor": 2, **context})
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda request: self.faults.append(request.url))
        view = picture.view
        self.page.set_content(
            f"""<!doctype html><meta charset="utf-8"><style>{view._css}</style>
            <body style="margin: 0"><div id="place"></div><script type="module">
            {script(str(picture.script))}
            window.escaped = 0;
            document.addEventListener("keydown", () => {{ window.escaped += 1; }});
            const trace = {json.dumps(view.trace)};
            window.clean = render({{ model: {{ get: () => trace }}, el: place }});
            </script>"""
        )
        self.page.wait_for_function("document.querySelector('canvas').style.height")

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    @property
    def label(self) -> str:
        return str(self.page.locator("canvas").get_attribute("aria-label"))

    def colors(self) -> set[str]:
        """The colours of a tenth of the canvas's pixels."""
        pixels = self.page.evaluate(
            """() => {
                const canvas = document.querySelector("canvas");
                const context = canvas.getContext("2d");
                const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
                const seen = new Set();
                for (let at = 0; at < data.length; at += 40) {
                    if (data[at + 3] === 255) seen.add([...data.slice(at, at + 3)].join(" "));
                }
                return [...seen];
            }"""
        )
        return set(pixels)


def test_the_ring_plays_by_itself_to_the_end(browser: playwright.Browser) -> None:
    stand = Stand(browser, hash_ring(article()))
    assert stand.text("button") == "Pause"
    stand.page.locator("select").select_option("0.25")
    stand.page.wait_for_function(
        "document.querySelector('button').textContent === 'Replay'", timeout=60_000
    )
    assert stand.text(".status").endswith("0 records in shard 2; 10 records in shard 3.")
    assert stand.text(".status") in stand.label
    assert stand.text(".clock") == "20.100 of 20.100 s"
    assert stand.faults == []


def test_the_ring_answers_to_the_keyboard(browser: playwright.Browser) -> None:
    stand = Stand(browser, hash_ring(throttled()))
    page = stand.page
    page.locator("button").focus()
    page.keyboard.press("Space")
    assert stand.text("button") == "Play"
    page.locator("input").focus()
    page.keyboard.press("End")
    assert stand.text("button") == "Replay"
    assert "200 records in shard 0, 200 throttled" in stand.text(".status")
    page.keyboard.press("Home")
    assert "0 records in shard 0;" in stand.text(".status")
    assert stand.page.locator("input").get_attribute("aria-valuetext") == "0.00 of 10.00 s"
    page.keyboard.press("d")
    assert page.evaluate("window.escaped") == 0, "JupyterLab would take plain keys as commands"
    page.keyboard.press("Control+s")
    assert page.evaluate("window.escaped") > 0, "a shortcut of the notebook must still work"


def test_throttled_records_fall_in_their_own_colour(browser: playwright.Browser) -> None:
    stand = Stand(browser, hash_ring(throttled()), reduced_motion="reduce")
    assert "213 94 0" in stand.colors()
    assert "213 94 0" not in Stand(browser, hash_ring(article())).colors()


def test_who_wants_little_motion_sees_the_end(browser: playwright.Browser) -> None:
    stand = Stand(browser, hash_ring(resharded()), reduced_motion="reduce")
    assert stand.text("button") == "Replay"
    assert "shard 1 (closed)" in stand.label
    assert stand.page.locator("input").input_value() == "1"


def test_a_split_changes_the_ring_at_its_moment(browser: playwright.Browser) -> None:
    stand = Stand(browser, hash_ring(resharded()), reduced_motion="reduce")
    slide = "(node, to) => { node.value = to; for (const name of ['input', 'change']) "
    slide += "node.dispatchEvent(new Event(name)); }"
    stand.page.locator("input").evaluate(slide, 0.3)
    assert "shard 2" not in stand.label
    assert "closed" not in stand.label
    stand.page.locator("input").evaluate(slide, 0.9)
    assert "shard 1 (closed)" in stand.label
    assert "in shard 3" in stand.label


def test_heat_tells_its_numbers_to_the_keyboard(browser: playwright.Browser) -> None:
    stand = Stand(browser, shard_heat(throttled(), limits=(40, 4_000)))
    page = stand.page
    page.locator(".cells").focus()
    page.keyboard.press("ArrowDown")
    assert stand.text(".status") == (
        "shard 0, 0 s to 1 s: 20 records (50 % of the limit), 2 KiB (50 % of the limit), "
        "20 throttled."
    )
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    assert stand.text(".status").startswith("shard 1, 2 s to 3 s: 0 records")
    assert page.evaluate("window.escaped") == 0
    page.get_by_text("Bytes").click()
    assert page.get_by_text("Bytes").get_attribute("aria-pressed") == "true"
    assert "the limit, 3.9 KiB per second" in stand.text(".legend")
    assert ", in bytes." in stand.label
    assert stand.faults == []


def test_heat_tells_its_numbers_to_the_mouse(browser: playwright.Browser) -> None:
    stand = Stand(browser, shard_heat(resharded()))
    box = stand.page.locator("canvas").bounding_box()
    assert box is not None
    stand.page.mouse.move(box["x"] + 90, box["y"] + 56)
    assert stand.text(".status").startswith("shard 0, 0 s to 1 s")
    stand.page.mouse.move(box["x"] + 90, box["y"] + 136)
    assert stand.text(".status") == "shard 2, 0 s to 1 s: not open."


@pytest.mark.parametrize(
    ("draw", "color"),
    [(hash_ring, "86 180 233"), (shard_heat, "35 40 45")],
    ids=["a lighter accent", "darker empty cells"],
)
def test_the_theme_may_change(browser: playwright.Browser, draw: Any, color: str) -> None:
    stand = Stand(browser, draw(throttled()), reduced_motion="reduce", color_scheme="light")
    root = stand.page.locator(".course-picture")
    light = stand.colors()
    assert root.get_attribute("data-dark") == "false"
    stand.page.evaluate(
        """() => {
            document.body.style.setProperty("--jp-layout-color0", "#111");
            document.body.style.setProperty("--jp-ui-font-color1", "#fff");
            document.body.setAttribute("data-jp-theme-light", "false");
        }"""
    )
    stand.page.wait_for_function("document.querySelector('figure').dataset.dark === 'true'")
    dark = stand.colors()
    assert color in dark
    assert color not in light


@pytest.mark.parametrize("width", [480, 760, 1200])
@pytest.mark.parametrize("draw", [hash_ring, shard_heat], ids=lambda draw: draw.__name__)
def test_it_fits_its_place(browser: playwright.Browser, draw: Any, width: int) -> None:
    stand = Stand(browser, draw(resharded()), viewport={"width": width, "height": 900})
    inside, canvas, pixels = stand.page.evaluate(
        """() => {
            const canvas = document.querySelector("canvas");
            return [document.documentElement.scrollWidth, canvas.clientWidth, canvas.width];
        }"""
    )
    assert inside == width, "nothing sticks out"
    assert canvas == width - 16
    assert pixels == 2 * canvas, "as fine as the screen"


def test_a_closed_view_stops_working(browser: playwright.Browser) -> None:
    stand = Stand(browser, hash_ring(crowded(5_000)))
    frames = """() => new Promise((done) => {
        let asked = 0;
        const ask = window.requestAnimationFrame;
        window.requestAnimationFrame = (then) => { asked += 1; return ask(then); };
        setTimeout(() => { window.requestAnimationFrame = ask; done(asked); }, 300);
    })"""
    assert stand.page.evaluate(frames) > 2
    stand.page.evaluate("window.clean()")
    assert stand.page.evaluate(frames) == 0
