"""A number is as old as its oldest input and as sure as its least sure one: ages, belief in the feed, forwards."""

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.domain.calendar import WEEKDAYS
from engine.domain.chain import ChainSnapshot
from engine.domain.clocks import STANDS_FOR
from engine.domain.contract import Contract
from engine.domain.index_classes import option_class
from engine.domain.session import years_between
from engine.pricing import black_scholes
from engine.store.columns import Carry
from engine.store.quotes import QuoteStore

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
AT = NOW.timestamp()
RATE = 0.04
DERIVED = ("iv", "delta", "gamma", "theta", "vega", "p_itm", "worth")
NEAR, MIDDLE, FAR = date(2026, 12, 4), date(2026, 12, 18), date(2027, 1, 15)
DAYS = (NEAR, MIDDLE, FAR)


def options(underlying: str = "SPX", root: str = "SPXW", days: tuple[date, ...] = (MIDDLE,), around: int = 6000, step: int = 50):
    return [
        Contract(1000 * n + 100 * (side == "C") + k, underlying, root, day, Decimal(around + step * (k - 5)), side, 100)
        for n, day in enumerate(days)
        for side in ("P", "C")
        for k in range(11)
    ]


def store(contracts: list[Contract], *, spot: float | None = 6000.0, dividend: float = 0.0, at: float = AT) -> QuoteStore:
    made = QuoteStore()
    symbol = contracts[0].underlying
    made.layout(contracts, {symbol: Carry(RATE, dividend)})
    if spot is not None:
        made.underlying(symbol, at, spot)
    return made


def quote(
    quotes: QuoteStore, contracts: list[Contract], forward: float, *, iv: float = 0.2, half: float = 0.1, at: float = AT
) -> None:
    for one in contracts:
        fair = fair_price(one, forward, iv)
        quotes.option(one.con_id, at, bid=max(0.0, fair - half), ask=fair + half)


def fair_price(one: Contract, forward: float, iv: float) -> float:
    sign = 1 if one.put_call == "C" else -1
    return float(black_scholes.price(forward, float(one.strike), years(one.expiry, one.root), RATE, RATE, iv, sign))


def years(day: date, root: str = "SPXW") -> float:
    return years_between(NOW, WEEKDAYS.settles_at(option_class(root), day))


def found(quotes: QuoteStore, con_id: int, column: str, at: datetime = NOW) -> float:
    return value(quotes.snapshot(at), con_id, column)


def value(snapshot: ChainSnapshot, con_id: int, column: str) -> float:
    return snapshot.table[column][snapshot.rows_by_con_id[con_id]].as_py()


def at_strike(contracts: list[Contract], strike: int, side: str, day: date = MIDDLE) -> int:
    return next(c.con_id for c in contracts if (c.strike, c.put_call, c.expiry) == (strike, side, day))


# --- ages ---------------------------------------------------------------------------------------------------------------------


def test_a_quote_of_forty_hours_ago_pulls_no_volatility() -> None:
    contracts = options(around=5800, step=5)
    forward = 5800 * math.exp(RATE * years(MIDDLE))
    quotes = store(contracts, spot=5800.0)
    quote(quotes, contracts, forward)
    old = [one for one in contracts if one.strike == 5785]
    quote(quotes, [one for one in old if one.put_call == "P"], forward, iv=0.09, at=AT - 40 * 3600)
    quote(quotes, [one for one in contracts if one.put_call == "C" and one.strike <= 5825], forward, at=AT - 40 * 3600)

    snapshot = quotes.snapshot(NOW)

    assert value(snapshot, at_strike(contracts, 5785, "P"), "atm_iv") == pytest.approx(0.2, abs=1e-4)
    for name in DERIVED:
        assert math.isnan(value(snapshot, at_strike(contracts, 5785, "P"), name)), name


def test_numbers_are_dated_by_the_oldest_quote_they_come_from() -> None:
    contracts = options()
    quotes = store(contracts, at=AT - 3)
    quote(quotes, contracts, 6010.0, at=AT - 8)
    put = at_strike(contracts, 5900, "P")
    quotes.option(put, AT - 1, bid=found(quotes, put, "bid"))
    assert found(quotes, put, "priced_at") == AT - 8, "the pairs that its forward comes from"

    quote(quotes, contracts, 6010.0, at=AT - 2)

    assert found(quotes, put, "priced_at") == AT - 3, "the price of the underlying"


def test_numbers_become_unknown_when_an_input_is_too_old_and_known_again_with_the_next() -> None:
    contracts = options()
    quotes = store(contracts)
    quote(quotes, contracts, 6010.0)
    put = at_strike(contracts, 5900, "P")
    before = {name: found(quotes, put, name) for name in DERIVED}
    later = NOW + STANDS_FOR + timedelta(seconds=1)
    others = [one for one in contracts if one.con_id != put]

    quotes.underlying("SPX", later.timestamp(), 6000.0)
    quote(quotes, others, 6010.0, at=later.timestamp())
    for name in DERIVED:
        assert math.isnan(found(quotes, put, name, later)), name

    quotes.option(put, later.timestamp(), ask=found(quotes, put, "ask"))
    for name in DERIVED:
        assert found(quotes, put, name, later) == pytest.approx(before[name], rel=1e-3), name


def test_an_underlying_that_is_not_told_any_more_leaves_nothing_known() -> None:
    contracts = options()
    quotes = store(contracts)
    quote(quotes, contracts, 6010.0)
    put, later = at_strike(contracts, 5900, "P"), NOW + STANDS_FOR + timedelta(seconds=1)
    quotes.snapshot(NOW)

    quote(quotes, contracts, 6010.0, at=later.timestamp())
    assert math.isnan(found(quotes, put, "delta", later))

    quotes.underlying("SPX", later.timestamp(), 6000.0)
    assert found(quotes, put, "delta", later) < 0
    assert found(quotes, put, "iv", later) == pytest.approx(0.2, abs=1e-3)


def test_a_model_answer_is_as_old_as_it_is() -> None:
    contracts = options()
    quotes = store(contracts)
    put = at_strike(contracts, 5900, "P")
    quotes.greeks(put, None, -0.3, 0.001, -1.0, 5.0)
    assert found(quotes, put, "delta") == -0.3
    later = NOW + STANDS_FOR + timedelta(seconds=1)

    quotes.underlying("SPX", later.timestamp(), 6000.0)

    assert math.isnan(found(quotes, put, "delta", later))


# --- belief -------------------------------------------------------------------------------------------------------------------


def test_a_volatility_of_the_feed_that_is_not_the_quotes_gives_way_with_all_its_greeks() -> None:
    contracts = options()
    quotes = store(contracts)
    quote(quotes, contracts, 6010.0)
    put = at_strike(contracts, 5900, "P")
    own = {name: found(quotes, put, name) for name in DERIVED}

    quotes.greeks(put, 0.001, -0.31, 0.0011, -2.0, 5.4)

    assert own["iv"] == pytest.approx(0.2, abs=1e-6)
    for name in DERIVED:
        assert found(quotes, put, name) == pytest.approx(own[name]), name


def test_a_delta_of_the_wrong_side_gives_way_and_the_volatility_beside_it_stays() -> None:
    contracts = options()
    quotes = store(contracts)
    quote(quotes, contracts, 6010.0)
    put = at_strike(contracts, 5900, "P")
    own = found(quotes, put, "delta")

    quotes.greeks(put, 0.2001, 1 + own, None, None, None)

    assert found(quotes, put, "delta") == pytest.approx(own, abs=1e-3)
    assert found(quotes, put, "iv") == 0.2001


def test_a_quote_is_held_against_the_level_that_it_was_told_at() -> None:
    contracts = options()
    quotes = store(contracts)
    quote(quotes, contracts, 6010.0)
    put = at_strike(contracts, 5900, "P")
    quotes.snapshot(NOW)
    quotes.underlying("SPX", AT, 6060.0)
    quotes.snapshot(NOW)

    quotes.greeks(put, 0.2, None, None, None, None)

    assert found(quotes, put, "iv") == 0.2


# --- forwards -----------------------------------------------------------------------------------------------------------------


def test_the_forward_comes_from_parity_so_that_unknown_dividends_are_in_it() -> None:
    contracts = options("SPY", "SPY", around=600, step=5)
    quotes = store(contracts, spot=600.0)
    quote(quotes, contracts, 597.5, half=0.02)

    for strike in (590, 600, 610):
        for side in ("P", "C"):
            assert found(quotes, at_strike(contracts, strike, side), "iv") == pytest.approx(0.2, abs=1e-4)
    assert found(quotes, 0, "forward") == pytest.approx(597.5, abs=1e-3)
    assert found(quotes, 0, "forward_from") == 1


def test_a_parity_forward_moves_with_the_spot() -> None:
    contracts = options()
    quotes = store(contracts)
    quote(quotes, contracts, 6020.0)
    quotes.snapshot(NOW)

    quotes.underlying("SPX", AT + 1, 6030.0)

    assert found(quotes, 0, "forward") == pytest.approx(6020.0 * 6030 / 6000)


def test_between_expiries_with_pairs_the_growth_is_interpolated_in_time() -> None:
    contracts = options(days=DAYS)
    quotes = store(contracts)
    for day, forward in ((NEAR, 6006.0), (FAR, 6036.0)):
        quote(quotes, [one for one in contracts if one.expiry == day and one.strike == 6000], forward)

    snapshot = quotes.snapshot(NOW)

    t1, t2, t3 = (years(day) for day in DAYS)
    g1, g3 = math.log(6006 / 6000), math.log(6036 / 6000)
    between = 6000 * math.exp(g1 + (g3 - g1) * (t2 - t1) / (t3 - t1))
    assert value(snapshot, at_strike(contracts, 6000, "P", MIDDLE), "forward") == pytest.approx(between)
    assert [value(snapshot, at_strike(contracts, 6000, "P", day), "forward_from") for day in DAYS] == [1, 2, 1]


def test_behind_the_last_pair_its_rate_goes_on_once_again_and_then_spot_stands_in() -> None:
    far = date(2027, 6, 18)
    contracts = options(days=(NEAR, MIDDLE, far))
    quotes = store(contracts, dividend=0.01)
    quote(quotes, [one for one in contracts if one.expiry == MIDDLE], 6012.0)

    snapshot = quotes.snapshot(NOW)

    growth = math.log(6012 / 6000)
    near = 6000 * math.exp(growth * years(NEAR) / years(MIDDLE))
    assert value(snapshot, at_strike(contracts, 6000, "P", NEAR), "forward") == pytest.approx(near)
    assert value(snapshot, at_strike(contracts, 6000, "P", far), "forward") == pytest.approx(6000 * math.exp(0.03 * years(far)))
    assert [value(snapshot, at_strike(contracts, 6000, "P", day), "forward_from") for day in (NEAR, MIDDLE, far)] == [2, 1, 3]


def test_spot_rate_and_yield_stand_in_where_no_pair_is_quoted() -> None:
    contracts = options()
    quotes = store(contracts, dividend=0.01)
    quote(quotes, [one for one in contracts if one.put_call == "P"], 6009.0)

    assert found(quotes, 0, "forward") == pytest.approx(6000 * math.exp(0.03 * years(MIDDLE)))
    assert found(quotes, 0, "forward_from") == 3


def test_pairs_that_are_too_old_are_not_asked() -> None:
    contracts = options()
    quotes = store(contracts)
    quote(quotes, contracts, 5950.0)
    assert found(quotes, 0, "forward_from") == 1
    later = NOW + timedelta(seconds=61)

    quotes.underlying("SPX", later.timestamp(), 6000.0)

    assert found(quotes, 0, "forward_from", later) == 3


VIX = date(2026, 12, 16)


def test_a_volatility_index_has_the_forward_of_its_pairs_and_no_other() -> None:
    contracts = options("VIX", "VIX", (VIX,), around=20, step=1)
    quotes = store(contracts, spot=14.0)
    assert math.isnan(found(quotes, 0, "forward")), "a spot of 14 says nothing of a future"
    assert found(quotes, 0, "forward_from") == 0

    quote(quotes, contracts, 17.5, iv=0.9, half=0.05)

    call = at_strike(contracts, 22, "C", VIX)
    own = black_scholes.greeks(17.5, 22, years(VIX, "VIX"), RATE, RATE, 0.9, 1)
    assert found(quotes, call, "forward") == pytest.approx(17.5, abs=1e-3)
    assert found(quotes, call, "iv") == pytest.approx(0.9, abs=1e-3)
    assert found(quotes, call, "delta") == pytest.approx(float(own.delta), abs=1e-3)
    assert found(quotes, call, "spot") == 14.0


def test_a_volatility_indexs_numbers_follow_its_future_and_not_its_spot() -> None:
    contracts = options("VIX", "VIX", (VIX,), around=20, step=1)
    quotes = store(contracts, spot=14.0)
    quote(quotes, contracts, 17.5, iv=0.9, half=0.05)
    call = at_strike(contracts, 22, "C", VIX)
    before = found(quotes, call, "delta")

    quotes.underlying("VIX", AT + 1, 16.0)
    assert found(quotes, call, "delta") == pytest.approx(before)

    pair = [one for one in contracts if one.strike in {17, 18}]
    quote(quotes, pair, 19.0, iv=0.9, half=0.01, at=AT + 1)
    assert found(quotes, call, "delta") > before + 0.03


def test_a_pair_without_a_price_of_the_index_names_the_forward_alone() -> None:
    contracts = options()
    quotes = store(contracts, spot=None)
    quote(quotes, contracts, 6010.0)

    assert found(quotes, 0, "forward") == pytest.approx(6010.0, abs=0.01)
    assert found(quotes, at_strike(contracts, 5900, "P"), "iv") == pytest.approx(0.2, abs=1e-4)
    assert math.isnan(found(quotes, 0, "spot"))
