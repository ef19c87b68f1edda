"""The pane beside a table: the picture of the selected row's risk, and its numbers."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from engine.console.charts.payoff import Risk
from engine.console.charts.payoff_view import PayoffView
from engine.console.text import Line, drawn


class Detail(VerticalScroll, can_focus=False):
    """One row in full."""

    DEFAULT_CSS = """
    Detail { width: 58; border-left: solid $panel; padding: 0 1; scrollbar-size-vertical: 1; }
    Detail > Static { height: auto; }
    Detail > PayoffView { height: 12; }
    """

    def compose(self) -> ComposeResult:
        """The picture above the text."""
        yield PayoffView()
        yield Static("", markup=False)

    def fill(self, risk: Risk | None, lines: Sequence[Line], *, is_stale: bool = False) -> None:
        """Show this row; without a risk there is no picture."""
        picture = self.query_one(PayoffView)
        picture.is_stale, picture.risk = is_stale, risk
        picture.display = risk is not None
        self.set_class(risk is None, "bare")
        self.query_one(Static).update(drawn(lines, self.app.theme_variables, is_stale=is_stale))

    def put_numbers_first(self, numbers_first: bool) -> None:
        """Where there is little room the numbers stand above the picture."""
        picture, text = self.query_one(PayoffView), self.query_one(Static)
        if numbers_first:
            self.move_child(picture, after=text)
        else:
            self.move_child(picture, before=text)

    def turn(self) -> None:
        """The other picture."""
        picture = self.query_one(PayoffView)
        picture.is_table = not picture.is_table
