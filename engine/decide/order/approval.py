"""Who says yes to an opening: nobody is asked only where the trader's policy covers it and every gate passed."""

from decimal import Decimal
from typing import assert_never

from engine.decide.exit.dividend import dividend_within
from engine.decide.order.measures import order_values
from engine.decide.quotes import Rows
from engine.decide.rulebook import Rulebook
from engine.domain.gate import Verdict, first_obstacle
from engine.domain.order import Order
from engine.domain.session import trading_day
from engine.domain.snapshot import Snapshot
from engine.pricing.assignment import worth_exercising
from engine.strategy.model import Policy, Strategy
from engine.strategy.values.meaning import Auto, Manual


def auto_refusal(
    order: Order, strategy: Strategy, verdicts: tuple[Verdict, ...], snapshot: Snapshot, rulebook: Rulebook, rows: Rows
) -> str | None:
    """Why a person must be asked; None where the policy may answer. Unknown is never a yes."""
    obstacle = first_obstacle(verdicts)
    if obstacle is not None:
        return str(obstacle)
    opened = snapshot.ledger.index.openings_sent[strategy.name]
    if not isinstance(strategy.entry.approval, Manual) and opened < rulebook.probation:
        return f"on probation: {opened} of the first {rulebook.probation} orders"
    early = None if isinstance(strategy.entry.approval, Manual) else _exercised_early(order, snapshot, rows, rulebook)
    if early is not None:
        return early
    match strategy.entry.approval:
        case Manual():
            return "the strategy asks a person"
        case Auto():
            return _beyond_budget(order, strategy, snapshot)
        case Policy():
            for answer in rulebook.finder.policy(strategy, order_values(order, snapshot)):
                if answer.holds is not True:
                    word = "is unknown" if answer.holds is None else "does not hold"
                    return f"{answer.condition.text} {word}"
            return None
    assert_never(strategy.entry.approval)


def _exercised_early(order: Order, snapshot: Snapshot, rows: Rows, rulebook: Rulebook) -> str | None:
    """Why a leg that is sold may be exercised before its expiry: nothing of that kind is opened unattended.

    Of a call in the money whose next dividend nobody knows it may.
    """
    market, today = snapshot.market.get(order.spread.underlying), trading_day(snapshot.at)
    rate = float(rulebook.account.pricing.rate)
    for leg in order.spread.shorts:
        contract = leg.contract
        if contract.rule.exercise != "American":
            continue
        bid, ask, spot, years = (rows.value(contract.con_id, column) for column in ("bid", "ask", "spot", "years"))
        if bid is None or ask is None or spot is None or years is None:
            return f"whether {contract} is worth exercising early is unknown"
        paid = dividend_within(market, leg, today)
        answer = worth_exercising(contract.put_call, spot, float(contract.strike), (bid + ask) / 2, years, rate, paid)
        if answer == "unknown":
            return f"{contract} is in the money and its next dividend is unknown: it may be exercised early"
        if answer == "yes":
            gain = "the interest on its strike" if contract.put_call == "P" else f"its next dividend of {paid:g}"
            return f"{contract} is worth exercising early: its time value is less than {gain}"
    return None


def _beyond_budget(order: Order, strategy: Strategy, snapshot: Snapshot) -> str | None:
    budget = strategy.entry.auto_up_to
    if budget is None:
        return None
    sent_today = snapshot.ledger.sent_on(trading_day(snapshot.at))
    others = [other for other in sent_today if other.purpose == "open" and other.strategy == strategy.name]
    risk = sum((_at_risk(other) for other in others), Decimal(0)) + order.max_loss
    if risk > budget.risk_usd:
        return f"${risk:,.0f} of risk today is more than the ${budget.risk_usd:,.0f} that go without asking"
    if len(others) + 1 > budget.orders_per_day:
        return f"{len(others) + 1} orders today are more than the {budget.orders_per_day} that go without asking"
    return None


def _at_risk(order: Order) -> Decimal:
    """USD that an order of today put or may still put at risk: what ended unfilled took nothing of the budget's risk."""
    spreads = order.filled if order.is_over else order.quantity
    return order.max_loss * spreads / order.quantity
