"""The market relation: every measure by hand, unknown where something is missing, and `when` over several underlyings."""

import math
import statistics
from datetime import UTC, date, datetime, time

import pytest

from engine.compile.market import market_value
from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.domain.calendar import calendar_of
from engine.domain.chain import EventDays
from engine.domain.session import Session
from engine.strategy.expressions.tree import Measure
from engine.strategy.measures.index import declared_in
from tests.core.compile import given

SESSION = Session(date(2026, 11, 20), datetime(2026, 11, 20, 14, 30, tzinfo=UTC), datetime(2026, 11, 20, 21, 0, tzinfo=UTC))
FINDER = Finder(Scanner())


def value(name: str, *arguments: float, session: Session | None = SESSION, **known: object) -> float | bool | None:
    return market_value(Measure(name, "market", arguments), given.market(**known), given.NOW, session)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("price", (), 100.0),
        ("move_today", (), 100 / 99 - 1),
        ("iv30", (), 0.2),
        ("iv_rank", (), (0.2 - 0.1) / 0.251),
        ("iv_percentile", (), 100 / 252),
        ("iv_rank", (252.0,), (0.2 - 0.1) / 0.251),
        ("iv_rank", (60.0,), (0.2 - 0.292) / 0.059),
        ("iv_percentile", (60.0,), 0.0),
        ("vix", (), 18.0),
        ("sma", (50.0,), statistics.fmean(80 + 0.1 * n for n in range(150, 200))),
        ("trend", (20.0,), 100 / (80 + 0.1 * 180) - 1),
        ("expected_move", (), 100 * 0.2 * math.sqrt(30 / 365)),
        ("event", (2.0,), False),
        ("early_close_day", (), False),
        ("minutes_to_close", (), 180.0),
        ("weekday", (), 5.0),
        ("time", (), 13 * 60.0),
    ],
)
def test_market_measure_is_what_its_sentence_says(name: str, arguments: tuple[float, ...], expected: float) -> None:
    assert value(name, *arguments) == pytest.approx(expected, rel=1e-12)


def test_realized_volatility_is_the_sample_deviation_of_log_returns() -> None:
    closes = (100.0, 102.0, 101.0, 104.0)
    returns = [math.log(102 / 100), math.log(101 / 102), math.log(104 / 101)]

    assert value("realized_vol", 3.0, closes=closes) == pytest.approx(statistics.stdev(returns) * math.sqrt(252), rel=1e-12)
    assert value("realized_vol", 4.0, closes=closes) is None


@pytest.mark.parametrize(
    ("name", "arguments", "known"),
    [
        ("move_today", (), {"previous_close": None}),
        ("move_today", (), {"price": None}),
        ("price", (), {"price": math.nan}),
        ("iv_rank", (), {"iv30": None}),
        ("iv_rank", (60.0,), {"iv_history": (0.1, 0.2) * 23}),
        ("iv_rank", (), {"iv_history": (0.1, 0.2) * 99}),
        ("iv_rank", (), {"iv_history": (0.2,) * 252}),
        ("iv_percentile", (), {"iv_history": (0.1, 0.2) * 99}),
        ("sma", (201.0,), {}),
        ("sma", (2.0,), {"closes": (1.0, math.nan)}),
        ("trend", (201.0,), {}),
        ("vix", (), {"vix": None}),
        ("event", (2.0,), {"events": ()}),
        ("event", (2.0,), {"events": given.events(until=None)}),
        ("event", (2.0,), {"events": given.events(until=date(2026, 11, 21))}),
        ("cpi", (2.0,), {"events": (EventDays("FOMC", (), date(2027, 12, 31)),)}),
        ("event", (2.0,), {"events": (EventDays("FOMC", (), date(2027, 12, 31)),)}),
        ("days_to_earnings", (), {}),
        ("days_to_ex_dividend", (), {"next_ex_dividend": date(2026, 11, 19)}),
        ("minutes_to_close", (), {"session": None}),
    ],
)
def test_market_measure_is_unknown_when_something_is_missing(
    name: str, arguments: tuple[float, ...], known: dict[str, object]
) -> None:
    assert value(name, *arguments, **known) is None


@pytest.mark.parametrize(("day", "within", "expected"), [(22, 2, True), (23, 2, False), (20, 0, True), (19, 2, False)])
def test_event_counts_today_and_the_next_days(day: int, within: int, expected: bool) -> None:
    events = given.events(cpi=date(2026, 11, day))

    assert value("event", float(within), events=events) is expected
    assert value("cpi", float(within), events=events) is expected
    assert value("fomc", float(within), events=events) is False


def test_event_that_is_listed_counts_also_after_the_horizon() -> None:
    events = given.events(until=date(2026, 11, 19), nfp=date(2026, 11, 22))

    assert value("event", 2.0, events=events) is True
    assert value("nfp", 2.0, events=events) is True
    assert value("fomc", 2.0, events=events) is None


def test_kind_of_event_is_known_to_its_own_horizon() -> None:
    events = (EventDays("FOMC", (date(2026, 12, 9),), date(2027, 12, 31)), EventDays("CPI", (), date(2026, 11, 20)))

    assert value("fomc", 2.0, events=events) is False
    assert value("cpi", 0.0, events=events) is False
    assert value("cpi", 1.0, events=events) is None
    assert value("nfp", 0.0, events=events) is None


def test_days_are_counted_to_the_next_known_date() -> None:
    assert value("days_to_earnings", next_earnings=date(2026, 12, 1)) == 11.0
    assert value("days_to_ex_dividend", next_ex_dividend=date(2026, 11, 20)) == 0.0


def test_every_declared_market_measure_is_computed() -> None:
    for name, declared in declared_in("market").items():
        arguments = () if declared.argument is None else (2.0,)

        assert value(name, *arguments) is None or isinstance(value(name, *arguments), float | bool)


def test_unknown_market_measure_is_a_defect() -> None:
    with pytest.raises(LookupError):
        value("net_liquidation")


def test_when_answers_each_line_for_each_underlying_and_only_yes_is_searched() -> None:
    options = [given.option(strike, underlying=name) for name in ("AAA", "BBB", "CCC", "DDD") for strike in (95, 100)]
    strategy = given.strategy(
        universe=["AAA", "BBB", "CCC", "DDD", "EEE"], when=["vix between 14 and 32 or price > 500", "no event within 2 days"]
    )
    markets = {
        "AAA": given.market("AAA"),
        "BBB": given.market("BBB", vix=40.0),
        "CCC": given.market("CCC", events=()),
        "EEE": given.market("EEE"),
    }
    rows = FINDER.rows(given.chain(options), markets, given.NOW)

    found = FINDER.find(strategy, rows, markets, given.NOW, SESSION)

    answers = {name: [line.holds for line in lines] for name, lines in found.market.items()}
    assert answers == {
        "AAA": [True, True],
        "BBB": [False, True],
        "CCC": [True, None],
        "DDD": [None, None],
        "EEE": [True, True],
    }
    assert found.searched == ("AAA",)
    assert {candidate.spread.underlying for candidate in found.candidates} == {"AAA"}
    assert found.market["BBB"][0].values == {"vix": 40.0, "price": 100.0}


def test_when_keeps_two_arguments_of_one_measure_apart() -> None:
    strategy = given.strategy(when=["sma(50 days) > sma(100 days)", "sma(100 days) > sma(50 days)"])
    markets = {"SPX": given.market()}

    (lines,) = FINDER.market(strategy, markets, given.NOW, SESSION).values()

    assert [line.holds for line in lines] == [True, False]
    assert set(lines[0].values) == {"sma_50", "sma_100"}


@pytest.mark.parametrize(
    ("today", "known", "expected"),
    [
        (date(2026, 12, 1), ["2026-11-30", "2026-12-01", "2026-12-02"], (True, False)),
        (date(2026, 12, 2), ["2026-11-30", "2026-12-01", "2026-12-02", "2026-12-03"], (False, False)),
        (date(2027, 1, 29), ["2027-01-28", "2027-01-29", "2027-02-01"], (False, True)),
        (date(2027, 1, 4), ["2026-12-31", "2027-01-04", "2027-01-05"], (True, False)),
        (date(2026, 12, 1), ["2026-12-01"], (None, None)),
        (date(2026, 12, 1), ["2026-11-30", "2026-12-01"], (True, None)),
    ],
    ids=["the first", "the second", "a Friday before a weekend", "behind a holiday", "no day beside it", "none behind it"],
)
def test_first_and_last_trading_day_are_those_of_the_exchange(
    today: date, known: list[str], expected: tuple[bool | None, bool | None]
) -> None:
    days = [date.fromisoformat(day) for day in known]
    sessions = [Session(day, *(datetime.combine(day, time(hour), UTC) for hour in (15, 21))) for day in days]
    now = datetime.combine(today, time(18), UTC)
    calendar, session = calendar_of(sessions), next(one for one in sessions if one.day == today)

    found = tuple(
        market_value(Measure(f"{which}_trading_day", "market"), given.market(), now, session, calendar)
        for which in ("first", "last")
    )

    assert found == expected


def test_no_trading_day_is_the_first_or_the_last_while_the_exchange_is_closed() -> None:
    for which in ("first", "last"):
        assert value(f"{which}_trading_day", session=None) is False


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("weekday in (Monday, Wednesday, Friday)", True),
        ("weekday not in (Monday, Wednesday, Friday)", False),
        ("weekday between Monday and Thursday", False),
        ("weekday = friday", True),
        ("weekday != Friday", False),
        ("no last trading day of the month", None),
    ],
)
def test_when_asks_for_the_day(line: str, *, holds: bool | None) -> None:
    strategy, markets = given.strategy(when=[line]), {"SPX": given.market()}

    (answers,) = FINDER.market(strategy, markets, given.NOW, SESSION).values()

    assert [one.holds for one in answers] == [holds]
