"""Options on the VIX: written on the future of their own expiry, every Wednesday, settled at that morning's opening."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given as holds
from hypothesis import strategies as st

from engine.domain.index_classes import option_class
from engine.sim.market.catalogue import CHARACTERS, VIX, VIX_SOURCE
from engine.sim.market.generated import GeneratedMarket
from engine.sim.market.quotes import Floats
from engine.sim.market.volatility import future, volatility_index
from tests.core.sim_market import given

SOURCE = CHARACTERS[VIX_SOURCE]
NOON = given.at(17)
MONTHLY, WEEKLY = date(2026, 12, 16), date(2026, 12, 2)
"""Thirty days before the third Friday of January, and before a Friday that is none."""


def at_noon() -> GeneratedMarket:
    market = given.market()
    market.step(NOON)
    return market


def parity_forward(market: GeneratedMarket, root: str, expiry: date) -> Floats:
    """The forward that model prices of calls and puts imply, strike by strike."""
    listing, q = market.listing, market.quotes
    of_class = (listing.root == listing.roots.index(root)) & (listing.expiry == np.datetime64(expiry))
    calls, puts = (np.flatnonzero(of_class & (listing.sign == sign)) for sign in (1, -1))
    years = (listing.settles[calls] - NOON.timestamp()) / (365 * 86400)
    grown = np.exp(market.underlyings[VIX].rate * years)
    return np.asarray(listing.strike[calls] + grown * (q.model[calls] - q.model[puts]))


def future_of(market: GeneratedMarket, years: float) -> float:
    """The future so many years on, from the index alone: its variance returns to the long level's."""
    spot, shape = market.spot(VIX).price, SOURCE.shape
    assert spot is not None
    rest, decay = shape.long_level**2, np.exp(-shape.reversion * years)
    return float(100 * np.sqrt(rest + ((spot / 100) ** 2 - rest) * decay))


@holds(st.floats(0.06, 1.2), st.floats(0.0, 0.5), st.floats(0.01, 0.5))
def test_futures_lie_between_the_index_and_the_level_that_volatility_returns_to(level: float, near: float, more: float):
    index, rest = float(volatility_index(SOURCE, level)), 100 * SOURCE.shape.long_level
    first, second = float(future(SOURCE, level, near)), float(future(SOURCE, level, near + more))

    assert float(future(SOURCE, level, 0.0)) == index
    assert min(index, rest) - 1e-9 <= min(first, second)
    assert max(first, second) <= max(index, rest) + 1e-9
    assert abs(second - rest) <= abs(first - rest) + 1e-9


@pytest.mark.parametrize(("root", "expiry"), [("VIX", MONTHLY), ("VIXW", WEEKLY)])
def test_calls_and_puts_are_priced_off_the_future_of_their_expiry_and_not_off_the_index(root: str, expiry: date):
    market = at_noon()
    opens = market.calendar.settles_at(option_class(root), expiry)
    years = (opens - NOON).total_seconds() / (365 * 86400)
    spot = market.spot(VIX).price
    assert spot is not None

    implied = parity_forward(market, root, expiry)

    assert implied == pytest.approx(implied[0])
    assert implied[0] > spot + 0.05
    assert implied[0] == pytest.approx(future_of(market, years), abs=0.005)


def test_every_wednesday_expires_and_trades_until_the_day_before():
    market = at_noon()

    monthlies, weeklies = (market.listing.expiries(VIX, root) for root in ("VIX", "VIXW"))

    assert monthlies[0] == MONTHLY
    assert weeklies[:2] == (date(2026, 11, 24), WEEKLY), "the Friday thirty days on is Christmas: a day sooner"
    assert set(monthlies).isdisjoint(weeklies)
    assert all(day.weekday() == 2 for day in weeklies[1:])
    assert market.calendar.trades_until(option_class("VIXW"), WEEKLY) == datetime(2026, 12, 1, 21, tzinfo=UTC)


def test_option_settles_to_the_opening_of_its_wednesday():
    market = at_noon()
    listing = market.listing
    of_class = (listing.root == listing.roots.index("VIXW")) & (listing.expiry == np.datetime64(WEEKLY))
    contract = market.contract(int(listing.con_id[np.flatnonzero(of_class)[0]]))
    assert contract is not None
    assert contract.expiry == WEEKLY

    market.step(given.at(20, 59, day=date(2026, 12, 1)))
    traded = market.quotes.ask[market.row(contract.con_id)]
    market.step(given.at(21, day=date(2026, 12, 1)))
    ended, unknown = market.quotes.ask[market.row(contract.con_id)], market.settlement_value(contract)
    market.step(given.at(14, 30, day=WEEKLY))
    at_open = market.settlement_value(contract)
    market.step(given.at(21, day=WEEKLY))

    assert np.isfinite(traded)
    assert np.isnan(ended)
    assert unknown is None
    assert at_open == market.settlement_value(contract) == market.spot(VIX).open


def test_crash_inverts_the_futures_and_raises_their_options():
    calm, shaken = at_noon(), at_noon()
    shaken.shock(VIX_SOURCE, -0.05)
    shaken.step(NOON)

    before, after = ((parity_forward(market, "VIXW", WEEKLY)[0], market.spot(VIX).price) for market in (calm, shaken))

    assert before[0] > before[1]
    assert after[0] < after[1]
    assert after[0] > before[0] + 3


def test_market_without_the_vix_lists_none_of_its_options():
    market = given.market(underlyings=("SPX", "SPY"))
    market.step(NOON + timedelta(minutes=1))

    assert market.listing.rows(VIX) == slice(0, 0)
