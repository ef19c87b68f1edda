"""The closes of a position whose file looks at each of its sides apart: what is due of the puts, of the calls and of the whole.

A stop, a date and the last day close the whole position, and no side needs to be closed beside that. A profit of the whole waits
for its price, so a side that must be closed goes first. What is in the way of one side is not in the way of the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.decide.entry.find import ExitAnswer
from engine.decide.exit.blocked import Due, act
from engine.decide.exit.closing import proposals
from engine.decide.exit.cuts import is_done
from engine.decide.quotes import Rows
from engine.domain.decision import BlockExit, Decision
from engine.domain.parts import BOTH, Portion, Side
from engine.domain.position import Position
from engine.domain.snapshot import Snapshot
from engine.strategy.conditions import LEFT_SIDES, LET_EXPIRE


@dataclass(frozen=True, slots=True)
class First:
    """What the first line of a group that holds asks for."""

    due: Due | None
    """None where nothing is to be closed now."""
    left: frozenset[Side]
    """The sides that a line above has left to expire."""
    unknown: tuple[ExitAnswer, ...]
    """Lines that cannot be answered, of those that were come to."""


def chosen(whole: Due | None, of_sides: Sequence[Due]) -> tuple[Due, ...]:
    """What is acted on now of all that is due; the whole position where nothing of a side is more pressing."""
    if whole is None:
        return tuple(of_sides)
    must = [due for due in of_sides if due.kind != "target"]
    return tuple(of_sides) if must and whole.kind == "target" else (whole,)


def act_on(dues: Sequence[Due], position: Position, snapshot: Snapshot, rows: Rows, proposed: int) -> Iterator[Decision]:
    """The closes of all that is due; of what is in their way the first is told."""
    is_told, rules = False, frozenset(due.rule for due in dues)
    for due in dues:
        done = list(act(due, position, snapshot, rows, proposed, beside=rules - {due.rule}))
        proposed += proposals(done)
        yield from (decision for decision in done if not (is_told and isinstance(decision, BlockExit)))
        is_told = is_told or any(isinstance(decision, BlockExit) for decision in done)


def is_over(answer: ExitAnswer, position: Position, snapshot: Snapshot) -> bool:
    """Whether nothing is left of the side that a rule is about: it has no answer, and needs none."""
    portion = answer.rule.portion
    return portion.side is not None and is_done(position, Portion(side=portion.side), answer.rule.text, snapshot)


def left_by(answer: ExitAnswer) -> frozenset[Side]:
    """The sides that a line which holds leaves to expire."""
    side = LEFT_SIDES.get(answer.rule.action)
    return BOTH if answer.rule.action == LET_EXPIRE else frozenset() if side is None else frozenset({side})
