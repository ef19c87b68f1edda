"""What each part of a line counts, found upward from its numbers and measures, and the way out where two do not fit.

A number has a loose kind until the measure beside it decides: `$500` is dollars of a spread or points of an index.
"""

from __future__ import annotations

import re
from decimal import Decimal

from sqlglot import exp

from engine.strategy.expressions.grammar import Tree
from engine.strategy.expressions.lexer import FUNCTIONS, Kind, Loose
from engine.strategy.expressions.line import Line
from engine.strategy.expressions.names import measure_of
from engine.strategy.expressions.tree import Relation
from engine.strategy.source import PydanticCustomError
from engine.strategy.units import BARE, EXAMPLES, MONEY, PERCENT, WEEKDAYS, Unit
from engine.strategy.values.scalar import NUMBER
from engine.strategy.way_out import write, write_any

SCALES: frozenset[Kind] = frozenset({Loose.BARE, Loose.PERCENT, Loose.ZERO, Unit.NUMBER, Unit.RATIO, Unit.VOL})
"""What may stand as a factor beside anything."""

_WHOLES: dict[Relation, dict[Unit, str]] = {
    "market": {Unit.POINTS: "price"},
    "leg": {Unit.USD_PER_SHARE: "mid", Unit.POINTS: "strike"},
    "spread": {Unit.USD_PER_SHARE: "width", Unit.USD: "max_profit"},
    "side": {Unit.USD: "total_credit", Unit.POINTS: "price"},
    "position": {Unit.USD_PER_SHARE: "width", Unit.USD: "max_profit"},
    "account": {Unit.USD_PER_SHARE: "width", Unit.USD: "net_liquidation"},
}
"""Something of which a percentage is often taken, by what it counts."""


def is_number(line: Line, node: Tree) -> bool:
    """Whether a part counts something; what does not is true, false or unknown."""
    match node:
        case exp.Paren():
            return is_number(line, node.this)
        case exp.Anonymous() if line.token(node).text in FUNCTIONS:
            return True
        case exp.Column() | exp.Anonymous():
            return line.token(node).sort == "number" or measure_of(line, node)[0].unit is not Unit.FLAG
        case _:
            return isinstance(node, exp.Neg | exp.Add | exp.Sub | exp.Mul | exp.Div)


def kind_of(line: Line, node: Tree) -> Kind:
    """What a number counts. Raises a complaint where it is none, or joins what does not fit together."""
    match node:
        case exp.Paren() | exp.Neg():
            return kind_of(line, node.this)
        case exp.Anonymous() if line.token(node).text in FUNCTIONS:
            return _kind_of_call(line, node)
        case exp.Column() | exp.Anonymous():
            token = line.token(node)
            return token.kind if token.sort == "number" else measure_of(line, node)[0].unit
        case exp.Add() | exp.Sub():
            kind = common_kind(line, node.this, node.expression)
            if kind is Unit.WEEKDAY:
                raise line.wrong(node, "days of the week are not added", "compare them, e.g.  weekday in (Monday, Wednesday)")
            return kind
        case exp.Mul():
            return _kind_of_product(line, node)
        case exp.Div():
            return _kind_of_quotient(line, node)
        case _:
            raise no_number(line, node)


def common_kind(line: Line, first: Tree, *others: Tree) -> Kind:
    """The kind in which all these numbers can be compared or added."""
    kind = kind_of(line, first)
    for other in others:
        kind = _merged(line, first, kind, other, kind_of(line, other))
    return kind


def no_number(line: Line, node: Tree) -> PydanticCustomError:
    """The complaint about a part that stands where a number is wanted."""
    if isinstance(node, exp.Column | exp.Anonymous):
        name = line.words(node)
        return line.wrong(node, f"'{name}' is a yes or no, it cannot be compared", write(f"{name}", f"not {name}"))
    names = [token.text for token in line.tokens if token.sort == "name"]
    numbers = [token.text for token in line.tokens if token.sort == "number"]
    message, both = "a comparison is compared again here", "join two comparisons with  and"
    if len(names) != 1 or len(numbers) != 2:
        return line.wrong(node, message, both)
    ends = numbers[::-1] if any(token.text.startswith(">") for token in line.tokens) else numbers
    meant = f"{names[0]} between {ends[0]} and {ends[1]}"
    return line.wrong(node, message, write(meant, note=f",  or {both}", place=line.text.place))


def fits(loose: Loose, unit: Unit) -> bool:
    """Whether a number written like this may be meant in the unit."""
    match loose:
        case Loose.MONEY:
            return unit in MONEY
        case Loose.PERCENT:
            return unit in PERCENT
        case Loose.BARE:
            return unit in BARE
        case Loose.ZERO:
            return unit not in {Unit.CLOCK, Unit.WEEKDAY, Unit.FLAG}
        case Loose.BARS:
            return False
        case Loose.DURATION:
            return unit in {Unit.SECONDS, Unit.MINUTES}


def settled(kind: Kind) -> Unit:
    """The unit of a kind that nothing else decides."""
    if isinstance(kind, Unit):
        return kind
    return {Loose.MONEY: Unit.USD, Loose.PERCENT: Unit.RATIO, Loose.DURATION: Unit.SECONDS}.get(kind, Unit.NUMBER)


def example_beside(line: Line, node: Tree, unit: Unit) -> str:
    """A value that a number may be compared with."""
    return "20" if line.words(node).casefold() == "vix" else EXAMPLES[unit]


def _kind_of_call(line: Line, node: Tree) -> Kind:
    name, arguments = line.token(node).text, node.expressions
    if not arguments or (name == "abs" and len(arguments) != 1):
        wanted = "one number" if name == "abs" else "at least two numbers"
        raise line.wrong(node, f"{name} takes {wanted}", write(f"{name}(delta)"))
    return common_kind(line, *arguments)


def _kind_of_product(line: Line, node: Tree) -> Kind:
    left, right = kind_of(line, node.this), kind_of(line, node.expression)
    if left in SCALES and right in SCALES:
        return left if left in PERCENT else right
    if left in SCALES or right in SCALES:
        return right if left in SCALES else left
    message = f"{left.value} times {right.value} is nothing that can be compared"
    raise line.wrong(node, message, "multiply with a plain number or a percentage, e.g.  15% of width")


def _kind_of_quotient(line: Line, node: Tree) -> Kind:
    left, right = kind_of(line, node.this), kind_of(line, node.expression)
    if right in SCALES and left not in SCALES:
        return left
    if {settled(left), settled(right)} == {Unit.USD, Unit.USD_PER_SHARE} and Loose.MONEY not in {left, right}:
        raise line.wrong(
            node,
            f"'{line.words(node.this)}' is measured in {left.value}, '{line.words(node.expression)}' in {right.value}",
            "divide like by like, e.g.  credit / width  |  max_profit / max_loss",
        )
    return Unit.NUMBER


def _merged(line: Line, first: Tree, left: Kind, second: Tree, right: Kind) -> Kind:
    match left, right:
        case _ if left is right:
            return left
        case Loose(), Loose() if Loose.ZERO in {left, right}:
            return right if left is Loose.ZERO else left
        case Unit(), Unit() if {left, right} <= {Unit.RATIO, Unit.VOL, Unit.NUMBER}:
            return Unit.NUMBER if Unit.NUMBER in {left, right} else left
        case Unit(), Unit() if {left, right} <= {Unit.POINTS, Unit.USD_PER_SHARE}:
            return left
        case (Loose() as loose, Unit() as unit) | (Unit() as unit, Loose() as loose) if fits(loose, unit):
            return unit
        case _:
            raise _mismatch(line, first, left, second, right)


def _mismatch(line: Line, first: Tree, left: Kind, second: Tree, right: Kind) -> PydanticCustomError:
    if isinstance(left, Loose) and isinstance(right, Unit):
        first, left, second, right = second, right, first, left
    measured, number = line.words(first), line.words(second)
    if not isinstance(left, Unit) or (isinstance(right, Unit) and not _is_written(line, second)):
        message = f"'{measured}' is measured in {left.value}, '{number}' in {right.value}"
        return line.wrong(second, message, "compare like with like; `spreads fields` lists the unit of every measure")
    match right:
        case Loose.PERCENT:
            message = f"{number} of what?"
        case Loose.BARE:
            message = f"{number} what? '{measured}' is measured in {left.value}"
        case _:
            message = f"'{measured}' is measured in {left.value}, {number} is {right.value}"
    return line.wrong(second, message, write_any(_in_unit(line, first, left, number)))


def _is_written(line: Line, node: Tree) -> bool:
    """Whether a part is one number as it was written."""
    inner = node.this if isinstance(node, exp.Neg) else node
    return isinstance(inner, exp.Column) and line.token(inner).sort == "number"


def _in_unit(line: Line, measured: Tree, unit: Unit, number: str) -> list[str]:
    """What may stand in place of a number that has not the unit of what is measured, the likeliest first."""
    found = re.fullmatch(rf"-?\s*\$?\s*-?\s*({NUMBER})\s*(%|[A-Za-z]+)?", number)
    name = line.words(measured).casefold()
    if found is None:
        return [example_beside(line, measured, unit)]  # it is calculated, and no unit can be put beside it
    digits, value = found[1], Decimal(found[1].replace(",", ""))
    if unit in MONEY and name != "vix":
        return _of_money(line, name, unit, digits, is_share=found[2] == "%")
    match unit:
        case Unit.RATIO | Unit.VOL:
            percent = _percentage(value)
            return list(dict.fromkeys([percent, f"{digits}%"])) if value <= 100 else [example_beside(line, measured, unit)]
        case Unit.DELTA:
            return [f"{digits} delta" if value > 1 else digits]
        case Unit.DAYS:
            return [f"{digits} days" if value % 1 == 0 else f"{int(value) + 1} days"]
        case Unit.SECONDS | Unit.MINUTES:
            return [f"{digits} {'s' if unit is Unit.SECONDS else 'min'}"]
        case Unit.CLOCK:
            return [_clock_of(digits)]
        case Unit.WEEKDAY:
            return [WEEKDAYS[int(value) - 1] if 1 <= value <= len(WEEKDAYS) else EXAMPLES[unit]]
        case _:
            return [digits]


def _of_money(line: Line, name: str, unit: Unit, digits: str, *, is_share: bool) -> list[str]:
    """Dollars, or a share of something that is measured in the same."""
    value = Decimal(digits.replace(",", ""))
    if is_share:
        return _shares(line, name, unit, value) or [f"${digits}"]
    if unit is Unit.USD and name in {"profit", "loss"}:
        is_multiple = name == "loss" and 1 <= value <= 5 and line.pays != "debit"
        shares = _shares(line, name, unit, value * 100 if is_multiple or 0 < value < 1 else value)
        is_money = value > (300 if name == "loss" else 100)
        return [f"${digits}", *shares[:1]] if is_money else [*shares, f"${digits}"]
    if name in {"credit", "debit", "natural_credit", "natural_debit"} and value >= _DOLLARS_OF_ONE and value % 1 == 0:
        return [f"${(value / 100).quantize(Decimal('0.01'))}"]  # $150 for one spread are $1.50 a share
    return [f"${digits}", *(f"{_percentage(value)} of {whole}" for whole in _wholes(line, name, unit)[:1] if value <= 100)]


def _shares(line: Line, name: str, unit: Unit, percent: Decimal) -> list[str]:
    """So many percent of each of the amounts that may be meant.

    A stop at all of what was paid, or of what can be lost at most, would come when nothing is left: half of it is offered. A
    credit alone can be lost several times over.
    """
    wholes, said = _wholes(line, name, unit), percent
    if name == "loss" and percent >= 100:
        if line.pays in {"debit", "either"}:
            said = Decimal(50)
        else:
            wholes = [whole for whole in wholes if whole != "max_loss"] or ["credit"]
    return [f"{said.normalize():f}% of {whole}" for whole in wholes]


_DOLLARS_OF_ONE = 50
"""A credit of so much without a unit is meant for one spread of a hundred shares: no share of it costs that."""


def _wholes(line: Line, name: str, unit: Unit) -> list[str]:
    whole = next((of[unit] for of in (_WHOLES[relation] for relation in line.relations) if unit in of), None)
    if line.relations[:1] == ("side",) and unit is Unit.USD:
        return ["total_credit" if name == "loss" else "credit"] if line.pays != "debit" else []
    if line.relations[:1] == ("position",) and unit is Unit.USD:
        other = "max_loss" if name == "loss" else "max_profit"
        return [line.pays, other] if line.pays in {"credit", "debit"} else [other]
    return [whole] if whole else []


def _percentage(value: Decimal) -> str:
    """A bare number as the percentage that was most likely meant: 0.15 is 15%."""
    return f"{(value * 100 if 0 < value < 1 else value).normalize():f}%"


def _clock_of(digits: str) -> str:
    """1545 and 15 as times of day; what is left of nine is an afternoon."""
    if found := re.fullmatch(r"([0-9]{1,2})\.([0-5][0-9])", digits):
        digits = f"{found[1]}{found[2]}"
    number = int(Decimal(digits.replace(",", "")))
    hour, minute = divmod(number, 100) if number >= 100 else (number, 0)
    hour = hour + 12 if hour < 9 else hour
    return f"{hour:02d}:{minute:02d} New York" if hour <= 23 and minute <= 59 else EXAMPLES[Unit.CLOCK]
