import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from engine.domain.calendar import Calendar
from engine.domain.errors import UserError
from engine.domain.session import Session
from engine.pricing import black_scholes
from engine.store.columns import Carry
from engine.store.recorded import contract_number, load, load_chain, times

SHARED = Path(__file__).parents[3].parent / "shared" / "data"
needs_recordings = pytest.mark.skipif(not SHARED.is_dir(), reason="the recorded chains lie beside the repository")
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
DAY = date(2026, 12, 18)


def row(**changed: object) -> dict[str, object]:
    usual: dict[str, object] = {
        "quote_ts": NOON, "underlying": "SPX", "root": "SPXW", "underlying_price": 6000.0, "expiry": DAY, "strike": 5900.0,
        "right": "P",
        "bid": 20.0, "ask": 21.0, "bid_size": 5, "ask_size": None, "last": 20.5, "volume": 10, "open_interest": 100, "iv": 0.092,
        "delta": -0.25, "gamma": 0.002, "theta": -0.9, "vega": 5.0, "rho": -1.0, "multiplier": 100, "source": "test",
    }  # fmt: skip
    return usual | changed


def recording(folder: Path, *rows: dict[str, object], name: str = "chain.parquet") -> Path:
    path = folder / name
    table = pa.Table.from_pylist(list(rows))
    csv.write_csv(table, path) if path.suffix == ".csv" else pq.write_table(table, path)
    return path


def test_the_latest_chain_is_loaded_unless_a_time_is_named(tmp_path: Path) -> None:
    moments = [NOON + timedelta(minutes=minute) for minute in (0, 15, 30)]
    path = recording(tmp_path, *(row(quote_ts=at, bid=20.0 + n) for n, at in enumerate(moments)))

    assert times(path) == moments
    assert load_chain(path).as_of == moments[2]
    assert load_chain(path, moments[1]).as_of == moments[1]
    assert load_chain(path, moments[1] + timedelta(minutes=14)).table["bid"].to_pylist() == [21.0]
    assert load_chain(path, moments[2] + timedelta(days=9)).as_of == moments[2]


def test_recorded_values_are_taken_as_they_are(tmp_path: Path) -> None:
    snapshot = load_chain(recording(tmp_path, row(), row(right="C", iv=None, delta=None, bid=None, open_interest=None)))

    put, call = snapshot.table.to_pylist()
    taken = ("bid", "ask", "bid_size", "last", "volume", "open_interest", "iv", "delta", "gamma", "theta", "vega")
    assert [put[name] for name in taken] == [20.0, 21.0, 5, 20.5, 10, 100, 0.092, -0.25, 0.002, -0.9, 5.0]
    assert (put["spot"], put["quoted_at"], put["dte"], put["put_call"]) == (6000.0, NOON.timestamp(), 25, -1)
    assert all(math.isnan(value) for value in (call["bid"], call["open_interest"], call["iv"], call["ask_size"], call["p_itm"]))
    contract = snapshot.contracts[0]
    assert (contract.root, contract.expiry, contract.strike, contract.put_call) == ("SPXW", DAY, Decimal(5900), "P")


def test_a_recorded_theta_of_minus_two_is_a_theta(tmp_path: Path) -> None:
    snapshot = load_chain(recording(tmp_path, row(theta=-2.0, iv=0.2, bid=82.0, ask=85.0)))

    assert snapshot.table["theta"][0].as_py() == -2.0


def test_a_missing_volatility_is_solved_where_the_quote_allows(tmp_path: Path) -> None:
    years = (datetime(2026, 12, 18, 21, tzinfo=UTC) - NOON).total_seconds() / (365 * 86400)
    price = float(black_scholes.price(6000.0, 5900.0, years, 0.04, 0.01, 0.17, -1))
    path = recording(tmp_path, row(iv=None, delta=None, gamma=None, theta=None, vega=None, bid=price - 0.05, ask=price + 0.05))

    snapshot = load_chain(path, carries={"SPX": Carry(0.04, 0.01)})

    own = black_scholes.greeks(6000.0, 5900.0, years, 0.04, 0.01, 0.17, -1)
    assert snapshot.table["iv"][0].as_py() == pytest.approx(0.17, abs=1e-6)
    assert snapshot.table["delta"][0].as_py() == pytest.approx(float(own.delta), abs=1e-6)


def test_options_that_have_stopped_trading_are_left_out(tmp_path: Path) -> None:
    close = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
    today = {"expiry": date(2026, 11, 23)}
    path = recording(
        tmp_path,
        *(row(quote_ts=at, root=root, **today) for at in (NOON, close) for root in ("SPX", "SPXW")),
        *(row(quote_ts=at) for at in (NOON, close)),
        row(quote_ts=NOON, expiry=date(2026, 11, 20)),
    )
    half_day = Calendar((Session(date(2026, 11, 23), NOON - timedelta(hours=2), NOON),))

    before, after = load(path, NOON), load(path, close)

    assert [contract.root for contract in before.snapshot.contracts] == ["SPXW", "SPXW"]
    assert before.over == 2
    assert (after.over, len(after.snapshot.contracts)) == (2, 1)
    assert load(path, NOON, calendar=half_day).over == 3


def test_am_class_is_left_out_from_the_close_of_the_session_before_its_expiration_day(tmp_path: Path) -> None:
    thursday = datetime(2026, 12, 17, 20, 59, tzinfo=UTC)
    of = {"expiry": date(2026, 12, 18)}
    instants = (thursday, thursday + timedelta(minutes=1))
    path = recording(tmp_path, *(row(quote_ts=at, root=root, **of) for at in instants for root in ("SPX", "SPXW")))

    before, after = (load(path, at).snapshot for at in instants)

    assert [contract.root for contract in before.contracts] == ["SPX", "SPXW"]
    assert [contract.root for contract in after.contracts] == ["SPXW"]


def test_class_of_an_index_that_is_not_in_the_table_is_left_out_and_named(tmp_path: Path) -> None:
    other = {"underlying": "MXUSA", "root": "MXUSA"}
    loaded = load(recording(tmp_path, row(), row(root="SPXQ", strike=5895.0), row(strike=200.0, **other)))

    assert loaded.unknown == (("MXUSA", "MXUSA"), ("SPXQ", "SPX"))
    assert [contract.root for contract in loaded.snapshot.contracts] == ["SPXW"]


def test_non_standard_options_are_left_out_and_counted(tmp_path: Path) -> None:
    path = recording(
        tmp_path, row(), row(multiplier=10, strike=1.0), row(root="AAPL7", strike=2.0), row(multiplier=150, strike=3.0)
    )

    loaded = load(path)

    assert (loaded.non_standard, loaded.over, loaded.snapshot.table.num_rows) == (3, 0, 1)


def test_several_underlyings_stand_in_one_chain(tmp_path: Path) -> None:
    path = recording(tmp_path, row(), row(underlying="AAPL", root="AAPL", underlying_price=None, strike=250.5))

    snapshot = load_chain(path)

    assert list(snapshot.underlyings) == ["AAPL", "SPX"]
    assert snapshot.contracts[0].strike == Decimal("250.5")
    assert np.isnan(snapshot.table["spot"].to_numpy()).tolist() == [True, False]


def test_contract_numbers_are_the_same_in_every_recording(tmp_path: Path) -> None:
    one = load_chain(recording(tmp_path, row(), row(strike=5895.0)))
    other = load_chain(recording(tmp_path, row(quote_ts=NOON + timedelta(days=1)), name="other.parquet"))

    assert one.rows_by_con_id.keys() & other.rows_by_con_id.keys() == {contract_number("SPXW", DAY, Decimal(5900), "P")}
    assert max(one.rows_by_con_id) < 2**63


def test_csv_reads_as_parquet_does(tmp_path: Path) -> None:
    rows = [row(), row(right="C", iv=None, bid=None)]

    parquet, text = (load_chain(recording(tmp_path, *rows, name=name)) for name in ("a.parquet", "a.csv"))

    assert text.contracts == parquet.contracts
    for name in parquet.table.column_names:
        np.testing.assert_array_equal(text.table[name].to_numpy(), parquet.table[name].to_numpy(), err_msg=name)


def without(name: str) -> dict[str, object]:
    return {key: value for key, value in row().items() if key != name}


def test_optional_columns_may_be_absent(tmp_path: Path) -> None:
    bare = {key: value for key, value in row().items() if key not in ("iv", "delta", "gamma", "volume", "bid_size")}

    snapshot = load_chain(recording(tmp_path, bare))

    assert snapshot.table["iv"][0].as_py() > 0
    assert math.isnan(snapshot.table["volume"][0].as_py())


@pytest.mark.parametrize(
    ("rows", "at", "found"),
    [
        ([without("strike") | {"x": 1}], None, "lacks the columns strike; a recorded chain has them all"),
        ([{"a": 1}], None, "lacks the columns quote_ts, underlying, root"),
        ([row(quote_ts=None)], None, "holds no rows"),
        ([row(right="X")], None, "right holds 'X'; it is C for a call"),
        ([row(), row(strike=math.nan)], None, "strike holds nan; it is a price above zero"),
        ([row(strike=-5.0)], None, "strike holds -5; it is a price above zero"),
        ([row(strike=math.inf)], None, "strike holds inf; it is a price above zero"),
        ([row(root=None), row(strike=None)], None, "root has empty values"),
        ([row(bid="high")], None, "bid does not hold numbers, such as 12.5 "),
        ([row(expiry="soon")], None, "expiry does not hold days, such as 2016-06-17 "),
        ([row(quote_ts="now")], None, "quote_ts does not hold times, such as 2016-04-29T19:45:00Z "),
        ([row(), row(quote_ts=NOON + timedelta(1))], NOON - timedelta(seconds=1),
         "nothing was recorded at or before 2026-11-23 16:59:59 UTC; it runs from 2026-11-23 17:00:00 to 2026-11-24 17:00:00"),
    ],
)  # fmt: skip
def test_what_is_no_recorded_chain_is_refused_with_the_reason(
    tmp_path: Path, rows: list[dict[str, object]], at: datetime | None, found: str
) -> None:
    path = recording(tmp_path, *rows)

    with pytest.raises(UserError, match=found):
        load_chain(path, at)


@pytest.mark.parametrize("name", ["chain.parquet", "chain.csv", "chain.txt"])
def test_a_file_that_is_missing_or_of_another_kind_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name

    with pytest.raises(UserError, match="no such file"):
        load_chain(path)
    path.write_bytes(b"\x00\xff not a chain")
    with pytest.raises(UserError, match=r"neither a Parquet nor a CSV file|lacks the columns"):
        load_chain(path)


def test_a_file_is_read_as_what_it_holds_whatever_its_name(tmp_path: Path) -> None:
    parquet = recording(tmp_path, row())
    text = recording(tmp_path, row(), name="chain.csv")

    swapped = parquet.rename(tmp_path / "a.csv"), text.rename(tmp_path / "b.parquet")

    assert [load_chain(path).table.num_rows for path in swapped] == [1, 1]


def test_half_a_parquet_file_is_called_damaged(tmp_path: Path) -> None:
    path = recording(tmp_path, row())
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(UserError, match="is a Parquet file, but a damaged one"):
        load_chain(path)


def test_of_an_option_that_was_recorded_twice_the_last_row_counts(tmp_path: Path) -> None:
    loaded = load(recording(tmp_path, row(), row(strike=5895.0), row(bid=19.0)))

    assert (loaded.snapshot.table["bid"].to_pylist(), loaded.repeated) == ([20.0, 19.0], 1)


def test_an_empty_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.parquet"
    pq.write_table(pa.Table.from_pylist([row()]).slice(0, 0), path)

    with pytest.raises(UserError, match="holds no rows"):
        times(path)


@needs_recordings
@pytest.mark.parametrize(
    ("name", "at", "rows", "over"),
    [
        ("spxw_15min_2016-04-28_2016-04-29", datetime(2016, 4, 29, 14, 0, tzinfo=UTC), 4772, 0),
        ("goog_1min_2015-12-24", datetime(2015, 12, 24, 15, 0, tzinfo=UTC), 1813, 0),
        ("multi_eod_2023-11-15", None, 3146, 0),
        ("aapl_hourly_2014-06-06_2014-06-09_split", None, None, None),
    ],
)
def test_real_recordings_load(name: str, at: datetime | None, rows: int | None, over: int | None) -> None:
    loaded = load(SHARED / f"{name}.parquet", at)

    table = loaded.snapshot.table
    iv, bid, ask = (table[column].to_numpy() for column in ("iv", "bid", "ask"))
    assert rows is None or table.num_rows + loaded.over == rows
    assert over is None or loaded.over == over
    assert np.isfinite(iv).mean() > 0.5
    assert np.nanmin(iv) > 0
    assert np.nanmin(ask) > 0
    assert np.nanmin(bid) >= 0
    assert (np.diff(table["group_id"].to_numpy()) >= 0).all()
    assert np.isfinite(table["atm_iv"].to_numpy()).any()
