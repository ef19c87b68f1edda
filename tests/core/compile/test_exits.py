"""The positions relation and what exit rules say of it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.decide.positions import PositionRow, position_row
from engine.domain.chain import ChainSnapshot
from engine.domain.position import Position, newly_opened
from engine.domain.session import Session
from engine.domain.spread import Leg, Spread
from engine.strategy.measures.index import declared_in
from tests.core.compile import given

SESSION = Session(date(2026, 11, 20), datetime(2026, 11, 20, 14, 30, tzinfo=UTC), datetime(2026, 11, 20, 21, 0, tzinfo=UTC))


def position(chain: ChainSnapshot, structure: str, opening_net: str, opened: int = 2, closed: int = 0) -> Position:
    """A spread of the chain's only two options: the higher strike is sold where the structure says so."""
    low, high = sorted(chain.contracts, key=lambda contract: contract.strike)
    sold, bought = (high, low) if structure in {"bull_put", "bull_call"} else (low, high)
    spread = Spread(structure, (Leg(sold, "sell"), Leg(bought, "buy")))
    return newly_opened("P1", "tested", "0" * 64, spread, opened - closed, Decimal(opening_net), given.NOW - timedelta(days=9))


def row(
    structure: str, opening_net: str, put_call: str = "P", *, low: dict | None = None, high: dict | None = None
) -> PositionRow:
    low_leg = given.option(95, put_call, bid=1.0, ask=1.2, delta=-0.2) | (low or {})
    high_leg = given.option(100, put_call, bid=2.0, ask=2.4, delta=-0.4) | (high or {})
    chain = given.chain([low_leg, high_leg])
    return position_row(position(chain, structure, opening_net), chain, given.market(), given.NOW, SESSION)


def test_credit_position_gains_what_it_received_less_what_closing_costs() -> None:
    found = row("bull_put", "2.00")

    # Two spreads opened for 2.00; closing costs 2.20 - 1.10 = 1.10 each.
    assert found["mark"] == pytest.approx(1.10)
    assert found["profit"] == pytest.approx(180.0)
    assert found["loss"] == pytest.approx(-180.0)
    assert found["credit"] == pytest.approx(400.0)
    assert found["debit"] is None
    assert found["max_profit"] == pytest.approx(400.0)
    assert found["max_loss"] == pytest.approx(600.0)
    assert found["delta"] == pytest.approx(0.2)
    assert found["short_delta"] == pytest.approx(0.4)


def test_debit_position_gains_what_closing_brings_less_what_it_cost() -> None:
    found = row("bear_put", "-2.00")

    # The put at 100 is owned: closing brings 2.20 - 1.10 = 1.10 each.
    assert found["mark"] == pytest.approx(1.10)
    assert found["profit"] == pytest.approx(-180.0)
    assert found["debit"] == pytest.approx(400.0)
    assert found["max_profit"] == pytest.approx(600.0)
    assert found["max_loss"] == pytest.approx(400.0)


@pytest.mark.parametrize("quote", [{"bid": None}, {"ask": None}, {"bid": 3.0, "ask": 2.0}, {"bid": 0.0, "ask": 0.0}])
def test_position_has_no_mark_when_a_quote_is_missing_or_crossed(quote: dict[str, float | None]) -> None:
    found = row("bull_put", "2.00", low=quote)

    assert (found["mark"], found["profit"], found["loss"]) == (None, None, None)
    assert found["credit"] == pytest.approx(400.0)


@pytest.mark.parametrize(
    ("spot", "put_call", "structure", "breached"),
    [
        (100.0, "P", "bull_put", True),
        (100.01, "P", "bull_put", False),
        (95.0, "C", "bear_call", True),
        (94.9, "C", "bear_call", False),
    ],
)
def test_short_strike_is_breached_at_and_beyond_it(spot: float, put_call: str, structure: str, breached: bool) -> None:
    at = {"spot": spot}

    assert row(structure, "2.00", put_call, low=at, high=at)["short_strike_breached"] is breached


def test_position_counts_days_and_extrinsic_value() -> None:
    at = {"spot": 99.0}

    found = row("bull_put", "2.00", low=at, high=at)

    assert (found["dte"], found["days_held"]) == (30.0, 9.0)
    assert found["extrinsic_of_short"] == pytest.approx(2.2 - 1.0)
    assert (found["minutes_to_close"], found["time"]) == (180.0, 780.0)


def test_position_is_unknown_and_not_an_error_when_its_options_left_the_chain() -> None:
    chain = given.chain([given.option(95), given.option(100)])
    held = position(chain, "bull_put", "2.00")

    found = position_row(held, given.chain([]), None, given.NOW, None)

    assert (found["mark"], found["short_delta"], found["short_strike_breached"], found["minutes_to_close"]) == (None,) * 4


def test_position_row_has_every_declared_measure() -> None:
    assert set(row("bull_put", "2.00")) == set(declared_in("position"))


def test_exits_answer_each_rule_of_each_position_with_the_values_looked_at() -> None:
    strategy = given.strategy(
        exits=[
            "profit >= 50% of credit",
            "loss >= 200% of credit",
            "dte <= 21",
            "short_delta >= 0.35: roll",
            "short_strike_breached",
        ]
    )
    winning, unquoted = row("bull_put", "4.00"), row("bull_put", "2.00", low={"bid": None})

    first, second = Finder(Scanner()).exits(strategy, [winning, unquoted])

    assert [answer.holds for answer in first] == [True, False, False, True, True]
    assert [answer.holds for answer in second] == [None, None, False, True, True]
    assert [answer.rule.action for answer in first] == ["close", "close", "close", "roll", "close"]
    assert first[0].values == {"profit": pytest.approx(580.0), "credit": pytest.approx(800.0)}


def test_exits_are_empty_when_the_strategy_has_none() -> None:
    assert Finder(Scanner()).exits(given.strategy(), [row("bull_put", "2.00")]) == [()]
