"""Exits that remember: the best profit is believed as a stop is, is a fact, and a stop that trails it closes."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from engine.decide.positions import measured, position_row
from engine.domain.chain import ChainSnapshot
from engine.domain.decision import Decision, Propose, RememberProfit, TriggerExit
from engine.domain.facts.positions import ProfitPeaked
from engine.domain.ledger import Ledger
from engine.domain.parts import side_of
from tests import given
from tests.core.decide.exit.test_cuts import bought_back, quoted
from tests.core.decide.exit.test_sides import LOSING_PUTS, condor_file, held
from tests.core.decide.watching import costs, look, position, seconds, watched
from tests.structures import CONDOR

TRAILING = given.strategy("exits:\n  - profit <= best_profit - 15% of credit and best_profit >= 30% of credit\n  - dte <= 10")
BREAKEVEN = given.strategy("exits:\n  - best_profit >= 40% of credit and profit <= $0\n  - dte <= 10")


def way(*nets: str, every_s: float = 6) -> list[ChainSnapshot]:
    """Looks at what closing costs, one after the other."""
    return [costs(net, at=seconds(number * every_s)) for number, net in enumerate(nets)]


def peaks(found: Sequence[Sequence[Decision]]) -> list[Decimal]:
    return [one.fact.profit for look in found for one in look if isinstance(one, RememberProfit)]


def proposed(found: Sequence[Sequence[Decision]]) -> list[str]:
    return [one.order.reason for look in found for one in look if isinstance(one, Propose)]


def test_best_profit_is_the_least_of_the_looks_that_made_it_believed() -> None:
    known = position(by=TRAILING)

    found = watched(known, way("0.50", "0.44", "0.46", "0.42"), TRAILING)

    assert peaks(found) == [Decimal("30.0")]
    assert known.positions["o1"].best_profit == Decimal("30.0")


def test_one_odd_print_raises_no_best_profit() -> None:
    known = position(by=TRAILING)

    found = watched(known, way("0.80", "0.10", "0.79", "0.80", "0.81"), TRAILING)

    assert peaks(found) == []


def test_quote_that_stands_is_no_proof_of_a_profit() -> None:
    known = position(by=TRAILING)
    looks = [costs("0.40", at=seconds(6 * number), age_s=1 + 6 * number) for number in range(6)]

    assert peaks(watched(known, looks, TRAILING)) == []


def test_nothing_is_remembered_where_no_exit_asks_for_it() -> None:
    file = given.strategy("exits:\n  - profit >= 90% of credit\n  - dte <= 10")

    assert peaks(watched(position(by=file), way(*["0.30"] * 6), file)) == []


def test_trailing_stop_closes_once_the_fall_from_the_best_is_believed() -> None:
    known = position(by=TRAILING)
    given.told(known, peak(known, "40"))

    above = watched(known, way("0.50", "0.50", "0.50", "0.50", "0.50"), TRAILING)
    below = watched(known, way("0.53", "0.53", "0.53", "0.53", "0.53"), TRAILING)

    assert proposed(above) == []  # 0.80 - 0.50 is 10.00 below the best, 15% of the credit are 12.00
    assert proposed(below)[:1] == [TRAILING.exits[0].condition.text]
    assert not any(isinstance(one, TriggerExit) for one in below[0])


def test_trailing_stop_of_a_best_below_its_threshold_waits() -> None:
    known = position(by=TRAILING)
    given.told(known, peak(known, "20"))

    assert proposed(watched(known, way(*["0.79"] * 6), TRAILING)) == []


@pytest.mark.parametrize(("best", "closes"), [("32", True), ("31", False)])
def test_breakeven_stop_holds_only_after_its_target(best: str, closes: bool) -> None:
    known = position(by=BREAKEVEN)
    given.told(known, peak(known, best))

    found = proposed(watched(known, way(*["0.80"] * 6), BREAKEVEN))

    assert bool(found) is closes


def test_best_profit_of_half_is_half_of_it() -> None:
    known = position(by=TRAILING, quantity=4)
    given.told(known, peak(known, "160"))
    close = given.proposal("c1", of=given.spread(), position="o1", quantity=2, limit="-0.40", reason="half")
    given.told(known, *given.closed(close, at=seconds(-600)), at=seconds(-600))

    assert known.positions["o1"].best_profit == Decimal(80)


def test_best_profit_begins_anew_when_a_side_is_closed_alone() -> None:
    known = held(condor_file("profit >= 50% of credit"))
    given.told(known, peak(known, "60"))
    put_side = side_of(CONDOR, "put")
    assert put_side is not None

    before = known.positions["o1"].best_profit
    bought_back(known, put_side, net="-0.30")

    assert (before, known.positions["o1"].best_profit) == (Decimal(60), Decimal(0))


def test_exits_see_strikes_price_chance_and_time_since_entry() -> None:
    known = held(condor_file("profit >= 50% of credit"), 2)

    row = position_row(known.positions["o1"], quoted(LOSING_PUTS), given.market(), given.NOW, given.SESSION)

    spot = row["price"]
    assert spot == pytest.approx(600.0)
    assert (row["short_strike"], row["short_distance"]) == (580.0, 20.0)
    assert (row["put_side_distance"], row["call_side_distance"]) == (20.0, 20.0)
    assert row["minutes_held"] == pytest.approx(2 * 24 * 60, abs=10)
    assert row["total_credit"] == pytest.approx(320.0)
    assert 0.5 < float(row["pop"] or 0) < 1


def test_total_credit_stays_when_a_side_is_closed() -> None:
    put_side = side_of(CONDOR, "put")
    assert put_side is not None
    known = bought_back(held(condor_file("profit >= 50% of credit")), put_side, net="-0.30")

    row = position_row(known.positions["o1"], quoted(LOSING_PUTS), given.market(), given.NOW, given.SESSION)

    assert (row["credit"], row["total_credit"]) == (80.0, 160.0)


def test_move_since_entry_is_from_the_approval_and_unknown_without() -> None:
    known = position()
    held_now = known.positions["o1"]
    rows = given.rows(quoted({}))

    without = measured(held_now, None, rows, None, given.NOW, None)["move_since_entry"]

    assert held_now.entry_spot is None
    assert without is None


MARKET = "exits:\n  - vix >= 30\n  - price < sma(3 days)\n  - event within 1 days\n  - dte <= 10"


@pytest.mark.parametrize(("vix", "reasons"), [(31.0, ["vix >= 30"]), (29.0, []), (None, [])])
def test_number_of_the_market_closes_as_a_stop_does(vix: float | None, reasons: list[str]) -> None:
    file = given.strategy(MARKET)
    known = position(by=file)
    market = {"SPY": given.market(vix=vix, closes=(590.0, 591.0, 592.0))}

    first = look(known, costs("0.80"), strategy=file, market=market)
    found = watched(known, way(*["0.80"] * 5), file, market=market)

    assert proposed([first]) == []
    assert proposed(found)[:1] == reasons


def peak(known: Ledger, profit: str) -> ProfitPeaked:
    lots = known.positions["o1"].lots
    legs = tuple(lot.leg.contract.con_id for lot in lots)
    return ProfitPeaked("o1", Decimal(profit), legs, tuple(lot.held for lot in lots))
