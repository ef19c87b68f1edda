"""What became of each stop of a demonstration: what it allowed to be lost, what was lost, and whether the market jumped over it.

A stop is a rule that holds from some loss on, which is its bound. The market takes a step every few seconds, also while nobody
looks, and closes are decided inside of the account's hours: between two such steps nothing can be done, and the night is one too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from engine.decide.entry.find import Finder
from engine.decide.positions import money
from engine.domain.contract import Contract
from engine.domain.ledger import Ledger
from engine.domain.position import Position, newly_opened
from engine.strategy.model import Strategy

Floats = NDArray[np.float64]
CENT = Decimal("0.01")
ALLOWED = Decimal("1.25")
"""Times its bound that a stop may cost, and half the width of the quotes besides, unless the market jumped over it."""
TRACE = 1e-6
"""USD by which a sum of floats may miss the money that it stands for."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The quotes of one option at each step of the market at which a close could be decided."""

    at: Floats
    """UTC seconds since 1970."""
    bid: Floats
    ask: Floats


Walked = Callable[[Contract, date], Steps]
"""The steps of an option on a day on which the market was open."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What closing a position at mid would have lost at one step."""

    at: datetime
    usd: Decimal


@dataclass(frozen=True, slots=True)
class Way:
    """What closing a whole position would have lost at each step of its life. USD; before fees."""

    at: Floats
    loss: Floats
    """At mid."""
    half_width: Floats
    """What natural costs more than mid."""
    unbid: NDArray[np.bool_]
    """Whether nobody bids for a leg that a close would sell."""

    def at_step(self, number: int) -> Loss:
        return Loss(datetime.fromtimestamp(self.at[number], UTC), _usd(self.loss[number]))


@dataclass(frozen=True, slots=True)
class Stopped:
    """One position that a stop has closed. USD for all of its spreads, before fees."""

    position: str
    rule: str
    bound: Decimal
    """The loss from which its rule holds."""
    half_width: Decimal
    """Half the width of the combination's quotes when it first held."""
    before: Loss
    """The last step on which it did not hold yet."""
    after: Loss
    """And the one after it."""
    lost: Decimal
    """Realised; negative where the close brought a profit after all."""

    @property
    def most(self) -> Decimal:
        """What it may cost where the market does not jump."""
        return ALLOWED * self.bound + self.half_width

    @property
    def is_jumped(self) -> bool:
        """Whether the market went in one step from below the bound to where natural costs more than the stop may."""
        return self.after.usd > ALLOWED * self.bound

    @property
    def is_kept(self) -> bool:
        return self.lost <= self.most


def stops(
    ledger: Ledger, versions: Mapping[str, Strategy], finder: Finder, days: Sequence[date], walked: Walked
) -> list[Stopped]:
    """Every position that a stop has closed, in the order in which they were opened."""
    found: list[Stopped] = []
    for position in ledger.positions.values():
        strategy, rule = versions.get(position.digest), position.close_rule
        bound = None if position.is_open or strategy is None or rule is None else bound_of(rule, position, strategy, finder)
        filled = [order for order in ledger.closings_of(position.id) if order.filled]
        due_at = next((order.proposed_at for order in filled if order.proposed.rule == filled[0].proposed.rule == rule), None)
        if rule is None or bound is None or due_at is None:
            continue
        way = way_of(position, days, due_at, walked)
        held = np.flatnonzero(way.loss >= float(bound) - TRACE)
        if not held.size:
            continue  # the market was never there: it was closed on a quote that was none
        last = int(held[-1])
        below = np.flatnonzero(way.loss[:last] < float(bound) - TRACE)
        first = int(below[-1]) + 1 if below.size else 0
        before = way.at_step(first - 1) if first else Loss(position.opened_at, Decimal(0))
        half_width = _usd(way.half_width[first])
        found.append(Stopped(position.id, rule, bound, half_width, before, way.at_step(first), -position.realised))
    return found


def bound_of(rule: str, position: Position, strategy: Strategy, finder: Finder) -> Decimal | None:
    """The least loss of the whole position on which the rule holds, to the cent; None where it does not speak of a loss."""
    number = next((number for number, one in enumerate(strategy.exits) if one.text == rule), None)
    if number is None:
        return None
    whole = newly_opened(
        position.id,
        position.strategy,
        position.digest,
        position.spread,
        position.opened,
        position.opening_net,
        position.opened_at,
    )
    scale = whole.quantity * whole.spread.multiplier

    def holds(cents: int) -> bool:
        row = money(whole, [-CENT * cents / scale - whole.opening_net])
        return finder.exits(strategy, [row])[0][number].holds is True

    low, high = 0, int(-(whole.spread.floor + whole.opening_net) * scale / CENT)
    if holds(low) or not holds(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return CENT * high


def way_of(position: Position, days: Sequence[date], until: datetime, walked: Walked) -> Way:
    """The way of a whole position from its opening to `until`, marked as the engine marks it."""
    pieces = [_way_on(position, day, walked) for day in days if position.opened_at.date() <= day <= until.date()]
    if not pieces:
        return Way(np.empty(0), np.empty(0), np.empty(0), np.empty(0, np.bool_))
    at, loss, half = (
        np.concatenate(column)
        for column in ([piece[0] for piece in pieces], [piece[1] for piece in pieces], [piece[2] for piece in pieces])
    )
    unbid = np.concatenate([piece[3] for piece in pieces])
    lived = (at >= position.opened_at.timestamp()) & (at <= until.timestamp())
    return Way(at[lived], loss[lived], half[lived], unbid[lived])


def _way_on(position: Position, day: date, walked: Walked) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """The rule of `pricing.mark.closing_mark` for whole columns."""
    spread, at = position.spread, np.empty(0)
    mid = far = np.float64(0.0)
    unbid: NDArray[np.bool_] = np.zeros(1, np.bool_)
    for leg in spread.legs:
        steps = walked(leg.contract, day)
        at, sells = steps.at, leg.sign > 0
        middle = np.where(steps.bid > 0, (steps.bid + steps.ask) / 2, 0.0 if sells else steps.ask)
        mid = mid + leg.sign * leg.ratio * middle
        far = far + leg.ratio * (steps.bid if sells else -steps.ask)
        unbid = unbid | (sells & (steps.bid <= 0))
    scale = position.opened * spread.multiplier
    worth = np.clip(mid, float(spread.floor), float(spread.cap))
    return at, -(float(position.opening_net) + worth) * scale, np.maximum(0.0, worth - far) * scale, unbid


def _usd(amount: float) -> Decimal:
    return Decimal(repr(round(float(amount), 2)))
