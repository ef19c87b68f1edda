"""Which facts a person is told of when nobody looks at a screen, in words for a telephone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from engine import words
from engine.decide.exit.ending import Ending
from engine.decide.exit.expiry import GUARD
from engine.decide.risk.ladder import why_lowered
from engine.domain.facts.halts import BreakerTripped, Halted, Resumed
from engine.domain.facts.ladder import RungLowered
from engine.domain.facts.orders import ApprovalAsked, LegFilled, OrderCanceled
from engine.domain.facts.positions import ExitBlocked, ExitFreed, ExitTriggered, LegsExpired, OptionsExercised, PositionSettled
from engine.domain.facts.running import LinkChanged, LoginReminded, LookMissed
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.session import NEW_YORK, trading_day
from engine.notify.choice import Kind

URGENT: frozenset[Kind] = frozenset({"halt", "trip", "link", "exit"})
"""Sent in quiet hours too: what cannot wait until the morning."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. It names no account and no secret: it travels through other people's machines."""

    kind: Kind
    key: str
    """Two messages of one key say the same."""
    title: str
    body: str = ""
    can_wait: bool = False
    """Of an urgent kind, and yet nothing for the night."""

    @property
    def is_urgent(self) -> bool:
        return self.kind in URGENT and not self.can_wait


def message_of(fact: Fact, at: datetime, ledger: Ledger) -> Message | None:
    """What a person is told of a fact that was folded into the ledger; None where it is no news for a telephone."""
    match fact:
        case LegFilled() | OrderCanceled():
            order = ledger.orders.get(fact.order_ref)
            return None if order is None else _filled(order, ledger, is_over=isinstance(fact, OrderCanceled))
        case ApprovalAsked():
            return _asked(fact, ledger)
        case Halted(by=by, reason=reason):
            return Message("halt", f"halt {at.isoformat()}", f"HALTED by {by}", f"{reason}\nNothing is opened, exits go on.")
        case Resumed(by=by):
            return Message("halt", f"resumed {at.isoformat()}", f"resumed by {by}")
        case BreakerTripped():
            return _tripped(fact)
        case RungLowered(strategy=strategy, rung=rung):
            title = f"{strategy} moved down to {rung}"
            return Message("trip", f"rung {strategy} {at.isoformat()}", title, f"{why_lowered(fact)}\nIts exits go on.")
        case LinkChanged(state=state, text=text) if state not in {"connecting", "restarting"}:
            return Message("link", f"link {state} {at.isoformat()}", f"broker link {words.link(state)}", text)
        case LookMissed(looked_at=looked_at, is_paused=is_paused, text=text):
            title = "nobody looks: openings are paused" if is_paused else "nobody looks: openings will be paused"
            return Message("halt", f"look {looked_at.isoformat()} {is_paused}", title, text)
        case LoginReminded(ends_at=ends_at, text=text):
            return Message("link", f"login {ends_at.date()} {text[:20]}", "TWS wants its weekly login", text)
        case ExitTriggered(position=position, rule=rule, action="alert"):
            return Message("exit", f"alert {position} {rule}", f"ALERT: {_named(position, ledger)}", rule)
        case ExitTriggered(position=position, rule=rule) if rule == GUARD:
            return Message("expiry", f"guard {position}", f"closing before expiry: {_named(position, ledger)}", rule)
        case OptionsExercised(position=position):
            title = f"EXERCISED: {_named(position, ledger)}"
            body = f"{fact.reason}: {fact.shares:+d} {fact.share} at {fact.price}"
            return Message("expiry", f"exercised {position} {fact.con_id} {at.isoformat()}", title, body)
        case ExitBlocked():
            title = f"EXIT BLOCKED: {_named(fact.position, ledger)}"
            body = f"{fact.rule}: {fact.obstacle}: {fact.text}\ntried again by {_clock(fact.again_at)}"
            # What nobody bids for is worth next to nothing.
            can_wait = fact.obstacle == "no bid"
            return Message("exit", f"exit {fact.position} {fact.rule} {fact.obstacle}", title, body, can_wait)
        case ExitFreed():
            return Message(
                "exit", f"freed {fact.position} {fact.rule}", f"exit free again: {_named(fact.position, ledger)}", fact.text
            )
        case LegsExpired():
            return Message("expiry", f"expired {fact.position} {fact.expired_at}", f"legs expired: {fact.position}", fact.reason)
        case PositionSettled():
            title = f"settled: {_named(fact.position, ledger)}"
            return Message("expiry", f"settled {fact.position}", title, f"at {fact.value} a share: {fact.reason}")
        case _:
            return None


def digest(ledger: Ledger, now: datetime, endings: Mapping[str, Ending]) -> Message:
    """The day in a few lines: its result, what filled, what is open, what ends soon and what wants a person.

    `endings`: what becomes of positions that end within days, by their names.
    """
    day, positions = trading_day(now), list(ledger.open_positions())
    filled = [order for order in ledger.orders.values() if order.filled and _is_of(order, now)]
    pnl = ledger.worth.equity.day_pnl if ledger.worth.equity is not None else None
    lines = [
        f"result of the day: {'unknown' if pnl is None else _dollars(pnl)}",
        f"filled: {sum(o.purpose == 'open' for o in filled)} openings, {sum(o.purpose == 'close' for o in filled)} closes",
        f"open: {len(positions)} positions",
    ]
    for position in positions:
        if all(leg.contract.is_share for leg in position.legs):
            lines.append(f"shares left over: {position.spread}")
        elif (end := endings.get(position.id)) is not None:
            lines.append(end.of(position))
    if ledger.halt is not None:
        lines.append(f"HALTED by {ledger.halt.by}: {ledger.halt.reason}")
    lines += [f"tripped: {trip.strategy or 'account'} {trip.name}" for _, trip in ledger.breakers.trips(day)]
    lines += [f"exit blocked: {_named(name, ledger)}: {fact.obstacle}" for name, (_, fact) in ledger.blocked_exits.items()]
    return Message("digest", f"digest {day}", f"{day:%a %d %b}", "\n".join(lines))


def _filled(order: Order, ledger: Ledger, *, is_over: bool) -> Message | None:
    """Whole orders, and what is left of one that was given up with a part filled: single legs are in the journal."""
    is_told = is_over == (order.remaining > 0)
    if order.net_filled is None or not order.is_balanced or not is_told:
        return None
    part = f"{order.filled} of {order.quantity}" if order.remaining else str(order.filled)
    verb = "opened" if order.purpose == "open" else "closed"
    title = f"{verb} {part} × {order.spread} at {_price(order.net_filled)}"
    position = ledger.positions.get(order.proposed.position)
    made = f"\nrealised {_dollars(position.realised)} before fees" if order.purpose == "close" and position is not None else ""
    return Message("fill", f"fill {order.ref} {order.filled}", title, f"{order.strategy}: {order.proposed.reason}{made}")


def _asked(fact: ApprovalAsked, ledger: Ledger) -> Message | None:
    order = ledger.orders.get(fact.order_ref)
    if order is None:
        return None
    title = f"approve? {order.quantity} × {order.spread} at {_price(fact.shown_net)}"
    body = f"{order.strategy}, at risk {_dollars(order.max_loss)}, until {_clock(fact.expires_at)} ({fact.reason})"
    return Message("approval", f"approval {fact.order_ref}", title, f"{body}\nspreads approve {fact.order_ref}")


def _tripped(fact: BreakerTripped) -> Message:
    until = "the next session" if fact.lifts == "next session" else "a person lifts it"
    title = f"TRIPPED: {fact.strategy or 'account'} {fact.name}"
    body = f"{_dollars(fact.value)} at a bound of {_dollars(fact.bound)}; nothing is opened until {until}"
    return Message("trip", f"trip {fact.strategy} {fact.name} {fact.day}", title, body)


def _is_of(order: Order, now: datetime) -> bool:
    at = order.last_executed_at
    return at is not None and now - at < timedelta(days=1) and trading_day(at) == trading_day(now)


def _named(position: str, ledger: Ledger) -> str:
    known = ledger.positions.get(position)
    return position if known is None else f"{known.quantity} × {known.spread}"


def _clock(at: datetime) -> str:
    return f"{at.astimezone(NEW_YORK):%H:%M:%S} New York"


def _price(amount: Decimal) -> str:
    return f"{amount.normalize():f}" if amount == amount.to_integral() else f"{amount:.2f}"


def _dollars(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}" if amount.is_finite() else "without a bound"
