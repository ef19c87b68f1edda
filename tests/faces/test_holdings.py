"""Positions, orders, and a person's close: what is shown before it, what is sent for it, and when nothing is."""

import json
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.faces.conftest import Spreads, Terminal
from tests.faces.given import engine_that_says

HELD: dict[str, Any] = {
    "position": "spa8ff9-261123-0001",
    "strategy": "spy_bear_call",
    "spread": "SPY 31 Dec 26 622/627C bear_call",
    "opened_at": "2026-11-23T15:02:50+00:00",
    "quantity": 5,
    "opened": 5,
    "opening_net": 0.98,
    "closing_net": None,
    "realised_usd": 0.0,
    "mark": -0.4,
    "mark_age_s": 2.0,
    "mark_obstacle": None,
    "unrealised_usd": 290.0,
    "parts": [{"spread": "SPY 31 Dec 26 622/627C bear_call", "quantity": 5}],
    "fees_usd": 6.5,
    "max_loss_usd": 2023.0,
    "state": "open",
    "close_reason": "",
    "blocked": None,
}
UNMARKED = {
    **HELD,
    "position": "spa8ff9-261123-0002",
    "mark": None,
    "mark_obstacle": "a leg has no quote",
    "unrealised_usd": None,
    "rolls": {"count": 2, "net_usd": 85.0, "last_on": "2026-11-20"},
    "blocked": "loss >= 200% of credit: nobody quotes SPY 31 Dec 26 627C",
}
CLOSING: dict[str, Any] = {
    **HELD,
    "legs": [
        {"action": "buy", "quantity": 5, "contract": "SPY 31 Dec 26 622C", "bid": 3.1, "ask": 3.15},
        {"action": "sell", "quantity": 5, "contract": "SPY 31 Dec 26 627C", "bid": None, "ask": 2.75},
    ],
    "orders": [
        {
            "spread": "SPY 31 Dec 26 622/627C bear_call",
            "quantity": 5,
            "mid": -0.4,
            "natural": -0.45,
            "limit": -0.4,
            "worst": -0.45,
        }
    ],
    "mid": -0.4,
    "natural": -0.45,
    "limit": -0.4,
    "worst": -0.45,
    "realises_at_mid_usd": 290.0,
    "realises_at_worst_usd": 265.0,
    "closing_fees_usd": 6.5,
    "quotes_age_s": 2.0,
    "obstacle": None,
}
WORKING: dict[str, Any] = {
    "order_ref": "spa8ff9-261123-0003",
    "strategy": "spx_bull_put",
    "purpose": "open",
    "spread": "SPX 18 Dec 26 5755/5705P bull_put",
    "quantity": 1,
    "state": "working",
    "limit": 6.7,
    "worst": 6.2,
    "filled": 0,
    "net_filled": None,
    "commission_usd": 0.0,
    "reprices": 1,
    "proposed_at": "2026-11-23T15:05:01+00:00",
    "reason": "best of spx_bull_put: rank 1, score -0.005252",
    "why": None,
}
ROLLING: dict[str, Any] = {
    "position": HELD["position"],
    "strategy": HELD["strategy"],
    "spread": HELD["spread"],
    "what": "roll call side",
    "closes": CLOSING["orders"][0],
    "closing_legs": CLOSING["legs"],
    "opens": {
        "spread": "SPY 29 Jan 27 628/633C bear_call",
        "quantity": 5,
        "expiry": "2027-01-29",
        "mid": 0.7,
        "natural": 0.65,
        "limit": 0.7,
        "worst": 0.66,
        "max_loss_usd": 2_163.0,
        "fees_usd": 13.0,
        "gates": 44,
    },
    "mid": 0.3,
    "natural": 0.2,
    "brings_at_mid_usd": 150.0,
    "brings_at_natural_usd": 100.0,
    "wanted": 0.0,
    "rolled": 0,
    "at_most": 2,
    "obstacle": None,
}
DONE = {"done": True, "text": "closing 5 by order spa8ff9-261123-0004"}


@pytest.mark.parametrize("columns", [50, 80, 200])
def test_positions_and_orders_are_whole_at_any_width(columns: int, terminal: Terminal, snapshot: SnapshotAssertion) -> None:
    terminal.columns = columns
    with engine_that_says([HELD, UNMARKED]):
        positions = terminal("positions")
    with engine_that_says([WORKING]):
        orders = terminal("orders")

    told = positions.out + "\n" + orders.out
    assert {"spa8ff9-261123-0001", "spa8ff9-261123-0002", "spa8ff9-261123-0003"} <= set(told.split())
    assert max(len(line) for line in told.splitlines()) <= columns
    assert told == snapshot


def test_position_of_which_a_part_is_closed_says_all_that_is_open_and_what_was_realised(spreads: Spreads) -> None:
    rest = {"spread": "SPY 31 Dec 26 627C bear_call long", "quantity": 2}
    with engine_that_says([{**HELD, "parts": [*HELD["parts"], rest], "realised_usd": -130.0}]):
        told = spreads("positions").out

    assert "2 × SPY 31 Dec 26 627C bear_call long" in told
    assert "-$130" in told


def test_programs_get_positions_and_orders_as_the_engine_said_them(spreads: Spreads) -> None:
    with engine_that_says(lambda _, path: [{"path": path}]):
        asked = [spreads(*words, "--format", "json").out for words in (("positions",), ("orders",), ("orders", "--all"))]

    paths = [json.loads(one)[0]["path"] for one in asked]
    assert paths == ["/v1/positions?open=true", "/v1/orders?working=true", "/v1/orders"]


@pytest.mark.parametrize("columns", [50, 80])
def test_close_shows_what_it_trades_and_makes_and_sends_a_yes_with_the_price_that_was_seen(
    columns: int, terminal: Terminal, snapshot: SnapshotAssertion
) -> None:
    terminal.columns = columns
    terminal.typed.append("y")

    with engine_that_says(lambda method, _: CLOSING if method == "GET" else DONE) as heard:
        ran = terminal("close", HELD["position"], "out for the week", "--by", "ann")

    assert (ran.code, heard) == (0, [{"by": "ann", "reason": "out for the week", "shown_net": -0.4}])
    shown, _, _ = ran.out.partition("close it?")
    assert max(len(line) for line in shown.splitlines()) <= columns
    assert ran.out == snapshot


def test_close_is_not_sent_without_a_yes(terminal: Terminal) -> None:
    terminal.typed += ["", "n"]
    with engine_that_says(CLOSING) as heard:
        silent, no, gone = (terminal("close", HELD["position"]) for _ in range(3))

    assert [ran.code for ran in (silent, no, gone)] == [1, 1, 1]
    assert heard == []


def test_close_without_a_terminal_needs_yes(spreads: Spreads) -> None:
    with engine_that_says(lambda method, _: CLOSING if method == "GET" else DONE) as heard:
        asked = spreads("close", HELD["position"])
        told = spreads("close", HELD["position"], "--yes")

    assert (asked.code, "say --yes" in asked.err) == (2, True)
    assert (told.code, len(heard), heard[0]["shown_net"]) == (0, 1, -0.4)


def test_close_that_cannot_be_sent_says_why_before_it_asks(terminal: Terminal) -> None:
    with engine_that_says({**CLOSING, "obstacle": "the market is closed"}) as heard:
        ran = terminal("close", HELD["position"])

    assert (ran.code, ran.err, heard) == (1, "spreads: nothing was sent: the market is closed\n", [])


def test_roll_shows_what_closes_what_follows_and_what_both_bring(terminal: Terminal, snapshot: SnapshotAssertion) -> None:
    terminal.typed += ["y", "n"]
    with engine_that_says(lambda method, _: ROLLING if method == "GET" else DONE) as heard:
        ran = terminal("roll", HELD["position"], "more time", "--by", "ann", "--what", "roll call side")
        terminal("roll", HELD["position"])

    told = {"by": "ann", "reason": "more time", "shown_net": 0.3, "what": "roll call side"}
    assert (ran.code, heard) == (0, [told])
    assert ran.out == snapshot


def test_roll_that_leads_nowhere_says_why_before_it_asks(terminal: Terminal) -> None:
    with engine_that_says(
        {**ROLLING, "opens": None, "mid": None, "wanted": None, "obstacle": "its file says not where"}
    ) as heard:
        ran = terminal("roll", HELD["position"])

    assert (ran.code, ran.err, heard) == (1, "spreads: nothing was sent: its file says not where\n", [])


def test_cancel_is_told_with_its_reason(spreads: Spreads) -> None:
    with engine_that_says({"done": True, "text": "canceling o1"}) as heard:
        ran = spreads("cancel", "o1", "changed my mind", "--by", "ann")

    assert (ran.code, ran.out) == (0, "paper, account DU1234567, engine on state: canceling o1\n")
    assert heard == [{"by": "ann", "reason": "changed my mind"}]


def test_release_shows_what_is_given_up_and_says_it_after_a_yes_only(terminal: Terminal) -> None:
    terminal.typed += ["", "y"]
    done = {"done": True, "text": "releasing spa8ff9-261123-0001: it is yours"}

    with engine_that_says(lambda method, _: HELD if method == "GET" else done) as heard:
        no, yes = (terminal("release", HELD["position"], "--reason", "closed in TWS", "--by", "ann") for _ in range(2))

    assert (no.code, yes.code, heard) == (1, 0, [{"by": "ann", "reason": "closed in TWS"}])
    assert "5 × SPY 31 Dec 26 622/627C bear_call" in yes.out
    assert "releasing spa8ff9-261123-0001" in yes.out


def test_release_needs_a_reason(spreads: Spreads) -> None:
    result = spreads("release", HELD["position"], "--reason", " ", "--yes")

    assert result.code == 2
    assert "--reason TEXT" in result.err
