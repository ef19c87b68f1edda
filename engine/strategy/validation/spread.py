"""What is searched against the rules on it: days to expiry, deltas, and a width that credit and debit never exceed."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from engine.strategy.expressions.tree import Arithmetic, Condition, Measure, measures_in
from engine.strategy.guesses import NUMBER
from engine.strategy.spelled import spelled
from engine.strategy.spreads.structure import Structure
from engine.strategy.spreads.verticals import Vertical
from engine.strategy.validation.bounds import Bound, bounds_of
from engine.strategy.validation.signs import unsigned
from engine.strategy.validation.validation import Validation
from engine.strategy.values.meaning import DayRange, PriceRange, WidthRange
from engine.strategy.way_out import remove, write

_NEAR = Decimal("0.02")
"""How far a range may reach about a single delta."""


def check_expiry(validation: Validation) -> None:
    """Conditions on dte against the expiry that is searched."""
    rule = validation.spread.first_expiry
    if not isinstance(rule, DayRange):
        return
    if rule.min_days == rule.max_days > 0:  # on its last day there is one nearly always, and it is asked for by that number
        validation.warn(
            validation.at("spread", "expiry", "near"),
            f"only an expiry exactly {rule.min_days} days away fits, on most days there is none",
            write(f"{max(0, rule.min_days - 5)}-{rule.max_days + 5} days"),
        )
    for condition in (*validation.strategy.filters, *validation.spread.rules):
        for about, bound in bounds_of(condition):
            if isinstance(about, Measure) and about.name == "dte":
                if bound.misses(rule.min_days, rule.max_days):
                    validation.error(
                        condition, f"this can never be true with  expiry: {rule.as_written}", remove(", or change the expiry")
                    )
                elif bound.covers(rule.min_days, rule.max_days):
                    validation.warn(condition, f"this is always true with  expiry: {rule.as_written}", remove())


def check_deltas(validation: Validation) -> None:
    """A single delta is that delta, not the nearest to it."""
    for keys, bounds in validation.spread.deltas:
        if bounds.low == bounds.high:
            low, high = max(Decimal(0), bounds.low - _NEAR), min(Decimal(1), bounds.high + _NEAR)
            message = f"only a delta of exactly {bounds.low} fits, and hardly any option has it"
            validation.warn(validation.at("spread", *keys), message, write(f"{low}-{high}"))


def check_order_of_deltas(validation: Validation) -> None:
    """Deltas of the two legs of a vertical that contradict their places: the leg that lies further out has the smaller one."""
    spread = validation.spread
    sold, bought = spread.delta_of("short"), spread.delta_of("long")
    if not isinstance(spread, Vertical) or sold is None or bought is None:
        return
    outer, inner = (bought, sold) if spread.pays == "credit" else (sold, bought)
    if outer.low >= inner.high:
        leg, key = ("bought", "long_delta") if outer is bought else ("sold", "short_delta")
        message = f"the {leg} leg lies further out, so its delta is below that of the other one: no spread fits"
        least = max((inner.low / 3).quantize(Decimal("0.01")), Decimal("0.01"))
        validation.error(validation.at("spread", key), message, write(f"{least}-{inner.low}"))


def check_places(validation: Validation) -> None:
    """A leg that is the nearest to two things at once, and a place that no leg of its side can have."""
    spread = validation.spread
    seen: set[str] = set()
    for role in spread.shape.roles:
        deltas = spread.delta_of(role)
        places = [*([deltas] if deltas is not None else []), *spread.places_of(role)]
        chosen = [spelled(place) for place in places if place.nearest is not None]
        base = "body" if role == "body" else "short" if spread.shape.leg(role).action == "sell" else "long"
        if len(chosen) > 1 and base not in seen:
            seen.add(base)
            last = "price" if any(isinstance(place, PriceRange) and place.nearest is not None for place in places) else "strike"
            message = f"one leg cannot be the nearest to two things: {' and '.join(chosen)}"
            validation.error(validation.at("spread", f"{base}_{last}"), message, remove(", or write a range"))


def check_delta_rules(validation: Validation) -> None:
    """A line on the delta of both legs where that of one was meant: no spread of this kind has it, or nothing else chooses
    the legs.
    """
    spread = validation.spread
    leg = "long_delta" if isinstance(spread, Vertical) and spread.pays == "debit" else "short_delta"
    names = {measure.name for rule in spread.rules for measure in measures_in(rule.expression)}
    is_chosen = any(True for _ in spread.deltas) or _is_placed(spread) or names & {"short_delta", "long_delta"}
    for condition in () if is_chosen else spread.rules:
        _check_delta(validation, condition, Measure("delta", "spread"), leg, _LEG_DELTA)
    for rule in validation.strategy.exits if spread.pays == "credit" else ():
        _check_delta(validation, rule.condition, Measure("delta", "position"), leg, _HIGH_DELTA)


def _is_placed(spread: Structure) -> bool:
    return any(True for role in spread.shape.roles for _ in spread.places_of(role))


def _check_delta(validation: Validation, condition: Condition, both: Measure, leg: str, least: float) -> None:
    if any(about == both and max(bound.low, -bound.high) >= least for about, bound in bounds_of(condition)):
        text = re.sub(r"\b(?:abs\(\s*delta\s*\)|delta\b(?!\s*(?:and|or)\b|\d))", leg, unsigned(condition.text), count=1)
        way_out = write(text, note="  for the delta of the leg that is chosen")
        legs = "both legs" if len(validation.spread.shape.legs) == 2 else "all legs"
        validation.warn(condition, f"this is the delta of {legs} together, a few hundredths as a rule", way_out)


_LEG_DELTA, _HIGH_DELTA = 0.05, 0.2
"""From here on the delta of one leg is meant rather than that of both together: in rules, and in exits."""


def check_width(validation: Validation) -> None:
    """Conditions on width, credit and debit against the width that is searched: a spread is never worth more than
    its width.
    """
    width = validation.spread.span
    if width is None:
        return
    is_sure = validation.spread.pays != "either"  # what may be either has bounds below zero too
    low, high = float(width.low), float(width.high)
    searched = f"width: ${width.low:,}-${width.high:,}"
    for condition in validation.spread.rules:
        for about, bound in bounds_of(condition):
            match about:
                case Measure(name="width") if bound.misses(low, high):
                    validation.error(condition, f"this can never be true with  {searched}", remove(", or change the width"))
                case Measure(name="width") if bound.covers(low, high):
                    validation.warn(condition, f"this is always true with  {searched}", remove())
                case Measure(name="credit" | "natural_credit" | "debit" | "natural_debit") if is_sure and bound.misses(0, high):
                    message = f"no spread has a {about.name} below $0" if bound.high <= 0 else most_worth(width)
                    validation.error(condition, message, write(_of_one_share(condition, about.name, bound, width)))
                case Arithmetic(
                    left=Measure(name="credit" | "natural_credit" | "debit" | "natural_debit") as left,
                    right=Measure(name="width"),
                ) if is_sure and (bound.misses(0, 1) or (bound.low == 1 and not bound.is_low_open)):
                    validation.error(condition, f"no width can pay this {left.name}", write(f"{left.name} >= 15% of width"))
                case _:
                    pass


def _of_one_share(condition: Condition, name: str, bound: Bound, width: WidthRange) -> str:
    """The line with its dollars for one share, where those for one spread of a hundred shares were written."""
    a_share = Decimal(str(bound.low)) / 100 if 0 < bound.low < math.inf else Decimal(0)
    text = re.sub(rf"\$?\s*(?:{NUMBER})", f"${a_share:.2f}", " ".join(condition.text.split()), count=1)
    return text if 0 < a_share < width.low and text.startswith(name) else f"{name} >= 15% of width"


def most_worth(width: WidthRange) -> str:
    """The sentence that says what the widest spread is never worth more than."""
    return f"a spread ${width.high:,} wide is never worth more than ${width.high:,}"
