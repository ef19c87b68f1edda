"""The lines of the funnel that no file writes: what the structure itself asks, in words."""

from __future__ import annotations

from engine.domain.structure import Shape
from engine.strategy.spelled import spelled
from engine.strategy.spreads.calendars import Diagonal, DoubleDiagonal, TwoCalendars
from engine.strategy.spreads.flies import BrokenWing, Butterfly
from engine.strategy.spreads.structure import OfTwoExpiries, Structure
from engine.strategy.spreads.verticals import Vertical
from engine.strategy.spreads.wings import TwoWings
from engine.strategy.values.meaning import DayRange, DaysAfter, LaterRule, WidthRange


def rights(spread: Structure) -> str:
    """What its legs are: puts, calls, or both."""
    rights = {leg.put_call for leg in spread.shape.legs}
    return "puts and calls" if len(rights) > 1 else "puts" if rights == {"P"} else "calls"


def expiry(spread: Structure) -> str:
    """When its legs may expire."""
    return " or ".join(_days(rule) for rule in _rules(spread))


def _rules(spread: Structure) -> tuple[LaterRule, ...]:
    return (spread.expiry.near, spread.expiry.far) if isinstance(spread, OfTwoExpiries) else spread.expiries


def _days(rule: LaterRule) -> str:
    match rule:
        case DayRange() if rule.nearest is not None or rule.is_monthly:
            return rule.as_written
        case DaysAfter():
            return rule.as_written
        case DayRange(min_days=low, max_days=high):
            return f"{ranged(low, high)} {'day' if high == 1 else 'days'}"
        case _:
            return "next monthly"


def side_text(spread: Structure, role: str) -> str:
    """What the leg of a role is asked."""
    bounds, is_sold = spread.delta_of(role), spread.shape.leg(role).action == "sell"
    delta = f"a delta of {ranged(bounds.low, bounds.high)}" if bounds else ""
    if bounds is not None and bounds.nearest is not None:
        delta = f"the delta nearest to {bounds.nearest}, within {ranged(bounds.low, bounds.high)}"
    places = [spelled(place) for place in spread.places_of(role)]
    name = f"{role} leg" if isinstance(spread, Vertical) else role.replace("_", " ")
    then = ""
    if isinstance(spread, OfTwoExpiries):
        then = f" expires in {_days(_rules(spread)[spread.shape.is_later(role)])}"
        if not is_sold and not delta and not places:
            return f"{name}{then}"
    has = " and ".join([*["a bid"] * is_sold, *[delta] * bool(delta)])
    stands = f" {'and ' if has else ''}stands {' and '.join(places)}" if places else ""
    return f"{name}{f'{then} and' if then else ''}{f' has {has}' if has else ''}{stands}"


def width_text(spread: Structure) -> str:
    """How the legs meet."""
    match spread:
        case TwoWings():
            put, call = (_dollars(spread.width_of(name)) for name in ("put", "call"))
            return f"both wings equally wide, {put}" if spread.has_equal_widths else f"put wing {put} wide, call wing {call}"
        case BrokenWing():
            return f"near wing {_dollars(spread.width.near)} wide, far wing {spelled(spread.width.far)}"
        case Butterfly():
            return f"wings {_dollars(spread.width)} wide"
        case Vertical():
            return f"spreads {_dollars(spread.width)} wide"
        case Diagonal():
            return f"far strike {_dollars(spread.width)} {spread.far_strike} than near"
        case DoubleDiagonal():
            put, call = (_dollars(spread.width_of(name)) for name in ("put", "call"))
            equal = isinstance(spread.width, WidthRange)
            return f"both sides {put} apart, equally" if equal else f"put side {put} apart, call side {call}"
        case TwoCalendars():
            return "each side of one strike, the put's below the call's"
        case OfTwoExpiries():
            return "both legs of one strike"
        case _:
            reaches = ((role.replace("_", " "), spread.reach_of(role)) for role in spread.shape.roles)
            return ", ".join(f"{name} {_dollars(reach)} away" for name, reach in reaches if reach is not None) or "legs meet"


def price_text(spread: Structure) -> str:
    """What makes sense of a price."""
    if isinstance(spread, Vertical):
        return "price at mid above 0 and below the width"
    when = ", when near expires" if isinstance(spread, OfTwoExpiries) else ""
    return f"can both win and lose at mid{when}"


def bid_text(shape: Shape) -> str:
    """Which legs need a bid."""
    roles = [leg.role.replace("_", " ") for leg in shape.legs if leg.action == "sell"]
    named = "short leg" if roles == ["short"] else " and ".join(roles)
    return f"the {named} {'have' if len(roles) > 1 else 'has'} a bid"


def _dollars(width: WidthRange) -> str:
    return ranged(f"${width.low}", f"${width.high}")


def ranged(low: object, high: object) -> str:
    """One value, or from and to."""
    return f"{low}" if low == high else f"{low}-{high}"
