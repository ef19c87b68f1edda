"""A screen of a table with the selected row in full: beside it, below it on a tall terminal, or there once it is asked for."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from textual import events
from textual.binding import Binding
from textual.containers import Container
from textual.widget import Widget

from engine.console.table.live_table import LiveTable
from engine.console.text import line
from engine.console.views.detail import Detail
from engine.console.views.filter_line import FilterLine
from engine.console.views.view import View

WIDE = 130
"""Columns from which there is room for both side by side."""
TALL = 34
"""Lines from which there is room for both, one below the other, without being asked."""
BROAD = 100
"""Columns from which the numbers of a row and its picture stand side by side below the table."""
FILTERED = "no row passes the filter; / changes it, Esc there shows all rows again"


class SplitView(View):
    """Filter line, table, detail."""

    DEFAULT_CSS = """
    SplitView .split { layout: horizontal; height: 1fr; }
    SplitView .split > LiveTable { width: 1fr; }
    SplitView.narrow .split { layout: vertical; }
    SplitView.narrow .split > Detail { display: none; width: 100%; height: 1fr; border-left: none; border-top: solid $panel; }
    SplitView.narrow.opened .split > Detail { display: block; }
    SplitView.narrow.opened .split > LiveTable { height: auto; min-height: 4; max-height: 33%; }
    SplitView.narrow PayoffView { height: 11; }
    SplitView.narrow.tall.opened .split > LiveTable { min-height: 8; max-height: 50%; }
    SplitView.narrow.empty .split > Detail { display: block; }
    SplitView.narrow.empty .split > LiveTable { height: auto; min-height: 2; }
    SplitView.broad.tall Detail { layout: horizontal; }
    SplitView.broad.tall Detail > Static { width: 54; padding: 0 2 0 0; }
    SplitView.broad.tall Detail.bare > Static { width: 1fr; padding: 0; }
    SplitView.broad.tall Detail > PayoffView { width: 1fr; height: 16; }
    """
    BINDINGS: ClassVar = [
        Binding("slash", "filter", "filter", id="filter"),
        Binding("p", "turn", "curve/table", id="picture"),
        Binding("w", "why", "why", id="why"),
    ]

    def body(self) -> Iterator[Widget]:
        """The parts."""
        table = self.make_table()
        yield FilterLine(table, self.aliases())
        yield Container(table, Detail(), classes="split")

    def on_mount(self) -> None:
        """The columns that were chosen last."""
        if self.table is not None:
            self.table.show_columns(self.console.memory.columns(self.tab))

    @abstractmethod
    def make_table(self) -> LiveTable:
        """The table of this screen."""

    def aliases(self) -> dict[str, str]:
        """Other names of columns in filters."""
        return {}

    @abstractmethod
    def show_detail(self) -> None:
        """Fill the detail with the selected row."""

    @property
    def detail(self) -> Detail:
        """The pane."""
        return self.query_one(Detail)

    def on_resize(self, event: events.Resize) -> None:
        """Beside it or below it."""
        is_narrow, is_tall = event.size.width < WIDE, event.size.height >= TALL
        if is_tall and not self.has_class("tall"):
            self.add_class("opened")
        self.set_class(is_narrow, "narrow")
        self.set_class(is_tall and is_narrow, "tall")
        self.set_class(is_narrow and event.size.width >= BROAD, "broad")
        self.detail.put_numbers_first(is_narrow)

    def on_live_table_selected(self) -> None:
        """Another row in full."""
        self.show_detail()

    def on_live_table_noted(self) -> None:
        """Another count, or another order."""
        self.query_one(FilterLine).note()
        self._say_if_empty()

    def look(self) -> None:
        """An empty table is never silent: what would be the row's detail says why."""
        super().look()
        self._say_if_empty()

    def _say_if_empty(self) -> None:
        rows = self.table.rows if self.table is not None else None
        if rows is None:
            return
        self.set_class(not rows.order, "empty")
        if rows.values and not rows.order:
            self.detail.fill(None, [line(FILTERED, "stale")])

    def on_live_table_opened(self) -> None:
        """Where there is no room beside the table, the row is opened below it, and closed again."""
        self.toggle_class("opened")
        self.show_detail()

    def action_filter(self) -> None:
        """Write a filter."""
        self.query_one(FilterLine).edit()

    def action_turn(self) -> None:
        """The other picture."""
        self.detail.turn()
