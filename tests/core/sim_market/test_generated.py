"""A generated market is a function of its seed and the time, and its quotes are such as an exchange would show."""

import hashlib
import os
import subprocess
import sys
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine.pricing.implied_volatility import implied_volatility
from engine.pricing.ticks import price_class, tick_for
from engine.sim.market.generated import GeneratedMarket
from engine.sim.market.quotes import Quotes
from tests.core.sim_market import given

OPEN, NOON, CLOSE = given.at(14, 30), given.at(17), given.at(21)
TUESDAY_OPEN = given.at(14, 30, day=date(2026, 11, 24))


def columns(quotes: Quotes) -> bytes:
    return b"".join(getattr(quotes, name).tobytes() for name in Quotes.__slots__)


def digest() -> str:
    """Of a market at noon and on the next morning."""
    market = given.market()
    market.step(NOON)
    noon = columns(market.quotes)
    market.step(TUESDAY_OPEN)
    return hashlib.sha256(noon + columns(market.quotes) + market.listing.con_id.tobytes()).hexdigest()


def at_noon() -> GeneratedMarket:
    market = given.market()
    market.step(OPEN)
    market.step(NOON)
    return market


@pytest.mark.slow
def test_same_seed_gives_the_same_market_under_any_hash_seed():
    root = Path(__file__).parents[3]
    code = "from tests.core.sim_market.test_generated import digest; print(digest())"

    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("0", "7")
    }

    assert digests == {digest()}


def test_other_seed_gives_another_market():
    one, other = given.market(seed=1), given.market(seed=2)

    one.step(NOON)
    other.step(NOON)

    assert one.spot("SPX") != other.spot("SPX")


def test_prices_do_not_depend_on_how_often_the_market_was_asked():
    often, once = given.market(), given.market()
    now = OPEN
    while now <= NOON:
        often.step(now)
        now += timedelta(seconds=97)
    often.step(NOON)

    once.step(NOON)

    assert often.spot("SPX") == once.spot("SPX")
    assert np.array_equal(often.quotes.bid, once.quotes.bid, equal_nan=True)
    assert np.array_equal(often.quotes.ask_size, once.quotes.ask_size, equal_nan=True)
    assert np.array_equal(often.quotes.volume, once.quotes.volume)


def test_path_of_an_underlying_does_not_depend_on_its_company():
    alone, among = given.market(underlyings=("SPX",)), given.market(underlyings=("QQQ", "SPX", "SPY", "AAPL"))

    alone.step(NOON)
    among.step(NOON)

    assert alone.spot("SPX") == among.spot("SPX")


def test_nothing_is_quoted_before_the_first_opening():
    market = given.market()

    spot = market.spot("SPX")

    assert (spot.price, spot.open, spot.previous_close) == (6000.0, None, 6000.0)
    assert len(market.listing) > 0
    assert np.all(np.isnan(market.quotes.bid))
    assert np.all(market.quotes.open_interest >= 0)
    assert not market.is_open(given.at(14))
    assert market.next_event(given.at(14)) == OPEN


def test_market_that_starts_within_a_session_has_walked_up_to_it():
    late, early = given.market(start=NOON), given.market()

    early.step(NOON)

    assert late.spot("SPX") == early.spot("SPX")
    assert np.array_equal(late.quotes.ask, early.quotes.ask)


def test_every_two_sided_quote_is_uncrossed_and_on_its_increment():
    market = at_noon()
    q, listing = market.quotes, market.listing

    assert np.all(q.ask > q.bid)
    for symbol, root in (("SPX", "SPX"), ("SPX", "SPXW"), ("SPY", "SPY")):
        rows = np.flatnonzero(listing.root == listing.roots.index(root))
        kind = price_class(root, legs=1, penny=market.underlyings[symbol].penny)
        for column in (q.bid[rows], q.ask[rows]):
            steps = np.where(column >= 3, float(tick_for(kind, 3)), float(tick_for(kind, 0)))
            assert np.allclose(column / steps, np.round(column / steps), atol=1e-6)


def test_bids_are_zero_far_out_of_the_money_and_have_no_size():
    market = at_noon()
    q = market.quotes

    zero = q.bid == 0
    dear = market.listing.u != market.listing.underlyings.index("VIX")
    assert 0.01 < zero.mean() < 0.5
    assert np.all(np.abs(q.delta[zero & dear]) < 0.05)
    assert np.all(q.bid_size[zero] == 0)
    assert np.all(q.bid_size[~zero] >= 1)
    assert np.all(q.ask_size >= 1)


def test_volatility_solved_from_the_mid_is_the_models():
    market = at_noon()
    listing, q, rows = market.listing, market.quotes, market.listing.rows("SPX")
    underlying, spot = market.underlyings["SPX"], market.spot("SPX").price
    years = (listing.settles[rows] - NOON.timestamp()) / (365 * 86400)
    good = (np.abs(q.delta[rows]) > 0.2) & (np.abs(q.delta[rows]) < 0.8) & (years > 2 / 365)

    solved = implied_volatility(
        0.5 * (q.bid[rows] + q.ask[rows])[good],
        spot,
        listing.strike[rows][good],
        years[good],
        underlying.rate,
        underlying.dividend,
        listing.sign[rows][good],
    )

    assert good.sum() > 50
    assert np.allclose(solved, q.iv[rows][good], atol=0.003)


def test_greeks_have_the_sizes_of_a_day_and_a_point():
    market = at_noon()
    q, listing = market.quotes, market.listing
    rows = np.arange(len(listing))[listing.rows("SPX")]
    row = rows[np.argmin(np.abs(q.delta[rows] - 0.5) - q.vega[rows] / 1e6)]

    assert -30 < q.theta[row] < 0
    assert 0 < q.vega[row] < 20
    assert 0 < q.gamma[row] < 0.1


def test_volume_only_grows_and_open_interest_stays_during_a_day():
    market = given.market()
    market.step(OPEN)
    volumes, interest = [market.quotes.volume.copy()], market.quotes.open_interest.copy()
    for hour in (15, 17, 19, 21):
        market.step(given.at(hour))
        volumes.append(market.quotes.volume.copy())

    assert all(np.all(later >= earlier) for earlier, later in pairwise(volumes))
    assert volumes[-1].sum() > 1_000
    assert np.array_equal(market.quotes.open_interest, interest)
    traded = volumes[-1] > 0
    assert np.all(np.isfinite(market.quotes.last[traded]))


def test_change_names_the_rows_that_differ():
    market = given.market(cadence_s=1.0)
    market.step(OPEN)
    bid, ask = market.quotes.bid.copy(), market.quotes.ask.copy()

    change = market.step(OPEN + timedelta(seconds=1))

    moved = np.flatnonzero((bid != market.quotes.bid) | (ask != market.quotes.ask))
    assert np.isin(moved, change.rows).all()
    assert len(change.rows) > 0
    assert not change.relisted
    assert np.all(np.diff(change.rows) > 0)


def test_nothing_changes_between_two_grid_points():
    market = given.market()
    market.step(OPEN)

    change = market.step(OPEN + timedelta(seconds=59))

    assert len(change.rows) == 0
    assert change.underlyings == ()
    assert market.next_event(OPEN + timedelta(seconds=59)) == OPEN + timedelta(seconds=60)


def test_next_event_is_the_next_opening_when_the_session_is_over():
    market = given.market()
    wednesday = given.at(21, day=date(2026, 11, 25))

    assert market.next_event(CLOSE - timedelta(seconds=1)) == CLOSE
    assert market.next_event(CLOSE) == TUESDAY_OPEN
    assert market.next_event(wednesday) == given.at(14, 30, day=given.HALF_DAY)
    assert market.next_event(given.at(23, day=date(2027, 6, 1))) is None


def test_half_day_ends_early():
    market = given.market()

    assert market.is_open(given.at(17, 59, day=given.HALF_DAY))
    assert not market.is_open(given.at(18, day=given.HALF_DAY))
    assert not market.is_open(given.at(16, day=given.THANKSGIVING))


def test_new_day_lists_anew_and_expired_contracts_still_answer_to_their_number():
    market = at_noon()
    expiring = int(market.listing.con_id[0])
    before = market.contract(expiring)
    assert before is not None
    assert before.expiry == given.MONDAY
    market.step(CLOSE)

    change = market.step(TUESDAY_OPEN)

    assert change.relisted
    assert len(change.rows) == len(market.listing)
    assert market.row(expiring) is None
    assert market.contract(expiring) == before
    assert date(2026, 11, 27) in market.listing.expiries("SPX", "SPXW")


def test_row_of_a_contract_points_at_it():
    market = at_noon()

    rows = [market.row(int(con_id)) for con_id in market.listing.con_id]

    assert rows == list(range(len(market.listing)))


def test_expired_option_has_no_quote_and_settles_to_the_close():
    market = at_noon()
    contract = market.contract(int(market.listing.con_id[0]))
    assert contract is not None
    unknown = market.settlement_value(contract)

    market.step(CLOSE)

    assert unknown is None
    assert np.isnan(market.quotes.bid[0])
    assert market.settlement_value(contract) == market.spot("SPX").price
    market.step(TUESDAY_OPEN)
    assert market.settlement_value(contract) == market.daily_bars("SPX", 1)[0].close


def test_morning_settled_option_settles_to_the_opening_and_is_not_quoted_after_its_last_session():
    thursday = date(2026, 12, 17)
    market = given.market(start=given.at(20, 59, day=thursday))
    listing = market.listing
    row = int(np.flatnonzero(listing.root == listing.roots.index("SPX"))[0])
    contract = market.contract(int(listing.con_id[row]))
    assert contract is not None
    assert contract.expiry == date(2026, 12, 18)
    alive = market.quotes.ask[row]
    market.step(given.at(21, day=thursday))
    dead = market.quotes.ask[row]

    market.step(given.at(16, day=contract.expiry))

    assert np.isfinite(alive)
    assert np.isnan(dead)
    assert market.row(contract.con_id) is None
    assert market.settlement_value(contract) == market.spot("SPX").open


def test_vix_is_a_hundred_times_the_volatility_of_spx():
    market = at_noon()

    assert market.spot("VIX").price == pytest.approx(100 * market.iv30("SPX"), abs=0.01)
    assert market.iv30("VIX") is None


def test_vix_alone_is_refused():
    with pytest.raises(ValueError, match="simulate SPX too"):
        given.market(underlyings=("VIX",))


def test_fund_follows_its_index():
    market = at_noon()

    assert market.spot("SPY").price == pytest.approx(market.spot("SPX").price / 10, abs=0.02)
    assert market.spot("SPX").bid is None
    assert market.spot("SPY").bid < market.spot("SPY").price < market.spot("SPY").ask


def test_shock_moves_spot_volatility_and_those_tied_to_it():
    calm, shaken = at_noon(), at_noon()
    shaken.shock("SPX", -0.05, 0.10)

    shaken.step(NOON)

    assert shaken.spot("SPX").price == pytest.approx(0.95 * calm.spot("SPX").price, abs=0.01)
    assert shaken.spot("SPY").price == pytest.approx(0.95 * calm.spot("SPY").price, abs=0.02)
    assert shaken.iv30("SPX") > calm.iv30("SPX") + 0.05
    assert shaken.spot("SPX").low == shaken.spot("SPX").price


def width_of_a_put(market: GeneratedMarket) -> float:
    """Width of the quote of a put a twentieth below the spot, as a part of its model price."""
    q, listing = market.quotes, market.listing
    rows = np.arange(len(listing))[listing.rows("SPX")]
    puts = rows[(listing.sign[rows] == -1) & (listing.expiry[rows] == listing.expiry[rows[-1]])]
    row = puts[np.argmin(np.abs(listing.strike[puts] - 0.95 * market.spot("SPX").price))]
    return float((q.ask[row] - q.bid[row]) / q.model[row])


def test_crash_raises_volatility_widens_quotes_and_calms_with_time():
    market = at_noon()
    calm_iv, calm_width = market.iv30("SPX"), width_of_a_put(market)

    market.shock("SPX", -0.03)
    market.step(NOON)
    crash_iv, crash_width = market.iv30("SPX"), width_of_a_put(market)
    market.step(NOON + timedelta(minutes=10))
    later_width = width_of_a_put(market)
    market.step(NOON + timedelta(hours=2))
    calmed_width = width_of_a_put(market)

    assert 0.04 < crash_iv - calm_iv < 0.09
    assert crash_width > 3 * calm_width
    assert crash_width >= later_width > calmed_width
    assert calmed_width < 1.8 * calm_width


def test_rise_calms_less_than_a_fall_frightens():
    fallen, risen = at_noon(), at_noon()
    before = fallen.iv30("SPX")
    fallen.shock("SPX", -0.03)
    risen.shock("SPX", 0.03)

    assert before - risen.iv30("SPX") < 0.5 * (fallen.iv30("SPX") - before)
    assert risen.iv30("SPX") < before


@pytest.mark.parametrize("symbol", ["SPX", "VIX"])
def test_prices_admit_no_arbitrage_in_a_crash(symbol: str):
    market = at_noon()
    market.shock("SPX", -0.05)
    market.step(NOON + timedelta(minutes=1))
    q, listing = market.quotes, market.listing
    rows = np.arange(len(listing))[listing.rows(symbol)]

    kinds = {
        (expiry, root, sign)
        for expiry, root, sign in zip(listing.expiry[rows], listing.root[rows], listing.sign[rows], strict=True)
    }
    for expiry, root, sign in kinds:
        chain = rows[(listing.expiry[rows] == expiry) & (listing.root[rows] == root) & (listing.sign[rows] == sign)]
        slopes = np.diff(q.model[chain]) / np.diff(listing.strike[chain])
        assert np.all(np.diff(slopes) >= -1e-9)
        assert np.all(slopes * sign <= 1e-9)
        assert np.all(np.abs(slopes) <= 1 + 1e-9)
        assert np.all(q.bid[chain] <= q.model[chain] + 1e-9)
        assert np.all(q.model[chain] <= q.ask[chain] + 1e-9)
    assert len(kinds) >= 8


def test_other_underlyings_are_shaken_as_far_as_they_are_tied():
    market = given.market(underlyings=("SPX", "QQQ", "AAPL"))
    market.step(NOON)
    before = {name: market.iv30(name) for name in ("SPX", "QQQ", "AAPL")}

    market.shock("SPX", -0.03)

    rose = {name: market.iv30(name) / level for name, level in before.items()}
    assert rose["SPX"] > rose["QQQ"] > rose["AAPL"] > 1.1


def test_volatility_rises_when_spots_fall():
    market = given.market()
    spots, levels = [], []
    for bar, iv in zip(market.daily_bars("SPX", 500), market.iv_bars("SPX", 500), strict=True):
        spots.append(np.log(bar.close))
        levels.append(np.log(iv.close))

    assert np.corrcoef(np.diff(spots), np.diff(levels))[0, 1] < -0.5


def test_history_ends_where_the_market_begins():
    market = given.market()

    bars, ivs = market.daily_bars("SPX", 260), market.iv_bars("SPX", 260)

    assert len(bars) == len(ivs) == 260
    assert bars[-1].close == 6000.0
    assert bars[-1].day == date(2026, 11, 20)
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars)
    assert [bar.day for bar in bars] == sorted({bar.day for bar in bars})
    assert len(market.daily_bars("VIX", 260)) == 260
    assert market.daily_bars("SPX", 0) == ()


def test_history_grows_by_the_day_that_ended():
    market = at_noon()
    market.step(CLOSE)
    last = market.spot("SPX")

    market.step(TUESDAY_OPEN)

    bar = market.daily_bars("SPX", 1)[0]
    assert (bar.day, bar.open, bar.high, bar.low, bar.close) == (given.MONDAY, last.open, last.high, last.low, last.price)
    assert market.spot("SPX").previous_close == bar.close
    assert market.spot("SPX").open != bar.close


def test_time_does_not_run_backwards():
    market = at_noon()

    with pytest.raises(ValueError, match="backwards"):
        market.step(OPEN)


def test_skipped_days_are_walked_all_the_same():
    daily, skipping = given.market(), given.market()
    for day in (23, 24, 25, 27):
        daily.step(given.at(17, day=date(2026, 11, day)))

    change = skipping.step(given.at(17, day=given.HALF_DAY))

    assert change.relisted
    assert skipping.spot("SPX") == daily.spot("SPX")
    assert skipping.daily_bars("SPX", 5) == daily.daily_bars("SPX", 5)
