"""A line of the trader's language becomes its meaning, or a complaint about the very part that makes no sense.

1. `line` takes it apart, `names` looks up its measures.
2. `kinds` finds upward what each part counts, and refuses to compare unlike things.
3. `arithmetic` hands the unit down and builds the numbers; here they are joined to what is true, false or unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from engine.strategy.expressions.arithmetic import arithmetic
from engine.strategy.expressions.grammar import Tree
from engine.strategy.expressions.kinds import common_kind, example_beside, is_number, kind_of, no_number, settled
from engine.strategy.expressions.line import Line, Pays, line_of
from engine.strategy.expressions.names import measure_of
from engine.strategy.expressions.tree import And, Between, Compare, Comparison, Expression, In, Not, Number, Or, Relation
from engine.strategy.source import PydanticCustomError, Text, about
from engine.strategy.units import Unit
from engine.strategy.values.view import StandingView
from engine.strategy.way_out import write

_COMPARISONS: dict[type[Tree], Comparison] = {
    exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=", exp.EQ: "=", exp.NEQ: "!=",
}  # fmt: skip

_EXAMPLES: dict[Relation, str] = {
    "market": "iv_rank >= 25%",
    "leg": "open_interest >= 200",
    "spread": "pop >= 70%",
    "side": "loss >= 100% of total_credit",
    "position": "dte <= 21",
    "account": "order_risk <= $300",
}
"""A line about each relation that always makes sense: the way out where nothing better is known."""


def read_condition(
    text: Text, relations: Sequence[Relation], pays: Pays = None, views: Mapping[str, StandingView] | None = None
) -> Expression:
    """The meaning of one line that is true, false or unknown. Raises a complaint otherwise, whose way out may take a share
    of what the structure `pays`. `views` are the views of prices that it may name.
    """
    line = line_of(text, relations, f"write a comparison, e.g.  {_EXAMPLES[relations[0]]}", pays, views)
    return _truth(line, line.tree)


def read_ranking(text: Text, relations: Sequence[Relation], views: Mapping[str, StandingView] | None = None) -> Expression:
    """The meaning of one line that is a number by which candidates are ordered. Raises a complaint otherwise."""
    line = line_of(text, relations, "write one number, the highest first, e.g.  return_on_risk * pop", views=views)
    if not is_number(line, line.tree):
        raise about(text, "a rank is a number, not a comparison", write("return_on_risk * pop"))
    kind = kind_of(line, line.tree)
    if not line.has_measure(line.tree):
        raise about(text, "this ranks everything the same", write("return_on_risk * pop"))
    return arithmetic(line, line.tree, settled(kind))


def read_level(text: Text) -> Expression:
    """The meaning of one number of the market that counts points, such as a price. Raises a complaint otherwise."""
    way_out = write("low_of(first 60 min)", "price - expected_move")
    line = line_of(text, ("market",), way_out)
    if not is_number(line, line.tree):
        raise about(text, "a strike stands at a number, not at a comparison", way_out)
    unit = settled(kind_of(line, line.tree))
    if unit is not Unit.POINTS or not line.has_measure(line.tree):
        raise about(text, "a strike stands at a number of the market in points", way_out)
    return arithmetic(line, line.tree, unit)


def _truth(line: Line, node: Tree) -> Expression:
    """What a part means that is true, false or unknown."""
    match node:
        case exp.Paren():
            return _truth(line, node.this)
        case exp.And() | exp.Or():
            parts = tuple(_truth(line, part) for part in node.flatten())
            return And(parts) if isinstance(node, exp.And) else Or(parts)
        case exp.Not():
            return Not(_truth(line, node.this))
        case exp.Between():
            value, low, high = _compared(line, node.this, node.args["low"], node.args["high"])
            if isinstance(low, Number) and isinstance(high, Number) and low.value > high.value:
                forward = f"{line.words(node.args['high'])} and {line.words(node.args['low'])}"
                forward = f"{line.words(node.this)} between {forward}"
                raise line.wrong(node, "the range runs backwards, nothing lies between", write(forward))
            return Between(value, low, high)
        case exp.In() if node.expressions:
            value, *options = _compared(line, node.this, *node.expressions)
            return In(value, tuple(options))
        case exp.GT() | exp.GTE() | exp.LT() | exp.LTE() | exp.EQ() | exp.NEQ():
            left, right = _compared(line, node.this, node.expression)
            return Compare(_COMPARISONS[type(node)], left, right)
        case exp.Column() | exp.Anonymous() if not is_number(line, node):
            return measure_of(line, node)[1]
        case _:
            raise _no_truth(line, node)


def _compared(line: Line, *nodes: Tree) -> list[Expression]:
    """Several numbers in one and the same unit."""
    for node in nodes:
        if not is_number(line, node):
            raise no_number(line, node)
    if not any(line.has_measure(node) for node in nodes):
        both = exp.Tuple(expressions=[node.copy() for node in nodes])
        message = "this compares numbers with numbers: it is always true or never"
        raise line.wrong(both, message, "compare a measure, e.g.  dte <= 21")
    unit = settled(common_kind(line, *nodes))
    if len(nodes) == 2 and line.words(nodes[0]).split() == line.words(nodes[1]).split():
        raise line.wrong(nodes[1], "this is compared with itself: it is always true or never", line.way_out)
    return [arithmetic(line, node, unit) for node in nodes]


def _no_truth(line: Line, node: Tree) -> PydanticCustomError:
    words = line.words(node)
    if is_number(line, node) and line.has_measure(node):
        unit = settled(kind_of(line, node))
        sign = "<=" if unit in {Unit.DAYS, Unit.SECONDS} else ">="
        hint: str = write(f"{words} {sign} {example_beside(line, node, unit)}")
        if not isinstance(node, exp.Column | exp.Anonymous):
            hint = str(hint)  # what it was to be compared with, nobody can know
        return line.wrong(node, f"'{words}' is a number, and compared with nothing", hint)
    if any(token.text == "in" and token.sort == "word" for token in line.tokens):
        if "event" in words:
            days = next((token.text for token in line.tokens if token.sort == "number"), "2 days")
            hint = write(f"no event within {days}", place=line.text.place)
            return line.wrong(node, "'in' stands before numbers in brackets", hint)
        numbers = ", ".join(token.text for token in line.tokens if token.sort == "number")
        hint = write(f"{words.split()[0]} in ({numbers})", place=line.text.place)
        return line.wrong(node, "'in' wants its numbers in brackets", hint)
    return line.wrong(node, "this is no comparison", line.way_out)
