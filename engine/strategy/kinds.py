"""What a number can count before and after the measure beside it has decided, and how the ways out are written."""

from __future__ import annotations

from engine.strategy.expressions import Number
from engine.strategy.lexer import Kind, Loose, Token
from engine.strategy.units import BARE, EXAMPLES, MONEY, PERCENT, Unit

SCALES: frozenset[Kind] = frozenset({Loose.BARE, Loose.PERCENT, Loose.ZERO, Unit.NUMBER, Unit.RATIO, Unit.VOL})
"""What may stand as a factor beside anything."""


def fits(loose: Loose, unit: Unit) -> bool:
    match loose:
        case Loose.MONEY:
            return unit in MONEY
        case Loose.PERCENT:
            return unit in PERCENT
        case Loose.BARE:
            return unit in BARE
        case Loose.ZERO:
            return unit not in {Unit.CLOCK, Unit.FLAG}
        case Loose.DURATION:
            return unit in {Unit.SECONDS, Unit.MINUTES}


def settled(kind: Kind) -> Unit:
    """The unit of a kind that nothing else decides."""
    if isinstance(kind, Unit):
        return kind
    return {Loose.MONEY: Unit.USD, Loose.PERCENT: Unit.RATIO, Loose.DURATION: Unit.SECONDS}.get(kind, Unit.NUMBER)


def number_of(token: Token, unit: Unit) -> Number:
    if token.kind is Loose.DURATION and unit is Unit.MINUTES:
        return Number(token.value / 60, unit)
    return Number(token.value, unit)


def whole(unit: Unit) -> str:
    """Something of which a percentage is often taken."""
    return {Unit.USD: "max_profit", Unit.USD_PER_SHARE: "width", Unit.POINTS: "price"}.get(unit, "…")


def percentage(number: str) -> str:
    return f"{number}%" if len(number) < 4 else "15%"


def with_unit(number: str, unit: Unit) -> str:
    written = {Unit.RATIO: f"{number}%", Unit.VOL: f"{number}%", Unit.SECONDS: f"{number} s", Unit.CLOCK: "15:45 New York"}
    return written.get(unit, EXAMPLES[unit])
