"""The whole engine and a simulated TWS in one virtual minute after another.

`play` gives an act a `World`: a market from a seed, the simulator on it, a folder for the state and one of strategies. A
`Life` is one run of the engine there, from its start to its stop, its error or its death. The world outlives its engines.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from engine.app import App
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.metrics import Reading
from engine.notify.notifier import Notifier
from engine.options import Options
from engine.ports import Broker, Clock, Journal
from engine.runtime.control import Control
from engine.runtime.guardian import Takeover
from engine.runtime.schedule import sessions_between
from engine.settings import Settings
from engine.sim.exchange.fills import FillModel
from engine.sim.loop import VirtualLoop, run
from engine.sim.market.generated import GeneratedMarket
from engine.sim.market.series import Breadth
from engine.sim.options import SimOptions
from engine.sim.simulator import Simulator
from tests.simulation.engine import given
from tests.simulation.engine.invariants import Invariants

T = TypeVar("T")

PORT = 7497
ACCOUNT = "DU1234567"
BEGINS = datetime(2026, 11, 16, 14, 40, tzinfo=UTC)
"""A Monday, 09:40 in New York, ten minutes into the session."""
OFTEN_S = 300.0
"""What is waited for longer than this is looked for less often."""
LINES = 26
"""A few strikes around the money: enough for spreads, and little to stream."""
SIM_OPTIONS = SimOptions(
    cadence_s=5,
    match_every_s=5,
    pnl_every_s=60,
    max_lines=LINES + 20,
    fills=FillModel(per_second_at_mid=0.1, per_second_near_natural=0.4),
)
"""Five seconds between quotes, and a market that trades readily: a fill takes ten seconds or so."""


@contextmanager
def quiet() -> Iterator[None]:
    """Without the log: what ib_async says about every fault is on purpose here; the engine's facts are looked at."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)


def play(act: "Callable[[World], Awaitable[T]]", folder: Path, seed: int = 1, **options: object) -> T:
    """What the act returns, in a world of its own in virtual time; the seed stands in every failure."""

    async def main() -> T:
        world = World(folder, seed, **options)
        await world.sim.start(port=PORT)
        try:
            return await act(world)
        finally:
            await world.end()

    try:
        with quiet():
            return run(main(), VirtualLoop())
    except BaseException as error:
        error.add_note(f"world of seed {seed}")
        raise


def generated(
    seed: int,
    strikes: float,
    symbol: str = "SPY",
    breadth: tuple[int, int, int] = (1, 1, 2),
    begins: datetime = BEGINS,
    **options: object,
) -> Simulator:
    """The simulator on a market from the seed; of its expiries there are so many of days, of weeks and of months."""
    sessions = sessions_between(date(2026, 11, 9), date(2027, 2, 26))
    market = GeneratedMarket(seed, begins, sessions, (symbol,), Breadth(*breadth, strikes), 5.0)
    return Simulator(market, seed=seed, begins=begins, cash=500_000, **options)


class World:
    """A market, a broker, a disk and a trader's folder."""

    def __init__(
        self,
        folder: Path,
        seed: int = 1,
        *,
        strategies: Mapping[str, str] | None = None,
        schedule: tuple[str, ...] = (),
        sim_options: SimOptions = SIM_OPTIONS,
        strikes: float = 1.0,
        sim: Simulator | None = None,
    ) -> None:
        """`strikes` are the standard deviations that the listed strikes reach; `sim` is another world's broker and market."""
        self.seed = seed
        self.state = folder / "state"
        self.state.mkdir(parents=True, exist_ok=True)
        self.strategies = given.folder(folder / "strategies", dict(given.BOTH if strategies is None else strategies))
        self.sim = sim or generated(seed, strikes, options=sim_options, schedule=schedule)
        self.lives: list[Life] = []
        self.executed: set[tuple[str, int, str]] = set()
        """Executions that the broker has told of by now, by id, contract and side."""

    async def start(self, **options: object) -> "Life":
        """An engine that runs; returns once it can be asked. Raises what stops it before."""
        life = Life(self, **options)
        self.lives.append(life)
        await life.begin()
        return life

    async def until(self, clock: str) -> None:
        """Sleep until a time of day in New York, `HH:MM:SS`, on the day of the beginning."""
        hours, minutes, seconds = (int(part) for part in clock.split(":"))
        at = BEGINS.replace(hour=hours + 5, minute=minutes, second=seconds)
        await asyncio.sleep(max(0.0, (at - self.sim.now()).total_seconds()))

    async def when(self, holds: Callable[[], object], within_s: float = 120) -> None:
        """Sleep until it holds, looked at ten times a second and, after some minutes, every few seconds.

        Raises AssertionError when it does not in time.
        """
        waited_s = 0.0
        while waited_s < within_s:
            if holds():
                return
            pause_s = 0.1 if waited_s < OFTEN_S else 5.0
            await asyncio.sleep(pause_s)
            waited_s += pause_s
        raise AssertionError(f"did not come true within {within_s:g} s, by {self.sim.now():%H:%M:%S} UTC")

    def settings(self, **changes: object) -> Settings:
        settings = Settings(
            mode="sim",
            port=PORT,
            state=self.state,
            strategies=self.strategies,
            account=ACCOUNT,
            lines=LINES,
            explore_share=0,
            archive_every_min=60,
        )
        return settings.model_copy(update=changes)

    async def end(self) -> None:
        for life in self.lives:
            await life.stop()
        await self.sim.stop()


class Life:
    """One run of the engine. `facts` are what it recorded, with their instants."""

    def __init__(
        self,
        world: World,
        *,
        wrap_journal: Callable[[Journal], Journal] = lambda journal: journal,
        wrap_broker: Callable[[Broker], Broker] = lambda broker: broker,
        on_mended: Callable[[str], None] = lambda _: None,
        watches_files: bool = False,
        serves_api: bool = False,
        knows_all: bool = True,
        funnel_every: timedelta | None = timedelta(minutes=5),
        clock: Clock | None = None,
        notifier: Notifier | None = None,
        guard: Takeover | None = None,
        **settings: object,
    ) -> None:
        """`knows_all` is false where others use the broker too: what holds of one engine alone is then not looked at."""
        self.world = world
        self._knows_all = knows_all
        self.facts: list[tuple[datetime, Fact]] = []
        self.error: BaseException | None = None
        self.invariants = Invariants(world.sim, world.state, world.executed)
        self._control: Control | None = None
        self.read: Callable[[], Reading] = Reading
        """The numbers that it publishes."""
        self._ready = asyncio.Event()
        stop = EveryBeat(self._after_beat)
        self._options = Options(
            funnel_every=funnel_every,
            serves_api=serves_api,
            watches_files=watches_files,
            writes_views=False,
            observers=[self],
            notifier=notifier,
            guard=guard,
            on_control=self._on_control,
            on_reading=self._on_reading,
            on_mended=on_mended,
            wrap_journal=wrap_journal
            if self.invariants is None
            else lambda journal: wrap_journal(self.invariants.journal(journal)),
            wrap_broker=wrap_broker if self.invariants is None else lambda broker: wrap_broker(self.invariants.broker(broker)),
            stop=stop,
        )
        self.app = App(world.settings(**settings), clock or world.sim, self._options)
        self._task: asyncio.Task[None] | None = None

    @property
    def control(self) -> Control:
        assert self._control is not None, "the engine has not come so far"
        return self._control

    @property
    def ledger(self) -> Ledger:
        return self.control.ledger

    @property
    def is_over(self) -> bool:
        return self._task is not None and self._task.done()

    def saw(self, fact: Fact, at: datetime) -> None:
        self.facts.append((at, fact))

    def all(self, kind: type[Fact]) -> list[Fact]:
        """The facts of one kind, oldest first."""
        return [fact for _, fact in self.facts if isinstance(fact, kind)]

    def orders(self, purpose: str, strategy: str | None = None) -> list[Order]:
        found = (order for order in self.ledger.orders.values() if order.purpose == purpose)
        return [order for order in found if strategy in {None, order.strategy}]

    async def begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())
        ready = asyncio.ensure_future(self._ready.wait())
        await asyncio.wait({self._task, ready}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._task.done():
            await self.stop()

    async def stop(self) -> None:
        """Ask the engine to leave and wait for it. Raises what went wrong in it, once."""
        if self._task is None:
            return
        self._options.stop.set()
        self.app.nudge()
        await self._task
        error, self.error = self.error, None
        if error is not None:
            raise error

    async def is_dead_within(self, seconds: float) -> bool:
        """Whether the engine ends by itself in so much time."""
        assert self._task is not None, "it has not begun"
        await asyncio.wait({self._task}, timeout=seconds)
        return self._task.done()

    async def death(self) -> BaseException | None:
        """Wait for the engine to end by itself; what ended it."""
        assert self._task is not None, "it has not begun"
        await self._task
        error, self.error = self.error, None
        return error

    async def _run(self) -> None:
        try:
            await self.app.run()
        except BaseException as error:  # noqa: BLE001 - whatever ends an engine is what the test looks at
            self.error = _innermost(error)

    def _on_control(self, control: Control) -> None:
        self._control = control
        self._ready.set()

    def _on_reading(self, read: Callable[[], Reading]) -> None:
        self.read = read

    def _after_beat(self) -> None:
        if self._control is not None and self._knows_all:
            self.invariants.check(self._control.ledger)


class EveryBeat(asyncio.Event):
    """The stop sign of an engine, which it looks at before and after every beat."""

    def __init__(self, look: Callable[[], None]) -> None:
        super().__init__()
        self._look = look

    def is_set(self) -> bool:
        if not super().is_set():
            self._look()
        return super().is_set()


def _innermost(error: BaseException) -> BaseException:
    """The first real cause in a group of task errors."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def sim_options(**changes: object) -> SimOptions:
    """The options of these simulations with some changed."""
    return replace(SIM_OPTIONS, **changes)
