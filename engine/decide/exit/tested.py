"""Which side of a position the market tests, the one whose sold leg has the greater delta, and what its file says of that."""

from dataclasses import replace

from engine.decide.entry.find import ExitAnswer
from engine.decide.positions import SIDES, PositionRow
from engine.domain.deeds import PartRoll
from engine.domain.parts import Side, side_of_leg
from engine.domain.position import Position
from engine.strategy.conditions import TESTED_ROLLS

_ROLLS: dict[Side, PartRoll] = {"put": "roll put side", "call": "roll call side"}


def of_its_side(answer: ExitAnswer, position: Position, row: PositionRow) -> ExitAnswer:
    """The same answer with the side by its name, where its line is about the tested or the untested one.

    It is unknown where a delta is not known, and does not hold where only one side is left: that one is neither.
    """
    if answer.rule.action not in TESTED_ROLLS or answer.holds is False:
        return answer
    if len({side_of_leg(leg) for leg in position.shorts}) < len(SIDES):
        return replace(answer, holds=False)
    if answer.holds is None:
        return answer
    named = {f"{side}_side_delta": row[f"{side}_side_delta"] for side in SIDES}
    puts, calls = named.values()
    if puts is None or calls is None:
        return replace(answer, holds=None, values={**answer.values, **named})
    tested: Side = "put" if puts >= calls else "call"
    other: Side = "call" if tested == "put" else "put"
    side = tested if answer.rule.action == "roll tested side" else other
    return replace(answer, rule=replace(answer.rule, action=_ROLLS[side]), values={**answer.values, **named})
