"""One failure, played: the trader's strategies on a simulated market, the failure at its moment, and what became of it.

The engine, its journal and the wire protocol are the real ones; market, TWS and time are simulated, and a person who is not there
says yes after twenty seconds. A killed engine loses what was not told and begins again on the same folder.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.app import App
from engine.cli.demo.demo import ANSWER_AFTER_S, BREADTH, CASH, SIM_OPTIONS
from engine.cli.drill.catalogue import Failure
from engine.cli.markets import PAST
from engine.domain.errors import EngineError
from engine.domain.facts.orders import ApprovalAsked, LegFilled, OrderAcknowledged, OrderPreviewed, OrderSent
from engine.domain.facts.union import Fact
from engine.options import Options
from engine.ports import Journal, Line
from engine.runtime.control import Control
from engine.runtime.guardian import Guardian, Takeover, led
from engine.runtime.schedule import session_of, sessions_between
from engine.runtime.standing import blocked_because, waiting
from engine.settings import Settings
from engine.sim.loop import VirtualLoop, run
from engine.sim.market.generated import GeneratedMarket
from engine.sim.network import MemoryNetwork
from engine.sim.simulator import Simulator

DAY = date(2026, 11, 16)
"""A Monday with a quiet calendar, as in the demonstration."""
NEW_YORK = ZoneInfo("America/New_York")
PORT, LINES = 7497, 80
FEW_LINES, EXPLORES = 40, 0.4
"""Of a drill whose chain is larger than its lines, and the share of them that goes through it."""
LATEST = timedelta(minutes=12)
"""A failure that has waited so long for its moment comes all the same."""
LOOKS_S = 5.0
KINDS = {"sent": OrderSent, "acknowledged": OrderAcknowledged, "filled": LegFilled}


class Killed(BaseException):
    """What SIGKILL is to a process: nobody may catch it."""


@dataclass(slots=True)
class Played:
    """What one failure came to."""

    failure: Failure
    facts: list[tuple[datetime, Fact]] = field(default_factory=list[tuple[datetime, Fact]])
    came_at: datetime | None = None
    """When it came; None where its moment never was."""
    moment: str = ""
    """What was going on when it came."""
    blind_s: float = 0.0
    """Seconds of the session from then on in which nothing could be opened."""
    ended: str = ""
    """Why the engine ended before it was stopped; empty where it did not."""
    control: Control | None = None
    """The engine that stood at the end; None where none did."""
    simulator: Simulator | None = None


def play(failure: Failure, strategies: Path, state: Path, symbols: Iterable[str], at: str, minutes: int, seed: int) -> Played:
    """Play a failure from a time of day in New York (`HH:MM`) on, for so many minutes."""
    played = Played(failure)
    network = MemoryNetwork()
    one = _Play(played, strategies, state, tuple(symbols), at, minutes, seed)
    one.dropped = lambda: [link.reset() for link in list(network.links)]
    run(one.act(), VirtualLoop(network))
    return played


class _Play:
    def __init__(
        self, played: Played, strategies: Path, state: Path, symbols: tuple[str, ...], at: str, minutes: int, seed: int
    ) -> None:
        self._played, self._failure = played, played.failure
        begins = datetime.fromisoformat(f"{DAY}T{self._failure.at or at}").replace(tzinfo=NEW_YORK)
        longest = sessions_between(DAY - PAST, DAY + timedelta(days=400))
        market = GeneratedMarket(seed, begins, longest, symbols, BREADTH, SIM_OPTIONS.cadence_s)
        self._sim = Simulator(market, seed=seed, begins=begins, cash=CASH, options=SIM_OPTIONS)
        lines, share = (FEW_LINES, EXPLORES) if self._failure.explores else (LINES, 0.0)
        self._settings = Settings(
            mode=self._failure.mode, port=PORT, state=state, strategies=strategies, lines=lines, explore_share=share
        )
        self._latest, self._ends = begins + LATEST, begins + timedelta(minutes=self._failure.minutes or minutes)
        self._stop = asyncio.Event()
        self._app: App | None = None
        self._dies_at: Callable[[Fact], bool] = lambda _: False
        played.simulator = self._sim
        self.dropped: Callable[[], object] = lambda: None
        """Ends every connection, as the kernel does for a process that is killed."""

    async def act(self) -> None:
        """Live until the end, dying where the failure says so."""
        await self._sim.start("127.0.0.1", PORT)
        watching = asyncio.ensure_future(self._watch())
        try:
            await self._live()
            if self._failure.is_guarded and self._played.ended:
                await self._watched().run()
            elif self._failure.kill and self._played.ended:
                await asyncio.sleep(self._failure.down_s)
                self._played.ended = ""
                await self._live()
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await self._sim.stop()

    def _watched(self) -> Guardian:
        """The guardian of a killed engine; it ends with the play."""
        after_s = self._settings.guard_after_s
        guardian = Guardian(self._settings.state, self._sim, after_s, self._listens, self._guard, lambda _: None)
        guardian.stop = self._stop
        return guardian

    async def _listens(self) -> bool:
        return True

    async def _guard(self, takeover: Takeover, released: asyncio.Event) -> None:
        self._played.ended = ""
        await led(self._live(takeover, released), self._nudge, released)

    def _nudge(self) -> None:
        if self._app is not None:
            self._app.nudge()

    async def _live(self, guard: Takeover | None = None, released: asyncio.Event | None = None) -> None:
        """One life of the engine, or of a guardian in its place, until it is stopped or ends."""
        options = Options(
            serves_api=False,
            watches_files=False,
            writes_views=False,
            observers=(self,),
            on_control=self._opened,
            wrap_journal=lambda journal: _Mortal(journal, self),
            guard=guard,
            stop=released or self._stop,
        )
        self._app = App(self._settings, self._sim, options)
        try:
            await self._app.run()
        except BaseException as error:
            cause = _innermost(error)
            if not isinstance(cause, EngineError | Killed | Exception):
                raise
            self._played.ended = "killed" if isinstance(cause, Killed) else str(cause) or type(cause).__name__
            if isinstance(cause, Killed):
                self.dropped()
            self._played.control = None

    def saw(self, fact: Fact, at: datetime) -> None:
        """Keep every fact, and have the absent person answer."""
        self._played.facts.append((at, fact))
        if isinstance(fact, OrderPreviewed) and self._failure.when == "asked" and self._played.came_at is None:
            self._come(f"before {fact.order_ref} was sent")
        if isinstance(fact, ApprovalAsked):
            asyncio.get_running_loop().call_later(ANSWER_AFTER_S, self._answer, fact.order_ref)

    def meets(self, fact: Fact) -> None:
        """Die where the failure says so, once."""
        if self._played.came_at is None and self._failure.kill and isinstance(fact, KINDS[self._failure.kill]):
            self._come(f"at {type(fact).__name__} of {getattr(fact, 'order_ref', '')}")
            raise Killed

    def _opened(self, control: Control) -> None:
        self._played.control = control

    async def _watch(self) -> None:
        """Look every few seconds: bring the failure at its moment, count what is blind, stop at the end."""
        while self._sim.now() < self._ends:
            await asyncio.sleep(LOOKS_S)
            if self._played.came_at is None and not self._failure.kill and (moment := self._moment()):
                self._come(moment)
            if self._played.came_at is not None:
                control = self._played.control
                is_blind = control is None or control.ledger.halt is not None or blocked_because(control.snapshot()) is not None
                in_session = session_of(self._sim.now())
                is_in_session = in_session is not None and in_session.contains(self._sim.now())
                self._played.blind_s += LOOKS_S * (is_blind and is_in_session)
        self._stop.set()
        self._nudge()

    def _moment(self) -> str:
        """What is going on, where it is the failure's moment; empty where it is not."""
        control = self._played.control
        if control is None:
            return ""
        working = [order.ref for order in control.ledger.working() if order.is_at_broker and order.purpose == "open"]
        held = [position.id for position in control.ledger.open_positions()]
        if self._failure.when == "start":
            return "as the day began"
        if self._failure.when == "at work" and working:
            return f"with {working[0]} at work"
        if self._failure.when == "held" and held:
            return f"with {len(held)} position{'s' if len(held) > 1 else ''} open"
        return "with nothing at work" if self._sim.now() >= self._latest else ""

    def _come(self, moment: str) -> None:
        self._played.came_at, self._played.moment = self._sim.now(), moment
        for fault in self._failure.faults:
            self._sim.inject(fault)

    def _answer(self, ref: str) -> None:
        task = asyncio.ensure_future(self._say_yes(ref))
        task.add_done_callback(lambda done: done.exception() if not done.cancelled() else None)

    async def _say_yes(self, ref: str) -> None:
        while (control := self._played.control) is not None and any(order.ref == ref for order in waiting(control.ledger)):
            done, _ = await control.answer(ref, approve=True, by="the drill")
            if done:
                return
            await asyncio.sleep(ANSWER_AFTER_S)


class _Mortal:
    """A journal that ends its engine where the failure says so."""

    def __init__(self, journal: Journal, play: _Play) -> None:
        self._journal, self._play = journal, play
        self._is_dead = False

    def append(self, fact: Fact, at: datetime) -> Line:
        self._live_on()
        line = self._journal.append(fact, at)
        try:
            self._play.meets(fact)
        except Killed:
            self._is_dead = True
            raise
        return line

    def begin_sync(self) -> None:
        self._live_on()
        self._journal.begin_sync()

    def sync(self) -> None:
        self._live_on()
        self._journal.sync()

    def _live_on(self) -> None:
        """What unwinds after a death says no good-bye."""
        if self._is_dead:
            raise Killed


def _innermost(error: BaseException) -> BaseException:
    """The first real cause in a group of task errors."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
