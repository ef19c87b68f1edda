"""The delta of both legs is not that of one: a line that takes one for the other is told so."""

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
  expiry: 30-60 days{key}
  width: $25
  rules: ["{rule}"]
sizing: {{risk: $5,000}}
exits:
  - {exit}
  - loss >= 50% of max_loss
  - dte <= 21
"""
PLAIN = {"type": "bull_put", "key": "", "rule": "pop >= 70%", "exit": "profit >= 50% of max_profit"}
TOGETHER = "this is the delta of both legs together, a few hundredths as a rule"


def problems(**changed: str) -> list[Problem]:
    return list(parse_strategy(FILE.format(**(PLAIN | changed)), "x.yaml").problems)


@pytest.mark.parametrize(
    ("changed", "meant"),
    [
        ({"rule": "delta between 0.10 and 0.20"}, "short_delta between 0.10 and 0.20"),
        ({"rule": "delta between -0.20 and -0.10"}, "short_delta between 0.10 and 0.20"),
        ({"rule": "delta <= -0.15"}, "short_delta >= 0.15"),
        ({"rule": "delta >= 16 delta"}, "short_delta >= 16 delta"),
        ({"rule": "delta >= 0.40", "type": "bull_call"}, "long_delta >= 0.40"),
        ({"exit": "delta >= 0.30"}, "short_delta >= 0.30"),
        ({"exit": "delta > 30 delta", "key": "\n  short_delta: 0.12-0.20"}, "short_delta > 30 delta"),
    ],
)
def test_delta_of_both_legs_is_told_where_that_of_one_is_meant(changed: dict[str, str], meant: str) -> None:
    (problem,) = problems(**changed)

    assert (problem.severity, problem.message) == ("warning", TOGETHER)
    assert problem.hint == f"write  {meant}  for the delta of the leg that is chosen"
    assert parse_strategy(applied(FILE.format(**(PLAIN | changed)), problem.edits), "x.yaml").problems == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"rule": "delta between 0.10 and 0.20", "key": "\n  short_delta: 0.12-0.20"},
        {"rule": "delta <= 0.04"},
        {"exit": "delta >= 0.12"},
        {"exit": "delta >= 0.30", "type": "bull_call"},
    ],
)
def test_delta_of_both_legs_is_left_alone_where_it_may_be_meant(changed: dict[str, str]) -> None:
    assert problems(**changed) == []


@pytest.mark.parametrize(
    ("structure", "keys", "mended"),
    [
        ("bull_put", "short_delta: 0.10-0.20\n  long_delta: 0.25-0.30", "long_delta: 0.03-0.10"),
        ("bear_call", "short_delta: 0.10-0.20\n  long_delta: 0.20-0.30", "long_delta: 0.03-0.10"),
        ("bull_call", "long_delta: 0.30-0.40\n  short_delta: 0.60-0.70", "short_delta: 0.10-0.30"),
    ],
)
def test_delta_of_the_outer_leg_is_the_smaller_one(structure: str, keys: str, mended: str) -> None:
    text = OF_LEGS.format(structure=structure, keys=keys)

    (problem,) = parse_strategy(text, "x.yaml").problems

    assert problem.severity == "error"
    assert problem.message.endswith("leg lies further out, so its delta is below that of the other one: no spread fits")
    assert mended in applied(text, problem.edits)
    assert parse_strategy(applied(text, problem.edits), "x.yaml").problems == ()


@pytest.mark.parametrize(
    ("structure", "keys"),
    [
        ("bull_put", "short_delta: 0.10-0.20\n  long_delta: 0.15-0.30"),
        ("bull_call", "long_delta: 0.30-0.60\n  short_delta: 0.55-0.70"),
    ],
)
def test_deltas_that_some_spread_fits_are_none(structure: str, keys: str) -> None:
    assert parse_strategy(OF_LEGS.format(structure=structure, keys=keys), "x.yaml").problems == ()


OF_LEGS = """\
schema: 1
name: legs
universe: [SPX]
spread:
  type: {structure}
  expiry: 30-60 days
  {keys}
  width: $25
sizing: {{risk: $5,000}}
exits:
  - loss >= 50% of max_loss
  - dte <= 10
"""
