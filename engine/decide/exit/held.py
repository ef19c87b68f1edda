"""Open positions as exits look at them: their marks, the row that their rules see, and what each rule answers.

What a quote that is not believed would answer is unknown; dates and times are answered all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.decide.asking import quoted_at
from engine.decide.entry.find import ExitAnswer
from engine.decide.exit.closing import why_not_sent
from engine.decide.exit.memory import looks_at
from engine.decide.exit.tested import of_its_side
from engine.decide.positions import PRICED, PositionRow, market_columns, measured, needs_prices
from engine.decide.quotes import Rows, closing_marks
from engine.decide.rulebook import Rulebook
from engine.domain.position import Position
from engine.domain.snapshot import Snapshot
from engine.pricing.mark import Mark
from engine.strategy.model import Strategy


@dataclass(frozen=True, slots=True)
class Held:
    """One open position as it is looked at."""

    position: Position
    strategy: Strategy | None
    """Whose rules it keeps; None where they are lost."""
    marks: tuple[Mark, ...] | None
    """What closing each part of it brings; None where one has no quote."""
    answers: tuple[ExitAnswer, ...]
    """Of its rules, in the order of the file."""
    by_clock: tuple[bool, ...]
    """Whether each holds whatever the prices are."""
    row: PositionRow
    """What its rules look at; empty where it has none."""

    @property
    def mark(self) -> Mark | None:
        """Of the part that is closed first."""
        return self.marks[0] if self.marks else None


def looked_at(positions: Sequence[Position], snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> list[Held]:
    """Each position with its mark and the answers of its rules; the rules of one version are asked once."""
    marks = [closing_marks(position, rows) for position in positions]
    told: dict[int, tuple[ExitAnswer, ...]] = {}
    seen_of: dict[int, PositionRow] = {}
    by_clock: dict[int, tuple[bool, ...]] = {}
    # Nobody's rules are about longs that are left alone, but where what was sold beside them was meant to end before them.
    versions = [rulebook.rules_of(position) if position.shorts or position.outlives else None for position in positions]
    for strategy in {one.digest: one for one in versions if one is not None}.values():
        numbers = [n for n, version in enumerate(versions) if version is not None and version.digest == strategy.digest]
        seen = [_row(positions[n], strategy, marks[n], snapshot, rows) for n in numbers]
        seen_of |= dict(zip(numbers, seen, strict=True))
        asked = zip(numbers, rulebook.finder.exits(strategy, seen), strict=True)
        found = {n: tuple(of_its_side(one, positions[n], seen_of[n]) for one in answers) for n, answers in asked}
        told |= found
        # What holds without any price holds with it too: only those of which something holds are asked again.
        due = {n: row for n, row in zip(numbers, seen, strict=True) if any(answer.holds is True for answer in found[n])}
        blind = [{name: None if needs_prices(name) else value for name, value in row.items()} for row in due.values()]
        clocks = (tuple(answer.holds is True for answer in answers) for answers in rulebook.finder.exits(strategy, blind))
        by_clock |= dict(zip(due, clocks, strict=True))
    never = (False,)
    return [
        Held(position, versions[n], marks[n], told.get(n, ()), by_clock.get(n, never * len(told.get(n, ()))), seen_of.get(n, {}))
        for n, position in enumerate(positions)
    ]


def _row(position: Position, strategy: Strategy, marks: tuple[Mark, ...] | None, snapshot: Snapshot, rows: Rows) -> PositionRow:
    market = snapshot.market.get(position.spread.underlying)
    is_believed = marks is not None and all(mark.is_believed for mark in marks) and why_not_sent(snapshot) is None
    told, is_asked = marks if is_believed else None, looks_at(strategy, "pop")
    row = measured(position, told, rows, market, snapshot.at, snapshot.session, with_chance=is_asked)
    row |= market_columns(strategy, position.spread.underlying, snapshot)
    return row if is_believed else {name: None if name in PRICED else value for name, value in row.items()}


def told_at(held: Held, snapshot: Snapshot, rows: Rows) -> list[datetime]:
    """When the quotes of its legs were told, but for a leg that brings nothing whenever it was quoted."""
    if held.marks is not None:
        return [snapshot.at - timedelta(seconds=age_s) for mark in held.marks for age_s in mark.ages_s]
    return [at for leg in held.position.legs if (at := quoted_at(leg.contract, rows)) is not None]
