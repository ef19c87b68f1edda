"""Entries: the best candidate that may be opened is proposed, one at a time, and what stops it is said once."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.decide.entry.size import contracts, usd
from engine.domain.decision import DenyEntry, Propose, RecordFunnel
from engine.domain.facts.halts import Halted
from engine.domain.facts.orders import OrderCanceled, OrderDeclined, OrderProposed
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.strategy.account import Account
from engine.strategy.model import Strategy
from engine.strategy.values.meaning import ContractRange, ShareOf, Usd
from tests import given

PUTS = given.strategy()


def opened(
    *strategies: Strategy, known: Ledger | None = None, limits: Account | None = None, **more: object
) -> list[OrderProposed]:
    found = decide(given.snapshot(known, **more), given.rulebook(*(strategies or (PUTS,)), account=limits))  # type: ignore[arg-type]
    return [one.order for one in found if isinstance(one, Propose)]


def denied(*strategies: Strategy, known: Ledger | None = None, limits: Account | None = None, **more: object) -> list[DenyEntry]:
    found = decide(given.snapshot(known, **more), given.rulebook(*(strategies or (PUTS,)), account=limits))  # type: ignore[arg-type]
    return [one for one in found if isinstance(one, DenyEntry)]


def test_best_candidate_is_proposed_with_its_size_its_prices_and_its_answers() -> None:
    (order,) = opened()

    row = order.candidate
    assert row is not None
    assert (order.purpose, order.strategy, order.digest, order.position) == ("open", "puts", PUTS.digest, order.order_ref)
    assert order.order_ref == "spt-261123-0001"
    assert order.spread.width == 5
    assert 0.15 <= abs(row["legs"][0]["delta"]) <= 0.30  # type: ignore[index]
    assert order.limit >= Decimal(str(round(row["net"], 2)))  # type: ignore[call-overload]
    assert order.worst == (Decimal("0.92") * order.limit).quantize(Decimal("0.01"), "ROUND_CEILING")
    assert order.quantity == 2
    assert order.max_loss == 2 * ((5 - order.worst) * 100) + order.fees
    assert {verdict.answer for verdict in order.verdicts} == {"pass"}


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("iron_condor", "width: $5\n  short_delta: 0.10-0.40"),
        ("iron_butterfly", "width: {put: $5, call: $10}"),
        ("butterfly", "right: put\n  width: $5"),
        ("broken_wing", "right: put\n  width: {near: $5, far: $10}"),
    ],
)
def test_every_structure_ends_in_an_order_of_its_legs(kind: str, keys: str) -> None:
    rules = given.strategy(
        f"spread:\n  type: {kind}\n  expiry: 20-30 days\n  {keys}\n  rank: return_on_risk\n"
        "entry:\n  approval: manual, expires in 10 min\nexits:\n  - dte <= 7"
    )

    (order,) = opened(rules)

    shape = rules.spread.shape
    assert [(leg.action, leg.ratio) for leg in order.spread.legs] == [(leg.action, leg.ratio) for leg in shape.legs]
    assert order.spread.structure == kind
    assert order.max_loss >= order.spread.max_loss(order.limit) * 100 * order.quantity > 0


def test_funnel_keeps_what_each_line_of_when_answered_and_looked_at() -> None:
    rules = given.strategy("when:\n  - price >= $500\n  - price >= $700\n  - vix <= 20\n")

    (recorded,) = (one for one in decide(given.snapshot(), given.rulebook(rules)) if isinstance(one, RecordFunnel))

    holds, fails, not_asked = recorded.fact.steps[:3]
    assert [(one.underlying, one.holds, one.values) for one in holds.asked] == [("SPY", True, {"price": given.SPOT})]
    assert [(one.underlying, one.holds, one.values) for one in fails.asked] == [("SPY", False, {"price": given.SPOT})]
    assert not_asked.asked == ()


def test_funnel_and_candidates_are_recorded_once_a_minute() -> None:
    known = given.ledger(Halted("trader", "lunch"))

    def funnels(at) -> list[RecordFunnel]:
        found = decide(given.snapshot(known, given.chain(at=at), at=at), given.rulebook(PUTS))
        return [one for one in found if isinstance(one, RecordFunnel)]

    (first,) = funnels(given.NOW)
    given.told(known, first.fact, first.candidates)

    assert first.fact.candidates == len(first.candidates.candidates) > 0
    assert first.fact.steps[-1].passed >= first.fact.candidates
    assert funnels(given.NOW + timedelta(seconds=59)) == []
    assert len(funnels(given.NOW + timedelta(seconds=60))) == 1


def test_one_opening_at_a_time_over_all_strategies() -> None:
    calls = given.strategy(given.CALLS, "calls")

    (first,) = opened(calls, PUTS)
    known = given.ledger(first)
    (second,) = opened(calls, PUTS, known=known)

    assert (first.strategy, second.strategy) == ("puts", "calls")
    assert second.order_ref == "spt-261123-0002"


def test_second_opening_of_a_strategy_waits_until_the_first_is_known() -> None:
    (first,) = opened()

    assert opened(known=given.ledger(first)) == []
    assert opened(known=given.ledger(first, given.previewed(first.order_ref))) == []


def test_spread_that_is_held_is_passed_over() -> None:
    (first,) = opened()
    held = replace(first, order_ref="o1", position="o1")

    (second,) = opened(known=given.ledger(*given.opened(held)))

    assert second.spread.key != first.spread.key
    assert second.spread.legs != first.spread.legs


@pytest.mark.parametrize("ending", [OrderCanceled("o1", "not filled"), OrderDeclined("o1", "trader", "no")])
def test_underlying_cools_down_after_an_opening_that_did_not_fill(ending: Fact) -> None:
    order = given.proposal(by=PUTS)
    life = [order, given.previewed()] if isinstance(ending, OrderDeclined) else given.working(order)
    known = given.told(given.ledger(*life), ending, at=given.NOW)
    other = given.strategy(name="others")

    def at(minutes: float, rules: Strategy = PUTS) -> list[OrderProposed]:
        when = given.NOW + timedelta(minutes=minutes)
        return opened(rules, known=known, at=when, chain=given.chain(at=when))

    assert at(14.9) == []
    assert len(at(15)) == 1
    assert len(at(1, other)) == 1


@pytest.mark.parametrize(
    ("more", "gate"),
    [
        ({"data": "delayed"}, "market_data"),
        ({"account": given.account(excess_liquidity=20_000)}, "cushion_to_open"),
        ({"account": given.account(None)}, "breaker_day"),
        ({"account": given.account(day_pnl=-2500)}, "breaker_day"),
    ],
)
def test_denial_says_the_gate_and_is_written_once(more: dict[str, object], gate: str) -> None:
    known = given.ledger()
    if gate == "breaker_day" and more["account"].net_liquidation is None:  # type: ignore[attr-defined]
        more = {"account": replace(given.account(None), day_pnl=None)}

    (first,) = denied(known=known, **more)
    given.told(known, first.fact)

    assert first.fact.obstacle.gate == gate
    assert first.fact.obstacle.answer in {"fail", "unknown"}
    assert denied(known=known, at=given.NOW + timedelta(minutes=2), **more) == []
    assert opened(known=known, **more) == []


def test_denial_is_written_again_when_its_reason_changes_and_not_when_only_the_amounts_do() -> None:
    known = given.ledger()
    tight = given.limits("risk: {total: 0.1% of net liquidation}")
    (first,) = denied(known=known, limits=tight)
    given.told(known, first.fact)

    assert first.fact.obstacle.gate == "total"
    assert denied(known=known, limits=tight, account=given.account(101_000)) == []
    (second,) = denied(known=known, account=given.account(excess_liquidity=20_000))
    assert second.fact.obstacle.gate == "cushion_to_open"


def test_nothing_is_searched_outside_the_window_or_without_a_session() -> None:
    early = given.SESSION.open + timedelta(minutes=1)

    assert opened(at=early, chain=given.chain(at=early)) == denied(at=early, chain=given.chain(at=early)) == []
    assert decide(given.snapshot(session=None), given.rulebook(PUTS)) == []


def test_halt_disabled_and_paused_strategies_open_nothing() -> None:
    assert opened(known=given.ledger(Halted("trader", ""))) == []
    assert opened(given.strategy("enabled: false")) == []
    assert opened(paused=frozenset({"puts"})) == []


def test_market_that_is_not_as_wanted_or_not_known_is_not_searched() -> None:
    rules = given.strategy("when:\n  - vix between 14 and 32")

    assert len(opened(rules)) == 1
    assert opened(rules, market={"SPY": given.market(vix=40.0)}) == []
    assert opened(rules, market={"SPY": given.market(vix=None)}) == []


def test_close_comes_before_openings() -> None:
    (order,) = opened()
    held = replace(order, order_ref="o1", position="o1", limit=order.limit * 3)
    known = given.ledger(*given.opened(held, net=str(order.limit * 3)))

    found = opened(known=known)

    assert [one.purpose for one in found] == ["close"]


def test_budget_that_is_used_up_falls_back_to_asking() -> None:
    rules = given.strategy(given.AUTO.replace("$2,000 risk", "$100 risk"))
    (order,) = opened(rules)
    known = given.told(given.ledger(), order, given.previewed(order.order_ref))

    found = decide(given.snapshot(known), given.rulebook(rules))

    assert [type(one).__name__ for one in found if type(one).__name__ in {"Ask", "Approve"}] == ["Ask"]


# Size.

SIZING = given.strategy("sizing: {risk: $900, contracts: 1-10}").sizing


@pytest.mark.parametrize(
    ("risk", "contracts_of", "loss", "limits", "wanted"),
    [
        (Usd(Decimal(900)), (1, 10), "427.40", "", 2),
        (Usd(Decimal(860)), (1, 10), "427.40", "", 2),
        (Usd(Decimal(859)), (1, 10), "427.40", "", 1),
        (Usd(Decimal(429)), (1, 10), "427.40", "", 0),
        (Usd(Decimal(1000)), (3, 10), "427.40", "", 0),
        (Usd(Decimal(90_000)), (1, 4), "427.40", "risk: {per_trade: $90000}", 4),
        (Usd(Decimal(90_000)), (1, 10), "427.40", "", 2),
        (Usd(Decimal(90_000)), (1, 10), "427.40", "risk: {per_trade: $90000}", 5),
        (Usd(Decimal(90_000)), (1, 10), "427.40", "risk: {per_trade: $90000}\ncounts: {contracts_per_order: 3}", 3),
        (ShareOf(Decimal("0.005"), "net liquidation"), (1, 10), "427.40", "", 1),
        (Usd(Decimal(900)), (1, 10), "0", "", 0),
    ],
)
def test_size_is_the_smallest_of_all_caps(risk, contracts_of, loss: str, limits: str, wanted: int) -> None:
    sizing = SIZING.model_copy(update={"risk": risk, "contracts": ContractRange(*contracts_of)})

    assert contracts(Decimal(loss), Decimal("2.60"), sizing, given.limits(limits), given.account()) == wanted


def test_size_is_unknown_without_the_value_of_the_account() -> None:
    assert contracts(Decimal(400), Decimal(2), SIZING, given.limits(), given.account(None)) is None
    assert usd(ShareOf(Decimal("0.5"), "buying power"), given.account(buying_power=None)) is None
    assert usd(ShareOf(Decimal("0.5"), "buying power"), given.account(buying_power=1000)) == 500
