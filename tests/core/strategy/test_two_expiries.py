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


DOUBLE = ["double_calendar", "double_diagonal"]


@pytest.mark.parametrize("kind", DOUBLE)
@pytest.mark.parametrize(
    ("action", "instead"),
    [("roll put side", "roll put short"), ("roll call side", "roll call short"), ("roll untested side", "roll short")],
)
def test_double_ones_are_rolled_as_a_whole_or_what_they_sold(kind: str, action: str, instead: str) -> None:
    exits = ["loss >= 50% of max_loss", f"short_delta >= 0.65: {action}", "dte <= 3"]

    found = parse_strategy(text := text_of(exits, kind, ROLL), "near_and_far.yaml").problems
    (problem,) = [one for one in found if one.severity == "error"]

    assert problem.message == f"a {kind} is rolled as a whole, or what it has sold"
    mended = applied(text, problem.edits)
    assert instead in mended
    assert parse_strategy(mended, "near_and_far.yaml").problems == ()


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("roll", [ROLL, PAIR])
def test_what_is_sold_is_rolled_against_what_was_bought(kind: str, roll: str) -> None:
    assert problems(["loss >= 50% of max_loss", "dte <= 7: roll short"], kind, roll) == []


@pytest.mark.parametrize("kind", DOUBLE)
def test_what_one_side_sold_is_rolled_alone(kind: str) -> None:
    lines = ["loss >= 50% of max_loss", "put_side_delta >= 0.60: roll put short", "call_side_delta >= 0.60: roll call short"]

    assert problems([*lines, "dte <= 7"], kind, ROLL) == []


@pytest.mark.parametrize(("more", "is_told"), [("", False), (", at_most: 2", True), (", else: close", True)])
def test_line_on_days_of_one_side_that_no_roll_ends_is_warned_of(more: str, is_told: bool) -> None:
    exits = ["loss >= 50% of max_loss", "dte <= 7: roll put short", "dte <= 3"]
    text = text_of(exits, "double_calendar", ROLL.replace("}", f", else: keep{more}}}" if "else" not in more else f"{more}}}"))

    found = parse_strategy(text, "near_and_far.yaml").problems

    message = "the days are those of the other side still once this one has been rolled, so that roll is never made"
    assert [one.message for one in found] == [message] * is_told
    for one in found:
        assert "dte <= 7: roll short" in applied(text, one.edits)


@pytest.mark.parametrize("side", ["put", "call"])
@pytest.mark.parametrize("kind", ["calendar", "diagonal"])
def test_single_one_has_no_side_whose_short_is_rolled(kind: str, side: str) -> None:
    told = f"a {kind} has no sides: all of its legs are of one right"
    exits = ["loss >= 50% of max_loss", f"dte <= 7: roll {side} short"]

    found = parse_strategy(text := text_of(exits, kind, ROLL), "near_and_far.yaml").problems
    (problem,) = [one for one in found if one.message == told]

    assert "dte <= 7: roll short" in applied(text, problem.edits)


@pytest.mark.parametrize("kind", DOUBLE)
@pytest.mark.parametrize(("action", "is_refused"), [("roll", True), ("roll short", False)])
def test_lines_of_each_side_roll_what_that_side_sold(kind: str, action: str, is_refused: bool) -> None:
    grouped = f"  each side:\n    - short_delta >= 0.65: {action}\n  whole:\n    - loss >= 50% of max_loss\n    - dte <= 7"
    text = FILE.format(type=kind, keys=KEYS[kind], exits=grouped, more=ROLL)

    read = parse_strategy(text, "near_and_far.yaml")

    assert [one.message for one in read.problems] == [f"a {kind} is rolled as a whole, or what it has sold"] * is_refused
    if is_refused:
        read = parse_strategy(applied(text, read.problems[0].edits), "near_and_far.yaml")
    assert (read.problems, read.value is not None) == ((), True)
    assert read.value is not None
    assert [rule.action for rule in read.value.exits[:2]] == ["roll put short", "roll call short"]


@pytest.mark.parametrize("action", ["roll put short", "roll short"])
def test_what_is_sold_of_one_expiry_is_not_rolled_by_itself(action: str) -> None:
    text = text_of(["loss >= 50% of max_loss", f"dte <= 7: {action}"], "double_diagonal", ROLL)
    text = text.replace("double_diagonal", "iron_condor").replace("{near: 25-40 days, far: 50-90 days}", "25-40 days")
    text = text.replace("20-40 days", "the same expiry")

    found = [one for one in parse_strategy(text, "near_and_far.yaml").problems if one.severity == "error"]

    message = "what is sold is rolled by itself where what is bought lives longer: in a calendar or a diagonal"
    assert [one.message for one in found] == [message]
    assert ("roll put side" if "put" in action else ": roll\n") in applied(text, found[0].edits)


def test_structure_of_one_expiry_is_rolled_to_one() -> None:
    text = text_of(["loss >= 50% of max_loss", "dte <= 7: roll"], "calendar", PAIR)
    text = text.replace("type: calendar\n  right: put", "type: bull_put\n  width: $10-$50")
    text = text.replace("{near: 25-40 days, far: 50-90 days}\n  short", "25-40 days\n  short")

    (problem,) = [one for one in parse_strategy(text, "near_and_far.yaml").problems if one.severity == "error"]

    assert (problem.message, problem.hint) == ("all legs of a bull_put end on one day", "write  to: 25-40 days")


def test_what_is_sold_is_not_rolled_beyond_what_was_bought() -> None:
    found = problems(["loss >= 50% of max_loss", "dte <= 7: roll short"], "calendar", ROLL.replace("20-40", "90-120"))

    assert found == ["what is sold is rolled to days before what is bought ends, and that is bought 50-90 days out"]
