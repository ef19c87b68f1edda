import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.calendar import calendar_of
from engine.domain.chain import CHAIN_COLUMNS, CHAIN_SCHEMA, ChainSnapshot
from engine.domain.contract import Contract
from engine.domain.session import NEW_YORK, Session, years_between
from engine.pricing import black_scholes
from engine.store.columns import Carry
from engine.store.quotes import QuoteStore

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
AT = NOW.timestamp()
SPX = Carry(rate=0.04, dividend=0.01)
SPY = Carry(rate=0.04, dividend=0.012)


def chain(underlying: str = "SPX", root: str = "SPXW", days: int = 25, spot: int = 6000, first: int = 100) -> list[Contract]:
    """Eleven strikes round the spot, puts and calls."""
    expiry = date(2026, 11, 23) + timedelta(days=days)
    return [
        Contract(first + 20 * (put_call == "P") + n, underlying, root, expiry, Decimal(spot - 250 + 50 * n), put_call, 100)
        for put_call in ("C", "P")
        for n in range(11)
    ]


def store(contracts: list[Contract] | None = None, *, spot: float | None = 6000.0) -> QuoteStore:
    made = QuoteStore()
    made.layout(chain() if contracts is None else contracts, {"SPX": SPX, "SPY": SPY})
    if spot is not None:
        made.underlying("SPX", AT, spot)
    return made


def quote_all(quotes: QuoteStore, contracts: list[Contract], *, spot: float = 6000.0, iv: float = 0.2, half: float = 0.1) -> None:
    """Quotes round the theoretical price at one volatility."""
    for contract in contracts:
        settles = datetime.combine(contract.expiry, datetime.min.time().replace(hour=16), NEW_YORK).astimezone(UTC)
        sign = 1 if contract.put_call == "C" else -1
        price = float(
            black_scholes.price(spot, float(contract.strike), years_between(NOW, settles), SPX.rate, SPX.dividend, iv, sign)
        )
        quotes.option(contract.con_id, AT, bid=max(0.0, price - half), ask=price + half)


def value(snapshot: ChainSnapshot, con_id: int, column: str) -> float:
    return snapshot.table[column][snapshot.rows_by_con_id[con_id]].as_py()


def test_rows_stand_in_the_order_of_the_chain() -> None:
    contracts = [*chain(), *chain("SPY", "SPY", 11, 600, 300), *chain(root="SPX", first=500), *chain(days=4, first=700)]

    snapshot = store(contracts[::-1]).snapshot(NOW)

    table = snapshot.table
    assert table.schema == CHAIN_SCHEMA
    assert table["row_id"].to_pylist() == list(range(88))
    keys = [(c.underlying, c.expiry, c.root, c.put_call == "C", c.strike) for c in snapshot.contracts]
    assert keys == sorted(keys)
    assert [snapshot.underlyings[u] for u in table["underlying_id"].to_pylist()] == [c.underlying for c in snapshot.contracts]
    assert table["strike"].to_pylist() == [float(c.strike) for c in snapshot.contracts]
    groups: dict[tuple[object, ...], set[int]] = {}
    for key, group_id in zip(keys, table["group_id"].to_pylist(), strict=True):
        groups.setdefault(key[:4], set()).add(group_id)
    assert list(groups.values()) == [{n} for n in range(8)]
    assert snapshot.rows_by_con_id == {c.con_id: row for row, c in enumerate(snapshot.contracts)}


def test_a_tick_is_in_the_table_that_was_handed_over_before_it() -> None:
    quotes = store()
    before = quotes.snapshot(NOW)

    quotes.option(105, AT, bid=99.5, ask=100.5, bid_size=3, ask_size=4, last=100.0, volume=12, open_interest=500)

    after = quotes.snapshot(NOW)
    assert after.table is before.table
    assert [value(before, 105, name) for name in ("bid", "ask", "bid_size", "ask_size", "last", "volume", "open_interest")] == [
        99.5, 100.5, 3, 4, 100.0, 12, 500,
    ]  # fmt: skip
    assert value(before, 105, "quoted_at") == AT


def test_nothing_is_known_before_it_is_heard() -> None:
    snapshot = store(spot=None).snapshot(NOW)

    for column in CHAIN_COLUMNS:
        if column.may_be_absent:
            assert np.isnan(snapshot.table[column.name].to_numpy()).all(), column.name
    assert not snapshot.table["forward_from"].to_numpy().any()


@pytest.mark.parametrize("nothing", [-1.0, math.nan, math.inf, 1.7976931348623157e308])
def test_what_is_no_price_takes_away_the_side_and_never_enters(nothing: float) -> None:
    quotes = store()
    quotes.option(105, AT, bid=1.0, ask=1.2, last=1.1, volume=5, open_interest=9)

    quotes.option(105, AT, bid=nothing, ask=nothing, bid_size=nothing, last=nothing, volume=nothing, open_interest=nothing)

    snapshot = quotes.snapshot(NOW)
    assert math.isnan(value(snapshot, 105, "bid"))
    assert math.isnan(value(snapshot, 105, "ask"))
    assert math.isnan(value(snapshot, 105, "bid_size"))
    assert [value(snapshot, 105, name) for name in ("last", "volume", "open_interest")] == [1.1, 5, 9]


def test_a_bid_of_nothing_is_a_price_and_an_ask_of_nothing_is_not() -> None:
    quotes = store()

    quotes.option(105, AT, bid=0.0, ask=0.0)

    snapshot = quotes.snapshot(NOW)
    assert value(snapshot, 105, "bid") == 0.0
    assert math.isnan(value(snapshot, 105, "ask"))


def test_a_withdrawn_side_is_absent_with_all_that_needs_it() -> None:
    quotes = store()
    quote_all(quotes, chain())
    assert value(quotes.snapshot(NOW), 122, "iv") == pytest.approx(0.2, abs=1e-6)

    quotes.no_quote(122, "bid", AT + 5)

    snapshot = quotes.snapshot(NOW)
    for column in ("bid", "bid_size", "iv", "delta", "p_itm", "fee"):
        assert math.isnan(value(snapshot, 122, column)), column
    assert value(snapshot, 122, "ask") > 0
    assert value(snapshot, 122, "quoted_at") == AT + 5


def test_an_unknown_contract_or_underlying_is_ignored() -> None:
    quotes = store()

    quotes.option(9999, AT, bid=1.0)
    quotes.no_quote(9999, "ask", AT)
    quotes.greeks(9999, 0.2, 0.5, 0.1, -0.1, 0.1)
    quotes.underlying("XYZ", AT, 5.0)

    assert quotes.ages(NOW).ticks == 0
    assert quotes.spot("XYZ") == (5.0, AT)


def test_own_analytics_are_those_of_the_formula() -> None:
    quotes = store()
    quote_all(quotes, chain())

    snapshot = quotes.snapshot(NOW)

    years = value(snapshot, 122, "years")
    own = black_scholes.greeks(6000.0, 5850.0, years, SPX.rate, SPX.dividend, 0.2, -1)
    assert value(snapshot, 122, "atm_iv") == pytest.approx(0.2, abs=1e-6)
    assert value(snapshot, 122, "delta") == pytest.approx(float(own.delta), abs=1e-6)
    assert value(snapshot, 122, "gamma") == pytest.approx(float(own.gamma), rel=1e-5)
    assert value(snapshot, 122, "theta") == pytest.approx(float(own.theta) / 365, rel=1e-5)
    assert value(snapshot, 122, "vega") == pytest.approx(float(own.vega) / 100, rel=1e-5)
    assert value(snapshot, 122, "p_itm") == pytest.approx(float(own.p_itm), abs=1e-6)
    assert value(snapshot, 122, "worth") == pytest.approx((value(snapshot, 122, "bid") + value(snapshot, 122, "ask")) / 2)
    assert value(snapshot, 122, "forward") == pytest.approx(6000 * math.exp(0.03 * years))
    assert value(snapshot, 122, "discount") == pytest.approx(math.exp(-0.04 * years))
    assert value(snapshot, 122, "dte") == 25
    assert years == pytest.approx((datetime(2026, 12, 18, 21, tzinfo=UTC) - NOW).total_seconds() / (365 * 86400))


@pytest.mark.parametrize(("bid", "ask", "fee"), [(0.0, 0.06, 0.25), (0.0, 0.10, 0.50), (0.05, 0.13, 0.50), (0.08, 0.12, 0.65)])
def test_the_fee_follows_the_premium_at_mid(bid: float, ask: float, fee: float) -> None:
    quotes = store()

    quotes.option(105, AT, bid=bid, ask=ask)

    assert value(quotes.snapshot(NOW), 105, "fee") == fee


def test_fee_of_the_exchange_stands_beside_that_of_the_broker() -> None:
    quotes = store()

    quotes.option(105, AT, bid=0.97, ask=1.01)
    cheap = value(quotes.snapshot(NOW), 105, "exchange_fee")
    quotes.option(105, AT, bid=0.98, ask=1.02)
    dear = value(quotes.snapshot(NOW), 105, "exchange_fee")

    assert (cheap, dear) == (0.49, 0.58)
    table = quotes.snapshot(NOW).table
    known = [np.isfinite(table[name].to_numpy()) for name in ("fee", "exchange_fee")]
    assert (known[0] == known[1]).all()


def test_am_options_settle_at_the_open_and_early_closes_count() -> None:
    contracts = [*chain(root="SPX"), *chain(first=500)]
    close = datetime(2026, 12, 18, 18, 0, tzinfo=UTC)
    quotes = QuoteStore()

    quotes.layout(
        contracts, {"SPX": SPX}, calendar_of([Session(date(2026, 12, 18), datetime(2026, 12, 18, 14, 30, tzinfo=UTC), close)])
    )

    snapshot = quotes.snapshot(NOW)
    assert value(snapshot, 100, "years") == years_between(NOW, datetime(2026, 12, 18, 14, 30, tzinfo=UTC))
    assert value(snapshot, 500, "years") == years_between(NOW, close)


def test_the_feeds_greeks_win_and_the_gaps_are_computed() -> None:
    quotes = store()
    quote_all(quotes, chain())

    quotes.greeks(122, 0.2004, -0.31, None, -2.0, 5.0)

    snapshot = quotes.snapshot(NOW)
    own = black_scholes.greeks(6000.0, 5850.0, value(snapshot, 122, "years"), SPX.rate, SPX.dividend, 0.2004, -1)
    assert [value(snapshot, 122, name) for name in ("iv", "delta", "vega")] == [0.2004, -0.31, 5.0]
    assert value(snapshot, 122, "gamma") == pytest.approx(float(own.gamma))
    assert value(snapshot, 122, "theta") == pytest.approx(float(own.theta) / 365)
    assert value(snapshot, 122, "p_itm") == pytest.approx(float(own.p_itm))


def test_a_fresh_greek_of_the_feed_outlives_a_new_quote_and_a_moved_spot() -> None:
    quotes = store()
    quote_all(quotes, chain())
    told = (0.2004, -0.31, 0.001, -1.5, 5.0)
    quotes.greeks(122, *told)
    quotes.snapshot(NOW)

    quotes.option(122, AT + 30, bid=59.4, ask=59.7)
    quotes.underlying("SPX", AT + 30, 6001.0)

    snapshot = quotes.snapshot(NOW + timedelta(seconds=30))
    assert tuple(value(snapshot, 122, name) for name in ("iv", "delta", "gamma", "theta", "vega")) == told


def test_an_outdated_or_withdrawn_greek_of_the_feed_gives_way_to_our_own() -> None:
    quotes = store()
    quote_all(quotes, chain())
    for con_id in (122, 123):
        quotes.greeks(con_id, 0.2004, -0.31, 0.001, -1.5, 5.0)
    assert value(quotes.snapshot(NOW), 122, "iv") == 0.2004

    quotes.option(122, AT + 61, bid=value(quotes.snapshot(NOW), 122, "bid"))
    quotes.greeks(123, None, None, None, None, None)

    snapshot = quotes.snapshot(NOW + timedelta(seconds=59))
    assert value(snapshot, 122, "iv") == pytest.approx(0.2, abs=1e-6)
    assert value(snapshot, 123, "iv") == pytest.approx(0.2, abs=1e-6)


def test_a_moved_spot_moves_the_greeks_at_the_volatility_of_the_quote() -> None:
    quotes = store()
    quote_all(quotes, chain())
    quotes.snapshot(NOW)

    quotes.underlying("SPX", AT + 1, 6030.0)

    snapshot = quotes.snapshot(NOW)
    own = black_scholes.greeks(6030.0, 5850.0, value(snapshot, 122, "years"), SPX.rate, SPX.dividend, 0.2, -1)
    assert value(snapshot, 122, "spot") == 6030.0
    assert value(snapshot, 122, "iv") == pytest.approx(0.2, abs=1e-6)
    assert value(snapshot, 122, "delta") == pytest.approx(float(own.delta), abs=1e-6)
    assert value(snapshot, 122, "atm_iv") == pytest.approx(0.2, abs=1e-6)


def test_time_to_expiry_is_measured_anew_each_minute() -> None:
    quotes = store()
    quote_all(quotes, chain())
    first = value(quotes.snapshot(NOW), 122, "years")

    within = value(quotes.snapshot(NOW + timedelta(seconds=59)), 122, "years")
    after = value(quotes.snapshot(NOW + timedelta(seconds=60)), 122, "years")

    assert within == first
    assert after == pytest.approx(first - 60 / (365 * 86400))


def test_an_expired_chain_has_no_time_and_raises_nothing() -> None:
    quotes = store()
    quote_all(quotes, chain())

    snapshot = quotes.snapshot(NOW + timedelta(days=40))

    assert value(snapshot, 122, "years") == 0
    assert value(snapshot, 122, "dte") == -15


def test_only_rows_that_changed_are_computed_again() -> None:
    contracts = [*chain(), *chain(days=4, first=700)]
    quotes = store(contracts)
    quote_all(quotes, contracts)
    quotes.snapshot(NOW)
    _, beat = quotes.changed_since(0)

    quotes.option(722, AT, bid=0.35, ask=0.45)
    quotes.snapshot(NOW)

    changed, _ = quotes.changed_since(beat)
    row = quotes.snapshot(NOW).rows_by_con_id[722]
    group_id = quotes.snapshot(NOW).table["group_id"][row].as_py()
    assert group_id in changed
    assert changed <= {group_id, group_id + 1}, "its own side, and the calls of its expiry, whose forward it moves"


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(range(22)), st.sampled_from(["quote", "greeks", "drop", "spot", "look", "wait"]),
                          st.floats(0.05, 200)), max_size=30))  # fmt: skip
def test_dirty_rows_give_what_a_full_computation_gives(events: list[tuple[int, str, float]]) -> None:
    contracts = chain()
    quotes, now = store(contracts), NOW
    for n, event, number in events:
        con_id = contracts[n].con_id
        match event:
            case "quote":
                quotes.option(con_id, now.timestamp(), bid=number, ask=number + 1)
            case "greeks":
                quotes.greeks(con_id, number / 200, None, 0.01, -0.1, None)
            case "drop":
                quotes.no_quote(con_id, "ask", now.timestamp())
            case "spot":
                quotes.underlying("SPX", now.timestamp(), 6000 + number)
                quotes.snapshot(now)
                quote_all(quotes, contracts, spot=6000 + number)
            case "look":
                quotes.snapshot(now)
            case _:
                now += timedelta(seconds=number / 200)
    live = quotes.snapshot(now).table.combine_chunks()

    quotes.layout(contracts, {"SPX": SPX, "SPY": SPY})
    whole = quotes.snapshot(now).table

    for name in CHAIN_SCHEMA.names:
        np.testing.assert_allclose(live[name].to_numpy(), whole[name].to_numpy(), rtol=1e-4, atol=1e-9, err_msg=name)


def test_a_new_layout_keeps_what_is_known_and_leaves_the_old_table_alone() -> None:
    contracts = chain()
    quotes = store(contracts)
    quote_all(quotes, contracts)
    quotes.greeks(122, 0.25, -0.123, 0.001, -1.5, 3.21)
    old = quotes.snapshot(NOW)
    kept = pa.table(old.table.to_pydict(), schema=old.table.schema)

    quotes.layout([*contracts[3:], *chain(days=4, first=700)], {"SPX": SPX})

    new = quotes.snapshot(NOW)
    assert new.layout == old.layout + 1
    assert 100 not in new.rows_by_con_id
    for column in ("bid", "ask", "iv", "delta", "quoted_at", "spot"):
        assert value(new, 122, column) == value(old, 122, column), column
    assert math.isnan(value(new, 705, "bid"))
    quotes.option(122, AT, bid=1.0)
    np.testing.assert_array_equal(old.table["bid"].to_numpy(), kept["bid"].to_numpy())


def test_a_layout_without_a_carry_is_refused() -> None:
    with pytest.raises(KeyError, match="SPX"):
        QuoteStore().layout(chain(), {})


def test_an_empty_store_gives_an_empty_chain() -> None:
    snapshot = QuoteStore().snapshot(NOW)

    assert snapshot.table.num_rows == 0
    assert snapshot.table.schema == CHAIN_SCHEMA


def test_snapshot_ids_are_unique_and_sort_by_time() -> None:
    quotes = store()

    ids = [quotes.snapshot(NOW + timedelta(microseconds=n // 3)).id for n in range(12)]

    assert ids == sorted(set(ids))
    assert ids[0] == "20261123T150000.000000-000"


@settings(max_examples=25)
@given(st.lists(st.lists(st.tuples(st.integers(0, 43), st.floats(1, 50)), max_size=12), min_size=1, max_size=6))
def test_published_copies_hold_what_the_live_columns_hold_and_stay_still(rounds: list[list[tuple[int, float]]]) -> None:
    contracts = [*chain(), *chain(days=4, first=700)]
    quotes = store(contracts)
    for ticks in rounds:
        for n, price in ticks:
            quotes.option(contracts[n].con_id, AT, bid=price, ask=price + 1)
        published = quotes.publish(NOW)
        live = {name: quotes.snapshot(NOW).table[name].to_numpy().copy() for name in CHAIN_SCHEMA.names}
        quotes.option(contracts[0].con_id, AT, bid=0.01, ask=99.0)
        quotes.publish(NOW)

        for name, expected in live.items():
            np.testing.assert_array_equal(published.table[name].to_numpy(), expected, err_msg=name)


def test_ages_tell_how_old_the_quotes_are() -> None:
    quotes = store()
    assert quotes.ages(NOW).oldest_s is None
    quotes.option(105, AT - 30, bid=1.0, ask=2.0)
    quotes.option(106, AT - 10, bid=1.0, ask=2.0)
    quotes.option(107, AT - 99, bid=1.0)

    ages = quotes.ages(NOW)

    assert (ages.rows, ages.two_sided, ages.median_s, ages.oldest_s, ages.ticks) == (22, 2, 20.0, 30.0, 3)


def test_a_contract_listed_twice_has_one_row() -> None:
    contracts = chain()

    snapshot = store([*contracts, replace(contracts[0])]).snapshot(NOW)

    assert snapshot.table.num_rows == len(contracts)
