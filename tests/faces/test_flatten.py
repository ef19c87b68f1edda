"""Closing everything at a terminal: what is shown before, what must be typed, and what is sent for it."""

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.faces.conftest import Spreads, Terminal
from tests.faces.given import engine_that_says

FLATTEN: dict[str, Any] = {
    "account": "DU1234567",
    "flattening": None,
    "positions": [
        {
            "position": "spa8ff9-261123-0001",
            "strategy": "spy_bear_call",
            "spread": "SPY 31 Dec 26 622/627C bear_call",
            "quantity": 5,
            "unrealised_usd": -120.5,
            "unbid": ["SPY 31 Dec 26 627C"],
        }
    ],
    "openings_at_work": 1,
    "foreign": ["3 of AAPL"],
    "is_open": False,
}
ANSWER = {"done": True, "text": "flattening"}


def says(row: dict[str, Any]) -> Any:
    return lambda method, _: ANSWER if method == "POST" else row


def test_person_sees_what_is_closed_and_types_account_and_count(terminal: Terminal, snapshot: SnapshotAssertion) -> None:
    terminal.typed += ["4567", "1"]
    with engine_that_says(says(FLATTEN)) as heard:
        ran = terminal("flatten", "I am leaving", "--by", "ada")

    assert ran.code == 0
    assert ran.out == snapshot
    assert heard == [{"by": "ada", "reason": "I am leaving", "account": "4567", "positions": 1}]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "account: without a terminal nobody can be asked; say --account"),
        (("--account", "4567"), "positions: without a terminal nobody can be asked; say --positions"),
        (("--account", "45", "--positions", "1"), "found '45'; wanted the last 4 characters of the account"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_sent(spreads: Spreads, words: tuple[str, ...], why: str) -> None:
    with engine_that_says(says(FLATTEN)) as heard:
        ran = spreads("flatten", *words)

    assert (ran.code, heard) == (2, [])
    assert why in ran.err


def test_nothing_open_is_said_and_nothing_is_asked(spreads: Spreads) -> None:
    with engine_that_says(says(FLATTEN | {"positions": []})) as heard:
        ran = spreads("flatten")

    assert (ran.code, heard) == (1, [])
    assert "nothing is open" in ran.out + ran.err


def test_stop_is_sent_without_a_question(spreads: Spreads) -> None:
    with engine_that_says(says(FLATTEN)) as heard:
        ran = spreads("flatten", "changed my mind", "--stop", "--by", "ada")

    assert ran.code == 0
    assert heard == [{"by": "ada", "reason": "changed my mind"}]
