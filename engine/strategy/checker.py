"""The units of a condition are checked and its meaning is built: sqlglot's tree becomes our expression.

Two passes: `kind` finds upward what each part counts, `build` hands the unit down, so that `$500` and `25%` become
numbers of the right unit.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlglot import exp

from engine.strategy import lexer
from engine.strategy.expressions import (
    And,
    Arithmetic,
    Between,
    Call,
    Compare,
    Comparison,
    Expression,
    Function,
    In,
    Measure,
    Not,
    Number,
    Operation,
    Or,
    Relation,
)
from engine.strategy.grammar import Tree, token_index, tree_of
from engine.strategy.kinds import SCALES, fits, number_of, percentage, settled, with_unit
from engine.strategy.lexer import Kind, Loose, Token, tokens_of
from engine.strategy.measures import Declaration, declared_in, find_measures
from engine.strategy.positions import PydanticCustomError, Text, about
from engine.strategy.units import EXAMPLES, MONEY, PERCENT, Unit

FUNCTIONS: dict[str, Function] = {name: name for name in lexer.FUNCTIONS}

_COMPARISONS: dict[type[Tree], Comparison] = {
    exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=", exp.EQ: "=", exp.NEQ: "!=",
}  # fmt: skip
_OPERATIONS: dict[type[Tree], Operation] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}


_RELATION_WORDS: dict[Relation, str] = {
    "market": "the market (when)",
    "leg": "one option (filters)",
    "spread": "a spread (rules, rank)",
    "position": "an open position (exits)",
    "account": "the account (auto_when)",
}


_EXAMPLES: dict[Relation, str] = {
    "market": "iv_rank >= 25%",
    "leg": "open_interest >= 200",
    "spread": "pop >= 70%",
    "position": "dte <= 21",
    "account": "order_risk <= $300",
}
"""A line about each relation that always makes sense: the way out where nothing better is known."""

_WHOLES: dict[Relation, dict[Unit, str]] = {
    "market": {Unit.POINTS: "price"},
    "leg": {Unit.USD_PER_SHARE: "mid", Unit.POINTS: "strike"},
    "spread": {Unit.USD_PER_SHARE: "width", Unit.USD: "max_profit"},
    "position": {Unit.USD_PER_SHARE: "width", Unit.USD: "max_profit"},
    "account": {Unit.USD_PER_SHARE: "width", Unit.USD: "net_liquidation"},
}
"""Something of which a percentage is often taken, by what it counts."""


def read_condition(text: Text, relations: Sequence[Relation]) -> Expression:
    """The meaning of one line that is true, false or unknown. Raises a complaint otherwise."""
    line = _Line(text, relations, f"write a comparison, e.g.  {_EXAMPLES[relations[0]]}")
    return line.truth(line.tree)


def read_ranking(text: Text, relations: Sequence[Relation]) -> Expression:
    """The meaning of one line that is a number by which candidates are ordered. Raises a complaint otherwise."""
    line = _Line(text, relations, "write one number, the highest first, e.g.  expected_value / max_loss")
    if not line.is_number(line.tree):
        raise about(text, "a rank is a number, not a comparison", "write  rank: expected_value / max_loss")
    kind = line.kind(line.tree)
    if not line.has_measure(line.tree):
        raise about(text, "this ranks everything the same", "write  rank: expected_value / max_loss")
    return line.build(line.tree, kind if isinstance(kind, Unit) else Unit.NUMBER)


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int


class _Line:
    """One line while it is read: its tokens, its tree, and the measures that can be used in it."""

    def __init__(self, text: Text, relations: Sequence[Relation], way_out: str) -> None:
        self.text = text
        self.relations = relations
        self.way_out = way_out
        self.declared = declared_in(*relations)
        self.tokens = _joined(tokens_of(text, way_out), self.declared)
        self.tree = tree_of(text, self.tokens, way_out)

    # --- what is what ---

    def is_number(self, node: Tree) -> bool:
        if isinstance(node, exp.Paren):
            return self.is_number(node.this)
        if isinstance(node, exp.Column | exp.Anonymous):
            token = self.token(node)
            if token.sort == "number" or (isinstance(node, exp.Anonymous) and token.text in FUNCTIONS):
                return True
            return self.measure(node)[0].unit is not Unit.FLAG
        return isinstance(node, exp.Neg | exp.Add | exp.Sub | exp.Mul | exp.Div)

    def has_measure(self, node: Tree) -> bool:
        return any(self.token(leaf).sort == "name" for leaf in node.find_all(exp.Column, exp.Anonymous))

    def token(self, node: Tree) -> Token:
        index = token_index(node)
        assert index is not None, "only leaves and calls stand for a token"
        return self.tokens[index]

    def span(self, node: Tree) -> _Span:
        found = [self.token(leaf) for leaf in node.find_all(exp.Column, exp.Anonymous)]
        if not found:
            return _Span(0, len(self.text))
        start, end = min(token.start for token in found), max(token.end for token in found)
        inside = [token for token in self.tokens if start <= token.start and token.end <= end]
        opened = sum({"(": 1, ")": -1}.get(token.text, 0) for token in inside)
        for token in self.tokens:  # the brackets behind the last argument of a call belong to it
            if opened > 0 and token.text == ")" and token.start >= end:
                end, opened = token.end, opened - 1
        return _Span(start, end)

    def wrong(self, node: Tree, message: str, hint: str) -> PydanticCustomError:
        span = self.span(node)
        return about(self.text, message, hint, span.start, span.end)

    def words(self, node: Tree) -> str:
        span = self.span(node)
        return str(self.text)[span.start : span.end]

    # --- true, false or unknown ---

    def truth(self, node: Tree) -> Expression:
        match node:
            case exp.Paren():
                return self.truth(node.this)
            case exp.And() | exp.Or():
                parts = tuple(self.truth(part) for part in node.flatten())
                return And(parts) if isinstance(node, exp.And) else Or(parts)
            case exp.Not():
                return Not(self.truth(node.this))
            case exp.Between():
                value, low, high = self._same(node.this, node.args["low"], node.args["high"])
                self._in_order(node, low, high)
                return Between(value, low, high)
            case exp.In() if node.expressions:
                value, *options = self._same(node.this, *node.expressions)
                return In(value, tuple(options))
            case exp.GT() | exp.GTE() | exp.LT() | exp.LTE() | exp.EQ() | exp.NEQ():
                left, right = self._same(node.this, node.expression)
                return Compare(_COMPARISONS[type(node)], left, right)
            case exp.Column() | exp.Anonymous() if not self.is_number(node):
                return self.measure(node)[1]
            case _:
                raise self._no_truth(node)

    def _no_truth(self, node: Tree) -> PydanticCustomError:
        words = self.words(node)
        if self.is_number(node) and self.has_measure(node):
            kind = self.kind(node)
            unit = kind if isinstance(kind, Unit) else Unit.NUMBER
            sign = "<=" if unit in {Unit.DAYS, Unit.SECONDS} else ">="
            return self.wrong(
                node, f"'{words}' is a number, and compared with nothing", f"write  {words} {sign} {self._example(node, unit)}"
            )
        if any(token.text == "in" and token.sort == "word" for token in self.tokens):
            if "event" in words:
                return self.wrong(node, "'in' stands before numbers in brackets", "write  no event within 2 days")
            return self.wrong(node, "'in' wants its numbers in brackets", f"write  {words.split()[0]} in (7, 14)")
        return self.wrong(node, "this is no comparison", self.way_out)

    def _example(self, node: Tree, unit: Unit) -> str:
        """A value that a number may be compared with."""
        return "20" if self.words(node) == "vix" else EXAMPLES[unit]

    def _whole(self, unit: Unit) -> str | None:
        """Something in this line's relations of which a percentage may be taken."""
        return next((of[unit] for of in (_WHOLES[relation] for relation in self.relations) if unit in of), None)

    def _in_order(self, node: Tree, low: Expression, high: Expression) -> None:
        if isinstance(low, Number) and isinstance(high, Number) and low.value > high.value:
            words = f"{self.words(node.args['high'])} and {self.words(node.args['low'])}"
            raise self.wrong(node, "the range runs backwards, nothing lies between", f"write  between {words}")

    def _same(self, *nodes: Tree) -> list[Expression]:
        """Several numbers in one and the same unit."""
        for node in nodes:
            if not self.is_number(node):
                raise self._no_operand(node)
        if not any(self.has_measure(node) for node in nodes):
            both = exp.Tuple(expressions=[node.copy() for node in nodes])
            raise self.wrong(
                both, "this compares numbers with numbers: it is always true or never", "compare a measure, e.g.  dte <= 21"
            )
        kind: Kind = self.kind(nodes[0])
        for node in nodes[1:]:
            kind = self._merged(nodes[0], kind, node, self.kind(node))
        if len(nodes) == 2 and self.words(nodes[0]).split() == self.words(nodes[1]).split():
            raise self.wrong(nodes[1], "this is compared with itself: it is always true or never", self.way_out)
        unit = settled(kind)
        return [self.build(node, unit) for node in nodes]

    def _no_operand(self, node: Tree) -> PydanticCustomError:
        if isinstance(node, exp.Column | exp.Anonymous):
            name = self.words(node)
            return self.wrong(node, f"'{name}' is a yes or no, it cannot be compared", f"write  {name}  |  not {name}")
        names = [token.text for token in self.tokens if token.sort == "name"]
        numbers = [token.text for token in self.tokens if token.sort == "number"]
        between = (
            f"write  {names[0]} between {numbers[0]} and {numbers[1]},  or " if len(names) == 1 and len(numbers) == 2 else ""
        )
        return self.wrong(node, "a comparison is compared again here", f"{between}join two comparisons with  and")

    # --- numbers: what do they count? ---

    def kind(self, node: Tree) -> Kind:
        match node:
            case exp.Paren() | exp.Neg():
                return self.kind(node.this)
            case exp.Anonymous() if self.token(node).text in FUNCTIONS:
                return self._kind_of_call(node)
            case exp.Column() | exp.Anonymous():
                token = self.token(node)
                return token.kind if token.sort == "number" else self.measure(node)[0].unit
            case exp.Add() | exp.Sub():
                return self._merged(node.this, self.kind(node.this), node.expression, self.kind(node.expression))
            case exp.Mul():
                return self._kind_of_product(node)
            case exp.Div():
                return self._kind_of_quotient(node)
            case _:
                raise self._no_operand(node)

    def _kind_of_call(self, node: Tree) -> Kind:
        name, arguments = self.token(node).text, node.expressions
        if not arguments or (name == "abs" and len(arguments) != 1):
            raise self.wrong(
                node, f"{name} takes {'one number' if name == 'abs' else 'at least two numbers'}", f"write  {name}(delta)"
            )
        kind = self.kind(arguments[0])
        for argument in arguments[1:]:
            kind = self._merged(arguments[0], kind, argument, self.kind(argument))
        return kind

    def _kind_of_product(self, node: Tree) -> Kind:
        left, right = self.kind(node.this), self.kind(node.expression)
        if left in SCALES and right in SCALES:
            return left if left in PERCENT else right
        if left in SCALES or right in SCALES:
            return right if left in SCALES else left
        what = f"{left.value} times {right.value}"
        raise self.wrong(
            node, f"{what} is nothing that can be compared", "multiply with a plain number or a percentage, e.g.  15% of width"
        )

    def _kind_of_quotient(self, node: Tree) -> Kind:
        left, right = self.kind(node.this), self.kind(node.expression)
        if right in SCALES and left not in SCALES:
            return left
        if {settled(left), settled(right)} == {Unit.USD, Unit.USD_PER_SHARE} and Loose.MONEY not in {left, right}:
            raise self.wrong(
                node,
                f"'{self.words(node.this)}' is measured in {left.value}, '{self.words(node.expression)}' in {right.value}",
                "divide like by like, e.g.  credit / width  |  expected_value / max_loss",
            )
        return Unit.NUMBER

    def _merged(self, first: Tree, left: Kind, second: Tree, right: Kind) -> Kind:
        if left is right:
            return left
        if isinstance(left, Loose) and isinstance(right, Loose):
            if Loose.ZERO in {left, right}:
                return right if left is Loose.ZERO else left
        elif isinstance(left, Unit) and isinstance(right, Unit):
            for family in ({Unit.RATIO, Unit.VOL, Unit.NUMBER}, {Unit.POINTS, Unit.USD_PER_SHARE}):
                if {left, right} <= family:
                    return Unit.NUMBER if Unit.NUMBER in {left, right} else left
        else:
            loose, unit = (left, right) if isinstance(left, Loose) else (right, left)
            if fits(cast(Loose, loose), cast(Unit, unit)):
                return unit
        raise self._mismatch(first, left, second, right)

    def _mismatch(self, first: Tree, left: Kind, second: Tree, right: Kind) -> PydanticCustomError:
        if isinstance(left, Loose) and isinstance(right, Unit):
            first, left, second, right = second, right, first, left
        measured, number = self.words(first), self.words(second)
        if not (isinstance(left, Unit) and isinstance(right, Loose)):
            message = f"'{measured}' is measured in {left.value}, '{number}' in {right.value}"
            return self.wrong(second, message, "compare like with like; `spreads fields` lists the unit of every measure")
        whole = self._whole(left)
        if right is Loose.PERCENT:
            share = f"{number} of {whole}  |  " if whole and measured != "vix" else ""
            return self.wrong(second, f"{number} of what?", f"write  {share}{self._example(first, left)}")
        if right is Loose.BARE:
            share = f"  |  {percentage(number)} of {whole}" if whole else ""
            way_out = f"${number}{share}" if left in MONEY else with_unit(number, left)
            return self.wrong(second, f"{number} what? '{measured}' is measured in {left.value}", f"write  {way_out}")
        return self.wrong(
            second, f"'{measured}' is measured in {left.value}, {number} is {right.value}", f"write  {self._example(first, left)}"
        )

    # --- numbers: the tree ---

    def build(self, node: Tree, unit: Unit) -> Expression:
        match node:
            case exp.Paren():
                return self.build(node.this, unit)
            case exp.Neg():
                inner = self.build(node.this, unit)
                if isinstance(inner, Number):
                    return Number(-inner.value, inner.unit)
                return Arithmetic("*", Number(-1.0, Unit.NUMBER), inner)
            case exp.Anonymous() if self.token(node).text in FUNCTIONS:
                arguments = tuple(self.build(argument, unit) for argument in node.expressions)
                return Call(FUNCTIONS[self.token(node).text], arguments)
            case exp.Column() | exp.Anonymous():
                token = self.token(node)
                return self._number(token, unit) if token.sort == "number" else self.measure(node)[1]
            case exp.Mul() | exp.Div():
                left, right = self._factor_units(node, unit)
                first, second = self.build(node.this, left), self.build(node.expression, right)
                if isinstance(node, exp.Div) and isinstance(second, Number) and second.value == 0:
                    raise self.wrong(node.expression, "divided by zero: this is never known", "divide by another number")
                return Arithmetic(_OPERATIONS[type(node)], first, second)
            case _:
                return Arithmetic(_OPERATIONS[type(node)], self.build(node.this, unit), self.build(node.expression, unit))

    def _number(self, token: Token, unit: Unit) -> Number:
        if unit is Unit.DELTA and token.kind is Loose.BARE and token.value > 1:
            hint = f"write  {token.text} delta  |  0.16"
            raise about(self.text, f"{token.text} what? no option has a delta above 1", hint, token.start, token.end)
        return number_of(token, unit)

    def _factor_units(self, node: Tree, unit: Unit) -> tuple[Unit, Unit]:
        """The units of the two sides of a product or quotient whose result is to be in `unit`."""
        left, right = self.kind(node.this), self.kind(node.expression)
        if isinstance(node, exp.Mul):
            return (settled(left), unit) if left in SCALES else (unit, settled(right))
        if right in SCALES and left not in SCALES:
            return unit, settled(right)
        if isinstance(left, Loose) and isinstance(right, Unit) and fits(left, right):
            return right, right
        if isinstance(right, Loose) and isinstance(left, Unit) and fits(right, left):
            return left, left
        return settled(left), settled(right)

    def measure(self, node: Tree) -> tuple[Declaration, Measure]:
        """The declared measure that a leaf or a call names, with its arguments checked."""
        token = self.token(node)
        declared = self.declared.get(token.text)
        if declared is None:
            raise self._unknown(token, called=isinstance(node, exp.Anonymous))
        arguments = self._arguments(node, declared)
        return declared, Measure(declared.name, declared.relation, arguments)

    def _arguments(self, node: Tree, declared: Declaration) -> tuple[float, ...]:
        given = list(node.expressions) if isinstance(node, exp.Anonymous) else []
        wanted = declared.argument
        if wanted is None:
            if isinstance(node, exp.Anonymous):
                raise self.wrong(node, f"'{declared.name}' takes nothing in brackets", f"write  {declared.name}")
            return ()
        example = f"write  {declared.name}({wanted.example})"
        if not given and wanted.default is not None:
            return (wanted.default,)
        if len(given) != 1 or not isinstance(given[0], exp.Column) or self.token(given[0]).sort != "number":
            raise self.wrong(node, f"'{declared.name}' wants one number of {wanted.unit.value} in brackets", example)
        token = self.token(given[0])
        if (
            token.kind not in {wanted.unit, Loose.BARE, Loose.ZERO}
            or not wanted.low <= token.value <= wanted.high
            or token.value % 1
        ):
            raise self.wrong(given[0], f"'{declared.name}' wants {wanted.low} to {wanted.high} {wanted.unit.value}", example)
        return (token.value,)

    def _unknown(self, token: Token, *, called: bool) -> PydanticCustomError:
        name = token.text
        if called and any(word.text == "within" for word in self.tokens):
            hint = "write  no event within 2 days: FOMC, CPI and NFP alike"
            return about(self.text, f"no such event '{token.text}'", hint, token.start, token.end)
        if called and name not in self.declared:
            hint = f"functions here: {', '.join(FUNCTIONS)}"
            close = difflib.get_close_matches(name, [n for n, d in self.declared.items() if d.argument] + list(FUNCTIONS), 1)
            hint = f"did you mean '{close[0]}'?   {hint}" if close else hint
            return about(self.text, f"no such function '{name}'", hint, token.start, token.end)
        elsewhere = [declared for declared in find_measures(name) if declared.name == name]
        if elsewhere:
            place = " and ".join(_RELATION_WORDS[declared.relation] for declared in elsewhere)
            here = " and ".join(_RELATION_WORDS[relation] for relation in self.relations)
            message = f"'{name}' is a number of {place}; this line is about {here}"
            return about(self.text, message, f"numbers here: {', '.join(self.declared)}", token.start, token.end)
        close = difflib.get_close_matches(name, self.declared, 1, 0.6)
        word = close[0].split("_")[0] if close else name.split("_")[0]
        lists = (
            f"`spreads fields {word}` lists what can be used"
            if find_measures(word)
            else "`spreads fields` lists what can be used"
        )
        hint = f"did you mean '{close[0]}'?   {lists}" if close else f"numbers here: {', '.join(self.declared)}"
        return about(self.text, f"no such number '{name}'", hint, token.start, token.end)


def _joined(tokens: list[Token], declared: dict[str, Declaration]) -> list[Token]:
    """`max profit` is read as `max_profit`."""
    joined: list[Token] = []
    for token in tokens:
        before = joined[-1] if joined else None
        name = f"{before.text}_{token.text}" if before else ""
        if before and before.sort == token.sort == "name" and name in declared:
            joined[-1] = Token("name", name, before.start, token.end)
        else:
            joined.append(token)
    return joined
