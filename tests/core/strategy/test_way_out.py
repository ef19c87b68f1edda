"""What a problem advises is done, and the problem is gone: no way out leads to the next wall."""

from pathlib import Path

import pytest

from engine.strategy.common import Common
from engine.strategy.parse import parse_strategy
from engine.strategy.problems import Problem

GOOD = (Path(__file__).parents[3] / "strategies" / "spx_bull_put.yaml").read_text()
COMMON = Common(schema=1, lists={"indices": ("SPX", "RUT")})
PLACES = {
    "when": "vix between 14 and 32",
    "filters": "volume >= 10",
    "rules": "pop >= 70%",
    "exits": "profit >= 50% of credit",
}


def problems_of(text: str) -> tuple[Problem, ...]:
    return parse_strategy(text, "strategies/x.yaml", COMMON).problems


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


@pytest.mark.parametrize(
    ("place", "line", "says", "advises", "mended"),
    [
        ("when", "vix >= 14%", "14% of what?", "write  14", "vix >= 15"),
        ("when", "vix", "compared with nothing", "write  vix >= 20", "vix >= 20"),
        ("when", "iv_rank >= 0.25", "0.25 what?", "write  25%  |  0.25%", "iv_rank >= 26%"),
        (
            "when",
            "no event within 2 weeks",
            "is not how a condition is written",
            "no event within 14 days",
            "no event within 14 days",
        ),
        ("when", "vix betwen 14 and 32", "a sign is missing", "did you mean 'between'?", "vix between 14 and 31"),
        ("when", "and vix >= 14", "a condition cannot begin with 'and'", "remove it", "vix >= 14"),
        ("when", "14 <= vix <= 32", "compared again", "write  vix between 14 and 32", "vix between 14 and 31"),
        ("when", "no event in 2 days", "before numbers in brackets", "no event within 2 days", "no event within 3 days"),
        ("when", "vix in 14", "'in' wants its numbers in brackets", "write  vix in (14)", "vix in (14)"),
        ("when", "trend(5 days) <= 3", "'trend(5 days)' is measured in percent", "write  3%", "trend(5 days) <= 3%"),
        ("when", "time >= 10am", "'10am' is no number", "write  10:00 New York", "time >= 10:00 New York"),
        ("when", "vix <= 14 and vix >= 20", "its parts exclude each other", "or  for  and", "vix <= 14 or vix >= 20"),
        ("when", "vix: 14", "found a key with a ':'", "write  vix <= 14", "vix <= 15"),
        ("filters", "quote_width <= 10%", "10% of what?", "10% of mid", "quote_width <= 11% of mid"),
        ("filters", "mid >= 1", "1 what?", "write  $1  |  1% of mid", "mid >= $1"),
        ("filters", "strike >= 90%", "90% of what?", "90% of strike", "strike >= 5000"),
        ("filters", "volume >= 10k", "'10k' is no number", "write  10,000", "volume >= 10,000"),
        ("filters", "v\u043elume >= 10", "U+043E, cyrillic small letter o", "plain letters", "volume >= 11"),
        ("filters", "volume >= (select 1)", "'select' is a word of SQL", "e.g.  open_interest >= 200", "open_interest >= 201"),
        ("filters", "volume >= 10 /* x */", "a remark in SQL", "begins with  #", "volume >= 11  # x"),
        ("filters", "volume >= volume", "compared with itself", "e.g.  open_interest >= 200", "open_interest >= 201"),
        ("filters", "delta between 0.1 and 0.2", "the delta of a put", "abs(delta)", "abs(delta) between 0.1 and 0.2"),
        ("filters", "abs(delta) <= 20", "20 what?", "write  20 delta", "abs(delta) <= 20 delta"),
        ("filters", "abs(delta) <= 0.2 delta", "is hardly meant", "write  0.2  |  20 delta", "abs(delta) <= 0.2"),
        ("rules", "pop >= 0.7", "0.7 what?", "write  70%", "pop >= 71%"),
        ("rules", "credit >= 15% width", "a sign is missing", "write  15% of width", "credit >= 15% of width"),
        ("rules", "credit >= width", "no width can pay this credit", "credit >= 15% of width", "credit >= 15% of width"),
        ("rules", "credit < $0", "no spread has a credit below $0", "credit >= 15% of width", "credit >= 15% of width"),
        ("rules", "delta >= 35", "35 what?", "write  35 delta", "delta <= 35 delta"),
        ("rules", "credit >= 15% of width: close", "wanted a condition on one line", "credit >= 15%", "credit >= 15% of width"),
        ("exits", "profit >= 0.5", "0.5 what?", "50% of max_profit", "profit >= 50% of max_profit"),
        ("exits", "loss >= 0% of credit", "the moment a position opens", "loss >= 50% of", "loss >= 50% of max_loss"),
        ("exits", "loss >= 150% of max_loss", "never loses more", "loss >= 50% of max_loss", "loss >= 50% of max_loss"),
        ("exits", "dte >= 10", "the moment a position opens", "write  dte <= 21", "days_held >= 25"),
        ("exits", "dte < 0", "this never holds", "write  dte <= 21", "days_held >= 25"),
        ("exits", "days_held >= 0", "the moment a position opens", "days_held >= 30", "days_held >= 30"),
        ("exits", "days_held >= 61", "with  expiry: 30-60 days  this never holds", "days_held >= 30", "days_held >= 30"),
        (
            "exits",
            "time >= 16:00 New York",
            "closes from 09:30 to 15:55 New York at most",
            "15:45 New York",
            "time >= 15:45 New York",
        ),
        (
            "exits",
            "time >= 3:30pm New York",
            "'3:30pm' is no time of the day's 24 hours",
            "write  15:30 New York",
            "time >= 15:30 New York",
        ),
        (
            "exits",
            "time >= 3:30 PM",
            "'3:30PM' is no time of the day's 24 hours",
            "write  15:30 New York",
            "time >= 15:30 New York",
        ),
        (
            "exits",
            "time >= 11:30am Chicago",
            "'11:30am' is no time of the day's 24 hours",
            "write  11:30 Chicago",
            "time >= 11:30 Chicago",
        ),
        ("exits", "minutes_to_close <= 5", "last five minutes", "minutes_to_close <= 15", "minutes_to_close <= 15"),
        ("exits", "mark >= $60", "never worth more than $50", "loss >= 50% of max_loss", "loss >= 50% of max_loss"),
        ("exits", "short_delta >= 0.35 delta", "is hardly meant", "write  0.35  |  35 delta", "short_delta >= 0.36"),
        ("exits", "dte <= 21:close", "has its action within", "write  dte <= 21", '"days_held >= 25": close'),
    ],
)
def test_way_out_of_a_condition_removes_its_problem(place: str, line: str, says: str, advises: str, mended: str) -> None:
    problem = next(problem for problem in problems_of(changed(PLACES[place], line)) if problem.severity == "error")

    assert says in problem.message
    assert advises in problem.hint
    assert problems_of(changed(PLACES[place], mended)) == ()


@pytest.mark.parametrize(
    ("right", "wrong", "says", "advises", "mended"),
    [
        ("contracts: 1-10", "contracts: 0", "found 0; wanted 1 to 1000", "write  1  |  1-10", "contracts: 1"),
        ("-$1,500", "-$0", "stops before the first trade", "write  -$500", "-$500"),
        ("-$1,500", "$0", "$0 is no loss", "write  -$500", "-$500"),
        ("risk: 2%", "risk: 0%", "0% is not above 0% and at most 100%", "write  2% of net liquidation", "risk: 2%"),
        ("0.12-0.20", "12-20", "no option has a delta of 12", "write  12-20 delta", "12-20 delta"),
        ("0.12-0.20", "0.16 delta", "is hardly meant", "write  0.16  |  16 delta", "0.16"),
        ("0.12-0.20", "0.12-20 delta", "is hardly meant", "write  0.16  |  16 delta", "0.16"),
        ("0.12-0.20", "0", "has a delta of 0", "write  0.12-0.20", "0.12-0.20"),
        ("$25-$50", "25$", "the $ stands before the number", "write  $25", "$25"),
        ("$0.05 every 15 s", "0.05 every 15 s", "'0.05 every 15 s' is no step", "$0.05 every 15 s", "$0.05 every 15 s"),
        ("92% of mid", "92%", "'no worse than 92%' is no worst price", "no worse than 92% of mid", "92% of mid"),
        ("92% of mid", "0% of mid", "0% gives the spread away", "no worse than 92% of mid", "92% of mid"),
        ("rank: return_on_risk * pop", "rank: pop desc", "a sign is missing", "write  pop", "rank: pop"),
        ("rank: return_on_risk * pop", "rank: [pop]", "found a list; wanted one number", "write  pop", "rank: pop"),
        ("type: bull_put", "tpye: bull_put", "unknown key 'tpye' in spread", "did you mean 'type'?", "type: bull_put"),
        ("type: bull_put", "type: BULL-PUT", "no structure 'BULL-PUT'", "did you mean 'bull_put'?", "type: bull_put"),
        ("type: bull_put", "type: put credit spread", "no structure", "did you mean 'bull_put'?", "type: bull_put"),
        ("type: bull_put", "type: [bull_put]", "spread.type: found a list", "write  type: bull_put", "type: bull_put"),
        ("[SPX]", "{lsit: indices, exept: [RUT]}", "unknown keys 'lsit' and 'exept'", "'list' and 'except'", "{list: indices}"),
        ("[SPX]", "{list: indices, except: [SPX, RUT]}", "nothing is left", "remove one of them", "{list: indices}"),
        ("roll: {to: 30-60", "roll: {to: 5-10", "the moment a position is rolled", "write  dte <= 4", "roll: {to: 30-60"),
        ("mode: paper", "mode paper", "this line has no ':'", "write  mode: paper", "mode: paper"),
        ("  - iv_rank", "  - >= iv_rank", "cannot begin with '>'", "iv_rank >= 25%", "  - iv_rank"),
        ("universe: [SPX]", "universe: [SPX]]", "this ] closes nothing", "remove it", "universe: [SPX]"),
        ("  type: bull", "\u00a0 type: bull", "only looks like one", "use ordinary spaces", "  type: bull"),
        ("about: Sell", 'about: "\\e[31m" # Sell', "U+001B", "remove it", "about: Sell"),
        ("about: Sell", 'about: "\\ud800" # Sell', "U+D800", "remove it", "about: Sell"),
    ],
)
def test_way_out_of_a_value_removes_its_problem(right: str, wrong: str, says: str, advises: str, mended: str) -> None:
    problem = next(problem for problem in problems_of(changed(right, wrong)) if problem.severity == "error")

    assert says in problem.message
    assert advises in problem.hint
    line = GOOD.splitlines().index(next(line for line in GOOD.splitlines() if right in line)) + 1
    assert problem.line == line or right.startswith("roll")
    assert [problem for problem in problems_of(changed(right, mended)) if problem.severity == "error"] == []


def test_misspelled_structure_does_not_hide_what_else_is_wrong_below_it() -> None:
    text = changed("type: bull_put", "type: bull_putt").replace("30-60 days\n", "30-60\n", 1).replace("pop >=", "pp >=")

    assert [problem.message for problem in problems_of(text)] == [
        "no structure 'bull_putt'",
        "spread.expiry: 30-60 what? days are written out",
        "no such number 'pp'",
    ]


def test_misspelled_key_is_told_once_and_not_as_missing_too() -> None:
    (problem,) = problems_of(changed("sizing:", "Sizing:"))

    assert problem.message == "unknown key 'Sizing'"
    assert "did you mean 'sizing'?" in problem.hint


def test_wrong_line_of_a_policy_is_not_counted_as_no_line() -> None:
    policy = "approval: {auto_when: [max_loss <= 300], else: ask}"

    (problem,) = problems_of(changed("approval: manual, expires in 10 min", policy))

    assert problem.message == "300 what? 'max_loss' is measured in dollars"


def test_broken_roll_is_not_said_to_be_absent_too() -> None:
    (problem,) = problems_of(changed("roll: {to: 30-60 days, for: a credit, at_most: 2, else: close}", "roll: yes"))

    assert problem.message == "roll: found 'yes'; wanted keys"


def test_exit_beside_another_condition_may_hold_from_the_first_day() -> None:
    assert problems_of(changed("profit >= 50% of credit", "profit >= 50% of credit and dte <= 60")) == ()


def test_bound_that_never_binds_is_a_warning() -> None:
    (problem,) = problems_of(changed("pop >= 70%", "pop >= 0%"))

    assert (problem.severity, problem.message) == ("warning", "this is always true: pop is always between 0% and 100%")


def test_key_that_is_missing_is_shown_so_that_it_passes() -> None:
    short = "schema: 1\nname: x\nuniverse: [SPX]\nsizing: {risk: $500}\n"

    (problem,) = problems_of(short)

    assert problem.hint == "add  spread: {type: bull_put, expiry: 30-60 days, width: $5}"
    assert parse_strategy(short + problem.hint.removeprefix("add  "), "x.yaml").errors == ()
