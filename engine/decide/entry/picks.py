"""Openings that people have picked: the same gates, preview and walk as any other, and one at a time like any other."""

from collections.abc import Iterator

from engine.decide.entry.entries import picked_outcome
from engine.decide.order.requests import subject
from engine.decide.quotes import Rows
from engine.decide.rulebook import Rulebook
from engine.domain.decision import Decision, Propose, Reply
from engine.domain.facts.orders import OrderProposed
from engine.domain.snapshot import OpenAsked, Snapshot


def picks(snapshot: Snapshot, rulebook: Rulebook, rows: Rows, *, is_free: bool) -> Iterator[Decision]:
    """The order of the first pick that may be made, a reply to every other; not `is_free` where something else leaves first."""
    for asked in (request for request in snapshot.requests if isinstance(request, OpenAsked)):
        if not is_free:
            yield Reply(subject(asked), "late", "nothing was proposed: another order leaves at this moment; ask again")
            continue
        outcome = picked_outcome(asked, snapshot, rulebook, rows)
        if isinstance(outcome, OrderProposed):
            is_free = False
            yield Propose(outcome)
        else:
            text = outcome if isinstance(outcome, str) else str(outcome.obstacle)
            yield Reply(subject(asked), "unknown", f"nothing was proposed: {text}")
