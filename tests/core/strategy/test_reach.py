"""Exits on a result that no position of the file can have: told as errors, with a line that can come true."""

import pytest

from engine.strategy.parse import parse_strategy
from tests.core.strategy.mending import applied

FILE = """\
schema: 1
name: reach
universe: [SPX]
spread:
  type: {structure}
  expiry: 30-60 days
  width: {width}
  rules: {rules}
sizing: {{risk: {risk}}}
entry:
  price: {price}
exits: {exits}
"""
MID = "from mid, 15% of half width every 15 s, no worse than 92% of mid, give up after 3 min"
NATURAL = "from mid, 15% of half width every 15 s, no worse than natural, give up after 3 min"


def text(
    exits: str, rules: str = "[credit >= 40% of width]", structure: str = "iron_butterfly", width: str = "$10-$20",
    risk: str = "1% of net liquidation", price: str = MID,
) -> str:  # fmt: skip
    return FILE.format(structure=structure, width=width, rules=rules, risk=risk, price=price, exits=exits)


def errors(file: str) -> list[str]:
    return [problem.message for problem in parse_strategy(file, "reach.yaml").errors]


@pytest.mark.parametrize(
    ("file", "says"),
    [
        # 0.4 x 0.92 of the width at least, so (1 - 0.368) / 0.368 at most.
        (text("[loss >= 200% of credit, dte <= 10]"), "loses at most 172% of its credit"),
        (text("[loss >= 200% of max_profit, dte <= 10]"), "loses at most 172% of its credit"),
        (text("[loss >= 180% of credit and dte <= 20, loss >= 50% of credit, dte <= 10]"), "loses at most 172% of its credit"),
        # $8 of $20 is the same share.
        (text("[loss >= 200% of credit, dte <= 10]", "[credit >= $8]"), "loses at most 172% of its credit"),
        (text("[loss >= 200% of credit, dte <= 10]", "[credit >= 40% of width]", "bull_put"), "loses at most 172% of its credit"),
        (text("[loss >= 160% of credit, dte <= 10]", "[natural_credit >= 40% of width]", price=NATURAL), "at most 150%"),
        (
            text("[loss >= 50% of debit, profit >= 130% of debit, dte <= 10]", "[debit >= 50% of width]", "bull_call",
                 price=MID.replace("92", "108")),
            "earns at most 122% of its debit",
        ),
        (text("[loss >= $3,000, loss >= 50% of credit, dte <= 10]"), "at most one spread here, never worth more than $2,000"),
        (text("[profit >= $3,000, loss >= 50% of credit, dte <= 10]"), "at most one spread here, never worth more than $2,000"),
        (text("[loss >= $600, loss >= 50% of credit, dte <= 10]", risk="$500"), "risks at most $500 here"),
    ],
)  # fmt: skip
def test_a_result_that_no_position_has_is_an_error_with_a_way_out(file: str, says: str) -> None:
    found = [problem for problem in parse_strategy(file, "reach.yaml").errors if says in problem.message]

    assert len(found) == 1, errors(file)
    assert found[0].message.endswith("so this never holds")
    assert not errors(applied(file, found[0].edits))


@pytest.mark.parametrize(
    "file",
    [
        text("[loss >= 170% of credit, dte <= 10]"),
        text("[loss >= 200% of credit, dte <= 10]", "[credit >= 30% of width]"),
        text("[loss >= 200% of credit, dte <= 10]", "[credit >= $5]"),
        text("[loss >= 200% of credit, dte <= 10]", price=NATURAL),
        text("[loss >= 200% of credit, dte <= 10]", "[pop >= 40%]"),
        text("[loss >= $400, dte <= 10]", risk="$500"),
        text("[loss >= $1,400, profit >= $900, dte <= 10]"),
        # Of one side the credit is another one, on which no rule says anything.
        text("{each side: [loss >= 200% of credit], whole: [dte <= 10]}", structure="iron_condor"),
        text("[put_side_loss >= 200% of put_side_credit: close put side, loss >= 100% of credit, dte <= 10]"),
        text("[loss >= 50% of debit, profit >= 120% of debit, dte <= 10]", "[debit >= 50% of width]", "bull_call",
             price=MID.replace("92", "108")),
    ],
)  # fmt: skip
def test_a_result_that_some_position_may_have_is_none(file: str) -> None:
    assert errors(file) == []


def test_the_stop_that_is_proposed_can_come_true() -> None:
    warnings = parse_strategy(text("[profit >= 25% of credit, dte <= 10]"), "reach.yaml").problems

    assert [problem.hint for problem in warnings if problem.message == "no exit limits a loss"] == [
        "add  - loss >= 50% of max_loss  in exits"
    ]
