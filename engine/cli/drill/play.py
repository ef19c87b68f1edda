"""One failure, played: the trader's strategies on a simulated market, the failure at its moment, and what became of it.

The engine, its journal and the wire protocol are the real ones; market, TWS and time are simulated, and a person who is not there
says yes after twenty seconds. A killed engine loses what was not told and begins again on the same folder. At the end that person
has everything closed, so that each drill shows that exits act after its failure.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.app import App
from engine.cli.demo.demo import ANSWER_AFTER_S, BREADTH, CASH, SIM_OPTIONS
from engine.cli.drill.failure import Failure
from engine.cli.drill.holdings import both_ways, has_short_american, uncovered, without_bids
from engine.cli.drill.played import Played
from engine.cli.drill.rival import innermost
from engine.cli.drill.staged import Killed, Machine, MortalJournal, break_file, change_file, copied, of_its_own
from engine.cli.drill.traded import symbols_of
from engine.cli.markets import PAST
from engine.decide.exit.flatten import LAST
from engine.domain.errors import EngineError
from engine.domain.facts.orders import ApprovalAsked, LegFilled, OrderAcknowledged, OrderPreviewed, OrderProposed, OrderSent
from engine.domain.facts.union import Fact
from engine.options import Options
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
CLOSES_S = 900.0
"""How long everything may take to be closed at the end."""
AHEAD = timedelta(seconds=30)
SECONDS = re.compile(r"[\d,.]+ s ")
"""By how much a clock is wrong: another number at each look."""
SET_FOR_S = 60.0
"""How long a clock that somebody has set is wrong."""
KINDS = {"sent": OrderSent, "acknowledged": OrderAcknowledged, "filled": LegFilled, "rolling": OrderProposed}
PERSON = "the drill"


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
        day = self._failure.day or DAY
        begins = datetime.fromisoformat(f"{day}T{self._failure.at or at}").replace(tzinfo=NEW_YORK)
        beside = state.with_name(f"{state.name}-strategies")
        if self._failure.files:
            strategies = of_its_own(strategies, beside, self._failure.files)
            symbols = symbols_of(strategies)
        elif self._failure.act in {"break a file", "change a file"}:
            strategies = copied(strategies, beside)
        longest = sessions_between(day - PAST, day + timedelta(days=400))
        market = GeneratedMarket(seed, begins, longest, symbols, BREADTH, SIM_OPTIONS.cadence_s)
        options = replace(SIM_OPTIONS, dividends=self._failure.dividends)
        self._sim = Simulator(market, seed=seed, begins=begins, cash=CASH, options=options)
        self._machine = Machine(self._sim)
        lines, share = (FEW_LINES, EXPLORES) if self._failure.explores else (LINES, 0.0)
        self._settings = Settings(
            mode=self._failure.mode, port=PORT, state=state, strategies=strategies, lines=lines, explore_share=share
        )
        self._latest, self._ends = begins + LATEST, begins + timedelta(minutes=self._failure.minutes or minutes)
        self._stop, self._life = asyncio.Event(), asyncio.Event()
        self._app: App | None = None
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
            elif not self._stop.is_set() and self._comes_back():
                await asyncio.sleep(self._failure.down_s)
                self._machine.is_full = False
                self._played.ended = ""
                await self._live()
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await self._sim.stop()

    def _comes_back(self) -> bool:
        """Whether a service manager starts the engine again: after what the failure did to it, and not for any other reason."""
        if self._failure.act in {"stop", "break a file", "change a file"}:
            return not self._played.ended
        return bool(self._failure.kill or self._failure.act == "fill the disk") and bool(self._played.ended)

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
        self._life = released or asyncio.Event()
        if self._stop.is_set():
            self._life.set()
        options = Options(
            serves_api=False,
            watches_files=False,
            writes_views=False,
            observers=(self,),
            on_control=self._opened,
            wrap_journal=lambda journal: MortalJournal(journal, self._machine, self.meets),
            guard=guard,
            stop=self._life,
        )
        self._app = App(self._settings, self._machine, options)
        try:
            await self._app.run()
        except BaseException as error:
            cause = innermost(error)
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
        if self._failure.when == "rolling" and self._played.came_at is None and _rolls(fact):
            self._come("with the successor of a roll proposed")
        if isinstance(fact, ApprovalAsked) and self._failure.is_answered:
            asyncio.get_running_loop().call_later(ANSWER_AFTER_S, self._beside, self._say_yes(fact.order_ref))

    def meets(self, fact: Fact) -> None:
        """Die where the failure says so, once."""
        if self._played.came_at is None and self._failure.kill and self._is_its(fact):
            self._come(f"at {type(fact).__name__} of {getattr(fact, 'order_ref', '')}")
            raise Killed

    def _is_its(self, fact: Fact) -> bool:
        """Whether it is the fact at which the engine is killed."""
        return isinstance(fact, KINDS[self._failure.kill]) and (self._failure.kill != "rolling" or _rolls(fact))

    def _opened(self, control: Control) -> None:
        self._played.control = control

    async def _watch(self) -> None:
        """Look every few seconds: bring the failure at its moment, count what is blind, close everything and stop at the end."""
        if self._failure.at_once:
            self._come("before the engine connected")
        while self._sim.now() < self._ends:
            await asyncio.sleep(LOOKS_S)
            if self._played.came_at is None and not self._failure.kill and (moment := self._moment()):
                self._come(moment)
            self._look()
        await self._close_everything()
        await self._played.rival.end()
        self._stop.set()
        self._life.set()
        self._nudge()

    def _look(self) -> None:
        """Count what is in the way of openings since it came, and shorts that nothing covers."""
        self._played.bare |= set(uncovered(self._sim))
        if self._played.control is not None:
            self._played.bare |= set(both_ways(self._played.control.ledger))
        if self._played.came_at is not None and self._is_in_session() and (why := self._in_the_way()) is not None:
            self._played.blind_s += LOOKS_S
            self._played.blind[SECONDS.sub("", why)] += 1

    def _in_the_way(self) -> str | None:
        control = self._played.control
        if control is None or self._played.ended:
            return "no engine"
        halt = control.ledger.halt
        return f"halted by {halt.by}" if halt is not None else blocked_because(control.snapshot())

    def _is_in_session(self) -> bool:
        session = session_of(self._sim.now())
        return session is not None and session.contains(self._sim.now())

    async def _close_everything(self) -> None:
        """Have the absent person flatten, and wait until nothing is held."""
        control, played = self._played.control, self._played
        if not self._is_in_session():
            return
        played.stopped_by = self._in_the_way()
        if control is None or played.ended or self._failure.needs_person:
            return
        ledger = control.ledger
        played.to_close = sum(1 for _ in ledger.open_positions())
        account = self._sim.exchange.account.name
        begun, _ = control.flattening.begin(PERSON, "the drill is over", account[-LAST:], played.to_close)
        waited_s = 0.0
        while begun and waited_s < CLOSES_S and len(list(ledger.open_positions())) > len(without_bids(ledger, self._sim)):
            await asyncio.sleep(LOOKS_S)
            waited_s += LOOKS_S

    def _moment(self) -> str:
        """What is going on, where it is the failure's moment; empty where it is not."""
        control = self._played.control
        if self._failure.when == "start":
            return "as the day began"
        if control is None:
            return ""
        working = [order.ref for order in control.ledger.working() if order.is_at_broker and order.purpose == "open"]
        held = [position.id for position in control.ledger.open_positions()]
        if self._failure.when == "at work" and working:
            return f"with {working[0]} at work"
        if self._failure.when == "held" and held:
            return f"with {len(held)} position{'s' if len(held) > 1 else ''} open"
        if self._failure.when == "owed" and has_short_american(self._sim):
            return "with an option sold that may be exercised early"
        return "with nothing at work" if self._sim.now() >= self._latest else ""

    def _come(self, moment: str) -> None:
        self._played.came_at, self._played.moment = self._sim.now(), moment
        for fault in self._failure.faults:
            self._sim.inject(fault)
        self._do()

    def _do(self) -> None:
        """What somebody does, or what happens to the machine, as the failure comes."""
        match self._failure.act:
            case "close" | "cancel":
                self._beside(self._ask())
            case "stop" | "break a file" | "change a file":
                if self._failure.act != "stop":
                    (break_file if self._failure.act == "break a file" else change_file)(self._settings.strategies)
                self._life.set()
                self._nudge()
            case "start another" | "start another elsewhere" | "start another beside":
                self._beside(self._played.rival.run(self._failure.act, self._settings, self._machine))
            case "fill the disk":
                self._machine.is_full = True
                self._nudge()
            case "set the clock ahead" | "set the clock back":
                self._machine.by = AHEAD if self._failure.act == "set the clock ahead" else -AHEAD
                asyncio.get_running_loop().call_later(SET_FOR_S, self._set_right)
            case "":
                pass

    def _set_right(self) -> None:
        self._machine.by = timedelta(0)

    def _beside(self, work: Coroutine[object, object, None]) -> None:
        """Have something done beside the engine; what it raises is the engine's to show."""
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda done: done.exception() if not done.cancelled() else None)

    async def _ask(self) -> None:
        """Have what is held closed, or what works ended, by a person's word."""
        control = self._played.control
        if control is None:
            return
        if self._failure.act == "close":
            for position in list(control.ledger.open_positions()):
                self._played.answers.append((await control.close(position.id, PERSON))[1])
        else:
            for order in [one.ref for one in control.ledger.working() if one.is_at_broker]:
                self._played.answers.append((await control.cancel(order, PERSON))[1])

    async def _say_yes(self, ref: str) -> None:
        while (control := self._played.control) is not None and any(order.ref == ref for order in waiting(control.ledger)):
            done, _ = await control.answer(ref, approve=True, by=PERSON)
            if done:
                return
            await asyncio.sleep(ANSWER_AFTER_S)


def _rolls(fact: Fact) -> bool:
    return isinstance(fact, OrderProposed) and fact.purpose == "open" and fact.rolled_from is not None
