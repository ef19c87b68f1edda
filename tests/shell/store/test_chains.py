from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from engine.domain.chain import ChainSnapshot
from engine.domain.errors import UserError
from engine.store import chains
from engine.store.columns import Carry
from engine.store.quotes import QuoteStore
from engine.store.recorded import NO_CARRY, load, load_chain, times
from tests.shell.store.test_quotes import NOW, SPX, SPY, chain, quote_all
from tests.shell.store.test_recorded import SHARED, needs_recordings

CARRIES = {"SPX": SPX, "SPY": SPY}
EXACT = (
    "row_id",
    "underlying_id",
    "group_id",
    "put_call",
    "dte",
    "strike",
    "years",
    "spot",
    "forward_from",
    "discount",
    "bid_size",
    "ask_size",
    "volume",
    "open_interest",
)


def archived(state: Path, at: datetime = NOW) -> tuple[QuoteStore, ChainSnapshot]:
    contracts = [*chain(), *chain("SPY", "SPY", 11, 600, 300)]
    quotes = QuoteStore()
    quotes.layout(contracts, CARRIES)
    quotes.underlying("SPX", NOW.timestamp(), 6001.237)
    quotes.underlying("SPY", NOW.timestamp(), 600.12)
    quote_all(quotes, contracts[:20], spot=6001.237)
    for contract in contracts[:20]:
        quotes.option(contract.con_id, NOW.timestamp() - 7.4, last=12.34, volume=5, open_interest=7, bid_size=3)
    snapshot = quotes.snapshot(at)
    chains.save(state, snapshot, "DU1", quotes.carries)
    return quotes, snapshot


def assert_equal_within_quantisation(read: ChainSnapshot, saved: ChainSnapshot) -> None:
    def both(name: str) -> tuple[np.ndarray, np.ndarray]:
        return read.table[name].to_numpy(), saved.table[name].to_numpy()

    assert read.contracts == saved.contracts
    assert read.as_of == saved.as_of
    for name in EXACT:
        np.testing.assert_array_equal(*both(name), err_msg=name)
    for name in ("bid", "ask", "last"):
        np.testing.assert_allclose(*both(name), atol=0.005 + 1e-9, rtol=0, err_msg=name)
    np.testing.assert_allclose(*both("iv"), atol=0.5e-4 + 1e-9, rtol=0, err_msg="iv")
    np.testing.assert_allclose(*both("quoted_at"), atol=0.5 + 1e-6, rtol=0, err_msg="quoted_at")
    np.testing.assert_allclose(*both("atm_iv"), atol=1e-4, rtol=0, err_msg="atm_iv")


def test_an_archived_chain_reads_back_within_its_quantisation(tmp_path: Path) -> None:
    _, snapshot = archived(tmp_path)

    read = load_chain(tmp_path / "chains")

    assert_equal_within_quantisation(read, snapshot)
    np.testing.assert_allclose(read.table["delta"].to_numpy(), snapshot.table["delta"].to_numpy(), atol=2e-3)


def test_the_archive_is_a_folder_a_day_and_an_underlying(tmp_path: Path) -> None:
    archived(tmp_path)

    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("**/*") if path.is_file())

    assert files == [
        "chains/date=2026-11-23/underlying=SPX/150000000000.parquet",
        "chains/date=2026-11-23/underlying=SPY/150000000000.parquet",
    ]
    assert pq.read_table(tmp_path / files[0], partitioning=None)["account"].unique().to_pylist() == ["DU1"]


def test_quotes_that_were_told_before_the_market_moved_read_back_at_the_level_of_then(tmp_path: Path) -> None:
    snapshot = archived_after_a_move(tmp_path)

    read = load_chain(tmp_path / "chains")

    assert snapshot.table["quoted_level"].unique().to_pylist() == [6000.0, 6030.0]
    for name, within in (("quoted_level", 5e-4), ("forward", 5e-3), ("iv", 0.5e-4), ("worth", 0.5), ("delta", 2e-3)):
        told, saved = read.table[name].to_numpy(), snapshot.table[name].to_numpy()
        np.testing.assert_allclose(told, saved, atol=within + 1e-9, rtol=0, err_msg=name)


def test_an_archive_from_before_levels_were_kept_reads_as_told_at_the_present_one(tmp_path: Path) -> None:
    snapshot = archived_after_a_move(tmp_path)
    (path,) = tmp_path.glob("**/*.parquet")
    with pq.ParquetFile(path) as file:
        older, marks = file.read().drop_columns(["level_thousandths"]), file.metadata.metadata
    with pq.ParquetWriter(path, older.schema) as file:
        file.write_table(older)
        file.add_key_value_metadata(marks)

    read = load_chain(tmp_path / "chains")

    assert read.table["quoted_level"].unique().to_pylist() == [6030.0]
    np.testing.assert_allclose(read.table["bid"].to_numpy(), snapshot.table["bid"].to_numpy(), atol=0.005 + 1e-9, rtol=0)


def archived_after_a_move(state: Path) -> ChainSnapshot:
    """Everything was quoted at 6,000; half a percent higher one call was quoted again."""
    contracts, quotes = chain(), QuoteStore()
    quotes.layout(contracts, {"SPX": SPX})
    quotes.underlying("SPX", NOW.timestamp(), 6000.0)
    quote_all(quotes, contracts, half=0.5)
    quotes.snapshot(NOW)
    quotes.underlying("SPX", NOW.timestamp() + 1, 6030.0)
    quote_all(quotes, [contracts[10]], spot=6030.0, half=0.5)
    snapshot = quotes.snapshot(NOW + timedelta(seconds=1))
    chains.save(state, snapshot, "DU1", quotes.carries)
    return snapshot


def test_one_underlying_and_one_file_read_alone(tmp_path: Path) -> None:
    archived(tmp_path)
    folder = tmp_path / "chains" / "date=2026-11-23" / "underlying=SPX"
    moved = tmp_path / "moved.parquet"
    moved.write_bytes((folder / "150000000000.parquet").read_bytes())

    for path in (folder, folder / "150000000000.parquet", moved):
        assert times(path) == [NOW]
        assert list(load_chain(path, NOW).underlyings) == ["SPX"]


def test_each_underlying_that_is_named_is_as_it_was_archived_last_until_then(tmp_path: Path) -> None:
    quotes, early = archived(tmp_path)
    spx = [contract.con_id for contract in early.contracts if contract.underlying == "SPX"]
    quotes.option(spx[0], NOW.timestamp() + 55, bid=9.0, ask=9.4)
    later = NOW + timedelta(seconds=60)
    chains.save(tmp_path, quotes.kept(later, "SPX", "later"), "DU1", {"SPX": SPX, "SPY": SPY})

    alone = load(tmp_path / chains.FOLDER, underlyings=["SPY"]).snapshot
    both = load(tmp_path / chains.FOLDER, underlyings=["SPX", "SPY"]).snapshot

    assert (alone.as_of, set(alone.underlyings)) == (NOW, {"SPY"})
    assert (both.as_of, set(both.underlyings)) == (later, {"SPX", "SPY"})
    assert times(tmp_path / chains.FOLDER, ["SPY"]) == [NOW]
    told = dict(zip((one.con_id for one in both.contracts), both.table["quoted_at"].to_pylist(), strict=True))
    was = dict(zip((one.con_id for one in early.contracts), early.table["quoted_at"].to_pylist(), strict=True))
    spy = [contract.con_id for contract in early.contracts if contract.underlying == "SPY"]
    assert told[spx[0]] == pytest.approx(NOW.timestamp() + 55, abs=0.5)
    assert [told[one] for one in spy] == pytest.approx([was[one] for one in spy], abs=0.5, nan_ok=True)
    with pytest.raises(UserError, match="no archived chain of RUT; it has SPX, SPY"):
        times(tmp_path / chains.FOLDER, ["RUT"])


def test_the_latest_not_after_a_time_is_found_over_days(tmp_path: Path) -> None:
    moments = [NOW, NOW + timedelta(minutes=1, microseconds=5), NOW + timedelta(days=1)]
    for at in moments:
        archived(tmp_path, at)

    assert times(tmp_path / "chains") == moments
    assert load_chain(tmp_path / "chains").as_of == moments[2]
    assert load_chain(tmp_path / "chains", moments[2] - timedelta(seconds=1)).as_of == moments[1]
    with pytest.raises(UserError, match="nothing was recorded at or before"):
        load_chain(tmp_path / "chains", NOW - timedelta(seconds=1))


def test_names_of_underlyings_may_hold_anything(tmp_path: Path) -> None:
    quotes = QuoteStore()
    quotes.layout([replace(contract, underlying="BRK/B=x") for contract in chain()], {"BRK/B=x": SPX})

    paths = chains.save(tmp_path, quotes.snapshot(NOW), "DU1", quotes.carries)

    assert [path.parent.name for path in paths] == ["underlying=BRK%2FB%3Dx"]
    assert list(load_chain(tmp_path / "chains").underlyings) == ["BRK/B=x"]


def test_an_empty_or_foreign_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "strange.parquet").write_bytes(b"nothing")

    with pytest.raises(UserError, match="holds no archived chain"):
        load_chain(tmp_path)


def test_an_archive_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    quotes, snapshot = archived(tmp_path)
    (tmp_path / "state").write_text("")

    with pytest.raises(UserError, match="cannot be archived"):
        chains.save(tmp_path / "state", snapshot, "DU1", quotes.carries)


@needs_recordings
@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("spxw_15min_2016-04-28_2016-04-29", datetime(2016, 4, 28, 15, 0, tzinfo=UTC)),
        ("aapl_eod_2014-12-30_2015-01-07", None),
    ],
)
def test_a_real_chain_takes_at_most_twelve_bytes_a_row(tmp_path: Path, name: str, at: datetime | None) -> None:
    snapshot = load(SHARED / f"{name}.parquet", at).snapshot

    paths = chains.save(tmp_path, snapshot, "DU1", dict.fromkeys(snapshot.underlyings, NO_CARRY))

    assert sum(path.stat().st_size for path in paths) <= 12 * snapshot.table.num_rows
    assert_equal_within_quantisation(load_chain(tmp_path / "chains"), snapshot)


def test_an_unknown_carry_is_refused(tmp_path: Path) -> None:
    quotes, snapshot = archived(tmp_path)

    with pytest.raises(KeyError, match="SPY"):
        chains.save(tmp_path, snapshot, "DU1", {"SPX": Carry(0.0, 0.0)})
    assert quotes.carries == CARRIES
