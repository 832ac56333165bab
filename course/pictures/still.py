"""A sheet of paper to draw stills on: CSS pixels, y downwards, matplotlib underneath.

The paper is white in any theme, so a still kept in a notebook reads the same everywhere. The same
picture gives the same bytes: matplotlib's own settings and its bundled fonts, no dates inside.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle, Wedge
from PIL import Image

# Okabe and Ito, "Color Universal Design" (2008): told apart with any kind of colour vision.
ACCENT = "#0072B2"
ALARM = "#D55E00"
FAULT = "#CC79A7"

INK = "#1f2328"
MUTED = "#667079"
LINE = "#d5dae0"
SPENT = "#8fb8d4"  # the accent of what is closed
PATH = "#c3d9e8"
FAINT = "#edf0f3"
PAPER = "#ffffff"
OUTSIDE = "#ff00ff"  # becomes transparent: the paper has round corners in a dark theme

MARKS = {"ok": ("o", ACCENT), "throttled": ("s", ALARM), "failed": ("^", FAULT)}

# From nothing to the limit, in one hue.
WARM = ((0.93, 0.945, 0.955), (0.45, 0.70, 0.85), (0.0, 0.447, 0.698), (0.0, 0.18, 0.31))

DENSITY = 2  # pixels per CSS pixel: crisp on a fine screen
POINT = 0.72  # points per CSS pixel, at 100 CSS pixels to matplotlib's inch

Point = tuple[float, float]


def warm(share: float) -> str:
    """The colour of a share of a limit, 0..1 and over."""
    place = min(max(share, 0.0), 1.0) * (len(WARM) - 1)
    left = min(int(place), len(WARM) - 2)
    part = place - left
    pairs = zip(WARM[left], WARM[left + 1], strict=True)
    return "#" + "".join(f"{round(255 * (a + (b - a) * part)):02x}" for a, b in pairs)


class Sheet:
    """White paper of `width` x `height` CSS pixels."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = Figure((width / 100, height / 100), 100 * DENSITY, facecolor=OUTSIDE)
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_xlim(0, width)
        self.axes.set_ylim(height, 0)
        self.axes.axis("off")
        self.box(0, 0, width, height, PAPER, radius=12)
        # A soft edge would mix with the colour that stands for transparent.
        self.axes.patches[0].set_antialiased(False)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 12,
        color: str = INK,
        align: str = "left",
        bold: bool = False,
        mono: bool = False,
    ) -> None:
        """One line of text, `size` pixels tall, its middle at height `y`; `align` as in "right"."""
        # parse_math off: a partition key may hold dollar signs.
        self.axes.text(
            x,
            y,
            words,
            fontsize=size * POINT,
            color=color,
            ha=align,
            va="center_baseline",
            fontweight="bold" if bold else "normal",
            family="DejaVu Sans Mono" if mono else "DejaVu Sans",
            parse_math=False,
        )

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        color: str = "none",
        *,
        radius: float = 0,
        edge: str | None = None,
        dashed: bool = False,
    ) -> None:
        """A rectangle, filled or outlined; nothing when it has no width."""
        if width <= 0:
            return
        radius = min(radius, width / 2, height / 2)
        self.axes.add_patch(
            FancyBboxPatch(
                (x, y),
                width,
                height,
                boxstyle=f"round,pad=0,rounding_size={radius}" if radius else "square,pad=0",
                facecolor=color,
                edgecolor=edge or "none",
                linewidth=POINT if edge else 0,
                linestyle=(0, (3, 3)) if dashed else "solid",
            )
        )

    def cells(
        self, boxes: Iterable[tuple[float, float, float, float]], colors: Sequence[str]
    ) -> None:
        """Many small rectangles (x, y, width, height), a colour each."""
        patches = [Rectangle((x, y), width, height) for x, y, width, height in boxes]
        self.axes.add_collection(PatchCollection(patches, facecolors=colors, linewidths=0))

    def lines(
        self,
        paths: Iterable[Sequence[Point]],
        color: str,
        width: float = 1,
        *,
        dashed: bool = False,
        alpha: float = 1,
    ) -> None:
        """Polylines of one colour."""
        self.axes.add_collection(
            LineCollection(
                [list(path) for path in paths],
                colors=color,
                linewidths=width * POINT,
                linestyles=[(0, (2, 3))] if dashed else "solid",
                capstyle="butt" if dashed else "round",
                alpha=alpha,
            )
        )

    def arc(
        self, center: Point, radius: float, thick: float, start: float, end: float, color: str
    ) -> None:
        """A piece of a ring, clockwise from `start` to `end` degrees (0 is to the right)."""
        self.axes.add_patch(
            Wedge(center, radius, start, end, width=thick, facecolor=color, linewidth=0)
        )

    def circle(self, center: Point, radius: float, color: str, edge: str = "none") -> None:
        """A disc."""
        self.axes.add_patch(
            Circle(center, radius, facecolor=color, edgecolor=edge, linewidth=POINT)
        )

    def marks(self, points: Iterable[Point], kind: str, size: float = 7) -> None:
        """The shape and colour of an outcome ('ok', 'throttled', 'failed') at each point."""
        shape, color = MARKS[kind]
        xs, ys = [], []
        for x, y in points:
            xs.append(x)
            ys.append(y)
        self.axes.add_line(
            Line2D(
                xs,
                ys,
                linestyle="none",
                marker=shape,
                markersize=size * POINT,
                markerfacecolor=color,
                markeredgecolor=PAPER,
                markeredgewidth=0.5,
            )
        )


def png(draw: Callable[[], Sheet]) -> bytes:
    """The PNG file of what `draw` draws, whatever matplotlib settings the notebook has made.

    256 colours: none is off by more than one or two levels, and the file, which the notebook
    keeps for good, is a third of the size.
    """
    with matplotlib.rc_context(), warnings.catch_warnings():
        # A partition key may be in a script the bundled font lacks: a box is drawn, no warning
        # is due, and nbgrader would take one on stderr for a failure.
        warnings.simplefilter("ignore", UserWarning)
        matplotlib.rcdefaults()
        canvas = FigureCanvasAgg(draw().figure)
        canvas.draw()
    full = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    few = full.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    file = BytesIO()
    few.save(file, format="png", optimize=True, transparency=few.getpixel((0, 0)))
    return file.getvalue()
