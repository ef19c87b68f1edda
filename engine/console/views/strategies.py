"""Strategies: each with its funnel, live; the file stays in the trader's editor, and what is wrong with it stands here."""

from typing import ClassVar

from textual.binding import Binding

from engine.api.models.strategies import Strategy
from engine.console.dialogs.choices import ChoiceDialog
from engine.console.dialogs.order import Form, OrderDialog, Priced
from engine.console.table import shown
from engine.console.table.columns import Column, gain_or_loss
from engine.console.table.live_table import LiveTable
from engine.console.text import Line, Tone, line
from engine.console.texts.strategy import state_of, strategy_lines
from engine.console.texts.why import CONDITION
from engine.console.topics import Topic
from engine.console.views.questions import FUNNEL, ask_plan, ask_why
from engine.console.views.split import SplitView


def _state(value: object) -> Tone:
    signs: dict[str, Tone] = {"●": "up", "⚠": "warn", "✗": "fault", "–": "stale"}
    return signs.get(str(value)[:1], "")


def _rung(value: object) -> Tone:
    return "stale" if value in {"record", "shadow"} else "down" if value in {"one lot", "live"} else ""


REASONS = ("an event ahead", "the market is odd", "its rules are being changed", "another reason")
COLUMNS = (
    Column("name", "strategy", 18, "its name", is_wide=True),
    Column("state", "state", 16, "searching, stopped, off, or its file is not in force", tone=_state),
    Column(
        "rung", "rung", 7, "record and shadow send nothing, paper trades a paper account, one lot and live real money", tone=_rung
    ),
    Column("candidates", "found", 6, "spreads that its last look found", is_number=True, moves=True, show=shown.number(0)),
    Column("open", "open", 4, "open positions", is_number=True),
    Column("pnl", "P/L", 7, "unrealised, USD, before fees", is_number=True, moves=True, show=shown.signed(), tone=gain_or_loss),
    Column("approval", "approval", 8, "whether a person is asked"),
    Column("structure", "structure", 14, "what it trades"),
    Column("universe", "on", 12, "underlyings"),
)


class StrategiesView(SplitView):
    """The sixth screen."""

    DEFAULT_CSS = """
    StrategiesView .split > LiveTable { width: 76; }
    StrategiesView .split > Detail { width: 1fr; }
    StrategiesView.narrow .split > LiveTable { width: 100%; }
    """
    BINDINGS: ClassVar = [
        Binding("P", "pause", "pause or go on", id="strategies.pause"),
        Binding("e", "plan", "plan", id="strategies.plan"),
    ]
    NEEDS_ENGINE: ClassVar = frozenset({"pause"})
    wants: ClassVar[tuple[Topic, ...]] = ("strategies",)
    tab: ClassVar[str] = "strategies"

    def on_mount(self) -> None:
        """The funnel is always shown."""
        self.add_class("opened")

    def make_table(self) -> LiveTable:
        """By name."""
        return LiveTable(COLUMNS, self.console.moment)

    def show(self) -> None:
        """Take the strategies as they are."""
        known = self.feed.strategies
        if self.table is None or known is None:
            return
        self.table.replace({one.name: self._values(one) for one in known.strategies})
        self.show_detail()

    def _values(self, one: Strategy) -> tuple[object, ...]:
        where = ", ".join(one.universe)
        first = (one.name, state_of(one), one.rung, one.candidates, one.open)
        return (*first, one.unrealised_usd, one.approval, one.structure, where)

    def show_detail(self) -> None:
        """The selected strategy, and files that are none."""
        known, key = self.feed.strategies, self.table.selected if self.table is not None else None
        if known is None:
            self.detail.fill(None, [line("waiting for the engine", "stale")])
            return
        refused: list[Line] = [line(f"✗ {one.file} is not in force: {one.problem}", "fault") for one in known.refused]
        one = next((one for one in known.strategies if one.name == key), None)
        lines = (
            strategy_lines(one, max(CONDITION, self.detail.size.width - FUNNEL))
            if one is not None
            else [line("no strategy is in force", "warn")]
        )
        self.detail.fill(None, [*refused, *lines], is_stale=self.feed.is_lost)

    def action_pause(self) -> None:
        """Stop the openings of the selected strategy, with a reason; or allow them again, once it is confirmed."""
        key, known = self.acting(), self.feed.strategies
        one = next((one for one in known.strategies if one.name == key), None) if known is not None else None
        if one is None:
            return
        engine, by = self.feed.engine, self.console.setup.by
        if one.pause is None:

            def pause(reason: str | None) -> None:
                if reason is not None:
                    self.console.say(lambda: engine.pause(one.name, reason, by=by))

            self.console.push_screen(ChoiceDialog(f"Why pause {one.name}?", REASONS, asks_text=True), pause)
            return
        lines = [line(f"paused by {one.pause.by}: {one.pause.reason}", "warn"), line("Its openings would be allowed again.")]

        async def price(_: None) -> Priced:
            return Priced(lines, None)

        async def send(_: None, __: float | None) -> str:
            return (await engine.unpause(one.name, by=by)).text

        self.console.push_screen(OrderDialog(Form(f"Go on with {one.name}", [("", None)], price, send, is_live=False)))

    def action_why(self) -> None:
        """The whole answer."""
        key = self.acting()
        if key is not None:
            ask_why(self.console, key)

    def action_plan(self) -> None:
        """What the edit of the selected strategy would change that waits, is refused or lies beside as a draft."""
        key = self.acting()
        if key is not None:
            ask_plan(self.console, key)
