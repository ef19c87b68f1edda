"""Why an opening must not fill any more: what stops its strategy, what goes first, and a market that is another one by now."""

from decimal import Decimal

from engine.decide.quotes import Rows, spread_quote
from engine.decide.risk.exposure import crosses
from engine.decide.rulebook import Rulebook
from engine.domain.clocks import TOLD_WITHIN
from engine.domain.cover import signed, uncovered
from engine.domain.order import Order
from engine.domain.session import trading_day
from engine.domain.snapshot import Snapshot

MOVED_DAYS = 0.25
"""An opening whose underlying moved by more than this part of a day's standard deviation fills where it has become worse."""
SESSIONS_PER_YEAR = 252


def left_behind(order: Order, rows: Rows) -> str | None:
    """Why the market is not the one that the opening was approved in; None while it is, and while nobody can tell."""
    con_id, then, now = order.spread.shorts[0].contract.con_id, order.spot, spot_of(order, rows)
    iv = rows.value(con_id, "atm_iv") or rows.value(con_id, "iv")
    if then is None or now is None or iv is None:
        return None
    if abs(now - then) <= Decimal(MOVED_DAYS * iv / SESSIONS_PER_YEAR**0.5) * then:
        return None
    return f"the underlying went from {then} to {now} since it was approved"


def spot_of(order: Order, rows: Rows) -> Decimal | None:
    spot = rows.value(order.spread.shorts[0].contract.con_id, "spot")
    return None if spot is None else Decimal(repr(round(spot, 4)))


def unwanted(order: Order, snapshot: Snapshot, rulebook: Rulebook) -> str | None:
    """Why an opening that was approved already must not fill any more; None while it may."""
    if snapshot.ledger.halt is not None:
        return "halted"
    closes = (other for other in snapshot.ledger.working() if other.purpose == "close")
    return (
        "it makes room for a close"
        if any(crosses(close, order) or order.joins == close.proposed.position for close in closes)
        else cannot_join(order, snapshot) or stopped(order.strategy, snapshot, rulebook)
    )


def cannot_join(order: Order, snapshot: Snapshot) -> str | None:
    """Why an opening has nothing to join any more, or would owe what nothing covers; None while it may, and for any other."""
    position = snapshot.ledger.positions.get(order.joins) if order.joins is not None else None
    if position is None:
        return None
    if not position.is_open:
        return f"{position.id}, which it was to join, is closed"
    held = position.held
    held.update(signed(order.spread.legs, order.remaining))
    bare = uncovered(held)
    return f"it would leave {', '.join(map(str, bare))} with no long contract beside it" if bare else None


def stopped(name: str, snapshot: Snapshot, rulebook: Rulebook) -> str | None:
    """Why a strategy may open nothing, not even what it has begun; None where it may."""
    strategy = next((one for one in rulebook.strategies if one.name == name), None)
    if strategy is None:
        return "its strategy is gone"
    if not strategy.enabled:
        return "its strategy is switched off"
    if name in snapshot.ledger.pauses:
        return f"its strategy is paused by {snapshot.ledger.pauses[name][1].by}"
    if name in snapshot.paused:
        return "its strategy is held back"
    if snapshot.ledger.mode == "live" and snapshot.ledger.files.arms.of(name, snapshot.at) is None:
        return f"it is not armed: {snapshot.ledger.files.arms.why_none(name)}"
    trip = snapshot.ledger.breakers.that_stops(name, trading_day(snapshot.at))
    return f"{trip[1].name} has tripped" if trip is not None else None


def unseen(order: Order, snapshot: Snapshot, rows: Rows) -> str | None:
    """Why an opening that works must not fill: nobody sees its market, or what is held; None while both are known."""
    if snapshot.data in {"delayed", "frozen"}:
        return f"market data is {snapshot.data}"
    if snapshot.data == "unknown":  # also for a moment after every connect
        mark = spread_quote(order.spread, rows, "open")
        if mark is None or mark.age_s > TOLD_WITHIN.total_seconds():
            return "market data is unknown"
    reconciled = snapshot.ledger.reconciled
    return "our books differ from the broker's" if reconciled is not None and reconciled.differences else None
