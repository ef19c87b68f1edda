"""Candidates: every spread that the rules of the strategies let through, live, and the selected one in full."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.binding import Binding

from engine.api.models.candidates import Candidate
from engine.console.charts.payoff import Risk, mini
from engine.console.dialogs.ideas import IdeasDialog
from engine.console.dialogs.order import Form, OrderDialog, Priced
from engine.console.dialogs.size import SizeDialog
from engine.console.risks import of_candidate, strikes_of
from engine.console.sizing import Size, size_lines, size_of
from engine.console.table import shown
from engine.console.table.columns import Column, Values
from engine.console.table.live_table import LiveTable
from engine.console.text import Line, line
from engine.console.texts.candidate import candidate_lines
from engine.console.texts.picked import picked_lines
from engine.console.topics import Topic
from engine.console.views.filter_line import FilterLine
from engine.console.views.own_search import OwnSearch
from engine.console.views.presets import SAVE, choose, save
from engine.console.views.questions import ask_why
from engine.console.views.split import SplitView

COLUMNS = (
    Column("sym", "sym", 5, "the underlying"),
    Column("exp", "exp", 6, "first expiration date", show=shown.day),
    Column("dte", "dte", 3, "calendar days to the first expiry", is_number=True),
    Column("strikes", "strikes", 17, "strikes and rights of the legs", is_wide=True),
    Column("net", "net", 7, "at mid now, USD per share, + received", is_number=True, moves=True, show=shown.number()),
    Column(
        "nat", "natural", 7, "where every leg pays the ask or hits the bid, now", is_number=True, moves=True, show=shown.number()
    ),
    Column("maxl", "max loss", 8, "most that one spread can lose, USD, fees apart", is_number=True, show=shown.number(0)),
    Column("rom", "RoR", 4, "return on risk: max profit over max loss", is_number=True, show=shown.percent),
    Column("pop", "PoP", 4, "probability of a profit after fees, risk-neutral", is_number=True, show=shown.percent),
    Column("score", "score", 7, "value of the strategy's rank; higher is better", is_number=True, show=shown.number()),
    Column("strategy", "strategy", 14, "whose rules let it through"),
    Column("root", "root", 5, "trading class of the options"),
    Column("delta", "Δ", 6, "shares that one spread behaves like, over the multiplier", is_number=True, show=shown.number(3)),
    Column("theta", "Θ", 6, "USD per share and calendar day, + earned", is_number=True, show=shown.number(3)),
    Column("ev", "EV", 6, "expected value of one spread, USD, after fees", is_number=True, show=shown.number(0)),
    Column("width", "width", 5, "USD per share between the strikes", is_number=True, show=shown.number(0)),
    Column("shape", "shape", 14, "what it makes at expiry; ┊ is the underlying"),
    Column("age", "age", 5, "seconds since its oldest quote", is_number=True, show=shown.age),
)
ALIASES = {"symbol": "sym", "underlying": "sym", "credit": "net", "expiry": "exp", "loss": "maxl", "ror": "rom"}


class CandidatesView(SplitView):
    """The second screen."""

    BINDINGS: ClassVar = [
        Binding("O", "order", "order (preview)", id="candidates.order"),
        Binding("F", "panel", "filters", id="candidates.panel"),
        Binding("z", "size", "size, risk", id="candidates.size"),
        Binding("f", "presets", "presets", id="candidates.presets"),
        Binding("v", "ideas", "ideas", id="candidates.ideas"),
        Binding("escape", "end_search", "end the search", id="candidates.end"),
        Binding("ctrl+s", "save_preset", "keep as a preset", id="candidates.save", show=False),
    ]
    NEEDS_ENGINE: ClassVar = frozenset({"order", "save_preset"})
    NEEDS_ROLE: ClassVar[Mapping[str, str]] = {"save_preset": SAVE}
    wants: ClassVar[tuple[Topic, ...]] = ("candidates",)
    tab: ClassVar[str] = "candidates"

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, Candidate] = {}
        self._shapes: dict[str, str] = {}
        self._last: Candidate | None = None
        self._search = OwnSearch(self._searched)

    def make_table(self) -> LiveTable:
        """By score, the best first."""
        return LiveTable(COLUMNS, self.console.moment)

    def aliases(self) -> dict[str, str]:
        """Words of traders for the columns."""
        return ALIASES

    def show(self) -> None:
        """Take the rows of the last look."""
        table = self.table
        if table is None or not self.feed.has("candidates"):
            return
        is_first = not table.rows.values
        self._search.look(self.console)
        found = self._search.candidates if self._search.filters is not None else self.feed.candidates
        before, self._rows = self._rows, {one.candidate: one for one in found}
        self._shapes = {name: shape for name, shape in self._shapes.items() if name in self._rows}
        now = self.console.moment()
        told = {name: self._values(one, now) for name, one in self._rows.items() if before.get(name) is not one}
        table.update(told, [name for name in before if name not in self._rows])
        if is_first and self._rows:
            table.sort_by("score")
            table.action_end(-1)
        self.show_detail()

    def _searched(self) -> None:
        """A search of one's own has found something else, or is over."""
        if self.is_mounted:
            self.show()
            self.query_one(FilterLine).before = self._search.note
            self.query_one(FilterLine).note()
            self._say_if_empty()
            self.refresh_bindings()

    def _values(self, one: Candidate, now: datetime) -> Values:
        shape = self._shapes.get(one.candidate)
        if shape is None:
            shape = self._shapes[one.candidate] = mini(of_candidate(one, 1, one.multiplier, now))
        return (
            one.underlying,
            min(leg.expiry for leg in one.legs),
            one.dte,
            strikes_of(one.legs),
            one.net_now,
            one.natural_now,
            one.max_loss,
            one.return_on_risk,
            one.pop,
            one.score,
            one.strategy,
            one.root,
            one.delta,
            one.theta,
            one.expected_value,
            one.width,
            shape,
            one.quotes_age_s,
        )

    def show_detail(self) -> None:
        """The selected candidate."""
        table = self.table
        one = self._rows.get(table.selected or "") if table is not None else None
        if one is None:
            is_gone = table is not None and table.rows.gone is not None
            if is_gone and self._last is not None:
                gone = line("✗ it has gone since; this is as it was last", "warn")
                self.detail.fill(self._risk(self._last), [gone, *candidate_lines(self._last, self.feed.status)], is_stale=True)
            else:
                self.detail.fill(None, [line(self._nothing(), "stale")])
            return
        self._last = one
        self.detail.fill(self._risk(one), candidate_lines(one, self.feed.status), is_stale=self.feed.is_lost)

    def _risk(self, one: Candidate) -> Risk:
        net = one.net if one.net_now is None else one.net_now
        return of_candidate(one, 1, one.multiplier, self.console.moment(), net)

    def _nothing(self) -> str:
        """Why the table is empty, in words."""
        status = self.feed.status
        if self._search.filters is not None:
            return "your search finds nothing now; F changes it, Esc ends it"
        if status is None or not self.feed.has("candidates"):
            return "waiting for the engine"
        stopped = [f"{one.name}: {one.stopped.removesuffix(f' ({one.name})')}" for one in status.strategies if one.stopped]
        return "no spread passes the rules now; w says why" + "".join(f"\n  {text}" for text in stopped[:4])

    def action_ideas(self) -> None:
        """What pays most under a view of a price."""
        self.console.push_screen(IdeasDialog(self.feed.engine.ideas, self.console.moment))

    def action_order(self) -> None:
        """Show what the order of the selected candidate would be; nothing is proposed before it is confirmed."""
        name = self.acting()
        if name is not None:
            self._order(name)

    def _order(self, name: str, count: int | None = None) -> None:
        engine, by, spread = self.feed.engine, self.console.setup.by, self._rows[name].spread

        async def price(quantity: int | None) -> Priced:
            preview = await engine.order_preview(name, quantity=quantity)
            return Priced(picked_lines(preview, spread), preview.net_now, preview.obstacle)

        async def send(quantity: int | None, net: float | None) -> str:
            return (await engine.execute(name, net, quantity=quantity, by=by)).text

        choices: list[tuple[str, int | None]] = [("as the strategy sizes it", None), ("1", 1), ("2", 2), ("5", 5), ("10", 10)]
        if count is not None:
            choices = [(str(count), count), *(one for one in choices if one[1] != count)]
        form = Form("Order this candidate", choices, price, send, self.console.is_live)
        self.console.push_screen(OrderDialog(form), self._told)

    def _told(self, text: str | None) -> None:
        if text is not None:
            self.console.tell(text)
        self.console.wake()

    def action_panel(self) -> None:
        """Look for something else in the newest snapshot, beginning with the file of the selected candidate's strategy."""
        table = self.table
        one = self._rows.get(table.selected or "") if table is not None else None
        name = one.strategy if one is not None else self._first_strategy()
        if name is not None:
            self._search.open(self.console, name)

    def action_end_search(self) -> None:
        """Show what the strategies find again."""
        self._search.end(self.console)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a search there is none to end."""
        if action == "end_search":
            return self._search.filters is not None
        return super().check_action(action, parameters)

    def action_size(self) -> None:
        """How many of the selected candidate, and what so many come to."""
        name = self.acting()
        one = self._rows.get(name or "")
        if name is None or one is None:
            return
        net = one.net if one.net_now is None else one.net_now

        def lines(size: Size) -> list[Line]:
            risk = of_candidate(one, size.count, one.multiplier, self.console.moment(), net)
            return size_lines(size, one, risk, self.feed.status)

        def order(count: int | None) -> None:
            if count is not None:
                self._order(name, count)

        may_order = self.check_action("order", ()) is True
        asked = SizeDialog(lambda text: size_of(text, one, self.feed.status), lines, may_order=may_order)
        self.console.push_screen(asked, order)

    def action_presets(self) -> None:
        """Show the table as a preset says."""
        if self.table is not None:
            begin = partial(self._search.begin, self.console)
            chosen = partial(choose, self.console, self.table, self.query_one(FilterLine), begin)
            self.run_worker(chosen, exclusive=True, group="presets")

    def action_save_preset(self) -> None:
        """Keep the filter, the order and the columns under a name."""
        if self.table is not None:
            save(self.console, self.table, self.query_one(FilterLine))

    def action_why(self) -> None:
        """Why the strategy of the selected candidate trades or does not."""
        table = self.table
        one = self._rows.get(table.selected or "") if table is not None else None
        name = one.strategy if one is not None else self._first_strategy()
        if name is not None:
            ask_why(self.console, name)

    def _first_strategy(self) -> str | None:
        status = self.feed.status
        return next((one.name for one in status.strategies), None) if status is not None else None
