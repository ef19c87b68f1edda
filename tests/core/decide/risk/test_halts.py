"""What halts the engine by itself, once, and what a person's resume forgives."""

from datetime import timedelta
from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.decide.risk.halts import halt_due
from engine.domain.decision import Halt
from engine.domain.facts.halts import Halted, Resumed
from engine.domain.facts.orders import OrderAcknowledged, OrderRejected, OrderUnknown
from engine.domain.facts.running import LinkChanged
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.parts import some_of
from engine.domain.snapshot import BrokerCount
from tests import given

ORDER = given.proposal()
A_SECOND = timedelta(seconds=1)
ONE_LEG = [*given.working(ORDER), given.fills(ORDER)[0]]


def seen(known: Ledger, after: timedelta = timedelta(0), **more: object) -> Halt | None:
    """The halt that is due so long after NOW; the broker was asked at that very moment unless it is said otherwise."""
    at = given.NOW + after
    return halt_due(given.snapshot(known, given.chain(at=at), at=at, **more), given.rulebook())


def asked(after: timedelta, **contracts: int) -> BrokerCount:
    """The broker's count of so long after NOW, of puts on SPY by their strike."""
    held = {given.contract(float(name[1:])).con_id: Decimal(count) for name, count in contracts.items()}
    return BrokerCount(given.NOW + after, held)


def lost(number: int) -> list[Fact]:
    orders = [given.proposal(f"o{n}", of=given.spread(short=580 - 5 * n, long=575 - 5 * n)) for n in range(number)]
    return [fact for order in orders for fact in (*given.sent(order), OrderUnknown(order.order_ref, "silence"))]


def test_nothing_halts_on_an_ordinary_day() -> None:
    assert seen(given.ledger(*given.opened())) is None


def test_legs_that_stay_unbalanced_halt() -> None:
    known = given.told(given.ledger(), *ONE_LEG)

    assert seen(known, timedelta(seconds=30)) is None
    stop = seen(known, timedelta(seconds=31), count=asked(timedelta(seconds=31), p580=-1))
    assert stop is not None
    assert stop.reason == (
        "the legs of o1 are not whole spreads (SPY 2026-12-18 580P: our fills make -1, the broker holds -1;"
        " SPY 2026-12-18 575P: our fills make 0, the broker holds 0): make them whole in TWS, then resume"
    )


@pytest.mark.parametrize(
    "count", [None, asked(timedelta(seconds=-1)), asked(timedelta(seconds=30)), asked(timedelta(seconds=3599))]
)
def test_legs_are_not_judged_before_the_broker_was_asked_over_this_link_about_what_came_last(count: BrokerCount | None) -> None:
    """Killed or cut off between two executions of one fill, and back an hour later."""
    known = given.told(given.ledger(), *ONE_LEG)
    if count is not None and count.requested_at > given.NOW + timedelta(minutes=1):
        given.told(known, LinkChanged("up", None, "connected again"), at=given.NOW + timedelta(minutes=59, seconds=50))

    assert seen(known, timedelta(hours=1), count=count) is None


def test_person_is_not_told_to_trade_where_the_brokers_count_is_not_ours() -> None:
    known = given.told(given.ledger(), *ONE_LEG)

    stop = seen(known, timedelta(seconds=40), count=asked(timedelta(seconds=40), p580=-1, p575=1))

    assert stop is not None
    assert "SPY 2026-12-18 575P: our fills make 0, the broker holds +1" in stop.reason
    assert "make them whole" not in stop.reason
    assert "the two counts differ: look at the executions in TWS before anything is traded there" in stop.reason


def test_legs_that_are_made_whole_do_not_halt() -> None:
    known = given.told(given.ledger(), *given.working(ORDER), *given.fills(ORDER))

    assert seen(known, timedelta(minutes=5)) is None


def test_position_closed_more_often_than_opened_halts() -> None:
    close = given.proposal("c1", position="o1", quantity=2, limit="-0.40")
    known = given.told(given.ledger(), *given.opened(), *given.closed(close))

    assert seen(known) is None, "the broker was not asked since"
    at_once = asked(timedelta(seconds=1), p580=1, p575=-1)
    assert seen(known, timedelta(seconds=1), count=at_once) is None, "what was told wrongly is corrected within seconds"
    later = timedelta(seconds=31)
    stop = seen(known, later, count=asked(later, p580=1, p575=-1))

    assert stop is not None
    assert stop.reason == (
        "position o1 was closed 1 more than it was opened (SPY 2026-12-18 580P: our fills make +1, the broker holds +1;"
        " SPY 2026-12-18 575P: our fills make -1, the broker holds -1): undo that in TWS, then resume"
    )


def test_rejections_in_a_row_halt() -> None:
    known = given.ledger()
    for number in range(2):
        given.told(known, *given.working(given.proposal(f"o{number}")), OrderRejected(f"o{number}", 201, "no"))

    assert seen(known, A_SECOND) is None
    given.told(known, *given.working(given.proposal("o2")), OrderRejected("o2", 201, "no"))
    assert seen(known) is None, "the broker was not asked since"
    stop = seen(known, A_SECOND)
    assert stop is not None
    assert stop.reason == "the broker rejected 3 orders in a row, the last at 15:00:00 UTC, and lists none of them as working"


def test_rejected_order_that_works_after_all_was_not_rejected() -> None:
    known = given.ledger()
    for number in range(3):
        given.told(known, *given.working(given.proposal(f"o{number}")), OrderRejected(f"o{number}", 201, "no"))

    given.told(known, OrderAcknowledged("o1", 9, 9, "Submitted"))

    assert known.messages.failures_in_a_row == 2
    assert seen(known, A_SECOND) is None


@pytest.mark.parametrize(
    ("number", "after", "more", "halts"),
    [
        (2, 61, {}, True),
        (2, 60, {}, False),
        (1, 600, {}, False),
        (2, 600, {"is_connected": False}, False),
    ],
)
def test_orders_that_nobody_knows_of_halt_once_the_broker_could_have_said(number: int, after: float, more, halts: bool) -> None:
    known = given.told(given.ledger(), *lost(number))

    assert (seen(known, timedelta(seconds=after), **more) is not None) is halts


def test_unknown_orders_of_a_restart_do_not_halt_before_the_broker_was_asked_for_a_while() -> None:
    known = given.told(given.ledger(), *lost(3))
    given.told(known, LinkChanged("up", None, "connected again"), at=given.NOW + timedelta(minutes=4, seconds=30))

    assert seen(known, timedelta(minutes=5), count=None) is None
    assert seen(known, timedelta(minutes=5)) is None
    assert seen(known, timedelta(minutes=5, seconds=31)) is not None


@pytest.mark.parametrize("facts", [ONE_LEG, lost(2)])
def test_person_who_resumes_has_seen_it(facts: list[Fact]) -> None:
    known = given.told(given.ledger(), *facts)
    later = given.NOW + timedelta(minutes=2)
    assert seen(known, timedelta(minutes=1, seconds=50)) is not None

    given.told(known, Halted("breaker", "look"), at=later)
    assert seen(known, timedelta(minutes=3)) is None, "halted already"
    given.told(known, Resumed("trader"), at=later)
    assert seen(known, timedelta(minutes=3)) is None


def test_falls_trip_and_do_not_halt() -> None:
    assert seen(given.ledger(), account=given.account(80_000)) is None


def test_nothing_else_is_decided_in_the_look_that_halts() -> None:
    waiting = [given.proposal("o9", of=given.spread(short=560, long=555)), given.previewed("o9")]
    known = given.told(given.ledger(), *ONE_LEG, *waiting)
    at = given.NOW + timedelta(seconds=31)

    found = decide(given.snapshot(known, given.chain(at=at), at=at), given.rulebook(given.strategy()))

    assert [type(one) for one in found] == [Halt]


def test_short_that_stands_alone_halts() -> None:
    sold = given.proposal("c1", of=some_of(given.spread(), [1]), position="o1", limit="1.00")
    known = given.ledger(*given.opened(), *given.closed(sold))

    stop = seen(known, timedelta(seconds=31), count=asked(timedelta(seconds=31), p580=-1))

    assert stop is not None
    assert stop.reason == (
        "position o1 owes 1 × SPY 2026-12-18 580P with no long contract beside it (SPY 2026-12-18 580P: our fills make -1,"
        " the broker holds -1; SPY 2026-12-18 575P: our fills make 0, the broker holds 0): buy them back in TWS, then resume"
    )
