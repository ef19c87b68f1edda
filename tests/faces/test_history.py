"""query, and why at a past moment: the journal asked by a person."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from engine.cli.past import why_then
from engine.domain.errors import UserError
from engine.domain.facts.halts import Halted
from engine.domain.facts.searches import EntryDenied, FunnelRecorded
from engine.domain.gate import Verdict
from engine.domain.ledger import Ledger
from engine.ports import Clock
from engine.runtime.control import Control
from engine.runtime.engine import Engine
from engine.runtime.inbox import Inbox
from engine.runtime.seams import SnapshotSource
from engine.runtime.standing import Identity
from engine.store.journal import Journal
from tests import given as core
from tests.faces.conftest import Spreads
from tests.shell.store.facts import NOON, bull_put, trading_day, written


@pytest.fixture(params=["kept apart", pytest.param("all in the journal", marks=pytest.mark.long)])
def state(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A day of an engine, one fact a second from noon on; and of one that wrote what explains into the journal too."""
    folder = tmp_path / "state"
    story = [(fact, NOON + timedelta(seconds=second)) for second, fact in enumerate(trading_day())]
    if request.param == "kept apart":
        written(folder, story, "DU1234567")
        return folder
    journal = Journal.open(folder, "DU1234567").journal
    for fact, at in story:
        journal.append(fact, at)
    journal.close()
    return folder


def test_query_answers_as_table_json_and_csv(spreads: Spreads, state: Path) -> None:
    sql = "SELECT order_ref, quantity, seq / 4 AS part, recorded_at FROM facts WHERE kind = 'OrderProposed' ORDER BY seq LIMIT 2"
    sql = sql.replace("recorded_at", "recorded_at AS heard")

    table, rows, lines = (spreads("query", sql, "--format", form) for form in ("table", "json", "csv"))

    assert table.out.splitlines()[0].split() == ["order_ref", "quantity", "part", "heard", "(UTC)"]
    assert [row["order_ref"] for row in json.loads(rows.out)] == ["o1", "o2"]
    assert [row["quantity"] for row in csv.DictReader(StringIO(lines.out))] == ["2", "1"]
    assert datetime.fromisoformat(json.loads(rows.out)[0]["heard"]).year == NOON.year


def test_query_names_no_zone_where_the_question_moves_the_times_itself(spreads: Spreads, state: Path) -> None:
    sql = "SELECT recorded_at AT TIME ZONE 'UTC' AT TIME ZONE 'America/New_York' AS heard FROM facts LIMIT 1"

    ran = spreads("query", sql)

    assert ran.out.splitlines()[0].split() == ["heard"]


def test_query_runs_while_an_engine_holds_the_folder(spreads: Spreads, state: Path) -> None:
    journal = Journal.open(state, "DU1234567").journal
    journal.append(Halted("trader", "lunch"), NOON + timedelta(hours=1))

    ran = spreads("query", "SELECT by_whom FROM facts WHERE kind = 'Halted'", "--format", "json")
    journal.close()

    assert json.loads(ran.out) == [{"by_whom": "trader"}]


def test_query_of_a_folder_that_was_never_used_has_no_rows(spreads: Spreads, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "README.md").touch()

    ran = spreads("query", "SELECT * FROM orders")

    assert (ran.code, ran.out, ran.err) == (0, "", "no rows\n")


def test_query_leaves_a_folder_of_something_else_alone(spreads: Spreads, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").touch()

    ran = spreads("query", "SELECT 1", "--state", "photos")

    assert ran.code == 2
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["cat.png"]


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELEC 1", "the query cannot be read: Parser Error"),
        ("SELECT foo FROM orders", 'Referenced column "foo" not found'),
        ("DROP VIEW orders", "never changed"),
        ("SELECT * FROM read_csv('/etc/passwd')", "refused"),
        ("", "nothing to ask"),
        ("/* only a remark */", "nothing to ask"),
    ],
)
def test_query_refuses_in_one_sentence(sql: str, says: str, spreads: Spreads, state: Path) -> None:
    ran = spreads("query", sql)

    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert len(ran.err.splitlines()) == 1


def test_query_keeps_columns_of_one_name_apart(spreads: Spreads, state: Path) -> None:
    ran = spreads("query", "SELECT 1 AS a, 2 AS a, 3 AS b, 4 AS a", "--format", "json")

    assert json.loads(ran.out) == [{"a": 1, "a_2": 2, "b": 3, "a_3": 4}]


def test_query_says_that_there_is_more(spreads: Spreads, state: Path) -> None:
    ran = spreads("query", "SELECT range AS n FROM range(5)", "--limit", "2", "--format", "json")

    assert json.loads(ran.out) == [{"n": 0}, {"n": 1}]
    assert "the first 2 rows" in ran.err
    assert spreads("query", "SELECT 1", "--limit", "0").code == 2


def test_query_lists_and_describes_the_views(spreads: Spreads, state: Path) -> None:
    views = json.loads(spreads("query", r"\d", "--format", "json").out)

    ran = spreads("query", r"\d equity", "--format", "json")

    assert {"facts", "orders", "fills", "positions", "trades"} <= {row["view"] for row in views}
    assert "net_liquidation" in ran.out


def test_query_reads_statements_from_a_pipe(spreads: Spreads, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("SELECT 1 AS a;\nSELECT ';' AS b"))

    ran = spreads("query", "--format", "json")

    assert ran.out == '[{"a": 1}]\n[{"b": ";"}]\n'


def test_query_prompts_on_a_terminal(state: Path) -> None:
    here, there = os.openpty()
    shell = subprocess.Popen(
        [sys.executable, "-m", "engine", "query", "--state", str(state), "--format", "csv"],
        stdin=there,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TERM": "dumb"},
    )

    os.write(here, b"SELECT 40 + 2\nAS answer;\nSELEC;\n\\d equity\n\\x\n\\q\n")
    out, err = shell.communicate(timeout=60)
    os.close(here)
    os.close(there)

    assert shell.returncode == 0
    assert "answer\n42\n" in out
    assert "net_liquidation" in out
    assert "the query cannot be read" in err


def test_query_of_bytes_that_are_no_text_is_refused_in_one_line(spreads: Spreads, state: Path) -> None:
    told = spreads("query", "SELECT '\udcff'")
    piped = subprocess.run(
        [sys.executable, "-m", "engine", "query", "--state", str(state)],
        input=b"SELECT \xff\xfe;",
        capture_output=True,
        check=False,
    )

    says = "spreads: the query cannot be read: it holds bytes that are no text in UTF-8\n"
    assert (told.code, told.err) == (2, says)
    assert (piped.returncode, piped.stderr.decode()) == (2, says)


def test_why_then_says_what_the_running_engine_would_have_said(state: Path) -> None:
    ledger = Ledger()
    for second, fact in enumerate(trading_day()):
        ledger.apply(fact, NOON + timedelta(seconds=second))
    last = NOON + timedelta(seconds=len(trading_day()) - 1)
    snapshots = SimpleNamespace(take=lambda now, known: core.snapshot(known, at=now), rulebook=core.rulebook)
    running = Control(
        cast("Engine", SimpleNamespace(observers=[], ledger=ledger)),
        cast("SnapshotSource", snapshots),
        Inbox(),
        cast("Clock", SimpleNamespace(now=lambda: last)),
        Identity("0", "sim", "DU1234567", str(state)),
        lambda _: (),
    )

    found, told = why_then(state, "income", None), running.why("income")

    assert told is not None
    # Now the file, the gates and the market are asked; then, only what was written down of them.
    asked_now = {"stopped", "when"}
    assert {name: value for name, value in found.items() if name not in asked_now} == {
        name: value for name, value in told.items() if name not in asked_now
    }
    assert cast("list[Any]", found["orders"])


def test_why_then_stops_at_the_moment_asked_for(state: Path) -> None:
    early = why_then(state, "income", when(FunnelRecorded).isoformat())

    assert early["at"] == when(FunnelRecorded).isoformat()
    assert early["orders"] == early["denials"] == []
    assert len(cast("list[Any]", why_then(state, "income", f"{NOON:%Y-%m-%d}")["orders"])) > 2


@pytest.mark.parametrize(
    ("strategy", "at", "says"),
    [
        ("incme", None, "no strategy 'incme' in the history; known: income"),
        ("income", "2020-01-01", "nothing was recorded by 2020-01-01; the first line was written at 2026-11-23"),
        ("income", "noon", "is no time"),
    ],
)
def test_why_then_says_what_it_lacks(strategy: str, at: str | None, says: str, state: Path) -> None:
    with pytest.raises(UserError, match=re.escape(says)):
        why_then(state, strategy, at)


def test_why_reads_the_history_where_no_engine_runs(spreads: Spreads, state: Path) -> None:
    verdict = Verdict("open_risk", "fail", "6 %", "5 %", "account.yaml")
    denied = EntryDenied("income", "s9", bull_put(5900, 5850), 2, verdict, ())
    written(state, [(denied, NOON + timedelta(hours=1))], "DU1234567")

    ran = spreads("why", "income")

    assert ran.code == 0
    assert "nearest miss: 6000/5950P by 0.02" in ran.out
    assert "denied: SPXW 18 Dec 26 5900/5850P bull_put" in ran.out
    assert spreads("why", "income", "--state", "elsewhere").code == 2


def when(kind: type) -> datetime:
    """The moment of the first fact of a kind in the day of `state`."""
    return next(NOON + timedelta(seconds=second) for second, fact in enumerate(trading_day()) if isinstance(fact, kind))


def test_folder_of_a_demonstration_is_pointed_at_where_nothing_else_is(spreads: Spreads, tmp_path: Path, state: Path) -> None:
    (tmp_path / "own").mkdir()
    state.rename(tmp_path / "own" / "demo")

    asked, why = spreads("query", "FROM trades", "--state", "own"), spreads("why", "puts", "--state", "own")

    assert asked.code == why.code == 2
    assert asked.err == why.err == "spreads: own: no journal here; the demonstration's is in own/demo: say --state own/demo\n"
