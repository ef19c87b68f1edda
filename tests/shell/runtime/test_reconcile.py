"""Our fold against the broker's state: every case of an order, of executions and of positions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NoReturn

import pytest

from engine.domain.facts.account import Foreign, Reconciled
from engine.domain.facts.orders import LegFilled, OrderAbsent, OrderAcknowledged, OrderCanceled, OrderRejected, OrderUnknown
from engine.domain.facts.positions import PositionSettled
from engine.domain.facts.running import FactRefused
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.session import NEW_YORK
from engine.ports import BrokerOrder, BrokerPosition, BrokerState
from engine.runtime.reconcile import Outcome, reconcile
from engine.runtime.restart import leftovers
from tests import given

ORDER = given.proposal(quantity=2)
SHORT, LONG = (leg.contract for leg in ORDER.spread.legs)
SENT_AT = given.NOW - timedelta(seconds=40)


def order(status: str = "working", ref: str = "o1", perm_id: int = 77, text: str = "") -> BrokerOrder:
    return BrokerOrder(ref, perm_id, 5, status, Decimal(0), text)


def holds(contracts: int = 2) -> tuple[BrokerPosition, ...]:
    """What the broker holds when the spread is open so often."""
    return tuple(
        BrokerPosition(leg.contract.con_id, "SPY", str(leg.contract), Decimal(leg.sign * contracts)) for leg in ORDER.spread.legs
    )


def against(
    known: Ledger,
    *,
    open: Sequence[BrokerOrder] = (),  # noqa: A002
    completed: Sequence[BrokerOrder] = (),
    executions: Sequence[Fact] = (),
    positions: Sequence[BrokerPosition] = (),
    unknown_refs: Sequence[str] = (),
    requested_at: datetime = given.NOW,
) -> Outcome:
    state = BrokerState("DU1", tuple(open), tuple(completed), tuple(executions), tuple(positions), tuple(unknown_refs))
    return reconcile(known, state, given.NOW, requested_at)


def sent(*facts: Fact) -> Ledger:
    return given.told(given.ledger(), *given.sent(ORDER), *facts, at=SENT_AT)


def agreed(outcome: Outcome) -> bool:
    last = outcome.facts[-1] if outcome.facts else None
    return isinstance(last, Reconciled) and not last.differences


def differences(outcome: Outcome) -> tuple[str, ...]:
    last = outcome.facts[-1]
    assert isinstance(last, Reconciled)
    return last.differences


class _Unwalked(dict[str, Order]):
    """Orders that are asked for by their reference, and never one after the other."""

    def values(self) -> NoReturn:
        raise AssertionError("every order that ever was is walked")

    __iter__ = items = keys = __copy__ = values


UNKNOWN = OrderUnknown("o1", "silence")
WORKING = OrderAcknowledged("o1", 77, 5, "Submitted")


def test_nothing_held_and_nothing_known_agrees() -> None:
    outcome = against(given.ledger())

    assert outcome.facts == (Reconciled(()),)
    assert outcome.is_settled


@pytest.mark.parametrize("before", [[], [UNKNOWN]])
def test_order_that_is_found_working_works(before: list[Fact]) -> None:
    outcome = against(sent(*before), open=[order()])

    assert outcome.facts[0] == OrderAcknowledged("o1", 77, 5, "working")
    assert agreed(outcome)


@pytest.mark.parametrize(
    ("root", "day", "is_explained"),
    [("SPX", 0, True), ("SPX", -1, False), ("SPXW", 0, False)],
    ids=["on the day it settles", "while it trades for the last time", "where it still trades that day"],
)
def test_what_traded_last_the_session_before_and_is_gone_has_been_settled(root: str, day: int, is_explained: bool) -> None:
    known = given.told(given.ledger(), *given.opened(given.proposal(of=given.spread(root=root, underlying="SPX"))))
    morning = datetime.combine(given.EXPIRY + timedelta(days=day), time(9, 35), NEW_YORK)

    outcome = against(known, requested_at=morning)

    assert agreed(outcome) == is_explained


def test_order_is_known_by_its_perm_id_where_the_reference_is_missing() -> None:
    assert against(sent(WORKING, UNKNOWN), open=[order(ref="")]).facts[0] == OrderAcknowledged("o1", 77, 5, "working")
    assert against(sent(UNKNOWN), open=[order(ref="", perm_id=0)]).facts[0] == OrderAbsent("o1")


def test_perm_id_of_another_order_of_ours_says_nothing_of_this_one() -> None:
    """A simulator that was started anew counts its permanent ids from the beginning again."""
    known = sent(WORKING, OrderCanceled("o1", "given up"))
    new = given.proposal("o2", quantity=2)
    given.told(known, *given.sent(new), OrderAcknowledged("o2", 77, 5, "Submitted"), at=SENT_AT)

    outcome = against(known, open=[order(ref="o2")])

    assert outcome.facts == (Reconciled(()),)


def test_order_that_is_known_to_work_is_not_told_again() -> None:
    assert against(sent(WORKING), open=[order()]).facts == (Reconciled(()),)


@pytest.mark.parametrize("where", ["open", "completed"])
@pytest.mark.parametrize(
    ("status", "kind"), [("canceled", OrderCanceled), ("inactive", OrderRejected), ("rejected", OrderRejected)]
)
def test_order_that_ended_has_ended(where: str, status: str, kind: type) -> None:
    outcome = against(sent(UNKNOWN), **{where: [order(status)]})  # type: ignore[arg-type]

    assert isinstance(outcome.facts[0], kind)
    assert agreed(outcome)


def test_order_that_is_inactive_and_still_listed_may_come_back_for_half_a_minute() -> None:
    known = given.told(sent(WORKING), UNKNOWN, at=given.NOW - timedelta(seconds=5))

    assert differences(against(known, open=[order("inactive")])) == ("order o1 is neither found nor absent yet",)
    assert isinstance(against(known, completed=[order("inactive")]).facts[0], OrderRejected)
    later = against(known, open=[order("inactive")], requested_at=given.NOW + timedelta(seconds=25))
    assert isinstance(later.facts[0], OrderRejected)


@pytest.mark.parametrize(("seconds", "kind"), [(29, None), (30, OrderAbsent)])
def test_order_that_nobody_knows_is_absent_after_thirty_seconds_and_not_before(seconds: float, kind: type | None) -> None:
    outcome = against(sent(UNKNOWN), requested_at=SENT_AT + timedelta(seconds=seconds))

    if kind is None:
        assert differences(outcome) == ("order o1 is neither found nor absent yet",)
        assert not outcome.is_settled
    else:
        assert outcome.facts[0] == OrderAbsent("o1")
        assert agreed(outcome)


def test_age_is_counted_to_the_question_and_not_to_the_answer() -> None:
    assert not against(sent(UNKNOWN), requested_at=given.NOW - timedelta(seconds=15)).is_settled


def test_working_order_that_is_not_listed_becomes_unknown_first() -> None:
    outcome = against(sent(WORKING))

    assert outcome.facts[0] == OrderUnknown("o1", "the broker does not list it")
    assert not agreed(outcome)


def test_order_sent_after_the_question_is_left_alone() -> None:
    known = given.told(sent(WORKING), *given.fills(ORDER, 1), at=given.NOW)

    outcome = against(known, positions=holds(1), requested_at=SENT_AT - timedelta(seconds=1))

    assert outcome.facts == (Reconciled(()),)


def test_fills_of_an_outage_are_learnt_first_and_then_the_order_is_over() -> None:
    fills = given.fills(ORDER)

    outcome = against(sent(UNKNOWN), executions=fills, positions=holds())

    assert outcome.facts[:4] == tuple(fills)
    assert len(outcome.facts) == 5
    assert agreed(outcome)


def test_partly_filled_order_that_is_gone_is_canceled_for_the_rest() -> None:
    outcome = against(sent(UNKNOWN), executions=given.fills(ORDER, 1), positions=holds(1))

    assert outcome.facts[-2] == OrderCanceled("o1", "no longer at the broker")
    assert agreed(outcome)


def test_partly_filled_order_that_works_on_is_found() -> None:
    known, fills = sent(UNKNOWN), given.fills(ORDER, 1)

    outcome = against(known, open=[order()], executions=fills, positions=holds(1))

    assert outcome.facts == (*fills, Reconciled(()))
    assert given.told(known, *outcome.facts).orders["o1"].state == "partly_filled"


def test_executions_that_are_known_are_no_news() -> None:
    fills = given.fills(ORDER)

    assert against(sent(*fills), executions=fills, positions=holds()).facts == (Reconciled(()),)


def test_correction_is_news_and_what_it_corrects_is_not() -> None:
    first, *others = given.fills(ORDER)
    better = replace(first, exec_id=first.exec_id[:-2] + "02", price=Decimal("1.81"))
    known = sent(better, *others)

    outcome = against(known, executions=[first, better, *others], positions=holds())

    assert outcome.facts == (Reconciled(()),)


def busted(*fills: Fact) -> list[Fact]:
    return [replace(fill, exec_id=fill.exec_id[:-2] + "02", quantity=0) for fill in fills if isinstance(fill, LegFilled)]


def test_order_whose_executions_were_all_taken_back_is_over_though_the_broker_calls_it_filled() -> None:
    fills = given.fills(ORDER, 2)
    known = sent(*fills, *busted(*fills))

    outcome = against(known, completed=[replace(order("filled"), filled=Decimal(2))])

    assert known.orders["o1"].is_at_broker
    assert outcome.facts == (OrderCanceled("o1", "the exchange took executions of it back"), Reconciled(()))
    assert outcome.is_settled


def test_order_with_executions_taken_back_stays_unknown_while_the_broker_holds_them() -> None:
    fills = given.fills(ORDER, 2)

    outcome = against(sent(*fills, *busted(*fills)), completed=[replace(order("filled"), filled=Decimal(2))], positions=holds())

    assert not outcome.is_settled
    assert any("neither found nor absent" in text for text in differences(outcome))


def test_strangers_executions_are_passed_over() -> None:
    stranger = given.fills(given.proposal("x9"))

    assert against(given.ledger(), executions=stranger).facts == (Reconciled(()),)


def test_order_that_works_for_us_and_is_filled_at_the_broker_without_its_executions_is_unknown_and_blocks() -> None:
    outcome = against(sent(WORKING), completed=[order("filled")], positions=holds())

    assert outcome.facts[0] == OrderUnknown("o1", "the broker has 2 of it as filled and tells executions of 0")
    assert any("neither found nor absent" in text for text in differences(outcome))
    assert not outcome.is_settled


def test_order_filled_at_the_broker_without_its_executions_stays_unknown_and_blocks_for_half_a_minute() -> None:
    outcome = against(sent(UNKNOWN), completed=[order("filled")], positions=holds(), requested_at=SENT_AT + timedelta(seconds=29))

    assert not outcome.is_settled
    assert "order o1 is neither found nor absent yet" in differences(outcome)
    assert "SPY 2026-12-18 580P: our fills make 0, the broker holds -2" in differences(outcome)


@pytest.mark.parametrize("end", [OrderCanceled("o1", ""), OrderRejected("o1", 201, "")])
def test_order_that_was_over_and_works_is_found_again(end: Fact) -> None:
    known = given.told(sent(WORKING), end, at=given.NOW - timedelta(seconds=20))

    found = against(known, open=[order()])
    during = against(known, open=[order()], requested_at=given.NOW - timedelta(seconds=21))

    assert found.facts[0] == OrderAcknowledged("o1", 77, 5, "working")
    assert during.facts == (Reconciled(()),), "the order ended while the state was taken"


def test_order_that_was_declared_absent_and_works_is_found_again() -> None:
    known = sent(UNKNOWN, OrderAbsent("o1"))

    assert against(known, open=[order()]).facts[0] == OrderAcknowledged("o1", 77, 5, "working")


def test_order_under_our_name_that_is_not_in_our_books_blocks() -> None:
    outcome = against(given.ledger(), open=[order(ref="spt-9", text="BUY 1 SPY BAG")])

    [difference] = differences(outcome)
    assert difference.startswith(
        "order spt-9 works at the broker under this program's name and is not in our books: BUY 1 SPY BAG; "
    )


TODAY, YESTERDAY = (given.NOW.astimezone(NEW_YORK) - timedelta(days=days) for days in (0, 1))


@pytest.mark.parametrize("journal_id", ["sp0a1b2", "spfffff"])
def test_execution_of_today_under_our_name_that_is_not_in_our_books_blocks(journal_id: str) -> None:
    refs = [f"{journal_id}-{TODAY:%y%m%d}-{number:04d}" for number in (7, 3, 5, 1, 9, 11, 4)]

    [difference] = differences(against(given.ledger(), unknown_refs=refs))

    assert difference.startswith(
        "executed today under this program's name and not in our books:"
        f" {', '.join(sorted(refs)[:5])} and 2 more; put the journal back"
    )
    [same] = differences(against(given.ledger(), executions=given.fills(given.proposal(refs[0]))))
    assert same.startswith(f"executed today under this program's name and not in our books: {refs[0]}; put the journal back")
    assert same.endswith("or wait: from the next trading day on their positions are foreign")


def test_execution_of_an_earlier_day_that_is_not_in_our_books_blocks_nothing() -> None:
    assert agreed(against(given.ledger(), unknown_refs=[f"sp0a1b2-{YESTERDAY:%y%m%d}-0001"]))


def test_more_or_fewer_contracts_than_our_fills_block() -> None:
    known = sent(*given.fills(ORDER))

    assert differences(against(known, positions=holds(1))) == (
        "SPY 2026-12-18 575P: our fills make +2, the broker holds +1",
        "SPY 2026-12-18 580P: our fills make -2, the broker holds -1",
    )
    assert differences(against(known)) == (
        "SPY 2026-12-18 575P: our fills make +2, the broker holds 0",
        "SPY 2026-12-18 580P: our fills make -2, the broker holds 0",
    )


def test_contracts_that_traded_while_the_broker_was_asked_are_not_judged() -> None:
    """The positions may have been told before the execution or after it: nobody knows."""
    known = sent(WORKING)
    given.told(known, *given.fills(ORDER), at=given.NOW - timedelta(seconds=1))

    outcome = against(known, requested_at=given.NOW - timedelta(seconds=2))

    assert outcome.facts == ()
    assert not outcome.is_settled
    assert not agreed(against(known, requested_at=given.NOW))


def test_one_leg_alone_is_counted_as_it_is() -> None:
    known = sent(WORKING, given.fills(ORDER)[0])

    assert known.contracts_held() == {SHORT.con_id: -2}
    assert agreed(against(known, open=[order()], positions=holds()[:1]))


def test_position_of_somebody_else_is_foreign_and_blocks_nothing() -> None:
    stock = BrokerPosition(1, "AAPL", "AAPL", Decimal(-100))

    outcome = against(given.ledger(), positions=[stock])

    assert outcome.facts == (Reconciled((), ("AAPL -100",), foreign_held=(Foreign("AAPL", Decimal(-100)),)),)


def test_position_in_contracts_of_an_order_whose_end_nobody_saw_is_ours_to_explain() -> None:
    known = sent(UNKNOWN, OrderAbsent("o1"))

    assert len(differences(against(known, positions=holds()))) == 2


def test_settled_contracts_may_be_listed_for_a_night_more() -> None:
    known = given.told(sent(*given.fills(ORDER)), PositionSettled("o1", Decimal(0), "expired"))

    assert known.contracts_held() == {}
    assert against(known, positions=holds()).facts == (Reconciled(()),)
    assert against(known).facts == (Reconciled(()),)


def test_reconciling_does_not_change_the_ledger() -> None:
    known, twin = sent(UNKNOWN), sent(UNKNOWN)

    against(known, executions=given.fills(ORDER), positions=holds())

    assert known == twin


def test_restart_expires_what_never_left_and_doubts_what_may_be_there() -> None:
    orders = {ref: given.proposal(ref) for ref in ("new", "shown", "yes", "sent", "works", "lost", "done")}
    known = given.ledger(
        orders["new"],
        *given.sent(orders["shown"])[:2],
        *given.sent(orders["yes"])[:3],
        *given.sent(orders["sent"]),
        *given.working(orders["works"]),
        *given.sent(orders["lost"]),
        OrderUnknown("lost", "silence"),
        *given.opened(orders["done"]),
    )

    told = [(type(fact).__name__, fact.order_ref) for fact in leftovers(known)]  # type: ignore[union-attr]

    assert told == [
        ("OrderExpired", "new"),
        ("OrderExpired", "shown"),
        ("OrderExpired", "yes"),
        ("OrderUnknown", "sent"),
        ("OrderUnknown", "works"),
    ]
    given.told(known, *leftovers(known))
    assert known.messages.failures_in_a_row == 0
    assert list(leftovers(known)) == []


@pytest.mark.parametrize(
    ("long", "short", "missing"),
    [
        (2, -2, ()),
        (1, -2, (LONG.con_id,)),
        (2, 0, (SHORT.con_id,)),
        (2, -3, ()),
        (2, 2, (SHORT.con_id,)),
        (-1, -2, (LONG.con_id,)),
    ],
)
def test_contracts_that_the_broker_does_not_hold_for_us_are_named(long: int, short: int, missing: tuple[int, ...]) -> None:
    known = given.told(given.ledger(), *given.opened(ORDER))
    positions = [BrokerPosition(one.con_id, "SPY", "", Decimal(n)) for one, n in ((LONG, long), (SHORT, short))]

    (*_, last) = against(known, positions=positions).facts

    assert isinstance(last, Reconciled)
    assert last.missing == missing


def test_row_that_names_an_order_and_is_another_one_is_matched_with_nothing_and_said() -> None:
    other = given.spread(short=570, long=565)
    legs = tuple((leg.contract.con_id, leg.sign) for leg in other.legs)

    for row in (replace(order(), legs=legs), replace(order(), quantity=Decimal(3)), order(perm_id=99)):
        outcome = against(sent(WORKING), open=[row])

        [refused] = [fact for fact in outcome.facts if isinstance(fact, FactRefused)]
        assert refused.order_ref == "o1"
        assert any("what the broker says is refused" in text for text in differences(outcome))
        again = against(given.told(sent(WORKING), outcome.facts[-1]), open=[row])
        assert not any(isinstance(fact, FactRefused) for fact in again.facts), "said once, not at each question"


def test_what_the_broker_tells_and_nobody_can_read_blocks() -> None:
    known = given.told(given.ledger(), *given.opened(ORDER))
    state = BrokerState(
        "DU1", (), (), (), holds()[:1], unread=("execution x: its time",), unread_positions=frozenset({LONG.con_id})
    )

    outcome = reconcile(known, state, given.NOW, given.NOW)

    assert differences(outcome) == (
        "SPY 2026-12-18 575P: what the broker holds of it cannot be read",
        "execution x: its time",
    )
    assert outcome.facts[-1] == replace(outcome.facts[-1], missing=()), "what cannot be read is not taken for gone"


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"root": "SPY1"}, "class SPY1 instead of SPY"),
        ({"multiplier": Decimal(10)}, "multiplier 10 instead of 100"),
        ({"strike": Decimal("58.0")}, "strike 58 instead of 580"),
        ({"put_call": "C"}, "C instead of P"),
        ({"last_trade": date(2027, 1, 15)}, "last traded on 2027-01-15 instead of 2026-12-18"),
    ],
)
def test_contract_whose_terms_changed_is_a_difference(terms: dict[str, object], said: str) -> None:
    known = given.told(given.ledger(), *given.opened(ORDER))
    short, long = holds()

    outcome = against(known, positions=[replace(short, text="SPY1 580P", **terms), long])

    [difference] = differences(outcome)
    assert difference.startswith(f"SPY 2026-12-18 580P: its terms have changed, the broker calls it SPY1 580P ({said})")
    assert outcome.facts[-1] == Reconciled((difference,), changed=(SHORT.con_id,))


def test_terms_that_are_the_same_or_not_told_are_no_difference() -> None:
    known = given.told(given.ledger(), *given.opened(ORDER))
    same = {"root": "SPY", "multiplier": Decimal(100), "put_call": "P", "last_trade": date(2026, 12, 17)}
    short, long = holds()

    assert agreed(against(known, positions=[replace(short, **same, strike=Decimal("580.00")), long]))


def test_long_that_is_gone_from_the_broker_leaves_its_short_said_to_stand_alone() -> None:
    known = given.ledger(*given.opened(ORDER))
    short, long = holds()

    found = differences(against(known, positions=[short, replace(long, quantity=Decimal(1))]))

    assert found == (
        "SPY 2026-12-18 575P: our fills make +2, the broker holds +1",
        "position o1: by what the broker holds, 1 × SPY 2026-12-18 580P is owed with no long contract beside it",
    )


def test_books_without_news_are_compared_without_walking_what_is_over() -> None:
    # given: a position, its executions told again, and a close that was canceled
    closing = given.proposal("c1", position="o1", quantity=2, limit="-0.40")
    fills = given.fills(ORDER)
    known = given.ledger(*given.working(ORDER), *fills, *given.working(closing), OrderCanceled("c1", "given up"))
    known.orders = _Unwalked(known.orders)
    completed = [order("filled", perm_id=given.perm_id("o1")), order("canceled", "c1", given.perm_id("c1"))]
    completed = [replace(one, filled=Decimal(2) if one.order_ref == "o1" else Decimal(0)) for one in completed]

    outcome = against(known, completed=completed, executions=fills, positions=holds())

    assert outcome.facts == (Reconciled(()),)
