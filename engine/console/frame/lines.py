"""The lines around every screen: status bar, tabs, alert, footer."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from engine.console.feed import Feed
from engine.console.frame.alerts import alerts
from engine.console.frame.bar import SEPARATOR, fitted, mode_of, parts
from engine.console.themes import style

_WIDE = 100
"""Columns from which the footer says that the engine goes on."""
_HINT = "  ? help   : command "
CIRCLED = "⓪①②③④⑤⑥⑦⑧⑨"
MODES = {"SIM": "mode-sim", "PAPER": "mode-paper", "LIVE": "mode-live"}


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the eight screens."""

    name: str
    title: str
    short: str


TABS = (
    Tab("dashboard", "Dashboard", "Dash"),
    Tab("candidates", "Candidates", "Cand"),
    Tab("approvals", "Approvals", "Appr"),
    Tab("positions", "Positions", "Pos"),
    Tab("orders", "Orders", "Ord"),
    Tab("strategies", "Strategies", "Strat"),
    Tab("history", "History", "Hist"),
    Tab("logs", "Logs", "Logs"),
)


class StatusBar(Widget):
    """Mode and account, and what decides whether the engine trades. Live money colours the whole line."""

    DEFAULT_CSS = "StatusBar { height: 1; }"

    def __init__(self, feed: Feed, *, is_read_only: bool) -> None:
        super().__init__()
        self._feed, self._is_read_only = feed, is_read_only

    def render(self) -> Text:
        """The parts that fit."""
        variables = self.app.theme_variables
        mode = MODES.get(mode_of(self._feed.status), "panel")
        is_lost, is_live = self._feed.is_lost, mode == "mode-live"
        ground = "panel" if is_lost else mode if is_live else "panel"
        bar = Text(" ", style(variables, "", on=ground), no_wrap=True, end="")
        shown = fitted(parts(self._feed, is_read_only=self._is_read_only), self.size.width)
        for at, part in enumerate(shown):
            if at:
                bar.append(SEPARATOR, style(variables, "stale", on=ground) if not is_live else self._on_live())
            if at == 0 and not is_lost and self._feed.status is not None:
                bar.append(f"{part.text}", Style(color="#ffffff", bgcolor=variables[mode][:7], bold=True))
            else:
                bar.append(part.text, self._on_live() if is_live and not is_lost else style(variables, part.tone, on=ground))
        bar.pad_right(max(0, self.size.width - bar.cell_len))
        return bar

    def _on_live(self) -> Style:
        return Style(color="#ffffff", bgcolor=self.app.theme_variables["mode-live"][:7], bold=True)


class TabLine(Widget):
    """The eight screens with what waits in them; a click opens one as its number does."""

    DEFAULT_CSS = "TabLine { height: 1; }"

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, feed: Feed, current: str) -> None:
        super().__init__()
        self._feed, self._current = feed, current
        self._ends: list[tuple[int, str]] = []

    def render(self) -> Text:
        """Number, name and count of each; names are short where the line is, and the hint gives way."""
        width = self.size.width
        line = self._line([tab.title for tab in TABS])
        if line.cell_len + len(_HINT) > width:
            line = self._line([tab.short for tab in TABS])
        if line.cell_len + len(_HINT) <= width:
            line.append(" " * (width - line.cell_len - len(_HINT)) + _HINT, style(self.app.theme_variables, "stale"))
        return line

    def _line(self, titles: Sequence[str]) -> Text:
        variables, line = self.app.theme_variables, Text(no_wrap=True, end="")
        self._ends = []
        for number, (tab, title) in enumerate(zip(TABS, titles, strict=True), 1):
            count = self._count(tab.name)
            is_current, waits = tab.name == self._current, tab.name == "approvals" and bool(count)
            text = f" {number} {title}{f'·{count}' if count else ''} "
            how = Style(bold=True, reverse=True) if is_current else Style(bold=waits or None)
            line.append(text, style(variables, "warn" if waits else "strong" if is_current else "stale") + how)
            self._ends.append((line.cell_len, tab.name))
        return line

    def _count(self, name: str) -> str:
        feed, status = self._feed, self._feed.status
        if status is None:
            return ""
        match name:
            case "candidates":
                found = sum(one.candidates or 0 for one in status.strategies)
                return f"{found:,}" if found else ""
            case "approvals":
                count = len(feed.approvals)
                return CIRCLED[count] if 0 < count < len(CIRCLED) else f"({count})" if count else ""
            case "positions":
                return str(status.open_positions or "")
            case "orders":
                return str(status.working_orders or "")
            case "strategies":
                stopped = sum(1 for one in status.strategies if one.stopped)
                return f"{len(status.strategies) - stopped}/{len(status.strategies)}" if status.strategies else ""
            case _:
                return ""

    def on_click(self, event: events.Click) -> None:
        """Open the screen of the tab under the mouse."""
        for end, name in self._ends:
            if event.x < end:
                self.post_message(self.Chosen(name))
                return


class AlertLine(Widget):
    """The most urgent of what is wrong; there is no line where nothing is."""

    DEFAULT_CSS = "AlertLine { height: 1; display: none; }"

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._feed = feed

    def look(self) -> None:
        """Show what is wrong now."""
        self.display = bool(alerts(self._feed))
        self.refresh()

    def render(self) -> Text:
        """The first alert, and how many more there are."""
        found = alerts(self._feed)
        if not found:
            return Text("")
        more = f"   +{len(found) - 1} more: !" if len(found) > 1 else ""
        tone = style(self.app.theme_variables, found[0].tone, on="panel")
        room = max(0, self.size.width - 1 - len(more))
        text = str(found[0])
        line = Text(" " + (text if len(text) <= room else text[: room - 1] + "…") + more, tone, no_wrap=True, end="")
        line.pad_right(max(0, self.size.width - line.cell_len))
        return line


class FooterLine(Widget):
    """The keys of this screen, as many as fit; at the right how to halt."""

    DEFAULT_CSS = "FooterLine { height: 1; }"

    def __init__(self, farewell: str) -> None:
        super().__init__()
        self._farewell = farewell

    def on_mount(self) -> None:
        """Draw anew when the keys change."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def render(self) -> Text:
        """The bindings that are shown, in their order."""
        variables, width = self.app.theme_variables, self.size.width
        bindings = self.screen.active_bindings.values()
        halt = next((self.app.get_key_display(one.binding) for one in bindings if one.binding.id == "halt"), "F12")
        end = f"{halt} HALT   {self._farewell}" if width >= _WIDE else f"? help   {halt} HALT"
        quiet, line = style(variables, "stale", on="panel"), Text(" ", style(variables, "", on="panel"), no_wrap=True, end="")
        seen: set[str] = set()
        for active in sorted(bindings, key=lambda one: "." not in (one.binding.id or "")):  # the screen's own first
            binding = active.binding
            if not binding.show or not active.enabled or binding.action in seen:
                continue
            seen.add(binding.action)
            key = self.app.get_key_display(binding)
            if line.cell_len + len(key) + len(binding.description) + 4 > width - len(end) - 1:
                continue
            line.append(key, style(variables, "strong", on="panel"))
            line.append(f" {binding.description}   ", quiet)
        line.append(" " * max(0, width - line.cell_len - len(end) - 1), quiet)
        line.append(end + " ", style(variables, "down", on="panel"))
        return line
