"""The close of a position: whether it can be closed now, and the order that does it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from engine.decide.exit.cuts import Cut, free_parts
from engine.decide.order.price import Plan, closing_plan
from engine.decide.order.references import next_ref
from engine.decide.quotes import Rows, spread_quote
from engine.decide.rulebook import Rulebook
from engine.domain.clocks import SETTLES_AFTER
from engine.domain.decision import Decision, Propose
from engine.domain.deeds import RollDeed
from engine.domain.facts.orders import OrderProposed
from engine.domain.position import Position
from engine.domain.session import Session
from engine.domain.snapshot import Snapshot
from engine.domain.spread import Leg
from engine.pricing.fees import FeeLeg, commission, share_commission
from engine.strategy.values.meaning import Window


@dataclass(frozen=True, slots=True)
class Why:
    """Why a close is sent."""

    reason: str
    """For people."""
    rule: str | None = None
    """The condition as the trader wrote it, or the engine's own rule; None where a person asks."""
    roll: RollDeed | None = None
    """The roll that it makes room for."""
    asked_by: str | None = None


LEFT_BEFORE_CLOSE = timedelta(minutes=5)
"""The last minutes belong to those who must trade: no close is decided in them."""


def proposals(decisions: Sequence[Decision]) -> int:
    """How many of the decisions take an order reference."""
    return sum(isinstance(decision, Propose) for decision in decisions)


def out_of_hands(position: Position, snapshot: Snapshot) -> str | None:
    """Why a position cannot be closed now: a close is on its way, or ended so recently that its last fills may still be
    travelling, or a leg is not there to close or has stopped trading. None where it can be."""
    is_there = all(snapshot.holds(part.spread) for part in position.parts)
    return on_its_way(position, snapshot) or (None if is_there else NOT_HELD)


NOT_HELD = "the broker does not hold all of it"


def is_free(position: Position, snapshot: Snapshot) -> bool:
    """Whether anything can be decided on a position now: some of it is in no close's hands, and it trades."""
    is_over = any(snapshot.calendar.is_over(leg.contract, snapshot.at) for leg in position.legs)
    return not is_over and bool(free_parts(position, snapshot))


def on_its_way(position: Position, snapshot: Snapshot, legs: Iterable[Leg] | None = None) -> str | None:
    """Why nothing more is decided on a position now: a close of it is on its way, was so until just now, or comes too late.

    With `legs` only closes that share a contract with them count.
    """
    about = None if legs is None else {leg.contract for leg in legs}
    for order in snapshot.ledger.closings_of(position.id):
        if order.proposed.resting:
            continue  # it makes room for whatever is decided
        if about is not None and about.isdisjoint(leg.contract for leg in order.spread.legs):
            continue
        if not order.is_over:
            return f"a close of it is on its way: {order.ref}, {order.state}"
        if snapshot.waited(order.changed_at) < SETTLES_AFTER:
            late = f"late fills may be on their way; try again in {SETTLES_AFTER.seconds} s"
            return f"its last close, {order.ref}, ended just now and {late}"
    if any(snapshot.calendar.is_over(leg.contract, snapshot.at) for leg in position.legs):
        return "its last trading session is over, it waits for its settlement"
    return None


def may_close(snapshot: Snapshot, rulebook: Rulebook) -> bool:
    """Whether an open market, inside of the hours that the account gives to closing, can be traded on now."""
    return is_closing_time(snapshot, rulebook) and why_not_sent(snapshot) is None


def is_closing_time(snapshot: Snapshot, rulebook: Rulebook) -> bool:
    """Whether the market is open and the account's hours for closing run."""
    if snapshot.session is None or not snapshot.is_open:
        return False
    first, last = closing_hours(snapshot.session, rulebook.account.session.close)
    return first <= snapshot.at < last


def closing_hours(session: Session, window: Window) -> tuple[datetime, datetime]:
    """From when, and until before when, closes are decided on the session's day."""
    first, last = (datetime.combine(session.day, clock, ZoneInfo(window.zone)) for clock in (window.start, window.end))
    return first.astimezone(UTC), min(last.astimezone(UTC), session.close - LEFT_BEFORE_CLOSE)


def why_not_sent(snapshot: Snapshot) -> str | None:
    """Why no order message can leave now, whatever its price; None while one can."""
    if snapshot.link_obstacle is not None:
        return snapshot.link_obstacle
    return None if snapshot.data == "live" else f"market data is {snapshot.data}"


def close(
    position: Position,
    cut: Cut,
    why: Why,
    snapshot: Snapshot,
    rows: Rows,
    urgent: bool,
    proposed: int,
    *,
    at_natural: bool = False,
    spares_fees: bool = True,
) -> Iterator[Decision]:
    """The order that closes these legs of a position; nothing where one has no quote.

    `at_natural` begins where a walk would end. With `spares_fees` it pays no more, its fees included, than expiry could cost.
    """
    spread, mark = cut.spread, spread_quote(cut.spread, rows, "close")
    if mark is None:
        return
    fees = _fees(cut, rows)
    per_share = fees / (cut.quantity * spread.multiplier)
    spared = per_share if spares_fees else Decimal(0)
    plan = closing_plan(spread, mark, urgent=urgent, at_natural=at_natural, fees=spared, floor=cut.floor)
    order = _close(position, cut, plan, why.reason, snapshot, fees, proposed)
    yield Propose(replace(order, asked_by=why.asked_by, urgent=urgent, at_natural=at_natural, rule=why.rule, roll=why.roll))


def resting_close(
    position: Position, cut: Cut, reason: str, limit: Decimal, snapshot: Snapshot, rows: Rows, proposed: int
) -> Iterator[Decision]:
    """The order that waits for the day at this one price, USD per share, + received."""
    order = _close(position, cut, Plan(limit, limit), reason, snapshot, _fees(cut, rows), proposed)
    yield Propose(replace(order, rule=reason, resting=True))


def _close(
    position: Position, cut: Cut, plan: Plan, reason: str, snapshot: Snapshot, fees: Decimal, proposed: int
) -> OrderProposed:
    """What every order that closes legs of a position says; `proposed` counts the orders of this look before it."""
    return OrderProposed(
        order_ref=next_ref(snapshot.ledger, snapshot.at, proposed),
        purpose="close",
        strategy=position.strategy,
        digest=position.digest,
        snapshot=snapshot.chain.id,
        position=position.id,
        spread=cut.spread,
        quantity=cut.quantity,
        limit=plan.limit,
        worst=plan.worst,
        max_loss=Decimal(0),
        fees=fees,
        reason=reason,
    )


def _fees(cut: Cut, rows: Rows) -> Decimal:
    """Estimated, USD for the whole order."""
    premiums = [rows.value(leg.contract.con_id, "ask") or 0.0 for leg in cut.spread.legs]
    if cut.spread.is_shares:
        return share_commission(cut.quantity, premiums[0])
    legs = [FeeLeg(leg.ratio, premium, leg.contract.root) for leg, premium in zip(cut.spread.legs, premiums, strict=True)]
    return commission(legs, cut.quantity)
