"""Real money: what an arm allows, and all that ends it."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from engine.decide.order.orders import tend
from engine.decide.quotes import spread_quote
from engine.decide.risk.armed import lots_of
from engine.decide.risk.asked import Opening
from engine.decide.risk.gate import gate, strategy_obstacle
from engine.domain.decision import Cancel
from engine.domain.facts.files import Rung, SharedFileLoaded, StrategyArmed, StrategyDisarmed, StrategyLoaded, StrategyRemoved
from engine.domain.facts.running import EngineStarted
from engine.domain.facts.union import Fact
from engine.domain.gate import Verdict
from engine.domain.ledger import Ledger
from tests import given

RULES = given.strategy("mode: live")
LIVE = EngineStarted("0.1.0", "live", given.JOURNAL_ID)
TOMORROW = given.NOW + timedelta(days=1)


def armed(risk: str = "2000", rung: Rung = "full", until: datetime = TOMORROW) -> StrategyArmed:
    return StrategyArmed("puts", RULES.digest, Decimal(risk), rung, until, "ada")


def ledger(*facts: Fact) -> Ledger:
    """Of a journal that trades real money."""
    return given.told(given.ledger(LIVE, StrategyLoaded("puts", "puts.yaml", RULES.digest)), *facts)


def verdicts(known: Ledger, contracts: int = 1, loss: str = "430", at: datetime = given.NOW) -> dict[str, Verdict]:
    known.reconciled = given.ledger().reconciled
    now = given.snapshot(known, at=at)
    quote = spread_quote(given.spread(), given.rows(now.chain), "open")
    assert quote is not None
    opening = Opening(RULES, given.spread(), contracts, Decimal(loss), quote)
    return {one.gate: one for one in gate(opening, now, given.rulebook(RULES), given.rows(now.chain))}


def test_nothing_opens_with_real_money_that_no_person_has_armed() -> None:
    found = verdicts(ledger())["armed"]

    assert (found.answer, found.value, found.bound) == ("fail", "not armed: never armed", "`spreads arm puts`")


def test_simulated_and_paper_money_is_traded_without_an_arm() -> None:
    assert not {"armed", "armed_risk", "armed_lots"} & set(verdicts(given.ledger()))


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (StrategyDisarmed("puts", "ada", "a holiday"), "disarmed by ada: a holiday"),
        (StrategyRemoved("puts"), "its file is gone"),
        (
            StrategyLoaded("puts", "puts.yaml", "e", ("risk was $500, is $700", "open was 1, is 2"), True),
            "its file was loosened: risk was $500, is $700, and 1 more",
        ),
        (
            SharedFileLoaded("strategies/account.yaml", "e", ("total was 10%, is 20%",), True),
            "strategies/account.yaml was loosened: total was 10%, is 20%",
        ),
    ],
)
def test_what_ends_an_arm_is_told(after: Fact, why: str) -> None:
    assert verdicts(ledger(armed()))["armed"].answer == "pass"

    found = verdicts(ledger(armed(), after))["armed"]

    assert (found.answer, found.value) == ("fail", f"not armed: {why}")


def test_arm_ends_at_its_time_to_the_second() -> None:
    known = ledger(armed(until=given.NOW + timedelta(seconds=1)))

    before, after = verdicts(known), verdicts(known, at=given.NOW + timedelta(seconds=1))

    assert before["armed"].answer == "pass"
    assert (after["armed"].answer, after["armed"].value) == ("fail", "not armed: its arm ended at 2026-11-23 15:00 UTC")


@pytest.mark.parametrize(
    "after",
    [
        StrategyLoaded("puts", "puts.yaml", "e", ("risk was $500, is $300",)),
        SharedFileLoaded("strategies/account.yaml", "e", ("total was 10%, is 5%",)),
        EngineStarted("0.2.0", "live", given.JOURNAL_ID),
        StrategyLoaded("calls", "calls.yaml", "e", ("risk was $500, is $700",), True),
    ],
)
def test_arm_stands_through_what_loosens_nothing_of_it(after: Fact) -> None:
    assert verdicts(ledger(armed(), after))["armed"].answer == "pass"


def test_another_arm_counts_instead_of_the_one_that_ended() -> None:
    known = ledger(armed(), StrategyDisarmed("puts", "ada", ""), armed("500"))

    assert (verdicts(known)["armed"].answer, verdicts(known)["armed_risk"].bound) == ("pass", "at most $500")


@pytest.mark.parametrize(("risk", "answer"), [("860", "pass"), ("859", "fail")])
def test_openings_of_a_day_together_stay_within_the_amount_that_was_typed(risk: str, answer: str) -> None:
    opened = given.opened(given.proposal(max_loss=Decimal(430), by=RULES), at=given.NOW)
    of_another = given.opened(given.proposal("o7", max_loss=Decimal(430), strategy="calls"), at=given.NOW)

    found = verdicts(ledger(armed(risk), *opened, *of_another))["armed_risk"]

    assert (found.answer, found.value, found.bound) == (answer, "$860", f"at most ${risk}")


@pytest.mark.parametrize(("rung", "contracts", "answer"), [("one lot", 1, "pass"), ("one lot", 2, "fail"), ("full", 2, None)])
def test_first_rung_opens_one_spread_at_a_time(rung: Rung, contracts: int, answer: str | None) -> None:
    known = ledger(armed(rung=rung))

    found = verdicts(known, contracts).get("armed_lots")

    assert (found.answer if found else None) == answer
    assert lots_of("puts", given.snapshot(known)) == (1 if rung == "one lot" else None)


def test_what_stops_a_strategy_is_known_before_anything_is_searched() -> None:
    known = ledger()
    known.reconciled = given.ledger().reconciled

    found = strategy_obstacle(RULES, given.snapshot(known), given.rulebook(RULES))

    assert found is not None
    assert found.gate == "armed"


def canceled(*working: Fact) -> list[Cancel]:
    """What is canceled once the arm has ended."""
    known = ledger(armed(), *working, StrategyDisarmed("puts", "ada", ""))
    known.reconciled = given.ledger().reconciled
    now = given.snapshot(known)
    return [one for one in tend(now, given.rulebook(RULES), given.rows(now.chain)) if isinstance(one, Cancel)]


def test_opening_that_works_is_given_up_when_its_arm_ends() -> None:
    assert canceled(*given.working(given.proposal("o1", by=RULES))) == [Cancel("o1", "it is not armed: disarmed by ada")]


def test_close_goes_on_when_the_arm_ends() -> None:
    position = given.opened(given.proposal("o9", by=RULES))

    assert canceled(*position, *given.working(given.proposal("c9", position="o9", by=RULES, limit="-0.50"))) == []
