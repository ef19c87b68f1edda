"""scan: candidates of a recorded chain, and nothing else on stdout."""

import csv
import json
from datetime import date, datetime
from io import StringIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from syrupy.assertion import SnapshotAssertion

from tests.faces import given
from tests.faces.conftest import Spreads

CANDIDATE = {
    *("forward", "forward_from", "spot", "age_s", "views", "band"),
    *("strategy", "underlying", "root", "legs", "net", "natural", "width", "max_profit", "max_loss", "fees", "breakevens", "pop"),
    *("expected_value", "return_on_risk", "delta", "gamma", "theta", "vega", "score", "rank"),
}
LEG = {"iv", "action", "ratio", "expiry", "strike", "put_call", "bid", "ask", "delta"}
CASES = Path(__file__).parents[2].parent / "shared" / "cases" / "chains"
SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "spxw_15min_2016-04-28_2016-04-29.parquet"


def test_scan_prints_candidates_and_tells_the_funnel(spreads: Spreads, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    path, _ = given.strategy(tmp_path), given.chain(tmp_path / "chain.parquet")

    ran = spreads("scan", path.name, "--chain", "chain.parquet")

    assert ran.code == 0
    assert (ran.out, ran.err) == snapshot


def test_scan_as_json_is_a_list_of_candidates_and_nothing_else(spreads: Spreads, tmp_path: Path) -> None:
    path, chain = given.strategy(tmp_path), given.chain(tmp_path / "chain.parquet")

    rows = json.loads(spreads("scan", path, "--chain", chain, "--format", "json").out)

    assert len(rows) == 3
    assert all(set(row) == CANDIDATE for row in rows)
    assert all(set(leg) == LEG for row in rows for leg in row["legs"])
    assert [row["rank"] for row in rows] == [1, 2, 3]
    best = rows[0]
    short, long = best["legs"]
    assert best["net"] == pytest.approx((short["bid"] + short["ask"] - long["bid"] - long["ask"]) / 2)
    assert best["width"] == short["strike"] - long["strike"]


def test_scan_as_csv_has_plain_numbers(spreads: Spreads, tmp_path: Path) -> None:
    path, chain = given.strategy(tmp_path), given.chain(tmp_path / "chain.parquet")

    rows = list(csv.DictReader(StringIO(spreads("scan", path, "--chain", chain, "--format", "csv").out)))

    assert [row["rank"] for row in rows] == ["1", "2", "3"]
    assert all(float(row["max_loss"]) > 1000 for row in rows)
    assert rows[0]["short_strike"] > rows[0]["long_strike"]


def test_scan_without_a_candidate_tells_the_nearest_miss(spreads: Spreads, tmp_path: Path) -> None:
    path = given.strategy(
        tmp_path,
        given.STRATEGY.replace("credit >= 10% of width", "credit >= 60% of width").replace("200% of credit", "50% of max_loss"),
    )
    chain = given.chain(tmp_path / "chain.parquet")

    ran = spreads("scan", path, "--chain", chain, "--format", "json")

    assert (ran.code, json.loads(ran.out)) == (0, [])
    assert "no candidate; nearest miss: SPXW" in ran.err


@pytest.mark.parametrize(
    ("at", "taken"),
    [
        (None, "2016-04-29 14:00 UTC (10:00 New York)"),
        ("2016-04-28", "2016-04-28 19:00 UTC"),
        ("2016-04-28 18:59", "2016-04-28 14:00 UTC"),
        ("2016-04-28 15:00 New York", "2016-04-28 19:00 UTC"),
        ("2016-04-28T15:00:00-04:00", "2016-04-28 19:00 UTC"),
        ("2016-04-28T14:00:00Z", "2016-04-28 14:00 UTC"),
        ("2016-04-28 14:00 chicago", "2016-04-28 19:00 UTC"),
        ("2016-04-28 21:30 Europe/Berlin", "2016-04-28 19:00 UTC"),
    ],
)
def test_scan_takes_the_last_snapshot_of_the_day_that_is_not_later(
    at: str | None, taken: str, spreads: Spreads, tmp_path: Path
) -> None:
    path, chain = given.strategy(tmp_path), given.chain(tmp_path / "chain.parquet")

    ran = spreads("scan", path, "--chain", chain, "--format", "csv", *(("--at", at) if at else ()))

    assert ran.code == 0
    assert f"snapshot of {taken}" in ran.err


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("2016-04-27", "no snapshot at 2016-04-27; it has 3 snapshots, first 2016-04-28 14:00 UTC"),
        ("2016-04-28 13:00", "no snapshot at"),
        ("2016-05-03 13:00", "last 2016-04-29 14:00 UTC"),
        ("yesterday", "is no time; write 2016-04-29"),
        ("2016-02-30", "is no time"),
        ("2016-04-28 25:00", "is no time"),
        ("0001-01-01 00:00 +14:00", "is no time"),
        ("2016-04-28 12:00 Atlantis", "no time zone 'Atlantis'"),
        ("2016-04-28 12:00 EST", "no time zone 'EST'; write UTC, New York"),
        ("2016-04-28 12:00 EDT", "no time zone 'EDT'; write UTC, New York"),
        ("2016-04-28 12:00 /etc/passwd", "is no time"),
    ],
)
def test_scan_says_what_was_recorded_when_nothing_was_then(at: str, says: str, spreads: Spreads, tmp_path: Path) -> None:
    path, chain = given.strategy(tmp_path), given.chain(tmp_path / "chain.parquet")

    ran = spreads("scan", path, "--chain", chain, "--at", at)

    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_scan_refuses_what_is_no_chain_of_its_underlyings(spreads: Spreads, tmp_path: Path) -> None:
    path = given.strategy(tmp_path)
    (tmp_path / "noise.parquet").write_bytes(b"PAR1 noise")
    (tmp_path / "empty.csv").touch()

    for chain, says in (
        (given.chain(tmp_path / "yum.parquet", underlying="YUM"), "this chain has YUM"),
        ("gone.parquet", "no such file"),
        ("noise.parquet", "is a Parquet file, but a damaged one"),
        ("empty.csv", "is neither a Parquet nor a CSV file"),
        ("/dev/zero", "no such file"),
    ):
        ran = spreads("scan", path, "--chain", chain)
        assert (ran.code, ran.out) == (2, ""), chain
        assert says in ran.err


def test_scan_prices_with_the_rate_of_the_account(spreads: Spreads, tmp_path: Path) -> None:
    path, chain = given.strategy(tmp_path), given.chain(tmp_path / "chain.parquet")
    (tmp_path / "other.yaml").write_text("schema: 1\npricing: {rate: 12%}\n", encoding="utf-8")
    (tmp_path / "broken.yaml").write_text("schema: 1\npricing: {rate: much}\n", encoding="utf-8")
    words = ("scan", path, "--chain", chain, "--format", "json")

    here, other = (json.loads(ran.out) for ran in (spreads(*words), spreads(*words, "--account", "other.yaml")))

    assert here[0]["expected_value"] != other[0]["expected_value"]
    assert spreads(*words, "--account", "broken.yaml").code == 2
    assert spreads(*words, "--account", "gone.yaml").code == 2


@pytest.mark.parametrize(("clock", "left_out"), [("17:59", ""), ("18:01", "; left out: 50 past their last trading session")])
def test_scan_knows_that_options_settle_at_one_on_half_a_day(clock: str, left_out: str, spreads: Spreads, tmp_path: Path) -> None:
    path, chain = given.strategy(tmp_path), given.chain(tmp_path / "chain.parquet", (given.MORNING,))
    table = pq.read_table(chain)
    seen = datetime.fromisoformat(f"2015-12-24T{clock}:00Z")
    for name, value in (("quote_ts", pa.scalar(seen, pa.timestamp("us", "UTC"))), ("expiry", pa.scalar(date(2015, 12, 24)))):
        column = pa.array([value.as_py()] * table.num_rows, value.type)
        table = table.set_column(table.schema.get_field_index(name), name, column)
    pq.write_table(table, chain)

    ran = spreads("scan", path, "--chain", chain)

    assert ran.err.splitlines()[0].endswith(f"{50 if not left_out else 0} options{left_out}")


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded chains lie beside the repository, in shared/data")
def test_scan_of_a_real_chain_gives_candidates_within_the_rules(spreads: Spreads, tmp_path: Path) -> None:
    path = given.strategy(tmp_path, given.STRATEGY.replace("credit >= 10% of width", "credit >= 5% of width"))

    ran = spreads("scan", path, "--chain", SHARED, "--at", "2016-04-28 15:45 New York", "--format", "json")

    rows = json.loads(ran.out)
    assert rows
    assert all(row["net"] >= 0.05 * row["width"] and 0.10 <= -row["legs"][0]["delta"] <= 0.30 for row in rows)


@pytest.mark.skipif(not CASES.exists(), reason="the cases from outside lie beside the repository, in shared/cases")
def test_scan_offers_no_class_that_settled_this_morning(spreads: Spreads) -> None:
    """DJX and SPX, both AM-settled, at 10:30 on their expiration day."""
    ran = spreads("scan", CASES / "djx.yaml", "--chain", CASES / "djx.parquet", "--format", "json")

    assert (ran.code, json.loads(ran.out)) == (0, [])
    assert "54 past their last trading session" in ran.err
    assert "every option had stopped trading by then" in ran.err


def test_scan_names_a_class_of_an_index_whose_settlement_is_not_known(spreads: Spreads, tmp_path: Path) -> None:
    path, chain = given.strategy(tmp_path), given.chain(tmp_path / "chain.parquet")
    table = pq.read_table(chain)
    index = table.schema.get_field_index("root")
    pq.write_table(table.set_column(index, "root", pa.array(["SPXQ"] * table.num_rows)), chain)

    ran = spreads("scan", path, "--chain", chain)

    assert ran.code == 2
    assert "SPXQ: options of an index whose settlement is not known here, so they are not traded" in ran.err
    assert "classes of SPX that are: SPX, SPXW" in ran.err
