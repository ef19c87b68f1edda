"""The profit taker that rests at the broker: one plain order for the day, at the price at which its line would hold.

    placed      once its opening is over and nothing else of the position is on its way, at a mark that is believed and below it
    sized anew  whatever fills, of the opening or of itself: an order that is not what is held any more is canceled and made again
    made again  each morning, as it ends with the session
    withdrawn   before anything else closes some of the position: that waits for its end, and for fills that may be travelling

It never works beside another close of its position. While none rests, because it was refused, ended by hand or cannot be placed,
its line is an exit like any other and the engine watches it. It is never joined to another order at the broker: combinations take
neither an OCA group nor a child (TWS answers 356 and 359).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from engine.decide.entry.find import ExitAnswer
from engine.decide.exit.blocked import FEWEST, messages_today
from engine.decide.exit.closing import resting_close, why_not_sent
from engine.decide.exit.confirm import pending
from engine.decide.exit.cuts import Cut
from engine.decide.exit.held import Held
from engine.decide.order.price import raised
from engine.decide.positions import money
from engine.decide.quotes import Rows
from engine.decide.rulebook import Rulebook
from engine.domain.clocks import MESSAGES_A_DAY, SETTLES_AFTER
from engine.domain.decision import Decision, Tighten
from engine.domain.deeds import ROLLS
from engine.domain.facts.halts import GUARDIAN
from engine.domain.facts.orders import OrderTightened
from engine.domain.order import Order
from engine.domain.position import Position
from engine.domain.session import trading_day
from engine.domain.snapshot import Snapshot
from engine.domain.spread import Spread
from engine.strategy.model import Strategy
from engine.strategy.resting import target_of

LOOKS_BEFORE_ROOM = 2
"""A stop that has held on so many looks is likely to be believed on the next: what rests ends meanwhile."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What should rest at the broker for a position."""

    rule: str
    spread: Spread
    quantity: int
    limit: Decimal
    """USD per share of one combination, + received and - paid."""


def wanted(position: Position, strategy: Strategy | None) -> Wanted | None:
    """The order that its line asks for; None where it has none, or the position is no whole structure any more."""
    rule = next((one for one in strategy.exits if one.rests), None) if strategy is not None else None
    target = target_of(rule) if rule is not None else None
    if rule is None or target is None or not position.is_whole:
        return None
    part = position.parts[0]
    at_nothing = money(position, [Decimal(0)])
    profit, usd = at_nothing["profit"], target.usd(at_nothing)
    if usd is None or not isinstance(profit, float):
        return None
    per_share = Decimal(repr(round((usd - profit) / (part.quantity * part.spread.multiplier), 6)))
    limit = raised(part.spread, per_share)
    return Wanted(rule.text, part.spread, part.quantity, limit) if limit < part.spread.cap else None


def _is_watched_by_broker(position: Position, snapshot: Snapshot) -> bool:
    """Whether its profit taker rests at the broker, so that nobody need look at that line here."""
    return any(order.rests or order.state in {"sent", "unknown"} for order in resting_orders(position, snapshot))


def watched_here(held: Held, snapshot: Snapshot) -> Iterator[tuple[ExitAnswer, bool]]:
    """The answers of its rules, with whether each holds by the clock alone; without that of a line that rests at the broker."""
    rests = _is_watched_by_broker(held.position, snapshot)
    answers = zip(held.answers, held.by_clock, strict=True)
    return ((answer, by_clock) for answer, by_clock in answers if not (rests and answer.rule.rests))


def resting_orders(position: Position, snapshot: Snapshot) -> Iterator[Order]:
    """The profit takers of a position, oldest first."""
    return (order for order in snapshot.ledger.closings_of(position.id) if order.proposed.resting)


def rest(held: Held, snapshot: Snapshot, rows: Rows, proposed: int) -> Iterator[Decision]:
    """The profit taker of a position of which nothing is due, where none is at work and nothing is in its way."""
    position, strategy = held.position, held.strategy
    order = wanted(position, strategy)
    if order is None or kept_back(position, strategy, snapshot) is not None or not _is_below(held):
        return
    if any(not one.is_over for one in resting_orders(position, snapshot)) or not _is_settled(position, snapshot):
        return
    if _has_ended_otherwise(position, snapshot) or messages_today(position, snapshot) + FEWEST > MESSAGES_A_DAY:
        return
    is_sent = why_not_sent(snapshot) is None and snapshot.ledger.reconciled is not None and snapshot.holds(order.spread)
    if is_sent and not _is_crossed(order.spread, snapshot):
        cut = Cut(order.spread, order.quantity)
        yield from resting_close(position, cut, order.rule, order.limit, snapshot, rows, proposed)


def withdrawn(order: Order, snapshot: Snapshot, rulebook: Rulebook) -> str | None:
    """Why a profit taker must not rest any more, or not as it is; None while it may."""
    position = snapshot.ledger.positions.get(order.proposed.position)
    if position is None or not position.is_open:
        return "its position is closed"
    strategy = rulebook.rules_of(position)
    due = wanted(position, strategy)
    if due is None:
        return "no line of its file asks for it any more, or only a part of the position is left"
    if (due.spread.key, due.quantity) != (order.spread.key, order.remaining):
        return f"it is sized anew: {due.quantity} of {due.spread} are held"
    if due.limit != order.limit:
        return f"its line holds at {due.limit} now"
    return kept_back(position, strategy, snapshot)


def kept_back(position: Position, strategy: Strategy | None, snapshot: Snapshot) -> str | None:
    """What its profit taker makes room for; None where nothing needs it."""
    ledger = snapshot.ledger
    if ledger.flatten is not None:
        return "everything is to be closed"
    if ledger.halt is not None and ledger.halt.by == GUARDIAN:
        return "the guardian closes by the rules"
    other = next((one for one in ledger.closings_of(position.id) if not one.is_over and not one.proposed.resting), None)
    if other is not None:
        return f"it makes room for {other.ref}"
    due = next(_likely(position, strategy, snapshot), None) if strategy is not None else None
    return f"it makes room: {due} may be due" if due is not None else None


def is_in_the_way(close: Order, snapshot: Snapshot) -> bool:
    """Whether a close waits for a profit taker of its position: for its end, and then for fills that may be travelling."""
    if close.proposed.resting:
        return False
    position = snapshot.ledger.positions.get(close.proposed.position)
    return position is not None and any(_lingers(order, snapshot) for order in resting_orders(position, snapshot))


def smaller(close: Order, snapshot: Snapshot) -> Tighten | None:
    """A close for what its profit taker has left of it; None where that has not filled while its end was waited for."""
    position = snapshot.ledger.positions.get(close.proposed.position)
    if position is None:
        return None
    fills = [order.last_executed_at for order in resting_orders(position, snapshot)]
    left = position.count(close.spread)
    if left >= close.quantity or not left or not any(at is not None and at >= close.proposed_at for at in fills):
        return None
    return Tighten(OrderTightened(close.ref, "engine", f"{left} are left of it", left, close.proposed.worst))


def _lingers(order: Order, snapshot: Snapshot) -> bool:
    if order.is_at_broker:
        return True
    has_ended = order.sent_at is not None and order.is_over and order.state != "filled"
    return has_ended and snapshot.waited(order.changed_at) < SETTLES_AFTER


def _likely(position: Position, strategy: Strategy, snapshot: Snapshot) -> Iterator[str]:
    """The lines that have held on several looks, and would close some of it."""
    is_kept = strategy.roll is not None and strategy.roll.otherwise != "close"
    for rule in strategy.exits:
        stays = rule.action == "alert" or (rule.action in ROLLS and is_kept)
        hits = None if stays or rule.rests else pending(snapshot.exit_hits.get((position.id, rule.text)), snapshot)
        if hits is not None and hits.count >= LOOKS_BEFORE_ROOM:
            yield rule.text


def _is_below(held: Held) -> bool:
    """Whether its line does not hold, by a mark that is believed: beyond it the market pays more than its price."""
    return any(answer.rule.rests and answer.holds is False for answer in held.answers)


def _is_settled(position: Position, snapshot: Snapshot) -> bool:
    """Whether no order that made it, or closed some of it, is at work or has ended so lately that fills may be travelling."""
    ledger = snapshot.ledger
    orders = (ledger.orders[position.id], *ledger.rolls_of(position.id), *ledger.closings_of(position.id))
    return all(
        order.is_over and (order.state == "filled" or snapshot.waited(order.changed_at) >= SETTLES_AFTER) for order in orders
    )


def _has_ended_otherwise(position: Position, snapshot: Snapshot) -> bool:
    """Whether one was refused today, or canceled by somebody else: it is not made again against them."""
    today = trading_day(snapshot.at)
    return any(
        order.sent_at is not None
        and order.is_over
        and order.state != "filled"
        and not order.cancels
        and trading_day(order.changed_at) == today
        for order in resting_orders(position, snapshot)
    )


def _is_crossed(spread: Spread, snapshot: Snapshot) -> bool:
    """Whether an opening at work trades one of its contracts the other way: the broker would refuse the second of the two."""
    signs = {leg.contract.con_id: leg.sign for leg in spread.legs}
    openings = (order for order in snapshot.ledger.working() if order.purpose == "open")
    return any(signs.get(leg.contract.con_id) == leg.sign for order in openings for leg in order.spread.legs)
