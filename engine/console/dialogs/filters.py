"""The filter panel: a search of one's own over the newest snapshot, begun from the file of a strategy.

Each line is switched off and on, its numbers are moved by keys or typed, and how many spreads are left is told at once. The
engine's own search, its data lines and its orders are not touched by any of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Input

from engine.api.models.scan import ScanFilters, ScanResults
from engine.api.models.why import FunnelStep
from engine.client.asynchronous import AsyncClient
from engine.console.charts.bars import bar
from engine.console.dialogs.dialog import Dialog
from engine.console.search import NUMBER, Asked, Draft, draft_of, dropped, nearest
from engine.console.text import EMPTY, Line, Tone, line, row
from engine.domain.errors import EngineError, UserError
from engine.words import percent

HINT = "space off/on   ← → a number   Tab the next number   Enter types   + a rule   n nearest miss   [ ] back, again   r reset"
ENDS = "a shows it in the table   ctrl+s keeps it   Esc leaves"
TITLES = {"spread": "the spread", "filter": "each option", "rule": "the spread's numbers"}


@dataclass(frozen=True, slots=True)
class Panel:
    """How a form is left."""

    scan: str
    filters: ScanFilters
    is_to_keep: bool = False
    """Whether a name is asked for it, to be kept as a preset."""


class FilterPanel(Dialog[Panel]):
    """The form."""

    DEFAULT_CSS = "FilterPanel > Vertical { width: 110; }  FilterPanel Input.away { display: none; }"
    AUTO_FOCUS: ClassVar[str | None] = ""
    BINDINGS: ClassVar = [
        Binding("up,k", "move(-1)", "up", id="filters.up"),
        Binding("down,j", "move(1)", "down", id="filters.down"),
        Binding("space", "switch", "off or on", id="filters.switch"),
        Binding("left,h", "nudge(-1)", "less", id="filters.less"),
        Binding("right,l", "nudge(1)", "more", id="filters.more"),
        Binding("tab", "number", "the next number", id="filters.number", priority=True),
        Binding("enter", "type", "type", id="filters.type"),
        Binding("plus", "add", "another rule", id="filters.add"),
        Binding("n", "nearest", "to the nearest miss", id="filters.nearest"),
        Binding("left_square_bracket", "back(-1)", "as it was", id="filters.back"),
        Binding("right_square_bracket", "back(1)", "and again", id="filters.again"),
        Binding("r", "reset", "as the file", id="filters.reset"),
        Binding("a", "apply", "to the table", id="filters.apply"),
        Binding("ctrl+s", "keep", "keep as a preset", id="filters.keep"),
    ]

    def __init__(
        self, engine: AsyncClient, filters: ScanFilters, funnel: tuple[FunnelStep, ...], miss: str | None, *, may_keep: bool
    ) -> None:
        """`filters` are what it begins with; `funnel` and `miss` are of the strategy's own last look."""
        super().__init__()
        self.title_text = f"Filters: a search of yours, from {filters.strategy}"
        self.hint = f"{HINT}   {ENDS}"
        self._engine, self._wanted, self._funnel, self._miss = engine, filters, funnel, miss
        self._may_keep = may_keep
        self._drafts: list[Draft] = []
        """What was asked one after the other, for `[` and `]`."""
        self._now, self._at, self._number = 0, 0, 0
        self._is_new = False
        """Whether what is typed is another rule."""
        self._scan = ""
        self._found: ScanResults | None = None
        self._problem = "looking …"

    def controls(self) -> ComposeResult:
        """Where a line is typed, once it is asked for."""
        yield Input(classes="away", max_length=500)

    def on_mount(self) -> None:
        """Begin the search."""
        self.write([line(self._problem, "stale")])
        self.run_worker(self._begin, exclusive=True, group="search", exit_on_error=False)

    async def _begin(self) -> None:
        try:
            scan = await self._engine.scan_start(self._wanted)
        except (EngineError, UserError) as error:
            self.write([line(str(error), "fault")])
            return
        self._scan, self._drafts = scan.scan, [draft_of(scan.written)]
        await self._look()

    async def _ask(self) -> None:
        """Have the search look for what the form says now; what is no search yet is told, and the one before stands."""
        try:
            await self._engine.scan_change(self._scan, self._draft.filters())
        except (EngineError, UserError) as error:
            self._problem = str(error).strip().splitlines()[0]
            self._show()
            return
        await self._look()

    async def _look(self) -> None:
        try:
            self._found, self._problem = await self._engine.scan_results(self._scan), ""
        except (EngineError, UserError) as error:
            self._problem = str(error)
        self._show()

    @property
    def _draft(self) -> Draft:
        return self._drafts[self._now]

    def _take(self, draft: Draft) -> None:
        """Another draft; what was taken back before is forgotten."""
        if draft == self._draft:
            return
        self._drafts = [*self._drafts[: self._now + 1], draft]
        self._changed(self._now + 1)

    def _changed(self, to: int) -> None:
        self._now, self._problem = to, "looking …"
        self._at = min(self._at, len(self._draft.lines) - 1)
        self._show()
        self.run_worker(self._ask, exclusive=True, group="search", exit_on_error=False)

    # Drawing.

    def _show(self) -> None:
        draft, shares = self._draft, dropped(self._draft, self._funnel)
        missed, part = nearest(draft, self._miss), ""
        lines: list[Line] = []
        for at, one in enumerate(draft.lines):
            if one.part != part:
                part = one.part
                lines.append(line(TITLES[part], "stale"))
            lines.append(self._line(at, one, shares, is_nearest=at == missed))
        count = "–" if self._found is None else str(len(self._found.candidates))
        told = row(("found ", "stale"), (count, "strong"), (f"   {self._problem}", "warn" if self._problem else "stale"))
        best = [] if self._found is None else [f"{one.spread}  {one.net:+.2f}" for one in self._found.candidates[:3]]
        self.write([*lines, EMPTY, told, *(line(f"  {text}", "stale") for text in best)])

    def _line(self, at: int, one: Asked, shares: Mapping[int, float], *, is_nearest: bool) -> Line:
        is_here = at == self._at
        sign = "   " if one.key else "[x]" if one.is_on else "[ ]"
        drawn: Line = row((f"{'▶' if is_here else ' '} {sign} ", "strong" if is_here else ""))
        text = one.words
        tone: Tone = "strong" if is_here else "" if one.is_on else "stale"
        found = list(NUMBER.finditer(one.text))
        if is_here and found:
            match, ahead = found[self._number % len(found)], len(text) - len(one.text)
            drawn += row(
                (text[: ahead + match.start()], tone),
                (f"‹{match.group()}›", "info"),
                (text[ahead + match.end() :], tone),
            )
        else:
            drawn.append((text, tone))
        if at in shares:
            drawn += row(("   ", ""), (bar(1 - shares[at], 6), "info"), (f" −{percent(shares[at])}", "stale"))
        if is_nearest:
            drawn.append(("  ← kept the nearest miss out", "warn"))
        return drawn

    # Keys.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Before the engine has answered there is nothing to act on; while a line is typed, keys are letters."""
        if action == "leave":
            return True
        return bool(self._drafts) and not self._is_typing and (action != "keep" or self._may_keep)

    @property
    def _is_typing(self) -> bool:
        field = self.query_one(Input)
        return field.has_focus and not field.has_class("away")

    def action_move(self, by: int) -> None:
        """Another line."""
        self._at, self._number = (self._at + by) % max(1, len(self._draft.lines)), 0
        self._show()

    def action_number(self) -> None:
        """The next number of the line."""
        self._number += 1
        self._show()

    def action_switch(self) -> None:
        """The line off, or on again."""
        self._take(self._draft.switched(self._at))

    def action_nudge(self, by: int) -> None:
        """The number a step less or more."""
        self._take(self._draft.nudged(self._at, self._number, by))

    def action_nearest(self) -> None:
        """To the line that kept the nearest miss out."""
        at = nearest(self._draft, self._miss)
        if at is None:
            self.say(self._miss or "no near miss is known: something passed, or it was not looked yet")
        else:
            self._at, self._number = at, 0
            self._show()

    def action_back(self, by: int) -> None:
        """What was asked before, or after it."""
        to = self._now + by
        if 0 <= to < len(self._drafts):
            self._changed(to)

    def action_reset(self) -> None:
        """As the file has it."""
        self._take(self._draft.reset())

    def action_type(self) -> None:
        """Write the line anew."""
        self._is_new = False
        self._open(self._draft.lines[self._at].text)

    def action_add(self) -> None:
        """Write another rule."""
        self._is_new = True
        self._open("")

    def _open(self, text: str) -> None:
        field = self.query_one(Input)
        field.remove_class("away")
        field.value = text
        field.focus()
        self.say("Enter takes it, an empty line takes it away   Esc leaves it as it was")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """What was typed."""
        event.stop()
        self._take(self._draft.added(event.value) if self._is_new else self._draft.typed(self._at, event.value))
        self._close()

    def _close(self) -> None:
        self.query_one(Input).add_class("away")
        self.set_focus(None)
        self.say(self.hint)

    def action_leave(self) -> None:
        """Out of a line that is typed; else out of the panel, and its search ends."""
        if self._is_typing:
            self._close()
            return
        self._end()
        self.dismiss(None)

    def _end(self) -> None:
        if self._scan:
            self.app.run_worker(partial(ended, self._engine, self._scan), group="search.end", exit_on_error=False)

    def action_apply(self) -> None:
        """Into the table behind it; the search goes on there."""
        if self._found is not None and not self._problem:
            self.dismiss(Panel(self._scan, self._draft.filters()))

    def action_keep(self) -> None:
        """The same, and keep it under a name."""
        if self._found is not None and not self._problem:
            self.dismiss(Panel(self._scan, self._draft.filters(), is_to_keep=True))


async def ended(engine: AsyncClient, scan: str) -> None:
    """End a search; one that has ended by itself is no trouble."""
    try:
        await engine.scan_stop(scan)
    except (EngineError, UserError):
        return
