"""What is done about a position whose roll is due: its successor is looked for before anything is sent."""

from collections.abc import Generator
from dataclasses import replace
from typing import Literal

from engine.decide.entry.find import ExitAnswer
from engine.decide.entry.rolls import reason_of
from engine.decide.entry.successors import is_searched_again, search
from engine.decide.exit.blocked import Kind, is_held_up
from engine.decide.exit.cuts import Cut, portion_cuts
from engine.decide.exit.held import Held
from engine.decide.quotes import Rows
from engine.decide.rulebook import Rulebook
from engine.domain.decision import ConfirmExit, Decision, TriggerExit
from engine.domain.deeds import ROLLS, Done
from engine.domain.facts.positions import ExitTriggered
from engine.domain.parts import ALL, Portion
from engine.domain.snapshot import Snapshot

STAYS: frozenset[str] = frozenset({"alert", "keep"})
"""What leaves a position open."""


def rolled(
    answer: ExitAnswer, portion: Portion, held: Held, snapshot: Snapshot, rulebook: Rulebook, rows: Rows, kind: Kind
) -> Generator[Decision, None, tuple[Done | Literal["wait"], str]]:
    """What is done about a position whose roll is due, and why: it is rolled where a successor is there; else as the file says.

    Decided before anything is sent. What is kept or reported is so once, and looked at for a successor again every minute.
    """
    position, mark, deed = held.position, held.mark, answer.rule.action
    assert held.strategy is not None, "rules that answer are those of a strategy"
    assert held.strategy.roll is not None, "what rolls says how"
    assert deed in ROLLS, "asked of rolls"
    closes: tuple[Cut, ...] = ()
    if portion != ALL:
        closes = portion_cuts(position, portion, rows)
        mark = rows.mark(closes[0].spread, "close") if closes else None
    if mark is None or is_held_up(kind, position, mark, snapshot, closes[0].spread if closes else None):
        return deed, ""  # what is in the way of its close is said there
    otherwise, key = held.strategy.roll.otherwise, reason_of(deed, answer.rule.text)
    hits = snapshot.exit_hits.get((position.id, key))
    if not is_searched_again(hits, snapshot):
        return otherwise, ""
    found = search(position, mark, snapshot, rulebook, rows, portion, closes)
    yield from found.decisions
    if found.waits:
        return "wait", ""
    if found.is_found:
        return deed, ""
    text, count = f"not rolled: {found.text}", hits.count if hits is not None else 0
    if otherwise in STAYS:
        yield ConfirmExit(position.id, key, snapshot.at, count + 1)
        if not count:
            yield TriggerExit(replace(triggered(answer, otherwise, held, snapshot), text=text))
    return otherwise, text


def triggered(answer: ExitAnswer, action: Done, held: Held, snapshot: Snapshot) -> ExitTriggered:
    """The fact that a rule which holds has something done, with what it looked at."""
    values = {name: None if value is None else float(value) for name, value in answer.values.items()}
    return ExitTriggered(held.position.id, answer.rule.text, action, snapshot.chain.id, values)
