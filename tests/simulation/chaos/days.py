"""Trading days on a TWS that lies in bursts, with quiet between them, and on one that tells the truth for comparison.

After each burst the broker answers truly. A minute later the books, the positions and the cash must be the simulator's, nothing
may be halted that only a person lifts, and all the time no order may reach the broker that was not decided.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from engine.domain.facts.account import Reconciled
from engine.domain.facts.orders import OrderSent
from engine.domain.facts.running import EngineStarted, FactRefused, LinkChanged
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.runtime.schedule import sessions_between
from engine.sim.loop import VirtualLoop, run
from tests.simulation.chaos.mutations import Mutator
from tests.simulation.engine import given
from tests.simulation.engine.killing import Fate, Killed
from tests.simulation.engine.world import BEGINS, Life, World, generated, quiet, sim_options

BURST_S, SETTLES_S = 20.0, 60.0
QUIET_S = (150.0, 900.0)
"""Between the end of a burst and the next one, in session."""
INVENTED_PER_S = 12
"""Messages that nobody asked for, during a burst."""
NIGHT = timedelta(hours=17)
RESTARTED = 0.25
"""Of the bursts in session: a new engine begins in the middle of it."""
KILLED = 0.5
"""Of the engines that end in a burst; the others are stopped."""
AWAY_S = (0.0, 1.0, 8.0, 35.0)
STRATEGIES = {
    "puts.yaml": given.strategy("puts", "bull_put", per_day=15, exits="days_held >= 1\n  - profit >= 3% of credit"),
    "calls.yaml": given.strategy("calls", "bear_call", per_day=15, exits="days_held >= 1\n  - loss >= 8% of credit"),
    "debits.yaml": given.strategy("debits", "bull_call", per_day=15, exits="days_held >= 1\n  - profit >= $5"),
}


@dataclass(slots=True)
class Outcome:
    """What one seed brought."""

    seed: int
    days: int
    filled: int = 0
    """Orders filled in whole."""
    bursts: int = 0
    messages: int = 0
    kills: int = 0
    faults: list[str] = field(default_factory=list[str])
    """What did not hold, with its instant; empty where all did."""


class _Run:
    def __init__(self, world: World, mutator: Mutator | None, outcome: Outcome, bursts_max: int | None) -> None:
        self._world, self._mutator, self._outcome, self._bursts_max = world, mutator, outcome, bursts_max
        self._chance = Random(f"bursts {outcome.seed}")
        self._life: Life | None = None
        self._told: list[str] = []
        self._seen = 0
        self._is_agreed = False
        self._told_so_far = Ledger()
        """The fold of what was followed: it knows what was known when an order left."""

    async def play(self) -> None:
        await self._begin()
        assert self._life is not None, "just begun"
        for day, session in enumerate(
            sessions_between(BEGINS.date(), BEGINS.date() + timedelta(days=3 * self._outcome.days + 10))
        ):
            if day == self._outcome.days:
                break
            if day and not self._is_enough():
                await self._night(session.open)
            await self._day(session.close)
        self._outcome.filled = sum(1 for order in self._life.ledger.orders.values() if order.state == "filled")
        if self._mutator is not None:
            self._outcome.messages = self._mutator.messages

    async def _day(self, close: datetime) -> None:
        while not self._is_enough():
            quiet_s = self._chance.uniform(*QUIET_S)
            if self._world.sim.now() + timedelta(seconds=quiet_s + BURST_S + SETTLES_S) >= close:
                await self._sleep_until(close)
                return
            await asyncio.sleep(quiet_s)
            await self._burst(restarts=self._chance.random() < RESTARTED)

    def _is_enough(self) -> bool:
        return self._bursts_max is not None and self._outcome.bursts >= self._bursts_max

    async def _night(self, opens: datetime) -> None:
        """One burst while the market is closed, and now and then a new engine in the middle of one."""
        await asyncio.sleep(self._chance.uniform(600, 3 * 3600))
        await self._burst(restarts=self._chance.random() < 0.5)
        await self._sleep_until(opens - timedelta(seconds=self._chance.uniform(5, 600)))
        await self._burst(restarts=self._chance.random() < 0.5)
        await self._sleep_until(opens)

    async def _sleep_until(self, at: datetime) -> None:
        await asyncio.sleep(max(0.0, (at - self._world.sim.now()).total_seconds()))

    async def _burst(self, *, restarts: bool = False) -> None:
        assert self._life is not None, "begun before"
        if self._mutator is None:
            return
        self._outcome.bursts += 1
        self._mutator.is_lying = True
        if restarts:
            await self._restarted()
        for _ in range(int(BURST_S)):
            for connection in self._world.sim.connections():
                self._mutator.invent(connection, INVENTED_PER_S)
            await asyncio.sleep(1.0)
        self._mutator.is_lying = False
        if self._life.is_over:
            self._says(f"the engine ended: {self._life.error!r}")
            await self._begin()
        await asyncio.sleep(SETTLES_S)
        await self._at_rest()
        self._check()

    async def _restarted(self) -> None:
        """Stop the engine or kill it, and start another; one that cannot start on lies is started again, as a supervisor does."""
        assert self._life is not None, "begun before"
        if self._chance.random() < KILLED:
            await self._kill(self._life)
        else:
            await self._life.stop()
        self._follow_on(self._life)
        for _ in range(10):
            try:
                await self._begin()
            except Exception as error:  # noqa: BLE001 - what refuses to start is tried again, and told where it never does
                refusal = error
                await asyncio.sleep(5.0)
            else:
                return
        self._mutator.is_lying = False
        self._says(f"the engine did not start: {refusal}")
        await self._begin()

    async def _kill(self, life: Life) -> None:
        """End it at its next line or message, as SIGKILL does: nothing is said or canceled, and what is on its way is lost."""
        self._fate.is_dead = True
        life.app.nudge()
        with suppress(Killed):
            await life.death()
        self._outcome.kills += 1
        for link in asyncio.get_running_loop().network.links:  # type: ignore[attr-defined]
            link.reset()
        await asyncio.sleep(self._chance.choice(AWAY_S))

    async def _begin(self) -> None:
        self._fate = Fate(self._world.state)
        self._life = await self._world.start(knows_all=False, wrap_journal=self._fate.journal, wrap_broker=self._fate.broker)
        self._seen = 0

    async def _at_rest(self) -> None:
        """Let what is on its way arrive: a fill may be seconds from its report."""
        for _ in range(20):
            if not self._problems():
                return
            await asyncio.sleep(1.0)

    def _check(self) -> None:
        assert self._life is not None, "begun before"
        problems = self._problems()
        for problem in problems:
            if problem not in self._told:
                self._says(problem)
        self._told = problems
        if self._life.ledger.halt is not None:
            self._life.control.resume("the harness")  # told above; the rest of the days has more to show
        self._follow_on(self._life)

    def _problems(self) -> list[str]:
        """What is not as it must be a minute after a burst."""
        assert self._life is not None, "begun before"
        ledger, sim, found = self._life.ledger, self._world.sim, list[str]()
        if self._life.is_over:
            return [f"the engine ended: {self._life.error!r}"]
        if ledger.halt is not None:
            found.append(f"halted by {ledger.halt.by}: {ledger.halt.reason}")
        if stands := [trip.name for _, trip in ledger.breakers.tripped if trip.name in {"breaker_week", "breaker_peak"}]:
            found.append(f"tripped until a person lifts it: {stands}")
        if ledger.reconciled is None or ledger.reconciled.differences:
            found.append(f"not agreed: {ledger.reconciled}")
        if ledger.contracts_held() != sim.positions():
            found.append(f"positions: ours {ledger.contracts_held()}, the broker's {sim.positions()}")
        if (ours := self._cash(ledger)) != sim.cash:
            found.append(f"cash: ours {ours}, the broker's {sim.cash}")
        return found

    def _cash(self, ledger: Ledger) -> Decimal:
        """What the account holds by our books: what it began with, what was paid and received, less commissions."""
        cash = Decimal(500_000)
        for order in ledger.orders.values():
            for fill in order.fills.values():
                multiplier = order.spread.multiplier
                cash += fill.price * fill.quantity * multiplier * (1 if fill.action == "sell" else -1)
            cash -= order.commission
        return cash

    def _follow_on(self, life: Life) -> None:
        for at, fact in life.facts[self._seen :]:
            self._follow(at, fact)
        self._seen = len(life.facts)

    def _follow(self, at: datetime, fact: Fact) -> None:
        """What must hold of each fact: an opening leaves only while all is known, and trades what it was decided for."""
        assert self._life is not None, "begun before"
        self._told_so_far.apply(fact, at)
        match fact:
            case EngineStarted() | FactRefused():
                self._is_agreed = False
            case LinkChanged():
                self._is_agreed = self._is_agreed and fact.passes_orders
            case Reconciled(differences=differences):
                self._is_agreed = not differences
            case OrderSent(order_ref=ref):
                order = self._told_so_far.orders[ref]
                unknown = [other.ref for other in self._told_so_far.working() if other.state == "unknown"]
                if order.purpose == "open" and (unknown or not self._is_agreed):
                    self._says(f"{ref} was opened at {at:%H:%M:%S} while {unknown or 'the books'} were not known")
                self._check_legs(order)
            case _:
                pass

    def _check_legs(self, order: Order) -> None:
        for leg in order.spread.legs:
            truly = self._world.sim.tape.instrument(leg.contract.con_id)
            if truly is None or truly.option != leg.contract:
                self._says(f"{order.ref} trades {truly and truly.option}, and was decided for {leg.contract}")

    def _says(self, text: str) -> None:
        self._outcome.faults.append(f"seed {self._outcome.seed}, {self._world.sim.now():%a %H:%M:%S}: {text}")


def trade(seed: int, days: int, folder: Path, mutator: Mutator | None = None, bursts_max: int | None = None) -> Outcome:
    """So many simulated days of one seed, with lies where a mutator is given; the end comes sooner after so many bursts."""
    outcome = Outcome(seed, days)

    async def main() -> None:
        tampered = {} if mutator is None else {"tampered": mutator.tampered}
        sim = generated(seed, 1.0, options=sim_options(idle_cadence_s=30, repeats_quotes=True, pacing_strikes=None), **tampered)
        world = World(folder, seed, strategies=STRATEGIES, sim=sim)
        await sim.start(port=7497)
        try:
            await _Run(world, mutator, outcome, bursts_max).play()
        finally:
            await world.end()

    with quiet():
        run(main(), VirtualLoop())
    return outcome
