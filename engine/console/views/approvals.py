"""Approvals: each opening that waits for a person, priced again at the keypress. There is no key that approves all of them."""

from typing import ClassVar

from textual.binding import Binding

from engine.api.models.approvals import Approval
from engine.api.models.orders import Order
from engine.console.charts.payoff import Risk
from engine.console.dialogs.choices import ChoiceDialog
from engine.console.dialogs.order import Form, OrderDialog, Priced
from engine.console.dialogs.safer import Safer, SaferDialog
from engine.console.risks import of_candidate
from engine.console.table import shown
from engine.console.table.columns import Column
from engine.console.table.live_table import LiveTable
from engine.console.text import Tone, line
from engine.console.texts.approval import SHORT_S, card_lines
from engine.console.views.questions import ask_why
from engine.console.views.split import SplitView
from engine.domain.errors import UserError

REASONS = ("price", "an event ahead", "too much of it", "another reason")


def _short(value: object) -> Tone:
    return "warn" if isinstance(value, int | float) and value < SHORT_S else ""


COLUMNS = (
    Column("spread", "waits for a yes", 28, "the spread that would be opened", is_wide=True),
    Column("quantity", "qty", 3, "combinations", is_number=True),
    Column("net", "net now", 8, "at mid now, USD per share, + received", is_number=True, moves=True, show=shown.number()),
    Column("shown", "asked at", 8, "net at mid when the person was asked", is_number=True, show=shown.number()),
    Column("risk", "max loss", 9, "USD of the order at its worst price, fees included", is_number=True, show=shown.number(0)),
    Column("left", "left", 6, "minutes and seconds to answer", is_number=True, show=shown.countdown, tone=_short),
    Column("strategy", "strategy", 16, "whose rules chose it"),
)


class ApprovalsView(SplitView):
    """The third screen."""

    BINDINGS: ClassVar = [
        Binding("a", "approve", "approve", id="approvals.approve"),
        Binding("e", "edit", "edit", id="approvals.edit"),
        Binding("r", "decline", "reject", id="approvals.reject"),
    ]
    NEEDS_ENGINE: ClassVar = frozenset({"approve", "decline", "edit"})
    tab: ClassVar[str] = "approvals"

    def on_mount(self) -> None:
        """The card is always open: nothing is approved unseen."""
        self.add_class("opened")

    def make_table(self) -> LiveTable:
        """Oldest first, as they came."""
        return LiveTable(COLUMNS, self.console.moment)

    def show(self) -> None:
        """Take what waits now."""
        if self.table is not None:
            self.table.replace({one.order_ref: self._values(one) for one in self.feed.approvals})
            self.show_detail()

    def _values(self, one: Approval) -> tuple[object, ...]:
        return (one.spread, one.quantity, one.net_now, one.shown_net, one.max_loss_usd, self._left(one), one.strategy)

    def _left(self, one: Approval) -> float | None:
        return None if one.expires_at is None else max(0.0, (one.expires_at - self.console.moment()).total_seconds())

    def _selected(self) -> Approval | None:
        key = self.table.selected if self.table is not None else None
        return next((one for one in self.feed.approvals if one.order_ref == key), None)

    def show_detail(self) -> None:
        """The card of the selected order."""
        one = self._selected()
        if one is None:
            is_gone = self.table is not None and self.table.rows.gone is not None
            said = "it does not wait any more: 5 shows what became of it" if is_gone else "nothing waits for a yes"
            self.detail.fill(None, [line(said, "stale")])
            return
        self.detail.fill(self._risk(one), card_lines(one, self._left(one)), is_stale=self.feed.is_lost)

    def _risk(self, one: Approval) -> Risk | None:
        if one.candidate is None:
            return None
        return of_candidate(one.candidate, one.quantity, one.multiplier, self.console.moment(), one.net_now)

    def action_approve(self) -> None:
        """Price it anew, and ask once more."""
        ref = self.acting()
        if ref is None:
            return
        engine, by = self.feed.engine, self.console.setup.by

        async def price(_: None) -> Priced:
            one = next((one for one in await engine.approvals() if one.order_ref == ref), None)
            if one is None:
                raise UserError(decided(await engine.order(ref)))
            return Priced(card_lines(one, one.expires_in_s), one.net_now, one.quotes_obstacle)

        async def send(_: None, net: float | None) -> str:
            return (await engine.approve(ref, net, by=by)).text

        form = Form("Approve this opening", [("", None)], price, send, self.console.is_live)
        self.console.push_screen(OrderDialog(form), self._told)

    def _told(self, text: str | None) -> None:
        if text is not None:
            self.console.tell(text)
        self.console.wake()

    def action_edit(self) -> None:
        """Make it safer before it is answered: fewer, a better worst price, or both."""
        one = self._selected() if self.acting() is not None else None
        if one is None:
            return
        engine, by = self.feed.engine, self.console.setup.by

        def edit(safer: Safer | None) -> None:
            if safer is not None:
                self.console.say(lambda: engine.edit(one.order_ref, quantity=safer.quantity, worst=safer.worst, by=by))

        lines = card_lines(one, self._left(one))
        self.console.push_screen(SaferDialog("Make this opening safer", lines, one, may_shrink=True), edit)

    def action_decline(self) -> None:
        """Ask why, and say no."""
        ref = self.acting()
        if ref is None:
            return

        def decline(reason: str | None) -> None:
            if reason is not None:
                self.console.say(lambda: self.feed.engine.decline(ref, reason, by=self.console.setup.by))

        self.console.push_screen(ChoiceDialog("Why not?", REASONS, asks_text=True), decline)

    def action_why(self) -> None:
        """Why the strategy chose it."""
        one = self._selected()
        if one is not None:
            ask_why(self.console, one.strategy)


def decided(order: Order) -> str:
    """What became of an order that waits no more."""
    by = f" by {order.approved_by}" if order.approved_by else ""
    return f"it does not wait any more: {order.state}{by}" + (f" ({order.why})" if order.why else "")
