"""What halts the engine by itself, once, and what a person's resume forgives."""

from datetime import timedelta
from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.decide.watch import watch
from engine.domain.decision import Stop
from engine.domain.facts import EquityRecorded, Fact, Halted, OrderRejected, OrderUnknown, Resumed
from engine.domain.ledger import Ledger
from tests import given

ORDER = given.proposal()
ONE_LEG = [*given.working(ORDER), given.fills(ORDER)[0]]


def seen(known: Ledger, after: timedelta = timedelta(0), **more: object) -> Stop | None:
    at = given.NOW + after
    return watch(given.snapshot(known, given.chain(at=at), at=at, **more), given.book())


def lost(number: int) -> list[Fact]:
    orders = [given.proposal(f"o{n}", of=given.spread(short=580 - 5 * n, long=575 - 5 * n)) for n in range(number)]
    return [fact for order in orders for fact in (*given.sent(order), OrderUnknown(order.order_ref, "silence"))]


def test_nothing_halts_on_an_ordinary_day() -> None:
    assert seen(given.ledger(*given.opened())) is None


def test_legs_that_stay_unbalanced_halt() -> None:
    known = given.told(given.ledger(), *ONE_LEG)

    assert seen(known, timedelta(seconds=30)) is None
    stop = seen(known, timedelta(seconds=31))
    assert stop is not None
    assert "1 of SPY 2026-12-18 580P, 0 of SPY 2026-12-18 575P" in stop.reason


def test_legs_that_are_made_whole_do_not_halt() -> None:
    known = given.told(given.ledger(), *given.working(ORDER), *given.fills(ORDER))

    assert seen(known, timedelta(minutes=5)) is None


def test_position_closed_more_often_than_opened_halts() -> None:
    close = given.proposal("c1", position="o1", quantity=2, limit="-0.40")

    stop = seen(given.told(given.ledger(), *given.opened(), *given.closed(close)))

    assert stop is not None
    assert "was closed 1 more than it was opened" in stop.reason


def test_rejections_in_a_row_halt() -> None:
    known = given.ledger()
    for number in range(2):
        given.told(known, *given.working(given.proposal(f"o{number}")), OrderRejected(f"o{number}", 201, "no"))

    assert seen(known) is None
    given.told(known, *given.working(given.proposal("o2")), OrderRejected("o2", 201, "no"))
    stop = seen(known)
    assert stop is not None
    assert stop.reason == "the broker rejected 3 orders in a row"


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


def test_unknown_orders_of_a_restart_do_not_halt_before_the_first_picture() -> None:
    known = given.told(given.ledger(), *lost(3))
    known.reconciled = None

    assert seen(known, timedelta(minutes=5)) is None


@pytest.mark.parametrize(("worth", "word"), [(94_900, "breaker_week"), (89_000, "breaker_week"), (95_300, None)])
def test_falls_halt(worth: float, word: str | None) -> None:
    stop = seen(given.ledger(), account=given.account(worth))

    assert (stop is not None and word is not None and word in stop.reason) or (stop is None and word is None)


def test_fall_from_the_peak_halts_in_a_later_week() -> None:
    known = given.ledger()
    week_ago = given.NOW - timedelta(days=7)
    known = given.told(Ledger(), EquityRecorded(Decimal(110_000), None, None, None), at=week_ago)
    given.told(known, EquityRecorded(Decimal(99_500), None, None, None))

    stop = seen(known, account=given.account(99_000))

    assert stop is not None
    assert "breaker_peak" in stop.reason


@pytest.mark.parametrize("facts", [ONE_LEG, lost(2)])
def test_person_who_resumes_has_seen_it(facts: list[Fact]) -> None:
    known = given.told(given.ledger(), *facts)
    later = given.NOW + timedelta(minutes=2)

    given.told(known, Halted("breaker", "look"), at=later)
    assert seen(known, timedelta(minutes=3)) is None, "halted already"
    given.told(known, Resumed("trader"), at=later)
    assert seen(known, timedelta(minutes=3)) is None


def test_resume_measures_falls_anew() -> None:
    known = given.told(given.ledger(), EquityRecorded(Decimal(94_000), None, None, None))

    assert seen(known, account=given.account(94_000)) is not None
    given.told(known, Halted("breaker", ""), Resumed("trader"))
    assert seen(known, account=given.account(94_000)) is None
    assert seen(known, account=given.account(89_200)) is not None


def test_nothing_else_is_decided_in_the_look_that_halts() -> None:
    waiting = [given.proposal("o9", of=given.spread(short=560, long=555)), given.previewed("o9")]
    known = given.told(given.ledger(), *ONE_LEG, *waiting)
    at = given.NOW + timedelta(seconds=31)

    found = decide(given.snapshot(known, given.chain(at=at), at=at), given.book(given.strategy()))

    assert [type(one) for one in found] == [Stop]
