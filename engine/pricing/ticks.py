"""Price increments, and the signed prices TWS uses for a combination.

A combination is defined once, with the legs as opened. Opening it is BUY at -net: a debit has a positive limit,
a credit a negative one. Closing is SELL of the same combination at the signed price accepted; the profit per
share is the closing price less the opening price. Rounding happens in this signed space and in Decimal.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal, assert_never

from engine.domain.index_classes import INDEX_CLASSES, Increments
from engine.pricing.exact import Number, exact

Side = Literal["BUY", "SELL"]
PriceClass = Literal["penny", "spy_qqq_iwm", "non_penny", "spx_single", "equity_complex", "spx_complex", "share"]

PENNY_AT_ANY_PRICE = frozenset({"SPY", "QQQ", "IWM"})
_SINGLE_INDEX_OPTION: dict[Increments, PriceClass] = {
    "0.05 and 0.10": "spx_single",
    "0.01 and 0.05": "penny",
    "0.01": "spy_qqq_iwm",
}
"""Combinations of index options move in steps of 0.05 at IBKR, whatever their single legs do."""

_CENT, _NICKEL, _DIME = Decimal("0.01"), Decimal("0.05"), Decimal("0.10")
_COARSER_FROM = Decimal(3)
"""Single options from this premium on have the coarser increment of their class."""


def tick_for(price_class: PriceClass, price: Number) -> Decimal:
    """Smallest step of an order at `price` (the size of it counts, not its sign), in currency per share.

    Source: Penny Interval Program for single options; Cboe rule 5.4 for complex orders.
    """
    coarse = abs(exact(price)) >= _COARSER_FROM
    match price_class:
        case "spy_qqq_iwm" | "equity_complex" | "share":
            return _CENT
        case "penny":
            return _NICKEL if coarse else _CENT
        case "non_penny" | "spx_single":
            return _DIME if coarse else _NICKEL
        case "spx_complex":
            return _NICKEL
    assert_never(price_class)


def price_class(root: str, *, legs: int, penny: bool) -> PriceClass:
    """The class whose increments hold for an order of `legs` legs on this root.

    `penny` says whether the class is in the Penny Interval Program; only single options on shares ask.
    """
    index = INDEX_CLASSES.get(root)
    if index is not None:
        return "spx_complex" if legs > 1 else _SINGLE_INDEX_OPTION[index.increments]
    if legs > 1:
        return "equity_complex"
    if root in PENNY_AT_ANY_PRICE:
        return "spy_qqq_iwm"
    return "penny" if penny else "non_penny"


def round_passive(price: Number, tick: Number, side: Side) -> Decimal:
    """The nearest tick that is no worse for us than `price`: BUY down, SELL up, in signed prices."""
    return _to_tick(price, tick, ROUND_FLOOR if side == "BUY" else ROUND_CEILING)


def round_aggressive(price: Number, tick: Number, side: Side) -> Decimal:
    """The nearest tick at least as likely to fill as `price`: BUY up, SELL down, in signed prices.

    Zero is a tick, so rounding never turns a credit into a debit or back; it may give a small credit away.
    """
    return _to_tick(price, tick, ROUND_CEILING if side == "BUY" else ROUND_FLOOR)


def flips_sign(price: Number, mark: Number) -> bool:
    """Whether an order at `price` would pay where the mark receives, or receive where it pays."""
    return exact(price) * exact(mark) < 0


def open_price(net: Number) -> Decimal:
    """Signed limit to BUY the combination for `net` per share (credit > 0)."""
    return _unsigned_zero(-exact(net))


def close_price(cashflow: Number) -> Decimal:
    """Signed limit to SELL the same combination for `cashflow` per share (received > 0)."""
    return _unsigned_zero(exact(cashflow))


def net_from_price(price: Number, side: Side) -> Decimal:
    """Cash per share of a fill at the signed `price`: received > 0, paid < 0."""
    return _unsigned_zero(-exact(price) if side == "BUY" else exact(price))


def realised(opened_at: Number, closed_at: Number, quantity: int, multiplier: int) -> Decimal:
    """Profit in dollars, fees apart, of a combination bought and sold at these signed prices."""
    return (exact(closed_at) - exact(opened_at)) * quantity * multiplier


def _to_tick(price: Number, tick: Number, rounding: str) -> Decimal:
    step = exact(tick)
    if step <= 0:
        raise ValueError(f"tick is {tick}: it must be above zero")
    steps = (exact(price) / step).to_integral_value(rounding=rounding)
    return _unsigned_zero(steps * step)


def _unsigned_zero(price: Decimal) -> Decimal:
    return price if price else abs(price)
