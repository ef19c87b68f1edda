"""What was supposed to fill, watched to its supposed end: the same exits at the same marks, and nothing is sent.

The first exit that closes anything closes all of it, at the far side of every quote, on the first look that is believed. What
expires is settled as a position is.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from engine.decide.exit.expiry import guards, settled
from engine.decide.exit.held import Held, looked_at
from engine.decide.quotes import Rows
from engine.decide.rulebook import Rulebook
from engine.domain.decision import Decision, Note
from engine.domain.facts.ladder import NotedClosed
from engine.domain.facts.positions import PositionSettled
from engine.domain.ladder import Noted
from engine.domain.position import Position, newly_opened
from engine.domain.snapshot import Snapshot
from engine.strategy.conditions import LEFT_SIDES, LET_EXPIRE

LAST_DAY = "last day"


def shadows(snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Iterator[Decision]:
    """Supposed positions that are supposed to be closed now, or whose expiry has settled them."""
    known = [one for one in snapshot.ledger.ladder.open.values() if one.fact.net is not None]
    open_now = list[tuple[Noted, Position]]()
    for noted in known:
        position = _supposed(noted)
        ended = settled(position, snapshot)
        if ended is None:
            open_now.append((noted, position))
        elif isinstance(ended.fact, PositionSettled):
            made = position.unrealised(*(ended.fact.value for _ in position.parts)) - noted.fact.would_open.fees / 2
            yield Note(NotedClosed(position.id, position.strategy, ended.fact.reason, ended.fact.value, made))
        else:  # the first expiry of two: what is left would be another structure
            yield Note(NotedClosed(position.id, position.strategy, "its first expiry is over", None, None))
    if not snapshot.is_open or not snapshot.is_fresh or not open_now:
        return
    for held, (noted, _) in zip(looked_at([one for _, one in open_now], snapshot, rulebook, rows), open_now, strict=True):
        rule = _rule(held, snapshot, rows)
        if rule is not None and held.marks is not None and all(mark.is_believed for mark in held.marks):
            nets: Sequence[Decimal] = [mark.natural for mark in held.marks]
            made = held.position.unrealised(*nets) - noted.fact.would_open.fees
            yield Note(NotedClosed(held.position.id, held.position.strategy, rule, sum(nets, Decimal(0)), made))


def _supposed(noted: Noted) -> Position:
    order, net = noted.fact.would_open, noted.fact.net
    assert net is not None, "only what is supposed to have filled is open"
    return newly_opened(
        order.order_ref, order.strategy, order.digest, order.spread, order.quantity, net, noted.at, noted.fact.prices
    )


def _rule(held: Held, snapshot: Snapshot, rows: Rows) -> str | None:
    """The exit that would close it, or what ends it on its last day; None where it stays."""
    for answer in held.answers:
        if answer.holds is not True or answer.rule.action == "alert":
            continue
        if answer.rule.action == LET_EXPIRE or answer.rule.action in LEFT_SIDES:
            return None
        return answer.rule.text
    return LAST_DAY if guards(held.position, rows, snapshot, ()) else None
