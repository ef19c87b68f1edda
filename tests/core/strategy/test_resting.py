"""Lines that are left at the broker: how they are written, what they must be, and how they are explained."""

import pytest

from engine.strategy.conditions import ExitRule
from engine.strategy.explain import sentences
from engine.strategy.parse import parse_strategy
from engine.strategy.resting import Target, target_of
from tests import given

LINES = "exits:\n  - {}\n  - loss >= 200% of credit\n  - dte <= 7\n"


def rules(line: str) -> tuple[ExitRule, ...]:
    return given.strategy(LINES.format(line)).exits


@pytest.mark.parametrize(
    ("line", "target"),
    [
        ("profit >= 50% of credit: close resting", Target(0.5, "credit")),
        ("profit >= 40% of max_profit: close resting", Target(0.4, "max_profit")),
        ("profit >= $120: close resting", Target(120.0)),
        ("profit >= credit: close resting", Target(1.0, "credit")),
    ],
)
def test_line_has_one_profit(line: str, target: Target) -> None:
    rule = rules(line)[0]

    assert (rule.action, rule.rests, rule.deed) == ("close", True, "close resting")
    assert target_of(rule) == target


def test_target_in_dollars_and_of_what_is_not_known() -> None:
    assert Target(0.5, "credit").usd({"credit": 160.0}) == 80.0
    assert Target(0.5, "credit").usd({"credit": None}) is None
    assert Target(120.0).usd({}) == 120.0


@pytest.mark.parametrize(
    "line",
    [
        "dte <= 5: close resting",
        "loss >= 200% of credit: close resting",
        "profit >= 50% of credit and dte <= 10: close resting",
        "profit >= best_profit - $20: close resting",
        "profit <= $20: close resting",
    ],
)
def test_line_without_one_price_is_an_error_that_says_a_way_out(line: str) -> None:
    problems = parse_strategy(given.strategy_text(LINES.format(line)), "puts.yaml").problems

    assert any("only a profit has a price that can be left at the broker" in problem.message for problem in problems)


def test_position_has_one_such_line() -> None:
    lines = "profit >= 50% of credit: close resting\n  - profit >= 70% of credit: close resting"
    problems = parse_strategy(given.strategy_text(LINES.format(lines)), "puts.yaml").problems

    assert any("one line above is left at the broker already" in problem.message for problem in problems)


@pytest.mark.parametrize("word", ["resting", "gtc", "limit order"])
def test_other_words_lead_to_it(word: str) -> None:
    problems = parse_strategy(given.strategy_text(LINES.format(f"profit >= 50% of credit: {word}")), "puts.yaml").problems

    assert any("close resting" in str(problem.hint) for problem in problems)


def test_explained_in_words() -> None:
    told = sentences(given.strategy(LINES.format("profit >= 50% of credit: close resting")))

    assert "An order that closes a position at profit >= 50% of credit is left at the broker, made again each morning." in told
