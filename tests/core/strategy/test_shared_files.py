"""The files beside the strategies lead out too, and no limit of theirs goes with a word that nobody knows."""

from pathlib import Path

import pytest

from engine.strategy.parse import parse_account, parse_common
from tests.core.strategy.mending import mended_by

ACCOUNT = (Path(__file__).parents[3] / "strategies" / "account.yaml").read_text()


@pytest.mark.parametrize(
    ("right", "wrong", "ends"),
    [
        ("per_trade: 1% of net liquidation", "per_trade: 1%", "per_trade: 1% of net liquidation"),
        ("per_trade: 1% of net liquidation", "per_trade: 3% of net liquidation", "per_trade: 2% of net liquidation"),
        ("stop_for_day: -2% of net liquidation", "stop_for_day: 2%", "stop_for_day: -2% of net liquidation"),
        ("vega: 1%", "vega: 0.01", "vega: 1%"),
        ("entries_per_day: 8", "entries_per_day: eight", "entries_per_day: 8"),
        ("sp500: [SPX, XSP, SPY]", "sp500: SPX, XSP, SPY", "sp500: [SPX, XSP, SPY]"),
        ("spot: [5%, 10%]", "spot: 5%", "spot: [5%]"),
        ("breakers:", "breaker:", "breakers:"),
    ],
)
def test_account_leads_out(right: str, wrong: str, ends: str) -> None:
    assert right in ACCOUNT

    after, _ = mended_by(lambda now: parse_account(now).problems, ACCOUNT.replace(right, wrong, 1), 1)

    assert ends in after


def test_limit_under_a_name_that_nobody_knows_is_not_removed() -> None:
    text = ACCOUNT.replace("per_trade: 1%", "greatest_regret: 1%")

    (problem,) = parse_account(text).problems

    assert problem.hint.startswith("keys here: per_trade, hard_cap")
    assert problem.edits == ()


def test_lists_lead_out() -> None:
    after, _ = mended_by(lambda now: parse_common(now).problems, "schema: 1\nlist:\n  indices: SPX, RUT\n", 2)

    assert after == "schema: 1\nlists:\n  indices: [SPX, RUT]\n"
