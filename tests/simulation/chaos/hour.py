"""One trading hour from a seed: a market, structures and exits, and much that goes wrong, several things at once.

The market, the files, the faults of TWS and what happens to the process (killed, stopped, suspended, a clock that is set, a full
disk) are drawn from the seed. After every beat what may never break is looked at. The last minutes are calm: then nothing is
held and nothing works, the books, the legs and the cash are the broker's, and the journal folds to what the engine knew.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from engine.domain.errors import EngineError
from engine.domain.ledger import Ledger
from engine.domain.session import NEW_YORK
from engine.ports import Journal, Line
from engine.runtime.schedule import sessions_between
from engine.runtime.standing import blocked_because
from engine.sim.exchange.fills import FillModel
from engine.sim.faults import Fault, random_schedule
from engine.sim.loop import VirtualLoop, run
from engine.sim.market.generated import GeneratedMarket
from engine.sim.market.series import Breadth
from engine.sim.server import Connection
from engine.sim.simulator import Simulator
from engine.store.checkpoint import recover
from tests.simulation.chaos.mutations import frames_of
from tests.simulation.engine import given
from tests.simulation.engine.killing import Fate, Killed
from tests.simulation.engine.world import ACCOUNT, PORT, Life, World, quiet, sim_options

CASH = Decimal(500_000)
TROUBLE = timedelta(minutes=3), timedelta(minutes=44)
"""After the start: when the first and the last thing goes wrong."""
LAST_ENTRY, CLOSES_AT, ENDS = timedelta(minutes=48), timedelta(minutes=50), timedelta(minutes=60)
"""After the start: the end of the entries, the exit of everything, and when all must be at rest."""
BEGINS = (
    datetime(2026, 11, 16, 14, 40, tzinfo=UTC),
    datetime(2026, 11, 17, 17, 0, tzinfo=UTC),
    datetime(2026, 11, 18, 19, 50, tzinfo=UTC),
)
"""In the morning, at noon, and before the close."""
FAULTS, EVENTS = (4, 10), (1, 4)
"""How many faults of TWS, and how many events of the process, in an hour."""
AWAY_S = (0.0, 1.0, 8.0, 35.0, 150.0)
"""How long the engine is away after its end."""
FULL_S = 240.0
"""How long a disk stays full where nothing has to be written."""
REFUSALS = {"100": "pacing", "101": "lines", "162": "history pacing", "322": "summaries"}
"""Errors of TWS that a client draws by asking too much."""
SHAPES = {
    "bull_put": given.VERTICAL,
    "bear_call": given.VERTICAL,
    "bull_call": given.VERTICAL,
    "bear_put": given.VERTICAL,
    **given.SHAPES,
}
EXITS = (
    "profit >= 3% of max_profit",
    "profit >= 8% of max_profit",
    "loss >= 6% of max_profit",
    "minutes_held >= 4",
    "minutes_held >= 9",
    "short_delta >= 0.45",
)


@dataclass(slots=True)
class Hour:
    """What one seed brought."""

    seed: int
    told: list[str] = field(default_factory=list[str])
    """What was drawn."""
    filled: int = 0
    orders: int = 0
    beats: int = 0
    faults: list[str] = field(default_factory=list[str])
    """What did not hold; empty where all did."""


class _SetClock:
    """The machine's clock: that of the world, set by somebody."""

    def __init__(self, sim: Simulator) -> None:
        self._sim, self.by = sim, timedelta(0)

    def now(self) -> datetime:
        return self._sim.now() + self.by


class _Disk:
    """Where the journal lies: while it is full nothing can be written."""

    def __init__(self) -> None:
        self.is_full = False

    def journal(self, journal: Journal) -> Journal:
        return _OnDisk(journal, self)


class _OnDisk:
    def __init__(self, journal: Journal, disk: _Disk) -> None:
        self._journal, self._disk = journal, disk

    def append(self, fact: object, at: datetime) -> Line:
        self._room()
        return self._journal.append(fact, at)  # type: ignore[arg-type]

    def begin_sync(self) -> None:
        self._room()
        self._journal.begin_sync()

    def sync(self) -> None:
        self._room()
        self._journal.sync()

    def _room(self) -> None:
        if self._disk.is_full:
            raise EngineError("the journal could not be written: No space left on device")


class _Listener:
    """Counts what TWS refuses because too much was asked."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()

    def tampered(self, connection: Connection, chunk: bytes) -> bytes:
        if connection.session is None:
            return chunk  # the greeting
        for fields in frames_of(chunk):
            if fields[0] == "4" and len(fields) > 3 and fields[3] in REFUSALS:
                self.refused[fields[3]] += 1
        return chunk


class _Run:
    def __init__(self, world: World, hour: Hour, chance: Random, begins: datetime) -> None:
        self._world, self._hour, self._chance, self._begins = world, hour, chance, begins
        self._clock, self._disk = _SetClock(world.sim), _Disk()
        self._life: Life | None = None

    async def play(self) -> None:
        await self._start()
        for at, event in self._events():
            await self._sleep_until(at)
            self._hour.told.append(f"{event.__name__.strip('_')}@{at.astimezone(NEW_YORK):%H:%M:%S}")
            await event()
        await self._sleep_until(self._begins + CLOSES_AT)
        await self._calm()
        await self._at_rest()
        await self._leave()

    def _events(self) -> list[tuple[datetime, Callable[[], object]]]:
        kinds = (self._kill, self._kill, self._stop, self._suspend, self._set_clock, self._fill_disk)
        drawn = [(self._begins + self._draw(TROUBLE), self._chance.choice(kinds)) for _ in range(self._chance.randint(*EVENTS))]
        return sorted(drawn, key=lambda one: one[0])

    def _draw(self, bounds: tuple[timedelta, timedelta]) -> timedelta:
        return timedelta(seconds=round(self._chance.uniform(*(one.total_seconds() for one in bounds))))

    async def _start(self) -> None:
        """Begin as a supervisor does: again and again where it cannot."""
        refusal: Exception | None = None
        for _ in range(60):
            self._fate = Fate(self._world.state)
            life = Life(
                self._world,
                clock=self._clock,
                wrap_journal=lambda journal: self._disk.journal(self._fate.journal(journal)),
                wrap_broker=self._fate.broker,
                funnel_every=None,
            )
            self._world.lives.append(life)
            try:
                await life.begin()
            except Exception as error:  # noqa: BLE001 - what refuses to start is tried again, and told where it never does
                refusal = error
                await asyncio.sleep(5.0)
            else:
                self._life = life
                return
        raise AssertionError(f"the engine did not start within five minutes: {refusal}")

    async def _kill(self) -> None:
        life = self._running
        self._fate.is_dead = True
        with suppress(Killed):
            await life.stop()  # whatever it would do first kills it, also where nothing happens any more
        for link in asyncio.get_running_loop().network.links:  # type: ignore[attr-defined]
            link.reset()
        await self._come_back(life)

    async def _stop(self) -> None:
        life = self._running
        await life.stop()
        await self._come_back(life)

    async def _suspend(self) -> None:
        """The machine sleeps: its clock goes on at once when it wakes."""
        self._clock.by += timedelta(seconds=self._chance.choice((40, 240, 900)))
        await asyncio.sleep(self._chance.uniform(5, 60))
        self._clock.by = timedelta(0)

    async def _set_clock(self) -> None:
        self._clock.by = timedelta(seconds=self._chance.choice((-30, -5, 5, 20)))
        await asyncio.sleep(self._chance.uniform(5, 60))
        self._clock.by = timedelta(0)

    async def _fill_disk(self) -> None:
        """The engine ends, because it could not say what it does; there is room again when it is started anew."""
        life = self._running
        self._disk.is_full = True
        life.app.nudge()
        if not await life.is_dead_within(FULL_S):
            self._disk.is_full = False  # nothing happened that had to be written
            return
        error = await life.death()
        assert isinstance(error, EngineError), f"the engine ended of a full disk with {error!r}"
        await asyncio.sleep(self._chance.choice(AWAY_S))
        self._disk.is_full = False
        await self._come_back(life)

    async def _come_back(self, life: Life) -> None:
        self._hour.beats += life.invariants.beats
        await asyncio.sleep(self._chance.choice(AWAY_S))
        await self._start()

    @property
    def _running(self) -> Life:
        assert self._life is not None, "begun before"
        if self._life.is_over:
            raise AssertionError(f"the engine ended by itself: {self._life.error!r}")
        return self._life

    async def _calm(self) -> None:
        """A person lifts what only a person lifts, and is told why it was there."""
        ledger = self._running.ledger
        if ledger.halt is not None:
            self._hour.told.append(f"halted by {ledger.halt.by}: {ledger.halt.reason}")

    async def _at_rest(self) -> None:
        sim = self._world.sim
        while sim.now() < self._begins + ENDS + timedelta(minutes=5):
            life = self._running
            if not sim.positions() and not any(True for _ in life.ledger.working()) and sim.now() >= self._begins + ENDS:
                break
            await asyncio.sleep(5.0)

    async def _leave(self) -> None:
        life, sim = self._running, self._world.sim
        ledger = life.ledger
        life.invariants.check_at_rest(ledger)
        assert sim.positions() == {}, f"still held: {sim.positions()}, {blocked_because(life.control.snapshot())}"
        assert _cash(ledger) == sim.cash, f"cash: ours {_cash(ledger)}, the broker's {sim.cash}"
        assert ledger.reconciled is not None, "the books were never compared"
        assert not ledger.reconciled.differences, f"not agreed: {ledger.reconciled}"
        for order in ledger.orders.values():
            assert order.is_over, f"{order.ref} is {order.state}"
            assert order.state == "filled" or order.why, f"{order.ref} is {order.state} and nobody says why"
        self._hour.filled = sum(order.state == "filled" for order in ledger.orders.values())
        self._hour.orders = sum(order.sent_at is not None for order in ledger.orders.values())
        self._hour.beats += life.invariants.beats
        await life.stop()
        recovered = recover(self._world.state, ACCOUNT)
        recovered.journal.close()
        assert _known(recovered.ledger) == _known(ledger), "the journal folds to something else than the engine knew"

    async def _sleep_until(self, at: datetime) -> None:
        await asyncio.sleep(max(0.0, (at - self._world.sim.now()).total_seconds()))


def _cash(ledger: Ledger) -> Decimal:
    """What the account holds by our books: what it began with, what was paid and received, less commissions."""
    cash = CASH
    for order in ledger.orders.values():
        for fill in order.fills.values():
            cash += fill.price * fill.quantity * order.spread.multiplier * (1 if fill.action == "sell" else -1)
        cash -= order.commission
    return cash


def _known(ledger: Ledger) -> object:
    """What matters of a ledger: orders, fills, positions, halts, trips."""
    orders = {ref: (order.state, order.filled, order.commission, sorted(order.fills)) for ref, order in ledger.orders.items()}
    positions = {name: (one.opened, one.closed, one.realised, one.fees) for name, one in ledger.positions.items()}
    return orders, positions, ledger.halt, ledger.breakers.tripped, ledger.contracts_held()


def strategies(chance: Random, begins: datetime) -> dict[str, str]:
    """Two or three files that trade something else each."""
    files: dict[str, str] = {}
    local = begins.astimezone(NEW_YORK)
    window = f"09:31-{min(local + LAST_ENTRY, local.replace(hour=15, minute=30)):%H:%M}"
    for number, structure in enumerate(chance.sample(sorted(SHAPES), chance.randint(2, 3))):
        name = f"s{number}_{structure}"
        lines = [*chance.sample(EXITS, chance.randint(1, 2)), "minutes_held >= 12", f"time >= {local + CLOSES_AT:%H:%M} New York"]
        files[f"{name}.yaml"] = given.strategy(
            name,
            structure,
            risk=chance.choice(("$600", "$900", "$1,800")),
            per_day=chance.randint(4, 9),
            window=window,
            exits="\n  - ".join(lines),
            shape=SHAPES[structure],
            patience=chance.choice(("30 s", "90 s")),
        )
    return files


def trade(seed: int, folder: Path) -> Hour:
    """The hour of one seed. What does not hold stands in its faults."""
    hour, chance = Hour(seed), Random(f"hour {seed}")
    begins = chance.choice(BEGINS)
    files = strategies(chance, begins)
    faults: tuple[Fault, ...] = random_schedule(seed, begins + TROUBLE[0], begins + TROUBLE[1], chance.randint(*FAULTS))
    hour.told += [*files, *map(str, faults)]
    listener = _Listener()
    options = sim_options(
        cadence_s=chance.choice((10, 15)),
        execution_times=chance.choice(("zone", "two_spaces", "utc", "universal")),
        bag_commissions=chance.random() < 0.5,
        fills=FillModel(per_second_at_mid=chance.uniform(0.02, 0.2), per_second_near_natural=chance.uniform(0.2, 0.5)),
    )
    sessions = sessions_between(date(2026, 11, 9), date(2027, 2, 26))
    market = GeneratedMarket(seed, begins, sessions, ("SPY",), Breadth(1, 1, 2, 1.0), 5.0)
    sim = Simulator(
        market, seed=seed, begins=begins, cash=int(CASH), options=options, schedule=faults, tampered=listener.tampered
    )

    async def main() -> None:
        world = World(folder, seed, strategies=files, sim=sim)
        await sim.start(port=PORT)
        try:
            await _Run(world, hour, chance, begins).play()
        finally:
            for life in world.lives:
                with suppress(BaseException):
                    await life.stop()
            await sim.stop()

    try:
        with quiet():
            run(main(), VirtualLoop())
    except Exception as error:  # noqa: BLE001 - whatever ends an hour is what it shows
        hour.faults.append(f"{type(error).__name__}: {error}, at {sim.now().astimezone(NEW_YORK):%H:%M:%S}")
    hour.faults += [f"{count} times error {code}: {REFUSALS[code]}" for code, count in listener.refused.items()]
    return hour
