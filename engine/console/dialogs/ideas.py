"""A view of a price, typed, and what pays most under it: spreads of every structure as a table."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Input

from engine.api.models.ideas import Idea, Ideas
from engine.console.dialogs.dialog import Dialog
from engine.console.table import shown
from engine.console.table.columns import Column
from engine.console.table.live_table import LiveTable
from engine.console.text import Line, facts, line
from engine.domain.errors import EngineError, UserError
from engine.words import number, percent

EXAMPLE = "SPX 3% to 5% higher by 18 Dec, 70% sure"
COLUMNS = (
    Column("spread", "spread", 34, "what would be opened", is_wide=True),
    Column("fits", "fits", 4, "how many the limits of account.yaml let through for one order", is_number=True),
    Column("net", "at mid", 7, "USD per share, + received", is_number=True, show=shown.number()),
    Column("natural", "natural", 7, "each ask paid and each bid hit, USD per share", is_number=True, show=shown.number()),
    Column(
        "value", "value", 7, "USD that one brings under the view, at natural, after fees", is_number=True, show=shown.signed()
    ),
    Column("score", "a dollar", 8, "that value for each dollar that can be lost", is_number=True, show=shown.number()),
    Column("max_loss", "max loss", 8, "USD of one, fees apart", is_number=True, show=shown.number(0)),
    Column("max_profit", "max gain", 8, "USD of one, fees apart", is_number=True, show=shown.number(0)),
    Column("view_pop", "chance", 6, "of a profit after fees under the view", is_number=True, show=shown.percent),
    Column("pop", "market's", 8, "the same by the market", is_number=True, show=shown.percent),
    Column("dte", "dte", 3, "calendar days to its first expiry", is_number=True),
)


class IdeasDialog(Dialog[None]):
    """Asks for a view, and shows what it makes of the market."""

    DEFAULT_CSS = """
    IdeasDialog > Vertical { width: 98%; height: 94%; }
    IdeasDialog .answer { height: 1fr; }
    IdeasDialog VerticalScroll { max-height: 6; }
    """
    title_text = "Ideas under your view of a price"
    hint = "Enter asks   Tab to the rows   Esc leaves   nothing is sent: a strategy's file opens what it asks for"

    def __init__(self, ask: Callable[[str], Awaitable[Ideas]], now: Callable[[], datetime]) -> None:
        super().__init__()
        self._ask, self._now = ask, now

    def controls(self) -> ComposeResult:
        """The view, and room for its answer."""
        yield Input(placeholder=EXAMPLE, max_length=200)
        yield Container(classes="answer")

    def on_mount(self) -> None:
        """What can be said."""
        self.write([line(f"as in: {EXAMPLE}   SPY between 590 and 610 in 30 days   SPX within 2% by 18 Dec", "stale")])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Ask it."""
        event.stop()
        if event.value.strip():
            self.write([line("looking through every structure …", "stale")])
            self.run_worker(partial(self._answer, event.value), exclusive=True)

    async def _answer(self, view: str) -> None:
        try:
            found = await self._ask(view)
        except (EngineError, UserError) as error:
            self.write([line(str(error), "warn")])
            return
        self.write(ideas_lines(found))
        answer = self.query_one(".answer", Container)
        await answer.remove_children()
        table = LiveTable(COLUMNS, self._now)
        await answer.mount(table)
        table.replace({str(at): _values(one) for at, one in enumerate(found.ideas)})


def ideas_lines(found: Ideas) -> list[Line]:
    """The view and the market in prices, and what paid nothing."""
    lines = [
        facts(
            ("you", f"{found.underlying} by {found.by:%d %b %Y} at {number(found.expected)} on average, nine times in ten"),
            ("from", f"{number(found.low)} to {number(found.high)}", "info"),
        ),
        facts(
            ("market", f"{number(found.market_expected)} on average, volatility {percent(found.market_volatility, 1)},"),
            ("gives that range", percent(found.market_chance), "info"),
        ),
    ]
    if found.too_large:
        lines.append(line("what pays is too large for the limits of account.yaml", "warn"))
    elif not found.ideas:
        lines.append(line("the market prices everything as you do", "warn"))
    if found.nothing:
        lines.append(line(f"nothing pays: {', '.join(found.nothing)}", "stale"))
    return lines


def _values(one: Idea) -> tuple[object, ...]:
    first = (one.spread, one.quantity, one.net, one.natural, one.view_value, one.view_score)
    return (*first, one.max_loss, one.max_profit, one.view_pop, one.pop, one.dte)
