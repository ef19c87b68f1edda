"""A question to the history in SQL: typed or taken from the saved ones, its answer as a table."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.widgets import Input

from engine.api.models.history import Table
from engine.console.dialogs.dialog import Dialog
from engine.console.table.columns import Column
from engine.console.table.live_table import LiveTable
from engine.console.text import line
from engine.domain.errors import EngineError, UserError

SAVED: tuple[tuple[str, str], ...] = (
    ("results by strategy", "SELECT strategy, count(*) AS trades, sum(pnl) AS pnl FROM trades GROUP BY ALL ORDER BY ALL"),
    ("results by day", "SELECT closed_at::DATE AS day, sum(pnl) AS pnl FROM trades GROUP BY ALL ORDER BY ALL"),
    ("why trades were closed", "SELECT close_reason, count(*) AS trades, sum(pnl) AS pnl FROM trades GROUP BY ALL ORDER BY ALL"),
    ("decisions by kind", "SELECT decision, strategy, count(*) AS times FROM decisions GROUP BY ALL ORDER BY ALL"),
    ("the account's worth", "FROM equity ORDER BY ALL DESC"),
    ("orders", "FROM orders"),
)
"""Questions that are always there, by name."""
WIDTH_MIN, WIDTH_MAX = 4, 40


class QuestionDialog(Dialog[None]):
    """Asks, and shows what is answered."""

    DEFAULT_CSS = """
    QuestionDialog > Vertical { width: 98%; height: 94%; }
    QuestionDialog .answer { height: 1fr; }
    QuestionDialog VerticalScroll { max-height: 3; }
    """
    BINDINGS: ClassVar = [
        Binding("up", "saved(-1)", "the saved one before", id="question.before"),
        Binding("down", "saved(1)", "the next saved one", id="question.next"),
    ]
    title_text = "Ask the history"
    hint = "Enter asks   ↑ ↓ saved questions   Tab to the rows   Esc leaves"

    def __init__(self, ask: Callable[[str], Awaitable[Table]], now: Callable[[], datetime]) -> None:
        super().__init__()
        self._ask, self._now, self._at = ask, now, -1

    def controls(self) -> ComposeResult:
        """The question, and room for its answer."""
        yield Input(placeholder="SELECT … over trades, orders, fills, decisions, candidates, equity, quotes …")
        yield Container(classes="answer")

    def action_saved(self, by: int) -> None:
        """Take the next saved question."""
        self._at = (self._at + by) % len(SAVED)
        name, text = SAVED[self._at]
        field = self.query_one(Input)
        field.value, field.cursor_position = text, len(text)
        self.write([line(name, "strong")])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Ask it."""
        event.stop()
        if event.value.strip():
            self.write([line("asked …", "stale")])
            self.run_worker(partial(self._answer, event.value), exclusive=True)

    async def _answer(self, text: str) -> None:
        try:
            found = await self._ask(text)
        except (EngineError, UserError) as error:
            self.write([line(str(error), "warn")])
            return
        cut = ", the first of more" if found.is_cut else ""
        count = "1 row" if len(found.rows) == 1 else f"{len(found.rows):,} rows"
        self.write([line(f"{count}{cut} in {found.took_ms:,.0f} ms; times are UTC", "stale")])
        answer = self.query_one(".answer", Container)
        await answer.remove_children()
        table = LiveTable(columns_of(found), self._now)
        await answer.mount(table)
        table.replace({str(number): tuple(row) for number, row in enumerate(found.rows)})


def columns_of(found: Table) -> list[Column]:
    """A column for each of the answer's, as wide as its values."""
    columns: list[Column] = []
    for at, name in enumerate(found.columns):
        values = [row[at] for row in found.rows[:200]]
        width = min(WIDTH_MAX, max([len(name), WIDTH_MIN, *(len(str(value)) for value in values if value is not None)]))
        is_number = any(isinstance(value, int | float) for value in values)
        columns.append(Column(name, name, width, is_number=is_number))
    return columns
