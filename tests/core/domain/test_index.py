"""The ledger finds what a beat asks for without walking its history, and finds what walking would."""

from collections import Counter
from contextlib import suppress
from copy import copy, deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given as property_of
from hypothesis import strategies as st

from engine.domain.contract import shares_of
from engine.domain.errors import IllegalFact
from engine.domain.facts.account import Reconciled
from engine.domain.facts.orders import (
    LegFilled,
    OrderAbsent,
    OrderAcknowledged,
    OrderCanceled,
    OrderDeclined,
    OrderExpired,
    OrderPreviewed,
    OrderRejected,
    OrderUnknown,
)
from engine.domain.facts.positions import OptionsExercised, PositionSettled
from engine.domain.facts.union import Fact
from engine.domain.folding import Folding
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.past_orders import filled_since, in_contract, unchecked_ends, with_perm_id
from engine.domain.session import trading_day
from tests import given

BEGINS = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
"""Evening in New York: some hours later another trading day begins."""


def _of(ref: str, strategy: str) -> list[Fact]:
    opening = replace(given.proposal(ref, quantity=2), strategy=strategy, rolled_from="o1" if ref == "o3" else None)
    close = replace(given.proposal(f"c{ref}", quantity=1, position=ref, limit="-0.40"), strategy=strategy)
    over = [replace(close, order_ref=f"x{ref}", quantity=2)]
    first, second = given.fills(opening, 1, tag=".a"), given.fills(opening, 1, tag=".b")
    taken_back = [replace(fact, quantity=0, exec_id=fact.exec_id[:-2] + "02") for fact in first if isinstance(fact, LegFilled)]
    ends: list[Fact] = [
        OrderCanceled(ref, "given up"),
        OrderRejected(ref, 201, "no"),
        OrderUnknown(ref, "silence"),
        OrderAbsent(ref),
        OrderExpired(ref, "late"),
        OrderDeclined(ref, "t", ""),
        OrderAcknowledged(ref, 7, 7, "Submitted"),
        OrderPreviewed(ref, "fits", None, None, None, None, ""),
    ]
    settled = [Reconciled(()), PositionSettled(ref, Decimal(0), "expired")]
    closes = [*given.closed(close), *given.closed(over[0])]
    return [*given.working(opening), *first, *second, *ends, *closes, *settled, *taken_back]


STORY = [fact for ref, strategy in (("o1", "puts"), ("o2", "puts"), ("o3", "calls")) for fact in _of(ref, strategy)]
CONTRACTS = sorted({leg.contract.con_id for leg in given.proposal().spread.legs})
PERM_IDS = (7, *(given.perm_id(ref) for ref in ("o1", "o2", "o3", "co1")))
MOMENTS = [BEGINS + timedelta(hours=hours) for hours in (0, 1, 6, 24)]
STEPS = st.lists(st.tuples(st.integers(0, len(STORY) - 1), st.integers(0, 90)), max_size=80)


def told(steps: list[tuple[int, int]], known: Ledger | None = None) -> Ledger:
    """Every fact once in its order, some again in between, over some hours of two trading days."""
    known, at = known if known is not None else Ledger(), BEGINS
    for number, minutes in steps:
        at += timedelta(minutes=minutes)
        for fact in (*STORY[: number // 2], STORY[number]):
            with suppress(IllegalFact):
                known.apply(fact, at)
    return known


def at_once(facts: list[Fact]) -> Ledger:
    folding = Folding(Ledger())
    given.told(folding, *facts)
    return folding.folded()


def answers(known: Ledger) -> dict[str, object]:
    days = [trading_day(BEGINS) + timedelta(days=n) for n in range(-1, 8)]
    return {
        "working": [order.ref for order in known.working()],
        "open": [position.id for position in known.open_positions()],
        "closings": {ref: [order.ref for order in known.closings_of(ref)] for ref in known.orders},
        "successors": {ref: [order.ref for order in known.successors_of(ref)] for ref in known.orders},
        "opened": {day: sorted(order.ref for order in known.opened_on(day)) for day in days},
        "sent": {day: sorted(order.ref for order in known.sent_on(day)) for day in days},
        "failed": {
            name: next((order.changed_at for order in known.failed_openings(name, "SPY")), None) for name in ("puts", "calls")
        },
        "openings sent": {name: known.index.openings_sent[name] for name in ("puts", "calls")},
        "closed": {(name, day): [one.id for one in known.closed_on(name, day)] for name in ("puts", "calls") for day in days},
        "excess": [position.id for position in known.excess_positions()],
        "contracts": known.contracts_held(),
        "in contract": {con_id: [order.ref for order in in_contract(con_id, known)] for con_id in CONTRACTS},
        "perm ids": {number: _ref(with_perm_id(number, known)) for number in PERM_IDS},
        "filled since": {at: [order.ref for order in filled_since(at, known)] for at in MOMENTS},
        "unchecked ends": [order.ref for order in unchecked_ends(known)],
    }


def walked(known: Ledger) -> dict[str, object]:
    """The same by walking everything."""
    days = [trading_day(BEGINS) + timedelta(days=n) for n in range(-1, 8)]
    orders, positions = list(known.orders.values()), list(known.positions.values())
    openings = [order for order in orders if order.purpose == "open"]

    def failed(name: str) -> datetime | None:
        return max((o.changed_at for o in openings if o.strategy == name and o.is_over and not o.filled), default=None)

    return {
        "working": [order.ref for order in orders if not order.is_over],
        "open": [position.id for position in positions if position.is_open],
        "closings": {ref: [o.ref for o in orders if o.purpose == "close" and o.proposed.position == ref] for ref in known.orders},
        "successors": {ref: [o.ref for o in orders if o.proposed.rolled_from == ref] for ref in known.orders},
        "opened": {
            day: sorted(o.ref for o in openings if trading_day(o.proposed_at) == day and (o.filled or not o.is_over))
            for day in days
        },
        "sent": {day: sorted(o.ref for o in orders if o.sent_at is not None and trading_day(o.sent_at) == day) for day in days},
        "failed": {name: failed(name) for name in ("puts", "calls")},
        "openings sent": {
            name: sum(o.strategy == name and o.sent_at is not None for o in openings) for name in ("puts", "calls")
        },
        "closed": {
            (name, day): [
                one.id
                for one in positions
                if one.strategy == name and not one.is_open and one.closed_at is not None and trading_day(one.closed_at) == day
            ]
            for name in ("puts", "calls")
            for day in days
        },
        "excess": [position.id for position in positions if position.excess],
        "contracts": _contracts(known),
        "in contract": {
            con_id: [o.ref for o in orders if con_id in {leg.contract.con_id for leg in o.spread.legs}] for con_id in CONTRACTS
        },
        "perm ids": {number: next((o.ref for o in reversed(orders) if o.perm_id == number), "") for number in PERM_IDS},
        "filled since": {at: [o.ref for o in orders if o.fill_reported_at and o.fill_reported_at > at] for at in MOMENTS},
        "unchecked ends": [order.ref for order in orders if known.is_end_unchecked(order)],
    }


def _contracts(known: Ledger) -> dict[int, int]:
    held = Counter[int]()
    for order in known.orders.values():
        for fill in order.fills.values() if order.proposed.position not in known.ends.settled else ():
            held[fill.con_id] += fill.quantity if fill.action == "buy" else -fill.quantity
    return {con_id: count for con_id, count in held.items() if count}


def _ref(order: Order | None) -> str:
    return order.ref if order is not None else ""


@property_of(STEPS)
def test_index_finds_what_walking_finds(steps: list[tuple[int, int]]) -> None:
    known = told(steps)

    assert answers(known) == walked(known)


@pytest.mark.slow
@property_of(STEPS)
def test_index_that_is_made_anew_finds_the_same(steps: list[tuple[int, int]]) -> None:
    known = told(steps)
    before = answers(known)

    known.reindex()

    assert answers(known) == before


@property_of(STEPS, STEPS)
def test_facts_taken_in_at_once_make_the_ledger_that_they_make_one_by_one(
    before: list[tuple[int, int]], steps: list[tuple[int, int]]
) -> None:
    one_by_one = told(steps, told(before))

    folding = Folding(told(before))
    told(steps, folding)
    folded = folding.folded()

    assert folded == one_by_one
    assert list(folded.positions) == list(one_by_one.positions)
    assert answers(folded) == answers(one_by_one)


def test_option_that_became_shares_is_held_against_what_was_taken_in_before() -> None:
    opening = given.proposal("o1", quantity=2)
    short = opening.spread.shorts[0].contract
    shares = OptionsExercised("o1", short.con_id, 2, shares_of(756733, "SPY"), 200, short.strike, "gone", BEGINS)
    facts = [*given.opened(opening), shares]

    folded = at_once(facts)

    assert folded == given.told(Ledger(), *facts)
    assert folded.ends.exercised["o1"] == (shares,)


def test_position_that_was_taken_back_and_fills_again_is_younger_than_those_in_between() -> None:
    one, other = given.proposal("o1", quantity=2), given.proposal("o2")
    first, again = given.fills(one, 1, tag=".a"), given.fills(one, 1, tag=".b")
    back = [replace(fact, quantity=0, exec_id=fact.exec_id[:-2] + "02") for fact in first if isinstance(fact, LegFilled)]
    facts = [*given.working(one), *first, *back, *given.opened(other), *again]

    folded = at_once(facts)

    assert folded == given.told(Ledger(), *facts)
    assert [position.id for position in folded.open_positions()] == ["o2", "o1"]


def test_index_of_a_copy_is_its_own() -> None:
    known = given.ledger(*given.working(given.proposal()))
    before, index = answers(known), deepcopy(known.index)
    twin = copy(known)
    twin.orders, twin.positions, twin.index = dict(known.orders), dict(known.positions), copy(known.index)

    given.told(twin, *given.fills(given.proposal()), *given.working(given.proposal("o2", of=given.spread(short=570, long=565))))

    assert known.index == index
    assert answers(known) == before
    assert answers(twin) != before
