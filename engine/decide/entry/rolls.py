"""Rolls: a position, or a side of it, is closed, and what takes its place is an opening like any other that must bring enough.

Its successor is looked for before anything is sent (`successors`). The close comes first and alone. Once it has filled, the same
strategy looks in the same session for a spread on the same underlying whose days are those of `roll.to`, whose net, together with
what the close brought or cost, is at least what `roll.for` asks, and that cannot lose more than the closed one could. An opening
that was sent and did not fill is not tried again: then the position stays closed, or goes on with what is left of it.

What takes the place of a whole position is a position of its own. What takes the place of a side joins the position that the side
was closed of (`joining`). What both sides of a double calendar or diagonal owe is closed in one order, and followed by one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from engine.decide.exit.cuts import is_done
from engine.domain.candidate import Candidate
from engine.domain.clocks import SETTLES_AFTER
from engine.domain.contract import Contract
from engine.domain.deeds import PORTIONS, Done, RollDeed
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.parts import ALL, Portion, side_of_right
from engine.domain.position import Position
from engine.domain.rolled import times_rolled
from engine.domain.session import days_to_expiry, trading_day
from engine.domain.snapshot import Snapshot
from engine.domain.spread import Spread
from engine.domain.structure import PutCall
from engine.strategy.conditions import ExitRule
from engine.strategy.model import Strategy
from engine.strategy.spreads.sides import against, at_strikes, filters_against, filters_at, leads_on, side_alone, with_days
from engine.strategy.values.meaning import DayRange

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Roll:
    """What was closed to be rolled and has no successor yet."""

    position: Position
    """As it is now; `closes` have not filled yet where there are any."""
    wanted: Decimal
    """What closing and opening together must bring at the least, USD per share, + received; 0 is more than nothing."""
    count: int
    """Combinations that were closed, and that the successor has at the most."""
    closing_net: Decimal
    """What closing one of them brought, USD per share, + received."""
    portion: Portion = ALL
    """The side that is rolled; all of it where nothing is said."""
    closed: Spread | None = None
    """What of a side was closed; None where it is the whole."""
    closes: tuple[Order, ...] = ()
    """The closes that make room, as if they had filled: before a roll has begun."""

    @property
    def is_part(self) -> bool:
        """Whether the successor joins the position instead of being one of its own."""
        return self.portion != ALL

    @property
    def rights(self) -> tuple[PutCall, ...]:
        """Of which rights something was closed of it, puts last; none of a whole."""
        return tuple(sorted({leg.contract.put_call for leg in self.closed.legs})) if self.closed is not None else ()

    @property
    def longs(self) -> tuple[Contract, ...]:
        """What is held beside the shorts that were closed and outlives them, one of each right; empty of a whole."""
        owned = [leg.contract for leg in self.position.legs if leg.sign > 0 and not leg.contract.is_share]
        of_each = [[one for one in owned if one.put_call == right] for right in self.rights]
        return tuple(max(longs, key=lambda long: long.expiry) for longs in of_each if longs)

    def most_loss(self) -> Decimal:
        """USD that the successor may lose at the most, fees apart: what the closed spreads could when they were opened."""
        position, spread = self.position, self.position.spread
        return max(ZERO, spread.max_loss(position.opening_net) * spread.multiplier * position.closed)

    def least_net(self, tick: Decimal) -> Decimal:
        """The least net that the opening may be filled at, USD per share, on the ticks."""
        needed = self.wanted - self.closing_net
        on_tick = (needed / tick).to_integral_value(rounding=ROUND_CEILING) * tick
        return on_tick + tick if self.wanted == 0 and on_tick == needed else on_tick


def reason_of(deed: RollDeed, rule: str) -> str:
    """Why a close is sent that makes room for a successor, for people."""
    return f"{deed}: {rule}"


def pending_rolls(strategy: Strategy, snapshot: Snapshot) -> tuple[Roll, ...]:
    """The rolls that a strategy still owes in this session, and for which its file can look."""
    told = strategy.roll
    if told is None:
        return ()
    return tuple(roll for roll in _pending(strategy, snapshot) if leads_on(strategy.spread, roll.portion, told.to))


def _pending(strategy: Strategy, snapshot: Snapshot) -> Iterator[Roll]:
    if strategy.roll is None:
        return
    ledger, today, wanted = snapshot.ledger, trading_day(snapshot.at), strategy.roll.for_.least_net
    for position in ledger.closed_on(strategy.name, today):
        if position.closed_for == "roll" and not _has_successor(position, ledger):
            assert position.closing_net is not None, "only a position that was closed is rolled"
            yield Roll(position, wanted, position.closed, position.closing_net)
    for position in ledger.open_positions():
        if position.strategy != strategy.name or not _is_at_rest(position, snapshot):
            continue
        for portion, closes in _closes_of_parts(position, snapshot):
            roll = part_rolled(position, portion, wanted, closes)
            is_held = not portion.short or len(roll.longs) == len(roll.rights)
            if is_held and is_done(position, portion, "", snapshot):
                yield roll


def part_rolled(position: Position, portion: Portion, wanted: Decimal, closes: Sequence[Order], *, begun: bool = True) -> Roll:
    """The roll of a side, or of a leg, that these closes make room for; they have filled where it has `begun`."""
    closed = closes[-1].spread
    rights = {leg.contract.put_call for leg in closed.legs}
    shorts = sum(leg.ratio for leg in closed.shorts)
    owed = ((order, leg) for order in closes for leg in order.spread.shorts if leg.contract.put_call in rights)
    count = sum(leg.ratio * order.filled for order, leg in owed) // max(1, shorts)
    cash = sum(((order.net_filled or ZERO) * order.filled for order in closes), ZERO)
    return Roll(position, wanted, count, cash / max(1, count), portion, closed, () if begun else tuple(closes))


def search_for(strategy: Strategy, roll: Roll, now: datetime) -> Strategy:
    """The strategy as it looks for the successor: one underlying, the days of the roll, and queries of its own by its digest."""
    told = strategy.roll
    assert told is not None, "a roll is owed only where the strategy has one"
    underlying, spread, what, filters = roll.position.spread.underlying, strategy.spread, "roll", strategy.filters
    closed = roll.closed or roll.position.spread
    left = days_to_expiry(now, closed.expiry)
    near = told.near or DayRange(left, left)
    if told.near is None:
        what = f"{what} in {left} days"
    if roll.portion.short:
        longs = roll.longs
        days = days_to_expiry(now, max(long.expiry for long in longs))
        spread = against(spread, near, days, [side_of_right(right) for right in roll.rights])
        what = f"{what} short against {', '.join(f'{long.con_id}' for long in longs)} in {days} days"
        filters = filters_against(filters, days, [long.strike for long in longs])
    elif roll.portion.side is not None:
        spread, what = with_days(side_alone(spread, roll.portion.side), near, told.to), f"{what} {roll.portion.side} side"
    else:
        spread = with_days(spread, near, told.to)
    if told.strikes is not None:
        kept = {leg.contract.strike for leg in closed.legs}
        if roll.portion.short:
            kept |= {long.strike for long in roll.longs}
        spread, filters = at_strikes(spread, kept), filters_at(filters, kept)
        what = f"{what} at {', '.join(f'{strike:f}' for strike in sorted(kept))}"
    found = {"universe": (underlying,), "filters": filters, "spread": spread}
    return strategy.model_copy(update={**found, "digest": f"{strategy.digest} {what} {underlying}"})


def fits(roll: Roll, candidate: Candidate, strategy: Strategy) -> bool:
    """Whether a candidate can take the place: not what was closed itself, at its strikes where they are kept, and against what is
    held where that stays."""
    found = {leg.contract for leg in candidate.spread.legs}
    closed = (roll.closed or roll.position.spread).legs
    if {leg.contract for leg in closed} <= found:
        return False
    if strategy.roll is not None and strategy.roll.strikes is not None:
        places = {(leg.contract.put_call, leg.action, leg.contract.strike) for leg in candidate.spread.legs}
        if not {(leg.contract.put_call, leg.action, leg.contract.strike) for leg in closed} <= places:
            return False
    held = {leg.contract for leg in roll.position.legs}
    return not roll.portion.short or all(leg.contract in held for leg in candidate.spread.legs if leg.sign > 0)


def action_of(rule: ExitRule, position: Position, strategy: Strategy, ledger: Ledger) -> Done:
    """What an exit rule does to this position: a position that was rolled often enough is not rolled again."""
    match rule.action:
        case "let expire" | "let put side expire" | "let call side expire":
            raise AssertionError("what is left to expire has nothing done to it")
        case "roll tested side" | "roll untested side":
            raise AssertionError("which side that is, is said in its answer")
        case "roll" | "roll put side" | "roll call side" | "roll short" | "roll put short" | "roll call short" as deed:
            roll = strategy.roll
            if roll is None:
                return "close"
            return roll.otherwise if is_spent(position, strategy, ledger) else deed
        case _:
            return rule.action


def is_spent(position: Position, strategy: Strategy, ledger: Ledger) -> bool:
    """Whether a position was rolled as often as its file lets it be."""
    return strategy.roll is not None and times_rolled(position, ledger) >= strategy.roll.at_most


def concerns_rolls(failed: Order) -> bool:
    """Whether a roll waits after this opening too: a walk that failed, or a successor that nobody wanted. Who said no to another
    spread said nothing of the roll."""
    return failed.sent_at is not None or failed.proposed.rolled_from is not None


def _has_successor(position: Position, ledger: Ledger) -> bool:
    return any(_is_tried(order) for order in ledger.successors_of(position.id) if order.joins is None)


def _is_tried(order: Order) -> bool:
    """Whether an opening was sent or still may be: one that neither was nor will be has used up no try."""
    return order.sent_at is not None or not order.is_over


def _closes_of_parts(position: Position, snapshot: Snapshot) -> Iterator[tuple[Portion, list[Order]]]:
    """The closes of today that make room for a roll, of each part those that no tried opening has followed; oldest first."""
    ledger, today = snapshot.ledger, trading_day(snapshot.at)
    tried = [order for order in ledger.rolls_of(position.id) if _is_tried(order)]
    found: dict[RollDeed, list[Order]] = {}
    for order in ledger.closings_of(position.id):
        deed, ended_at = order.proposed.roll, order.last_executed_at
        if deed is None or deed == "roll" or ended_at is None or trading_day(ended_at) != today:
            continue
        since = [one.proposed_at for one in tried if _rights(one.spread) & _rights(order.spread)]
        if not since or order.proposed_at > max(since):
            found.setdefault(deed, []).append(order)
    return ((PORTIONS[deed], closes) for deed, closes in found.items())


def _rights(spread: Spread) -> set[str]:
    return {leg.contract.put_call for leg in spread.legs}


def _is_at_rest(position: Position, snapshot: Snapshot) -> bool:
    """Whether no close of it is at work, and none has ended without filling whole so lately that fills may be travelling."""
    return all(
        order.is_over and (order.state == "filled" or snapshot.waited(order.changed_at) >= SETTLES_AFTER)
        for order in snapshot.ledger.closings_of(position.id)
    )
