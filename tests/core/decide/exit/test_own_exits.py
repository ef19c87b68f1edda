"""An opening that an exit of its own file would close at once is none."""

from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.decide.quotes import Rows, spread_quote
from engine.decide.risk.asked import Opening
from engine.decide.risk.gate import gate
from engine.domain.chain import ChainSnapshot
from engine.domain.decision import Deny, DenyEntry, Propose
from engine.domain.gate import Verdict
from tests import given

STOP = "  - loss >= 200% of credit\n"


def asked(exits: str, chain: ChainSnapshot | None = None, *, short: float = 580, long: float = 575, roll: str = "") -> Verdict:
    """What the gate says of a put spread under these exits."""
    rules, quotes = given.strategy(f"exits:\n{STOP}{exits}{roll}"), chain or given.chain()
    spread = given.spread(short=short, long=long)
    mark = spread_quote(spread, Rows(quotes), "open")
    assert mark is not None
    opening = Opening(rules, spread, 1, Decimal(430), mark)
    found = gate(opening, given.snapshot(quotes=quotes, at=quotes.as_of), given.rulebook(rules), Rows(quotes))
    return next(verdict for verdict in found if verdict.gate == "own_exits")


@pytest.mark.parametrize(
    "line",
    [
        "profit >= 50% of credit",
        "profit >= $1",
        "loss >= $1",
        "loss >= 1% of credit",
        "short_delta >= 0.35",
        "short_strike_breached",
        "dte <= 21",
        "days_held >= 1",
        "time >= 15:50 New York",
        "mark >= $2",
        "days_to_ex_dividend <= 2",
    ],
)
def test_opening_passes_where_no_exit_of_its_file_holds_yet(line: str) -> None:
    assert asked(f"  - {line}\n").answer == "pass"


@pytest.mark.parametrize(
    "line", ["dte <= 25", "time >= 09:45 New York", "short_delta >= 0.01", "mark >= $0.10", "dte <= 25: roll"]
)
def test_opening_fails_where_an_exit_of_its_file_holds_already(line: str) -> None:
    found = asked(f"  - {line}\n", roll="roll: {to: 50-60 days, for: a credit}")

    assert (found.answer, found.value) == ("fail", f"{line.removesuffix(': roll')} holds")
    assert found.source == "puts"


def test_spread_in_the_money_is_not_opened_where_its_breach_closes_it() -> None:
    assert asked("  - short_strike_breached\n", short=605, long=600).answer == "fail"
    assert asked("  - short_strike_breached\n", short=595, long=590).answer == "pass"


def test_alert_closes_nothing_and_stops_nothing() -> None:
    assert asked("  - dte <= 25: alert\n").answer == "pass"


@pytest.mark.parametrize(("line", "answer"), [("short_delta >= 0.35", "unknown"), ("dte <= 21", "pass")])
def test_exit_on_a_price_that_cannot_be_answered_is_unknown(line: str, answer: str) -> None:
    assert asked(f"  - {line}\n", given.chain(p580={"delta": None})).answer == answer


def test_nothing_is_proposed_or_sent_on_which_an_exit_holds() -> None:
    rules = given.strategy(f"exits:\n{STOP}  - short_delta >= 0.10")
    proposed = given.told(given.ledger(), given.proposal(by=rules), given.previewed())

    searched = decide(given.snapshot(), given.rulebook(rules))
    rechecked = decide(given.snapshot(proposed), given.rulebook(rules))

    (denied,) = [one for one in searched if isinstance(one, DenyEntry)]
    assert denied.fact.obstacle.gate == "own_exits"
    assert not any(isinstance(one, Propose) for one in searched)
    (refused,) = [one for one in rechecked if isinstance(one, Deny)]
    assert refused.obstacle.gate == "own_exits"
