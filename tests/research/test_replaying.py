"""`spreads replay`: the same decisions where nothing has changed, and else each that differs, with what makes the first."""

import json
from pathlib import Path

import pytest

from engine.decide.entry import entries
from tests.faces.conftest import Spreads, spreads
from tests.research import given
from tests.research.test_paper import CALM

__all__ = ["spreads"]

DAILY = given.PUTS.replace("open: 2, per_day: 1, per_expiry: 2", "open: 9, per_day: 1, per_expiry: 9")
"""Opens something on each day."""


@pytest.fixture
def left(spreads: Spreads, tmp_path: Path) -> Path:
    """The folder of the strategies of a backtest over six days that lies in `left`."""
    folder = given.files(tmp_path / "mine", {"account.yaml": given.LIMITS, "puts.yaml": DAILY})
    chain = given.recording(tmp_path / "chain.parquet", CALM[:6])
    ran = spreads("backtest", folder / "puts.yaml", "--chain", chain, "--lines", "all", "--out", "left")
    assert ran.code == 0, ran.err
    return folder


def test_replay_finds_no_difference_where_nothing_has_changed(left: Path, spreads: Spreads) -> None:
    assert left.is_dir()

    whole, one_day = spreads("replay", "--state", "left"), spreads("replay", "2017-03-07", "--state", "left")

    assert whole.code == one_day.code == 0, whole.out
    assert "none differs" in whole.out
    compared = [int(ran.out.split()[0]) for ran in (whole, one_day)]
    assert compared[0] > compared[1] == 3, "proposed, sent, and what was denied after it"


def test_replay_tells_what_another_file_decides_and_that_the_file_makes_it(left: Path, spreads: Spreads) -> None:
    # given
    (left / "puts.yaml").write_text(DAILY.replace("contracts: 2-2", "contracts: 1-1"))

    # when
    ran = spreads("replay", "2017-03-06", "--state", "left", "--format", "json")

    # then
    told = json.loads(ran.out)
    assert ran.code == 1
    assert told["cause"] == "file"
    assert [text.rsplit("/", 1)[1] for text in told["changed"]] == ["puts.yaml: is another version"]
    first = told["differences"][0]
    assert first["kind"] == "OrderProposed"
    assert (first["then"].split(" ×")[0], first["now"].split(" ×")[0]) == ("open 2", "open 1")


def test_replay_tells_that_other_limits_make_it(left: Path, spreads: Spreads) -> None:
    (left / "account.yaml").write_text(given.LIMITS.replace("per_trade: 10%", "per_trade: 0.1%"))

    ran = spreads("replay", "--state", "left")

    assert ran.code == 1
    assert "first cause: account.yaml" in ran.out
    assert "account.yaml: is another version" in ran.err


def test_replay_tells_that_other_data_make_it(left: Path, spreads: Spreads, tmp_path: Path) -> None:
    given.recording(tmp_path / "chain.parquet", [*CALM[:2], 104.0, 104.5, 105.0, 105.5])

    ran = spreads("replay", "2017-03-09", "--state", "left")

    assert ran.code == 1
    assert "first cause: the recorded chains" in ran.out
    assert "the run differs from 2017-03-08 on" in ran.out


def test_replay_tells_that_the_code_makes_it(left: Path, spreads: Spreads, monkeypatch: pytest.MonkeyPatch) -> None:
    # given: code that numbers orders from a hundred on
    assert left.is_dir()
    numbered = entries.next_ref
    monkeypatch.setattr(entries, "next_ref", lambda ledger, now: numbered(ledger, now, also=100))

    # when
    ran = spreads("replay", "--state", "left", "--format", "json")

    # then
    told = json.loads(ran.out)
    assert (ran.code, told["cause"], told["changed"]) == (1, "code", [])
    assert {one["then"] is None for one in told["differences"]} == {True, False}


def test_folder_without_a_backtest_and_day_without_a_decision_are_said(left: Path, spreads: Spreads, tmp_path: Path) -> None:
    assert left.is_dir()
    (tmp_path / "state").mkdir()

    for words, said in (
        (["--state", "state"], "holds no result of a backtest"),
        (["2017-05-01", "--state", "left"], "nothing was decided on 2017-05-01; it runs from 2017-03-06"),
        (["soon", "--state", "left"], "'soon' is no day"),
    ):
        ran = spreads("replay", *words)
        assert ran.code == 2
        assert said in ran.err
