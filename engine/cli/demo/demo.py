"""`spreads demo`: simulated market, simulated TWS and engine in one process, over the real wire protocol in memory.

Without a terminal, time jumps and a report ends it; the same seed writes the same journal, byte for byte. With a terminal, time
runs at a speed a person can follow: fast while nothing happens, slow while an order works, real while somebody is asked. It is
seen in the console, or told in plain lines.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from engine.app import App
from engine.cli.demo.attended import with_console
from engine.cli.demo.lookback import look_back
from engine.cli.demo.pace import BUSY, Pace
from engine.cli.demo.report import report
from engine.cli.demo.story import Record
from engine.cli.logs import log_to
from engine.cli.markets import PAST
from engine.cli.money import dollars
from engine.cli.narrate import INDENT, Narrator, clock
from engine.cli.options import State, Strategies
from engine.cli.replaced import emptied
from engine.cli.shipped import shipped
from engine.cli.show import program, say
from engine.domain.clocks import DEMO_CADENCE, DEMO_HELD_CADENCE, DEMO_IDLE_CADENCE
from engine.domain.facts.orders import ApprovalAsked
from engine.domain.facts.union import Fact
from engine.domain.session import Session
from engine.options import Options
from engine.runtime.control import Control
from engine.runtime.schedule import sessions_between
from engine.runtime.standing import waiting
from engine.settings import Settings
from engine.sim.loop import PacedLoop, VirtualLoop, run
from engine.sim.market.generated import GeneratedMarket
from engine.sim.market.series import Breadth
from engine.sim.network import MemoryNetwork
from engine.sim.options import SimOptions
from engine.sim.simulator import Simulator

ACCOUNT, CASH, PORT, LINES = "DU1234567", 500_000, 7497, 80
DEMO = Path("state/demo")
FIRST_DAY = date(2026, 11, 16)
"""A Monday with a quiet calendar. Fixed, so that a seed tells the whole story."""
MARKER = ".demo"
BREADTH = Breadth(dailies=3, weeklies=6, monthlies=4)
SIM_OPTIONS = SimOptions(
    cadence_s=DEMO_CADENCE.total_seconds(),
    idle_cadence_s=DEMO_IDLE_CADENCE.total_seconds(),
    held_every_s=DEMO_HELD_CADENCE.total_seconds(),
    repeats_quotes=True,
    match_every_s=DEMO_CADENCE.total_seconds(),
    pnl_every_s=60,
    max_lines=LINES,
)
WATCHED_SIM_OPTIONS = replace(SIM_OPTIONS, idle_cadence_s=10)
"""A person who says yes must not be told, most of the time, that the quotes are too old."""
STALL_S = 2.0
"""Simulated seconds that a busy machine may cost a watched demonstration at once: far from those after which a silent TWS is
taken for dead, and the quotes for too old."""
SHOWN = ("SPX", "VIX")
"""Levels that are told every hour."""
FUNNEL_EVERY = timedelta(minutes=10)
FRONT_EVERY_S = 2.0
ANSWER_AFTER_S = 20
"""The person who is not there looks for twenty seconds, then says yes."""
STAGED = ((1, timedelta(minutes=90), -0.03), (1, timedelta(hours=3), -0.01))
"""Jumps of the S&P 500: session (0 is the first), time after its open, relative move. The report says that they are staged."""


def demo(
    *,
    seed: Annotated[int, Parameter(validator=Number(gte=0, lte=2**31))] = 10,
    days: Annotated[int, Parameter(validator=Number(gte=1, lte=20))] = 2,
    state: Annotated[State, Parameter(help="Folder for the journal and the history; an earlier demo in it is replaced.")] = DEMO,
    strategies: Annotated[
        Strategies | None,
        Parameter(help="Folder of strategies; the examples that come with the program when not given.", show_default=False),
    ] = None,
    headless: bool = False,
    plain: bool = False,
    behind_console: Annotated[bool, Parameter(show=False)] = False,
) -> int:
    """Watch it trade: a simulated market, no account, no configuration, nothing to lose.

    Parameters
    ----------
    seed
        Another number is another market.
    days
        Trading days to run.
    headless
        Jump through time and print a report, also on a terminal.
    plain
        Lines instead of the console, and a letter and Enter as an answer.
    behind_console
        The engine of a console that runs beside it.
    """
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    examples = strategies or example_strategies()
    if on_terminal and not (headless or plain or behind_console):
        return with_console(seed=seed, days=days, state=state, strategies=examples)
    folder = fresh(state)
    log_to(folder)
    sessions = sessions_between(FIRST_DAY, FIRST_DAY + timedelta(days=3 * days + 10))[:days]
    watched = behind_console or (on_terminal and not headless)
    network = MemoryNetwork()
    loop = PacedLoop(BUSY, network, stall_s=STALL_S) if watched else VirtualLoop(network)
    stage = Stage(
        seed,
        folder,
        examples,
        sessions,
        loop if isinstance(loop, PacedLoop) else None,
        listens=watched and not behind_console,
        front=os.getppid() if behind_console else None,
    )
    started = time.monotonic()
    with suppress(KeyboardInterrupt):
        run(stage.play(), loop)
    stage.look_back()
    say("")
    for line in report(stage.record, seed, folder, time.monotonic() - started):
        print(line)
    return 0


def example_strategies() -> Path:
    """The strategies that come with the program, by the short name where one stands in a checkout."""
    folder = shipped("strategies")
    return Path("strategies") if folder == Path("strategies").resolve() else folder


@dataclass(slots=True)
class Stage:
    """One demonstration: its parts, and what was seen."""

    seed: int
    state: Path
    strategies: Path
    sessions: tuple[Session, ...]
    paced: PacedLoop | None
    listens: bool = False
    """Whether lines from the terminal are answers."""
    front: int | None = None
    """The process of the console in front, without which there is nobody to show anything; None where there is none."""
    record: Record = field(default_factory=Record)
    options: Options = field(default_factory=Options)
    market: GeneratedMarket | None = None
    _control: Control | None = None
    _nudge: Callable[[], None] = lambda: None

    async def play(self) -> None:
        """Run from before the first open to after the last close."""
        begins = self.sessions[0].open - timedelta(minutes=5)
        ends = self.sessions[-1].close + timedelta(minutes=5)
        longest = sessions_between(begins.date() - PAST, begins.date() + timedelta(days=400))
        names, cadence_s = ("SPX", "SPY", "VIX"), SIM_OPTIONS.cadence_s
        market = GeneratedMarket(self.seed, begins, longest, names, BREADTH, cadence_s, keeps_path=True)
        self.market = market
        options = SIM_OPTIONS if self.paced is None else WATCHED_SIM_OPTIONS
        simulator = Simulator(market, seed=self.seed, begins=begins, account=ACCOUNT, cash=CASH, options=options)
        await simulator.start("127.0.0.1", PORT)
        pace = None if self.paced is None else Pace(self.paced, self.sessions, simulator.now)
        narrator = Narrator(lambda text: _tell(text, pace))
        self.record.cash = CASH
        self.options = Options(
            funnel_every=FUNNEL_EVERY,
            serves_api=self.paced is not None,
            watches_files=self.paced is not None,
            observers=(narrator, self),
            on_control=lambda control: self._opened(control, narrator, pace),
        )
        settings = Settings(
            mode="sim", port=PORT, account=ACCOUNT, explore_share=0, state=self.state, strategies=self.strategies, lines=LINES
        )
        app = App(settings, simulator, self.options)
        self._nudge = app.nudge
        loop = asyncio.get_running_loop()
        loop.call_later((ends - begins).total_seconds(), self.stop)
        for session, after, move in STAGED:
            if session < len(self.sessions):
                at = self.sessions[session].open + after
                self.record.staged.append((at, "SPX", move))
                loop.call_later((at - begins).total_seconds(), market.shock, "SPX", move)
        for at in _full_hours(self.sessions):
            loop.call_later((at - begins).total_seconds(), self._tell_hour, market, at)
        say(f"simulated market, seed {self.seed}: {self.sessions[0].day:%a %d %b} to {self.sessions[-1].day:%a %d %b %Y},")
        say(f"account {ACCOUNT} with ${CASH:,}. Nothing here touches a broker.")
        if self.listens:
            say("a and Enter approves, d declines, h halts, r resumes, q leaves; or, from another terminal:")
            say(f"  {program()} approvals --state {self.state}")
            say(f"  {program()} approve ORDER --state {self.state}\n")
            loop.add_reader(sys.stdin.fileno(), self._typed)
        if pace is not None:
            pace.look()
        if self.front is not None:
            self._look_to_the_front(self.front)
        with suppress(NotImplementedError, RuntimeError):  # on this system, or in another thread than the first
            loop.add_signal_handler(signal.SIGINT, self._interrupted)
        try:
            await app.run()
        finally:
            with suppress(NotImplementedError, RuntimeError):
                loop.remove_signal_handler(signal.SIGINT)
            if pace is not None:
                pace.stop()
            if self.listens:
                loop.remove_reader(sys.stdin.fileno())
            await simulator.stop()

    def look_back(self) -> None:
        """Complete the record for the report, once the demonstration has ended."""
        if self._control is not None and self.market is not None:
            look_back(self.record, self._control, self.market, self.state, self.strategies)

    def _look_to_the_front(self, front: int) -> None:
        """End where the console has gone without a word, as when its terminal is closed."""
        if os.getppid() != front:
            self.stop()
        else:
            asyncio.get_running_loop().call_later(FRONT_EVERY_S, self._look_to_the_front, front)

    def _interrupted(self) -> None:
        """Ctrl-C ends it in good order; a second one at once."""
        asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
        self.stop()

    def stop(self) -> None:
        """End the demonstration after the present beat."""
        self.options.stop.set()
        self._nudge()

    def saw(self, fact: Fact, at: datetime) -> None:
        """Keep every fact for the report; have the absent person answer."""
        self.record.facts.append((at, fact))
        if self.paced is None and isinstance(fact, ApprovalAsked):
            asyncio.get_running_loop().call_later(ANSWER_AFTER_S, self._answer, fact.order_ref)

    def _tell_hour(self, market: GeneratedMarket, at: datetime) -> None:
        """Where things stand, so that somebody who waits sees the time go by."""
        ledger = self.record.ledger
        levels = ", ".join(f"{name} {level:,.2f}" for name in SHOWN if (level := market.spot(name).price) is not None)
        worth = f"; account {dollars(ledger.worth.equity.net_liquidation)}" if ledger and ledger.worth.equity else ""
        held = sum(1 for _ in ledger.open_positions()) if ledger else 0
        positions = "1 position" if held == 1 else f"{held} positions"
        say(f"{clock(at)}  market    {levels}{worth}, {positions} open", INDENT)

    def _opened(self, control: Control, narrator: Narrator, pace: Pace | None) -> None:
        self._control, self.record.ledger, narrator.ledger = control, control.ledger, control.ledger
        if pace is not None:
            pace.ledger = control.ledger

    def _answer(self, ref: str) -> None:
        task = asyncio.ensure_future(self._say_yes(ref))
        task.add_done_callback(lambda done: done.exception())

    async def _say_yes(self, ref: str) -> None:
        """Say yes until it counts or nobody asks any more: quotes may be too old at this moment."""
        assert self._control is not None, "asked only by a running engine"
        while any(order.ref == ref for order in waiting(self._control.ledger)):
            done, _ = await self._control.answer(ref, approve=True, by="the demo")
            if done:
                return
            await asyncio.sleep(ANSWER_AFTER_S)

    def _typed(self) -> None:
        """A line from the terminal, for the oldest order that waits."""
        try:
            line = sys.stdin.readline()
        except OSError:  # the terminal is gone
            line = ""
        word, control = line.strip().lower(), self._control
        if not line or word in {"q", "quit"}:
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self.stop()
        elif control is None:
            say("the engine is still starting")
        elif word in {"h", "halt"}:
            say(control.halt("terminal", "typed h"))
        elif word in {"r", "resume"}:
            say(control.resume("terminal"))
        elif word in {"a", "d", "approve", "decline"}:
            order = next(waiting(control.ledger), None)
            if order is None:
                say("nothing waits for an answer")
            else:
                answer = control.answer(order.ref, approve=word.startswith("a"), by="terminal")
                asyncio.ensure_future(answer).add_done_callback(_told_if_not_done)
        elif word:
            say("a approve   d decline   h halt   r resume   q leave")


def _full_hours(sessions: tuple[Session, ...]) -> Iterator[datetime]:
    """Every full hour while the market is open."""
    for session in sessions:
        at = session.open.replace(minute=0) + timedelta(hours=1)
        while at < session.close:
            yield at
            at += timedelta(hours=1)


def _told_if_not_done(answered: "asyncio.Future[tuple[bool, str]]") -> None:
    """Why an answer did not count; one that did is told as the fact that it has become."""
    done, text = answered.result()
    if not done:
        say(f"          {text}")


def _tell(text: str, pace: Pace | None) -> None:
    """One line, and a moment to read it for the person who watches."""
    say(text, INDENT)
    if pace is not None:
        pace.linger()


def fresh(state: Path) -> Path:
    """An empty folder for this demonstration; only what an earlier one left is removed, and never from under one that runs.

    Raises UserError where the folder holds something else, or an engine or another demonstration works in it.
    """
    return emptied(state, MARKER, "demo", "--state")
