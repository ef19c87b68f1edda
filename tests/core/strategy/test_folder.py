"""The files beside the strategies: limits of the account, shared lists, dated events."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from engine.strategy.account import Account
from engine.strategy.events import Events
from engine.strategy.parse import parse_account, parse_common, parse_events
from engine.strategy.values import ShareOf, Usd

FOLDER = Path(__file__).parents[3] / "strategies"


def test_account_that_ships_says_what_the_defaults_are() -> None:
    shipped = parse_account((FOLDER / "account.yaml").read_bytes()).value

    assert shipped is not None
    assert shipped.model_copy(update={"pricing": Account(schema=1).pricing}) == Account(schema=1)


def test_account_limits_are_read_in_dollars_and_shares() -> None:
    text = (
        "schema: 1\nrisk: {per_trade: $500, total: 30% of net liquidation}\npricing: {rate: 4.25%, dividend_yield: {SPY: 1.3%}}\n"
    )

    account = parse_account(text).value

    assert account is not None
    assert account.risk.per_trade == Usd(Decimal(500))
    assert account.risk.total == ShareOf(Decimal("0.3"), "net liquidation")
    assert account.pricing.rate == Decimal("0.0425")
    assert account.pricing.dividend_yield == {"SPY": Decimal("0.013")}
    assert account.groups_of("SPY") == ("sp500",)
    assert account.groups_of("GLD") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("risk: {per_trad: $5}", "unknown key 'per_trad' in risk"),
        ("risk: {per_trade: 3% of net liquidation}", "risk.per_trade is above risk.hard_cap"),
        ("risk: {per_expiry: 30% of net liquidation}", "risk.per_expiry never binds: it is above risk.total"),
        ("margin: {cushion_to_open: 12%}", "the cushion to open must be above the alarm, and the alarm above reducing"),
        (
            "breakers: {stop_for_day: 2% of net liquidation}",
            "breakers.stop_for_day: 2% of net liquidation is a gain: a loss has a minus",
        ),
        ("breakers: {alarm_for_day: -1% of net liquidation}", "the alarm comes before the stop"),
        ("counts: {contracts_per_order: 20}", "one order may have more contracts than one position"),
        ("session: {open: 08:00-15:30 New York}", "options trade from 09:30 to 16:15 New York at most"),
        ("stress: {spot: [5]}", "stress.spot: 5 what?"),
        ("pricing: {dividend_yield: {spy: 1%}}", "pricing.dividend_yield.spy: 'spy' is no ticker: they are written in capitals"),
        ("groups: {a: [SPX]}", "groups.a: found a list; wanted at least one"),
    ],
)
def test_wrong_limit_is_answered_with_its_name(text: str, message: str) -> None:
    problems = parse_account(f"schema: 1\n{text}\n").problems

    assert message in [problem.message for problem in problems]


def test_common_lists_are_read() -> None:
    common = parse_common((FOLDER / "common.yaml").read_bytes()).value

    assert common is not None
    assert common.lists["index_etfs"] == ("SPY", "QQQ", "IWM")


def test_event_counts_on_its_day_and_on_the_days_before() -> None:
    events = events_of("2026-12-31", "{date: 2026-12-09, what: FOMC}")

    assert events.within(date(2026, 12, 9), 0) is True
    assert events.within(date(2026, 12, 7), 2) is True
    assert events.within(date(2026, 12, 6), 2) is False
    assert events.within(date(2026, 12, 10), 2) is False


def test_nobody_knows_whether_an_event_comes_after_the_horizon() -> None:
    events = events_of("2026-11-30", "{date: 2026-12-09, what: FOMC}")

    assert events.within(date(2026, 11, 28), 2) is False
    assert events.within(date(2026, 11, 29), 2) is None
    assert events.within(date(2026, 12, 8), 2) is True


def test_events_that_ship_are_sorted_and_outdated_ones_are_refused_by_their_horizon() -> None:
    events = parse_events((FOLDER / "events.yaml").read_bytes()).value

    assert events is not None
    assert list(events.days()) == [entry.date for entry in events.entries]
    assert events.within(date(2031, 1, 1), 0) is None


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{date: 2026-02-30, what: CPI}", "entries.date: there is no 2026-02-30 in the calendar"),
        ("{date: 2026-02-20, what: PPI}", "entries.what: found 'PPI'; wanted FOMC, CPI or NFP"),
        ("{what: CPI}", "missing key 'date' in entries"),
    ],
)
def test_wrong_event_is_answered(entry: str, message: str) -> None:
    problems = parse_events(f"schema: 1\nhorizon: 2026-12-31\nentries:\n  - {entry}\n").problems

    assert [problem.message for problem in problems] == [message]


def events_of(horizon: str, entry: str) -> Events:
    events = parse_events(f"schema: 1\nhorizon: {horizon}\nentries:\n  - {entry}\n").value
    assert events is not None
    return events
