"""What a strategy on the first two rungs would open: noted as a fact, proposed to nobody.

In `record` the first of each trading day is noted. In `shadow` each is, as often as the file allows, and it is supposed to fill
where that is certain: at the far side of every quote, if the walk of its price may go so far. What is supposed is kinder than
nothing and harder than the market.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from engine.decide.quotes import Rows, spread_quote
from engine.decide.risk.ladder import SENDS_NOTHING, lowering, rung_of
from engine.domain.candidate import Candidate
from engine.domain.decision import Decision, Note
from engine.domain.facts.ladder import OpeningNoted
from engine.domain.facts.orders import OrderProposed
from engine.domain.session import trading_day
from engine.domain.snapshot import Snapshot
from engine.strategy.model import Strategy

APART = timedelta(minutes=15)
"""After an opening was noted, its underlying is left alone by that strategy, as after one that did not fill."""

Proposed = Callable[[Candidate, Snapshot], object]
"""What would become of a candidate: an order where it passes every gate."""


def on_ladder(
    strategy: Strategy, candidates: Sequence[Candidate], proposed: Proposed, snapshot: Snapshot, rows: Rows
) -> Iterator[Decision]:
    """What a look at the market says of a strategy's rung: a move down that is due, or else what it would have opened."""
    if snapshot.ledger.mode != "sim" and (lowered := lowering(strategy, snapshot)) is not None:
        yield Note(lowered)
        return
    stands = rung_of(strategy, snapshot.ledger, snapshot.at)
    if stands not in SENDS_NOTHING or not strategy.enabled or not _has_room(strategy, stands, snapshot):
        return
    as_if = replace(snapshot, is_noting=True)
    for candidate in candidates:
        if _is_passed_over(strategy, candidate, snapshot):
            continue
        made = proposed(candidate, as_if)
        if isinstance(made, OrderProposed):
            yield from _noted(strategy, stands, made, snapshot, rows)
        return


def _noted(strategy: Strategy, stands: str, order: OrderProposed, snapshot: Snapshot, rows: Rows) -> Iterator[Decision]:
    quote = spread_quote(order.spread, rows, "open")
    if quote is None:
        return
    number = snapshot.ledger.ladder.notes.get(strategy.name, 0) + 1
    name = f"{strategy.name}-{stands}-{number:04d}"
    named = replace(order, order_ref=name, position=name)
    fills = stands == "shadow" and quote.natural >= order.worst
    rung = "shadow" if stands == "shadow" else "record"
    sides = [
        (leg.contract.con_id, rows.value(leg.contract.con_id, "bid" if leg.sign < 0 else "ask")) for leg in order.spread.legs
    ]
    prices = {con_id: Decimal(repr(round(price or 0.0, 4))) for con_id, price in sides}
    yield Note(OpeningNoted(strategy.name, rung, named, quote.natural, prices, quote.natural if fills else None))


def _has_room(strategy: Strategy, stands: str, snapshot: Snapshot) -> bool:
    """Whether one more may be noted: in record one a day, in shadow as many as the file's own counts let through."""
    ledger, today = snapshot.ledger, trading_day(snapshot.at)
    noted = [one for one in ledger.ladder.recent.get(strategy.name, ()) if trading_day(one.at) == today]
    if stands == "record":
        return not noted
    held = sum(1 for position in ledger.open_positions() if position.strategy == strategy.name)
    supposed = [one for one in noted if one.fact.net is not None]
    limits = strategy.limits
    return len(supposed) < limits.per_day and held + len(ledger.ladder.open_of(strategy.name)) < limits.open


def _is_passed_over(strategy: Strategy, candidate: Candidate, snapshot: Snapshot) -> bool:
    key, underlying, ladder = candidate.spread.key, candidate.spread.underlying, snapshot.ledger.ladder
    if any(one.fact.would_open.spread.key == key for one in ladder.open_of(strategy.name)):
        return True
    last = (one for one in ladder.recent.get(strategy.name, ()) if one.fact.would_open.spread.underlying == underlying)
    return any(snapshot.at - one.at < APART for one in last)
