"""The funnel of a search: how many were left after each line, and the best that came out."""

from collections.abc import Iterator
from dataclasses import replace

from engine.decide.entry.find import Found
from engine.decide.rows import ChainRows
from engine.decide.rulebook import Rulebook
from engine.domain.candidate import candidate_row
from engine.domain.decision import RecordFunnel
from engine.domain.facts.searches import Asked, CandidatesRecorded, FunnelStep
from engine.domain.snapshot import Snapshot
from engine.strategy.model import Strategy


def funnel_of(strategy: Strategy, found: Found, snapshot: Snapshot, rulebook: Rulebook, chain: ChainRows) -> RecordFunnel:
    """What a search left after each line, of the underlyings that were looked at."""
    # Where the market says no, nothing was searched: the funnel is still made, it answers what would have been there.
    looked_at = found.searched or tuple(name for name in strategy.universe if name in snapshot.chain.underlyings)
    funnel = rulebook.finder.funnel(strategy, chain, looked_at, snapshot.at)
    funnel = replace(funnel, steps=(*_market_steps(strategy, found), *funnel.steps), candidates=len(found.candidates))
    best = tuple(candidate_row(candidate) for candidate in found.candidates)
    return RecordFunnel(funnel, CandidatesRecorded(strategy.name, snapshot.chain.id, best))


def _market_steps(strategy: Strategy, found: Found) -> Iterator[FunnelStep]:
    """One step a line of `when`, counting underlyings: those that this line and all before it let through."""
    left = set(found.market)
    for number, line in enumerate(strategy.when):
        answers = {name: found.market[name][number] for name in sorted(left)}
        left = {name for name, answer in answers.items() if answer.holds is True}
        asked = tuple(
            Asked(name, answer.holds, {key: None if value is None else float(value) for key, value in answer.values.items()})
            for name, answer in answers.items()
        )
        yield FunnelStep(f"when {line.text}", len(left), sum(one.holds is None for one in asked), line.text, asked)


def is_funnel_due(strategy: Strategy, snapshot: Snapshot, rulebook: Rulebook) -> bool:
    """Whether the last one that was recorded is old enough for another."""
    at, _ = snapshot.ledger.funnels.get(strategy.name, (None, None))
    return at is None or snapshot.at - at >= rulebook.funnel_every
