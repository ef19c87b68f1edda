"""Exits that change nothing beside another one, and exits that do though they look alike."""

import pytest

from engine.strategy.parse import parse_strategy
from tests.core.strategy.mending import applied

FILE = """\
schema: 1
name: implied
universe: [SPX]
spread:
  type: iron_condor
  expiry: 30-60 days
  width: $10
  rules: {rules}
sizing: {{risk: $3,000, contracts: 4}}
exits: {exits}
"""
EXITS = "[loss >= 100% of credit, time >= 15:00 New York]"


def text(exits: str = EXITS, rules: str = "[]") -> str:
    return FILE.format(rules=rules, exits=exits)


def told(file: str) -> list[str]:
    return [problem.message for problem in parse_strategy(file, "implied.yaml").problems]


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (text("[loss >= 100% of credit, loss >= 150% of credit, dte <= 1]"), "'loss >= 100% of credit' closes before"),
        (text("[loss >= 150% of credit, loss >= 100% of credit, dte <= 1]"), "'loss >= 100% of credit' closes before"),
        (
            text("[profit >= 25% of credit, profit >= 50% of credit: close 50%, loss >= $90, dte <= 1]"),
            "'profit >= 25% of credit' closes",
        ),
        (text("[loss >= $90, dte <= 10, dte <= 5]"), "'dte <= 10' closes before"),
        (text("[loss >= $90, dte <= 10, dte <= 5 and profit >= $20: close short]"), "'dte <= 10' closes before"),
        (text("[loss >= $90 and dte <= 20, loss >= $95 and dte <= 10, dte <= 1]"), "'loss >= $90 and dte <= 20' closes before"),
        (text("{each side: [loss >= $50, loss >= $60: close short], whole: [dte <= 1]}"), "'loss >= $50' closes before"),
    ],
)
def test_a_line_that_changes_nothing_is_told_and_can_go(file: str, says: str) -> None:
    found = [one for one in parse_strategy(file, "implied.yaml").problems if one.message.startswith("this changes nothing: ")]

    assert len(found) == 1, told(file)
    assert says in found[0].message
    assert told(applied(file, found[0].edits)) == []


@pytest.mark.parametrize(
    "file",
    [
        # It closes a part first, and the rest later.
        text("[profit >= 50% of credit, profit >= 25% of credit: close 50%, loss >= $90, dte <= 1]"),
        # It stands above and acts in its own way.
        text("[dte <= 5 and profit >= $20: close short, dte <= 10, loss >= $90]"),
        # A person is told of a stop that did not fill.
        text("[loss >= $50, loss >= $90: alert, dte <= 1]"),
        text("[loss >= $50 and dte <= 5, loss >= $90, dte <= 1]"),
        text("[loss >= $90, profit >= $50 or dte <= 10, dte <= 5]"),
        text("{each side: [loss >= $50], whole: [loss >= $90, dte <= 1]}"),
        # Of conditions nobody loses by the wider one.
        text(rules="[pop >= 60%, pop > 70%]"),
    ],
)
def test_a_line_that_acts_in_its_own_way_is_none(file: str) -> None:
    assert [one for one in told(file) if "changes nothing" in one] == []
