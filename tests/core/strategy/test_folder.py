"""The files beside the strategies: limits of the account, shared lists, dated events."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from engine.domain.chain import EventDays
from engine.strategy.account import Account
from engine.strategy.events import Events
from engine.strategy.horizon import ending
from engine.strategy.parse import parse_account, parse_common, parse_events, parse_strategy
from engine.strategy.values.meaning import ShareOf, Usd

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
        ("groups: {a: [SPX]}", "groups.a: found a list of 1; wanted at least 2 of them"),
    ],
)
def test_wrong_limit_is_answered_with_its_name(text: str, message: str) -> None:
    problems = parse_account(f"schema: 1\n{text}\n").problems

    assert message in [problem.message for problem in problems]


def test_common_lists_are_read() -> None:
    common = parse_common((FOLDER / "common.yaml").read_bytes()).value

    assert common is not None
    assert common.lists["index_etfs"] == ("SPY", "QQQ", "IWM")


def test_one_horizon_is_that_of_every_kind_of_event() -> None:
    events = events_of("2026-12-31", "{date: 2026-12-09, what: FOMC}", "{date: 2026-12-10, what: CPI}")

    assert events.calendar() == (
        EventDays("FOMC", (date(2026, 12, 9),), date(2026, 12, 31)),
        EventDays("CPI", (date(2026, 12, 10),), date(2026, 12, 31)),
        EventDays("NFP", (), date(2026, 12, 31)),
    )


def test_each_kind_of_event_has_a_horizon_of_its_own() -> None:
    events = events_of("{FOMC: 2027-12-31}", "{date: 2026-12-09, what: FOMC}", "{date: 2026-12-10, what: CPI}")

    assert events.calendar() == (
        EventDays("FOMC", (date(2026, 12, 9),), date(2027, 12, 31)),
        EventDays("CPI", (date(2026, 12, 10),), None),
        EventDays("NFP", (), None),
    )


def test_days_of_one_kind_are_sorted_and_told_once() -> None:
    entry = "{date: 2026-12-09, what: FOMC}"

    assert events_of("2027-01-31", "{date: 2027-01-27, what: FOMC}", entry, entry).calendar()[0].days == (
        date(2026, 12, 9),
        date(2027, 1, 27),
    )


def test_fomc_ships_to_the_end_of_2027_and_nothing_without_its_source() -> None:
    """The calendar that the Federal Reserve publishes; the decision comes on the second day of a meeting."""
    events = parse_events((FOLDER / "events.yaml").read_bytes()).value

    assert events is not None
    fomc, *others = events.calendar()
    assert fomc.until == date(2027, 12, 31)
    assert [f"{day:%m-%d}" for day in fomc.days if day.year == 2026] == [
        "01-28", "03-18", "04-29", "06-17", "07-29", "09-16", "10-28", "12-09",
    ]  # fmt: skip
    assert [f"{day:%m-%d}" for day in fomc.days if day.year == 2027] == [
        "01-27", "03-17", "04-28", "06-09", "07-28", "09-15", "10-27", "12-08",
    ]  # fmt: skip
    assert all(listed.kind in events.sources for listed in (fomc, *others) if listed.until is not None)
    assert [entry.date for entry in events.entries] == sorted(entry.date for entry in events.entries)


def test_strategies_that_ship_ask_only_for_events_that_ship() -> None:
    events = parse_events((FOLDER / "events.yaml").read_bytes()).value
    common = parse_common((FOLDER / "common.yaml").read_bytes()).value
    files = [path for path in FOLDER.glob("*.yaml") if path.name not in {"account.yaml", "common.yaml", "events.yaml"}]

    shipped = [parse_strategy(path.read_bytes(), path.name, common).value for path in files]

    assert events is not None
    assert list(ending([one for one in shipped if one is not None], events, date(2026, 11, 23))) == []


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{date: 2026-02-30, what: CPI}", "entries.date: there is no 2026-02-30 in the calendar"),
        ("{date: 2026-02-20, what: PPI}", "entries.what: found 'PPI'; wanted FOMC, CPI or NFP"),
        ("{date: 2026-02-20, what: fomc}", "entries.what: found 'fomc'; wanted FOMC, CPI or NFP"),
        ("{what: CPI}", "missing key 'date' in entries"),
    ],
)
def test_wrong_event_is_answered(entry: str, message: str) -> None:
    problems = parse_events(f"schema: 1\nhorizon: 2026-12-31\nentries:\n  - {entry}\n").problems

    assert [problem.message for problem in problems] == [message]


@pytest.mark.parametrize(
    ("horizon", "message", "hint"),
    [
        ("{PPI: 2026-12-31}", "horizon: no kind of event 'PPI'", "kinds here: FOMC, CPI, NFP"),
        ("{fomc: 2026-12-31}", "horizon: no kind of event 'fomc'", "write  FOMC   kinds here: FOMC, CPI, NFP"),
        ("{FOMC: 2026-02-30}", "horizon.FOMC: there is no 2026-02-30 in the calendar", "write  2027-06-30"),
        ("soon", "horizon: found 'soon'; wanted a date as year-month-day", "write  2027-06-30"),
        ("[2026-12-31]", "horizon: found a list; wanted a day, or one for each kind", "write  {FOMC: 2027-12-31}"),
        ("{}", "horizon: nothing is written here; wanted a day, or one for each kind", "write  {FOMC: 2027-12-31}"),
    ],
)
def test_wrong_horizon_is_answered(horizon: str, message: str, hint: str) -> None:
    (problem,) = parse_events(f"schema: 1\nhorizon: {horizon}\n").problems

    assert (problem.message, problem.hint) == (message, hint)


def events_of(horizon: str, *entries: str) -> Events:
    listed = "".join(f"  - {entry}\n" for entry in entries)
    events = parse_events(f"schema: 1\nhorizon: {horizon}\nentries:\n{listed}").value
    assert events is not None
    return events
