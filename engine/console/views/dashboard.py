"""Dashboard: the account, today, what needs a person, and what happened last."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import events
from textual.containers import Grid, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from engine.console.text import Line, drawn, line
from engine.console.texts.dashboard import (
    account_lines,
    bands_lines,
    event_lines,
    greeks_lines,
    needs_you,
    next_exits,
    strategy_line,
    today_lines,
)
from engine.console.topics import Topic
from engine.console.views.view import View

WIDE = 150
"""Columns from which three panels stand side by side."""


class Panel(Static):
    """A box with a title."""

    DEFAULT_CSS = """
    Panel { border: round $panel; border-title-color: $strong; padding: 0 1; height: auto; }
    """

    def __init__(self, title: str, name: str) -> None:
        super().__init__("", id=name, markup=False)
        self.border_title = title

    def write(self, lines: Sequence[Line], *, is_stale: bool) -> None:
        """Show these lines."""
        self.update(drawn(lines or [line("nothing", "stale")], self.app.theme_variables, is_stale=is_stale))


class DashboardView(View):
    """The first screen."""

    AUTO_FOCUS: ClassVar[str | None] = "VerticalScroll"
    DEFAULT_CSS = """
    DashboardView VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
    DashboardView Grid, DashboardView VerticalScroll { background: $background; }
    DashboardView Grid { grid-size: 3; grid-columns: 1fr 1fr 74; grid-rows: auto; height: auto; }
    DashboardView.narrow Grid { grid-size: 2; grid-columns: 1fr; }
    DashboardView.narrow #greeks { column-span: 2; }
    DashboardView #needs { min-height: 4; }
    """
    wants: ClassVar[tuple[Topic, ...]] = ("positions", "orders", "executions")
    tab: ClassVar[str] = "dashboard"

    def body(self) -> Iterator[Widget]:
        """The panels."""
        greeks = Panel("greeks of what is held, and what may be lost by account.yaml", "greeks")
        first = Grid(Panel("account", "account"), Panel("today", "today"), greeks)
        yield VerticalScroll(
            Panel("needs you", "needs"),
            first,
            Panel("strategies", "strategies"),
            Panel("next exits", "exits"),
            Panel("last events", "events"),
        )

    def on_resize(self, event: events.Resize) -> None:
        """Two side by side where there is no room for three."""
        self.set_class(event.size.width < WIDE, "narrow")

    def show(self) -> None:
        """Fill the panels."""
        feed, status = self.feed, self.feed.status
        if status is None:
            self._write("needs", [line(feed.trouble or "waiting for the engine", "warn")])
            return
        needs = list(needs_you(status, feed.approvals, feed.positions, self.console.moment()))
        self._write("needs", needs or [line("nothing: no question is open", "up")])
        self._write("account", account_lines(status))
        self._write("today", today_lines(status, feed.positions))
        self._write("greeks", [*greeks_lines(feed.positions, status.limits), *bands_lines(status.bands)])
        looked = {
            one.name: None if one.scanned_at is None else (status.at - one.scanned_at).total_seconds()
            for one in status.strategies
        }
        self._write("strategies", [strategy_line(one, looked[one.name]) for one in status.strategies])
        self._write("exits", next_exits(feed.positions))
        self._write("events", event_lines(feed.orders, feed.executions))

    def _write(self, name: str, lines: Sequence[Line]) -> None:
        self.query_one(f"#{name}", Panel).write(lines, is_stale=self.feed.is_lost)
