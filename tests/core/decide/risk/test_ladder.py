"""The promotion ladder: what is noted where nothing is sent, which bands move a strategy down, and what a person's word lifts."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.decide.risk.gate import strategy_obstacle
from engine.decide.risk.ladder import FILLED, RESULT, lowering, rung_of
from engine.domain.decision import Decision, Note, Propose
from engine.domain.facts.files import StrategyLoaded
from engine.domain.facts.halts import OpeningsResumed
from engine.domain.facts.ladder import LadderRung, NotedClosed, OpeningNoted, RungLowered
from engine.domain.facts.orders import OrderCanceled
from engine.domain.facts.running import EngineStarted
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.snapshot import OpenAsked
from engine.strategy.model import Strategy
from tests import given

RECORD, SHADOW, PAPER = (given.strategy(f"mode: {mode}") for mode in ("record", "shadow", "paper"))
ON_PAPER = EngineStarted("0.1.0", "paper", given.JOURNAL_ID)
LOWERED = RungLowered("puts", "paper", "shadow", "result", Decimal("-0.4"), Decimal("-0.25"), 10)


def look(known: Ledger, strategy: Strategy = RECORD, **more: object) -> list[Decision]:
    return decide(given.snapshot(known, **more), given.rulebook(strategy, account=given.limits()))  # type: ignore[arg-type]


def noted(decisions: list[Decision]) -> list[object]:
    return [one.fact for one in decisions if isinstance(one, Note)]


def proposals(decisions: list[Decision]) -> list[Decision]:
    return [one for one in decisions if isinstance(one, Propose)]


def after(*facts: Fact) -> Ledger:
    return given.told(given.ledger(), *facts)


def test_record_notes_the_first_opening_of_a_day_and_proposes_nothing() -> None:
    found = look(given.ledger())

    (fact,) = noted(found)
    assert isinstance(fact, OpeningNoted)
    assert (fact.rung, fact.net, fact.would_open.strategy) == ("record", None, "puts")
    assert not proposals(found)
    assert noted(look(after(fact))) == []


def test_shadow_supposes_a_fill_at_the_far_side_of_every_quote_and_holds_it_as_open() -> None:
    found = look(given.ledger(), SHADOW)

    (fact,) = noted(found)
    assert isinstance(fact, OpeningNoted)
    assert fact.net == fact.natural < fact.would_open.limit
    assert not proposals(found)
    held = after(fact)
    assert list(held.ladder.open) == [fact.would_open.order_ref]
    assert held.positions == {}
    assert held.orders == {}


def test_what_a_walk_would_not_reach_is_noted_as_not_filled() -> None:
    near_mid = given.strategy(
        "mode: shadow\nentry: {price: 'from mid, $0.01 every 15 s, no worse than 100% of mid, give up after 3 min'}"
    )

    (fact,) = noted(look(given.ledger(), near_mid))

    assert isinstance(fact, OpeningNoted)
    assert fact.net is None
    assert fact.natural < fact.would_open.worst
    assert after(fact).ladder.open == {}


def test_shadow_is_noted_on_an_account_of_real_money_without_an_arm() -> None:
    known = given.ledger()
    known.mode = "live"

    (fact,) = noted(look(known, SHADOW))

    assert isinstance(fact, OpeningNoted)


def shadow_open() -> Ledger:
    (fact,) = noted(look(given.ledger(), SHADOW))
    assert isinstance(fact, OpeningNoted)
    return after(fact)


def test_supposed_position_is_closed_by_the_exits_of_its_file_at_the_far_side() -> None:
    known = shadow_open()
    opened = next(iter(known.ladder.open.values())).fact
    legs = opened.would_open.spread.legs
    at = given.NOW + timedelta(minutes=20)
    worthless = given.chain([given.option(leg.contract, at=at, bid=0.05, ask=0.06) for leg in legs], at=at)

    found = noted(look(known, SHADOW, chain=worthless, at=at))

    (closed,) = [one for one in found if isinstance(one, NotedClosed)]
    assert opened.net is not None
    assert closed.net == Decimal("-0.01")
    assert opened.net is not None
    assert closed.rule == "profit >= 50% of credit"
    assert closed.result_usd == (opened.net + closed.net) * 100 * opened.would_open.quantity - opened.would_open.fees
    given.told(known, closed)
    assert known.ladder.open == {}
    assert known.ladder.closed == {"puts": 1}


def test_picked_candidate_of_a_shadow_is_not_proposed() -> None:
    (fact,) = noted(look(given.ledger(), SHADOW))
    assert isinstance(fact, OpeningNoted)
    pick = OpenAsked("puts", fact.would_open.spread.key, "ada", "")

    found = look(given.ledger(), SHADOW, requests=(pick,))

    assert not proposals(found)


@pytest.mark.parametrize("rung", ["shadow", "record"])
def test_lowered_strategy_sends_nothing_until_a_person_resumes_it(rung: LadderRung) -> None:
    lowered = replace(LOWERED, rung=rung)
    known = after(ON_PAPER, lowered)
    known.reconciled = given.ledger().reconciled

    obstacle = strategy_obstacle(PAPER, given.snapshot(known), given.rulebook(PAPER))
    known.apply(OpeningsResumed("puts", "ada", "looked into it"), given.NOW)

    assert obstacle is not None
    assert obstacle.gate == "rung"
    assert "-40% of what it could lose in the last 10 positions closed" in obstacle.value
    assert rung_of(PAPER, known, given.NOW) == "paper"


def traded(*results: int) -> Ledger:
    """Positions on paper that were closed for so many dollars of profit each; each could lose $420."""
    known = given.ledger(ON_PAPER, StrategyLoaded("puts", "puts.yaml", PAPER.digest))
    for number, result in enumerate(results, start=1):
        opening = given.proposal(f"{given.JOURNAL_ID}-261123-{2 * number:04d}", max_loss=Decimal(420))
        close = given.proposal(
            f"{given.JOURNAL_ID}-261123-{2 * number + 1:04d}", purpose="close", position=opening.order_ref, max_loss=Decimal(0)
        )
        given.told(known, *given.opened(opening, "1.00"))
        given.told(known, *given.closed(close, str(Decimal(result) / 100 - 1)))
    return known


def move(known: Ledger) -> RungLowered | None:
    return lowering(PAPER, given.snapshot(known))


def test_ten_positions_that_lost_a_quarter_of_what_they_could_move_a_strategy_from_paper_to_shadow() -> None:
    fact = move(traded(*[50] * 5, *[-300] * 10))

    assert fact == RungLowered("puts", "paper", "shadow", "result", Decimal(-300) / 420, RESULT.least, 10)


@pytest.mark.parametrize("results", [(-300,) * 9, (100, -300) * 5, (-420,) * 5 + (60,) * 10])
def test_too_few_or_a_result_within_the_band_moves_nothing(results: tuple[int, ...]) -> None:
    share = sum(results[-10:]) / 4200
    assert len(results) < 10 or share >= RESULT.least

    assert move(traded(*results)) is None


def test_what_was_seen_before_a_person_resumed_counts_no_more() -> None:
    known = traded(*[-300] * 10)
    fact = move(known)
    assert fact is not None
    given.told(known, fact, OpeningsResumed("puts", "ada", ""), at=given.NOW + timedelta(minutes=1))

    assert move(known) is None
    assert rung_of(PAPER, known, given.NOW) == "paper"


def test_twenty_openings_of_which_few_filled_move_a_strategy_down() -> None:
    known = given.ledger(ON_PAPER)
    for number in range(1, FILLED.count + 1):
        opening = given.proposal(f"{given.JOURNAL_ID}-261123-{number:04d}")
        given.told(known, *given.working(opening))
        ended = given.fills(opening) if number <= 5 else [OrderCanceled(opening.order_ref, "given up")]
        given.told(known, *ended)

    assert move(known) == RungLowered("puts", "paper", "shadow", "filled", Decimal("0.25"), FILLED.least, FILLED.count)


def test_nothing_moves_down_in_a_simulation() -> None:
    known = traded(*[-300] * 10)
    known.mode = "sim"

    assert noted(look(known, PAPER)) == []


def test_move_down_is_noted_where_the_funnel_is_recorded() -> None:
    known = traded(*[-300] * 10)

    assert [type(fact) for fact in noted(look(known, PAPER))] == [RungLowered]
