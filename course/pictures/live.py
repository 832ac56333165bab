"""The widget behind a moving picture: one script, one style sheet, data sent once.

No CDN and no import in the scripts: the notebook's machine may have no network.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import anywidget
import traitlets

_FOLDER = resources.files("course.pictures")
# anywidget takes one module per picture, so what several share is put before it.
_SHARED = {"ring.js": ("stage.js", "player.js"), "heat.js": ("stage.js",)}


@cache
def script(name: str) -> str:
    """The ES module of a picture: what it shares with others, then its own."""
    return "\n".join(_FOLDER.joinpath(file).read_text("utf-8") for file in (*_SHARED[name], name))


@cache
def _kind(name: str) -> type[anywidget.AnyWidget]:
    # anywidget reads _esm from the class, so each script has a class of its own.
    return type(
        f"View_{name.removesuffix('.js')}",
        (anywidget.AnyWidget,),
        {
            "_esm": script(name),
            "_css": _FOLDER.joinpath("pictures.css").read_text("utf-8"),
            "trace": traitlets.Dict().tag(sync=True),
            "__module__": __name__,
        },
    )


def view(name: str, trace: dict[str, Any]) -> anywidget.AnyWidget:
    """A widget that runs the script `name` on `trace`."""
    return _kind(name)(trace=trace)
