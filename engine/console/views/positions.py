"""Positions: what is held, what it has made, which exit comes next and how far it is, and closing it by hand."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from textual.binding import Binding

from engine.api.models.positions import Position
from engine.console.charts.payoff import mini
from engine.console.dialogs.order import Form, OrderDialog, Priced
from engine.console.risks import of_position
from engine.console.table import shown
from engine.console.table.columns import Column, gain_or_loss
from engine.console.table.live_table import LiveTable
from engine.console.text import Tone, line
from engine.console.texts.position import close_lines, next_exit, position_lines, rolled, state_of
from engine.console.topics import Topic
from engine.console.views.custody import ADOPT, RELEASE, adopt, release
from engine.console.views.questions import ask_why
from engine.console.views.rolling import roll
from engine.console.views.split import SplitView

Choice = Literal["all", "half", "put", "call", "short"]
CHOICES: dict[Choice, str] = {
    "all": "all of it",
    "half": "half",
    "put": "put side",
    "call": "call side",
    "short": "the shorts alone",
}


def _state(value: object) -> Tone:
    return (
        "fault"
        if isinstance(value, str) and value.startswith("✗")
        else "warn"
        if isinstance(value, str) and value != "ok"
        else ""
    )


COLUMNS = (
    Column("position", "position", 24, "what is held, as it was opened", is_wide=True),
    Column("qty", "qty", 3, "combinations that are open", is_number=True),
    Column("dte", "dte", 3, "calendar days to the first expiry", is_number=True),
    Column("net", "opened", 7, "average net of opening it, USD per share, + received", is_number=True, show=shown.number()),
    Column("mark", "now", 7, "what closing it brings at mid, USD per share", is_number=True, moves=True, show=shown.number()),
    Column(
        "pnl",
        "P/L",
        7,
        "what closing it at mid would make, USD, before fees",
        is_number=True,
        moves=True,
        show=shown.signed(),
        tone=gain_or_loss,
    ),
    Column("of_max", "of max", 6, "P/L as a share of the most it can make", is_number=True, show=shown.percent),
    Column("state", "state", 9, "ok, tested (a short strike is reached), closing, or what is in the way", tone=_state),
    Column("next", "next exit", 24, "the exit rule that is nearest to firing, and how far it is", is_wide=True),
    Column("shape", "shape+spot", 12, "what it makes at expiry; ┊ is the underlying"),
    Column("rolls", "rolled", 9, "how often it was rolled, and what that brought, USD, + received, before fees"),
    Column("delta", "Δ", 6, "shares that all of it behaves like", is_number=True, show=shown.signed(1)),
    Column("theta", "Θ", 6, "USD per calendar day, + earned", is_number=True, show=shown.signed(1)),
    Column("strategy", "strategy", 14, "whose position it is"),
    Column("opened_at", "since", 6, "when it was opened", show=shown.day),
)
ALIASES = {"sym": "position", "spread": "position", "profit": "pnl", "pl": "pnl"}


class PositionsView(SplitView):
    """The fourth screen."""

    BINDINGS: ClassVar = [
        Binding("C", "close", "close (preview)", id="positions.close"),
        Binding("L", "roll", "roll (preview)", id="positions.roll"),
        Binding("U", "adopt", "adopt from TWS", id="positions.adopt"),
        Binding("R", "release", "release", id="positions.release"),
    ]
    NEEDS_ENGINE: ClassVar = frozenset({"close", "roll", "adopt", "release"})
    NEEDS_ROLE: ClassVar[Mapping[str, str]] = {"adopt": ADOPT, "release": RELEASE}
    wants: ClassVar[tuple[Topic, ...]] = ("positions",)
    tab: ClassVar[str] = "positions"

    def on_mount(self) -> None:
        """Few are held: the selected one stands below them where there is no room beside them."""
        self.add_class("opened")

    def make_table(self) -> LiveTable:
        """Oldest first, as they were opened."""
        return LiveTable(COLUMNS, self.console.moment)

    def aliases(self) -> dict[str, str]:
        """Words of traders for the columns."""
        return ALIASES

    def show(self) -> None:
        """Take what is held now."""
        if self.table is not None and self.feed.has("positions"):
            self.table.replace({one.position: self._values(one) for one in self.feed.positions})
            self.show_detail()

    def _values(self, one: Position) -> tuple[object, ...]:
        risk = of_position(one, self.console.moment())
        most = one.max_profit_usd
        return (
            one.spread,
            one.quantity,
            one.dte,
            one.opening_net,
            None if one.mark_obstacle else one.mark,
            one.unrealised_usd,
            one.unrealised_usd / most if one.unrealised_usd is not None and most else None,
            state_of(one),
            next_exit(one),
            mini(risk, 12) if risk is not None else None,
            rolled(one.rolls) if one.rolls is not None else None,
            one.delta,
            one.theta,
            one.strategy,
            one.opened_at,
        )

    def _selected(self) -> Position | None:
        key = self.table.selected if self.table is not None else None
        return next((one for one in self.feed.positions if one.position == key), None)

    def show_detail(self) -> None:
        """The selected position with its legs, sides and exits."""
        one = self._selected()
        if one is None:
            is_gone = self.table is not None and self.table.rows.gone is not None
            said = (
                "it is closed: 7 has what it made"
                if is_gone
                else "nothing is held"
                if self.feed.has("positions")
                else "waiting for the engine"
            )
            self.detail.fill(None, [line(said, "stale")])
            return
        self.detail.fill(of_position(one, self.console.moment()), position_lines(one), is_stale=self.feed.is_lost)

    def action_close(self) -> None:
        """Show what closing it would do; nothing is sent before it is confirmed."""
        name, one = self.acting(), self._selected()
        if name is None or one is None:
            return
        engine, by = self.feed.engine, self.console.setup.by

        async def price(choice: Choice) -> Priced:
            preview = await engine.close_preview(name, side=_side(choice), half=choice == "half", short=choice == "short")
            return Priced(close_lines(preview), preview.mid, preview.obstacle)

        async def send(choice: Choice, net: float | None) -> str:
            outcome = await engine.close(name, net, side=_side(choice), half=choice == "half", short=choice == "short", by=by)
            return outcome.text

        form = Form(f"Close {one.spread}", choices_of(one), price, send, self.console.is_live)
        self.console.push_screen(OrderDialog(form), self._told)

    def _told(self, text: str | None) -> None:
        if text is not None:
            self.console.tell(text)
        self.console.wake()

    def action_roll(self) -> None:
        """Show what rolling it would do, by the roll of its file; nothing is sent before it is confirmed."""
        one = self._selected()
        if self.acting() is not None and one is not None:
            roll(self.console, one)

    def action_adopt(self) -> None:
        """Take options that were opened in TWS into the engine's hands."""
        status = self.feed.status
        names = [one.name for one in status.strategies] if status is not None else []
        self.run_worker(adopt(self.console, names), exclusive=True, group="custody")

    def action_release(self) -> None:
        """Take the selected position out of the engine's hands."""
        one = self._selected()
        if self.acting() is not None and one is not None:
            release(self.console, one)

    def action_why(self) -> None:
        """What its strategy is doing."""
        one = self._selected()
        if one is not None:
            ask_why(self.console, one.strategy)


def choices_of(one: Position) -> list[tuple[str, Choice]]:
    """The portions that can be closed."""
    found: list[Choice] = ["all"]
    if one.quantity > 1:
        found.append("half")
    if {side.side for side in one.sides} == {"put", "call"}:
        found.extend(("put", "call"))
    found.append("short")
    return [(CHOICES[choice], choice) for choice in found]


def _side(choice: Choice) -> Literal["put", "call"] | None:
    return choice if choice in {"put", "call"} else None  # type: ignore[return-value]
