"""One side of a structure that has two, or what it has sold, as a structure of its own: what is rolled is found as that."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from engine.domain.parts import Portion
from engine.strategy.expressions.tree import Compare, Condition, Expression, Measure, Number, Or
from engine.strategy.spreads.calendars import Calendar, Diagonal, DoubleDiagonal, TwoCalendars
from engine.strategy.spreads.pairs import Expiries, Pair, RollExpiries, RollTo, Side, WidthSides
from engine.strategy.spreads.structure import OfTwoExpiries, Structure
from engine.strategy.spreads.verticals import BearCall, BullPut
from engine.strategy.spreads.wings import TwoWings
from engine.strategy.units import Unit
from engine.strategy.values.meaning import DayRange

Of = TypeVar("Of")


def has_rollable_sides(spread: Structure) -> bool:
    """Whether one side of it can be found alone."""
    return isinstance(spread, TwoWings)


def has_rollable_short(spread: Structure) -> bool:
    """Whether what is sold can be rolled against what is bought and lives longer."""
    return isinstance(spread, Calendar | Diagonal | TwoCalendars)


def has_rollable_shorts(spread: Structure) -> bool:
    """Whether what one of its sides has sold can be rolled alone."""
    return isinstance(spread, TwoCalendars)


def leads_on(spread: Structure, portion: Portion, to: RollTo) -> bool:
    """Whether so much of a structure can be rolled to there; a file may trade another one by now than it closed to roll."""
    if portion.short:
        return has_rollable_short(spread) if portion.side is None else has_rollable_shorts(spread)
    if portion.side is not None:
        return has_rollable_sides(spread)
    return not isinstance(spread, OfTwoExpiries) or isinstance(to, RollExpiries)


def with_days(spread: Structure, near: DayRange, to: RollTo) -> Structure:
    """The structure that is searched for in the days of a roll."""
    if not isinstance(spread, OfTwoExpiries):
        return spread.model_copy(update={"expiry": near})
    assert isinstance(to, RollExpiries), "what has two expiries is rolled to two"
    return spread.model_copy(update={"expiry": Expiries(near=near, far=to.far)})


def against(spread: Structure, near: DayRange, far_days: int, sides: Collection[Side]) -> Structure:
    """The calendars or diagonals of these sides with what is held of them: what is sold as the file says in new days, what is
    bought so many days from now.

    The bought legs are there already: nothing that the file asks of one that is to be bought is asked of them, nor that both
    sides are equally wide.
    """
    expiry = Expiries(near=near, far=DayRange(far_days, far_days))
    one = spread
    if isinstance(spread, TwoCalendars) and len(sides) == 1:
        one = _calendar_alone(spread, *sides)
    held: dict[str, object] = {"long_delta": None, "expiry": expiry, "rules": (), "rank": _rank(one)}
    if isinstance(one, Diagonal):
        held |= {"long_price": None, "long_strike": None}
    if isinstance(one, DoubleDiagonal):
        held["width"] = WidthSides(put=one.width_of("put"), call=one.width_of("call"))
    return one.model_copy(update=held)


def _calendar_alone(spread: TwoCalendars, side: Side) -> Calendar | Diagonal:
    """The calendar or diagonal that a side is, what is sold chosen by what the file says of that side."""
    expiry, keep, delta = spread.expiry, spread.keep, spread.short_delta_of(side)
    strike, price = _of(spread.short_strike, side), _of(spread.short_price, side)
    if not isinstance(spread, DoubleDiagonal):
        return Calendar(right=side, expiry=expiry, short_delta=delta, short_strike=strike, short_price=price, keep=keep)
    return Diagonal(
        right=side,
        far_strike="lower" if side == "put" else "higher",
        expiry=expiry,
        short_delta=delta,
        short_strike=strike,
        short_price=price,
        width=spread.width_of(side),
        keep=keep,
    )


def filters_against(filters: Sequence[Condition], far_days: int, strikes: Sequence[Decimal]) -> tuple[Condition, ...]:
    """What an option must fulfil to be sold against one that is held: what ends so late is that one, and passes the filters."""
    days = Measure("dte", "leg")
    is_far, is_near = (Compare(op, days, Number(far_days, Unit.DAYS)) for op in (">=", "<"))
    is_held = tuple(Compare("=", Measure("strike", "leg"), Number(float(strike), Unit.POINTS)) for strike in strikes)
    lines = (replace(line, expression=Or((is_far, line.expression))) for line in filters)
    return (Condition("ends before what is held, or is that", Or((is_near, *is_held))), *lines)


def _rank(spread: Structure) -> Expression:
    return type(spread).model_fields["rank"].default


def at_strikes(spread: Structure, strikes: Collection[Decimal]) -> Structure:
    """The same structure without what chooses its legs, since their strikes are known; of those it is found again.

    Rules of the file are about a spread that is chosen, and are not asked of one that is kept.
    """
    chosen = {
        name: None for name, field in type(spread).model_fields.items() if not field.is_required() and field.default is None
    }
    return spread.model_copy(update={**chosen, "rules": (), "keep": max(spread.keep, len(strikes) ** 3)})


def filters_at(filters: Sequence[Condition], strikes: Collection[Decimal]) -> tuple[Condition, ...]:
    """What an option must fulfil to be a leg of a spread that keeps these strikes."""
    is_kept = tuple(Compare("=", Measure("strike", "leg"), Number(float(one), Unit.POINTS)) for one in sorted(strikes))
    return (Condition("has a strike that is kept", is_kept[0] if len(is_kept) == 1 else Or(is_kept)), *filters)


def side_alone(spread: Structure, side: Side) -> BullPut | BearCall:
    """The vertical that a side is, chosen by what the file says of that side.

    Rules and rank of the file are those of the whole structure, and are not asked of a side.
    """
    assert isinstance(spread, TwoWings), "asked of structures whose sides are verticals"
    of = BullPut if side == "put" else BearCall
    return of(
        expiry=spread.expiry,
        short_delta=spread.short_delta_of(side),
        long_delta=spread.long_delta_of(side),
        short_strike=_of(spread.short_strike, side),
        short_price=_of(spread.short_price, side),
        long_price=_of(spread.long_price, side),
        width=spread.width_of(side),
        keep=spread.keep,
    )


def _of(said: Of | Pair | None, side: Side) -> Of | None:
    """What was said of one side, or of both."""
    return getattr(said, side) if isinstance(said, Pair) else said
