"""What an edit would change, on one snapshot: the funnel and the candidates before and after, and the exits of positions.

Positions keep the rules that they were opened by. What an edited rule would do to them is told all the same: who moves them by
`spreads migrate` wants to know it before.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.decide.entry.find import ExitAnswer, Finder
from engine.decide.positions import market_columns, position_row
from engine.decide.quotes import Rows
from engine.decide.rows import ChainRows
from engine.domain.candidate import Candidate
from engine.domain.position import Position
from engine.domain.snapshot import Snapshot
from engine.runtime.edited import Edited
from engine.runtime.plain import Row
from engine.runtime.rows import funnel_rows
from engine.strategy.model import Strategy


@dataclass(frozen=True, slots=True)
class World:
    """What an edit is looked at with."""

    snapshot: Snapshot
    source: str
    """Where its quotes come from, in words."""
    knows_market: bool
    """False where it is a recorded chain, which says nothing about the market."""
    positions: Sequence[Position]
    """What is open."""
    versions: Mapping[str, Strategy]
    """By digest: what positions were opened by."""


def plan_row(edit: Edited, world: World | None, finder: Finder) -> Row:
    """Everything that an edit would change; without a world only what the texts tell."""
    pairs = edit.pairs if world is not None else ()
    return {
        "file": edit.file,
        "digest": edit.digest,
        "is_new": edit.is_new,
        "effect": edit.effect,
        "direction": edit.direction if edit.changes.said else None,
        "changes": [{"said": said, "loosens": said in edit.changes.looser} for said in edit.changes.said],
        "warnings": [{"line": one.line, "column": one.column, "message": one.message, "hint": one.hint} for one in edit.problems],
        "as_of": world.snapshot.at.isoformat() if world is not None else None,
        "source": world.source if world is not None else None,
        "strategies": [_strategy_row(before, after, world, finder) for before, after in pairs if world is not None],
    }


def _strategy_row(before: Strategy | None, after: Strategy, world: World, finder: Finder) -> Row:
    snapshot = world.snapshot
    rows = finder.rows(snapshot.chain, snapshot.market, snapshot.at, snapshot.calendar)
    looks = [None if one is None else _look(one, rows, world, finder) for one in (before, after)]
    return {
        "strategy": after.name,
        "before": looks[0],
        "after": looks[1],
        "exits": list(_exit_rows(before, after, world, finder)),
    }


def _look(strategy: Strategy, rows: ChainRows, world: World, finder: Finder) -> Row:
    """What one version finds, whatever its `when` says, which is told beside it."""
    snapshot = world.snapshot
    there = [name for name in strategy.universe if name in snapshot.chain.underlyings]
    funnel = finder.funnel(strategy, rows, there, snapshot.at) if there else None
    found = finder.scan(strategy, rows, there, snapshot.at)
    return {
        "enabled": strategy.enabled,
        "absent": [name for name in strategy.universe if name not in there],
        "when": list(_when_rows(strategy, world, finder)),
        "funnel": funnel_rows(funnel),
        "candidates": funnel.candidates if funnel is not None else 0,
        "nearest_miss": funnel.nearest_miss if funnel is not None else None,
        "kept": [_kept_row(one) for one in found],
    }


def _when_rows(strategy: Strategy, world: World, finder: Finder) -> Iterator[Row]:
    if not world.knows_market:
        return
    snapshot = world.snapshot
    answers = finder.market(strategy, snapshot.market, snapshot.at, snapshot.session, snapshot.calendar)
    for number, line in enumerate(strategy.when):
        for underlying, told in answers.items():
            yield {"line": line.text, "underlying": underlying, "answer": _word(told[number].holds)}


def _kept_row(one: Candidate) -> Row:
    return {"spread": str(one.spread), "net": one.net, "max_loss_usd": one.max_loss}


def _exit_rows(before: Strategy | None, after: Strategy, world: World, finder: Finder) -> Iterator[Row]:
    """What the exits of both versions say of each open position of the strategy."""
    rows = Rows(world.snapshot.chain)
    names = {after.name} | ({before.name} if before is not None else set[str]())
    for position in world.positions:
        if position.strategy in names and position.opened_at <= world.snapshot.at and (position.shorts or position.outlives):
            own = world.versions.get(position.digest, before)
            now = exit_answers(own, position, world.snapshot, rows, finder) if own is not None else ()
            then = exit_answers(after, position, world.snapshot, rows, finder)
            holds, would = fires(now), fires(then)
            yield {
                "position": position.id,
                "spread": str(position.spread),
                "fires": holds and said(holds),
                "would_fire": would and said(would),
                "unknown": [one.rule.condition.text for one in then if one.holds is None],
            }


def exit_answers(strategy: Strategy, position: Position, seen: Snapshot, rows: Rows, finder: Finder) -> Sequence[ExitAnswer]:
    """What the exits of a version say of a position now, in the order of its file."""
    underlying = position.spread.underlying
    row = position_row(position, seen.chain, seen.market.get(underlying), seen.at, seen.session)
    return finder.exits(strategy, [row | market_columns(strategy, underlying, seen)])[0]


def fires(answers: Sequence[ExitAnswer]) -> ExitAnswer | None:
    """The first rule that holds, which is the one that acts."""
    return next((one for one in answers if one.holds is True), None)


def said(answer: ExitAnswer) -> str:
    """A rule and what it does."""
    rule = answer.rule
    return f"{rule.condition.text}: {rule.deed}"


def _word(holds: bool | None) -> str:
    return "unknown" if holds is None else "yes" if holds else "no"
