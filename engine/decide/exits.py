"""Exits: which open positions are to be closed now, by the rules of the version that opened them.

A stop is believed when it has held on several fresh snapshots over some seconds, and the leg whose quote made it hold was quoted
anew meanwhile: one bad print must not close a position, however long it stands. A profit, a date and a time of day are believed
at once. Without a clean quote no rule fires; a settled expiry needs no quote.
Below the account's last cushion positions are closed whatever their rules say, the dearest in margin first.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from engine.decide.book import Book
from engine.decide.find import ExitAnswer
from engine.decide.positions import position_row
from engine.decide.price import closing_plan
from engine.decide.quotes import Rows, spread_quote
from engine.decide.refs import next_ref
from engine.decide.rolls import PREFIX, action_of
from engine.domain.chain import MarketState
from engine.domain.decision import CountExit, Decision, Propose, Settle, TriggerExit
from engine.domain.facts import ExitTriggered, OrderProposed, PositionSettled
from engine.domain.ledger import Ledger
from engine.domain.position import Position
from engine.domain.session import trading_day
from engine.domain.snapshot import ExitHits, Snapshot
from engine.domain.spread import Leg
from engine.pricing.fees import FeeLeg, commission
from engine.pricing.mark import Mark
from engine.strategy.conditions import LET_EXPIRE, Deed, ExitRule
from engine.strategy.expressions import measures_in
from engine.strategy.model import Strategy
from engine.strategy.values import Window

CONFIRMED_BY = 3
"""Snapshots in a row on which a stop must hold."""
CONFIRMED_OVER = timedelta(seconds=15)
FORGOTTEN_AFTER = timedelta(seconds=60)
"""A stop that was not looked at for so long, for want of clean quotes, is counted from the start."""
TRIGGERED_WITHIN = timedelta(seconds=5)
"""A quote told so shortly before a rule first held may be what made it hold. The beat looks a tenth of a second after a quote."""
AT_ONCE = frozenset(
    {"profit", "dte", "days_held", "time", "minutes_to_close", "credit", "debit", "max_profit", "days_to_ex_dividend"}
)
"""Measures that one snapshot is enough for: a date cannot be a bad print, and a profit that was one does not fill."""
GUARD_BEFORE_CLOSE = timedelta(hours=3)
"""On the last day of options that end in shares, or in the opening prints of the day after, what is near the money is closed from
so long before the close on: 13:00 in New York, 10:00 on a half day."""
GUARD_DISTANCE = 0.02
SETTLED_AFTER = timedelta(minutes=30)
ACCOUNT = "account"
"""Under this name the account's own rule is counted, beside the positions' rules."""
AGAIN_AFTER = timedelta(seconds=20)
"""Between the end of a close that did not fill and the next one."""


def exits(snapshot: Snapshot, book: Book, rows: Rows) -> list[Decision]:
    """Closings and settlements that are due, and the counting of stops that are not believed yet."""
    decisions: list[Decision] = []
    for position in snapshot.ledger.open_positions():
        settled = _settled(position, snapshot)
        if settled is not None:
            decisions.append(settled)
        elif snapshot.is_open and snapshot.is_fresh and out_of_hands(position, snapshot) is None:
            decisions += _exit(position, snapshot, book, rows, proposals(decisions))
    if snapshot.is_open and not proposals(decisions):
        decisions += _reduction(snapshot, book, rows)
    return decisions


def proposals(decisions: Sequence[Decision]) -> int:
    """How many of the decisions take an order reference."""
    return sum(isinstance(decision, Propose) for decision in decisions)


def out_of_hands(position: Position, snapshot: Snapshot) -> str | None:
    """Why a position cannot be closed now: a close is on its way, or ended so recently that its last fills may still be
    travelling, or a leg is not there to close or has stopped trading. None where it can be."""
    for order in snapshot.ledger.closings_of(position.id):
        if not order.is_over:
            return f"a close of it is on its way: {order.ref}, {order.state}"
        if snapshot.at - order.changed_at < AGAIN_AFTER:
            late = f"late fills may be on their way; try again in {AGAIN_AFTER.seconds} s"
            return f"its last close, {order.ref}, ended just now and {late}"
    if any(snapshot.calendar.is_over(leg.contract, snapshot.at) for leg in position.spread.legs):
        return "its last trading session is over, it waits for its settlement"
    return None if snapshot.holds(position.spread) else "the broker does not hold all of it"


def _exit(position: Position, snapshot: Snapshot, book: Book, rows: Rows, proposed: int) -> Iterator[Decision]:
    if not may_close(snapshot, book):
        return
    strategy = _rules_of(position, book)
    quote = spread_quote(position.spread, rows, "close")
    if quote is None or not quote.stands():
        return
    market = snapshot.market.get(position.spread.underlying)
    row = position_row(position, snapshot.chain, market, snapshot.at, snapshot.session)
    is_clean = quote.obstacle is None
    found = book.finder.exits(strategy, [row])[0] if strategy is not None and is_clean else ()
    is_left = strategy is not None and strategy.lets_expire
    for rule in found:
        hits = snapshot.exit_hits.get((position.id, rule.rule.condition.text))
        if strategy is not None and rule.holds is True:
            if rule.rule.action == LET_EXPIRE:
                is_left = True
                break
            action = action_of(rule.rule, position, strategy, snapshot.ledger)
            following = list(_believed(position, rule, action, quote, snapshot, rows, proposed))
            yield from following
            if proposals(following):
                return
            if action != "alert":
                break  # the first that holds wins, also while it is not believed yet
        elif hits is not None and hits.count:
            yield CountExit(position.id, rule.rule.condition.text, snapshot.at, 0)
    if _guards(position, rows, snapshot, is_left=is_left):
        # The last day waits neither for a stop to be believed nor for quotes to become clean: the bounds of the spread keep
        # the price sane.
        yield from close(position, "expiry guard: a leg is near or in the money on its last day", snapshot, rows, True, proposed)


def _believed(
    position: Position, found: ExitAnswer, action: Deed, quote: Mark, snapshot: Snapshot, rows: Rows, proposed: int
) -> Iterator[Decision]:
    """What follows from a rule that holds: one count more, or the exit once that is enough; an alert is given once."""
    text = found.rule.condition.text
    urgent = _is_stop(found)
    hits = snapshot.exit_hits.get((position.id, text))
    before = _still_counting(hits, snapshot, forgets=action != "alert")
    first_at, count = (before.first_at, before.count + 1) if before else (snapshot.at, 1)
    told_at = (snapshot.at - timedelta(seconds=age_s) for age_s in quote.ages_s)
    if any(first_at - TRIGGERED_WITHIN <= at <= first_at for at in told_at):
        count = min(count, CONFIRMED_BY - 1)  # the print that made the rule hold is still standing there, and may be a bad one
    was = before is not None and _is_confirmed(urgent, before.count, before.last_at - before.first_at)
    is_now = _is_confirmed(urgent, count, snapshot.at - first_at)
    if action == "alert" or not is_now:
        yield CountExit(position.id, text, first_at, count)
    if not is_now or (action == "alert" and was):
        return
    values = {name: None if value is None else float(value) for name, value in found.values.items()}
    yield TriggerExit(ExitTriggered(position.id, text, action, snapshot.chain.id, values))
    if action != "alert":
        yield from close(position, (PREFIX if action == "roll" else "") + text, snapshot, rows, urgent, proposed)


def _still_counting(hits: ExitHits | None, snapshot: Snapshot, *, forgets: bool) -> ExitHits | None:
    if hits is None or not hits.count or (forgets and snapshot.at - hits.last_at > FORGOTTEN_AFTER):
        return None
    return hits


def _is_confirmed(urgent: bool, count: int, over: timedelta) -> bool:
    return not urgent or (count >= CONFIRMED_BY and over >= CONFIRMED_OVER)


def _rules_of(position: Position, book: Book) -> Strategy | None:
    """The version that opened the position; where it is lost, the present one of that name: some rules are better than none."""
    born_with = book.versions.get(position.digest)
    return born_with or next((strategy for strategy in book.strategies if strategy.name == position.strategy), None)


def _is_stop(found: ExitAnswer) -> bool:
    """Whether a rule must be confirmed and its close is urgent: it looks at prices, or at a profit that is a loss."""
    profit = found.values.get("profit")
    return not _is_at_once(found.rule) or (profit is not None and profit < 0)


def _is_at_once(rule: ExitRule) -> bool:
    return {measure.name for measure in measures_in(rule.condition.expression)} <= AT_ONCE


def close(
    position: Position, reason: str, snapshot: Snapshot, rows: Rows, urgent: bool, proposed: int, asked_by: str | None = None
) -> Iterator[Decision]:
    """The order that closes all of a position; nothing where a leg has no quote."""
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
            asked_by=asked_by,
        )
    )


def may_close(snapshot: Snapshot, book: Book) -> bool:
    """Whether an open market, inside of the hours that the account gives to closing, can be traded on now."""
    window: Window = book.account.session.close
    zone, session = ZoneInfo(window.zone), snapshot.session
    assert session is not None, "asked in session only"
    last = min(window.end, (session.close.astimezone(zone) - timedelta(minutes=5)).time())
    inside = window.start <= snapshot.at.astimezone(zone).time() < last
    return inside and snapshot.is_connected and snapshot.data == "live"


def _guards(position: Position, rows: Rows, snapshot: Snapshot, *, is_left: bool) -> bool:
    """Whether a position must not be carried into its expiry: a leg near or in the money on its last afternoon.

    A leg that is settled in shares makes a holding of many times what was at risk, also one that is owned and exercised; one
    that is settled in the morning's prints has a night in which nothing can be done, unless the file lets it expire
    (`is_left`). Where nobody knows the price of the underlying, or the terms of the contract have changed, the leg is near
    the money.
    """
    session, market = snapshot.session, snapshot.market.get(position.spread.underlying)
    assert session is not None, "asked in session only"
    if snapshot.at < session.close - GUARD_BEFORE_CLOSE:
        return False
    for leg in position.spread.legs:
        may_expire = leg.contract.rule.cash and (is_left or _is_fixed_by_the_last_trade(leg, snapshot))
        if not may_expire and _trades_last(leg, snapshot):
            spot = rows.value(leg.contract.con_id, "spot") or (market.price if market else None)
            if spot is None or snapshot.is_changed(leg.contract.con_id):
                return True
            beyond = (float(leg.contract.strike) - spot) / spot * (1 if leg.contract.put_call == "P" else -1)
            if beyond > -GUARD_DISTANCE:
                return True
    return False


def _is_fixed_by_the_last_trade(leg: Leg, snapshot: Snapshot) -> bool:
    """Whether the leg settles at the close at which it stops trading: then nothing happens to it untraded."""
    rule, expiry, calendar = leg.contract.rule, leg.contract.expiry, snapshot.calendar
    return calendar.settles_at(rule, expiry) == calendar.trades_until(rule, expiry)


def _trades_last(leg: Leg, snapshot: Snapshot) -> bool:
    """Whether this is the last session in which the leg trades, or one after it."""
    return trading_day(snapshot.at) >= snapshot.calendar.last_trading_day(leg.contract)


def _settled(position: Position, snapshot: Snapshot) -> Settle | None:
    """The settlement of a position whose legs have expired, at the last price known; the statement has the final number."""
    spread, market = position.spread, snapshot.market.get(position.spread.underlying)
    settles = max(snapshot.calendar.settles_at(leg.contract.rule, leg.contract.expiry) for leg in spread.legs)
    spot = _last_price(market, settles, snapshot) if market else None
    if snapshot.at < settles + SETTLED_AFTER or spot is None:
        return None
    value = Decimal(0)
    for leg in spread.legs:
        strike, sign = leg.contract.strike, 1 if leg.contract.put_call == "C" else -1
        value += leg.sign * leg.ratio * max(Decimal(0), sign * (spot - strike))
    reason = f"expired with {spread.underlying} at {spot}, as last quoted"
    return Settle(PositionSettled(position.id, value, reason, settles))


def _last_price(market: MarketState, settles: datetime, snapshot: Snapshot) -> Decimal | None:
    """The price that stands for the settlement: the last one while no session has opened since, afterwards the close of that day.

    Closes end with the session before today.
    """
    day, today, session = trading_day(settles), trading_day(snapshot.at), snapshot.session
    since = snapshot.calendar.between(day, today)
    is_first_since = since == 0 and (session is None or snapshot.at < session.open)
    price = market.closes[-1 - since] if since < len(market.closes) else None
    if today <= day or (is_first_since and market.price is not None):
        price = market.price
    return Decimal(repr(round(price, 4))) if price is not None else None


def _reduction(snapshot: Snapshot, book: Book, rows: Rows) -> Iterator[Decision]:
    """The close of the position that frees the most margin, one at a time, while the account's cushion stays too thin."""
    cushion, least = snapshot.account.cushion, book.account.margin.cushion_reduce
    rule = f"cushion below {least:.0%}"
    hits = snapshot.exit_hits.get((ACCOUNT, rule))
    if cushion is None or cushion >= least or not may_close(snapshot, book):
        if hits is not None and hits.count:
            yield CountExit(ACCOUNT, rule, snapshot.at, 0)
        return
    if any(order.purpose == "close" for order in snapshot.ledger.working()):
        return
    before = _still_counting(hits, snapshot, forgets=True)
    first_at, count = (before.first_at, before.count + 1) if before else (snapshot.at, 1)
    if not _is_confirmed(True, count, snapshot.at - first_at):
        yield CountExit(ACCOUNT, rule, first_at, count)
        return
    ledger = snapshot.ledger
    free = [position for position in ledger.open_positions() if out_of_hands(position, snapshot) is None]
    for position in sorted(free, key=lambda position: (-_margin(position, ledger), position.id)):
        quote = spread_quote(position.spread, rows, "close")
        if quote is not None and quote.stands():  # a close on others would not be sent, and hold up the rest
            yield from close(position, f"{rule}: it is {cushion:.1%}", snapshot, rows, True, 0)
            return


def _margin(position: Position, ledger: Ledger) -> Decimal:
    """USD of maintenance margin that the broker's preview named for what is open; its maximum loss where it named none."""
    opening = ledger.orders[position.id]
    named = opening.preview.maintenance_margin_change if opening.preview else None
    return position.max_loss if named is None else named * position.quantity / opening.quantity
