"""The line in which a table is filtered while one types: field, operator, value; Tab completes a field, Esc clears."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.widgets import Input, Static

from engine.console.filters import compiled, completed
from engine.console.table.live_table import LiveTable
from engine.domain.errors import UserError


class _Field(Input):
    BINDINGS: ClassVar = [
        Binding("tab", "complete", "complete a field", id="filter.complete", show=False),
        Binding("escape", "give_up", "clear the filter", id="filter.clear", show=False),
        Binding("enter", "take", "to the table", id="filter.take", show=False),
    ]

    def action_complete(self) -> None:
        """Complete the field that is being written; where there is none, go on to the table."""
        line = self.parent
        assert isinstance(line, FilterLine), "a part of the line"
        text = completed(self.value, line.table.columns, line.aliases)
        if text is None:
            line.table.focus()
        else:
            self.value = text
            self.cursor_position = len(text)

    def action_give_up(self) -> None:
        """Show all rows again."""
        self.value = ""
        self._to_the_table()

    def action_take(self) -> None:
        """Go on to the table."""
        self._to_the_table()

    def _to_the_table(self) -> None:
        line = self.parent
        assert isinstance(line, FilterLine), "a part of the line"
        line.table.focus()


class FilterLine(Horizontal):
    """The filter of one table, and how many rows pass it."""

    DEFAULT_CSS = """
    FilterLine { height: 1; }
    FilterLine > .slash { width: 3; color: $info; }
    FilterLine > Input, FilterLine > Input:focus { width: 1fr; border: none; height: 1; padding: 0; background: $background; }
    FilterLine > Input:focus { background: $panel; }
    FilterLine > .note { width: auto; max-width: 70%; color: $stale; padding: 0 1; }
    FilterLine.wrong > .note { color: $warn; }
    """

    def __init__(self, table: LiveTable, aliases: dict[str, str] | None = None) -> None:
        super().__init__()
        self.table, self.aliases = table, aliases or {}
        self.before = ""
        """What stands before the count of rows."""
        self._problem = ""

    def compose(self) -> ComposeResult:
        """The field, and what it comes to."""
        yield Static(" / ", classes="slash", markup=False)
        yield _Field(placeholder="filter: sym=SPX credit>5 dte<45", select_on_focus=False)
        yield Static("", classes="note", markup=False)

    def edit(self) -> None:
        """Go and write."""
        self.query_one(Input).focus()

    @property
    def text(self) -> str:
        """The filter as it is written."""
        return self.query_one(Input).value

    def write(self, text: str) -> None:
        """Filter by this text."""
        self.query_one(Input).value = text

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter by what is written so far; what is no filter yet leaves the rows as they are."""
        event.stop()
        try:
            passes = compiled(event.value, self.table.columns, self.aliases)
        except UserError as problem:
            self._problem = str(problem)
        else:
            self._problem = ""
            self.table.filter(passes)
        self.note()

    def note(self) -> None:
        """How many pass, and of when the order is; or what is wrong with the filter."""
        self.set_class(bool(self._problem), "wrong")
        self.query_one(".note", Static).update(Text(self._problem or self.before + self.table.note()))
