"""The shares that options of a position became: what is held of them, and what they can lose with the options beside them.

An option that is exercised counts as closed at nothing; its shares change hands at the strike. So what was paid or received for
the option stays its own result, and the shares have theirs, as in the broker's books.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from engine.domain.facts.positions import OptionsExercised
from engine.domain.order import Order
from engine.domain.parts import Lot, Part
from engine.domain.spread import DOUBLED, ZERO, Leg, Spread


def shares_lot(exercised: Sequence[OptionsExercised], closings: Sequence[Order]) -> Lot | None:
    """All shares that came and went, in the direction of those that are left; None where no option became any."""
    if not exercised:
        return None
    flows = [(fact.shares, fact.price) for fact in exercised]
    flows += [flow for order in closings for flow in _traded(order)]
    left = sum(shares for shares, _ in flows)
    sign = 1 if (left or flows[0][0]) > 0 else -1
    opened, closed = ([(abs(n), price) for n, price in flows if n * sign * turn > 0] for turn in (1, -1))
    leg = Leg(exercised[0].share, "buy" if sign > 0 else "sell")
    return Lot(leg, _count(opened), _count(closed), abs(left), _average(opened) or ZERO, _average(closed))


def with_shares(parts: Sequence[Part], lot: Lot, opening: Spread, lots: Sequence[Lot]) -> tuple[Part, ...]:
    """The parts of a position with its shares as the last one.

    Options that stand alone beside shares are there to protect them: what they can lose together is counted with the shares.
    """
    if not lot.held:
        return tuple(parts)
    alone = [part for part in parts if len(part.spread.legs) == 1]
    kept = [replace(part, max_loss=ZERO) if part in alone else part for part in parts]
    paid = {one.leg.contract.con_id: one.opening_price for one in (*lots, lot)}
    spread = Spread(f"{opening.structure} shares", (lot.leg,))
    held = [(lot.leg, lot.held), *((part.spread.legs[0], part.quantity) for part in alone)]
    loss = max(ZERO, sum((_cost(leg, count, paid) for leg, count in held), ZERO) - _least(held, lot))
    return (*kept, Part(spread, lot.held, -lot.leg.sign * lot.opening_price, loss))


def _traded(close: Order) -> Iterator[tuple[int, Decimal]]:
    """The shares that a close has bought (> 0) or sold, with their price."""
    for leg in close.spread.legs:
        if leg.contract.is_share and close.filled:
            yield -leg.sign * leg.ratio * close.filled, close.leg_price(leg.contract.con_id)


def _count(flows: Sequence[tuple[int, Decimal]]) -> int:
    return sum(shares for shares, _ in flows)


def _average(flows: Sequence[tuple[int, Decimal]]) -> Decimal | None:
    return sum((shares * price for shares, price in flows), ZERO) / _count(flows) if flows else None


def _cost(leg: Leg, count: int, paid: dict[int, Decimal]) -> Decimal:
    return leg.sign * count * leg.contract.multiplier * paid[leg.contract.con_id]


def _least(held: Sequence[tuple[Leg, int]], lot: Lot) -> Decimal:
    """The least that all of it can be worth, USD, options at what exercising brings; upward the underlying is looked at to twice
    the highest price in it: of shares that are owed and no call covers nothing bounds the loss."""
    strikes = [leg.contract.strike for leg, _ in held]
    levels = {ZERO, *strikes, DOUBLED * max(*strikes, lot.opening_price)}
    return min(
        sum((leg.sign * count * leg.contract.multiplier * leg.contract.intrinsic(level) for leg, count in held), ZERO)
        for level in levels
    )
