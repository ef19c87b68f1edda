"""What becomes of a position at its next expiry is said three sessions before, in the words of what the guard will do."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.decide.exit.ending import Ending, ending
from engine.decide.exit.expiry import guards
from engine.decide.quotes import Rows
from engine.domain.contract import PutCall
from engine.domain.facts.positions import ExpiredLeg, LegsExpired
from engine.domain.ledger import Ledger
from engine.domain.parts import BOTH
from engine.domain.session import Session
from engine.domain.spread import Leg, Spread
from tests import given

CALENDAR = given.calendar(date(2026, 11, 1), date(2027, 2, 26), date(2026, 12, 25))
CLOSE = datetime(2026, 12, 18, 21, 0, tzinfo=UTC)


def sold(root: str, underlying: str, put_call: PutCall = "P", short: float = 580, long: float = 575) -> Spread:
    legs = (
        Leg(given.contract(short, put_call, root=root, underlying=underlying), "sell"),
        Leg(given.contract(long, put_call, root=root, underlying=underlying), "buy"),
    )
    return Spread("bull_put" if put_call == "P" else "bear_call", legs)


def held(of: Spread) -> Ledger:
    proposal = given.proposal(of=of)
    return given.ledger(*given.working(proposal), *given.fills(proposal))


def told(of: Spread, on: datetime, spot: float | None = 600.0, *, lets_expire: bool = False) -> Ending | None:
    return ending(held(of).positions["o1"], spot, CALENDAR, on, BOTH if lets_expire else ())


def on(day: int, hour: int = 16) -> datetime:
    return datetime(2026, 12, day, hour, 0, tzinfo=UTC)


@pytest.mark.parametrize(("day", "sessions"), [(14, None), (15, 3), (16, 2), (17, 1), (18, 0)])
def test_plan_is_told_from_three_sessions_before_the_last_one(day: int, sessions: int | None) -> None:
    found = told(sold("SPY", "SPY"), on(day))

    assert (found.sessions if found else None) == sessions


def test_weekend_is_no_session() -> None:
    found = told(sold("SPY", "SPY"), datetime(2026, 12, 12, 16, tzinfo=UTC))  # the Saturday before

    assert found is None  # Monday to Friday lie between


def test_what_ends_in_shares_is_left_to_expire_while_it_is_far_and_closed_where_it_comes_near() -> None:
    found = told(sold("SPY", "SPY"), on(17))

    assert found is not None
    assert (found.settles_in, found.trades_until, found.guarded_from) == ("shares", CLOSE, CLOSE.replace(hour=18))
    assert found.nearest == pytest.approx(20 / 600)
    assert found.plan == (
        "left to expire, settled in shares by the price of Fri 18 Dec 16:00 New York, and closed from Fri 18 Dec 13:00 New York"
        " on as soon as a leg is within 2% of the money: the 580P is 3.3% out of the money now"
    )


@pytest.mark.parametrize(
    ("spot", "where"), [(585.0, "the 580P is 0.9% out of the money now"), (578.0, "the 580P is 0.3% in the money now")]
)
def test_what_is_near_the_money_is_closed_on_its_last_afternoon(spot: float, where: str) -> None:
    found = told(sold("SPY", "SPY"), on(17), spot)

    assert found is not None
    assert found.plan == (f"closed from Fri 18 Dec 13:00 New York on, unless each leg is 2% out of the money by then: {where}")


def test_without_a_price_nobody_says_that_it_is_far() -> None:
    found = told(sold("SPY", "SPY"), on(17), None)

    assert found is not None
    assert found.nearest is None
    assert found.plan.startswith("closed from Fri 18 Dec 13:00 New York on, unless")
    assert "no price is known" in found.plan


def test_cash_by_the_close_in_which_it_trades_needs_no_guard() -> None:
    found = told(sold("SPXW", "SPX"), on(18), 578.0)

    assert found is not None
    assert (found.settles_in, found.guarded_from) == ("cash", None)
    assert found.plan == "left to expire, settled in cash by the price of Fri 18 Dec 16:00 New York"


@pytest.mark.parametrize("lets_expire", [False, True])
def test_cash_by_the_morning_after_is_guarded_the_afternoon_before_unless_the_file_leaves_it(lets_expire: bool) -> None:
    found = told(sold("SPX", "SPX"), on(17), 578.0, lets_expire=lets_expire)

    assert found is not None
    assert found.trades_until == CLOSE.replace(day=17)
    assert found.settles_at == CLOSE.replace(hour=14, minute=30)
    assert found.guarded_from == (None if lets_expire else CLOSE.replace(day=17, hour=18))
    assert ("left to expire" in found.plan) is lets_expire


def test_of_two_expiries_the_first_is_told_and_then_the_other() -> None:
    # Given a calendar, whose short leg ends a month before the long one
    near = given.contract(590, "P", root="SPXW", underlying="SPX")
    far = given.contract(590, "P", root="SPXW", underlying="SPX", expiry=given.LATER)
    proposal = given.proposal(of=Spread("calendar", (Leg(near, "sell"), Leg(far, "buy"))), quantity=1, limit="-2.40")
    known = given.ledger(*given.working(proposal), *given.fills(proposal, 1, "-2.40"))

    # When it is looked at before either end
    first = ending(known.positions["o1"], 600.0, CALENDAR, on(17), ())
    given.told(known, LegsExpired("o1", (ExpiredLeg(near.con_id, 1, Decimal(0)),), "expired", CLOSE))
    later = ending(known.positions["o1"], 600.0, CALENDAR, datetime(2027, 1, 14, 16, tzinfo=UTC), ())

    # Then each time the legs that end next are those that are held
    assert [leg.contract for leg in first.legs] == [near] if first else False
    assert [leg.contract for leg in later.legs] == [far] if later else False
    assert ending(known.positions["o1"], 600.0, CALENDAR, on(21), ()) is None


@pytest.mark.parametrize("root", ["SPY", "SPX", "SPXW"])
@pytest.mark.parametrize("spot", [570.0, 578.0, 585.0, 592.0, 600.0])
def test_guard_does_what_the_plan_says(root: str, spot: float) -> None:
    # Given the last afternoon of a spread without an exit that holds
    underlying = "SPY" if root == "SPY" else "SPX"
    known = held(sold(root, underlying))
    last = CALENDAR.last_trading_day(given.contract(580, "P", root=root, underlying=underlying))
    now = datetime(last.year, last.month, last.day, 19, 0, tzinfo=UTC)
    session = Session(last, now.replace(hour=14, minute=30), now.replace(hour=21))
    found = ending(known.positions["o1"], spot, CALENDAR, now, ())

    # When the guard looks at it
    snapshot = given.snapshot(known, given.chain([], at=now), at=now, session=session, calendar=CALENDAR)
    priced = replace(snapshot, market={underlying: given.market(underlying, price=spot)})
    acts = guards(known.positions["o1"], Rows(priced.chain), priced, ())

    # Then it closes exactly what the plan says that it closes
    assert found is not None
    assert acts is found.plan.startswith("closed")
