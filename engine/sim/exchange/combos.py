"""Prices of a combination from the quotes of its legs and from the complex book, and how a fill's net price falls on the legs.

The legs alone make the synthetic market: every leg crosses its own width, so four legs are wider than two. Where three legs or
more are asked for together, somebody quotes the whole a little inside of that: the complex book. It gives up a share of the way
from natural to mid that falls with the number of legs, in whole steps of the combination's increment, so often nothing. Two
legs trade at their own quotes.

Prices are signed, per share of one combination in the direction asked for: paying is positive when buying.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal

from engine.pricing.exact import exact
from engine.pricing.ticks import round_aggressive
from engine.sim.exchange.instruments import Quote, Tape
from engine.sim.exchange.rules import combo_tick

_CENT = Decimal("0.01")
_IN_THE_BOOK = 3
"""Legs from which on the complex book is quoted better than the legs."""

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


def best_price(legs: Sequence[SignedLeg], tape: Tape, inside: float) -> NaturalPrice | None:
    """The better of the synthetic price and that of the complex book, which from three legs on gives up `inside` divided by the
    number of legs of the way from natural to mid."""
    natural = natural_price(legs, tape)
    if natural is None or len(legs) < _IN_THE_BOOK:
        return natural
    instrument = tape.instrument(legs[0][0])
    assert instrument is not None, "only listed contracts are quoted"
    given_up = exact(inside) / len(legs) * (natural.price - natural.mid)
    offered = round_aggressive(natural.price - given_up, combo_tick(instrument, len(legs)), "BUY")
    return replace(natural, price=min(natural.price, offered))


def combo_quote(legs: Sequence[SignedLeg], tape: Tape, inside: float) -> Quote:
    """Bid and ask of the combination itself, each None where its natural price is; `inside` as for `best_price`."""
    ask = best_price(legs, tape, inside)
    bid = best_price([(con_id, -ratio) for con_id, ratio in legs], tape, inside)
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
