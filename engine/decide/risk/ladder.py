"""The promotion ladder: on which rung a strategy stands, what its bands ask of it, and the gate that keeps it there.

    record   what it would open is noted, once a day; nothing is proposed
    shadow   what it would open is noted and supposed to trade, at the far side of every quote; nothing is sent
    paper    it trades a paper account
    one lot  it trades real money, one spread at a time, under an arm
    live     as many as its file says, under an arm

A strategy begins where its file and its arm say. Where what it shows leaves a band it stands one rung lower, which is a fact,
until a person resumes it; then it is counted anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import get_args

from engine.decide.risk.asked import Asked
from engine.domain.facts.ladder import LadderRung, RungLowered
from engine.domain.gate import Verdict
from engine.domain.ledger import Ledger
from engine.domain.snapshot import Snapshot
from engine.strategy.model import Strategy

RUNGS: tuple[LadderRung, ...] = get_args(LadderRung)
"""Lowest first."""
SENDS_NOTHING: frozenset[LadderRung] = frozenset({"record", "shadow"})
DAYS_RECORDED = 3
"""Trading days on which something was noted, before shadow: a file that finds nothing shows nothing."""
SHADOWS_CLOSED = 10
"""Supposed positions that were seen to close, before paper."""


@dataclass(frozen=True, slots=True)
class Band:
    """A number that a strategy must keep to stay on its rung."""

    name: str
    count: int
    """Of how many it is taken, the last ones; with fewer it says nothing."""
    least: Decimal
    asks: str


RESULT = Band("result", 10, Decimal("-0.25"), "result of the last 10 closed positions, as a share of what they could lose")
FILLED = Band("filled", 20, Decimal("0.30"), "share of the last 20 openings that filled")
BANDS = (RESULT, FILLED)


def rung_of(strategy: Strategy, ledger: Ledger, at: datetime) -> LadderRung:
    """Where a strategy stands: by its file and its arm, or lower where it was moved down."""
    lowered = ledger.ladder.lowered.get(strategy.name)
    own = _own_rung(strategy, ledger, at)
    return own if lowered is None or RUNGS.index(own) <= RUNGS.index(lowered.rung) else lowered.rung


def rung(asked: Asked) -> Iterator[Verdict]:
    """Whether the strategy stands where orders are sent; asked of nothing that is only noted."""
    strategy, ledger = asked.strategy, asked.snapshot.ledger
    if asked.snapshot.is_noting:
        return
    stands = rung_of(strategy, ledger, asked.snapshot.at)
    if stands not in SENDS_NOTHING and (ledger.mode != "live" or strategy.name not in ledger.ladder.lowered or stands != "paper"):
        return
    lowered = ledger.ladder.lowered.get(strategy.name)
    if lowered is not None and lowered.rung == stands:
        way = f"`spreads resume --strategy {strategy.name}`"
        yield Verdict("rung", "fail", f"{stands}, moved down: {why_lowered(lowered)}", way, "engine")
    else:
        yield Verdict("rung", "fail", f"{stands} (nothing is sent)", "at least paper", strategy.name)


def lowering(strategy: Strategy, snapshot: Snapshot) -> RungLowered | None:
    """The move that is due, where a number is out of its band; None where all are within, or there are too few to say."""
    ledger = snapshot.ledger
    stands = rung_of(strategy, ledger, snapshot.at)
    below = RUNGS.index(stands) - 1
    if below < 0:
        return None
    for band in BANDS:
        value = measured(band, strategy.name, stands, ledger)
        if value is not None and value < band.least:
            return RungLowered(strategy.name, stands, RUNGS[below], band.name, value, band.least, band.count)
    return None


def why_lowered(fact: RungLowered) -> str:
    """For people."""
    of = "of what it could lose" if fact.band == RESULT.name else "of its openings filled"
    what = "positions closed" if fact.band == RESULT.name else "openings"
    return f"{fact.value:.0%} {of} in the last {fact.count} {what}, at least {fact.bound:.0%} wanted"


def measured(band: Band, strategy: str, stands: LadderRung, ledger: Ledger) -> Decimal | None:
    """The number of a band, a share; None where there are too few to say."""
    if stands in SENDS_NOTHING:
        return _noted_result(strategy, ledger) if band is RESULT else _noted_filled(strategy, ledger)
    return _result(strategy, ledger) if band is RESULT else _filled(strategy, ledger)


def _own_rung(strategy: Strategy, ledger: Ledger, at: datetime) -> LadderRung:
    if strategy.mode in SENDS_NOTHING:
        return strategy.mode
    if ledger.mode != "live" or strategy.mode != "live":
        return "paper"
    arm = ledger.files.arms.of(strategy.name, at)
    return "live" if arm is not None and arm.rung == "full" else "one lot"


def _noted_result(strategy: str, ledger: Ledger) -> Decimal | None:
    last = ledger.ladder.results.get(strategy, ())[-RESULT.count :]
    return _share([(one.result_usd, one.risked_usd) for one in last])


def _noted_filled(strategy: str, ledger: Ledger) -> Decimal | None:
    since = ledger.ladder.since.get(strategy)
    supposed = [one for one in ledger.ladder.recent.get(strategy, ()) if one.fact.rung == "shadow"]
    last = [one for one in supposed if since is None or one.at >= since][-FILLED.count :]
    return None if len(last) < FILLED.count else Decimal(sum(one.fact.net is not None for one in last)) / FILLED.count


def _result(strategy: str, ledger: Ledger) -> Decimal | None:
    since, found = ledger.ladder.since.get(strategy), list[tuple[Decimal, Decimal]]()
    days = sorted((day for name, day in ledger.index.closed if name == strategy), reverse=True)
    for day in days:
        for position in reversed(list(ledger.closed_on(strategy, day))):
            opening = ledger.orders[position.id]
            if opening.is_adopted or (since is not None and (position.closed_at is None or position.closed_at < since)):
                continue
            found.append((position.realised, opening.max_loss * opening.filled / opening.quantity))
            if len(found) == RESULT.count:
                return _share(found)
    return None


def _filled(strategy: str, ledger: Ledger) -> Decimal | None:
    since, filled, seen = ledger.ladder.since.get(strategy), 0, 0
    for day in sorted(ledger.index.sent, reverse=True):
        for order in reversed(list(ledger.sent_on(day))):
            if order.strategy != strategy or order.purpose != "open" or not order.is_over:
                continue
            if since is not None and (order.sent_at is None or order.sent_at < since):
                return None
            seen, filled = seen + 1, filled + (order.filled > 0)
            if seen == FILLED.count:
                return Decimal(filled) / seen
    return None


def _share(found: list[tuple[Decimal, Decimal]]) -> Decimal | None:
    risked = sum((risk for _, risk in found), Decimal(0))
    return None if len(found) < RESULT.count or not risked else sum((result for result, _ in found), Decimal(0)) / risked
