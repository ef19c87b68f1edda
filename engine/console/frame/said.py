"""What was said last, on narrow terminals: lines of their own above the footer, for there a notice would lie on a card."""

from rich.text import Text
from textual.timer import Timer
from textual.widgets import Static

from engine.console.themes import style

NARROW = 100
"""Columns below which a sentence stands here and not in a corner."""
STANDS_S = 8.0


class SaidLine(Static):
    """A sentence that goes away by itself, whole, in as many lines as it needs; there are none where nothing was said."""

    DEFAULT_CSS = "SaidLine { height: auto; max-height: 6; padding: 0 1; display: none; background: $panel; }"

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._ends: Timer | None = None

    def say(self, text: str, *, is_bad: bool) -> None:
        """Stand for a while, in place of what stood there."""
        self.update(
            Text(f"{'⚠' if is_bad else '▸'} {text}", style(self.app.theme_variables, "warn" if is_bad else "info", on="panel"))
        )
        self.display = True
        if self._ends is not None:
            self._ends.stop()
        self._ends = self.set_timer(STANDS_S, self._end)

    def _end(self) -> None:
        self.display = False
