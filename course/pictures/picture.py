"""What every picture is: words always, a still where matplotlib works, motion where it can move.

A notebook keeps all three. JupyterLab with a kernel shows the moving view; GitHub, nbconvert and
a notebook opened without a kernel show the still; a terminal and a screen reader get the words.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course.pictures.still import Sheet

STILL_WIDTH = 760  # CSS pixels: a notebook's text column
MANY_SHARDS = 12  # more than this get one line each, without the small print


class Picture:
    """A picture of a stream. Subclasses say it, draw it, and name the view that moves it."""

    title: str
    script: str | None = None  # file name of the view, None when the picture does not move

    @cached_property
    def text(self) -> str:
        """The lesson in one or two sentences and a small table."""
        return f"{self.sentence()}\n\n{self.table()}"

    def sentence(self) -> str:
        """What the picture shows, for those who do not see it."""
        raise NotImplementedError

    def table(self) -> str:
        """The numbers in the picture."""
        raise NotImplementedError

    def sheet(self) -> Sheet:
        """The still, drawn."""
        raise NotImplementedError

    def payload(self) -> dict[str, Any]:
        """What the moving view is sent, once: JSON values only."""
        raise NotImplementedError

    @cached_property
    def png(self) -> bytes | None:
        """The still as a PNG file, the same bytes each time; None without matplotlib."""
        try:
            from course.pictures import still

            return still.png(self.sheet)
        except ImportError:
            return None

    @cached_property
    def view(self) -> Any:
        """The widget of this picture, or None where widgets do not work."""
        if self.script is None:
            return None
        sent = {"title": self.title, **self.payload()}
        try:
            from course.pictures.live import view

            return view(self.script, sent)
        except Exception:  # Widgets broken in whatever way must not cost the learner the still.
            return None

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        data: dict[str, Any] = {"text/plain": self.text}
        metadata: dict[str, Any] = {}
        if self.png is not None:
            data["image/png"] = b64encode(self.png).decode()
            metadata["image/png"] = {"alt": self.sentence(), "width": STILL_WIDTH}
        if self.view is not None:
            data["application/vnd.jupyter.widget-view+json"] = {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self.view.model_id,
            }
        return data, metadata

    def __repr__(self) -> str:
        return self.text
