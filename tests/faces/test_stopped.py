"""What became of a stop: from which loss it was due, what it lost beside that, and whether the market jumped over it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from engine.cli.demo.stopped import Steps, Stopped, bound_of, stops
from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.domain.contract import Contract
from engine.domain.ledger import Ledger
from engine.strategy.model import Strategy
from tests import given

RULE = "loss >= 200% of credit"
PUTS = given.strategy(f"exits:\n  - {RULE}")
OPENED = given.NOW - timedelta(minutes=10)
FIRST = given.NOW - timedelta(minutes=5)
SHORT = given.spread().legs[0].contract.con_id


def position(by: Strategy = PUTS, quantity: int = 1, net: str = "0.80") -> Ledger:
    return given.ledger(*given.opened(given.proposal(by=by, quantity=quantity), net=net, at=OPENED))


def stopped(costs: list[float], closed_at: str, width: float = 0.10) -> list[Stopped]:
    """The stops of a position opened for 0.80 where buying it back costs so much at mid, a step every five seconds."""
    known = position()
    closing = given.proposal("o2", position="o1", by=PUTS, limit=closed_at, worst="-5.00", reason=RULE, rule=RULE)
    at = FIRST.timestamp() + 5.0 * np.arange(len(costs))
    given.told(known, *given.closed(closing), at=FIRST + timedelta(seconds=5 * len(costs)))

    def walked(option: Contract, day: date) -> Steps:
        mid = np.array(costs) + 1.0 if option.con_id == SHORT else np.full(len(costs), 1.0)
        return Steps(at, mid - width / 4, mid + width / 4)

    return stops(known, {PUTS.digest: PUTS}, Finder(Scanner()), [given.NOW.date()], walked)


@pytest.mark.parametrize(
    ("rule", "bound"),
    [
        (RULE, "320.00"),
        ("loss >= 50% of credit", "80.00"),
        ("loss >= $123.45", "123.45"),
        ("loss >= 20% of max_loss or dte <= 5", "168.00"),
        ("mark >= $2.30", "300.00"),
        ("profit >= 50% of credit", None),
        ("short_delta >= 0.35", None),
        ("loss >= $900", None),
    ],
)
def test_bound_is_the_least_loss_on_which_the_rule_holds(rule: str, bound: str | None) -> None:
    by = given.strategy(f"exits:\n  - {rule}")
    held = position(by, quantity=2).positions["o1"]

    found = bound_of(rule, replace(held, closed=2), by, Finder(Scanner()))

    assert found == (None if bound is None else Decimal(bound))


def test_stop_that_was_closed_near_its_bound_is_kept() -> None:
    (found,) = stopped([0.80, 2.00, 2.45, 2.50, 2.60], "-2.65")

    assert (found.bound, found.half_width, found.lost) == (Decimal(160), Decimal(5), Decimal(185))
    assert (found.before.usd, found.after.usd) == (Decimal(120), Decimal(165))
    assert (found.after.at - found.before.at, found.after.at) == (timedelta(seconds=5), FIRST + timedelta(seconds=10))
    assert found.is_kept
    assert not found.is_jumped


def test_market_that_passed_bound_and_margin_in_one_step_has_jumped_over_the_stop() -> None:
    (found,) = stopped([0.80, 2.00, 3.50, 3.40], "-3.60")

    assert (found.most, found.lost) == (Decimal(205), Decimal(280))
    assert found.is_jumped
    assert not found.is_kept


def test_stop_that_let_the_market_run_is_neither_kept_nor_jumped_over() -> None:
    (found,) = stopped([0.80, 2.45, 2.70, 3.00, 3.40], "-3.60")

    assert not found.is_jumped
    assert not found.is_kept


def test_what_it_first_was_due_on_is_the_last_time_that_it_began_to_hold() -> None:
    (found,) = stopped([0.80, 3.90, 2.00, 2.45, 2.50], "-2.60")

    assert (found.before.usd, found.after.usd) == (Decimal(120), Decimal(165))


def test_position_that_a_profit_has_closed_has_no_stop() -> None:
    known = position(given.strategy("exits:\n  - profit >= 50% of credit"))
    given.told(known, *given.closed(given.proposal("o2", position="o1", limit="-0.30", reason="profit >= 50% of credit")))

    assert stops(known, {}, Finder(Scanner()), [given.NOW.date()], lambda option, day: Steps(*[np.empty(0)] * 3)) == []
