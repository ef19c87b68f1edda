"""A replayed market says again what was recorded, no more and no less."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from engine.sim.market.contracts import ContractNumbers, Key
from engine.sim.market.quotes import Bar
from engine.sim.market.replayed import ReplayedMarket
from tests.core.sim_market import given

EXPIRY = date(2026, 12, 18)
OPEN, NOON, CLOSE = given.at(14, 30), given.at(17), given.at(21)
TUESDAY = date(2026, 11, 24)
RECORDED = Path(__file__).parents[3].parent / "shared" / "data"


def row(at: datetime, strike: float, bid: float | None, ask: float | None, **other: Any) -> dict[str, Any]:
    known = dict.fromkeys(("bid_size", "ask_size", "last", "volume", "open_interest", "iv", "delta", "gamma"))
    return (
        {"quote_ts": at, "underlying": "SPX", "root": "SPXW", "underlying_price": 6000.0, "expiry": EXPIRY}
        | {"strike": strike, "right": "C", "bid": bid, "ask": ask, "theta": None, "vega": None, "multiplier": 100}
        | known
        | other
    )


def table(*rows: dict[str, Any]) -> pa.Table:
    floats = ("underlying_price", "strike", "bid", "ask", "last", "iv", "delta", "gamma", "theta", "vega")
    whole = ("bid_size", "ask_size", "volume", "open_interest")
    fields = [("quote_ts", pa.timestamp("us", "UTC")), ("expiry", pa.date32()), ("multiplier", pa.int32())]
    fields += [(name, pa.string()) for name in ("underlying", "root", "right")]
    fields += [(name, pa.float64()) for name in floats] + [(name, pa.int64()) for name in whole]
    return pa.Table.from_pylist(list(rows), schema=pa.schema(fields))


def test_market_shows_the_latest_snapshot_not_after_now():
    market = ReplayedMarket([table(row(NOON, 6000, 80, 81), row(OPEN, 6000, 70, 71))])
    early = market.step(NOON - timedelta(seconds=1)), market.quotes.bid.tolist()

    late = market.step(NOON + timedelta(hours=1)), market.quotes.bid.tolist()

    assert (early[0].rows.tolist(), early[1]) == ([], [70])
    assert (late[0].rows.tolist(), late[0].underlyings, late[1]) == ([0], ("SPX",), [80])
    assert not late[0].relisted


def test_only_changed_rows_are_named():
    market = ReplayedMarket(
        [table(row(OPEN, 6000, 70, 71), row(OPEN, 6100, 30, 31), row(NOON, 6000, 70, 71), row(NOON, 6100, 30, 32))]
    )

    change = market.step(NOON)

    assert change.rows.tolist() == [1]


def test_crossed_zero_and_missing_sides_pass_unchanged():
    market = ReplayedMarket([table(row(OPEN, 6000, 71, 70), row(OPEN, 6100, 0, 0.05), row(OPEN, 6200, None, 0.05))])

    q = market.quotes

    assert q.bid[:2].tolist() == [71, 0]
    assert np.isnan(q.bid[2])
    assert q.ask.tolist() == [70, 0.05, 0.05]
    assert np.isnan(q.bid_size).all()
    assert np.isnan(q.volume).all()


def test_greeks_follow_from_the_volatility_where_they_were_not_recorded():
    market = ReplayedMarket([table(row(OPEN, 6000, 80, 81, iv=0.15, delta=0.6), row(OPEN, 6100, 30, 31))])

    q = market.quotes

    assert q.delta[0] == 0.6
    assert -5 < q.theta[0] < -0.5
    assert 3 < q.vega[0] < 8
    assert 60 < q.model[0] < 120
    assert np.isnan([q.iv[1], q.delta[1], q.theta[1], q.vega[1], q.model[1]]).all()


def test_option_missing_from_a_snapshot_is_absent_in_it():
    market = ReplayedMarket([table(row(OPEN, 6000, 70, 71), row(OPEN, 6100, 30, 31), row(NOON, 6000, 72, 73))])

    market.step(NOON)

    assert market.quotes.bid[0] == 72
    assert np.isnan(market.quotes.bid[1])
    assert len(market.listing) == 2


def test_every_underlying_keeps_its_own_latest_snapshot():
    spy = {"underlying": "SPY", "root": "SPY", "underlying_price": 600.0}
    market = ReplayedMarket([table(row(OPEN, 6000, 70, 71)), table(row(NOON, 600, 7, 8, **spy))])
    before = market.spot("SPY").price

    change = market.step(NOON)

    assert before is None
    assert change.underlyings == ("SPY",)
    assert market.quotes.bid.tolist() == [70, 7]
    assert market.spot("SPX").price == 6000
    assert market.spot("SPY").price == 600


def test_listing_is_what_was_recorded_on_the_day():
    tuesday = given.at(17, day=TUESDAY)
    market = ReplayedMarket([table(row(OPEN, 6000, 70, 71), row(tuesday, 6100, 30, 31))])
    first = int(market.listing.con_id[0])

    change = market.step(tuesday)

    assert change.relisted
    assert change.rows.tolist() == [0]
    assert market.listing.strike.tolist() == [6100]
    assert market.row(first) is None
    contract = market.contract(first)
    assert contract is not None
    assert contract.strike == 6000
    assert ContractNumbers().number(Key("SPX", EXPIRY, "SPXW", "C", 6000.0)) == first


def test_next_event_is_the_next_snapshot_and_none_after_the_last():
    tuesday = given.at(17, day=TUESDAY)
    market = ReplayedMarket([table(row(OPEN, 6000, 70, 71), row(tuesday, 6000, 72, 73))])

    assert market.next_event(OPEN) == tuesday
    assert market.next_event(tuesday) is None


def test_sessions_come_from_the_recording_unless_told():
    market = ReplayedMarket([table(row(CLOSE, 6000, 70, 71))])
    told = ReplayedMarket([table(row(CLOSE, 6000, 70, 71))], sessions=given.sessions())

    assert market.is_open(OPEN)
    assert market.is_open(CLOSE)
    assert not market.is_open(CLOSE + timedelta(minutes=15))
    assert not told.is_open(CLOSE)


def test_settlement_is_the_days_close_once_it_has_passed():
    expiry = given.MONDAY
    market = ReplayedMarket(
        [table(row(OPEN, 6000, 70, 71, expiry=expiry), row(CLOSE, 6000, 5, 6, expiry=expiry, underlying_price=6005.0))]
    )
    contract = market.contract(int(market.listing.con_id[0]))
    assert contract is not None
    early = market.settlement_value(contract)

    market.step(CLOSE)

    assert early is None
    assert market.settlement_value(contract) == 6005.0


def test_daily_bars_come_first_and_recorded_days_fill_the_gaps():
    bars = pa.table(
        {
            "symbol": ["SPX", "SPX", "VIX"],
            "date": [date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 20)],
            "open": [5900.0, None, 15.0],
            "high": [5950.0, None, 16.0],
            "low": [5890.0, None, 14.0],
            "close": [5940.0, 5960.0, 15.5],
            "volume": pa.array([None, None, None], pa.int64()),
        }
    )
    tuesday = given.at(17, day=TUESDAY)
    market = ReplayedMarket([table(row(OPEN, 6000, 70, 71), row(tuesday, 6000, 72, 73))], bars=bars)
    monday = market.daily_bars("SPX", 10)

    market.step(tuesday)

    assert [bar.close for bar in monday] == [5940.0, 5960.0]
    assert monday[1] == Bar(date(2026, 11, 20), 5960.0, 5960.0, 5960.0, 5960.0)
    assert [bar.close for bar in market.daily_bars("SPX", 2)] == [5960.0, 6000.0]
    assert market.spot("VIX").price == 15.5
    assert market.spot("SPX").previous_close == 6000.0


def test_month_volatility_lies_between_the_expiries_around_it():
    near, far = date(2026, 12, 18), date(2027, 1, 15)
    rows = [row(OPEN, 6000 + d, 1, 2, expiry=day, iv=iv) for day, iv in ((near, 0.2), (far, 0.1)) for d in (-50, 100)]
    market = ReplayedMarket([table(*rows)])

    iv = market.iv30("SPX")

    assert iv is not None
    assert 0.1 < iv < 0.2
    assert ReplayedMarket([table(row(OPEN, 6000, 1, 2))]).iv30("SPX") is None


def test_history_of_volatility_joins_what_is_given_and_what_was_recorded():
    near, far = date(2026, 12, 18), date(2027, 1, 15)
    chain = [
        row(at, 6000 + d, 1, 2, expiry=day, iv=0.15)
        for at in (OPEN, given.at(17, day=TUESDAY))
        for day in (near, far)
        for d in (-50, 100)
    ]
    friday = Bar(date(2026, 11, 20), 0.14, 0.14, 0.14, 0.14)
    market = ReplayedMarket([table(*chain)], iv_bars={"SPX": [friday]})

    market.step(given.at(17, day=TUESDAY))

    assert [bar.day for bar in market.iv_bars("SPX", 9)] == [friday.day, given.MONDAY]
    assert market.iv_bars("SPX", 1)[0].close == pytest.approx(0.15)


def test_stranger_to_the_catalogue_is_a_stock():
    market = ReplayedMarket([table(row(OPEN, 60, 1, 2, underlying="YUM", root="YUM", underlying_price=62.0))])

    yum = market.underlyings["YUM"]

    assert (yum.kind, yum.roots, yum.security_type) == ("stock", ("YUM",), "STK")


def test_table_is_refused_when_it_has_no_rows_or_lacks_a_column():
    with pytest.raises(ValueError, match="no rows"):
        ReplayedMarket([table()])
    with pytest.raises(ValueError, match="lacks the columns iv"):
        ReplayedMarket([table(row(OPEN, 6000, 1, 2)).drop_columns(["iv"])])


def test_time_does_not_run_backwards():
    market = ReplayedMarket([table(row(OPEN, 6000, 70, 71))], start=NOON)

    with pytest.raises(ValueError, match="backwards"):
        market.step(OPEN)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["spxw_15min_2016-04-28_2016-04-29", "aapl_hourly_2014-06-06_2014-06-09_split", "spy_eod_2021_sparse"],
)
def test_recorded_chain_is_said_again_word_for_word(name: str):
    path = RECORDED / f"{name}.parquet"
    if not path.exists():
        pytest.skip("recorded chains are not beside the repository")
    recorded = pq.read_table(path)
    market = ReplayedMarket([recorded])
    now, steps = min(recorded["quote_ts"].to_pylist()), 0
    while steps < 30 and (following := market.next_event(now)) is not None:
        market.step(following)
        now, steps = following, steps + 1

    known = recorded.filter(pc.equal(recorded["quote_ts"], pa.scalar(now, recorded.schema.field("quote_ts").type)))
    said = {
        (contract.root, contract.expiry, float(contract.strike), contract.put_call): number
        for number, con_id in enumerate(market.listing.con_id)
        if (contract := market.contract(int(con_id))) is not None
    }
    assert known.num_rows > 0
    for line in known.to_pylist():
        number = said[line["root"], line["expiry"], line["strike"], line["right"]]
        for column in ("bid", "ask", "volume", "open_interest", "iv"):
            shown = getattr(market.quotes, column)[number]
            assert np.isnan(shown) if line[column] is None else shown == line[column]
