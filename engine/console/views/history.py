"""History: every position that was ever opened, what it made, and how they did together."""

from typing import ClassVar

from textual.binding import Binding

from engine.api.models.positions import Position
from engine.console.dialogs.question import QuestionDialog
from engine.console.performance import result
from engine.console.table import shown
from engine.console.table.columns import Column, gain_or_loss
from engine.console.table.live_table import LiveTable
from engine.console.text import EMPTY, line
from engine.console.texts.performance import performance_lines
from engine.console.texts.position import position_lines
from engine.console.topics import Topic
from engine.console.views.questions import ask_why
from engine.console.views.split import SplitView

COLUMNS = (
    Column("opened", "opened", 12, "when its first execution took place", show=shown.moment),
    Column("closed", "closed", 12, "when its last one did", show=shown.moment),
    Column("position", "position", 26, "what was held, as it was opened", is_wide=True),
    Column("qty", "qty", 3, "combinations that were opened", is_number=True),
    Column("net", "in", 7, "average net of opening it, USD per share, + received", is_number=True, show=shown.number()),
    Column("out", "out", 7, "net of closing it, USD per share, + received", is_number=True, show=shown.number()),
    Column(
        "made", "made", 8, "USD, fees paid; of what is open nothing yet", is_number=True, show=shown.signed(), tone=gain_or_loss
    ),
    Column("fees", "fees", 6, "USD paid", is_number=True, show=shown.number()),
    Column("reason", "closed because", 20, "the rule or the person that closed it", is_wide=True),
    Column("strategy", "strategy", 14, "whose position it was"),
    Column("structure", "structure", 12, "what it was"),
)


class HistoryView(SplitView):
    """The seventh screen."""

    BINDINGS: ClassVar = [Binding("e", "ask", "ask in SQL", id="history.ask")]
    wants: ClassVar[tuple[Topic, ...]] = ("trades",)
    tab: ClassVar[str] = "history"

    def make_table(self) -> LiveTable:
        """The newest first."""
        return LiveTable(COLUMNS, self.console.moment)

    def show(self) -> None:
        """Take every position."""
        table = self.table
        if table is None or not self.feed.has("trades"):
            return
        is_first = not table.rows.values
        table.replace({one.position: self._values(one) for one in self.feed.trades})
        if is_first and self.feed.trades:
            table.sort_by("opened", descending=True)
            table.action_end(-1)
        self.show_detail()

    def _values(self, one: Position) -> tuple[object, ...]:
        return (
            one.opened_at,
            one.closed_at,
            one.spread,
            one.opened,
            one.opening_net,
            one.closing_net,
            result(one),
            one.fees_usd,
            one.close_reason or None,
            one.strategy,
            one.structure,
        )

    def show_detail(self) -> None:
        """How all have done, and the selected one."""
        key = self.table.selected if self.table is not None else None
        one = next((one for one in self.feed.trades if one.position == key), None)
        chosen = [EMPTY, line("the selected position", "strong"), *position_lines(one)] if one is not None else []
        lines = performance_lines(self.feed.trades) if self.feed.has("trades") else [line("waiting for the engine", "stale")]
        self.detail.fill(None, [*lines, *chosen], is_stale=self.feed.is_lost)

    def action_ask(self) -> None:
        """Ask a question in SQL."""
        self.console.push_screen(QuestionDialog(self.feed.engine.sql, self.console.moment))

    def action_why(self) -> None:
        """What its strategy is doing now."""
        key = self.acting()
        one = next((one for one in self.feed.trades if one.position == key), None)
        if one is not None:
            ask_why(self.console, one.strategy)
