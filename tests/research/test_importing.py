"""Vendors' files become recorded chains: names, units, signs and clocks as declared, what is late or absent unknown."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from engine.research.importing.maps import NAMES, VENDORS
from engine.store.recorded import rows
from tests.faces.conftest import Spreads, spreads

__all__ = ["spreads"]

VENDORS_FOLDER = Path(__file__).parent / "vendors"


def told(spreads: Spreads, tmp_path: Path, vendor: str, *names: str, words: tuple[str, ...] = ()) -> tuple[list[dict], dict]:
    """The rows that were written, and what the command says of the file."""
    ran = spreads(
        "import",
        *(VENDORS_FOLDER / name for name in names),
        "--from",
        vendor,
        "--to",
        tmp_path / "chains",
        "--format",
        "json",
        *words,
    )
    assert ran.code == 0, ran.err
    [said] = json.loads(ran.out)
    written = Path(said["written"])
    assert rows(written).num_rows == said["rows"], "the engine reads what was written"
    return pq.read_table(written).to_pylist(), said


def test_every_vendor_that_can_be_named_is_declared() -> None:
    assert set(NAMES) == {"optionsdx", "cboe", "orats", "optionmetrics", "optopsy", "databento", "thetadata", "polygon"}
    assert all(vendor.marks for vendor in VENDORS)


def test_optionsdx_row_becomes_a_call_and_a_put_and_its_impossible_greek_nothing(spreads: Spreads, tmp_path: Path) -> None:
    # when
    found, said = told(spreads, tmp_path, "optionsdx", "optionsdx_spx_eod_202301.txt", words=("--underlying", "SPX"))

    # then
    call, put = (row for row in found if row["strike"] == 3890.0)
    assert (call["right"], put["right"]) == ("C", "P")
    assert call["quote_ts"] == datetime(2023, 1, 6, 20, 0, tzinfo=UTC)
    assert (call["underlying"], call["root"], call["expiry"]) == ("SPX", "SPXW", date(2023, 1, 13))
    assert (call["bid"], call["ask"], call["bid_size"], call["ask_size"]) == (44.2, 44.9, 12.0, 18.0)
    assert (put["iv"], put["delta"], put["theta"], put["vega"]) == (0.181, -0.488, -2.02, None)
    assert {row["volume"] for row in found} == {None}, "the day's volume is not known at 15:00"
    assert {row["open_interest"] for row in found} == {None}
    assert said["why"] == "2 its class is not told: it may settle in the morning or at the close"
    nothing = next(row for row in found if row["strike"] == 4200.0 and row["right"] == "C")
    assert (nothing["bid"], nothing["ask"], nothing["iv"]) == (0.0, 0.05, None)


def test_cboe_snapshot_of_1545_is_an_earlier_one_on_half_days_since_february_2020(spreads: Spreads, tmp_path: Path) -> None:
    found, _ = told(spreads, tmp_path, "cboe", "cboe_UnderlyingOptionsEODCalcs.csv")

    at = {(row["quote_ts"].date(), row["right"]): row["quote_ts"] for row in found}
    assert at[date(2020, 11, 27), "P"] == datetime(2020, 11, 27, 17, 45, tzinfo=UTC)
    assert at[date(2019, 11, 29), "P"] == datetime(2019, 11, 29, 20, 45, tzinfo=UTC), "after that day's close"
    put = next(row for row in found if row["quote_ts"].year == 2020 and row["right"] == "P")
    assert (put["underlying"], put["root"], put["bid"], put["ask"], put["delta"]) == ("SPX", "SPXW", 16.2, 16.6, -0.241)
    assert (put["volume"], put["open_interest"], put["last"]) == (None, None, None), "known after the close alone"
    call = next(row for row in found if row["right"] == "C")
    assert (call["iv"], call["underlying_price"]) == (None, pytest.approx(3638.8)), (
        "0 is none, and the middle stands for the price"
    )
    late = next(row for row in found if row["quote_ts"].year == 2019)
    assert (late["volume"], late["open_interest"]) == (77.0, 990.0)


def test_cboe_intervals_are_on_the_clock_of_new_york(spreads: Spreads, tmp_path: Path) -> None:
    [row], _ = told(spreads, tmp_path, "cboe", "cboe_interval.csv")

    assert row["quote_ts"] == datetime(2023, 7, 3, 16, 30, tzinfo=UTC)
    assert (row["bid"], row["ask"], row["theta"], row["vega"]) == (6.10, 6.14, -0.15, 0.36)
    assert row["underlying_price"] == pytest.approx(443.49)


def test_orats_row_is_said_fourteen_minutes_before_the_close_and_its_delta_is_the_calls(spreads: Spreads, tmp_path: Path) -> None:
    found, _ = told(spreads, tmp_path, "orats", "orats_strikes.csv")

    call, put = found
    assert call["quote_ts"] == datetime(2023, 7, 3, 16, 46, tzinfo=UTC), "a half day"
    assert (call["delta"], put["delta"]) == (0.661, pytest.approx(0.661 - 1))
    assert (put["bid"], put["ask"], put["bid_size"], put["open_interest"], put["iv"]) == (1.90, 1.96, 60.0, 22110.0, 0.190)
    assert (put["theta"], put["vega"], put["underlying_price"]) == (-0.072, 0.15, 192.46)


def test_optionmetrics_units_become_ours(spreads: Spreads, tmp_path: Path) -> None:
    found, said = told(spreads, tmp_path, "optionmetrics", "optionmetrics_opprcd2022.csv")

    call = next(row for row in found if row["right"] == "C")
    assert (call["strike"], call["root"], call["expiry"]) == (3900.0, "SPX", date(2023, 1, 20))
    assert call["quote_ts"] == datetime(2022, 12, 15, 21, 0, tzinfo=UTC), "the close: it never trades by itself"
    assert call["vega"] == pytest.approx(4.8012)
    assert call["theta"] == pytest.approx(-360.75 / 365)
    assert call["underlying_price"] == 3895.75
    assert said["why"] == "1 not a standard settlement"


def test_optopsy_days_are_told_at_the_close_and_a_holiday_not_at_all(spreads: Spreads, tmp_path: Path) -> None:
    found, said = told(spreads, tmp_path, "optopsy", "optopsy_year.csv")

    assert [row["right"] for row in found] == ["C", "P"]
    assert {row["quote_ts"] for row in found} == {datetime(2017, 1, 3, 21, 0, tzinfo=UTC)}
    assert {row["root"] for row in found} == {"YUM"}
    assert said["why"] == "1 no session on its day"


def test_databento_quotes_stand_until_they_change(spreads: Spreads, tmp_path: Path) -> None:
    # when
    found, said = told(spreads, tmp_path, "databento", "databento_cbbo-1m.csv", "databento_definition.csv")

    # then: told 14:01, 14:02 and 14:03 at the ends of their minutes
    quotes = {(row["quote_ts"].minute, row["strike"]): (row["bid"], row["ask"], row["bid_size"]) for row in found}
    assert {minute for minute, _ in quotes} == {2, 3, 4}
    assert quotes[2, 4700.0] == (4.15, 4.25, 31.0)
    assert quotes[3, 4700.0] == quotes[4, 4700.0] == (4.20, 4.30, 28.0)
    assert quotes[3, 4650.0] == quotes[2, 4650.0] == (2.05, 2.15, 11.0)
    assert quotes[4, 4650.0] == (1.95, 2.05, 10.0)
    assert {(row["underlying"], row["root"], row["expiry"]) for row in found} == {("SPX", "SPXW", date(2024, 1, 19))}
    assert said["why"] == "1 its contract cannot be read"
    assert {row["underlying_price"] for row in found} == {None}


@pytest.mark.parametrize(
    ("file", "at", "strike", "root"),
    [
        ("thetadata_quote_v3.csv", datetime(2024, 1, 10, 15, 1, tzinfo=UTC), 4700.0, "SPXW"),
        ("thetadata_eod_v3.csv", datetime(2024, 1, 10, 22, 15, tzinfo=UTC), 185.0, "AAPL"),
        ("thetadata_quote_v2.csv", datetime(2024, 1, 10, 15, 1, tzinfo=UTC), 185.0, "AAPL"),
    ],
)
def test_thetadata_strikes_and_clocks_of_both_versions(
    file: str, at: datetime, strike: float, root: str, spreads: Spreads, tmp_path: Path
) -> None:
    [row], _ = told(spreads, tmp_path, "thetadata", file)

    assert (row["quote_ts"], row["strike"], row["root"]) == (at, strike, root)


def test_polygon_tickers_name_the_contract_and_the_last_quote_of_a_minute_counts(spreads: Spreads, tmp_path: Path) -> None:
    found, _ = told(spreads, tmp_path, "polygon", "polygon_quotes.csv")

    quotes = {(row["quote_ts"].minute, row["strike"]): (row["bid"], row["ask"]) for row in found}
    assert quotes == {(1, 4700.0): (4.20, 4.30), (2, 4700.0): (4.20, 4.30), (2, 4650.0): (2.05, 2.15)}
    assert {(row["underlying"], row["root"], row["right"], row["expiry"]) for row in found} == {
        ("SPX", "SPXW", "P", date(2024, 1, 19))
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.csv", "--from", "orats"], "none.csv: no such file"),
        ([VENDORS_FOLDER / "orats_strikes.csv", "--from", "cboe"], "is not laid out as files of cboe: lacks"),
        ([VENDORS_FOLDER / "databento_cbbo-1m.csv", "--from", "databento"], "name the definitions of its days too"),
        ([VENDORS_FOLDER / "optionsdx_spx_eod_202301.txt", "--from", "optionsdx", "--underlying", "x'"], "is no symbol"),
    ],
)
def test_wrong_file_is_said_with_its_way_out(words: list[object], said: str, spreads: Spreads, tmp_path: Path) -> None:
    ran = spreads("import", *words, "--to", tmp_path / "chains")

    assert ran.code == 2
    assert said in ran.err


def test_what_a_file_has_nothing_for_is_named(spreads: Spreads, tmp_path: Path) -> None:
    ran = spreads("import", VENDORS_FOLDER / "polygon_quotes.csv", "--from", "polygon", "--to", tmp_path / "chains")

    assert "conditions on them are unknown and never pass: delta, gamma, iv, last, open_interest" in ran.err
