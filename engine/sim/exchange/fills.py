"""Whether an order trades, at which price and how much of it.

At or through the natural price, or that of the complex book, it trades as it arrives, at the better of the two. Between
mid and natural it trades with a chance that grows with the time that passed and with the price offered; beyond mid
it waits. Research may ask for no chance at all: then an order trades as soon as it offers a declared part of the half-width.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import exp
from typing import ClassVar, Protocol

from engine.pricing.ticks import round_aggressive
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


TRAVELED: Mapping[int, Decimal] = {1: Decimal("0.50"), 2: Decimal("0.32"), 3: Decimal("0.12"), 4: Decimal("0.06")}
"""By number of legs, the part of the half-width beyond mid at which orders of that many legs trade, on average.
Source: ORATS, slippage of multi-leg orders: 75, 66, 56 and 53 % of the way from the better side of the quote to the worse."""


@dataclass(frozen=True, slots=True)
class PackageFills:
    """A market without chance: a package trades at mid less a part of its half-width, by the number of its legs."""

    parts: Mapping[int, Decimal] = field(default_factory=lambda: TRAVELED)
    """0 is mid, 1 is natural; packages of more legs than are named trade like those of the most."""
    complex_book: ClassVar[float] = 0.0
    """Legs alone make the quote: the part says already how much better the whole trades."""

    def part(self, legs: int) -> Decimal:
        return self.parts[min(legs, max(self.parts))]


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


def package_match(limit: Decimal | None, quantity: int, natural: NaturalPrice, part: Decimal, tick: Decimal) -> Match | None:
    """The trade of an order that pays at most `limit`, where the package trades at `part` of the way from mid to natural.

    It pays that price, rounded against it to the increment and never worse than natural; None where it offers less. Sizes are
    those quoted.
    """
    natural_price = max(natural.price, natural.mid)
    wanted = natural.mid + part * (natural_price - natural.mid)
    price = min(natural_price, round_aggressive(wanted, tick, "BUY"))
    if limit is not None and limit < price:
        return None
    return Match(price, min(quantity, natural.size))


def _part(quantity: int, model: FillModel, chance: Chance) -> int:
    if quantity < 2 or model.partial <= 0 or chance.random() >= model.partial:
        return quantity
    return 1 + int(chance.random() * (quantity - 1))
