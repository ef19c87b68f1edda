"""Adopting what was opened in TWS: what is listed, what a yes is shown, and what is asked of the engine."""

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.faces.conftest import Spreads, Terminal
from tests.faces.given import engine_that_says
from tests.faces.test_holdings import HELD

FOREIGN: list[dict[str, Any]] = [
    {
        "con_id": 750112301, "contract": "SPY 2026-12-31 622C", "underlying": "SPY", "quantity": -5, "average_price": 3.0965,
        "bid": 3.1, "ask": 3.15, "obstacle": None,
    },
    {
        "con_id": 750112334, "contract": "SPY 2026-12-31 627C", "underlying": "SPY", "quantity": 5, "average_price": 2.1165,
        "bid": None, "ask": 2.75, "obstacle": None,
    },
    {
        "con_id": 9, "contract": "DAX 18DEC26 20000 C", "underlying": "DAX", "quantity": 1, "average_price": None,
        "bid": None, "ask": None, "obstacle": "it stands for 5 shares in EUR, and only options on 100 in USD are traded here",
    },
]  # fmt: skip
POSITION: dict[str, Any] = {
    **HELD,
    "legs": [
        {"action": "sell", "held": 5, "contract": "SPY 2026-12-31 622C", "opening_price": 3.0965, "bid": 3.1, "ask": 3.15},
        {"action": "buy", "held": 5, "contract": "SPY 2026-12-31 627C", "opening_price": 2.1165, "bid": None, "ask": 2.75},
    ],
    "exits": [
        {"rule": "loss >= 200% of credit", "action": "close", "answer": "no"},
        {"rule": "dte <= 21", "action": "close", "answer": "yes"},
        {"rule": "days_to_ex_dividend <= 1", "action": "alert", "answer": "unknown"},
    ],
}
LEGS = "750112301,750112334"
WORD = {
    "by": "ann",
    "reason": "opened in TWS",
    "strategy": "spy_bear_call",
    "legs": [{"con_id": 750112301, "quantity": -5}, {"con_id": 750112334, "quantity": 5}],
}


def engine(method: str, path: str) -> dict[str, Any]:
    if method == "POST":
        return {"done": True, "text": "adopting 5 × SPY 31 Dec 26 622/627C bear_call as spa8ff9-261123-0009"}
    if "legs=" not in path:
        return {"foreign": FOREIGN, "books_age_s": 3.0, "position": None, "obstacle": None}
    return {"foreign": FOREIGN, "books_age_s": 3.0, "position": POSITION, "obstacle": None}


def adopt(*more: str) -> tuple[str, ...]:
    return ("adopt", "spy_bear_call", "--legs", LEGS, "--reason", "opened in TWS", "--by", "ann", *more)


def test_what_is_foreign_is_listed_with_the_way_to_adopt_it(spreads: Spreads, snapshot: SnapshotAssertion) -> None:
    with engine_that_says(engine) as heard:
        ran = spreads("adopt")

    assert (ran.code, heard) == (0, [])
    assert ran.out == snapshot
    assert "spreads adopt STRATEGY --legs NUMBER,NUMBER --reason TEXT" in ran.err


def test_adoption_shows_what_it_is_and_is_said_after_a_yes_only(terminal: Terminal, snapshot: SnapshotAssertion) -> None:
    terminal.typed += ["", "y"]

    with engine_that_says(engine) as heard:
        no, yes = (terminal(*adopt()) for _ in range(2))

    assert (no.code, yes.code, heard) == (1, 0, [WORD])
    assert yes.out == snapshot
    assert "nothing was adopted; it stays foreign" in no.err


def test_person_at_the_terminal_chooses_the_legs_of_what_is_foreign(terminal: Terminal) -> None:
    terminal.typed += ["750112301 750112334", "y"]

    with engine_that_says(engine) as heard:
        ran = terminal("adopt", "spy_bear_call", "--reason", "opened in TWS", "--by", "ann")

    assert (ran.code, heard) == (0, [WORD])
    assert "which legs?" in ran.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("adopt", "--legs", LEGS, "--reason", "x"), "name a strategy, or say --without-exits"),
        (("adopt", "spy_bear_call", "--legs", LEGS), "say --reason TEXT"),
        (("adopt", "spy_bear_call", "--legs", "622C", "--reason", "x"), "'622C' is no contract number"),
        (("adopt", "spy_bear_call", "--legs", ",", "--reason", "x"), "no contract number"),
        (("adopt", "spy_bear_call", "--without-exits", "--legs", LEGS, "--reason", "x"), "not both"),
        (adopt(), "say --yes to adopt it as shown"),
    ],
)
def test_word_that_is_none_is_answered_with_the_way_out(words: tuple[str, ...], told: str, spreads: Spreads) -> None:
    with engine_that_says(engine) as heard:
        ran = spreads(*words)

    assert (ran.code, heard) == (2, [])
    assert told in ran.err


def test_what_the_engine_refuses_is_said_and_nothing_is_asked(spreads: Spreads) -> None:
    refusing = {"foreign": FOREIGN, "books_age_s": 3.0, "position": None, "obstacle": "nothing was adopted: 5 × X would be owed"}

    with engine_that_says(lambda *_: refusing) as heard:
        ran = spreads(*adopt("--yes"))

    assert (ran.code != 0, heard) == (True, [])
    assert "nothing was adopted: 5 × X would be owed" in ran.err


def test_position_without_exits_says_so(spreads: Spreads) -> None:
    with engine_that_says(engine) as heard:
        ran = spreads("adopt", "--without-exits", "--legs", LEGS, "--reason", "mine", "--by", "ann", "--yes")

    assert [word["strategy"] for word in heard] == [""]
    assert "none: no rule closes it but you, and the guard before its expiry" in ran.out
