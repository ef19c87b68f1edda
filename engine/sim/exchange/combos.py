"""Prices of a combination from the quotes of its legs, and how a fill's net price falls on the legs.

Prices are signed, per share of one combination in the direction asked for: paying is positive when buying.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from engine.sim.exchange.instruments import Quote, Tape

_CENT = Decimal("0.01")

SignedLeg = tuple[int, int]
"""(con_id, signed ratio): + is bought."""


@dataclass(frozen=True, slots=True)
class NaturalPrice:
    """What the combination costs at once, bought as given: pay `price` per share; negative means it is received."""

    price: Decimal
    mid: Decimal
    size: int
    """Combinations that the quoted sizes can fill."""


def natural_price(legs: Sequence[SignedLeg], tape: Tape) -> NaturalPrice | None:
    """Price to trade these legs at once: bought at the ask, sold at the bid.

    None where a side is missing, has no size, or a leg to be sold has a bid of nothing: then nobody stands there.
    """
    price = mid = Decimal(0)
    sizes: list[int] = []
    for con_id, ratio in legs:
        quote = tape.quote(con_id)
        if quote.bid is None or quote.ask is None or quote.ask <= 0 or (ratio < 0 and quote.bid <= 0):
            return None
        price += ratio * (quote.ask if ratio > 0 else quote.bid)
        mid += ratio * (quote.bid + quote.ask) / 2
        sizes.append((quote.ask_size if ratio > 0 else quote.bid_size) // abs(ratio))
    return NaturalPrice(price, mid, min(sizes)) if min(sizes) > 0 else None


def combo_quote(legs: Sequence[SignedLeg], tape: Tape) -> Quote:
    """Bid and ask of the combination itself, each None where its natural price is."""
    ask = natural_price(legs, tape)
    bid = natural_price([(con_id, -ratio) for con_id, ratio in legs], tape)
    return Quote(
        bid=None if bid is None else -bid.price,
        ask=None if ask is None else ask.price,
        bid_size=0 if bid is None else bid.size,
        ask_size=0 if ask is None else ask.size,
        mark=ask.mid if ask is not None else -bid.mid if bid is not None else None,
    )


def leg_prices(legs: Sequence[SignedLeg], net: Decimal, tape: Tape) -> tuple[Decimal, ...]:
    """A price for each leg, none below zero, that together make `net`.

    Each leg starts at its natural price and gives up part of what the net is better, in proportion to its own width;
    the cents left over fall on a leg of the smallest ratio. A side that nobody quotes counts at the mark.
    """
    quotes = [tape.quote(con_id) for con_id, _ in legs]
    natural = [_natural(quote, ratio) for quote, (_, ratio) in zip(quotes, legs, strict=True)]
    widths = [abs((quote.ask or Decimal(0)) - (quote.bid or Decimal(0))) for quote in quotes]
    saved = sum((ratio * price for (_, ratio), price in zip(legs, natural, strict=True)), Decimal(0)) - net
    weight = sum((abs(ratio) * width for (_, ratio), width in zip(legs, widths, strict=True)), Decimal(0))
    share = saved / weight if weight else Decimal(0)
    prices = [
        max(Decimal(0), (price - share * width * (1 if ratio > 0 else -1)).quantize(_CENT, ROUND_HALF_EVEN))
        for price, width, (_, ratio) in zip(natural, widths, legs, strict=True)
    ]
    return _made_even(legs, prices, net)


def _natural(quote: Quote, ratio: int) -> Decimal:
    price = quote.ask if ratio > 0 else quote.bid
    return price if price is not None else quote.mark or Decimal(0)


def _made_even(legs: Sequence[SignedLeg], prices: list[Decimal], net: Decimal) -> tuple[Decimal, ...]:
    """The prices with the rest put on the first leg of the smallest ratio that can bear it."""
    rest = net - sum((ratio * price for (_, ratio), price in zip(legs, prices, strict=True)), Decimal(0))
    for i in sorted(range(len(legs)), key=lambda i: abs(legs[i][1])):
        changed = prices[i] + rest / legs[i][1]
        if changed >= 0:
            prices[i] = changed
            return tuple(prices)
    raise AssertionError("a net price of at least one leg bought or sold can always be put on one leg")
