"""Watches a run from its facts: what stopped each strategy on each day, and stops that the next instant contradicts."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from engine.compile.market import market_value
from engine.decide.risk.gate import strategy_obstacle
from engine.domain.facts.halts import BreakerTripped, Halted
from engine.domain.facts.orders import (
    CancelRequested,
    LegFilled,
    OrderCanceled,
    OrderDenied,
    OrderExpired,
    OrderProposed,
    OrderRejected,
)
from engine.domain.facts.positions import ExitTriggered
from engine.domain.facts.running import ErrorHeard, FactRefused
from engine.domain.facts.searches import EntryDenied, FunnelRecorded
from engine.domain.facts.union import Fact
from engine.domain.session import NEW_YORK, trading_day
from engine.domain.spread import Spread
from engine.research.result import Doubtful, NotTraded
from engine.research.rig import Rig
from engine.strategy.expressions.tree import Measure
from engine.words import signed_dollars

_IV_RANK = Measure("iv_rank", "market")
_HALF = Decimal("0.5")
SAID_MAX = 50
"""Sentences for the reader; of more the rest is counted."""


@dataclass(slots=True)
class _Stop:
    """A stop that fired on the instant before: what closing made at mid, USD."""

    position: str
    rule: str
    at: datetime
    made: Decimal


class Watched:
    """An observer of one run; `looked` is called when the engine is done with an instant, `ended` when it is with a day."""

    def __init__(self) -> None:
        self.not_traded: list[NotTraded] = []
        self.doubtful: list[Doubtful] = []
        self.said: list[str] = []
        self.reasons: dict[str, str] = {}
        """The exit that last acted on each position."""
        self.excursions: dict[str, tuple[Decimal, Decimal]] = {}
        """By position the least and the most that closing it at mid would have made, USD before fees."""
        self.iv_ranks: dict[str, float | None] = {}
        """Of the underlying when an opening was proposed, by its reference; None is unknown."""
        self._rig: Rig | None = None
        self._day = date.min
        self._opened: set[str] = set()
        """Strategies of which something was opened today."""
        self._stopped: dict[str, NotTraded] = {}
        """By strategy, the reason of today that came furthest."""
        self._asked_for: dict[str, str] = {}
        """Why an order that works was to be canceled."""
        self._stops: list[_Stop] = []
        self._fired: list[ExitTriggered] = []

    def watch(self, rig: Rig) -> None:
        self._rig = rig
        self.said += [f"{file}: refused, as `spreads check` tells" for file in rig.refused]

    def saw(self, fact: Fact, at: datetime) -> None:
        rig = self._rig
        if rig is None:
            return
        self._enter(trading_day(at))
        match fact:
            case LegFilled(order_ref=ref):
                order = rig.ledger.orders[ref]
                if order.purpose == "open":
                    self._opened.add(order.strategy)
            case OrderProposed(order_ref=ref, purpose="open", spread=spread):
                state = rig.feed.market(rig.library.in_force, at).get(spread.underlying)
                rank = None if state is None else market_value(_IV_RANK, state, at, None)
                self.iv_ranks[ref] = None if rank is None else float(rank)
            case FunnelRecorded(strategy=strategy, steps=steps, candidates=0):
                step = next((step for step in steps if not step.passed), steps[-1])
                unknown = f", unknown for {step.unknown:,}" if step.unknown else ""
                market = step.line is not None
                text = f"{step.condition}{unknown}"
                self._stop(strategy, NotTraded(self._day, strategy, "market" if market else "no spread", step.condition, text))
            case EntryDenied(strategy=strategy, obstacle=obstacle):
                self._stop(strategy, NotTraded(self._day, strategy, "gate", obstacle.gate, str(obstacle)))
            case OrderDenied(order_ref=ref, obstacle=obstacle):
                strategy = rig.ledger.orders[ref].strategy
                self._stop(strategy, NotTraded(self._day, strategy, "gate", obstacle.gate, str(obstacle)))
            case CancelRequested(order_ref=ref, reason=reason):
                self._asked_for[ref] = reason
            case OrderCanceled(order_ref=ref, reason=reason) | OrderExpired(order_ref=ref, reason=reason):
                self._unfilled(ref, self._asked_for.pop(ref, reason))
            case OrderRejected(order_ref=ref, text=text):
                self._unfilled(ref, text)
            case ExitTriggered(position=position, rule=rule, action=action):
                if action != "alert":
                    self.reasons[position] = rule
                    self._fired.append(fact)
            case Halted(reason=reason):
                self._say(at, f"halted: {reason}; nothing more was opened")
            case BreakerTripped(name=name, strategy=strategy, value=value, lifts=lifts):
                of = strategy or "the account"
                self._say(at, f"{name} of {of} tripped at {signed_dollars(float(value))}; it lifts: {lifts}")
            case FactRefused(text=text) | ErrorHeard(text=text):
                self._say(at, text)
            case _:
                pass

    def looked(self, at: datetime) -> None:
        """The engine has done what there was to do at an instant; the clock stands at its last look."""
        assert self._rig is not None, "watched from the beginning"
        self._judge(at)
        self._enter(trading_day(at))
        self._mark()
        for fact in {fact.position: fact for fact in self._fired}.values():
            position = self._rig.ledger.positions.get(fact.position)
            profit = fact.values.get("profit")
            if position is not None and not position.is_open and ((profit is not None and profit < 0) or "loss" in fact.values):
                spread = self._rig.ledger.orders[position.id].spread
                made = self._made(spread, position.opening_net, position.opened)
                if made is not None and made < 0:
                    self._stops.append(_Stop(fact.position, fact.rule, at, made))
        self._fired.clear()

    def ended(self, day: date) -> None:
        """Take down why the strategies that opened nothing today did not."""
        assert self._rig is not None, "watched from the beginning"
        self._enter(day)
        rig = self._rig
        snapshot, rulebook = rig.look(), rig.rulebook()
        for strategy in rulebook.strategies:
            if strategy.name in self._opened:
                continue
            found = self._stopped.get(strategy.name)
            if found is None:
                denied = next((one for (name, _), one in rig.ledger.denials.items() if name == strategy.name), None)
                obstacle = strategy_obstacle(strategy, snapshot, rulebook) or (denied.obstacle if denied else None)
                if not strategy.enabled:
                    found = NotTraded(day, strategy.name, "not looked at", "enabled", "enabled: false in its file")
                elif obstacle is not None:
                    found = NotTraded(day, strategy.name, "gate", obstacle.gate, str(obstacle))
                else:
                    found = NotTraded(day, strategy.name, "not looked at", "", "nothing that it trades was quoted")
            self.not_traded.append(found)

    def _enter(self, day: date) -> None:
        if day != self._day:
            self._day = day
            self._opened.clear()
            self._stopped.clear()

    def _stop(self, strategy: str, found: NotTraded) -> None:
        """Keep the reason that came furthest: an order before a gate, a gate before a search."""
        known = self._stopped.get(strategy)
        if known is None or _FURTHER[found.stopper] >= _FURTHER[known.stopper]:
            self._stopped[strategy] = found

    def _unfilled(self, ref: str, reason: str) -> None:
        assert self._rig is not None, "asked by a fact of the run"
        order = self._rig.ledger.orders[ref]
        if order.purpose == "open" and not order.filled:
            self._stop(order.strategy, NotTraded(self._day, order.strategy, "not filled", reason, reason))

    def _say(self, at: datetime, text: str) -> None:
        if len(self.said) < SAID_MAX:
            self.said.append(f"{at.astimezone(NEW_YORK):%Y-%m-%d %H:%M}: {text}")
        elif len(self.said) == SAID_MAX:
            self.said.append("and more, which the journal has")

    def _mark(self) -> None:
        """Take down how every position stands that is whole."""
        assert self._rig is not None, "watched from the beginning"
        for position in self._rig.ledger.open_positions():
            made = self._made(position.spread, position.opening_net, position.opened) if position.is_whole else None
            if made is not None:
                low, high = self.excursions.get(position.id, (made, made))
                self.excursions[position.id] = (min(low, made), max(high, made))

    def _judge(self, at: datetime) -> None:
        """Hold the stops of the instant before against this one."""
        assert self._rig is not None, "watched from the beginning"
        stops, self._stops = self._stops, []
        for stop in stops:
            position = self._rig.ledger.positions[stop.position]
            spread = self._rig.ledger.orders[stop.position].spread
            made = self._made(spread, position.opening_net, position.opened)
            if made is not None and made > stop.made * _HALF:
                self.doubtful.append(Doubtful(stop.position, stop.rule, stop.at, -stop.made, -made))

    def _made(self, spread: Spread, opening_net: Decimal, quantity: int) -> Decimal | None:
        """What closing at mid would make now, USD before fees; None where a leg has no quote."""
        assert self._rig is not None, "watched from the beginning"
        mids = [self._rig.tape.quote(leg.contract.con_id).mark for leg in spread.legs]
        total = Decimal(0)
        for leg, mid in zip(spread.legs, mids, strict=True):
            if mid is None:
                return None
            total += leg.sign * leg.ratio * mid
        return (opening_net + total) * quantity * spread.multiplier


_FURTHER = {"not looked at": 0, "market": 1, "no spread": 2, "gate": 3, "not filled": 4}
