"""Limits of account.yaml that several strategies share."""

from datetime import timedelta

import pytest

from engine.decide.quotes import spread_quote
from engine.decide.risk.asked import Opening
from engine.decide.risk.gate import gate, strategy_obstacle
from engine.decide.risk.strategy_groups import group_use
from engine.strategy.parse import check_files
from tests import given
from tests.core.strategy.mending import applied

SHARED = "limits: {open: 5, per_day: 5, per_expiry: 5, group: vol_book}"
PUTS, CALLS = given.strategy(SHARED), given.strategy(f"{given.CALLS}\n{SHARED}", "calls")
APART = given.strategy(f"{given.CALLS}\nlimits: {{open: 5, per_expiry: 5}}", "calls")


def limits(group: str) -> str:
    return f"strategy_groups: {{vol_book: {{{group}}}}}"


def held(age: timedelta = timedelta(days=2)):
    return given.snapshot(given.ledger(*given.opened(given.proposal(by=PUTS), at=given.NOW - age), at=given.NOW - age))


def obstacle(group: str, asked=CALLS, age: timedelta = timedelta(days=2)):
    """What the group has against an opening; other limits have nothing to do with it."""
    found = strategy_obstacle(asked, held(age), given.rulebook(PUTS, asked, account=given.limits(group)))
    return found if found is not None and found.gate.startswith("group") else None


def test_positions_of_all_strategies_of_a_group_are_counted() -> None:
    found = obstacle(limits("open: 1"))

    assert found is not None
    assert (found.gate, found.answer, found.value, found.source) == ("group_open", "fail", "2", "vol_book, account.yaml")
    assert obstacle(limits("open: 2")) is None


def test_openings_of_the_day_are_counted_together() -> None:
    found = obstacle(limits("per_day: 1"), age=timedelta(minutes=30))

    assert found is not None
    assert (found.gate, found.value) == ("group_per_day", "2")
    assert obstacle(limits("per_day: 1")) is None, "what was opened before today is not of today"


def test_strategy_outside_the_group_is_not_asked() -> None:
    assert obstacle(limits("open: 1"), APART) is None


def test_group_that_the_account_does_not_have_opens_nothing() -> None:
    found = obstacle("risk: {per_trade: $900}")

    assert found is not None
    assert (found.gate, found.answer) == ("group_open", "unknown")


def test_version_that_is_gone_counts_what_it_opened() -> None:
    found = strategy_obstacle(CALLS, held(), given.rulebook(CALLS, also=[PUTS], account=given.limits(limits("open: 1"))))

    assert found is not None
    assert found.value == "2"


@pytest.mark.parametrize(("risk", "passes"), [("$5,000", True), ("$700", False)])
def test_risk_of_a_group_is_summed(risk: str, passes: bool) -> None:
    snapshot, rows = held(), given.rows()
    rulebook = given.rulebook(PUTS, CALLS, account=given.limits(limits(f"open_risk: {risk}")))
    order = given.proposal(by=CALLS)
    quote = spread_quote(order.spread, rows, "open")
    assert quote is not None
    answers = gate(Opening(CALLS, order.spread, order.quantity, order.max_loss, quote), snapshot, rulebook, rows)

    (found,) = [verdict for verdict in answers if verdict.gate == "group_open_risk"]
    assert (found.answer == "pass") is passes


def test_misspelled_group_leads_to_the_one_of_the_account() -> None:
    account = "schema: 1\nstrategy_groups: {vol_book: {open: 3}}\n"
    text = given.strategy_text(SHARED.replace("vol_book", "vol_bok"))

    (problem,) = check_files({"account.yaml": account, "x.yaml": text})

    assert "account.yaml has no strategy_groups.vol_bok" in problem.message
    assert "group: vol_book" in applied(text, problem.edits)


def test_use_of_a_group_is_told_before_anything_is_asked_of_it() -> None:
    rulebook = given.rulebook(PUTS, CALLS, APART, account=given.limits(limits("open: 3, per_day: 2")))
    used = group_use(CALLS, held(timedelta(minutes=30)), rulebook)

    assert used is not None
    assert (used.name, used.open, used.today, used.risk > 0) == ("vol_book", 1, 1, True)
    assert used.limits is not None
    assert (used.limits.open, used.limits.per_day) == (3, 2)
    assert group_use(APART, held(), rulebook) is None
    without = group_use(CALLS, held(), given.rulebook(PUTS, CALLS, account=given.limits("risk: {per_trade: $900}")))
    assert without is not None
    assert without.limits is None
