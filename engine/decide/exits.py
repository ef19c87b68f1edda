"""Exits: which open positions are to be closed now, by the rules of the version that opened them.

1. Positions whose legs have expired are settled; that needs no quote.
2. Each strategy's rules are asked once for all of its positions, at the mark of each. What a quote that is not believed would
   answer is unknown; dates and times are answered all the same.
3. The first rule that holds wins: at once (a profit, a date, a time of day), or once it is believed (a stop, `confirm`).
4. What is due is closed, or it is said why it cannot be (`blocked`).
5. Below the account's last cushion positions are closed whatever their rules say (`reduction`).
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from engine.decide.apart import apart
from engine.decide.asking import ask_now, ask_quiet, ask_silent, told_at
from engine.decide.blocked import Due, act, free, free_closed, wait
from engine.decide.book import Book
from engine.decide.closing import is_closing_time, on_its_way, proposals, why_not_sent
from engine.decide.confirm import counted, is_stop, pending
from engine.decide.find import ExitAnswer
from engine.decide.positions import OF_THE_MARKET, PRICED, PositionRow, measured
from engine.decide.quotes import Rows, spread_quote
from engine.decide.reduction import RULE as REDUCTION
from engine.decide.reduction import reduction
from engine.decide.rolls import PREFIX, action_of
from engine.domain.chain import MarketState
from engine.domain.clocks import DECIDED_WITHIN
from engine.domain.decision import CountExit, Decision, Settle, TriggerExit
from engine.domain.facts import ExitTriggered, PositionSettled
from engine.domain.position import Position
from engine.domain.session import trading_day
from engine.domain.snapshot import Snapshot
from engine.domain.spread import Leg
from engine.pricing.mark import Mark
from engine.strategy.conditions import LET_EXPIRE, Deed
from engine.strategy.model import Strategy

GUARD_BEFORE_CLOSE = timedelta(hours=3)
"""On the last day of options that end in shares, or in the opening prints of the day after, what is near the money is closed from
so long before the close on: 13:00 in New York, 10:00 on a half day."""
GUARD_DISTANCE = 0.02
GUARD = "expiry guard: a leg is near or in the money on its last day"
SETTLED_AFTER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class _Held:
    """One open position as it is looked at."""

    position: Position
    strategy: Strategy | None
    """Whose rules it keeps; None where they are lost."""
    mark: Mark | None
    answers: tuple[ExitAnswer, ...]
    """Of its rules, in the order of the file."""
    by_clock: tuple[bool, ...]
    """Whether each holds whatever the prices are."""


def exits(snapshot: Snapshot, book: Book, rows: Rows) -> list[Decision]:
    """Closings and settlements that are due, what is asked and said of those that cannot act, and the counting of stops."""
    decisions: list[Decision] = list(free_closed(snapshot))
    held: list[Position] = []
    for position in snapshot.ledger.open_positions():
        settled = apart(_place(position), partial(_settling, position, snapshot), snapshot)
        decisions += settled
        if not settled:
            held.append(position)
    if is_closing_time(snapshot, book):
        free_hands = [position for position in held if on_its_way(position, snapshot) is None]
        try:
            looked = _looked_at(free_hands, snapshot, book, rows)
        except Exception:  # noqa: BLE001 - one of them cannot be asked: each is asked apart
            for position in free_hands:
                alone = partial(_alone, position, snapshot, book, rows, proposals(decisions))
                decisions += apart(_place(position), alone, snapshot)
        else:
            for one in looked:
                decisions += apart(_place(one.position), partial(_exit, one, snapshot, rows, proposals(decisions)), snapshot)
        if not proposals(decisions):
            decisions += apart("exits for margin", partial(reduction, snapshot, book, rows), snapshot)
    if snapshot.is_open:
        decisions += ask_quiet(snapshot, rows, decisions)
    return decisions


def _place(position: Position) -> str:
    return f"exits of {position.id}"


def _settling(position: Position, snapshot: Snapshot) -> Iterator[Decision]:
    settled = _settled(position, snapshot)
    if settled is not None:
        yield settled


def _alone(position: Position, snapshot: Snapshot, book: Book, rows: Rows, proposed: int) -> Iterator[Decision]:
    for one in _looked_at([position], snapshot, book, rows):
        yield from _exit(one, snapshot, rows, proposed)


def _looked_at(positions: Sequence[Position], snapshot: Snapshot, book: Book, rows: Rows) -> list[_Held]:
    """Each position with its mark and the answers of its rules; the rules of one version are asked once."""
    marks = [spread_quote(position.spread, rows, "close") for position in positions]
    told: dict[int, tuple[ExitAnswer, ...]] = {}
    by_clock: dict[int, tuple[bool, ...]] = {}
    versions = [_rules_of(position, book) for position in positions]
    for strategy in {one.digest: one for one in versions if one is not None}.values():
        numbers = [n for n, version in enumerate(versions) if version is not None and version.digest == strategy.digest]
        seen = [_row(positions[n], marks[n], snapshot, rows) for n in numbers]
        blind = [{name: None if name in OF_THE_MARKET else value for name, value in row.items()} for row in seen]
        found = book.finder.exits(strategy, [*seen, *blind])
        told |= dict(zip(numbers, found, strict=False))
        clocks = (tuple(answer.holds is True for answer in answers) for answers in found[len(seen) :])
        by_clock |= dict(zip(numbers, clocks, strict=True))
    return [_Held(position, versions[n], marks[n], told.get(n, ()), by_clock.get(n, ())) for n, position in enumerate(positions)]


def _row(position: Position, mark: Mark | None, snapshot: Snapshot, rows: Rows) -> PositionRow:
    market = snapshot.market.get(position.spread.underlying)
    is_believed = mark is not None and mark.is_believed and why_not_sent(snapshot) is None
    row = measured(position, mark if is_believed else None, rows, market, snapshot.at, snapshot.session)
    return row if is_believed else {name: None if name in PRICED else value for name, value in row.items()}


def _exit(held: _Held, snapshot: Snapshot, rows: Rows, proposed: int) -> Iterator[Decision]:
    """What is done about one position: the first rule that holds wins, also while it is not believed yet."""
    due: Due | None = None
    is_left = held.strategy is not None and held.strategy.lets_expire
    standing: list[str] = []
    for answer, by_clock in zip(held.answers, held.by_clock, strict=True):
        text = answer.rule.condition.text
        hits = snapshot.exit_hits.get((held.position.id, text))
        if answer.holds is not False:
            standing.append(text)
        if answer.holds is None and pending(hits, snapshot) is not None:
            yield from _waits(text, held, snapshot, rows)
        if answer.holds is False and hits is not None and hits.count:
            yield CountExit(held.position.id, text, snapshot.at, 0)
        if answer.holds is not True:
            continue
        if answer.rule.action == LET_EXPIRE:
            is_left = True
            break
        assert held.strategy is not None, "rules that answer are those of a strategy"
        action = action_of(answer.rule, held.position, held.strategy, snapshot.ledger)
        at_once = by_clock or not is_stop(answer)
        is_due = yield from _believed(answer, action, held, snapshot, rows, at_once=at_once)
        if action == "alert":
            continue
        if is_due:
            due = _due(answer, action, held, snapshot, by_clock=by_clock)
        break
    if due is None and _guards(held.position, rows, snapshot, is_left=is_left):
        # The last day waits neither for a stop to be believed nor for quotes to become clean.
        due = Due(GUARD, GUARD, "guard")
    if due is not None:
        yield from act(due, held.position, held.mark, snapshot, rows, proposed)
    else:
        yield from _freed(held, standing, snapshot)


def _believed(
    answer: ExitAnswer, action: Deed, held: _Held, snapshot: Snapshot, rows: Rows, *, at_once: bool
) -> Generator[Decision, None, bool]:
    """Counts one more look at a rule that holds, and asks for the quotes that it waits for; whether it is due now.

    An alert is given once; a look without a fresh quote counts nothing.
    """
    text, position = answer.rule.condition.text, held.position
    hits = snapshot.exit_hits.get((position.id, text))
    is_alert = action == "alert"
    if at_once and not is_alert:
        return True
    if not snapshot.is_fresh:
        if not is_alert and pending(hits, snapshot) is not None:
            yield from _waits(text, held, snapshot, rows)
        return False
    count = counted(hits, snapshot, _told(held, snapshot, rows), at_once=at_once, forgets=not is_alert)
    if is_alert:
        yield CountExit(position.id, text, count.first_at, count.count)
        if count.is_believed and not count.was_believed:
            yield TriggerExit(_triggered(answer, action, held, snapshot))
        return False
    if count.is_believed:
        return True
    if snapshot.at - count.first_at >= DECIDED_WITHIN:
        yield from _waits(text, held, snapshot, rows, (count.first_at, count.count))
        return False
    yield CountExit(position.id, text, count.first_at, count.count)
    legs = position.spread.legs
    yield from ask_now(legs, snapshot) if pending(hits, snapshot) is None else ask_silent(legs, snapshot, rows)
    return False


def _waits(
    text: str, held: _Held, snapshot: Snapshot, rows: Rows, count: tuple[datetime, int] | None = None
) -> Iterator[Decision]:
    """What is asked and said while a stop has held and no fresh quote confirms or contradicts it."""
    told = [at for leg in held.position.spread.legs if (at := told_at(leg.contract, rows)) is not None]
    age = f"told {(snapshot.at - min(told)).total_seconds():.0f} s ago" if told else "never told"
    why = f"it held, and its quotes are not told anew: {age}"
    yield from wait(text, held.position, "no price", why, snapshot, rows, count)


def _told(held: _Held, snapshot: Snapshot, rows: Rows) -> list[datetime]:
    """When the quotes of its legs were told, but for a leg that brings nothing whenever it was quoted."""
    if held.mark is not None:
        return [snapshot.at - timedelta(seconds=age_s) for age_s in held.mark.ages_s]
    return [at for leg in held.position.spread.legs if (at := told_at(leg.contract, rows)) is not None]


def _due(answer: ExitAnswer, action: Deed, held: _Held, snapshot: Snapshot, *, by_clock: bool) -> Due:
    text = answer.rule.condition.text
    kind = "clock" if by_clock else "stop" if is_stop(answer) else "target"
    reason = (PREFIX if action == "roll" else "") + text
    return Due(text, reason, kind, _triggered(answer, action, held, snapshot))


def _triggered(answer: ExitAnswer, action: Deed, held: _Held, snapshot: Snapshot) -> ExitTriggered:
    values = {name: None if value is None else float(value) for name, value in answer.values.items()}
    return ExitTriggered(held.position.id, answer.rule.condition.text, action, snapshot.chain.id, values)


def _freed(held: _Held, standing: Sequence[str], snapshot: Snapshot) -> Iterator[Decision]:
    """The word that what was due no longer is; a rule that cannot be answered is still due."""
    _, blocked = snapshot.ledger.blocked_exits.get(held.position.id, (None, None))
    if blocked is not None and blocked.rule not in standing and not blocked.rule.startswith(REDUCTION):
        yield from free(held.position, "its rule no longer holds", snapshot)


def _rules_of(position: Position, book: Book) -> Strategy | None:
    """The version that opened the position; where it is lost, the present one of that name: some rules are better than none."""
    born_with = book.versions.get(position.digest)
    return born_with or next((strategy for strategy in book.strategies if strategy.name == position.strategy), None)


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
