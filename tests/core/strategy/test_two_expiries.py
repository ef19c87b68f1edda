"""Files of calendars and diagonals: what they may say, and what is refused with the reason."""

import pytest

from engine.strategy.explain import sentences
from engine.strategy.parse import parse_strategy
from tests.core.strategy.mending import applied

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


PAIR = "roll: {to: {near: 25-40 days, far: 50-90 days}, for: a debit up to $1.00}\n"


def text_of(exits: list[str], kind: str, more: str) -> str:
    return FILE.format(type=kind, keys=KEYS[kind], exits="\n".join(f"  - {line}" for line in exits), more=more)


@pytest.mark.parametrize("kind", KEYS)
def test_whole_is_rolled_to_days_of_what_is_sold_and_of_what_is_bought(kind: str) -> None:
    exits = ["loss >= 50% of max_loss", "dte <= 7: roll"]

    assert problems(exits, kind, PAIR) == []
    (problem,) = parse_strategy(text := text_of(exits, kind, ROLL), "near_and_far.yaml").problems
    assert problem.message == f"of a {kind} that is rolled as a whole, what is sold and what is bought each need new days"
    mended = applied(text, problem.edits)
    assert "to: {near: 25-40 days, far: 50-90 days}" in mended
    read = parse_strategy(mended, "near_and_far.yaml")
    assert read.problems == ()
    assert read.value is not None
    told = " ".join(sentences(read.value))
    assert "Rolling moves it 25 to 40 days out, with what is bought 50 to 90 days out, for a credit" in told


@pytest.mark.parametrize("kind", ["double_calendar", "double_diagonal"])
@pytest.mark.parametrize("action", ["roll short", "roll put side", "roll untested side"])
def test_double_ones_are_rolled_as_a_whole(kind: str, action: str) -> None:
    exits = ["loss >= 50% of max_loss", f"dte <= 7: {action}"]

    found = parse_strategy(text := text_of(exits, kind, PAIR), "near_and_far.yaml").problems
    (problem,) = [one for one in found if one.severity == "error"]

    assert problem.message == f"a {kind} is rolled as a whole"
    assert parse_strategy(applied(text, problem.edits), "near_and_far.yaml").problems == ()


@pytest.mark.parametrize("kind", ["calendar", "diagonal"])
@pytest.mark.parametrize("roll", [ROLL, PAIR])
def test_what_is_sold_is_rolled_against_what_was_bought(kind: str, roll: str) -> None:
    assert problems(["loss >= 50% of max_loss", "dte <= 7: roll short"], kind, roll) == []


def test_structure_of_one_expiry_is_rolled_to_one() -> None:
    text = text_of(["loss >= 50% of max_loss", "dte <= 7: roll"], "calendar", PAIR)
    text = text.replace("type: calendar\n  right: put", "type: bull_put\n  width: $10-$50")
    text = text.replace("{near: 25-40 days, far: 50-90 days}\n  short", "25-40 days\n  short")

    (problem,) = [one for one in parse_strategy(text, "near_and_far.yaml").problems if one.severity == "error"]

    assert (problem.message, problem.hint) == ("all legs of a bull_put end on one day", "write  to: 25-40 days")


def test_what_is_sold_is_not_rolled_beyond_what_was_bought() -> None:
    found = problems(["loss >= 50% of max_loss", "dte <= 7: roll short"], "calendar", ROLL.replace("20-40", "90-120"))

    assert found == ["what is sold is rolled to days before what is bought ends, and that is bought 50-90 days out"]
