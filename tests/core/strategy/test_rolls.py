"""A roll whose credit the file's own bounds cannot bring is warned of, and led to what it can bring."""

import pytest

from engine.strategy.explain import sentences
from engine.strategy.parse import parse_strategy
from engine.strategy.problems import Problem
from tests.core.strategy.mending import applied

FILE = """\
schema: 1
name: x
universe: [SPX]
spread:
  type: {type}
  expiry: 30-60 days
  short_delta: {delta}
  width: {width}
  rules: [credit >= 15% of width]
sizing: {{risk: $5,000}}
exits:
  - loss >= 300% of credit
  - dte <= 21
  - {exit}: roll
roll: {{to: 30-60 days, for: {net}}}
"""
PLAIN = {"type": "bull_put", "delta": "0.12-0.20", "width": "$25", "exit": "short_delta >= 0.35", "net": "a credit"}


def problems(**changed: str) -> list[Problem]:
    return list(parse_strategy(FILE.format(**(PLAIN | changed)), "x.yaml").problems)


@pytest.mark.parametrize(
    ("changed", "costs", "brings", "asked"),
    [
        ({}, "$7.44", "$5.50", "a credit"),
        ({"net": "a credit of $1.00"}, "$7.44", "$5.50", "a credit of $1.00"),
        ({"net": "a debit up to $1.00"}, "$7.44", "$5.50", "a debit up to $1.00"),
        ({"type": "bear_call"}, "$7.44", "$5.50", "a credit"),
        ({"exit": "loss >= 100% of credit"}, "$7.50", "$5.50", "a credit"),
        ({"exit": "short_strike_breached"}, "$10.00", "$5.50", "a credit"),
        ({"exit": "mark >= $9.00"}, "$9.00", "$5.50", "a credit"),
        ({"exit": "short_delta >= 0.35 and days_held >= 5"}, "$7.44", "$5.50", "a credit"),
        ({"delta": "0.30-0.40", "net": "a credit of $5.00"}, "$7.44", "$11.00", "a credit of $5.00"),
    ],
)
def test_roll_that_its_own_bounds_cannot_bring_is_warned_of(changed: dict[str, str], costs: str, brings: str, asked: str) -> None:
    (problem,) = problems(**changed)

    exit_line = (PLAIN | changed)["exit"]
    assert problem.severity == "warning"
    assert problem.message == (
        f"'{exit_line}' rolls when closing costs at least about {costs} a share, "
        f"and the spreads of this file bring about {brings} at most: that is not {asked}"
    )
    text = FILE.format(**(PLAIN | changed))
    assert parse_strategy(applied(text, problem.edits), "x.yaml").problems == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"net": "a debit up to $2.00"},
        {"width": "$25-$50"},
        {"exit": "dte <= 25"},
        {"exit": "profit >= 50% of credit"},
        {"delta": "0.30-0.40"},
        {"exit": "short_delta >= 0.22"},
    ],
)
def test_roll_that_may_bring_what_it_asks_is_left_alone(changed: dict[str, str]) -> None:
    assert problems(**changed) == []


@pytest.mark.parametrize(
    ("said", "side"),
    [("roll calls", "call"), ("roll the put side", "put"), ("roll call spread", "call"), ("roll up the put spread", "put")],
)
def test_other_words_for_the_roll_of_one_side_are_led_to_it(said: str, side: str) -> None:
    text = condor(f"{side}_side_delta >= 0.45", said, "a debit up to $9.00")

    (problem,) = [one for one in parse_strategy(text, "x.yaml").problems if one.severity == "error"]

    assert problem.message.startswith(f"found '{said}'; wanted close, ")
    assert parse_strategy(applied(text, problem.edits), "x.yaml").problems == ()
    assert f"roll {side} side" in applied(text, problem.edits)


def test_roll_of_one_side_is_read_and_told() -> None:
    read = parse_strategy(condor("put_side_delta >= 0.22", "roll put side", "a debit up to $2.00"), "x.yaml")

    assert read.problems == ()
    assert read.value is not None
    assert read.value.exits[-1].action == "roll put side"
    told = " ".join(sentences(read.value))
    assert "has its put side rolled, the call side stays, when put_side_delta >= 0.22" in told
    assert "Rolling moves that part 30 to 60 days out" in told


@pytest.mark.parametrize(("exit_line", "costs"), [("put_side_delta >= 0.35", "$7.44"), ("put_side_breached", "$10.00")])
def test_side_whose_roll_cannot_bring_a_credit_is_warned_of(exit_line: str, costs: str) -> None:
    (problem,) = parse_strategy(condor(exit_line, "roll put side", "a credit"), "x.yaml").problems

    assert problem.severity == "warning"
    assert f"closing costs at least about {costs} a share, and the put sides of this file bring about $5.50" in problem.message


@pytest.mark.parametrize(("risk", "is_told"), [("$3,000", True), ("$4,064", True), ("$4,065", False), ("$5,000", False)])
def test_side_that_is_rolled_to_another_day_needs_risk_for_both_widths(risk: str, is_told: bool) -> None:
    """Two sides of $25 that bring at most 1.1 times 0.17 of that each."""
    text = condor("put_side_delta >= 0.22", "roll put side", "a debit up to $2.00").replace("risk: $5,000", f"risk: {risk}")

    found = parse_strategy(text, "x.yaml").problems

    told = (
        "a side that is rolled to another day may lose beside the other one: both together risk $4,065 at the least, "
        f"and with  risk: {risk}  the roll is never made"
    )
    assert [one.message for one in found] == ([told] if is_told else [])
    assert all(one.severity == "warning" for one in found)
    for one in found:
        assert parse_strategy(applied(text, one.edits), "x.yaml").problems == ()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("roll the untested side", "roll untested side"),
        ("roll up the winning side", "roll untested side"),
        ("roll losing side", "roll tested side"),
        ("roll out the threatened spread", "roll tested side"),
    ],
)
def test_other_words_for_the_tested_side_are_led_to_it(said: str, meant: str) -> None:
    text = condor("short_delta >= 0.30 and untested_side_delta <= 0.08", said, "a credit")

    (problem,) = parse_strategy(text, "x.yaml").problems

    assert problem.message.startswith(f"found '{said}'; wanted close, ")
    read = parse_strategy(applied(text, problem.edits), "x.yaml")
    assert (read.problems, read.value is not None and read.value.exits[-1].action) == ((), meant)


def test_roll_of_the_untested_side_that_its_own_line_forbids_is_warned_of() -> None:
    text = condor("short_delta >= 0.30", "roll untested side", "a credit")

    (problem,) = parse_strategy(text, "x.yaml").problems

    assert problem.severity == "warning"
    assert problem.message == "this holds still when the untested side has been rolled, so that roll is never made"
    read = parse_strategy(applied(text, problem.edits), "x.yaml")
    assert read.problems == ()
    assert read.value is not None
    assert read.value.exits[-1].condition.text == "short_delta >= 0.30 and untested_side_delta <= 0.05"
    assert "has the side rolled whose sold leg has the smaller delta" in " ".join(sentences(read.value))


@pytest.mark.parametrize("line", ["roll tested side", "roll untested side"])
def test_structure_of_one_right_has_no_tested_side(line: str) -> None:
    text = condor("short_delta >= 0.35", line, "a debit up to $5.00").replace("iron_condor", "bull_put")

    found = parse_strategy(text, "x.yaml").problems
    (problem,) = [one for one in found if one.message == "a bull_put has no sides: all of its legs are of one right"]

    assert ": roll\n" in applied(text, problem.edits)


def test_structure_without_sides_has_none_to_roll() -> None:
    text = condor("put_side_delta >= 0.35", "roll put side", "a debit up to $5.00").replace("iron_condor", "bull_put")
    text = text.replace("{put: 0.12-0.20, call: 0.08-0.14}", "0.12-0.20")

    assert "a bull_put has no sides: all of its legs are of one right" in {
        one.message for one in parse_strategy(text, "x.yaml").problems
    }


def test_what_is_sold_of_one_expiry_is_not_rolled_by_itself() -> None:
    text = FILE.replace("{exit}: roll", "{exit}: roll short").format(**(PLAIN | {"net": "a debit up to $5.00"}))

    (problem,) = parse_strategy(text, "x.yaml").problems

    assert problem.severity == "error"
    assert problem.message.startswith("what is sold is rolled by itself where what is bought lives longer")
    assert parse_strategy(applied(text, problem.edits), "x.yaml").problems == ()


def condor(exit_line: str, said: str, net: str) -> str:
    text = FILE.replace("  - {exit}: roll\n", f"  - {exit_line}: {said}\n").replace("{delta}", "@")
    text = text.format(**(PLAIN | {"type": "iron_condor", "net": net}))
    return text.replace("@", "{put: 0.12-0.20, call: 0.08-0.14}")


@pytest.mark.parametrize("said", ["same", "keep", "unchanged"])
def test_strikes_that_stay_are_said_in_one_way(said: str) -> None:
    text = FILE.format(**(PLAIN | {"exit": "dte <= 25"})).replace("for: a credit", f"strikes: {said}, for: a credit")

    (problem,) = parse_strategy(text, "x.yaml").problems

    read = parse_strategy(applied(text, problem.edits), "x.yaml")
    assert read.problems == ()
    assert read.value is not None
    assert "Rolling moves it 30 to 60 days out, at the same strikes, for a credit" in " ".join(sentences(read.value))


def test_strikes_that_stay_in_an_expiry_that_stays_are_no_roll() -> None:
    text = FILE.format(**(PLAIN | {"exit": "dte <= 25"})).replace("to: 30-60 days", "to: the same expiry, strikes: the same")

    (problem,) = parse_strategy(text, "x.yaml").problems

    assert problem.message == "the strikes stay, so in the same expiry nothing would be rolled"
    assert parse_strategy(applied(text, problem.edits), "x.yaml").problems == ()


def test_line_about_strikes_that_stay_is_warned_of() -> None:
    text = FILE.format(**PLAIN).replace("for: a credit", "strikes: the same, for: a credit")

    (problem,) = parse_strategy(text, "x.yaml").problems

    assert problem.message == "of the same strikes this holds still on another day, so that roll is never made"
    assert "short_delta >= 0.35 and dte <= 28: roll" in applied(text, problem.edits)
    assert parse_strategy(applied(text, problem.edits), "x.yaml").problems == ()


def test_line_about_days_that_stay_is_warned_of() -> None:
    text = FILE.format(**(PLAIN | {"exit": "dte <= 25"})).replace("to: 30-60 days", "to: the same expiry")

    (problem,) = [one for one in parse_strategy(text, "x.yaml").problems if "the same expiry" in one.message]

    assert (problem.severity, problem.message) == (
        "warning",
        "in the same expiry the days are the same, so that roll is never made",
    )


def test_side_that_stays_in_its_expiry_needs_no_risk_for_both() -> None:
    text = condor("short_delta >= 0.30 and untested_side_delta <= 0.05", "roll untested side", "a credit")
    text = text.replace("to: 30-60 days", "to: the same expiry").replace("risk: $5,000", "risk: $2,500")

    read = parse_strategy(text, "x.yaml")

    assert read.problems == ()
    assert read.value is not None
    assert "Rolling moves that part to other strikes of the same expiry for a credit" in " ".join(sentences(read.value))
