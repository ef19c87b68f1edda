"""`spreads backtest`: a result that can be asked, the same each time, with what was supposed and what was not traded."""

import json
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from engine.research.result import load
from engine.store.history import query
from engine.store.recorded import rows
from tests.faces.conftest import Spreads, spreads
from tests.research import given
from tests.research.test_paper import CALM, FALLING

__all__ = ["spreads"]

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "yum_eod_2017.parquet"


def test_backtest_leaves_a_state_folder_that_answers_as_any_other(spreads: Spreads, tmp_path: Path) -> None:
    # given
    folder, chain = given.files(tmp_path / "mine"), given.recording(tmp_path / "chain.parquet", CALM)

    # when
    ran = spreads("backtest", folder / "puts.yaml", "--chain", chain, "--lines", "all", "--out", "left")

    # then
    assert ran.code == 0, ran.err
    result = load(tmp_path / "left")
    [(made, count)] = query(tmp_path / "left", "SELECT sum(realised - fees), count(*) FROM trades").rows
    assert count == len(result.trades) > 0
    assert made == sum(trade.made for trade in result.trades)
    closed = [trade for trade in result.trades if trade.closed_at is not None]
    assert len(closed) == count, "all have expired"
    assert result.days[-1].equity == 100_000 + sum(trade.made for trade in closed)
    assert spreads("trades", "--state", "left").out.count("bull_put") == count
    assert "puts" in spreads("why", "puts", "--state", "left").out


def test_report_says_what_was_supposed_and_what_came_of_it(spreads: Spreads, tmp_path: Path) -> None:
    folder, chain = given.files(tmp_path / "mine"), given.recording(tmp_path / "chain.parquet", CALM)

    ran = spreads("backtest", folder / "puts.yaml", "--chain", chain, "--bounds")

    assert ran.code == 0, ran.err
    for said in (
        "puts.yaml on chain.parquet",
        "100 data lines",
        "mid less 0.50 (1 leg), 0.32 (2 legs), 0.12 (3 legs), 0.06 (4 legs) of its half-width",
        "0 (mid)",
        "1 (natural)",
        "what ended it",
        "worst trades",
        "not traded",
        "gate: ",
    ):
        assert said in ran.out
    made = {name: ran.out.split(name)[1].split()[0] for name in ("0 (mid)", "1 (natural)")}
    mid, natural = (Decimal(text.replace("$", "").replace(",", "")) for text in made.values())
    assert mid > natural


def test_same_inputs_leave_the_same_bytes(spreads: Spreads, tmp_path: Path) -> None:
    folder, chain = given.files(tmp_path / "mine"), given.recording(tmp_path / "chain.parquet", FALLING)

    for out in ("one", "two"):
        assert spreads("backtest", folder / "puts.yaml", "--chain", chain, "--out", out).code == 0

    kinds = ("journal/*.jsonl", "explanations/*", "research/*", "chains/**/*.parquet", "strategies/**/*")
    one, two = (
        {
            path.relative_to(tmp_path / out): path.read_bytes()
            for kind in kinds
            for path in (tmp_path / out).glob(kind)
            if path.is_file()
        }
        for out in ("one", "two")
    )
    assert len(one) > 20
    assert one == two


def test_several_files_share_one_account_and_its_limits(spreads: Spreads, tmp_path: Path) -> None:
    # given: each alone may open two spreads of some $500 at risk, both together no more than $1,500
    limits = given.LIMITS.replace("width:", "total: 1.5% of net liquidation, width:")
    texts = {"account.yaml": limits, "puts.yaml": given.PUTS, "more.yaml": given.PUTS.replace("name: puts", "name: more")}
    folder, chain = given.files(tmp_path / "mine", texts), given.recording(tmp_path / "chain.parquet", CALM[:5])

    # when
    ran = spreads("backtest", folder / "puts.yaml", folder / "more.yaml", "--chain", chain, "--format", "json")

    # then
    told = json.loads(ran.out)
    assert sum(trade["max_loss"] for trade in told["trades"]) <= 1_500
    assert {one["strategy"] for one in told["not_traded"]} == {"puts", "more"}
    assert "total" in {one["name"] for one in told["not_traded"]}


def test_not_traded_says_for_each_day_what_stopped_a_strategy(spreads: Spreads, tmp_path: Path) -> None:
    texts = {
        "account.yaml": given.LIMITS,
        "market.yaml": given.PUTS.replace("name: puts", "name: market\nwhen:\n  - move_today >= 5%"),
        "rules.yaml": given.PUTS.replace("name: puts", "name: rules").replace("sizing", "filters:\n  - bid >= $50\nsizing"),
        "hours.yaml": given.PUTS.replace("name: puts", "name: hours").replace("09:45-15:50", "09:45-10:00"),
    }
    folder, chain = given.files(tmp_path / "mine", texts), given.recording(tmp_path / "chain.parquet", CALM[:2])

    strategies = [folder / f"{name}.yaml" for name in ("market", "rules", "hours")]
    ran = spreads("backtest", *strategies, "--chain", chain, "--format", "json")

    told = {(one["day"], one["strategy"]): (one["stopper"], one["name"]) for one in json.loads(ran.out)["not_traded"]}
    days = sorted({day for day, _ in told})
    assert len(days) == 2
    for day in days:
        assert told[day, "market"] == ("market", "when move_today >= 5%")
        assert told[day, "rules"][0] == "no spread"
        assert told[day, "hours"] == ("gate", "hours")


def test_order_that_does_not_fill_is_not_traded_for_the_reason_that_took_it_back(spreads: Spreads, tmp_path: Path) -> None:
    # given: packages trade at natural alone, and the order never goes there
    text = given.PUTS.replace("no worse than natural", "no worse than 99% of mid")
    folder = given.files(tmp_path / "mine", {"account.yaml": given.LIMITS, "puts.yaml": text})
    chain = given.recording(tmp_path / "chain.parquet", CALM[:1])

    # when
    ran = spreads("backtest", folder / "puts.yaml", "--chain", chain, "--fill", "1", "--format", "json")

    # then
    told = json.loads(ran.out)
    assert told["trades"] == []
    [one] = told["not_traded"]
    assert one["stopper"] == "not filled"
    assert one["text"] == "not filled within 180 s"


def test_chain_recorded_after_the_close_is_refused_with_the_flag_that_tells_it(spreads: Spreads, tmp_path: Path) -> None:
    folder = given.files(tmp_path / "mine")
    chain = given.recording(tmp_path / "chain.parquet", CALM[:3], clocks=[time(16, 15)])

    refused = spreads("backtest", folder / "puts.yaml", "--chain", chain)
    told = spreads("backtest", folder / "puts.yaml", "--chain", chain, "--said-at", "15:15")

    assert refused.code == 2
    assert "recorded at 16:15 New York, when the exchange is closed" in refused.err
    assert "--said-at 15:15" in refused.err
    assert told.code == 0
    assert "3 instants were recorded at or after the close and are told at 15:15 New York" in told.out


def test_stop_that_the_next_print_contradicts_is_counted_and_named(spreads: Spreads, tmp_path: Path) -> None:
    # given: one bad day in the middle, gone on the next
    text = given.PUTS.replace("- profit >= 90% of credit", "- loss >= 100% of credit")
    folder = given.files(tmp_path / "mine", {"account.yaml": given.LIMITS, "puts.yaml": text})
    chain = given.recording(tmp_path / "chain.parquet", [100.0, 100.4, 95.0, 100.6, 100.8])

    # when
    ran = spreads("backtest", folder / "puts.yaml", "--chain", chain, "--out", "left")

    # then
    doubtful = load(tmp_path / "left").doubtful
    assert len(doubtful) == 2
    assert {one.rule for one in doubtful} == {"loss >= 100% of credit"}
    assert "2 stops closed on a print that the next one contradicts" in ran.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--fill", "2"], "--fill: '2' is no part of the half-width"),
        (["--lines", "few"], "--lines: 'few' is no number of data lines"),
        (["--from", "spring"], "--from: 'spring' is no day"),
        (["--said-at", "17:00"], "--said-at: 17:00 lies outside of the session"),
        (["--from", "2018-01-01"], "it runs from 2017-03-06 to 2017-03-08"),
        (["--bars", "none.parquet"], "--bars none.parquet: cannot be read"),
    ],
)
def test_wrong_input_is_said_with_its_way_out(words: list[str], said: str, spreads: Spreads, tmp_path: Path) -> None:
    folder, chain = given.files(tmp_path / "mine"), given.recording(tmp_path / "chain.parquet", CALM[:3])

    ran = spreads("backtest", folder / "puts.yaml", "--chain", chain, *words)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_archive_is_a_recording_of_what_was_quoted_lately(spreads: Spreads, tmp_path: Path) -> None:
    # given: the archive that a run has left, whose last quotes are those of the last instant
    folder, chain = given.files(tmp_path / "mine"), given.recording(tmp_path / "chain.parquet", CALM[:2])
    assert spreads("backtest", folder / "puts.yaml", "--chain", chain, "--lines", "all", "--out", "left").code == 0

    # when
    found = rows(tmp_path / "left" / "chains")

    # then
    recorded = {
        (row["expiry"], row["strike"], row["right"]): (row["bid"] or None, row["ask"])
        for row in pq.read_table(chain).to_pylist()
        if row["underlying_price"] == CALM[1]
    }
    archived = {(row["expiry"], row["strike"], row["right"]): (row["bid"], row["ask"]) for row in found.to_pylist()}
    assert len(archived) > 30
    assert archived == {key: recorded[key] for key in archived}
    assert spreads("backtest", folder / "puts.yaml", "--chain", "left/chains", "--lines", "all", "--out", "again").code == 0


def test_trade_knows_how_badly_and_how_well_it_stood_and_the_account_its_low(spreads: Spreads, tmp_path: Path) -> None:
    # given: the market falls and comes back, and nothing is closed meanwhile
    folder = given.files(tmp_path / "mine")
    chain = given.recording(tmp_path / "chain.parquet", [100.0, 97.5, 100.5, 101.0])

    # when
    assert spreads("backtest", folder / "puts.yaml", "--chain", chain, "--lines", "all", "--out", "left").code == 0

    # then
    result = load(tmp_path / "left")
    first = result.trades[0]
    assert first.worst is not None
    assert first.best is not None
    assert first.worst < 0 < first.best
    assert all(day.low <= day.equity <= day.high for day in result.days)
    mids = {
        (row["quote_ts"].date(), row["expiry"], row["strike"], row["right"]): (
            Decimal(repr(row["bid"])) + Decimal(repr(row["ask"]))
        )
        / 2
        for row in pq.read_table(chain).to_pylist()
    }
    sold, bought = (float(strike) for strike in first.spread.split()[4].removesuffix("P").split("/"))
    low_day = result.days[1].day
    closing = mids[low_day, given.EXPIRY, bought, "P"] - mids[low_day, given.EXPIRY, sold, "P"]
    assert first.worst == (first.opening_net + closing) * first.quantity * 100


def test_strategy_on_what_was_not_recorded_is_refused(spreads: Spreads, tmp_path: Path) -> None:
    texts = {"account.yaml": given.LIMITS, "puts.yaml": given.PUTS.replace("XYZ", "ABC")}
    folder, chain = given.files(tmp_path / "mine", texts), given.recording(tmp_path / "chain.parquet", CALM[:1])

    ran = spreads("backtest", folder / "puts.yaml", "--chain", chain)

    assert ran.code == 2
    assert "puts trades ABC; the recorded chains have XYZ" in ran.err


def test_result_of_another_version_is_said(spreads: Spreads, tmp_path: Path) -> None:
    # given: a result without what this version keeps of each day
    folder, chain = given.files(tmp_path / "mine"), given.recording(tmp_path / "chain.parquet", CALM[:1])
    assert spreads("backtest", folder / "puts.yaml", "--chain", chain, "--out", "left").code == 0
    path = tmp_path / "left" / "research" / "equity.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["low"]), path)

    # when
    ran = spreads("replay", "--state", "left")

    # then
    assert ran.code == 2
    assert "another version has written this result" in ran.err


def test_folder_that_holds_something_else_is_left_alone(spreads: Spreads, tmp_path: Path) -> None:
    folder, chain = given.files(tmp_path / "mine"), given.recording(tmp_path / "chain.parquet", CALM[:1])

    ran = spreads("backtest", folder / "puts.yaml", "--chain", chain, "--out", folder)

    assert ran.code == 2
    assert "holds something that is not a backtest" in ran.err
    assert (folder / "puts.yaml").read_text() == given.PUTS


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="the recorded chains lie beside the repository, in shared/data")
def test_books_of_a_real_winter_agree_with_the_account(tmp_path: Path) -> None:
    """Two months of a real chain: what the trades made is what the account did."""
    texts = {"account.yaml": given.LIMITS, "puts.yaml": given.PUTS.replace("XYZ", "YUM").replace("3-12 days", "20-40 days")}

    ran = given.run(tmp_path, REAL, texts=texts, said_at=time(15, 15), last=date(2017, 2, 28))

    rows = pq.read_table(REAL, columns=["quote_ts"])["quote_ts"]
    assert len(ran.ends) == len({str(at)[:10] for at in rows.unique().to_pylist() if at.date() <= date(2017, 2, 28)})
    positions = ran.rig.ledger.positions.values()
    closed = sum((one.realised - one.fees for one in positions if not one.is_open), Decimal(0))
    cash_of_open = sum(
        (one.opening_net * one.opened * one.spread.multiplier - one.fees for one in positions if one.is_open), Decimal(0)
    )
    assert len(positions) > 3
    assert ran.ends[-1].cash == 100_000 + closed + cash_of_open
