"""Files of calendars and diagonals: what they may say, and what is refused with the reason."""

import pytest

from engine.strategy.parse import parse_strategy

FILE = """\
schema: 1
name: near_and_far
universe: [SPX]
spread:
  type: {type}
{keys}
  expiry: {{near: 25-40 days, far: 50-90 days}}
  short_delta: 0.30-0.60
sizing: {{risk: $5,000}}
exits:
{exits}
{more}"""
KEYS = {
    "calendar": "  right: put",
    "diagonal": "  right: call\n  far_strike: lower\n  width: $5-$50",
    "double_calendar": "  keep: 5",
    "double_diagonal": "  width: {put: $5, call: $10}",
}


def problems(exits: list[str], kind: str = "calendar", more: str = "") -> list[str]:
    text = FILE.format(type=kind, keys=KEYS[kind], exits="\n".join(f"  - {line}" for line in exits), more=more)
    return [problem.message for problem in parse_strategy(text, "near_and_far.yaml").problems]


@pytest.mark.parametrize("kind", KEYS)
def test_exits_of_the_whole_trade_are_accepted(kind: str) -> None:
    paid = "debit" if "calendar" in kind else "max_loss"

    assert problems([f"profit >= 25% of {paid}", f"loss >= 40% of {paid}", "dte <= 7"], kind) == []


@pytest.mark.parametrize("days", [45, 80])
def test_position_may_be_held_as_long_as_what_is_bought_lives(days: int) -> None:
    assert problems(["loss >= 40% of debit", f"days_held >= {days}", "dte <= 7"]) == []


def test_position_is_not_held_longer_than_what_is_bought_lives() -> None:
    assert problems(["loss >= 40% of debit", "days_held >= 91", "dte <= 7"]) == ["with  expiry: 50-90 days  this never holds"]


@pytest.mark.parametrize("kind", KEYS)
def test_most_that_an_open_position_can_earn_is_not_known(kind: str) -> None:
    (message,) = problems(["profit >= 50% of max_profit", "loss >= 50% of max_loss", "dte <= 7"], kind)

    assert message.startswith(f"'max_profit' is not defined for a {kind} that is open: what its bought legs will be worth")


ROLL = "roll: {to: 20-40 days, for: a credit}\n"


@pytest.mark.parametrize("kind", ["double_calendar", "double_diagonal"])
@pytest.mark.parametrize("action", ["roll", "roll short"])
def test_double_ones_are_not_rolled(kind: str, action: str) -> None:
    found = problems(["loss >= 50% of max_loss", f"dte <= 7: {action}"], kind, ROLL)

    assert f"a {kind} is not rolled: what is sold and what is bought would each need new days" in found


@pytest.mark.parametrize("kind", ["calendar", "diagonal"])
def test_what_is_sold_is_rolled_against_what_was_bought(kind: str) -> None:
    assert problems(["loss >= 50% of max_loss", "dte <= 7: roll short"], kind, ROLL) == []
    found = problems(["loss >= 50% of max_loss", "dte <= 7: roll"], kind, ROLL)
    assert found == [f"of a {kind} only what is sold is rolled, against what was bought"]


def test_what_is_sold_is_not_rolled_beyond_what_was_bought() -> None:
    found = problems(["loss >= 50% of max_loss", "dte <= 7: roll short"], "calendar", ROLL.replace("20-40", "90-120"))

    assert found == ["what is sold is rolled to days before what is bought ends, and that is bought 50-90 days out"]
