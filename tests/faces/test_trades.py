"""trades: what each made, what is unrealised at which mark, and how old that mark is."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from engine.domain.spread import Leg, Spread
from engine.store.history import write_views
from engine.store.journal import Journal
from tests.faces.conftest import Spreads, Terminal
from tests.faces.given import engine_that_says
from tests.shell.store.facts import NOON, fills, placed, proposal, timed, trading_day
from tests.shell.store.test_history import quoted
from tests.shell.store.test_quotes import chain

SPREAD = Spread("bull_put", (Leg(chain()[15], "sell"), Leg(chain()[13], "buy")))
OPEN = [proposal("o9", spread=SPREAD), *placed("o9"), *fills("o9", 2, ("5.00", "3.50"), spread=SPREAD)]
LIVE = {"position": "o9", "mark": -0.7, "mark_age_s": 2.0, "mark_obstacle": None, "unrealised_usd": 160.0}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A closed trade, one of which nothing is archived, and one whose legs are in the archive."""
    folder = tmp_path / "state"
    journal = Journal.open(folder, "DU1").journal
    for fact, at in timed([*trading_day(), *OPEN]):
        journal.append(fact, at)
    journal.close()
    quoted(folder, NOON + timedelta(hours=1), short=("4.00", "4.20"), long=("3.00", "3.10"))
    return folder


@pytest.mark.parametrize("columns", [50, 80, 200])
def test_trades_say_what_is_realised_and_what_is_not(
    columns: int, terminal: Terminal, state: Path, snapshot: SnapshotAssertion
) -> None:
    terminal.columns = columns

    ran = terminal("trades")

    assert ran.code == 0, ran.err
    assert max(len(line) for line in ran.out.splitlines()) <= columns
    assert (ran.out, ran.err) == snapshot


def test_mark_is_the_engine_s_where_one_runs(spreads: Spreads, state: Path) -> None:
    archived = json.loads(spreads("trades", "--format", "json").out)
    with engine_that_says([LIVE]):
        live = json.loads(spreads("trades", "--format", "json").out)

    (before,), (now,) = ([row for row in rows if row["position"] == "o9"] for rows in (archived, live))
    assert (before["mark"], before["unrealised_usd"], before["marked_at"]) == (-1.05, 90.0, "2026-11-23T17:59:52+00:00")
    assert (now["mark"], now["unrealised_usd"], now["mark_age_s"], now["marked_at"]) == (-0.7, 160.0, 2.0, None)
    assert {row["position"]: row["realised_usd"] for row in live} == {"o1": 155.0, "o2": 0.0, "o9": 0.0}


def test_trade_whose_short_was_bought_back_says_what_is_left_and_what_was_realised(spreads: Spreads, tmp_path: Path) -> None:
    short = Spread("bull_put short", SPREAD.legs[:1])
    journal = Journal.open(tmp_path / "state", "DU1").journal
    bought = [proposal("c9", position="o9", quantity=1, spread=short), *placed("c9")[1:]]
    for fact, at in timed([*OPEN, *bought, *fills("c9", 1, ("6.00",), closes=True, spread=short)]):
        journal.append(fact, at)
    journal.close()

    ran = spreads("trades")
    (row,) = json.loads(spreads("trades", "--format", "json").out)

    assert row["open_parts"] == "1 × bull_put and 1 × bull_put long"
    assert row["realised_usd"] == -100.0
    assert "open are 1 × bull_put and 1 × bull_put long" in ran.out
    assert "-$100 realised" in ran.out


def test_engine_that_does_not_answer_leaves_the_marks_of_the_archive(spreads: Spreads, state: Path) -> None:
    with engine_that_says({"detail": "busy"}, status=503):
        ran = spreads("trades", "--format", "json")

    assert ran.code == 0
    assert "marks are those of the archive" in ran.err
    assert Decimal(str(json.loads(ran.out)[-1]["mark"])) == Decimal("-1.05")


def test_damaged_archive_hides_marks_and_no_trade(spreads: Spreads, state: Path) -> None:
    write_views(state)  # as the engine does when it starts
    (kept,) = state.glob("chains/date=2026-11-23/*/*.parquet")
    kept.write_bytes(b"damaged")

    ran = spreads("trades", "--format", "json")

    assert ran.code == 0
    assert [row["mark"] for row in json.loads(ran.out)] == [None, None, None]
    assert json.loads(ran.out)[-1]["mark_obstacle"] == "the archive cannot be read"
    assert ran.err.startswith("no mark is known: ")
    assert kept.name in ran.err


def test_no_trade_is_no_failure(spreads: Spreads, tmp_path: Path) -> None:
    Journal.open(tmp_path / "state", "DU1").journal.close()

    ran = spreads("trades")

    assert (ran.code, ran.out, ran.err) == (0, "", "no trade yet\n")
