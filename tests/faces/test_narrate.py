"""Facts told as a trader would tell them."""

from decimal import Decimal

import pytest

from engine.cli.narrate import Narrator, money
from engine.domain.facts import Fact
from tests.given import NOW, proposal, spread


@pytest.mark.parametrize(
    ("net", "said"),
    [
        ("6.7", "6.70 credit"),
        ("-0.4", "0.40 debit"),
        ("1", "1.00 credit"),
        ("0.725", "0.725 credit"),
        ("-33.3333333", "33.3333 debit"),
        ("0", "0.00 even"),
        ("1E+1", "10.00 credit"),
    ],
)
def test_prices_are_told_to_the_cent_and_finer_only_where_they_are_finer(net: str, said: str):
    assert money(Decimal(net)) == said


def test_worst_price_of_a_credit_is_the_least_and_of_a_debit_the_most():
    opening = proposal(limit="6.7", worst="6.2")
    closing = proposal("o2", position="o1", limit="-0.29", worst="-0.32", reason="profit >= 50% of credit")

    credit, debit = told(opening), told(closing)

    assert credit == f"Mon 10:00:00  propose   open 1 × {spread()} at 6.70 credit, not below 6.20 credit  (rank 1)"
    assert debit == f"Mon 10:00:00  propose   close 1 × {spread()} at 0.29 debit, not above 0.32 debit  (profit >= 50% of credit)"


def told(fact: Fact) -> str:
    lines: list[str] = []
    Narrator(lines.append).saw(fact, NOW)
    return "\n".join(lines)
