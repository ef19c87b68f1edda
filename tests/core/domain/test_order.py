"""The life of an order: the table, fact by fact, and what no order of arrival may change."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given as property_of
from hypothesis import strategies as st

from engine.domain.errors import IllegalFact
from engine.domain.executions import execution_key, fill_key, revision
from engine.domain.facts.account import Reconciled
from engine.domain.facts.orders import (
    ApprovalAsked,
    CancelRequested,
    CommissionReported,
    LegFilled,
    OrderAbsent,
    OrderAcknowledged,
    OrderApproved,
    OrderCanceled,
    OrderDeclined,
    OrderDenied,
    OrderExpired,
    OrderRejected,
    OrderRepriced,
    OrderSent,
    OrderTightened,
    OrderUnknown,
)
from engine.domain.facts.positions import PositionAdopted
from engine.domain.facts.union import OrderFact
from engine.domain.gate import Verdict
from engine.domain.order import AT_BROKER, BEFORE_SENDING, OVER, Order
from engine.domain.order_life import TRANSITIONS, advance, proposed
from tests import given

BIG = given.proposal(quantity=2)
SHORT, LONG = (leg.contract.con_id for leg in BIG.spread.legs)


def leg(con_id: int, quantity: int, exec_id: str, price: str = "1.50") -> LegFilled:
    return LegFilled("o1", exec_id, con_id, "sell" if con_id == SHORT else "buy", quantity, Decimal(price), given.NOW)


FACTS: dict[str, list[OrderFact]] = {
    "OrderPreviewed": [given.previewed()],
    "ApprovalAsked": [ApprovalAsked("o1", given.NOW, Decimal("0.80"), "")],
    "OrderTightened": [OrderTightened("o1", "trader", "less", 3, Decimal("0.78"))],
    "OrderApproved": [OrderApproved("o1", "trader", Decimal("0.80"))],
    "OrderDenied": [OrderDenied("o1", Verdict("open", "fail", "2", "1", "puts"))],
    "OrderDeclined": [OrderDeclined("o1", "trader", "no")],
    "OrderExpired": [OrderExpired("o1", "late")],
    "OrderSent": [OrderSent("o1", Decimal("0.80"))],
    "OrderAcknowledged": [OrderAcknowledged("o1", 77, 5, "Submitted")],
    "OrderRepriced": [OrderRepriced("o1", Decimal("0.79"), 1)],
    "CancelRequested": [CancelRequested("o1", "halted")],
    "OrderCanceled": [OrderCanceled("o1", "canceled")],
    "OrderRejected": [OrderRejected("o1", 201, "no")],
    "OrderUnknown": [OrderUnknown("o1", "silence")],
    "OrderAbsent": [OrderAbsent("o1")],
    "CommissionReported": [CommissionReported("o1", "x.9.01", Decimal("0.65"))],
    "PartFilled": [leg(SHORT, 1, "x.1.01")],
    "WholeFilled": [leg(SHORT, 2, "x.1.01"), leg(LONG, 2, "x.2.01")],
}
TO_BE_SENT = [FACTS[kind][0] for kind in ("OrderPreviewed", "OrderApproved", "OrderSent")]
TO_SENT = ("OrderPreviewed", "OrderApproved", "OrderSent")
PATHS: dict[str, tuple[str, ...]] = {
    "proposed": (),
    "previewed": TO_SENT[:1],
    "approved": TO_SENT[:2],
    "sent": TO_SENT,
    "working": (*TO_SENT, "OrderAcknowledged"),
    "partly_filled": (*TO_SENT, "PartFilled"),
    "filled": (*TO_SENT, "WholeFilled"),
    "denied": ("OrderDenied",),
    "declined": ("OrderDeclined",),
    "expired": (*TO_SENT, "OrderUnknown", "OrderAbsent"),
    "unknown": (*TO_SENT, "OrderUnknown"),
    "canceled": (*TO_SENT, "OrderCanceled"),
    "rejected": (*TO_SENT, "OrderRejected"),
}
PAIRS = [(state, event) for state in TRANSITIONS for event in FACTS]


def after(*events: str) -> Order:
    return fold(fact for event in events for fact in FACTS[event])


def fold(facts: Iterator[OrderFact]) -> Order:
    order = proposed(BIG, given.NOW)
    for seconds, fact in enumerate(facts):
        order = advance(order, fact, given.NOW + timedelta(seconds=seconds))
    return order


@pytest.mark.parametrize("state", TRANSITIONS)
def test_every_state_can_be_reached(state: str) -> None:
    assert after(*PATHS[state]).state == state


@pytest.mark.parametrize(("state", "event"), PAIRS, ids=[f"{state}-{event}" for state, event in PAIRS])
def test_table_is_the_whole_life(state: str, event: str) -> None:
    order = after(*PATHS[state])
    wanted = TRANSITIONS[order.state].get("PartFilled" if event == "WholeFilled" else event)

    if wanted is None:
        with pytest.raises(IllegalFact, match=state):
            fold_on(order, event)
    else:
        reached = TRANSITIONS[order.state][event]
        with_fills = {"working": "partly_filled", "rejected": "canceled", "expired": "canceled"}
        assert fold_on(order, event).state == (with_fills.get(reached, reached) if order.fills else reached)


def fold_on(order: Order, event: str) -> Order:
    for fact in FACTS[event]:
        order = advance(order, fact, given.NOW)
    return order


def test_every_fact_of_an_order_is_in_the_table_or_starts_it() -> None:
    events = {event for row in TRANSITIONS.values() for event in row}

    # An adoption is the whole life of the order that it stands in for.
    assert events == {*FACTS, PositionAdopted.__name__}


def test_an_execution_counts_in_every_state_that_follows_the_sending() -> None:
    after_sending = set(TRANSITIONS) - BEFORE_SENDING - {"denied", "declined"}

    assert all("PartFilled" in TRANSITIONS[state] and "WholeFilled" in TRANSITIONS[state] for state in after_sending)


def test_nothing_is_sent_twice_because_only_an_approved_order_can_be_sent() -> None:
    assert [state for state, row in TRANSITIONS.items() if "OrderSent" in row] == ["approved"]
    assert not any("approved" in row.values() for state, row in TRANSITIONS.items() if state not in BEFORE_SENDING)


def test_every_state_is_in_one_group() -> None:
    groups = [*BEFORE_SENDING, *AT_BROKER, *OVER]

    assert sorted(groups) == sorted(TRANSITIONS)


def test_order_that_expired_before_it_was_sent_hears_a_late_preview_and_nothing_of_the_broker() -> None:
    order = after("OrderPreviewed", "OrderExpired")

    assert advance(order, given.previewed(), given.NOW).state == "expired"
    for fact in (FACTS["OrderAcknowledged"][0], FACTS["PartFilled"][0], FACTS["OrderUnknown"][0]):
        with pytest.raises(IllegalFact):
            advance(order, fact, given.NOW)


@pytest.mark.parametrize("end", ["expired", "canceled", "rejected"])
def test_order_that_was_over_works_again_when_the_broker_says_so_and_is_marked(end: str) -> None:
    order = after(*PATHS[end], "OrderAcknowledged")

    assert (order.state, order.revived) == ("working", True)


def test_cancel_is_asked_for_again_when_the_order_is_found_after_it_was_unknown() -> None:
    doubted = after(*PATHS["working"], "CancelRequested", "OrderUnknown")

    assert doubted.cancel_requested_at is not None
    assert fold_on(doubted, "OrderAcknowledged").cancel_requested_at is None


def test_acknowledgement_keeps_a_cancel_that_is_on_its_way() -> None:
    assert after(*PATHS["working"], "CancelRequested", "OrderAcknowledged").cancel_requested_at is not None


def test_one_leg_alone_is_no_spread_and_shows_as_unbalanced() -> None:
    order = after(*PATHS["partly_filled"])

    assert (order.filled, order.remaining, order.is_balanced, order.net_filled) == (0, 2, False, None)


def test_net_of_whole_spreads_is_not_distorted_by_a_leg_that_ran_ahead() -> None:
    facts = [*FACTS["OrderPreviewed"], *FACTS["OrderApproved"], *FACTS["OrderSent"]]
    order = fold(iter([*facts, leg(SHORT, 2, "x.1.01", "2.50"), leg(LONG, 1, "x.2.01", "1.00")]))

    assert (order.filled, order.net_filled, order.is_balanced) == (1, Decimal("1.50"), False)


def test_overfill_is_counted_and_shows() -> None:
    order = advance(after(*PATHS["filled"]), leg(SHORT, 1, "x.3.01"), given.NOW)

    assert (order.state, order.is_balanced, order.leg_filled(SHORT)) == ("filled", False, 3)


def test_two_legs_count_each_when_their_executions_share_all_of_the_number_but_its_end() -> None:
    order = fold(iter([*TO_BE_SENT, leg(SHORT, 2, "0001.7a.01", "2.50"), leg(LONG, 2, "0001.7a.02", "1.00")]))

    assert (order.state, order.filled, order.is_balanced, order.net_filled) == ("filled", 2, True, Decimal("1.50"))


def test_commissions_of_two_legs_count_each_when_their_executions_share_the_number() -> None:
    paid = (
        CommissionReported("o1", "0001.7a.01", Decimal("1.30"), SHORT, "sell"),
        CommissionReported("o1", "0001.7a.02", Decimal("1.31"), LONG, "buy"),
        CommissionReported("o1", "0001.7a.03", Decimal("1.29"), LONG, "buy"),
    )

    assert fold(iter([*TO_BE_SENT, *paid])).commission == Decimal("2.59")


@pytest.mark.parametrize("told", [leg(4711, 1, "x.1.01"), leg(SHORT, 1, "x.1.01")])
def test_execution_that_is_none_of_the_order_is_refused(told: LegFilled) -> None:
    wrong = replace(told, action="buy") if told.con_id == SHORT else told

    with pytest.raises(IllegalFact, match=r"execution x\.1\.01 (is of contract 4711, which is no leg|bought SPY .* sells)"):
        advance(after(*PATHS["working"]), wrong, given.NOW)


def test_execution_that_is_told_again_otherwise_replaces_the_first_word() -> None:
    known = given.ledger(*given.sent(BIG), leg(SHORT, 2, "x.1.01", "2.50"))

    assert known.apply(leg(SHORT, 1, "x.1.01", "2.40"), given.NOW)
    assert not known.apply(leg(SHORT, 1, "x.1.01", "2.40"), given.NOW)

    assert known.orders["o1"].leg_filled(SHORT) == 1


def test_execution_whose_time_nobody_can_read_took_place_no_later_than_it_was_heard() -> None:
    untimed = replace(leg(SHORT, 2, "x.1.01"), executed_at=None)
    order = advance(after(*PATHS["working"]), untimed, given.NOW + timedelta(seconds=9))

    assert order.first_executed_at == order.last_executed_at == given.NOW + timedelta(seconds=9)
    assert [fill.executed_at for fill in order.fills.values()] == [None]


def test_more_executed_than_ordered_is_kept_and_doubted() -> None:
    known = given.ledger(*given.sent(BIG), *FACTS["WholeFilled"], Reconciled(()))

    known.apply(leg(SHORT, 1, "x.3.01"), given.NOW)

    assert (known.orders["o1"].overfill, known.orders["o1"].leg_filled(SHORT)) == (1, 3)
    assert known.reconciled is None


@pytest.mark.parametrize(
    ("exec_id", "key", "number"),
    [
        ("0000e0d5.67a1b2c3.01.01", "0000e0d5.67a1b2c3.01", 1),
        ("0000e0d5.67a1b2c3.01.12", "0000e0d5.67a1b2c3.01", 12),
        ("plain", "plain", 0),
        ("two.words", "two.words", 0),
    ],
)
def test_execution_id_ends_in_its_revision(exec_id: str, key: str, number: int) -> None:
    assert (execution_key(exec_id), revision(exec_id)) == (key, number)


EXECUTIONS: list[OrderFact] = [
    leg(SHORT, 1, "x.1.01", "2.50"),
    leg(SHORT, 1, "x.2.01", "2.60"),
    leg(LONG, 1, "x.3.01", "1.00"),
    leg(LONG, 1, "x.4.01", "1.10"),
    leg(LONG, 1, "x.4.02", "1.05"),
    *(CommissionReported("o1", f"x.{number}.01", Decimal("0.65")) for number in (1, 2, 3, 4)),
    CommissionReported("o1", "x.4.02", Decimal("0.70")),
]
STATUSES = ["OrderAcknowledged", "CancelRequested", "OrderUnknown", "OrderCanceled", "OrderRejected"]


@property_of(st.permutations([*EXECUTIONS, *STATUSES]))
def test_fills_are_the_same_in_whatever_order_and_between_whatever_statuses_they_come(mixed: list[OrderFact | str]) -> None:
    known = given.ledger(*given.sent(BIG))

    for fact in mixed:
        for one in FACTS[fact] if isinstance(fact, str) else [fact]:
            try:
                known.apply(one, given.NOW)
            except IllegalFact:
                assert isinstance(fact, str), f"{fact} is refused"

    order, position = known.orders["o1"], known.positions["o1"]
    assert order.filled == 2
    assert order.is_balanced
    assert order.net_filled == (Decimal("5.10") - Decimal("2.05")) / 2
    assert order.commission == Decimal("2.65")
    assert (position.quantity, position.opening_net, position.fees) == (2, Decimal("1.525"), Decimal("2.65"))


@property_of(st.lists(st.sampled_from(EXECUTIONS), max_size=30))
def test_execution_counts_once_however_often_it_is_told(repeated: list[OrderFact]) -> None:
    known = given.ledger(*given.sent(BIG))

    news = [known.apply(fact, given.NOW) for fact in repeated]

    order = known.orders["o1"]
    keys = {fill_key(fact) for fact in repeated if isinstance(fact, LegFilled)}
    assert set(order.fills) == keys
    assert sum(news) <= len(set(map(repr, repeated)))
    highest = {fill_key(f): f for f in sorted(repeated, key=lambda f: f.exec_id) if isinstance(f, LegFilled)}
    assert order.fills == highest


@pytest.mark.parametrize(
    ("commission", "fees", "max_loss"), [(None, "5.20", "0"), ("2.50", "5.20", "0"), ("4.92", "9.84", "4.64")]
)
def test_fees_are_the_estimate_or_more_where_the_preview_names_more(commission: str | None, fees: str, max_loss: str) -> None:
    """Of an opening the preview names one way, the estimate both: 5.20 for two spreads."""
    told = replace(given.previewed(), commission=None if commission is None else Decimal(commission))

    order = advance(proposed(BIG, given.NOW), told, given.NOW)

    assert (order.fees, order.max_loss) == (Decimal(fees), BIG.max_loss + Decimal(max_loss))
    assert proposed(BIG, given.NOW).max_loss == BIG.max_loss


def test_fees_of_a_close_are_one_way() -> None:
    close = given.proposal("o2", position="o1", quantity=2)

    order = advance(proposed(close, given.NOW), replace(given.previewed("o2"), commission=Decimal("6.00")), given.NOW)

    assert (order.fees, order.max_loss) == (Decimal("6.00"), Decimal(0))
