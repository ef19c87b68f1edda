"""Exits: which open positions are to be closed now, by the rules of the version that opened them.

A stop is believed when it has held on several snapshots over some seconds: one bad print must not close a position. A profit, a
date and a time of day are believed at once. Without a clean quote nothing fires; a settled expiry needs no quote.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal

from engine.decide.book import Book
from engine.decide.find import ExitAnswer
from engine.decide.positions import position_row
from engine.decide.price import closing_plan
from engine.decide.quotes import Rows, spread_quote
from engine.decide.refs import next_ref
from engine.domain.decision import CountExit, Decision, Propose, Settle, TriggerExit
from engine.domain.facts import ExitTriggered, OrderProposed, PositionSettled
from engine.domain.position import Position
from engine.domain.session import NEW_YORK, days_to_expiry, settlement_instant
from engine.domain.snapshot import Snapshot
from engine.pricing.fees import FeeLeg, commission
from engine.strategy.conditions import ExitRule
from engine.strategy.expressions import measures_in
from engine.strategy.values import Window

CONFIRMED_BY = 3
"""Snapshots in a row on which a stop must hold."""
CONFIRMED_OVER = timedelta(seconds=15)
AT_ONCE = frozenset(
    {"profit", "dte", "days_held", "time", "minutes_to_close", "credit", "debit", "max_profit", "days_to_ex_dividend"}
)
"""Measures that one snapshot is enough for: a date cannot be a bad print, and a profit that was one does not fill."""
GUARD_FROM = time(13, 0)
"""On the expiry day of physically settled options a short near the money is closed from this time in New York on."""
GUARD_DISTANCE = 0.02
SETTLED_AFTER = timedelta(minutes=30)
QUOTE_AGE_MAX_S = 30.0
AGAIN_AFTER = timedelta(seconds=20)
"""Between the end of a close that did not fill and the next one."""


def exits(snapshot: Snapshot, book: Book, rows: Rows) -> list[Decision]:
    """Closings and settlements that are due, and the counting of stops that are not believed yet."""
    decisions: list[Decision] = []
    for position in snapshot.ledger.open_positions():
        settled = _settled(position, snapshot)
        if settled is not None:
            decisions.append(settled)
        elif snapshot.is_open and not _is_closing(position, snapshot):
            decisions += _exit(position, snapshot, book, rows, len(decisions))
    return decisions


def _is_closing(position: Position, snapshot: Snapshot) -> bool:
    """A close is on its way, or ended so recently that its last fills may still be travelling."""
    closings = snapshot.ledger.closings_of(position.id)
    return any(not order.is_over or snapshot.at - order.changed_at < AGAIN_AFTER for order in closings)


def _exit(position: Position, snapshot: Snapshot, book: Book, rows: Rows, proposed: int) -> Iterator[Decision]:
    if not _may_close(snapshot, book):
        return
    strategy = book.versions.get(position.digest)
    quote = spread_quote(position.spread, rows, "close")
    if quote is None or quote.obstacle is not None or quote.age_s > QUOTE_AGE_MAX_S:
        return
    market = snapshot.market.get(position.spread.underlying)
    row = position_row(position, snapshot.chain, market, snapshot.at, snapshot.session)
    found = book.finder.exits(strategy, [row])[0] if strategy is not None else ()
    for rule in found:
        if rule.holds is True:
            yield from _believed(position, rule, snapshot, rows, proposed)
            if rule.rule.action != "alert":
                return
        elif (position.id, rule.rule.condition.text) in snapshot.exit_hits:
            yield CountExit(position.id, rule.rule.condition.text, snapshot.at, 0)
    if _guards(position, rows, snapshot.at):
        yield from _close(position, "expiry guard: a short leg is near the money on its last day", snapshot, rows, True, proposed)


def _believed(position: Position, found: ExitAnswer, snapshot: Snapshot, rows: Rows, proposed: int) -> Iterator[Decision]:
    text = found.rule.condition.text
    urgent = not _is_at_once(found.rule)
    hits = snapshot.exit_hits.get((position.id, text))
    count = hits.count + 1 if hits and hits.count else 1
    first_at = hits.first_at if hits and hits.count else snapshot.at
    if found.rule.action == "alert" and hits is not None and hits.count:
        yield CountExit(position.id, text, first_at, count)
        return
    if urgent and (count < CONFIRMED_BY or snapshot.at - first_at < CONFIRMED_OVER):
        yield CountExit(position.id, text, first_at, count)
        return
    values = {name: None if value is None else float(value) for name, value in found.values.items()}
    yield TriggerExit(ExitTriggered(position.id, text, found.rule.action, snapshot.chain.id, values))
    if found.rule.action == "alert":
        yield CountExit(position.id, text, first_at, count)
    else:
        prefix = "roll: " if found.rule.action == "roll" else ""
        yield from _close(position, prefix + text, snapshot, rows, urgent, proposed)


def _is_at_once(rule: ExitRule) -> bool:
    return {measure.name for measure in measures_in(rule.condition.expression)} <= AT_ONCE


def _close(position: Position, reason: str, snapshot: Snapshot, rows: Rows, urgent: bool, proposed: int) -> Iterator[Decision]:
    quote = spread_quote(position.spread, rows, "close")
    if quote is None:
        return
    plan = closing_plan(position.spread, quote, urgent=urgent)
    premiums = [rows.value(leg.contract.con_id, "ask") or 0.0 for leg in position.spread.legs]
    legs = [FeeLeg(leg.ratio, premium) for leg, premium in zip(position.spread.legs, premiums, strict=True)]
    yield Propose(
        OrderProposed(
            order_ref=next_ref(snapshot.ledger, snapshot.at, proposed),
            purpose="close",
            strategy=position.strategy,
            digest=position.digest,
            snapshot=snapshot.chain.id,
            position=position.id,
            spread=position.spread,
            quantity=position.quantity,
            limit=plan.limit,
            worst=plan.worst,
            max_loss=Decimal(0),
            fees=commission(legs, position.quantity),
            reason=reason,
        )
    )


def _may_close(snapshot: Snapshot, book: Book) -> bool:
    window: Window = book.account.session.close
    local = snapshot.at.astimezone(NEW_YORK).time()
    session = snapshot.session
    assert session is not None, "asked in session only"
    last = min(window.end, (session.close.astimezone(NEW_YORK) - timedelta(minutes=5)).time())
    return window.start <= local < last and snapshot.is_connected and snapshot.data == "live"


def _guards(position: Position, rows: Rows, now: datetime) -> bool:
    """Whether a physically settled short must not be carried into its expiry: near or in the money on the last afternoon."""
    if days_to_expiry(now, position.spread.expiry) > 0 or now.astimezone(NEW_YORK).time() < GUARD_FROM:
        return False
    for leg in position.spread.legs:
        spot = rows.value(leg.contract.con_id, "spot")
        if leg.action == "sell" and not leg.contract.rule.cash and spot is not None:
            beyond = (float(leg.contract.strike) - spot) / spot * (1 if leg.contract.put_call == "P" else -1)
            if beyond > -GUARD_DISTANCE:
                return True
    return False


def _settled(position: Position, snapshot: Snapshot) -> Settle | None:
    """The settlement of a position whose legs have expired, at the last price known; the statement has the final number."""
    spread, market = position.spread, snapshot.market.get(position.spread.underlying)
    sessions = (snapshot.session,) if snapshot.session else ()
    settles = max(settlement_instant(leg.contract.expiry, leg.contract.rule.settlement, sessions) for leg in spread.legs)
    if snapshot.at < settles + SETTLED_AFTER or market is None or market.price is None:
        return None
    spot = Decimal(repr(round(market.price, 4)))
    value = Decimal(0)
    for leg in spread.legs:
        strike, sign = leg.contract.strike, 1 if leg.contract.put_call == "C" else -1
        value += leg.sign * leg.ratio * max(Decimal(0), sign * (spot - strike))
    return Settle(PositionSettled(position.id, value, f"expired with {spread.underlying} at {spot}, as last quoted"))
