"""A comma that sets off thousands belongs to its number, also where commas set off the parts of a list."""

import pytest

from engine.strategy.parse import parse_account, parse_strategy
from engine.strategy.spelled import spelled
from engine.strategy.values.meaning import Usd

FILE = """\
schema: 1
name: x
universe: [SPX]
filters: {filters}
spread: {{type: bull_put, expiry: 30-60 days, width: $25-$50, rules: {rules}}}
sizing: {sizing}
limits: {limits}
exits: [profit >= 50% of credit, loss >= 200% of credit, dte <= 21]
"""
PLAIN = {"filters": "[]", "rules": "[]", "sizing": "{risk: $500}", "limits": "{}"}


@pytest.mark.parametrize(
    ("key", "written", "read"),
    [
        ("sizing", "{risk: $5,000}", "$5,000"),
        ("sizing", "{risk: $1,250,000.50, contracts: 2}", "$1,250,000.50"),
        ("sizing", "{contracts: 2,risk: $5,000}", "$5,000"),
        ("sizing", "{risk:  $ 5,000 }", "$5,000"),
        ("sizing", "{'risk': '$5,000'}", "$5,000"),
        ("sizing", "\n  risk: $5,000", "$5,000"),
        ("sizing", "{risk: $5,000  # of $60,000\n  , contracts: 1}", "$5,000"),
        ("limits", "{open: 2, stop_for_day: -$1,500}", "-$1,500"),
        ("limits", "{stop_for_day: $-1,500, open: 2}", "-$1,500"),
    ],
)
def test_amount_with_thousands_is_one_value_in_braces(key: str, written: str, read: str) -> None:
    parsed = parse_strategy(FILE.format(**(PLAIN | {key: written})), "x.yaml")

    assert [problem.message for problem in parsed.errors] == []
    assert parsed.value is not None
    found = parsed.value.sizing.risk if key == "sizing" else parsed.value.limits.stop_for_day
    assert isinstance(found, Usd)
    assert spelled(found) == read


@pytest.mark.parametrize(
    ("key", "written", "lines"),
    [
        ("rules", "[max_loss <= $1,000, pop >= 70%]", ["max_loss <= $1,000", "pop >= 70%"]),
        ("rules", '["max_loss <= $1,000",pop >= 70%]', ["max_loss <= $1,000", "pop >= 70%"]),
        ("filters", "[open_interest >= 1,500, volume >= 10]", ["open_interest >= 1,500", "volume >= 10"]),
        (
            "filters",
            "[abs(delta) >= 0.10, strike between 5,000 and 6,000]",
            ["abs(delta) >= 0.10", "strike between 5,000 and 6,000"],
        ),
    ],
)
def test_number_with_thousands_is_one_value_in_brackets(key: str, written: str, lines: list[str]) -> None:
    parsed = parse_strategy(FILE.format(**(PLAIN | {key: written})), "x.yaml")

    assert parsed.value is not None, parsed.problems
    found = parsed.value.spread.rules if key == "rules" else parsed.value.filters
    assert [line.text for line in found] == lines


def test_commas_of_the_account_are_read_too() -> None:
    parsed = parse_account("schema: 1\nrisk: {per_trade: $1,000, hard_cap: $2,000}\nstress: {spot: [5%,10%]}\n")

    assert parsed.value is not None, parsed.problems
    assert (spelled(parsed.value.risk.per_trade), spelled(parsed.value.risk.hard_cap)) == ("$1,000", "$2,000")


def test_problem_behind_a_comma_is_marked_where_it_stands() -> None:
    text = FILE.format(**(PLAIN | {"rules": "[max_loss <= $1,000, pp >= 70%]"}))

    (problem,) = parse_strategy(text, "x.yaml").errors

    assert problem.source_line is not None
    assert problem.source_line[problem.column - 1 : problem.end_column - 1] == "pp"
    assert "$1,000" in problem.source_line


def test_number_that_is_wrong_is_shown_with_its_comma() -> None:
    text = FILE.format(**(PLAIN | {"sizing": "{risk: 5,000}"}))

    (problem,) = parse_strategy(text, "x.yaml").errors

    assert (problem.message, problem.hint) == ("sizing.risk: 5,000 what?", "write  $5,000  |  2% of net liquidation")
