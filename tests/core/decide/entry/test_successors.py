"""A roll decides before anything is sent: its successor is found, sized and gated first; where there is none, `else` decides."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from engine.decide.entry.successors import search
from engine.decide.quotes import Rows, spread_quote
from engine.domain.chain import ChainSnapshot
from engine.domain.decision import Decision, DenyEntry, Propose, TriggerExit
from engine.domain.ledger import Ledger
from engine.strategy.model import Strategy
from tests import given
from tests.core.decide.watching import kinds, look, seconds, watched

NEAR, LATER = date(2026, 12, 4), given.LATER  # 11 and 53 days

ROLL = """\
exits:
  - dte <= 14: roll
  - loss >= 150%% of credit
roll: {to: 50-60 days, for: %s, else: %s}
limits: {%s}
"""


def rules(terms: str = "a credit", otherwise: str = "close", limits: str = "open: 3, per_day: 3, per_expiry: 3") -> Strategy:
    return given.strategy(ROLL % (terms, otherwise, limits))


def position(by: Strategy, quantity: int = 1) -> Ledger:
    return given.ledger(*given.opened(given.proposal(of=given.spread(expiry=NEAR), by=by, quantity=quantity), net="0.80"))


def market(cost: float = 1.00, n: float = 0) -> ChainSnapshot:
    """Two expiries; closing the position costs so much at mid, and a successor brings about 1.15."""
    at = seconds(n)
    when = {"quoted_at": at.timestamp() - 1}
    rows = given.options(expiries=(NEAR, LATER), at=at)
    for row in rows:
        if row["contract"].expiry == NEAR and row["put_call"] == -1:  # type: ignore[union-attr]
            mid = {580.0: 1.20 + cost, 575.0: 1.20}.get(float(row["strike"]))  # type: ignore[arg-type]
            if mid is not None:
                row.update({"bid": mid - 0.01, "ask": mid + 0.01, **when})
    return given.chain(rows, at=at)


def outcome(found: list[Decision]) -> tuple[list[str], list[str]]:
    """The reasons of closes, and the action and words of every exit that is written."""
    closes = [one.order.reason for one in found if isinstance(one, Propose)]
    said = [f"{one.fact.action}: {one.fact.text}" for one in found if isinstance(one, TriggerExit)]
    return closes, said


def test_position_is_rolled_where_a_successor_brings_enough() -> None:
    by = rules()

    closes, said = outcome(look(position(by), market(), strategy=by))

    assert closes == ["roll: dte <= 14"]
    assert said == ["roll: "]


@pytest.mark.parametrize(
    ("otherwise", "closes", "action"), [("close", ["dte <= 14"], "close"), ("alert", [], "alert"), ("keep", [], "keep")]
)
def test_else_decides_before_anything_is_sent_where_no_successor_brings_enough(
    otherwise: str, closes: list[str], action: str
) -> None:
    by = rules("a credit of $0.50", otherwise)

    found = look(position(by), market(), strategy=by)

    reasons, said = outcome(found)
    assert reasons == closes
    assert len(said) == 1
    assert said[0].startswith(f"{action}: not rolled: roll_net: ")
    (denied,) = [one for one in found if isinstance(one, DenyEntry)]
    assert denied.fact.obstacle.gate == "roll_net"


def test_cost_of_the_close_counts_at_natural() -> None:
    by = rules("a credit of $0.10", "keep")
    narrow, wide = market(1.00), market(1.00)
    found = [search_of(by, chain) for chain in (narrow, given_wide(wide))]

    assert found == [True, False]


def search_of(by: Strategy, chain: ChainSnapshot) -> bool:
    known, rows = position(by), Rows(chain)
    mark = spread_quote(known.positions["o1"].spread, rows, "close")
    assert mark is not None
    return search(known.positions["o1"], mark, given.snapshot(known, chain, at=chain.as_of), given.rulebook(by), rows).is_found


def given_wide(chain: ChainSnapshot) -> ChainSnapshot:
    rows = [
        {"contract": contract, **{name: chain.table[name][n].as_py() for name in chain.table.column_names}}
        for n, contract in enumerate(chain.contracts)
    ]
    for row in rows:
        if row["contract"].expiry == NEAR and row["put_call"] == -1 and row["strike"] in (580.0, 575.0):
            row["bid"], row["ask"] = row["bid"] - 0.20, row["ask"] + 0.20
    return given.chain(rows, at=chain.as_of)


def test_position_that_makes_room_does_not_count_against_its_successor() -> None:
    by = rules(limits="open: 1, per_day: 1")

    assert outcome(look(position(by), market(), strategy=by))[0] == ["roll: dte <= 14"]


def test_successor_that_a_gate_stops_is_none() -> None:
    by = rules(otherwise="keep")

    closes, said = outcome(look(position(by), market(), strategy=by, account=given.account(excess_liquidity=20_000)))

    assert closes == []
    assert said[0].startswith("keep: not rolled: cushion_to_open")


def test_strategy_that_is_held_back_has_no_successor() -> None:
    by = rules(otherwise="keep")

    closes, said = outcome(look(position(by), market(), strategy=by, paused=frozenset({"puts"})))

    assert (closes, said) == ([], ["keep: not rolled: its strategy opens nothing now"])


def test_kept_position_is_said_once_searched_every_minute_and_keeps_its_other_exits() -> None:
    by = rules("a credit of $0.50", "keep")
    calm = [market(1.00, n) for n in range(0, 150, 15)]
    falls = [market(2.60, 150 + n) for n in range(0, 30, 5)]
    known = position(by)

    found = watched(known, [*calm, *falls], by)

    assert [n for n, one in enumerate(found) if "keep" in " ".join(outcome(one)[1])] == [0]
    assert [n for n, one in enumerate(found[: len(calm)]) if "ConfirmExit" in kinds(one)] == [0, 4, 8]
    assert [reason for one in found for reason in outcome(one)[0]][:1] == ["loss >= 150% of credit"]


def test_kept_position_is_rolled_as_soon_as_a_successor_is_there() -> None:
    by = rules("a credit of $0.10", "keep")

    found = watched(position(by), [market(1.40, 0), market(1.00, 30), market(1.00, 60)], by)

    assert [outcome(one)[0] for one in found] == [[], [], ["roll: dte <= 14"]]


def test_roll_waits_for_account_values_that_are_being_asked_for() -> None:
    by = rules()
    known = position(by)
    old = replace(given.account(), reported_at=given.NOW - timedelta(seconds=90))

    found = look(known, market(), strategy=by, account=old)

    assert "RefreshAccount" in kinds(found)
    assert outcome(found) == ([], [])
