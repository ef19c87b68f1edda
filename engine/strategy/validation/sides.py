"""What the parts of one structure say of each other: near and far, put and call, sold and bought."""

from __future__ import annotations

from decimal import Decimal

from engine.strategy.spelled import spelled
from engine.strategy.spreads.flies import BrokenWing
from engine.strategy.spreads.structure import OfTwoExpiries
from engine.strategy.spreads.wings import IronButterfly, TwoWings
from engine.strategy.validation.validation import Validation
from engine.strategy.values.meaning import DayRange, NextMonthly, WidthRange
from engine.strategy.way_out import turn, write

_TOGETHER = Decimal("0.85"), Decimal("1.15")
"""Between what the deltas of a put and a call of one strike lie together, without their signs: about 1, more or less by rates,
dividends and early exercise.
"""


def check_wings(validation: Validation) -> None:
    """A broken wing that is none: both wings can only be equally wide. Either may be the wider one; what is lost on which side of
    the market follows from it.
    """
    spread = validation.spread
    if not isinstance(spread, BrokenWing):
        return
    near, far = spread.width.near, spread.width.of_far
    if near != far or near.low != near.high:
        return
    message = "both wings are equally wide, which is a butterfly"
    way_out = turn(f"width: {{near: {spelled(near)}, far: {spelled(WidthRange(far.low * 2, far.high * 2))}}}")
    validation.error(validation.at("spread", "width"), message, way_out)


def check_expiries(validation: Validation) -> None:
    """A bought leg that can never outlive the sold one."""
    spread = validation.spread
    if not isinstance(spread, OfTwoExpiries):
        return
    match spread.expiry.near, spread.expiry.far:
        case DayRange() as near, DayRange() as far if near.min_days > far.max_days:
            instead = f"near: {far.as_written}, far: {near.as_written}"
        case DayRange() as near, DayRange() as far if near.min_days == far.max_days:
            instead = f"near: {near.as_written}, far: {near.max_days + 20}-{near.max_days + 50} days"
        case NextMonthly(), NextMonthly():
            instead = "near: next monthly, far: 50-90 days"
        case _:
            return
    message = "what is bought never expires later than what is sold, which would then stand alone"
    validation.error(validation.at("spread", "expiry"), message, turn(f"expiry: {{{instead}}}"))


def check_sides(validation: Validation) -> None:
    """Deltas of one side that exclude each other."""
    spread = validation.spread
    if not isinstance(spread, TwoWings):
        return
    for side in ("put", "call"):
        sold, bought = spread.short_delta_of(side), spread.long_delta_of(side)
        if sold is not None and bought is not None and bought.low >= sold.high:
            message = f"the {side} that is bought lies further out than the one that is sold, so its delta is smaller"
            smaller = (sold.high * 2 / 3).quantize(Decimal("0.01"))
            validation.error(validation.at("spread", "long_delta", side), message, write(f"0.01-{smaller}"))
            return
    put, call = spread.short_delta_of("put"), spread.short_delta_of("call")
    if isinstance(spread, IronButterfly) and put is not None and call is not None:
        least, most = _TOGETHER
        if put.high + call.high < least or put.low + call.low > most:
            message = "the put and the call that are sold have one strike, so their deltas are about 1 together"
            validation.warn(validation.at("spread", "short_delta", "put"), message, write("0.40-0.60"))
