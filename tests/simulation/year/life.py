"""A long unattended life: sessions one after another, one engine's process after another on one state folder, one broker.

Each session a process begins before the open and ends after the close; in the middle of some it ends and another begins. Nights,
weekends, holidays, half days and changes of daylight saving time lie in between, as the calendar has them. Weekly: TWS stays
away on a Monday until somebody logs in. Monthly: what is held into its expiry settles, and a short is assigned in the night.
Once: the market falls by a tenth.
"""

from __future__ import annotations

import asyncio
import resource
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from engine.cli.demo.demo import SIM_OPTIONS
from engine.domain.ledger import Ledger
from engine.domain.session import NEW_YORK, Session
from engine.runtime.connecting import NoBroker
from engine.runtime.schedule import sessions_between
from engine.sim.exchange.fills import FillModel
from engine.sim.loop import VirtualLoop, run
from engine.sim.market.generated import GeneratedMarket
from engine.sim.market.series import Breadth
from engine.sim.simulator import Simulator
from tests.simulation.engine import given
from tests.simulation.engine.world import LINES, PORT, Life, World, quiet

CASH = Decimal(500_000)
BEFORE_OPEN, AFTER_CLOSE = timedelta(minutes=6), timedelta(minutes=12)
LOGIN_LATE_S = 70 * 60
"""How long after the process begins TWS comes back on a Monday of a late login: in the middle of the morning."""
RESTART_S = 60.0
"""After which a service manager begins a process again that found no TWS."""
CRASH = -0.10
"""Share of the price that the market falls by on one day."""
MONTHLY = given.VERTICAL.replace("30-35 days", "15-50 days")
"""So that a monthly expiry is among them on every day of the year."""
WEEKLY = """\
  expiry: 2-9 days
  short_delta: 0.15-0.40
  width: $2-$4"""
OF_DAYS = "profit >= 8% of credit\n  - loss >= 60% of credit\n  - days_held >= 3"
OF_A_DAY = "profit >= 6% of credit\n  - loss >= 40% of credit\n  - minutes_held >= 400"
STRATEGIES = {
    "puts.yaml": given.strategy(
        "puts",
        "bull_put",
        per_day=4,
        window="09:31-15:00",
        exits=OF_DAYS,
        shape=MONTHLY,
    ),
    "condors.yaml": given.strategy(
        "condors",
        "iron_condor",
        per_day=3,
        window="09:45-14:30",
        exits=OF_A_DAY,
        shape=MONTHLY,
    ),
    "calls.yaml": given.strategy(
        "calls", "bear_call", per_day=2, window="10:00-14:00", exits="minutes_held >= 45", shape=MONTHLY
    ),
    "weekly.yaml": given.strategy(
        "weekly", "bull_put", per_day=1, window="10:00-14:00", exits="loss >= 300% of credit", shape=WEEKLY
    ),
}
"""Three structures; the last file is held until its last afternoon, when the engine's own guard closes it, or it expires."""


@dataclass(slots=True)
class Year:
    """What a long life brought."""

    sessions: int = 0
    lives: int = 0
    told: Counter[str] = field(default_factory=Counter[str])
    """What was played, by name."""
    sent: int = 0
    filled: int = 0
    positions: int = 0
    closed: int = 0
    exercised: int = 0
    settled: int = 0
    beats: int = 0
    starts_s: list[float] = field(default_factory=list[float])
    """Processor time of each start, oldest first."""
    rss_mb: list[float] = field(default_factory=list[float])
    """Highest memory of this process so far, after each session."""
    cpu_s: list[float] = field(default_factory=list[float])
    """Processor time of each session, engine and simulator together."""
    files_mb: list[float] = field(default_factory=list[float])
    """Of the state folder, after each session."""
    faults: list[str] = field(default_factory=list[str])
    """What did not hold; empty where all did."""


def cash_by_books(ledger: Ledger) -> Decimal:
    """What the account holds by our books: what is closed at its result, what is open at what it cost, less commissions."""
    cash = CASH
    for position in ledger.positions.values():
        cash += position.realised - position.fees
        for lot in position.lots:
            cash -= lot.leg.sign * lot.held * lot.opening_price * lot.leg.contract.multiplier
    return cash


class _Life:
    def __init__(self, world: World, market: GeneratedMarket, year: Year, say: Callable[[str], object]) -> None:
        self._world, self._market, self._year, self._say = world, market, year, say

    async def play(self, days: list[Session], crash_on: date | None) -> None:
        for number, session in enumerate(days):
            began_s = time.process_time()
            await self._until(session.open - BEFORE_OPEN)
            late = session.day.weekday() == 0 and session.day.isocalendar().week % 2 == 1
            if late:
                self._tell("login late")
                self._world.sim.inject(f"restart={LOGIN_LATE_S}")
            life = await self._begin()
            if session.close.astimezone(NEW_YORK).hour < 16:
                self._tell("half day")
            if number and _offset(session) != _offset(days[number - 1]):
                self._tell("change of daylight saving time")
            if session.day == crash_on:
                await self._until(session.open + timedelta(hours=2))
                self._tell("crash")
                self._market.shock("SPY", CRASH)
            if number % 3 == 1:
                await self._until(session.open + timedelta(hours=2, minutes=40))
                await life.stop()
                self._tell("restart in the session")
                life = await self._begin()
            await self._until(session.close + AFTER_CLOSE)
            self._look(life, session)
            await life.stop()
            self._year.beats += life.invariants.beats
            self._world.lives.clear()  # what a process knew ends with it
            if number % 20 == 3:
                await self._until(session.close + timedelta(hours=6))
                self._tell("assigned in the night")
                self._world.sim.inject("assigned")
            self._measure(session, time.process_time() - began_s)

    async def _begin(self) -> Life:
        """A process that runs; where it cannot begin it is begun again, as a service manager does it."""
        while True:
            began_s = time.process_time()
            try:
                life = await self._world.start(funnel_every=timedelta(minutes=30))
            except NoBroker:
                self._world.lives.clear()
                await asyncio.sleep(RESTART_S)
                continue
            self._year.starts_s.append(time.process_time() - began_s)
            self._year.lives += 1
            return life

    def _look(self, life: Life, session: Session) -> None:
        ledger, sim, faults = life.ledger, self._world.sim, self._year.faults
        try:
            life.invariants.check(ledger)
        except AssertionError as error:
            faults.append(f"{session.day}: {error}")
        if ledger.reconciled is None or ledger.reconciled.differences:
            faults.append(f"{session.day}: the books differ: {ledger.reconciled}")
        if (ours := cash_by_books(ledger)) != sim.cash:
            faults.append(f"{session.day}: cash: ours {ours}, the broker's {sim.cash}")
        if ledger.contracts_held() != sim.positions():
            faults.append(f"{session.day}: held: ours {ledger.contracts_held()}, the broker's {sim.positions()}")
        if ledger.halt is not None:
            faults.append(f"{session.day}: halted by {ledger.halt.by}: {ledger.halt.reason}")
        year = self._year
        year.sent = sum(order.sent_at is not None for order in ledger.orders.values())
        year.filled = sum(order.state == "filled" for order in ledger.orders.values())
        year.positions = len(ledger.positions)
        year.closed = sum(not position.is_open for position in ledger.positions.values())
        year.exercised, year.settled = len(ledger.ends.exercised), len(ledger.ends.settled)

    def _measure(self, session: Session, cpu_s: float) -> None:
        year = self._year
        year.sessions += 1
        year.cpu_s.append(cpu_s)
        year.rss_mb.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        year.files_mb.append(sum(path.stat().st_size for path in self._world.state.rglob("*") if path.is_file()) / 2**20)
        self._say(
            f"{session.day}: {year.filled} orders filled, {year.closed} of {year.positions} positions closed,"
            f" {cpu_s:.1f} s of processor, {year.files_mb[-1]:.1f} MB on disk, {len(year.faults)} did not hold"
        )

    def _tell(self, what: str) -> None:
        self._year.told[what] += 1

    async def _until(self, at: datetime) -> None:
        await asyncio.sleep(max(0.0, (at - self._world.sim.now()).total_seconds()))


def _offset(session: Session) -> timedelta | None:
    return session.open.astimezone(NEW_YORK).utcoffset()


def lived(folder: Path, first: date, sessions: int, seed: int = 1, say: Callable[[str], object] = lambda _: None) -> Year:
    """So many sessions from a day on. What does not hold stands in the faults of what is returned."""
    year = Year()
    days = sessions_between(first, first + timedelta(days=2 * sessions + 10))[:sessions]
    begins = days[0].open - timedelta(minutes=30)
    listed = sessions_between(first - timedelta(days=10), days[-1].day + timedelta(days=120))
    market = GeneratedMarket(seed, begins, listed, ("SPY",), Breadth(2, 2, 2, 1.0), SIM_OPTIONS.cadence_s)
    fills = FillModel(per_second_at_mid=0.05, per_second_near_natural=0.3)
    options = replace(SIM_OPTIONS, fills=fills, max_lines=LINES)
    sim = Simulator(market, seed=seed, begins=begins, cash=int(CASH), options=options)
    crash_on = days[len(days) * 2 // 3].day if sessions > 5 else None

    async def main() -> None:
        world = World(folder, seed, strategies=STRATEGIES, sim=sim)
        await sim.start(port=PORT)
        try:
            await _Life(world, market, year, say).play(days, crash_on)
        finally:
            await world.end()

    try:
        with quiet():
            run(main(), VirtualLoop())
    except Exception as error:  # noqa: BLE001 - whatever ends a life is what it shows
        year.faults.append(f"{type(error).__name__}: {error}, at {sim.now().astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S}")
    shutil.rmtree(folder, ignore_errors=True)
    return year
