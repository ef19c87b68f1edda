"""What the eight screens share: the frame around them, and being shown anew each time the engine has answered."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget

from engine.console.dialogs.choices import ChoiceDialog, ColumnsDialog, ReadDialog
from engine.console.export import CLIPBOARD, EXPORTS, as_csv, as_file, file_name
from engine.console.feed import Feed
from engine.console.frame.coach import CoachLine
from engine.console.frame.lines import AlertLine, FooterLine, StatusBar, TabLine
from engine.console.frame.said import SaidLine
from engine.console.host import Host
from engine.console.table.live_table import LiveTable
from engine.console.text import Line, row
from engine.console.topics import Topic
from engine.domain.errors import UserError


class View(Screen[None]):
    """One of the eight screens."""

    AUTO_FOCUS: ClassVar[str | None] = "LiveTable"
    BINDINGS: ClassVar = [
        Binding("c", "columns", "columns", id="columns", show=False),
        Binding("x", "export", "export", id="export", show=False),
        Binding("y", "copy", "copy the row", id="copy", show=False),
        Binding("f1", "meaning", "what the columns mean", id="meaning", show=False),
    ]
    NEEDS_ENGINE: ClassVar[frozenset[str]] = frozenset()
    """Actions that are off while the engine does not answer, and hidden where the console only looks."""
    NEEDS_ROLE: ClassVar[Mapping[str, str]] = {}
    """Endpoint of the API behind an action: whoever may not use it does not see its key."""
    wants: ClassVar[tuple[Topic, ...]] = ()
    tab: ClassVar[str] = ""

    def compose(self) -> ComposeResult:
        """The frame, and the body within."""
        console = self.console
        yield StatusBar(console.feed, is_read_only=console.is_read_only)
        yield TabLine(console.feed, self.tab)
        yield AlertLine(console.feed)
        yield from self.body()
        yield SaidLine()
        if console.coaches:
            yield CoachLine(console.feed, self.tab)
        yield FooterLine(console.setup.farewell)

    def body(self) -> Iterator[Widget]:
        """What is between the frame's lines."""
        return iter(())

    @property
    def console(self) -> Host:
        """The application."""
        assert isinstance(self.app, Host), "a screen of the console alone"
        return self.app

    @property
    def feed(self) -> Feed:
        """What the engine said last."""
        return self.console.feed

    @property
    def table(self) -> LiveTable | None:
        """The table that keys act on; None where there is none."""
        return next(iter(self.query(LiveTable)), None)

    def show(self) -> None:
        """Show what the engine said last: called after each answer, and where the screen comes to the front."""

    def look(self) -> None:
        """Draw the frame and the body anew."""
        if not self.is_mounted:
            return
        for line in (StatusBar, TabLine):
            self.query_one(line).refresh()
        for coach in self.query(CoachLine):
            coach.display = self.console.coaches
            coach.refresh()
        self.query_one(AlertLine).look()
        for table in self.query(LiveTable):
            table.set_stale(self.feed.is_lost)
        self.show()
        self.refresh_bindings()

    def on_screen_resume(self) -> None:
        """Show at once what is known, and ask for what is not."""
        self.look()
        self.console.wake()

    def on_tab_line_chosen(self, event: TabLine.Chosen) -> None:
        """A tab was clicked."""
        self.console.switch_mode(event.name)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What sends something is off while the engine does not answer, and not there where the console only looks."""
        if action in self.NEEDS_ROLE and not self.console.may(self.NEEDS_ROLE[action]):
            return False
        if action in self.NEEDS_ENGINE:
            return False if self.console.is_read_only else None if self.feed.is_lost else True
        if action in {"columns", "export", "copy", "meaning"}:
            return self.table is not None
        return True

    def acting(self) -> str | None:
        """The row that a key acts on: the one that is shown as selected, or none, which is told."""
        if self.table is None:
            return None
        key, why_not = self.table.acting()
        if key is None:
            self.console.tell(why_not, is_bad=True)
        return key

    def action_columns(self) -> None:
        """Choose the columns of the table."""
        table = self.table
        if table is None:
            return
        shown = [table.columns[at].name for at in table.shown]
        self.console.push_screen(ColumnsDialog(table.columns, shown), self._take_columns)

    def _take_columns(self, chosen: tuple[str, ...] | None) -> None:
        if chosen and self.table is not None:
            self.table.show_columns(chosen)
            problem = self.console.memory.keep_columns(self.tab, chosen)
            if problem is not None:
                self.console.tell(problem, is_bad=True)

    def action_meaning(self) -> None:
        """What each column means."""
        if self.table is not None:
            lines: list[Line] = [row((f"{one.title:<12}", "strong"), (one.about, "")) for one in self.table.columns]
            self.console.push_screen(ReadDialog("What the columns mean", lines))

    def action_export(self) -> None:
        """Write what is shown, exactly, as CSV or Parquet."""
        self.console.push_screen(ChoiceDialog("Export what is shown", EXPORTS), self._export)

    def _export(self, kind: str | None) -> None:
        table = self.table
        if kind is None or table is None:
            return
        names, rows = table.visible_values()
        try:
            if kind == CLIPBOARD:
                self.console.copy_to_clipboard(as_csv(names, rows))
                self.console.tell(f"{len(rows)} rows copied")
            else:
                name = file_name(kind, f"spreads-{self.tab}", self.feed.now())
                self.console.tell(f"{len(rows)} rows in {self._put(name, as_file(kind, names, rows))}")
        except (OSError, UserError) as error:
            self.console.tell(f"not exported: {error}", is_bad=True)

    def _put(self, name: str, content: bytes) -> str:
        """Write a file, or give it to the browser; where it is."""
        folder = self.console.setup.folder
        if folder is None:
            self.console.deliver_binary(BytesIO(content), save_filename=name)
            return name
        (folder / name).write_bytes(content)
        return str(folder / name)

    def action_copy(self) -> None:
        """Copy the selected row."""
        table, key = self.table, self.acting()
        if table is not None and key is not None:
            values = table.rows.values[key]
            shown = zip(table.columns, values, strict=True)
            self.console.copy_to_clipboard(
                "  ".join(f"{one.name}={one.show(value)}" for one, value in shown if value is not None)
            )
            self.console.tell("copied")
