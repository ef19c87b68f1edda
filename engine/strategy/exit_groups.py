"""Exits in two groups: lines that act on each side of a position alone, and lines for the whole of it.

A line below `each side:` stands for two: one that looks at the puts and acts on them, one for the calls. Its measures are those
of the side that it looks at: `loss` is what this side has lost, and computed as `put_side_loss` is. The two groups are looked at
apart: the first line that holds wins within its group, for each side by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, Tag

from engine.domain.parts import Side
from engine.strategy.conditions import GROUPS, LET_EXPIRE, Action, Exit, ExitRule, OneLine
from engine.strategy.expressions.tree import (
    And,
    Arithmetic,
    Between,
    Call,
    Compare,
    Condition,
    Expression,
    In,
    Measure,
    Not,
    Number,
    Or,
)
from engine.strategy.loader.spelling import nearest
from engine.strategy.measures.positions import WITHIN_A_SIDE
from engine.strategy.source import Place, complaint
from engine.strategy.way_out import WayOut, Whole, remove
from engine.strategy.written import Written

SIDES: tuple[Side, ...] = ("put", "call")
_OF_A_SIDE: Mapping[Action, Mapping[Side, Action]] = {
    "close": {"put": "close put side", "call": "close call side"},
    "close short": {"put": "close put short", "call": "close call short"},
    "roll": {"put": "roll put side", "call": "roll call side"},
    "roll short": {"put": "roll put short", "call": "roll call short"},
    LET_EXPIRE: {"put": "let put side expire", "call": "let call side expire"},
    "alert": {"put": "alert", "call": "alert"},
}
"""What an action of a line below `each side:` does to the side that it looks at."""


def _of_a_side(rule: ExitRule) -> ExitRule:
    """Refuses an action that no side has by itself."""
    condition = rule.condition
    place = Place(condition.line, condition.column, condition.column + len(condition.text))
    if rule.lets_all_expire:
        raise complaint(place, "this would leave both sides to expire, whatever stands below whole", remove(", or move it there"))
    if rule.action not in _OF_A_SIDE:
        known = [action for action in _OF_A_SIDE if action != "close"]
        message = f"'{rule.deed}' is nothing that one side does by itself"
        says = [condition.text, *(f"{condition.text}: {action}" for action in known)]
        nearer = "close short" if "short" in rule.action else "roll" if rule.action.startswith("roll") else None
        first = next((line for line in says if nearer is not None and line.endswith(f": {nearer}")), says[0])
        hint = f"write  {first}  for each side alone; actions here: {', '.join(_OF_A_SIDE)}"
        raise complaint(place, message, WayOut.of(hint, Whole(first)))
    return rule


SideExit: TypeAlias = Annotated[
    ExitRule,
    OneLine(
        "exit",
        ("side", "market"),
        ("loss >= 100% of total_credit", "short_delta >= 0.35", "profit >= 80% of credit", "short_strike_breached"),
        tuple(_OF_A_SIDE),
    ),
    AfterValidator(_of_a_side),
]


class ExitGroups(Written):
    each_side: Annotated[tuple[SideExit, ...], Field(min_length=1)] = Field(alias="each side")
    """What each side of a position does by itself: the puts alone, the calls alone. The first that is true wins, for each."""
    whole: tuple[Exit, ...] = ()
    """What the whole position does, with whatever is still open of it; the first that is true wins."""


def _is_grouped(written: object) -> str:
    if isinstance(written, ExitGroups):
        return "groups"
    said = [str(key).casefold().replace("_", " ") for key in written] if isinstance(written, Mapping) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return "groups" if any(nearest(key, GROUPS) for key in said) else "lines"


Exits: TypeAlias = Annotated[
    Annotated[ExitGroups, Tag("groups")] | Annotated[tuple[Exit, ...], Tag("lines")], Discriminator(_is_grouped)
]


def groups_of(written: ExitGroups | tuple[ExitRule, ...]) -> tuple[tuple[ExitRule, ...], tuple[ExitRule, ...]]:
    """The lines about each side, and those about the whole position."""
    return (written.each_side, written.whole) if isinstance(written, ExitGroups) else ((), written)


def rules_in(written: ExitGroups | tuple[ExitRule, ...]) -> tuple[ExitRule, ...]:
    """Every rule that a position is asked for: a line below `each side:` once for each side, those of the puts first."""
    return tuple(_rules_in(written)) if isinstance(written, ExitGroups) else written


def _rules_in(groups: ExitGroups) -> Iterator[ExitRule]:
    for side in SIDES:
        for rule in groups.each_side:
            condition = rule.condition
            asked = Condition(condition.text, _asked(condition.expression, side), condition.line, condition.column)
            yield replace(rule, condition=asked, action=_OF_A_SIDE[rule.action][side], side=side)
    yield from groups.whole


def _asked(expression: Expression, side: Side) -> Expression:
    """The same of the position, where it says `put_side_loss` for the loss of its puts."""
    match expression:
        case Measure(relation="side", name=name):
            known = WITHIN_A_SIDE.get(name)
            return replace(expression, relation="position", name=name if known is None else f"{side}_side_{known}")
        case Measure() | Number():
            return expression
        case Arithmetic(left=left, right=right) | Compare(left=left, right=right):
            return replace(expression, left=_asked(left, side), right=_asked(right, side))
        case Call(arguments=arguments):
            return replace(expression, arguments=tuple(_asked(one, side) for one in arguments))
        case And(parts=parts) | Or(parts=parts):
            return replace(expression, parts=tuple(_asked(one, side) for one in parts))
        case Between(value=value, low=low, high=high):
            return Between(_asked(value, side), _asked(low, side), _asked(high, side))
        case In(value=value, options=options):
            return In(_asked(value, side), tuple(_asked(one, side) for one in options))
        case Not(part=part):
            return Not(_asked(part, side))
