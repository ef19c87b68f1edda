"""Mistakes in account.yaml and events.yaml: told with a way out that is no looser than what holds where nothing is written."""

import pytest

from engine.strategy.parse import check_files, parse_account
from tests.core.strategy.mending import applied


def mended(text: str, file: str = "account.yaml") -> tuple[str, list[str]]:
    """The text after its ways out, one after the other, and what was told on the way."""
    told: list[str] = []
    for _ in range(5):
        problems = sorted(check_files({file: text}), key=lambda problem: problem.severity == "warning")
        if not problems:
            break
        told.append(problems[0].message)
        text = applied(text, problems[0].edits)
    return text, told


@pytest.mark.parametrize(
    ("line", "ends"),
    [
        ("greeks: {delta: 100}", "greeks: {delta: 0.3%}"),
        ("greeks: {delta: $500}", "greeks: {delta: 0.3%}"),
        ("greeks: {vega: 0.02}", "greeks: {vega: 2%}"),
        ("stress: {worst_loss: $5,000}", "stress: {worst_loss: 15%}"),
        ("margin: {buying_power_used: 150%}", "margin: {buying_power_used: 50%}"),
        ("margin: {buying_power_used: 0.5}", "margin: {buying_power_used: 50%}"),
        ("risk: {total: 300% of net liquidation}", "risk: {total: 25% of net liquidation}"),
        ("risk: {per_trade: 500}", "risk: {per_trade: $500}"),
        ("risk: {per_trade: 1%}", "risk: {per_trade: 1% of net liquidation}"),
        ("counts: {contracts_per_order: unlimited}", "counts: {contracts_per_order: 5}"),
        ("counts: {contracts: 3}", "counts: {contracts_per_order: 3}"),
        ("unattended: {pause_after_days: never}", "unattended: {pause_after_days: 14}"),
        ("breakers: {stop_for_day: -$500}", "breakers: {stop_for_day: -2% of net liquidation}"),
        ("breakers: {stop_for_day: 3%}", "breakers: {stop_for_day: -3% of net liquidation}"),
        ("daily_loss_limit: 2%", "breakers:\n  stop_for_day: -2% of net liquidation"),
        ("max_drawdown: 8%", "breakers:\n  peak: -8% of net liquidation"),
        ("portfolio_heat: 20%", "risk:\n  total: 20% of net liquidation"),
        ("account: DU123456", ""),
        ("capital: $50,000", ""),
        ("notify: {email: me}", ""),
    ],
)
def test_way_out_of_a_limit_passes_and_lets_through_no_more_than_was_meant(line: str, ends: str) -> None:
    after, told = mended(f"schema: 1\n{line}\n")

    assert told
    assert parse_account(after).problems == ()
    assert after.removeprefix("schema: 1").strip() == ends


def test_a_group_of_one_is_told_how_many_it_wants() -> None:
    (problem,) = check_files({"account.yaml": "schema: 1\ngroups: {sp500: [SPX]}\n"})

    assert problem.message == "groups.sp500: found a list of 1; wanted at least 2 of them"


def test_events_by_another_name_are_led_to_their_key() -> None:
    text = "schema: 1\nhorizon: {FOMC: 2027-12-31}\nevents:\n  - {date: 9 Dec 2026, what: fomc}\n"

    after, told = mended(text, "events.yaml")

    assert len(told) == 3
    assert check_files({"events.yaml": after}) == []
    assert after.endswith("entries:\n  - {date: 2026-12-09, what: FOMC}\n")
