"""Numbers of the market from daily bars and from other indices: by plain loops, and unknown where something is missing."""

import math
import re
import statistics
from datetime import timedelta

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from engine.compile.conditions import column_of
from engine.compile.market import bars_in, market_value, openings_in, others_in
from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.domain.chain import Bars, Level
from engine.strategy.explain import written
from engine.strategy.expressions.reader import LineReader
from engine.strategy.expressions.tree import Measure, measures_in
from engine.strategy.measures.index import declaration
from engine.strategy.source import Text
from tests.core.compile import given
from tests.core.compile.plain_loops import truth
from tests.core.compile.test_market import SESSION

OPENED = {"day_open": 101.0, "day_open_at": SESSION.open + timedelta(seconds=3)}
LEVELS = {"VIX": Level(18.0, 20.0), "VIX3M": Level(20.0, 21.0), "VXN": Level(22.0, None)}


def value(name: str, *arguments: float, of: str = "", **known: object) -> float | bool | None:
    return market_value(Measure(name, "market", arguments, of=of), given.market(**known), given.NOW, SESSION)


def test_gap_is_the_first_price_of_today_against_the_close_before() -> None:
    assert value("gap", **OPENED) == pytest.approx(101 / 99 - 1)


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"day_open": 101.0, "day_open_at": SESSION.open - timedelta(seconds=1)},
        {"day_open": None, "day_open_at": SESSION.open},
        OPENED | {"previous_close": None},
    ],
)
def test_gap_is_unknown_before_the_open_is_told(known: dict[str, object]) -> None:
    assert value("gap", **known) is None


def test_other_indices_are_read_by_their_symbol() -> None:
    assert value("vix3m", levels=LEVELS) == 20.0
    assert value("vix_today", levels=LEVELS) == pytest.approx(-0.1)
    assert value("price", of="VXN", levels=LEVELS) == 22.0
    assert value("move_today", of="VIX3M", levels=LEVELS) == pytest.approx(20 / 21 - 1)


@pytest.mark.parametrize("name", ["vix3m", "vix_today"])
def test_index_that_is_not_watched_is_unknown(name: str) -> None:
    assert value(name) is None
    assert value("price", of="VXN") is None
    assert value("move_today", of="VXN", levels=LEVELS) is None


def test_average_volume_is_that_of_the_last_days_and_unknown_without_one() -> None:
    assert value("average_volume", 3.0, volumes=(1.0, 2.0, 3.0, 7.0)) == 4.0
    assert value("average_volume", 5.0, volumes=(1.0, 2.0, 3.0, 7.0)) is None
    assert value("average_volume", 1.0) is None


@drawn(st.lists(st.floats(10, 1000), min_size=0, max_size=60), st.integers(2, 12))
def test_averages_and_strength_are_those_of_plain_loops(closes: list[float], days: int) -> None:
    found = [value(name, float(days), closes=tuple(closes)) for name in ("ema", "rsi")]

    wanted = (exponential(closes, days), strength(closes, days))
    assert found == [None if one is None else pytest.approx(one, rel=1e-9, abs=1e-9) for one in wanted]


def test_strength_of_a_market_that_only_rises_is_a_hundred_and_of_one_that_stands_unknown() -> None:
    assert value("rsi", 5.0, closes=tuple(float(100 + n) for n in range(40))) == 100.0
    assert value("rsi", 5.0, closes=(100.0,) * 40) is None


@pytest.mark.parametrize("name", ["ema", "rsi"])
def test_longest_argument_has_enough_of_the_history(name: str) -> None:
    argument = declaration(name, "market").argument
    assert argument is not None

    assert value(name, float(argument.high), closes=tuple(100 + math.sin(n) for n in range(300))) is not None


LINES = [
    "abs(gap) <= 1%",
    "vix / vix3m <= 0.95",
    "vix < 18 or vix_today <= 0%",
    "ema(5 days) > ema(9 days)",
    "rsi(5 days) < 30",
    "average_volume(2 days) >= 1,500,000",
    "price > high_of(first 60 min) and range_of(first 60 min) >= 0.2%",
    "price <= low_of(first 60 min)",
    "price of VXN <= 35 and move_today of QQQ >= -1%",
]
MAYBE = st.one_of(st.none(), st.floats(1, 100, width=32))
MARKETS = st.fixed_dictionaries(
    {
        "vix": MAYBE,
        "openings": st.dictionaries(st.just(60), st.tuples(st.floats(50, 100), st.floats(100, 120))),
        "day_open": MAYBE,
        "day_open_at": st.sampled_from([None, SESSION.open]),
        "closes": st.lists(st.floats(10, 1000, width=32), max_size=40).map(tuple),
        "volumes": st.lists(st.floats(1e5, 1e7, width=32), max_size=3).map(tuple),
        "levels": st.dictionaries(st.sampled_from(["VIX", "VIX3M", "VXN", "QQQ"]), st.builds(Level, MAYBE, MAYBE)),
    }
)
STRATEGY = given.strategy(universe=["SPX"], when=LINES)
FINDER = Finder(Scanner())


@drawn(MARKETS)
def test_when_in_sql_is_that_of_plain_loops(known: dict[str, object]) -> None:
    state = given.market("SPX", **known)

    found = FINDER.market(STRATEGY, {"SPX": state}, given.NOW, SESSION)["SPX"]

    def number(measure: Measure) -> float | bool | None:
        return market_value(measure, state, given.NOW, SESSION)

    assert [answer.holds for answer in found] == [truth(line.expression, number) for line in STRATEGY.when]


def test_lines_name_the_indices_that_must_be_watched() -> None:
    assert others_in(STRATEGY.when) == {"VIX", "VIX3M", "VXN", "QQQ"}


def test_number_of_another_index_has_a_column_of_its_own() -> None:
    of_share, plain = Measure("price", "market", of="BRK.B"), Measure("price", "market")

    assert (column_of(of_share), column_of(plain)) == ("price_BRK_B", "price")


def exponential(closes: list[float], days: int) -> float | None:
    if len(closes) < 4 * days:
        return None
    last = closes[-4 * days :]
    mean, weight = sum(last[:days]) / days, 2 / (days + 1)
    for close in last[days:]:
        mean = weight * close + (1 - weight) * mean
    return mean


def strength(closes: list[float], days: int) -> float | None:
    if len(closes) < 6 * days + 1:
        return None
    last = closes[-6 * days - 1 :]
    rises = [max(0.0, last[n] - last[n - 1]) for n in range(1, len(last))]
    falls = [max(0.0, last[n - 1] - last[n]) for n in range(1, len(last))]
    rise, fall = sum(rises[:days]) / days, sum(falls[:days]) / days
    for up, down in zip(rises[days:], falls[days:], strict=True):
        rise, fall = (rise * (days - 1) + up) / days, (fall * (days - 1) + down) / days
    return None if rise + fall == 0 else 100 - 100 / (1 + rise / fall) if fall else 100.0


OPENINGS = {60: (98.0, 102.0), 5: (99.0, 100.0)}


def test_opening_range_is_that_of_its_minutes_and_unknown_where_it_was_not_heard() -> None:
    assert (value("high_of", 60.0, openings=OPENINGS), value("low_of", 5.0, openings=OPENINGS)) == (102.0, 99.0)
    assert value("range_of", 60.0, openings=OPENINGS) == pytest.approx(4 / 98)
    assert [value(name, 30.0, openings=OPENINGS) for name in ("high_of", "low_of", "range_of")] == [None] * 3


def test_minutes_of_the_opening_are_read_aloud_as_they_are_written() -> None:
    (line,) = given.strategy(when=["price > high_of(first 60 min)"]).when

    assert written(line.expression) == "price > high_of(first 60 min)"
    assert openings_in([line]) == {60}


@pytest.mark.parametrize(
    "line", ["high_of(60 min) < 3", "price > high_of(first 2 days)", "price > first 60 min", "price > high_of"]
)
def test_opening_that_is_written_otherwise_is_led_to_its_form(line: str) -> None:
    with pytest.raises(PydanticCustomError) as told:
        LineReader("condition", ("market",)).read(Text(line))

    assert "high_of(first 60 min)" in (told.value.context or {})["hint"]


def test_premium_is_placed_among_those_of_a_year_of_past_days() -> None:
    closes = tuple(100 + 5 * math.sin(n * n) for n in range(300))
    ivs = tuple(0.2 + 0.05 * math.sin(n) for n in range(280))

    found = [value(f"vol_premium{what}", 20.0, closes=closes, iv_history=ivs) for what in ("", "_rank", "_percentile")]

    now, past = premiums(0.2, closes, ivs, 20)
    rank = (now - min(past)) / (max(past) - min(past))
    assert found == [pytest.approx(one) for one in (now, rank, sum(one < now for one in past) / len(past))]


@pytest.mark.parametrize(
    "known", [{"iv30": None}, {"closes": (100.0, 101.0) * 9}, {"iv_history": (0.2, 0.3) * 99}, {"closes": (100.0, 101.0) * 105}]
)
def test_place_of_the_premium_is_unknown_without_its_past(known: dict[str, object]) -> None:
    enough = {"closes": tuple(100 + math.sin(n * n) for n in range(300)), "iv_history": (0.2, 0.3) * 126}

    assert value("vol_premium_rank", 20.0, **enough) is not None
    assert value("vol_premium_rank", 20.0, **(enough | known)) is None


def test_rank_of_a_difference_leads_to_the_premium() -> None:
    reader = LineReader("condition", ("market",))

    assert reader.meant("rank of (iv30 - realized_vol(20 days)) >= 50%") == "vol_premium_rank(20 days) >= 50%"
    assert reader.meant("vrp > 3%") == "vol_premium(20 days) > 3%"


def premiums(iv30: float, closes: tuple[float, ...], ivs: tuple[float, ...], days: int) -> tuple[float, list[float]]:
    """Now, and on each of the last 252 days that have a volatility; the last volatility is of the last close."""

    def realized(end: int) -> float:
        returns = [math.log(closes[n] / closes[n - 1]) for n in range(end - days, end)]
        return statistics.stdev(returns) * math.sqrt(252)

    last = len(closes)
    past = [ivs[len(ivs) - back] - realized(last - back + 1) for back in range(252, 0, -1)]
    return iv30 - realized(last), past


@drawn(closes=st.lists(st.floats(50, 150), min_size=1, max_size=60), count=st.integers(2, 30), is_since_open=st.booleans())
def test_numbers_of_bars_are_those_of_plain_loops(closes: list[float], count: int, *, is_since_open: bool) -> None:
    bars = {5: Bars(tuple(closes), is_since_open)}
    enough = len(closes) >= count

    mean = sum(closes[-count:]) / count if enough else None
    assert value("sma", count, 5, bars=bars) == (None if mean is None else pytest.approx(mean))
    trend = 100.0 / closes[-count] - 1 if enough else None
    assert value("trend", count, 5, bars=bars) == (None if trend is None else pytest.approx(trend))
    exponential = None
    if enough and is_since_open:
        exponential = sum(closes[:count]) / count
        for close in closes[count:]:
            exponential = close * 2 / (count + 1) + exponential * (1 - 2 / (count + 1))
    assert value("ema", count, 5, bars=bars) == (None if exponential is None else pytest.approx(exponential))
    strength = value("rsi", count, 5, bars=bars)
    assert (strength is not None) is (len(closes) > count and is_since_open and len(set(closes)) > 1)


@pytest.mark.parametrize("name", ["sma", "ema", "rsi", "trend"])
def test_bars_of_another_length_are_unknown(name: str) -> None:
    assert value(name, 2, 5, bars={1: Bars((99.0, 100.0, 101.0), is_since_open=True)}) is None


def test_bars_are_read_aloud_as_they_are_written() -> None:
    strategy = given.strategy(when=["ema(5 bars of 5 min) > ema(40 bars of 5 minutes)", "trend(6 bars of 15 min) > 0%"])

    assert bars_in(strategy.when) == {5, 15}
    measures = [column_of(one) for line in strategy.when for one in measures_in(line.expression)]
    assert measures == ["ema_5_5", "ema_40_5", "trend_6_15"]
    assert written(measures_in(strategy.when[0].expression)[1]) == "ema(40 bars of 5 min)"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("high_of(5 bars of 5 min) > price", "'high_of' is not counted in bars"),
        ("realized_vol(9 bars of 5 min) > 10%", "'realized_vol' is not counted in bars"),
        ("ema(1 bars of 5 min) > price", "'ema' wants 2 to 100 bars"),
        ("ema(9 bars of 90 min) > price", "a bar has 1 to 60 whole minutes"),
        ("price > 5 bars of 5 min", "5 bars of 5 min is a number of bars"),
    ],
)
def test_bars_that_make_no_sense_are_said_so(line: str, says: str) -> None:
    with pytest.raises(PydanticCustomError, match=re.escape(says)):
        LineReader("condition", ("market",)).read(Text(line))
