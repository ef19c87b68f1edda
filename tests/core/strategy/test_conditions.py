"""What lines of the language mean, and which are refused."""

import pytest
from pydantic_core import PydanticCustomError

from engine.strategy.explain import written
from engine.strategy.expressions.checker import read_condition, read_ranking
from engine.strategy.expressions.reader import LineReader
from engine.strategy.expressions.tree import (
    And,
    Arithmetic,
    Between,
    Call,
    Compare,
    Expression,
    In,
    Measure,
    Not,
    Number,
    Or,
    Relation,
)
from engine.strategy.measures.index import DECLARATIONS, declared_in, find_measures
from engine.strategy.source import Text
from engine.strategy.units import Unit


def meaning(line: str, relation: Relation = "spread") -> Expression:
    return read_condition(Text(line), (relation,))


def refusal(line: str, relation: Relation = "spread") -> str:
    with pytest.raises(PydanticCustomError) as refused:
        meaning(line, relation)
    context = refused.value.context
    assert context is not None
    return f"{context['message']} = {context['hint']}"


CREDIT, WIDTH = Measure("credit", "spread"), Measure("width", "spread")


@pytest.mark.parametrize(
    ("line", "value", "unit"),
    [
        ("credit >= $1.50", 1.5, Unit.USD_PER_SHARE),
        ("credit >= $1,500.25", 1500.25, Unit.USD_PER_SHARE),
        ("max_loss <= $300", 300, Unit.USD),
        ("pop >= 70%", 0.7, Unit.RATIO),
        ("pop >= 0.5 %", 0.005, Unit.RATIO),
        ("short_delta <= 16 delta", 0.16, Unit.DELTA),
        ("short_delta <= .16", 0.16, Unit.DELTA),
        ("dte <= 21", 21, Unit.DAYS),
        ("dte <= 21 days", 21, Unit.DAYS),
        ("expected_value > 0", 0, Unit.USD),
        ("expected_value > -$5", -5, Unit.USD),
        ("expected_value > $-5", -5, Unit.USD),
        ("credit / width >= 15%", 0.15, Unit.NUMBER),
        ("credit ≥ $1", 1, Unit.USD_PER_SHARE),
        ("credit\u00a0>= $1", 1, Unit.USD_PER_SHARE),
        ("delta > \u22120.5", -0.5, Unit.DELTA),
    ],
)
def test_number_has_the_unit_of_what_it_is_compared_with(line: str, value: float, unit: Unit) -> None:
    compared = meaning(line)

    assert isinstance(compared, Compare)
    assert compared.right == Number(value, unit)


@pytest.mark.parametrize(
    ("line", "relation", "value", "unit"),
    [
        ("time >= 15:45 New York", "position", 945, Unit.CLOCK),
        ("time >= 14:45 Chicago", "position", 945, Unit.CLOCK),
        ("minutes_to_close <= 15", "position", 15, Unit.MINUTES),
        ("minutes_to_close <= 15 min", "position", 15, Unit.MINUTES),
        ("minutes_to_close <= 1 hour", "position", 60, Unit.MINUTES),
        ("minutes_to_close <= 90 s", "position", 1.5, Unit.MINUTES),
        ("quote_age <= 5 s", "leg", 5, Unit.SECONDS),
        ("quote_age <= 2 min", "leg", 120, Unit.SECONDS),
        ("iv >= 18%", "leg", 0.18, Unit.VOL),
        ("strike >= $400", "leg", 400, Unit.POINTS),
        ("strike >= 400", "leg", 400, Unit.POINTS),
        ("vix >= 20 points", "market", 20, Unit.POINTS),
        ("profit >= $500", "position", 500, Unit.USD),
    ],
)
def test_units_of_every_relation_are_read(line: str, relation: Relation, value: float, unit: Unit) -> None:
    compared = meaning(line, relation)

    assert isinstance(compared, Compare)
    assert compared.right == Number(value, unit)


def test_percent_of_binds_tighter_than_any_sign() -> None:
    share = Arithmetic("*", Number(0.15, Unit.RATIO), WIDTH)

    assert meaning("credit >= 15% of width") == Compare(">=", CREDIT, share)
    assert meaning("credit >= $1 + 15% of width") == Compare(">=", CREDIT, Arithmetic("+", Number(1, Unit.USD_PER_SHARE), share))
    assert meaning("credit / 15% of width >= 1") == Compare(">=", Arithmetic("/", CREDIT, share), Number(1, Unit.NUMBER))
    assert meaning("credit >= 15% of (width - credit)") == Compare(
        ">=", CREDIT, Arithmetic("*", Number(0.15, Unit.RATIO), Arithmetic("-", WIDTH, CREDIT))
    )
    assert meaning("quote_width <= 10% of abs(credit)") == Compare(
        "<=", Measure("quote_width", "spread"), Arithmetic("*", Number(0.1, Unit.RATIO), Call("abs", (CREDIT,)))
    )


def test_and_binds_tighter_than_or() -> None:
    dear, likely, near = meaning("credit > $1"), meaning("pop > 70%"), meaning("dte < 30")

    assert meaning("credit > $1 or pop > 70% and dte < 30") == Or((dear, And((likely, near))))
    assert meaning("(credit > $1 or pop > 70%) and not dte < 30") == And((Or((dear, likely)), Not(near)))
    assert meaning("credit > $1 AND pop > 70% and dte < 30") == And((dear, likely, near))


def test_between_in_and_functions_are_read() -> None:
    dte = Measure("dte", "spread")

    assert meaning("dte between 30 and 45 and pop > 70%") == And(
        (Between(dte, Number(30, Unit.DAYS), Number(45, Unit.DAYS)), meaning("pop > 70%"))
    )
    assert meaning("dte not between 30 and 45") == Not(Between(dte, Number(30, Unit.DAYS), Number(45, Unit.DAYS)))
    assert meaning("dte in (7, 14 days)") == In(dte, (Number(7, Unit.DAYS), Number(14, Unit.DAYS)))
    assert meaning("dte not in (7, 14)") == Not(In(dte, (Number(7, Unit.DAYS), Number(14, Unit.DAYS))))
    assert meaning("greatest(credit, $1) >= least(width, $5)") == Compare(
        ">=",
        Call("greatest", (CREDIT, Number(1, Unit.USD_PER_SHARE))),
        Call("least", (WIDTH, Number(5, Unit.USD_PER_SHARE))),
    )


@pytest.mark.parametrize(
    ("line", "days"),
    [("no {} within 2 days", 2), ("no {}", 0), ("no {} today", 0), ("not {} within 2 days", 2), ("no {}(2 days)", 2)],
)
@pytest.mark.parametrize(("word", "name"), [("event", "event"), ("FOMC", "fomc"), ("CPI", "cpi"), ("nfp", "nfp")])
def test_no_event_negates_the_event_with_its_days(line: str, days: float, word: str, name: str) -> None:
    assert meaning(line.format(word), "market") == Not(Measure(name, "market", (days,)))


def test_day_of_an_event_may_be_asked_for() -> None:
    fomc, cpi = Measure("fomc", "market", (0,)), Measure("cpi", "market", (1,))

    assert meaning("FOMC today and no CPI within 1 day", "market") == And((fomc, Not(cpi)))


def test_measures_with_days_have_them_as_argument() -> None:
    above = meaning("price > sma(50 days) and trend(20) > 0", "market")

    assert above == And(
        (
            Compare(">", Measure("price", "market"), Measure("sma", "market", (50,))),
            Compare(">", Measure("trend", "market", (20,)), Number(0, Unit.RATIO)),
        )
    )


def test_name_of_two_words_and_in_capitals_is_the_same_measure() -> None:
    assert meaning("profit >= 50% of Max Profit", "position") == meaning("profit >= 50% of max_profit", "position")


def test_the_first_relation_wins_where_two_have_a_name() -> None:
    both = read_condition(Text("max_loss <= $300 and post_trade_margin <= 40%"), ("account", "spread"))

    assert both == And((meaning("max_loss <= $300"), meaning("post_trade_margin <= 40%", "account")))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("credit >= 15", "15 what? 'credit' is measured in dollars per share = write  $15  |  15% of width"),
        ("credit >= 15%", "15% of what? = write  15% of width"),
        ("pop >= 70", "70 what? 'pop' is measured in percent = write  70%"),
        ("credit >= 1 + 2", "1 + 2 what? 'credit' is measured in dollars per share = write  $1.50"),
        ("pop >= 7 * 10", "7 * 10 what? 'pop' is measured in percent = write  25%"),
        ("credit >= 15% + 2%", "15% + 2% of what? = write  $1.50"),
        ("pop >= $70", "'pop' is measured in percent, $70 is an amount in dollars = write  70%"),
        ("max_loss > credit", "'max_loss' is measured in dollars, 'credit' in dollars per share"),
        ("expected_value / credit > 1", "'expected_value' is measured in dollars, 'credit' in dollars per share"),
        ("credit * width > $4", "dollars per share times dollars per share is nothing that can be compared"),
        ("dte >= 5 s", "'dte' is measured in days, 5 s is a duration"),
        ("abs(5) > 3", "this compares numbers with numbers: it is always true or never"),
        ("credit >= $5k", "'$5k' is no number with a unit = write  $5,000"),
        ("credit >= €5", "amounts are in US dollars"),
        ("credit", "'credit' is a number, and compared with nothing"),
        ("1 < 2", "this compares numbers with numbers"),
        ("1 < dte < 5", "a comparison is compared again here"),
        ("(dte > 5) > 3", "a comparison is compared again here"),
        ("dte > pop > 3", "a comparison is compared again here"),
        ("dte between 45 and 30", "the range runs backwards"),
        ("dte =< 21", "'= <' is no comparison"),
        ("dte 21", "a sign is missing between 'dte' and '21'"),
        ("dte >= 21)", "this bracket closes nothing"),
        ("15% of >= credit", ""),
        ("of width", "'of' belongs behind a percentage"),
        ("credit >= 15% of", "15% of what?"),
        ("dte in (100,200)", "'100,200' could be one number or two = write  100, 200  |  100200"),
        ("dte in ()", ""),
        ("abs() > 3", ""),
        ("sqrt(dte) > 3", "no such function 'sqrt'"),
        ("dte(3) > 3", "'dte' takes nothing in brackets"),
        ("read_text > 3", "no such number 'read_text'"),
        ("t0 > 3", "no such number 't0'"),
        ("dte::int > 3", "':' has no meaning here"),
        ("dte > 3 -- x", "two minus signs in a row = a remark begins with  #"),
        ("dte > 3 /* x */", ""),
        ("exists (dte)", ""),
        ("case > 3", "'case' is a word of SQL"),
        ("", "an empty condition"),
        ("   ", "an empty condition"),
        ("dte > 1e9", "'1e9' is no number with a unit"),
        ("dte > 25:99", "there is no 25:99 on a clock"),
        ("not " * 30 + "dte > 3", "more than 16 brackets and negations"),
    ],
)
def test_line_without_meaning_is_refused_with_a_way_out(line: str, said: str) -> None:
    assert said in refusal(line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("event = 1", "'event' is a yes or no"),
        ("sma > 3", "'sma' wants one number of days in brackets = write  sma(50 days)"),
        ("sma(1.5) > 3", "'sma' wants 2 to 400 days"),
        ("sma(vix) > 3", "'sma' wants one number of days in brackets"),
        ("no event within 99 days", "'event' wants 0 to 60 days"),
        ("vix today >= 20", "'today' belongs behind an event, and 'vix' is none = remove it"),
        ("vix within 2 days", "'within' belongs behind an event, and 'vix' is none = write  event within 2 days"),
        ("today", "'today' stands behind an event = write  no event today"),
        ("event today 2 days", "a sign is missing"),
        ("no vix", "'vix' is a number, and compared with nothing"),
        ("time >= 15:45", "15:45 where?"),
        ("credit > $1", "'credit' is a number of a spread (rules, rank) and an open position (exits)"),
    ],
)
def test_line_about_the_market_without_meaning_is_refused(line: str, said: str) -> None:
    assert said in refusal(line, "market")


def test_ranking_is_a_number_of_a_measure() -> None:
    ranked = read_ranking(Text("expected_value / max_loss"), ("spread",))

    assert ranked == Arithmetic("/", Measure("expected_value", "spread"), Measure("max_loss", "spread"))
    for line in ("pop > 70%", "3", "1 + 1", "least(1, 2)", "credit >", "event"):
        with pytest.raises(PydanticCustomError):
            read_ranking(Text(line), ("spread",))


@pytest.mark.parametrize(
    "line",
    [
        "credit >= 15% of width",
        "quote_width <= 10% of (width - credit) or quote_width <= $0.1",
        "not (dte between 30 days and 45 days)",
        "dte in (7 days, 14 days)",
        "abs(delta) <= 0.05",
    ],
)
def test_meaning_is_written_as_the_trader_would(line: str) -> None:
    assert written(meaning(line)) == line


def test_every_measure_can_be_used_as_declared() -> None:
    for declared in DECLARATIONS:
        call = f"{declared.name}({declared.argument.example})" if declared.argument else declared.name
        line = (
            f"not {call}"
            if declared.unit is Unit.FLAG
            else f"{call} >= 15:45 New York"
            if declared.unit is Unit.CLOCK
            else f"{call} = Monday"
            if declared.unit is Unit.WEEKDAY
            else f"{call} > 0"
        )

        assert meaning(line, declared.relation)
        assert declared.sentence.endswith(".")
        assert declared.sql


def test_fields_are_found_by_name_first_and_then_by_sentence() -> None:
    found = [declared.name for declared in find_measures("IV")]

    assert found[:3] == ["iv30", "iv_rank", "iv_percentile"]
    assert "expected_move" in found
    assert find_measures("no such thing") == []
    assert len(find_measures()) == len(DECLARATIONS)
    assert set(declared_in("leg")) == {declared.name for declared in DECLARATIONS if declared.relation == "leg"}


def test_unit_that_is_written_twice_is_not_offered_again() -> None:
    with pytest.raises(PydanticCustomError) as told:
        read_condition(Text("no event within 2 day days"), ("market",))

    assert "did you mean" not in (told.value.context or {})["hint"]


@pytest.mark.parametrize("line", ["iv_rank(60 days) >= 25%", "iv_percentile(30 days) < 50%", "iv_rank >= 25%"])
def test_standing_of_volatility_is_over_a_year_or_over_so_many_days(line: str) -> None:
    read = read_condition(Text(line), ("market",))

    assert isinstance(read, Compare)
    assert isinstance(read.left, Measure)
    assert read.left.arguments == ((60.0,) if "60" in line else (30.0,) if "30" in line else ())


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("iv rank over 60 days above 30%", "iv_rank(60 days) > 30%"),
        ("IVP of the last 90 days > 50%", "iv_percentile(90 days) > 50%"),
    ],
)
def test_standing_over_days_is_understood_as_traders_say_it(said: str, meant: str) -> None:
    assert LineReader("condition", ("market",)).meant(said) == meant
