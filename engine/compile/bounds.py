"""What the numbers of a condor can be at most and at least when one of its wings is known, as SQL.

A condor's net price, fees, expected value and greeks are sums of what either wing adds. Beside one put wing stand the extremes
of what the call wings of its expiry and width add, so every number of every condor that has this put wing lies in an interval,
and with it each rule and the score. A wing of which the score's upper end falls short, or for which a rule cannot hold, need not
be joined.

    put_<part>                     what the put wing adds, a column
    least_<part>, most_<part>      extremes of what the call wings add that meet it, of those that are known
    put_beyond, least_beyond       least chance of ending beyond the strike that a side has bought, so beyond its breakeven

Sums of doubles differ in their last bits by the order in which they are added, so each sum is widened by SLACK.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.compile.sql import EQUAL, Parameters
from engine.strategy.expressions.tree import And, Arithmetic, Call, Compare, Expression, Measure, Number, Or

SLACK: Final = EQUAL
LEAST_USD: Final = "1e-7"
"""100 x EQUAL: the least profit and loss, USD, of a spread whose price makes sense."""


@dataclass(frozen=True, slots=True)
class Interval:
    """SQL of both ends; None where an end is not known."""

    low: str | None
    high: str | None
    is_positive: bool = False
    """Whether `low` is above zero whatever the rows."""
    is_not_negative: bool = False


_WORD = re.compile(r"\w+")
UNKNOWN: Final = Interval(None, None)


class Bounds:
    """Writes the intervals and remembers which parts of the wings they need."""

    def __init__(self, parameters: Parameters, *, has_equal_widths: bool) -> None:
        self.parts: dict[str, None] = {}
        """What of every wing is needed, in the order it was asked for."""
        self.extremes: dict[tuple[str, str], None] = {}
        """`least` or `most`, and the part."""
        self.needs_chance = False
        """Whether the chance of a profit is bounded."""
        self._parameters = parameters
        self._equal = has_equal_widths

    def only_for(self, fragments: Sequence[str]) -> None:
        """Forgets the parts and extremes that this SQL does not use, nor the chance where it is bounded."""
        used = set(_WORD.findall(" ".join(fragments)))
        if self.needs_chance:
            used |= set() if self._equal else {"put_distance", "most_net", "most_distance"}
        self.extremes = {(end, part): None for end, part in self.extremes if f"{end}_{part}" in used}
        of_extremes = {part for _, part in self.extremes}
        self.parts = {part: None for part in self.parts if f"put_{part}" in used or part in of_extremes}

    def may_pass(self, condition: Expression) -> str:
        """SQL that is true of a put wing wherever the condition, in plain form, may be true of a condor that has it."""
        match condition:
            case And(parts=parts):
                return "(" + " AND ".join(map(self.may_pass, parts)) + ")"
            case Or(parts=parts):
                return "(" + " OR ".join(map(self.may_pass, parts)) + ")"
            case Compare(op=">" | ">=", left=left, right=right):
                return self._may_reach(self.number(left), self.number(right))
            case Compare(op="<" | "<=", left=left, right=right):
                return self._may_reach(self.number(right), self.number(left))
            case Compare(op="=", left=left, right=right):
                a, b = self.number(left), self.number(right)
                return f"({self._may_reach(a, b)} AND {self._may_reach(b, a)})"
            case _:
                return "TRUE"

    def may_be_sound(self) -> list[str]:
        """SQL that is true of a put wing wherever a condor that has it may both win and lose at mid."""
        net, width = self._added("net"), self._width()
        return [f"{net.high} >= {EQUAL}", f"{net.low} <= {width.high}"]

    def number(self, expression: Expression) -> Interval:
        """The interval of a number."""
        match expression:
            case Number(value=value):
                sql = self._parameters.numbered(value)
                return Interval(sql, sql, value > 0, value >= 0)
            case Measure(at=None):
                return self._measure(expression.name)
            case Arithmetic(op=op, left=left, right=right):
                a, b = self.number(left), self.number(right)
                return {"+": _sum, "-": _difference, "*": _product, "/": _quotient}[op](a, b)
            case Call(name="abs", arguments=(argument,)):
                one = self.number(argument)
                return (
                    one
                    if one.is_not_negative
                    else Interval("0e0", _of("greatest(abs({}), abs({}))", one.low, one.high), False, True)
                )
            case Call(name="least" | "greatest" as name, arguments=arguments):
                return _extreme(name, [self.number(argument) for argument in arguments])
            case _:
                return UNKNOWN

    def _measure(self, name: str) -> Interval:
        match name:
            case "credit" | "net":
                return self._added("net")
            case "debit":
                return _difference(Interval("0e0", "0e0"), self._added("net"))
            case "natural_credit":
                return self._added("natural")
            case "natural_debit":
                return _difference(Interval("0e0", "0e0"), self._added("natural"))
            case "width":
                return self._width()
            case "max_profit":
                return self._usd(self._added("net"))
            case "max_loss":
                return self._usd(_difference(self._width(), self._added("net")))
            case "return_on_risk":
                return _quotient(self._measure("max_profit"), self._measure("max_loss"))
            case "fees":
                return self._fees()
            case "expected_value":
                gross, fees = self._added("gross"), self._fees()
                return Interval(_difference(gross, fees).low, self._added("expected").high)
            case "pop":
                self.needs_chance = True
                return Interval("0e0", f"greatest(0e0, 1 - {self._lost()} - least_beyond + {SLACK})", is_not_negative=True)
            case "p_touch":
                return Interval("0e0", "1e0", is_not_negative=True)
            case "delta" | "gamma" | "theta" | "vega":
                return self._added(name)
            case "quote_width":
                return self._added(name)
            case "slippage":
                return _product(self._added("quote_width"), Interval("0.5e0", "0.5e0", True, True))
            case "short_delta":
                self._need(name, "least", "most")
                low, high = (f"greatest(put_short_delta, {end}_short_delta)" for end in ("least", "most"))
                return Interval(low, high, is_not_negative=True)
            case _:
                return UNKNOWN

    def _lost(self) -> str:
        """The least chance of ending where the put side loses: nothing where the credit may cover its width."""
        if self._equal:
            return "put_beyond"
        self._need("net", "most")
        self._need("distance", "most")
        return f"CASE WHEN put_net + most_net + {SLACK} < put_distance THEN put_beyond ELSE 0e0 END"

    def _added(self, part: str) -> Interval:
        """What both wings have together."""
        self._need(part, "least", "most")
        return Interval(f"(put_{part} + least_{part} - {SLACK})", f"(put_{part} + most_{part} + {SLACK})")

    def _fees(self) -> Interval:
        self._need("fee", "least", "most")
        self._need("passed_on", "least", "most")
        low, high = (
            f"2 * (greatest(put_fee + {end}_fee, $minimum_fee) + put_passed_on + {end}_passed_on)" for end in ("least", "most")
        )
        return Interval(f"({low} - {SLACK})", f"({high} + {SLACK})", is_not_negative=True)

    def _width(self) -> Interval:
        if self._equal:
            self._need("distance")
            return Interval(f"(put_distance - {SLACK})", f"(put_distance + {SLACK})", True, True)
        self._need("distance", "least", "most")
        low, high = (f"greatest(put_distance, {end}_distance)" for end in ("least", "most"))
        return Interval(f"({low} - {SLACK})", f"({high} + {SLACK})", True, True)

    def _usd(self, per_share: Interval) -> Interval:
        """Of a contract; a spread whose price makes sense wins and loses more than nothing."""
        low, high = (f"greatest(100 * ({end}), {LEAST_USD})" for end in (per_share.low, per_share.high))
        return Interval(low, high, True, True)

    def _need(self, part: str, *extremes: str) -> None:
        self.parts[part] = None
        self.extremes |= {(extreme, part): None for extreme in extremes}

    def _may_reach(self, left: Interval, right: Interval) -> str:
        """Whether the left side may be at least as great as the right one, rounding apart."""
        if left.high is None or right.low is None:
            return "TRUE"
        return f"{left.high} >= {right.low} - 2 * {EQUAL}"


def _of(form: str, *ends: str | None) -> str | None:
    return None if None in ends else form.format(*ends)


def _sum(a: Interval, b: Interval) -> Interval:
    return Interval(
        _of("({} + {})", a.low, b.low), _of("({} + {})", a.high, b.high),
        a.is_positive and b.is_positive, a.is_not_negative and b.is_not_negative,
    )  # fmt: skip


def _difference(a: Interval, b: Interval) -> Interval:
    return Interval(_of("({} - {})", a.low, b.high), _of("({} - {})", a.high, b.low))


def _product(a: Interval, b: Interval) -> Interval:
    if a.is_not_negative and b.is_not_negative:
        positive = a.is_positive and b.is_positive
        return Interval(_of("({} * {})", a.low, b.low), _of("({} * {})", a.high, b.high), positive, True)
    corners = [_of("{} * {}", one, other) for one in (a.low, a.high) for other in (b.low, b.high)]
    return Interval(_of("least({}, {}, {}, {})", *corners), _of("greatest({}, {}, {}, {})", *corners))


def _quotient(a: Interval, b: Interval) -> Interval:
    """Unknown where the divisor may be zero."""
    if not b.is_positive:
        return UNKNOWN
    if a.is_not_negative:
        return Interval(_of("({} / {})", a.low, b.high), _of("({} / {})", a.high, b.low), a.is_positive, True)
    low, high = (
        _of(f"{name}({{}} / {{}}, {{}} / {{}})", end, b.low, end, b.high)
        for name, end in (("least", a.low), ("greatest", a.high))
    )
    return Interval(low, high)


def _extreme(name: str, intervals: list[Interval]) -> Interval:
    ends: list[Callable[[Interval], str | None]] = [lambda one: one.low, lambda one: one.high]
    low, high = (_of(f"{name}({', '.join('{}' for _ in intervals)})", *map(end, intervals)) for end in ends)
    return Interval(
        low, high, all(one.is_positive for one in intervals), all(one.is_not_negative for one in intervals)
    )  # fmt: skip
