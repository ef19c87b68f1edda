"""When to look again though nothing is heard: silence and patience are noticed by the clock alone."""

from collections.abc import Iterator
from datetime import datetime

from engine.decide.asking import next_quiet
from engine.decide.exit.blocked import UNJUDGED
from engine.decide.exit.confirm import pending
from engine.decide.quotes import Rows
from engine.decide.risk.breakers import is_doubted
from engine.domain.clocks import LOOKED_AT_EVERY, SETTLES_AFTER
from engine.domain.snapshot import Snapshot

NEVER_S = float("inf")


def looks_again_in_s(snapshot: Snapshot) -> float:
    """Seconds after which an exit or a doubted breaker may have something to do; infinite where only news can give it any."""
    if any(is_doubted(hits, snapshot.at) for hits in snapshot.breaker_hits.values()):
        return LOOKED_AT_EVERY.total_seconds()
    if not snapshot.is_open:
        return NEVER_S
    waits = (hits for (_, rule), hits in snapshot.exit_hits.items() if rule != UNJUDGED)
    if any(pending(hits, snapshot) is not None for hits in waits):
        return LOOKED_AT_EVERY.total_seconds()
    ahead = [(at - snapshot.at).total_seconds() for at in _moments(snapshot) if at > snapshot.at]
    return max(LOOKED_AT_EVERY.total_seconds(), min(ahead, default=NEVER_S))


def _moments(snapshot: Snapshot) -> Iterator[datetime]:
    ledger = snapshot.ledger
    quiet_at = next_quiet(snapshot, Rows(snapshot.chain))
    if quiet_at is not None:
        yield quiet_at
    for _, blocked in ledger.blocked_exits.values():
        yield blocked.again_at
    for position in ledger.open_positions():
        for order in ledger.closings_of(position.id):
            yield order.changed_at + SETTLES_AFTER
