"""A learner's first look, in a real browser: everything is drawn, clicks answer, nothing leaves.

Screenshots for the README are kept when COURSE_SCREENSHOTS names a folder.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from course.chapters import ROOT

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

CHAPTER = "02-shards-and-partition-keys"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MINUTES = 60_000
IN_FRONT = ".jp-NotebookPanel:not(.lm-mod-hidden)"

# A popular mistake: the key modulo the number of shards.
WRONG_ANSWER = """\
def shard_for(partition_key, shards):
    point = int(md5(partition_key.encode()).hexdigest(), 16)
    return shards[point % len(shards)]["ShardId"]
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a fresh clone, as far as a lab needs it."""
    root = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    shutil.copytree(ROOT / "jupyter", root / "jupyter")
    notebook = root / "notebooks" / f"{CHAPTER}.ipynb"
    document = json.loads(notebook.read_text("utf-8"))
    cell = next(c for c in document["cells"] if "".join(c["source"]).startswith("def shard_for"))
    cell["source"] = WRONG_ANSWER
    notebook.write_text(json.dumps(document), "utf-8")
    return root


@pytest.fixture(scope="module")
def address(desk: Path) -> Iterator[str]:
    """The address of a running lab, as `course lab` prints it."""
    start = (
        "from pathlib import Path; from course.chapters import Shelf; "
        "from course.launch import open_course; "
        f"open_course(0, False, Shelf(Path({str(desk)!r})))"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", start], stdout=subprocess.PIPE, text=True, cwd=desk
    )
    assert server.stdout is not None
    try:
        for line in server.stdout:
            if found := re.search(r"http://127\.0\.0\.1\S+", line):
                yield found[0]
                break
        else:
            pytest.fail("the lab ended before it printed its address")
    finally:
        server.terminate()
        server.wait(30)
        server.stdout.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as engine:
        chromium = engine.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield chromium
        chromium.close()


class Visit:
    """One page, with a list of the hosts that it asked."""

    def __init__(self, browser: playwright.Browser, scheme: str) -> None:
        self.page = browser.new_page(
            color_scheme=scheme, viewport={"width": 1280, "height": 900}, device_scale_factor=1.5
        )
        self.page.set_default_timeout(2 * MINUTES)
        self.hosts: set[str] = set()
        self.page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss"):
            self.hosts.add(parts.hostname or "")

    def open_chapter(self, address: str, chapter: str) -> None:
        parts = urlsplit(address)
        # JupyterLab opens again whatever an earlier visit left open, sooner or later: `reset`
        # closes it, and we look at the chapter in front only.
        url = f"{parts.scheme}://{parts.netloc}/lab/tree/{chapter}.ipynb?{parts.query}&reset"
        self.page.goto(url)
        self.page.locator(f"{IN_FRONT} .jp-Cell").first.wait_for()
        # The kernel has to be there before cells are sent to it.
        self.page.get_by_text(re.compile(r"Python 3 .*\| Idle")).wait_for()

    def run_all(self) -> None:
        """Run every cell and wait until none is waiting."""
        for _ in range(4):  # a click before the kernel is connected is lost, or asks for a kernel
            self.page.get_by_role("menuitem", name="Run", exact=True).click()
            self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
            try:
                self.page.wait_for_function(
                    """front => [...document.querySelectorAll(`${front} .jp-InputArea-prompt`)]
                        .some(p => /\\[(\\*|\\d+)\\]/.test(p.textContent))""",
                    arg=IN_FRONT,
                    timeout=20_000,
                )
                break
            except playwright.TimeoutError:
                self.page.keyboard.press("Enter")
        else:
            pytest.fail("JupyterLab did not begin to run the cells after four tries")
        try:
            self.page.wait_for_function(
                """front => {
                    const cells = [...document.querySelectorAll(`${front} .jp-CodeCell`)];
                    const prompts = cells.map(
                        c => c.querySelector('.jp-InputArea-prompt')?.textContent ?? '');
                    return prompts.length > 10 && prompts.every(p => /\\[\\d+\\]/.test(p));
                }""",
                arg=IN_FRONT,
                timeout=5 * MINUTES,
            )
        except playwright.TimeoutError:
            pytest.fail(f"not every cell was run:\n{self.unfinished()}")

    def unfinished(self) -> str:
        """The cells that have no number yet, and what the page says beside them."""
        self.keep("unfinished")
        lines: list[str] = self.page.evaluate(
            """front => [
                document.querySelector('#jp-main-statusbar')?.textContent,
                ...[...document.querySelectorAll('.jp-Dialog, [data-mime-type$=".error"]')]
                    .map(shown => shown.textContent),
                ...[...document.querySelectorAll(`${front} .jp-CodeCell`)]
                    .map(cell => [...cell.querySelectorAll('.jp-InputArea-prompt, .cm-content')]
                        .map(part => part.textContent).join(' '))
                    .filter(text => !/^\\[\\d+\\]/.test(text)),
            ].map(text => String(text).slice(0, 300))""",
            IN_FRONT,
        )
        return "\n".join(lines)

    def keep(self, name: str, locator: playwright.Locator | None = None) -> None:
        """Keep a screenshot, if somebody wants it."""
        folder = os.environ.get("COURSE_SCREENSHOTS")
        if folder:
            target = locator or self.page
            target.screenshot(path=str(Path(folder) / f"{name}.png"))


def around(locator: playwright.Locator) -> playwright.Locator:
    """The output of a cell that something stands in."""
    return locator.locator("xpath=ancestor::div[contains(@class, 'jp-OutputArea-output')][1]")


def painted(canvas: playwright.Locator) -> int:
    """How many different colours a canvas shows."""
    count: int = canvas.evaluate(
        """canvas => {
            const pixels = canvas.getContext('2d')
                .getImageData(0, 0, canvas.width, canvas.height).data;
            const colours = new Set();
            for (let i = 0; i < pixels.length; i += 16)
                colours.add((pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2]);
            return colours.size;
        }"""
    )
    return count


def test_landing_page(browser: playwright.Browser, address: str) -> None:
    visit = Visit(browser, "light")
    visit.page.goto(address)
    title = visit.page.locator("h1", has_text="Start here")
    title.first.wait_for()
    visit.keep("landing")
    assert visit.page.locator(".jp-toast-message, .Toastify__toast").count() == 0
    assert visit.hosts == {"127.0.0.1"}
    visit.page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_chapter_runs_through(browser: playwright.Browser, address: str, scheme: str) -> None:
    visit = Visit(browser, scheme)
    page = visit.page
    visit.open_chapter(address, CHAPTER)
    visit.run_all()

    errors = page.locator('[data-mime-type="application/vnd.jupyter.error"]')
    assert errors.count() == 0, errors.first.inner_text()
    assert page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').count() == 0

    canvases = page.locator("canvas:visible")
    canvases.nth(1).wait_for()
    for place in range(canvases.count()):
        canvas = canvases.nth(place)
        canvas.scroll_into_view_if_needed()
        for _ in range(100):  # the first frame comes when the browser finds the time
            if painted(canvas) > 8:
                break
            page.wait_for_timeout(200)
        assert painted(canvas) > 8
    ring = canvases.first
    ring.scroll_into_view_if_needed()
    slider = around(ring).locator("input[type=range]")
    slider.press("End")
    playwright.expect(slider).to_have_js_property("value", slider.get_attribute("max"))
    visit.keep(f"hash-ring-{scheme}", around(ring))
    visit.keep(f"heat-{scheme}", around(canvases.nth(1)))

    verdict = page.locator(".course-verdict", has_text="take a remainder")
    verdict.wait_for()
    verdict.scroll_into_view_if_needed()
    assert "Belief to revisit" in verdict.inner_text()
    visit.keep(f"verdict-{scheme}", verdict)
    untouched = page.locator(".course-verdict", has_text="Not attempted")
    playwright.expect(untouched).to_have_count(5)
    paper = page.locator(IN_FRONT).evaluate(
        "panel => getComputedStyle(panel.querySelector('.jp-Notebook')).backgroundColor"
    )
    red, green, blue = (int(part) for part in re.findall(r"\d+", paper)[:3])
    assert (red + green + blue > 600) == (scheme == "light"), paper

    choice = page.get_by_role("button", name="I predict 3").or_(
        page.locator("button", has_text=re.compile(r"^3$"))
    )
    choice.first.scroll_into_view_if_needed()
    choice.first.click()
    playwright.expect(choice.first).to_have_class(re.compile("mod-active"))

    right = page.locator("button", has_text="if start <= point <= end:")
    right.scroll_into_view_if_needed()
    right.click()
    playwright.expect(page.get_by_text("the arcs cover the ring without a gap")).to_be_visible()
    visit.keep(f"quiz-{scheme}", around(right))

    assert visit.hosts == {"127.0.0.1"}
    page.close()
