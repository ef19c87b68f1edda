"""Facts told as a trader would tell them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.cli.money import dollars, money
from engine.cli.narrate import Narrator
from engine.domain.facts.files import SharedFileLoaded, StrategyLoaded
from engine.domain.facts.orders import ApprovalAsked
from engine.domain.facts.positions import ExitBlocked, ExitFreed, ExitTriggered
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from tests.given import NOW, ledger, opened, previewed, proposal, spread


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


def test_exit_tells_its_position_and_the_numbers_it_looked_at_with_their_units():
    values = {"profit": 85.5, "credit": 144.0, "short_delta": -0.36, "dte": 21.0, "time": 945.0, "mark": None}

    said = told(ExitTriggered("o1", "profit >= 50% of credit", "close", "S1", values), ledger(*opened(proposal("o1"))))

    numbers = "(profit $85.50, credit $144, short_delta -0.36, dte 21, time 15:45, mark unknown)"
    assert said == f"Mon 10:00:00  exit      1 × {spread()}: profit >= 50% of credit {numbers}"


def test_question_says_what_a_yes_needs_to_know():
    asked = ApprovalAsked("o1", NOW + timedelta(minutes=10), Decimal("0.805"), "the strategy asks a person")

    said = told(asked, ledger(proposal("o1", quantity=2), previewed("o1"), asked))

    needed = f"o1: 2 × {spread()} at 0.805 credit, at risk $865.20, until 10:10:00 (the strategy asks a person)"
    assert said == f"Mon 10:00:00  approve?  {needed}"


@pytest.mark.parametrize(
    ("amount", "signed", "said"),
    [
        ("80", True, "+$80"),
        ("-2.6", True, "-$2.60"),
        ("0.001", True, "$0"),
        ("-0.004", False, "$0"),
        ("4337.6", False, "$4,337.60"),
        ("1E+3", False, "$1,000"),
        ("Infinity", False, "without a bound"),
    ],
)
def test_dollars_have_their_sign_before_them_and_cents_only_where_there_are_some(amount: str, signed: bool, said: str):
    assert dollars(Decimal(amount), signed=signed) == said


def told(fact: Fact, known: Ledger | None = None) -> str:
    lines: list[str] = []
    narrator = Narrator(lines.append)
    narrator.ledger = known
    narrator.saw(fact, NOW)
    return "\n".join(lines)


def test_changed_file_tells_what_changed_and_calls_loosening_that():
    first = StrategyLoaded("puts", "strategies/puts.yaml", "d")
    looser = StrategyLoaded("puts", "strategies/puts.yaml", "e", ("sizing.risk was $500, is $700",), True)
    gone = SharedFileLoaded(
        "strategies/account.yaml", "", ("risk.total was 9% of net liquidation, is 25% of net liquidation",), True
    )

    assert told(first) == "Mon 10:00:00  loaded    puts from strategies/puts.yaml"
    assert told(looser) == "Mon 10:00:00  LOOSENED  puts from strategies/puts.yaml: sizing.risk was $500, is $700"
    assert told(gone) == (
        "Mon 10:00:00  LOOSENED  strategies/account.yaml is gone, its defaults hold:"
        " risk.total was 9% of net liquidation, is 25% of net liquidation"
    )


def test_exit_that_cannot_act_is_told_once_and_again_when_its_reason_changes_or_it_is_free():
    told: list[str] = []
    narrator = Narrator(told.append)
    first = ExitBlocked("o1", "loss >= 200% of credit", "no price", "never quoted", 1, NOW + timedelta(seconds=10))

    for fact in (
        first,
        replace(first, tries=2),
        replace(first, obstacle="not filled"),
        ExitFreed("o1", "loss >= 200% of credit", "closed"),
        first,
    ):
        narrator.saw(fact, NOW)

    assert [line.split()[2] for line in told] == ["BLOCKED", "BLOCKED", "freed", "BLOCKED"]
    assert told[0].endswith("o1: loss >= 200% of credit: no price: never quoted; tried again by Mon 10:00:10")
