"""How far an exit rule is from firing: the comparison, its two sides in one unit, and what is missing."""

import pytest

from engine.decide.exit.distances import distances
from engine.strategy.conditions import ExitRule
from tests import given

ROW = {"loss": -120.0, "credit": 140.0, "dte": 32.0, "short_delta": 0.16, "time": 720.0, "short_strike_breached": False}


def rule(line: str) -> ExitRule:
    """The rule of a strategy with this one exit."""
    return given.strategy(f"exits:\n  - {line}\n  - dte <= 7\n").exits[0]


@pytest.mark.parametrize(
    ("line", "value", "bound", "missing", "unit"),
    [
        ("dte <= 21", 32, 21, 11, "days"),
        ("dte >= 21", 32, 21, -11, "days"),
        ("loss >= 200% of credit", -120, 280, 400, "dollars"),
        ("short_delta > 0.30", 0.16, 0.30, 0.14, "deltas"),
        ("time >= 15:45 New York", 720, 945, 225, "time of day"),
        ("short_strike_breached", 0, 1, 1, "yes or no"),
        ("not short_strike_breached", 0, 0, 0, "yes or no"),
    ],
)
def test_distance_is_what_the_value_must_still_go(line: str, value: float, bound: float, missing: float, unit: str) -> None:
    (found,) = distances(rule(line).condition.expression, ROW)

    assert found.value == pytest.approx(value)
    assert found.bound == pytest.approx(bound)
    assert found.distance == pytest.approx(missing)
    assert found.unit.value == unit


def test_each_part_of_a_joined_rule_has_its_own_and_a_denied_one_is_turned() -> None:
    both = distances(rule("dte <= 21 and not loss >= $50").condition.expression, ROW)

    assert [(one.measure, one.op, one.distance) for one in both] == [("dte", "<=", 11), ("loss", "<", -170)]


def test_what_is_not_known_has_no_distance() -> None:
    (found,) = distances(rule("loss >= 200% of credit").condition.expression, {**ROW, "loss": None})

    assert (found.value, found.bound, found.distance) == (None, 280.0, None)


def test_between_is_two_comparisons() -> None:
    both = distances(rule("dte between 5 and 10").condition.expression, ROW)

    assert [(one.op, one.distance) for one in both] == [(">=", -27), ("<=", 22)]
