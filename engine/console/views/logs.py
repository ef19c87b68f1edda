"""Logs: the end of the engine's log, filtered as any table is, each line with its circumstances."""

from typing import ClassVar

from textual.binding import Binding

from engine.console.logfile import LogLine, last_lines
from engine.console.table import shown
from engine.console.table.columns import Column
from engine.console.table.live_table import LiveTable
from engine.console.text import Line, Tone, facts, line
from engine.console.views.split import SplitView


def _level(value: object) -> Tone:
    levels: dict[str, Tone] = {"error": "fault", "critical": "fault", "warning": "warn", "info": "info"}
    return levels.get(str(value), "stale")


COLUMNS = (
    Column("time", "time", 8, "when it was written, New York", show=shown.clock),
    Column("level", "level", 8, "how grave it is", tone=_level),
    Column("event", "event", 50, "what happened", is_wide=True),
    Column("logger", "module", 26, "the module that wrote it"),
)


class LogsView(SplitView):
    """The eighth screen."""

    BINDINGS: ClassVar = [Binding("f", "follow", "follow", id="logs.follow")]
    tab: ClassVar[str] = "logs"

    def __init__(self) -> None:
        super().__init__()
        self._lines: dict[str, LogLine] = {}
        self._trouble = ""
        self._is_following = True

    def make_table(self) -> LiveTable:
        """As they were written."""
        return LiveTable(COLUMNS, self.console.moment)

    def show(self) -> None:
        """Read the end of the log again."""
        table = self.table
        if table is None:
            return
        state = self.console.setup.state
        try:
            read = last_lines(state) if state is not None else []
        except OSError as error:
            read, self._trouble = [], f"the log cannot be read: {error.strerror}"
        self._lines = {f"{one.number}:{one.at}": one for one in read}
        table.replace({key: (one.at, one.level, one.event, one.logger) for key, one in self._lines.items()})
        if self._is_following:
            table.action_end(1)
        self.show_detail()

    def show_detail(self) -> None:
        """The selected line with its circumstances."""
        one = self._lines.get(self.table.selected or "") if self.table is not None else None
        if one is None:
            self.detail.fill(None, [line(self._nothing(), "stale")])
            return
        lines: list[Line] = [line(one.event, "strong"), facts(("level", one.level, _level(one.level)), ("module", one.logger))]
        lines += [facts((name, str(value))) for name, value in one.circumstances.items()]
        self.detail.fill(None, lines)

    def _nothing(self) -> str:
        """Why no line is shown."""
        state = self.console.setup.state
        if state is None:
            return "the log is read on the engine's machine: engine.log in its state folder"
        return self._trouble or f"nothing in {state / 'engine.log'}: warnings and errors alone are written there"

    def action_follow(self) -> None:
        """Stay at the end, or where one is."""
        self._is_following = not self._is_following
        self.console.tell("at the end of the log" if self._is_following else "the log stands still")
        self.look()

    def action_why(self) -> None:
        """The line says it."""
        self.toggle_class("opened")
