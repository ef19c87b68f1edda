"""Price increments: which market rule an instrument has, and what an order's price must be a multiple of."""

from decimal import Decimal

from engine.pricing.ticks import PriceClass, price_class, tick_for
from engine.sim.exchange.instruments import Instrument

Increment = tuple[Decimal, Decimal]
"""(lowest price, increment from there on)."""

_CENT, _NICKEL, _DIME, _ZERO, _THREE = Decimal("0.01"), Decimal("0.05"), Decimal("0.1"), Decimal(0), Decimal(3)

MARKET_RULES: dict[int, tuple[Increment, ...]] = {
    26: ((_ZERO, _CENT),),
    32: ((_ZERO, _CENT), (_THREE, _NICKEL)),
    109: ((_ZERO, _NICKEL), (_THREE, _DIME)),
    110: ((_ZERO, _NICKEL),),
}
"""Increments by rule number; the numbers are those seen at IBKR for US stocks and options."""

_RULE_OF_CLASS: dict[PriceClass, int] = {
    "spy_qqq_iwm": 26,
    "equity_complex": 26,
    "penny": 32,
    "non_penny": 109,
    "spx_single": 109,
    "spx_complex": 110,
}


def market_rule(instrument: Instrument) -> int:
    """Number of the rule for orders in this one instrument."""
    if instrument.option is None:
        return 26
    return _RULE_OF_CLASS[price_class(instrument.trading_class, legs=1, penny=instrument.penny)]


def min_tick(instrument: Instrument) -> Decimal:
    """The smallest increment anywhere, which is all that contract details tell."""
    return min(increment for _, increment in MARKET_RULES[market_rule(instrument)])


def combo_tick(instrument: Instrument, legs: int) -> Decimal:
    """Increment of the net price of a combination with this leg in it, at any price."""
    return tick_for(price_class(instrument.trading_class, legs=legs, penny=instrument.penny), 0)


def single_tick(instrument: Instrument, price: Decimal) -> Decimal:
    """Increment of an order in one instrument at this price."""
    increments = MARKET_RULES[market_rule(instrument)]
    return next(increment for low, increment in reversed(increments) if abs(price) >= low)


def lies_on_tick(price: Decimal, tick: Decimal) -> bool:
    return price % tick == 0
