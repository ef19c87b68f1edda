"""What a number can count before and after the measure beside it has decided, and how the ways out are written."""

from __future__ import annotations

from decimal import Decimal

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


def percentage(number: str) -> str:
    """A bare number as the percentage that was most likely meant: 0.15 is 15%."""
    value = Decimal(number.replace(",", ""))
    if 0 < value < 1:
        return f"{(value * 100).normalize():f}%"
    return f"{number}%" if value <= 100 else "15%"


def with_unit(number: str, unit: Unit) -> str:
    """A bare number with the unit it lacked; a fraction is offered as both percentages that it may mean."""
    percent = percentage(number) + (f"  |  {number}%" if percentage(number) != f"{number}%" else "")
    written = {Unit.RATIO: percent, Unit.VOL: percent, Unit.SECONDS: f"{number} s", Unit.CLOCK: "15:45 New York"}
    return written.get(unit, EXAMPLES[unit])
