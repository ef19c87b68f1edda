"""Orders: each with its way through the market, what the broker said in words, and an end by hand."""

from functools import partial
from typing import ClassVar

from textual.binding import Binding

from engine.api.models.orders import Order, OrderDetail
from engine.console.dialogs.order import Form, OrderDialog, Priced
from engine.console.dialogs.safer import Safer, SaferDialog
from engine.console.table import shown
from engine.console.table.columns import Column
from engine.console.table.live_table import LiveTable
from engine.console.text import line
from engine.console.texts.order import order_lines, state_tone, state_words
from engine.console.topics import Topic
from engine.console.views.questions import ask_why
from engine.console.views.split import SplitView
from engine.domain.errors import EngineError, UserError
from engine.domain.order import OVER

COLUMNS = (
    Column("time", "time", 12, "when it was made", show=shown.moment),
    Column("what", "what", 28, "the combination as it is opened", is_wide=True),
    Column("purpose", "for", 5, "whether it opens or closes"),
    Column("qty", "qty", 3, "combinations", is_number=True),
    Column("limit", "limit", 7, "its price now, USD per share, + received", is_number=True, moves=True, show=shown.number()),
    Column("mid", "mid", 7, "at mid now", is_number=True, moves=True, show=shown.number()),
    Column("state", "state", 15, "where it stands", tone=state_tone),
    Column("step", "step", 4, "how often its price was changed", is_number=True),
    Column("age", "age", 6, "since its state changed", is_number=True, show=shown.age),
    Column("filled", "filled", 6, "whole combinations filled"),
    Column("strategy", "strategy", 14, "whose order it is"),
    Column("why", "why", 24, "the last reason that came with it", is_wide=True),
    Column("ref", "order", 20, "its reference, here and at the broker"),
)
ALIASES = {"order": "ref", "spread": "what", "side": "purpose"}


class OrdersView(SplitView):
    """The fifth screen."""

    BINDINGS: ClassVar = [
        Binding("m", "modify", "modify", id="orders.modify"),
        Binding("X", "cancel", "cancel", id="orders.cancel"),
    ]
    NEEDS_ENGINE: ClassVar = frozenset({"cancel", "modify"})
    wants: ClassVar[tuple[Topic, ...]] = ("orders",)
    tab: ClassVar[str] = "orders"

    def __init__(self) -> None:
        super().__init__()
        self._detail: OrderDetail | None = None

    def make_table(self) -> LiveTable:
        """The newest first."""
        return LiveTable(COLUMNS, self.console.moment)

    def aliases(self) -> dict[str, str]:
        """Words of traders for the columns."""
        return ALIASES

    def show(self) -> None:
        """Take the orders as they are."""
        table = self.table
        if table is None or not self.feed.has("orders"):
            return
        is_first = not table.rows.values
        table.replace({one.order_ref: self._values(one) for one in self.feed.orders})
        if is_first and self.feed.orders:
            table.sort_by("time", descending=True)
            table.action_end(-1)
        self.show_detail()

    def _values(self, one: Order) -> tuple[object, ...]:
        age = None if one.state in OVER else (self.console.moment() - one.changed_at).total_seconds()
        return (
            one.proposed_at,
            one.spread,
            one.purpose,
            one.quantity,
            one.limit,
            one.net_now,
            state_words(one),
            one.reprices,
            age,
            f"{one.filled}/{one.quantity}",
            one.strategy,
            one.why or None,
            one.order_ref,
        )

    def _selected(self) -> Order | None:
        key = self.table.selected if self.table is not None else None
        return next((one for one in self.feed.orders if one.order_ref == key), None)

    def show_detail(self) -> None:
        """The selected order, and its timeline once the engine has told it."""
        one = self._selected()
        if one is None:
            self.detail.fill(None, [line("no order yet" if self.feed.has("orders") else "waiting for the engine", "stale")])
            return
        told = self._detail if self._detail is not None and self._detail.order_ref == one.order_ref else None
        self.detail.fill(None, order_lines(one, told), is_stale=self.feed.is_lost)
        if told is None or told.changed_at != one.changed_at or told.reprices != one.reprices:
            self.run_worker(partial(self._ask, one.order_ref), group="timeline", exclusive=True)

    async def _ask(self, ref: str) -> None:
        try:
            self._detail = await self.feed.engine.order(ref)
        except (EngineError, UserError):
            return
        one = self._selected()
        if one is not None and one.order_ref == ref:
            self.detail.fill(None, order_lines(one, self._detail), is_stale=self.feed.is_lost)

    def action_cancel(self) -> None:
        """Show what would be ended, and ask."""
        ref = self.acting()
        if ref is None:
            return
        engine, by = self.feed.engine, self.console.setup.by

        async def price(_: None) -> Priced:
            one = await engine.order(ref)
            over = f"it is {one.state} already" if one.state in OVER else None
            return Priced(order_lines(one, one), None, over)

        async def send(_: None, __: float | None) -> str:
            return (await engine.cancel(ref, "canceled in the console", by=by)).text

        form = Form("End this order", [("", None)], price, send, is_live=False)
        self.console.push_screen(OrderDialog(form), self._told)

    def action_modify(self) -> None:
        """Make an opening safer that works or waits for a yes."""
        one = self._selected() if self.acting() is not None else None
        if one is None:
            return
        engine, by = self.feed.engine, self.console.setup.by

        def modify(safer: Safer | None) -> None:
            if safer is not None:
                self.console.say(lambda: engine.modify(one.order_ref, safer.worst, by=by))

        if one.purpose == "close":
            self.console.tell("a close is not made safer by a better price, only slower; X ends one that a person asked for")
        elif one.state in OVER:
            self.console.tell(f"{one.order_ref} is {one.state} already")
        else:
            self.console.push_screen(SaferDialog("Make this order safer", order_lines(one, None), one, may_shrink=False), modify)

    def _told(self, text: str | None) -> None:
        if text is not None:
            self.console.tell(text)
        self.console.wake()

    def action_why(self) -> None:
        """What its strategy is doing."""
        one = self._selected()
        if one is not None:
            ask_why(self.console, one.strategy)
