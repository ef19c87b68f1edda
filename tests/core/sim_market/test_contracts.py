"""Contracts have numbers for good, and a listing finds them in columns."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np

from engine.domain.calendar import Calendar
from engine.domain.index_classes import option_class
from engine.sim.market.catalogue import CHARACTERS
from engine.sim.market.contracts import ContractNumbers, Key, listing_of, underlying_id
from engine.sim.market.series import Breadth, expiries, listed, strikes
from tests.core.sim_market import given

CALENDAR = Calendar(tuple(given.sessions()))
SPXW = option_class("SPXW")

PUT = Key("SPX", date(2026, 12, 18), "SPXW", "P", 5900.0)
CALL = Key("SPX", date(2026, 12, 18), "SPXW", "C", 5900.0)
MORNING = Key("SPX", date(2026, 12, 18), "SPX", "C", 5900.0)


def test_number_of_a_contract_is_the_same_in_every_market():
    first, second = ContractNumbers(), ContractNumbers()

    numbers = [first.number(key) for key in (PUT, CALL, MORNING)]

    assert [second.number(key) for key in (MORNING, CALL, PUT)] == numbers[::-1]
    assert numbers == [402271125, 2018846643, 999358198]


def test_contract_is_found_by_its_number():
    numbers = ContractNumbers()

    contract = numbers.contract(numbers.number(PUT))

    assert contract is not None
    assert (contract.underlying, contract.root, contract.expiry) == ("SPX", "SPXW", date(2026, 12, 18))
    assert (contract.strike, contract.put_call, contract.multiplier) == (Decimal(5900), "P", 100)
    assert numbers.contract(1) is None


def test_numbers_of_a_whole_chain_are_distinct_and_fit_the_wire():
    keys = listed(CHARACTERS["SPX"], 6000.0, CALENDAR, given.MONDAY, Breadth())
    numbers = ContractNumbers()

    given_out = {numbers.number(key) for key in sorted(keys)}

    assert len(given_out) == len(keys) > 10_000
    assert max(given_out) < 2**31
    assert min(given_out) >= 100_000_000
    assert not given_out & {character.underlying.con_id for character in CHARACTERS.values()}


def test_rows_are_sorted_and_lie_together_by_underlying():
    spy = Key("SPY", date(2026, 12, 18), "SPY", "C", 600.0)

    listing = listing_of([spy, PUT, MORNING, CALL], ["SPY", "SPX"], ContractNumbers())

    assert listing.rows("SPX") == slice(0, 3)
    assert listing.rows("SPY") == slice(3, 4)
    assert listing.rows("QQQ") == slice(0, 0)
    assert [listing.roots[code] for code in listing.root] == ["SPX", "SPXW", "SPXW", "SPY"]
    assert listing.sign.tolist() == [1, 1, -1, 1]
    assert listing.trading_classes("SPX") == ("SPX", "SPXW")
    assert listing.expiries("SPX", "SPXW") == (date(2026, 12, 18),)
    assert listing.strikes("SPX", "SPXW") == (5900.0,)
    assert listing.strikes("SPX", "NDX") == ()


def test_morning_settled_option_stops_trading_on_the_session_before():
    listing = listing_of([MORNING, PUT], ["SPX"], ContractNumbers(), CALENDAR)

    ends = [datetime.fromtimestamp(seconds, UTC) for seconds in listing.last_trade]
    settles = [datetime.fromtimestamp(seconds, UTC) for seconds in listing.settles]

    assert ends == [given.at(21, day=date(2026, 12, 17)), given.at(21, day=date(2026, 12, 18))]
    assert settles == [given.at(14, 30, day=date(2026, 12, 18)), given.at(21, day=date(2026, 12, 18))]


def test_option_of_a_half_day_settles_at_its_early_close():
    key = Key("SPX", given.HALF_DAY, "SPXW", "C", 6000.0)

    listing = listing_of([key], ["SPX"], ContractNumbers(), CALENDAR)

    assert datetime.fromtimestamp(listing.settles[0], UTC) == given.at(18, day=given.HALF_DAY)


def test_daily_class_skips_the_holiday():
    found = expiries(SPXW, "daily", given.MONDAY, CALENDAR, Breadth(dailies=4, weeklies=0, monthlies=0))

    assert found == [date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25), given.HALF_DAY]


def test_expiry_moves_to_the_day_before_when_friday_is_a_holiday():
    found = expiries(SPXW, "weekly", date(2026, 12, 21), CALENDAR, Breadth(weeklies=1, monthlies=0))

    assert found == [date(2026, 12, 24)]


def test_monthly_class_expires_on_third_fridays():
    found = expiries(SPXW, "monthly", given.MONDAY, CALENDAR, Breadth(monthlies=3))

    assert found == [date(2026, 12, 18), date(2027, 1, 15), date(2027, 2, 19)]


def test_morning_settled_class_is_not_listed_on_its_expiration_day():
    third_friday = date(2026, 12, 18)

    keys = listed(CHARACTERS["SPX"], 6000.0, CALENDAR, third_friday, given.NARROW)

    assert {key.root for key in keys if key.expiry == third_friday} == {"SPXW"}


def test_strikes_are_fine_near_the_money_and_coarse_beyond():
    found = strikes(CHARACTERS["SPX"], 6000.0, 180, 3.5)

    steps = np.diff(found)
    near = [low for low, step in zip(found, steps, strict=False) if step == 5]
    assert {5.0, 25.0} <= set(steps) <= {5.0, 10.0, 15.0, 20.0, 25.0}
    assert 6000 * 0.92 - 25 <= min(near) <= 6000 <= max(near) <= 6000 * 1.08 + 25
    assert found[0] < 4500


def test_stranger_gets_the_same_number_each_time():
    assert underlying_id("YUM") == underlying_id("YUM")
    assert underlying_id("YUM") != underlying_id("YUMC")
