"""The expected value at a view of the trader's: how it is written, what is refused, and what is said of the one without."""

import pytest

from engine.strategy.explain import written
from engine.strategy.expressions.checker import read_condition, read_ranking
from engine.strategy.expressions.tree import Compare, Measure, Number
from engine.strategy.parse import parse_strategy
from engine.strategy.source import PydanticCustomError, Text
from engine.strategy.units import Unit

FILE = """\
schema: 1
name: viewed
universe: [SPY]
spread:
  type: bull_put
  expiry: 30-60 days
  short_delta: 0.12-0.20
  width: $5
  rules:
    - {rule}
  rank: {rank}
sizing: {{risk: $600}}
exits: [profit >= 50% of credit, loss >= 200% of credit]
"""


@pytest.mark.parametrize(
    ("line", "view"),
    [
        ("expected_value at 18% > $0", Number(0.18, Unit.VOL)),
        ("expected value at 18% > $0", Number(0.18, Unit.VOL)),
        ("expected_value at realized_vol(20 days) > $0", Measure("realized_vol", "market", (20.0,))),
        ("expected_value at iv30 > $0", Measure("iv30", "market")),
    ],
)
def test_a_view_is_a_volatility_behind_at(line: str, view: Number | Measure) -> None:
    read = read_condition(Text(line), ("spread",))

    assert read == Compare(">", Measure("expected_value", "spread", at=view), Number(0.0, Unit.USD))
    assert read_condition(Text(written(read)), ("spread",)) == read


def test_a_rank_is_taken_at_a_view() -> None:
    assert written(read_ranking(Text("expected_value at 25% / max_loss"), ("spread",))) == "expected_value at 25% / max_loss"


@pytest.mark.parametrize(
    "line",
    [
        "expected_value at > $0",
        "expected_value at price > $0",
        "expected_value at 0% > $0",
        "expected_value at 700% > $0",
        "expected_value at 18 > $0",
        "expected_value at realized_vol > $0",
        "expected_value at realized_vol(1 day) > $0",
        "expected_value(18%) > $0",
        "pop at 18% > 70%",
        "at 18% > $0",
    ],
)
def test_what_is_no_view_is_refused_with_a_way_out(line: str) -> None:
    with pytest.raises(PydanticCustomError):
        read_condition(Text(line), ("spread",))


def test_a_view_stands_in_rules_and_rank_only() -> None:
    with pytest.raises(PydanticCustomError, match="rules and rank"):
        read_condition(Text("expected_value at 18% > $0"), ("account", "spread"))


def test_an_unnamed_expected_value_above_zero_never_holds_and_the_way_out_passes() -> None:
    parsed = parse_strategy(FILE.format(rule="expected_value > $20", rank="pop"), "viewed.yaml")

    (said,) = [problem for problem in parsed.problems if "never hold" in problem.message]
    assert parsed.value is not None
    assert said.hint == "write  expected_value at realized_vol(20 days) > $20"
    mended = parse_strategy(FILE.format(rule=said.hint.removeprefix("write  "), rank="pop"), "viewed.yaml")
    assert not [problem for problem in mended.problems if "expected" in problem.message]


def test_a_rank_by_an_unnamed_expected_value_is_warned_of() -> None:
    parsed = parse_strategy(FILE.format(rule="pop >= 70%", rank="expected_value / max_loss"), "viewed.yaml")

    assert [problem.severity for problem in parsed.problems if "fees and rounding" in problem.message] == ["warning"]
    for rank in ("return_on_risk * pop", "expected_value at realized_vol(20 days) / max_loss"):
        assert not [
            p for p in parse_strategy(FILE.format(rule="pop >= 70%", rank=rank), "v.yaml").problems if "rounding" in p.message
        ]
