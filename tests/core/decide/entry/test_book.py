"""Openings of several strategies compete: the set with the best total rank that fits all limits together goes out first."""

from dataclasses import replace
from decimal import Decimal

from engine.decide.decide import decide
from engine.decide.order.measures import spread_values
from engine.domain.decision import DenyEntry, Propose
from engine.domain.facts.orders import OrderProposed
from engine.domain.facts.searches import EntryDenied
from engine.domain.ledger import Ledger
from engine.strategy.account import BOOK_MEASURES, Account
from engine.strategy.model import Strategy
from engine.strategy.parse import parse_account
from tests import given

PUTS = given.strategy()
CALLS = given.strategy(given.CALLS, "calls")
FEWER = given.strategy("sizing: {risk: $500, contracts: 1-1}", "fewer")


def looked(
    *strategies: Strategy, known: Ledger | None = None, limits: Account | None = None
) -> tuple[OrderProposed | None, list[EntryDenied]]:
    found = decide(given.snapshot(known), given.rulebook(*strategies, account=limits))
    orders = [one.order for one in found if isinstance(one, Propose)]
    return next(iter(orders), None), [one.fact for one in found if isinstance(one, DenyEntry)]


def all_opened(*strategies: Strategy, limits: Account | None = None) -> list[str]:
    """Who opens, beat after beat, until nobody does."""
    ledger, names = given.ledger(), list[str]()
    while (order := looked(*strategies, known=ledger, limits=limits)[0]) is not None:
        given.told(ledger, order)
        names.append(order.strategy)
    return names


def rank_of(order: OrderProposed) -> float:
    row = spread_values(order, given.NOW)
    value, chance = row["return_on_risk"], row["pop"]
    assert value is not None
    assert chance is not None
    return value * chance


def test_what_goes_together_goes_out_best_first_whatever_the_order_of_the_files() -> None:
    best, _ = looked(CALLS, PUTS)
    alone = [order for one in (CALLS, PUTS) if (order := looked(one)[0]) is not None]

    assert best is not None
    assert best.strategy == max(alone, key=rank_of).strategy
    assert all_opened(CALLS, PUTS) == all_opened(PUTS, CALLS)
    (won,) = (verdict for verdict in best.verdicts if verdict.gate == "best_set")
    assert (won.answer, won.source) == ("pass", "account.yaml")


def test_limit_that_has_room_for_one_lets_the_best_one_out_and_tells_the_other() -> None:
    best = next(iter(all_opened(CALLS, PUTS)))
    other = {"calls": "puts", "puts": "calls"}[best]
    limits = given.limits("counts: {entries_per_day: 1}")

    order, denied = looked(CALLS, PUTS, limits=limits)

    assert order is not None
    assert order.strategy == best
    (told,) = denied
    assert (told.strategy, told.obstacle.gate, told.obstacle.answer) == (other, "best_set", "fail")
    assert f"{best} rank" in told.obstacle.bound
    assert "entries_per_day is 2, wanted at most 1" in told.obstacle.bound


def test_rank_of_the_book_is_what_the_account_says() -> None:
    limits = "counts: {entries_per_day: 1}\nbook: {rank: %s}"
    first, _ = looked(CALLS, PUTS, limits=given.limits(limits % "delta"))
    second, _ = looked(CALLS, PUTS, limits=given.limits(limits % "0 - delta"))

    assert first is not None
    assert second is not None
    assert (first.strategy, second.strategy) == ("puts", "calls")
    only, denied = looked(CALLS, limits=given.limits(limits % "delta"))
    assert only is None
    assert denied[0].obstacle.bound == "a rank of the book that is not below 0"


def test_two_that_fit_are_worth_more_than_the_best_one_alone() -> None:
    thin, other = (
        given.strategy("sizing: {risk: $500, contracts: 1-1}" + more, name)
        for name, more in (("thin", ""), ("calls", "\n" + given.CALLS))
    )
    wide = given.strategy(
        "spread: {type: bull_put, expiry: 20-30 days, short_delta: 0.28-0.30, width: $5}\nsizing: {risk: $1,000, contracts: 2-2}",
        "wide",
    )
    room = next(order.max_loss for one in (thin,) if (order := looked(one)[0]) is not None)
    other_room = next(order.max_loss for one in (other,) if (order := looked(one)[0]) is not None)
    limits = given.limits(f"risk: {{total: ${room + other_room + 50:,.0f}, per_strategy: $1,000, new_per_day: $1,000}}")

    assert sorted(all_opened(wide, thin, other, limits=limits)) == ["calls", "thin"]


def test_contract_that_one_would_sell_and_the_other_buy_goes_out_once() -> None:
    (sold,) = (order for order in [looked(PUTS)[0]] if order is not None)
    low = min(leg.contract.strike for leg in sold.spread.legs)
    price = 600
    crossed = given.strategy(
        f"spread: {{type: bull_put, expiry: 20-30 days, short_strike: ${price - low} from price, width: $5, rank: credit}}",
        "below",
    )
    against, _ = looked(crossed)
    assert against is not None
    assert low in {leg.contract.strike for leg in against.spread.legs if leg.action == "sell"}

    assert all_opened(PUTS, crossed) == ["puts"]
    _, denied = looked(PUTS, crossed)
    assert "opposite_legs" in next(one.obstacle.bound for one in denied if one.strategy == "below")


def test_rank_of_the_book_takes_numbers_that_every_structure_has() -> None:
    order, _ = looked(PUTS)

    assert order is not None
    assert set(spread_values(order, given.NOW)) == BOOK_MEASURES
    (problem,) = parse_account("schema: 1\nbook: {rank: p_touch}").problems
    assert problem.message == "'p_touch' is known to the rank of a file and not to the book's"
    assert "return_on_risk * pop" in problem.hint
    (named,) = parse_account("schema: 1\nbook: {rank: expected_value at 18%}").problems
    assert "expected_value at" in named.message


def test_opening_that_has_no_room_beside_the_best_is_replaced_by_another_choice_of_its_file() -> None:
    first, _ = looked(PUTS)
    assert first is not None
    twin = given.strategy("", "twin")
    limits = given.limits("counts: {orders_per_structure: 1}")

    names = all_opened(PUTS, twin, limits=limits)

    assert sorted(names) == ["puts", "twin"]
    ledger = given.ledger()
    keys = list[str]()
    while (order := looked(PUTS, twin, known=ledger, limits=limits)[0]) is not None:
        given.told(ledger, order)
        keys.append(order.spread.key)
    assert len(set(keys)) == 2
    assert replace(first, quantity=1).max_loss > Decimal(0)
