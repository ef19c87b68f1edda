"""plan: what an edit would change against what runs, before it is saved; where no engine runs, against what ran last."""

import io
import json
import sys
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.faces import given
from tests.faces.conftest import Spreads

LOOSE = given.STRATEGY.replace("{risk: 1% of net liquidation}", "{risk: 3% of net liquidation}")
TIGHT = given.STRATEGY.replace("credit >= 10% of width", "credit >= 14% of width")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of strategies with one that is called puts, and a chain."""
    given.strategy(tmp_path / "strategies")
    given.chain(tmp_path / "chain.parquet")
    return tmp_path


def test_plan_tells_limits_funnel_and_candidates_before_and_after(
    spreads: Spreads, folder: Path, snapshot: SnapshotAssertion
) -> None:
    given.strategy(folder, TIGHT.replace("{risk: 1%", "{risk: 3%"), "edited.yaml")

    ran = spreads("plan", "edited.yaml", "--chain", "chain.parquet")

    assert ran.code == 3
    assert ran.out == snapshot


@pytest.mark.parametrize(
    ("text", "code", "direction"),
    [(given.STRATEGY, 0, None), (f"# a word\n{given.STRATEGY}", 0, None), (TIGHT, 0, "tightened"), (LOOSE, 3, "loosened")],
)
def test_plan_answers_scripts_by_its_exit_code(
    spreads: Spreads, folder: Path, text: str, code: int, direction: str | None
) -> None:
    given.strategy(folder, text, "edited.yaml")

    ran = spreads("plan", "edited.yaml", "--format", "json")

    assert ran.code == code
    assert json.loads(ran.out)["direction"] == direction


def test_plan_reads_a_pipe_and_a_draft_beside_the_file(spreads: Spreads, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given.strategy(folder / "strategies", LOOSE, "puts.yaml.draft")
    pipe = io.TextIOWrapper(io.BytesIO(LOOSE.encode()))
    monkeypatch.setattr(sys, "stdin", pipe)

    piped, beside = spreads("plan", "-", "--format", "json"), spreads("plan", "puts", "--format", "json")

    assert (piped.code, beside.code) == (3, 3)
    assert json.loads(piped.out) == json.loads(beside.out)
    assert json.loads(beside.out)["changes"] == [
        {"said": "sizing.risk was 1% of net liquidation, is 3% of net liquidation", "loosens": True}
    ]


def test_plan_of_a_shared_file_tells_limits_and_what_other_lists_trade(spreads: Spreads, folder: Path) -> None:
    lists = "schema: 1\nlists: {mine: [SPX]}\n"
    given.strategy(folder / "strategies", given.STRATEGY.replace("[SPX]", "{list: mine}"))
    given.strategy(folder / "strategies", lists, "common.yaml")
    given.strategy(folder / "strategies", "schema: 1\nrisk: {per_trade: 1% of net liquidation}\n", "account.yaml")
    given.strategy(folder, lists.replace("SPX", "SPX, XSP"), "wider.yaml")
    given.strategy(folder, "schema: 1\nrisk: {per_trade: 2% of net liquidation}\n", "looser.yaml")

    account = spreads("plan", "looser.yaml", "--as", "account.yaml")
    common = json.loads(spreads("plan", "wider.yaml", "--as", "common.yaml", "--chain", "chain.parquet", "--format", "json").out)

    assert account.code == 3
    assert "looser  risk.per_trade was 1% of net liquidation, is 2% of net liquidation" in account.out
    (only,) = common["strategies"]
    assert (only["strategy"], only["before"]["absent"], only["after"]["absent"]) == ("puts", [], ["XSP"])


def test_plan_of_a_file_that_would_be_refused_tells_every_problem_and_nothing_else(spreads: Spreads, folder: Path) -> None:
    given.strategy(folder, given.STRATEGY.replace("exits:", "exits:\n  - profit >= 50"), "edited.yaml")

    ran = spreads("plan", "edited.yaml")

    assert (ran.code, ran.out) == (2, "")
    assert "edited.yaml would be refused, and what runs would stay in force" in ran.err
    assert "edited.yaml:" in ran.err.split("\n\n")[1]


def test_plan_asks_a_running_engine_where_there_is_one(spreads: Spreads, folder: Path) -> None:
    edited = given.strategy(folder, LOOSE, "edited.yaml")
    answer = {
        "file": "strategies/puts.yaml", "digest": "0", "is_new": False, "effect": "after a yes", "direction": "loosened",
        "changes": [{"said": "sizing.risk was $900, is $1,900", "loosens": True}], "warnings": [], "as_of": None,
        "source": None, "strategies": [],
    }  # fmt: skip

    with given.engine_that_says(answer) as heard:
        ran = spreads("plan", edited)

    assert heard == [{"text": LOOSE, "file": "edited.yaml", "shown": str(edited)}]
    assert ran.code == 3
    assert "saved, it waits for a yes (`spreads accept`)" in ran.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plan", "absent.yaml"], "no such file"),
        (["plan", "edited.yaml", "--chain", "absent.parquet"], "absent.parquet: no such chain"),
        (["plan", "strategies"], "a folder"),
    ],
)
def test_plan_of_what_is_not_there_says_so(spreads: Spreads, folder: Path, words: list[str], said: str) -> None:
    given.strategy(folder, LOOSE, "edited.yaml")

    ran = spreads(*words)

    assert ran.code == 2
    assert said in ran.err
