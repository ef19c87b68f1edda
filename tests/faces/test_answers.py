"""Yes and no at a terminal: what is shown, what is asked, and what is sent for it."""

import json
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.faces.conftest import Spreads, Terminal
from tests.faces.given import engine_that_says

WAITING: dict[str, Any] = {
    "order_ref": "spa8ff9-261123-0001",
    "strategy": "spy_bear_call",
    "purpose": "open",
    "spread": "SPY 31 Dec 26 622/627C bear_call",
    "quantity": 5,
    "state": "previewed",
    "limit": 0.98,
    "worst": 0.91,
    "expires_at": "2026-11-23T15:12:31.5+00:00",
    "expires_in_s": 581.4,
    "shown_net": 0.98,
    "net_now": 0.965,
    "natural_now": 0.93,
    "quotes_age_s": 2.4,
    "quotes_obstacle": None,
    "asked_because": "the strategy asks a person",
    "max_loss_usd": 2058.0,
    "fees_usd": 13.0,
    "preview": "fits",
    "preview_text": "",
    "initial_margin_change_usd": 2500.0,
    "commission_usd": 6.5,
    "multiplier": 100,
    "underlying_now": 603.2,
    "candidate": {
        "underlying": "SPY",
        "root": "SPY",
        "pop": 0.791,
        "expected_value": -13.4,
        "max_profit": 98.0,
        "legs": [
            {"action": "sell", "ratio": 1, "expiry": "2026-12-31", "strike": 622.0, "put_call": "C"},
            {"action": "buy", "ratio": 1, "expiry": "2026-12-31", "strike": 627.0, "put_call": "C"},
        ],
    },
    "gates": ["halt: not halted within not halted (engine)"],
    "gates_asked_now": 40,
    "gates_not_passed_now": [],
}
HURT = {
    **WAITING,
    "order_ref": "spa8ff9-261123-0002",
    "spread": "SPX 18 Dec 26 5755/5705P bull_put",
    "worst": -4.1,
    "shown_net": -4.0,
    "net_now": None,
    "quotes_obstacle": "SPX 18 Dec 26 5705P is locked at 33.4",
    "preview": "unknown",
    "preview_text": "the broker did not answer",
    "initial_margin_change_usd": None,
    "candidate": None,
    "gates_asked_now": 40,
    "gates_not_passed_now": [
        "preview: unknown cannot be held against the broker's what-if accepts it (broker)",
        "open_risk: $12,058 beyond at most $10,000 (spy_bear_call)",
    ],
}


@pytest.mark.parametrize("columns", [50, 80, 160])
def test_terminal_shows_everything_that_a_yes_or_no_needs(columns: int, terminal: Terminal, snapshot: SnapshotAssertion) -> None:
    terminal.columns = columns

    with engine_that_says([WAITING, HURT]):
        ran = terminal("approvals")

    assert (ran.code, ran.err) == (0, "")
    assert all(row["order_ref"] in ran.out.split() for row in (WAITING, HURT))
    assert max(len(line) for line in ran.out.splitlines()) <= columns
    assert ran.out == snapshot


def test_programs_get_the_rows_as_the_engine_said_them(spreads: Spreads) -> None:
    with engine_that_says([WAITING]):
        ran = spreads("approvals", "--format", "json")

    assert json.loads(ran.out) == [WAITING]


def test_only_order_that_waits_is_shown_and_a_yes_is_sent_with_the_price_that_was_seen(
    terminal: Terminal, snapshot: SnapshotAssertion
) -> None:
    terminal.typed.append("y")
    done = {"done": True, "text": "approved at 0.97"}
    with engine_that_says(lambda method, _: [WAITING] if method == "GET" else done) as heard:
        ran = terminal("approve", "--by", "ann")

    assert ran.code == 0
    assert heard == [{"by": "ann", "reason": "", "shown_net": 0.965}]
    assert ran.out == snapshot


@pytest.mark.parametrize("answer", ["", "n", "no", "ja", "approve"])
def test_everything_but_a_yes_is_a_no(answer: str, terminal: Terminal) -> None:
    terminal.typed.append(answer)
    with engine_that_says([WAITING]) as heard:
        ran = terminal("approve")

    assert (ran.code, heard, ran.err) == (1, [], "nothing was approved; it waits on\n")


def test_several_that_wait_are_listed_and_one_must_be_named(terminal: Terminal, snapshot: SnapshotAssertion) -> None:
    with engine_that_says([WAITING, HURT]) as heard:
        ran = terminal("approve")

    assert (ran.code, heard) == (2, [])
    assert all(row["order_ref"] in ran.out.split() for row in (WAITING, HURT))
    assert max(len(line) for line in ran.out.splitlines()) <= 80
    assert ran.out == snapshot
    assert ran.err == "spreads: 2 orders wait: name the one you mean, as in `spreads approve spa8ff9-261123-0001`\n"


def test_nothing_that_waits_is_said(terminal: Terminal) -> None:
    with engine_that_says([]):
        assert terminal("approve").err == "paper, account DU1234567, engine on state: nothing waits for an approval\n"
        assert terminal("approvals").err == "nothing waits for an approval\n"


def test_without_a_terminal_the_order_must_be_named(spreads: Spreads) -> None:
    with engine_that_says([WAITING]) as heard:
        ran = spreads("approve")

    assert (ran.code, ran.out, heard) == (2, "", [])
    assert ran.err.startswith("spreads: which order? without a terminal nobody can be asked: name it")


def test_outcome_of_a_yes_that_no_longer_counts_is_shown(terminal: Terminal) -> None:
    terminal.typed.append("yes")
    Path("state").mkdir()
    moved = "net went from 0.965 to 0.90; approve again to accept"
    with engine_that_says(lambda method, _: [WAITING] if method == "GET" else {"detail": moved}, refuses="POST"):
        ran = terminal("approve")

    assert (ran.code, ran.err) == (1, f"spreads: paper, account DU1234567, engine on state: {moved}\n")
