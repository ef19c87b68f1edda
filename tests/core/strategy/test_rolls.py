"""A roll whose credit the file's own bounds cannot bring is warned of, and led to what it can bring."""

import pytest

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
    [("roll call side", "call"), ("roll the put side", "put"), ("roll calls", "call"), ("roll up the put spread", "put")],
)
def test_roll_of_one_side_is_told_what_comes_nearest(said: str, side: str) -> None:
    text = FILE.replace("  - {exit}: roll\n", "  - {side}_side_delta >= 0.45: {said}\n").replace(
        "roll: {{to: 30-60 days, for: {net}}}\n", ""
    )
    text = text.format(**(PLAIN | {"type": "iron_condor", "side": side, "said": said}))

    (problem,) = parse_strategy(text, "x.yaml").problems

    assert problem.severity == "error"
    assert problem.message == (
        f"one side is not rolled by itself: 'close {side} side' ends it and keeps the other, 'roll' moves the whole position"
    )
    assert parse_strategy(applied(text, problem.edits), "x.yaml").problems == ()
