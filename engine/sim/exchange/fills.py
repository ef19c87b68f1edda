"""Whether an order trades, at which price and how much of it.

At or through the natural price, or that of the complex book, it trades as it arrives, at the better of the two. Between
mid and natural it trades with a chance that grows with the time that passed and with the price offered; beyond mid
it waits.
"""

from dataclasses import dataclass
from decimal import Decimal
from math import exp
from typing import Protocol

from engine.sim.exchange.combos import NaturalPrice


class Chance(Protocol):
    """The part of a random generator that is used."""

    def random(self) -> float: ...


@dataclass(frozen=True, slots=True)
class FillModel:
    """How readily the simulated market trades inside its quotes."""

    per_second_at_mid: float = 0.02
    """Chance per second that somebody takes a price at mid: half a minute to two, as on liquid spreads."""
    per_second_near_natural: float = 0.2
    """The same just short of natural."""
    partial: float = 0.15
    """Share of trades that fill only a part of what was asked, where it can be split."""
    complex_book: float = 0.5
    """What the complex book gives up of the way from natural to mid, divided by the number of legs: an eighth of it for four."""


@dataclass(frozen=True, slots=True)
class Match:
    """A trade to be done now: `price` per share, signed, in the direction of the order."""

    price: Decimal
    quantity: int


def is_marketable(limit: Decimal | None, natural: NaturalPrice) -> bool:
    """Whether an order that pays at most `limit` (None: whatever it costs) takes what is quoted."""
    return limit is None or limit >= natural.price


def match(
    limit: Decimal | None, quantity: int, natural: NaturalPrice, *, seconds: float, model: FillModel, chance: Chance
) -> Match | None:
    """The trade of an order that pays at most `limit` (None: whatever it costs), `seconds` after the last step.

    All prices as paid: a seller's are negated before. Raises nothing; draws from `chance` only where it decides.
    """
    if limit is None or is_marketable(limit, natural):
        return Match(natural.price, _part(min(quantity, natural.size), model, chance))
    width = natural.price - natural.mid
    if limit < natural.mid or width <= 0:
        return None
    nearness = float((limit - natural.mid) / width)
    rate = model.per_second_at_mid + (model.per_second_near_natural - model.per_second_at_mid) * nearness**2
    if chance.random() >= 1 - exp(-rate * seconds):
        return None
    return Match(limit, _part(min(quantity, natural.size), model, chance))


def _part(quantity: int, model: FillModel, chance: Chance) -> int:
    if quantity < 2 or model.partial <= 0 or chance.random() >= model.partial:
        return quantity
    return 1 + int(chance.random() * (quantity - 1))
