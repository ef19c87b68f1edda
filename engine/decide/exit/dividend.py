"""The last session before an ex-date: whose call we are short exercises it for the dividend where its time value is less.

An assigned call owes that dividend and leaves shares sold short over a night. So a position with such a call is closed on the
afternoon before; where the call has no quote the close waits and says so. Where nobody knows the next dividend, a call in the
money is said once a day. Source: an option is worth more exercised than kept where exercise gains more than the time value that
it gives up; the gain of a call is the dividend.
"""

from collections.abc import Iterator
from datetime import date

from engine.decide.exit.blocked import Due
from engine.decide.exit.expiry import GUARD_BEFORE_CLOSE
from engine.decide.quotes import Rows
from engine.domain.chain import MarketState
from engine.domain.decision import ConfirmExit, Decision, TriggerExit
from engine.domain.facts.positions import ExitTriggered
from engine.domain.position import Position
from engine.domain.session import trading_day
from engine.domain.snapshot import Snapshot
from engine.domain.spread import Leg
from engine.pricing.assignment import dividend_risk

RULE = "dividend guard: a sold call is worth exercising for the dividend of the next session"
UNKNOWN = "a sold call is in the money and the next dividend is unknown: it may be assigned early"


def assigned_for_dividend(position: Position, rows: Rows, snapshot: Snapshot) -> Due | None:
    """The close of a position of which a call would be exercised overnight; None where none would, and where nobody knows."""
    market = snapshot.market.get(position.spread.underlying)
    if market is None or not _is_last_afternoon_before(market.next_ex_dividend, snapshot):
        return None
    amount = market.next_dividend
    calls = _calls_in_the_money(position, rows, market)
    if amount is None or not any(_gains(leg, rows, market, amount) for leg in calls):
        return None
    return Due(RULE, RULE, "clock")


def told_of_dividend(position: Position, rows: Rows, snapshot: Snapshot) -> Iterator[Decision]:
    """The word, once an afternoon, that nobody knows whether a call will be assigned for a dividend."""
    market = snapshot.market.get(position.spread.underlying)
    hits = snapshot.exit_hits.get((position.id, UNKNOWN))
    was_said = hits is not None and bool(hits.count)
    if not _is_afternoon(snapshot):
        if was_said:
            yield ConfirmExit(position.id, UNKNOWN, snapshot.at, 0)
    elif not was_said and (market is None or market.next_dividend is None) and _calls_in_the_money(position, rows, market):
        yield ConfirmExit(position.id, UNKNOWN, snapshot.at, 1)
        yield TriggerExit(ExitTriggered(position.id, UNKNOWN, "alert", snapshot.chain.id))


def dividend_within(market: MarketState | None, leg: Leg, today: date) -> float | None:
    """What the next dividend pays before the leg expires, USD per share: 0 where none does, None where nobody knows."""
    if market is None or market.next_dividend is None:
        return None
    ex_date = market.next_ex_dividend
    if ex_date is None:
        return market.next_dividend if not market.next_dividend else None
    if ex_date <= today:  # that one is over, and the one after it was not told
        return None
    return market.next_dividend if ex_date <= leg.contract.expiry else 0.0


def _is_afternoon(snapshot: Snapshot) -> bool:
    session = snapshot.session
    return session is not None and snapshot.at >= session.close - GUARD_BEFORE_CLOSE


def _is_last_afternoon_before(ex_date: date | None, snapshot: Snapshot) -> bool:
    today = trading_day(snapshot.at)
    if ex_date is None or not _is_afternoon(snapshot):
        return False
    return today < ex_date <= snapshot.calendar.after(today).day


def _calls_in_the_money(position: Position, rows: Rows, market: MarketState | None) -> list[Leg]:
    """The sold calls on shares that their owner may exercise for something; of an unknown price all of them."""
    calls = [leg for leg in position.shorts if leg.contract.put_call == "C" and leg.contract.rule.exercise == "American"]
    return [leg for leg in calls if (spot := _spot(leg, rows, market)) is None or spot > float(leg.contract.strike)]


def _gains(leg: Leg, rows: Rows, market: MarketState, amount: float) -> bool:
    """Whether the owner gains by exercising it; yes where it has no quote to tell."""
    bid, ask = (rows.value(leg.contract.con_id, side) for side in ("bid", "ask"))
    spot = _spot(leg, rows, market)
    if bid is None or ask is None or spot is None:
        return amount > 0
    strike, mid = float(leg.contract.strike), (bid + ask) / 2
    return dividend_risk("C", spot, strike, mid, amount, ex_date_is_next_session=True).at_risk


def _spot(leg: Leg, rows: Rows, market: MarketState | None) -> float | None:
    spot = rows.value(leg.contract.con_id, "spot")
    return spot if spot is not None else market.price if market is not None else None
