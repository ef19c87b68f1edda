"""The console: a client of the engine's API with eight screens. It may die at any time; the engine goes on.

It asks, shows, and says what a person says. It decides nothing, and nothing of it is needed for a position to be guarded.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing, suppress
from typing import ClassVar

from pydantic import ValidationError
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from engine.client.asynchronous import AsyncClient
from engine.client.errors import NotAllowed, Refused
from engine.client.mirror import Lost
from engine.client.streaming import Stream
from engine.console.dialogs.choices import ReadDialog
from engine.console.dialogs.halt import HaltDialog, ResumeDialog, halt_lines, only_looks_lines, resume_lines
from engine.console.frame.alerts import alerts
from engine.console.frame.bar import mode_of, window_title
from engine.console.frame.lines import TABS
from engine.console.help import help_lines
from engine.console.host import Host, Setup
from engine.console.keys import Scopes, named
from engine.console.table.live_table import LiveTable
from engine.console.text import line
from engine.console.themes import THEMES
from engine.console.topics import ALWAYS, streamed
from engine.console.views.approvals import ApprovalsView
from engine.console.views.candidates import CandidatesView
from engine.console.views.dashboard import DashboardView
from engine.console.views.history import HistoryView
from engine.console.views.logs import LogsView
from engine.console.views.orders import OrdersView
from engine.console.views.positions import PositionsView
from engine.console.views.strategies import StrategiesView
from engine.console.views.view import View
from engine.domain.errors import EngineError, UserError
from engine.store import halt_file
from engine.store.folder import HALT_FILE

VIEWS: Mapping[str, type[View]] = {
    view.tab: view
    for view in (
        DashboardView,
        CandidatesView,
        ApprovalsView,
        PositionsView,
        OrdersView,
        StrategiesView,
        HistoryView,
        LogsView,
    )
}
RESUME = "/v1/resume"
TICK_S = 1.0
"""Seconds between two looks at countdowns and ages."""
TITLE_KEPT, TITLE_BACK = "\x1b[22;2t", "\x1b[23;2t"
"""Have a terminal keep the title of its window, and show it again. Source: xterm, control sequences, window manipulation."""
NAMED = 2
"""Openings that wait are named up to so many in one sentence; it may not cover the screen that it tells of."""
DRAW_AFTER_S = 0.05
"""Frames of several topics come together: they are drawn together."""


class Console(Host):
    """Eight screens above one feed."""

    TITLE = "spreads"
    ENABLE_COMMAND_PALETTE = True
    MODES: ClassVar = dict(VIEWS)
    CSS = """
    View { background: $background; }
    .stale { color: $stale; }
    Toast { max-width: 80; }
    """
    BINDINGS: ClassVar = [
        *(Binding(str(at), f"go('{tab.name}')", tab.title, id=tab.name, show=False) for at, tab in enumerate(TABS, 1)),
        Binding("f12,ctrl+k", "halt", "HALT", id="halt", show=False, priority=True),
        Binding("question_mark", "help", "help", id="help", show=False),
        Binding("colon,ctrl+p", "command_palette", "command", id="command", show=False),
        Binding("exclamation_mark", "alerts", "what is wrong", id="alerts", show=False),
        Binding("full_stop", "dismiss_coach", "no more advice", id="coach", show=False),
        Binding("t", "next_theme", "theme", id="theme", show=False),
        Binding("ctrl+l", "repaint", "repaint", id="repaint", show=False),
        Binding("q", "quit", "leave; the engine goes on", id="quit", show=False),
    ]

    def __init__(self, engine: AsyncClient, elapsed: Callable[[], float], setup: Setup) -> None:
        super().__init__(engine, elapsed, setup)
        self._told_mode = ""
        self._waiting: frozenset[str] | None = None
        """Openings that waited for a yes when it was looked last; None before."""
        self._is_called = False
        """Whether the window was given a title."""
        self._stream: Stream | None = None
        self._will_draw = False

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours by meaning, where a theme is worn that does not know them."""
        return dict(THEMES[0].variables)

    def get_key_display(self, binding: Binding) -> str:
        """Keys as they stand on a keyboard."""
        shown = super().get_key_display(binding)
        return shown.upper() if re.fullmatch(r"f\d+", shown) else shown

    def on_mount(self) -> None:
        """Put on the theme and the keys, open the first screen, and begin to ask."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = self.setup.theme
        self.theme_changed_signal.subscribe(self, lambda _: self.draw())
        if self.setup.keys:
            self.set_keymap(self.setup.keys)
        self.switch_mode(self.setup.opens)
        if self.setup.asks_by_itself:
            self.run_worker(self._listen, exclusive=True, group="stream")
            self.run_worker(self._follow, exclusive=True, group="feed")
            self.set_interval(TICK_S, self.draw)

    async def _listen(self) -> None:
        """Hear what the engine tells by itself, and show it; where its rows cannot be read, it is asked instead."""
        async with aclosing(self.feed.engine.stream(*ALWAYS)) as self._stream:
            async for update in self._stream:
                try:
                    is_shown = self.feed.take(update)
                except ValidationError:
                    break
                if isinstance(update, Lost):
                    self.wake()
                elif is_shown:
                    self._draw_soon()
        self._stream = None
        self.feed.stream_is_over()
        self.wake()

    async def _follow(self) -> None:
        """Ask, show, wait: longer where the engine does not answer, and at once where somebody wants to know."""
        while True:
            await self.look()
            self.woken.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.feed.wait_s):
                    await self.woken.wait()

    async def look(self) -> None:
        """Ask the engine once for what it does not tell by itself, and show what it says."""
        wants = self.view.wants if self.view is not None else ()
        if self._stream is not None:
            await self._stream.want(*streamed(wants))
        await self.feed.look(wants)
        self._show()

    def _draw_soon(self) -> None:
        """Show once what several frames tell that come together."""
        if not self._will_draw:
            self._will_draw = True
            self.set_timer(DRAW_AFTER_S, self._show)

    def _show(self) -> None:
        """Show what was heard, and say what is new."""
        self._will_draw = False
        self._ring()
        status = self.feed.status
        self._call_window(window_title(self.feed))
        mode = f"{mode_of(status)} {status.account}" if status is not None else ""
        if mode and mode != self._told_mode:
            self._told_mode = self.sub_title = mode
        self.draw()

    def _call_window(self, title: str) -> None:
        """Have the terminal show it where it names its windows; a browser's page has a title of its own."""
        if title == self.title:
            return
        self.title = title
        if self._driver is not None and not (self.is_headless or self.is_web):
            self._driver.write(f"{TITLE_KEPT if not self._is_called else ''}\x1b]2;{_printable(title)}\x07")
            self._is_called = True

    def on_unmount(self) -> None:
        """Give the window its own title back."""
        if self._is_called and self._driver is not None:
            self._driver.write(TITLE_BACK)

    def draw(self) -> None:
        """Show what is known."""
        if self.view is not None:
            self.view.look()

    @property
    def view(self) -> View | None:
        """The screen in front, or that below a dialog; None once it closes, when screens lose their parts one by one."""
        if not self.is_running:
            return None
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, View)), None)

    def _ring(self) -> None:
        """Ring where somebody is asked for the first time."""
        if self.feed.status is None:
            return
        waiting = frozenset(one.order_ref for one in self.feed.approvals)
        new = waiting - self._waiting if self._waiting is not None else frozenset[str]()
        self._waiting = waiting
        if new:
            self.bell()
            names = [one.spread for one in self.feed.approvals if one.order_ref in new]
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            self.tell(f"{len(new)} to approve: {', '.join(names[:NAMED])}{more}")

    # Keys that hold everywhere.

    def action_go(self, name: str) -> None:
        """Open one of the eight screens."""
        self.switch_mode(name)

    def action_halt(self) -> None:
        """Ask for the word HALT, above whatever is open."""
        if isinstance(self.screen, HaltDialog):
            return
        state = str(self.setup.state) if self.setup.state is not None else None
        if self.is_read_only:
            self.push_screen(ReadDialog("HALT", only_looks_lines(state)))
            return
        self.push_screen(HaltDialog(halt_lines(self.feed.status, is_lost=self.feed.is_lost, state=state)), self._halt)

    def _halt(self, is_meant: bool | None) -> None:
        if is_meant:
            self.run_worker(self._halted(), group="said")

    async def _halted(self) -> None:
        """Halt; where the engine does not answer, by the file in its state folder, as `spreads halt` does."""
        word, by, state = "typed HALT in the console", self.setup.by, self.setup.state
        try:
            self.tell((await self.feed.engine.halt(word, by=by)).text)
        except (UserError, Refused, NotAllowed) as error:
            self.tell(f"NOT HALTED: {error}", is_bad=True)
        except EngineError as error:
            try:
                if state is None:
                    raise UserError("this console has no state folder before it; halt with the page's button or `spreads halt`")
                halt_file.leave(state, f"{by}: {word}")
            except UserError as problem:
                self.tell(f"NOT HALTED: {error}; {problem}", is_bad=True)
            else:
                self.tell(f"{error}; wrote {state / HALT_FILE}: it halts within a beat, or from its start", is_bad=True)
        self.wake()

    def action_resume(self) -> None:
        """Ask for the word RESUME."""
        if self.feed.status is not None and self.may(RESUME):
            self.push_screen(ResumeDialog(resume_lines(self.feed.status)), self._resume)

    def _resume(self, is_meant: bool | None) -> None:
        if is_meant:
            self.say(lambda: self.feed.engine.resume("typed RESUME in the console", by=self.setup.by))

    def action_help(self) -> None:
        """The keys of this screen."""
        self.push_screen(ReadDialog("Keys", help_lines(self.screen.active_bindings.values(), self.get_key_display)))

    def action_alerts(self) -> None:
        """Everything that is wrong now."""
        found = alerts(self.feed)
        lines = [line(str(alert), alert.tone) for alert in found] or [line("nothing is wrong", "up")]
        self.push_screen(ReadDialog("What is wrong", lines))

    def action_next_theme(self) -> None:
        """The next of the themes."""
        names = [theme.name for theme in THEMES]
        at = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(at + 1) % len(names)]
        self.tell(f"theme {self.theme}")

    def action_dismiss_coach(self) -> None:
        """No more advice."""
        self.coaches = False
        self.draw()

    def action_repaint(self) -> None:
        """Draw everything anew, where the terminal was written over."""
        self.refresh(repaint=True, layout=True)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What can be found by typing."""
        for at, tab in enumerate(TABS, 1):
            yield SystemCommand(tab.title.lower(), f"open the screen, as {at} does", lambda name=tab.name: self.action_go(name))
        yield SystemCommand("halt", "stop openings: asks for the word HALT", self.action_halt)
        if self.may(RESUME):
            yield SystemCommand("resume", "allow openings again: asks for the word RESUME", self.action_resume)
        for theme in THEMES:
            yield SystemCommand(f"theme {theme.name}", "change the colours", lambda name=theme.name: self._wear(name))
        yield SystemCommand("help", "the keys of this screen", self.action_help)
        yield SystemCommand("what is wrong", "all alerts", self.action_alerts)
        yield SystemCommand("leave", "close the console; the engine goes on", self.exit)

    def _wear(self, theme: str) -> None:
        self.theme = theme


def _printable(text: str) -> str:
    return "".join(one for one in text if one.isprintable())


def scopes() -> Scopes:
    """Everything that keys do, for each screen: what a file of keys is checked against."""
    shared = [*named(Console.BINDINGS), *named(LiveTable.BINDINGS)]
    return {name: [*shared, *named(_bindings(view))] for name, view in VIEWS.items()}


def _bindings(view: type[View]) -> list[BindingType]:
    """Those of a screen and of what it is made from."""
    kinds = (kind for kind in view.__mro__ if issubclass(kind, View))
    return [binding for kind in kinds for binding in kind.__dict__.get("BINDINGS", ())]
