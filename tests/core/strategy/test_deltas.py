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
