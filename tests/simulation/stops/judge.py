"""A demonstration of some days, and what its facts and the way of its market say of the stops.

A breach is
    a stop that cost more than 1.25 times its bound and half the width of its quotes, which the market did not jump over
    a loss beyond a stop for which nothing was sent
    more than 20 order messages of a position in a day for a profit, or where nobody bids
    an opening of a strategy after its daily stop
    a number of an opening that its archived quotes do not say
    a halt, or a part of the program that failed
"""

from __future__ import annotations

import contextlib
import io
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np

from engine.cli.demo.demo import FIRST_DAY, Stage, example_strategies, fresh
from engine.cli.demo.lookback import days_of, versions_of, walked_in
from engine.cli.demo.stopped import TRACE, Stopped, Way, bound_of, way_of
from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.decide.risk.breakers import STOP
from engine.domain.clocks import CLOSE_AGAIN, DECIDED_WITHIN, DEMO_IDLE_CADENCE, MESSAGES_A_DAY
from engine.domain.facts.halts import BreakerTripped, Halted
from engine.domain.facts.orders import CancelRequested, OrderRepriced, OrderSent
from engine.domain.facts.positions import ExitBlocked
from engine.domain.facts.running import FactRefused
from engine.domain.ledger import Ledger
from engine.domain.position import Position
from engine.domain.session import trading_day
from engine.runtime.schedule import sessions_between
from engine.sim.loop import VirtualLoop, run
from engine.sim.network import MemoryNetwork
from engine.strategy.model import Strategy
from tests.recompute import openings, problems

SIX = Path(__file__).parent / "strategies"
FOLDERS = {"shipped": example_strategies(), "six": SIX}
PATIENCE = DEMO_IDLE_CADENCE + DECIDED_WITHIN + timedelta(seconds=30)
"""A loss that came slowly is told with the idle quotes at the latest, and decided; then its close is on its way."""
ON_ITS_WAY = timedelta(seconds=30)
"""An order that had been sent before a daily stop tripped may fill until its cancel is there."""


@dataclass(slots=True)
class Judged:
    """One demonstration."""

    stops: list[Stopped] = field(default_factory=list[Stopped])
    breaches: list[str] = field(default_factory=list[str])
    openings: int = 0
    most_messages: int = 0
    """Of one position in one day, for a profit or where nobody bids."""
    tripped: int = 0
    """Daily stops of strategies."""
    cpu_s: float = 0.0

    @property
    def dearest(self) -> float:
        """The most that a stop has cost that the market did not jump over, as a multiple of its bound."""
        return max((float(one.lost / one.bound) for one in self.stops if not one.is_jumped), default=0.0)


def play(seed: int, days: int, strategies: Path, state: Path, until: timedelta | None = None) -> Stage:
    """The demonstration, at its end; `until` ends the last day so long after its open."""
    sessions = sessions_between(FIRST_DAY, FIRST_DAY + timedelta(days=3 * days + 10))[:days]
    if until is not None:
        sessions = (*sessions[:-1], replace(sessions[-1], close=sessions[-1].open + until))
    stage = Stage(seed, fresh(state), strategies, sessions, None)
    with contextlib.redirect_stderr(io.StringIO()):
        run(stage.play(), VirtualLoop(MemoryNetwork()))
    stage.look_back()
    return stage


def judged(seed: int, days: int, strategies: Path, state: Path, until: timedelta | None = None) -> Judged:
    """A demonstration and its judgement."""
    began = time.process_time()
    stage = play(seed, days, strategies, state, until)
    found = Judged(stops=list(stage.record.stops.values()), openings=sum(1 for _ in openings(state)))
    found.breaches += (_told(one) for one in found.stops if not one.is_kept and not one.is_jumped)
    found.breaches += _unanswered(stage)
    found.breaches += _messages(stage, found)
    found.breaches += _after_the_daily_stop(stage, found)
    found.breaches += problems(state)
    found.breaches += (f"{at:%d %b %H:%M:%S} {fact}" for at, fact in stage.record.facts if isinstance(fact, Halted | FactRefused))
    found.cpu_s = time.process_time() - began
    return found


def _told(one: Stopped) -> str:
    return (
        f"{one.position}: {one.rule}: lost ${one.lost}, {one.lost / one.bound:.2f} x its bound of ${one.bound},"
        f" at most ${one.most:.2f}; first due {one.after.at:%d %b %H:%M:%S} UTC at ${one.after.usd}, before ${one.before.usd}"
    )


def _ledger(stage: Stage) -> Ledger:
    assert stage.record.ledger is not None, "a demonstration that has ended has one"
    return stage.record.ledger


# What was due and not done.


def _unanswered(stage: Stage) -> Iterator[str]:
    """Times for which a loss stood at the bound of a stop or beyond, and no close worked or waited for its turn."""
    assert stage.market is not None, "a demonstration that has ended has one"
    ledger, days, walked = _ledger(stage), days_of(stage.market), walked_in(stage.market, stage.strategies)
    versions, scanner, end = versions_of(ledger, stage.state), Scanner(), stage.record.facts[-1][0]
    finder = Finder(scanner)
    for position in ledger.positions.values():
        bounds = _bounds(position, versions[position.digest], finder)
        if bounds:
            way = way_of(position, days, _whole_until(position, ledger) or end, walked)
            for since, seconds in overdue(way, min(bounds), _tried(position, ledger), PATIENCE.total_seconds()):
                yield (
                    f"{position.id}: due from ${min(bounds)}, at ${way.loss[since]:.2f} since"
                    f" {way.at_step(since).at:%d %b %H:%M:%S} UTC, and for {seconds:.0f} s nothing was sent"
                )
    scanner.close()


def _whole_until(position: Position, ledger: Ledger) -> datetime | None:
    """When the first of it was closed, None where all of it stands: what is left then has a credit and a bound of its own."""
    return min((order.changed_at for order in ledger.closings_of(position.id) if order.filled), default=position.closed_at)


def _bounds(position: Position, strategy: Strategy, finder: Finder) -> list[float]:
    found = (bound_of(rule.condition.text, position, strategy, finder) for rule in strategy.exits if rule.action == "close")
    return [float(bound) for bound in found if bound is not None]


def _tried(position: Position, ledger: Ledger) -> list[tuple[float, float]]:
    """From and to of each close, the wait for the next try included, UTC seconds since 1970."""
    tried: list[tuple[float, float]] = []
    failed = 0
    for order in ledger.closings_of(position.id):
        failed = 0 if order.filled else failed + 1
        again_at = order.changed_at + CLOSE_AGAIN.wait(failed) + timedelta(seconds=30)
        tried.append((order.proposed_at.timestamp(), again_at.timestamp()))
    return tried


def overdue(way: Way, bound: float, tried: Sequence[tuple[float, float]], patience_s: float) -> Iterator[tuple[int, float]]:
    """Stretches of steps at which a close was due, somebody bid and none was tried, longer than the patience: the first step and
    seconds. A night ends one."""
    due = (way.loss >= bound - TRACE) & ~way.unbid
    for begins, ends in tried:
        due &= ~((way.at >= begins) & (way.at <= ends))
    nights = np.flatnonzero(np.diff(way.at) > timedelta(hours=1).total_seconds()) + 1
    edges = np.flatnonzero(np.diff(np.concatenate([[False], due, [False]])))
    edges = np.unique(np.concatenate([edges, nights]))
    for first, behind in pairwise(edges.tolist()):
        seconds = float(way.at[behind - 1] - way.at[first])
        if due[first] and seconds > patience_s:
            yield first, seconds


# Messages.


def _messages(stage: Stage, found: Judged) -> Iterator[str]:
    """Positions with more messages of a day than a profit, or a leg that nobody bids for, is worth."""
    ledger, counts = _ledger(stage), Counter[tuple[str, date]]()
    unbid = _unbid(stage)
    for at, fact in stage.record.facts:
        if isinstance(fact, OrderSent | OrderRepriced | CancelRequested):
            order = ledger.orders[fact.order_ref]
            key = (order.proposed.position, trading_day(at))
            is_profit = (order.proposed.rule or "").startswith("profit")
            if order.purpose == "close" and (is_profit or order.ref in unbid):
                counts[key] += 1
    found.most_messages = max(counts.values(), default=0)
    for (position, day), count in counts.items():
        if count > MESSAGES_A_DAY:
            yield f"{position}: {count} order messages on {day}"


def _unbid(stage: Stage) -> set[str]:
    """Closes that were proposed while nobody bid for a leg that they sell."""
    assert stage.market is not None, "a demonstration that has ended has one"
    ledger, days, walked = _ledger(stage), days_of(stage.market), walked_in(stage.market, stage.strategies)
    found: set[str] = set()
    blocked = {fact.position for _, fact in stage.record.facts if isinstance(fact, ExitBlocked) and fact.obstacle == "no bid"}
    for name in blocked:
        position = ledger.positions[name]
        way = way_of(position, days, position.closed_at or stage.record.facts[-1][0], walked)
        for order in ledger.closings_of(name):
            step = int(np.searchsorted(way.at, order.proposed_at.timestamp(), side="right")) - 1
            if step >= 0 and way.unbid[step]:
                found.add(order.ref)
    return found


# Daily stops.


def _after_the_daily_stop(stage: Stage, found: Judged) -> Iterator[str]:
    """Openings that a strategy proposed or sent on the day after its stop had tripped, and late fills of what worked."""
    ledger, tripped = _ledger(stage), dict[tuple[str, date], datetime]()
    for at, fact in stage.record.facts:
        if isinstance(fact, BreakerTripped) and fact.name == STOP:
            tripped.setdefault((fact.strategy, trading_day(at)), at)
    found.tripped = len(tripped)
    for order in ledger.orders.values():
        if order.purpose != "open":
            continue
        at = tripped.get((order.strategy, trading_day(order.proposed_at)))
        if at is None:
            continue
        if order.proposed_at > at or (order.sent_at is not None and order.sent_at > at):
            yield f"{order.ref}: opened by {order.strategy} after its daily stop at {at:%d %b %H:%M:%S} UTC"
        elif order.last_executed_at is not None and order.last_executed_at > at + ON_ITS_WAY:
            yield f"{order.ref}: filled at {order.last_executed_at:%H:%M:%S} UTC, {order.strategy} had stopped at {at:%H:%M:%S}"
