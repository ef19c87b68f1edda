"""Arming at a terminal: what is shown before, what must be typed, and what is sent for it."""

from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.faces.conftest import Spreads, Terminal
from tests.faces.given import engine_that_says

ARMING: dict[str, Any] = {
    "strategy": "spx_bull_put",
    "file": "strategies/spx_bull_put.yaml",
    "file_mode": "live",
    "account": "U1234567",
    "is_real_money": True,
    "armed": None,
    "why_not_armed": "its file was loosened: sizing.risk was $500, is $700",
    "risk_per_trade_usd": 1000.0,
    "per_day": 1,
    "open": 3,
    "stop_for_day_usd": -1500.0,
    "new_per_day_usd": 5000.0,
    "closed_positions": 2,
    "closed_positions_for_full": 5,
}
ANSWER = {"done": True, "text": "arming spx_bull_put"}
ARM = ("arm", "spx_bull_put", "--by", "ada")


def says(row: dict[str, Any]) -> Any:
    return lambda method, _: ANSWER if method == "POST" else row


def test_person_sees_what_it_means_and_types_account_and_risk(terminal: Terminal, snapshot: SnapshotAssertion) -> None:
    terminal.typed += ["4567", "$2,000"]
    with engine_that_says(says(ARMING)) as heard:
        ran = terminal(*ARM)

    assert ran.code == 0
    assert ran.out == snapshot
    assert heard == [{"by": "ada", "reason": "", "account": "4567", "risk_usd": "2000", "days": 7, "rung": "one lot"}]


def test_script_says_both_by_flag(spreads: Spreads) -> None:
    with engine_that_says(says(ARMING)) as heard:
        ran = spreads(*ARM, "--account", "4567", "--risk", "2000", "--days", "3", "--full")

    assert ran.code == 0
    assert heard == [{"by": "ada", "reason": "", "account": "4567", "risk_usd": "2000", "days": 3, "rung": "full"}]


@pytest.mark.parametrize(
    ("words", "row", "why"),
    [
        ((), {}, "account: without a terminal nobody can be asked; say --account"),
        (("--account", "4567"), {}, "risk: without a terminal nobody can be asked; say --risk"),
        (("--account", "U1234567", "--risk", "2000"), {}, "found 'U1234567'; wanted the last 4 characters of the account"),
        (("--account", "4567", "--risk", "lots"), {}, "found 'lots'; wanted dollars such as 2000"),
        (("--account", "4567", "--risk", "-5"), {}, "found '-5'; wanted dollars such as 2000"),
        (("--account", "4567", "--risk", "nan"), {}, "found 'nan'; wanted dollars such as 2000"),
        (("--account", "4567", "--risk", "2000"), {"file_mode": "paper"}, "says mode: paper; write  mode: live  first"),
        (("--account", "4567", "--risk", "2000"), {"is_real_money": False}, "holds no real money: spx_bull_put trades it"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_sent(
    spreads: Spreads, words: tuple[str, ...], row: dict[str, Any], why: str
) -> None:
    with engine_that_says(says(ARMING | row)) as heard:
        ran = spreads(*ARM, *words)

    assert ran.code in {1, 2}
    assert why in ran.err
    assert heard == []


def test_disarm_says_who_and_why(spreads: Spreads) -> None:
    with engine_that_says(says(ARMING)) as heard:
        ran = spreads("disarm", "spx_bull_put", "back on Monday", "--by", "ada")

    assert ran.code == 0
    assert heard == [{"by": "ada", "reason": "back on Monday"}]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--live",), "--live: real money needs its account by name; say --account U1234567"),
        (("--live", "--paper"), "--live and --paper: choose one"),
        (("--sim", "--paper"), "--sim and --paper: choose one"),
        (("--sim", "--live"), "--sim --live: drills real money on a simulator; say --account U0001234"),
        (("--sim", "--live", "--account", "U1234567"), "--sim --live: drills real money on a simulator"),
    ],
)
def test_real_money_is_asked_for_in_full(spreads: Spreads, words: tuple[str, ...], why: str) -> None:
    ran = spreads("run", *words)

    assert ran.code == 2
    assert why in ran.err


def test_environment_asks_for_real_money_in_full_too(spreads: Spreads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPREADS_MODE", "live")

    ran = spreads("run", "--state", str(Path("state")))

    assert (ran.code, "SPREADS_MODE=live: real money needs its account by name" in ran.err) == (2, True)
