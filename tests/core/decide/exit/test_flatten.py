"""Flattening: openings end first, then everything is closed, shorts first, until nothing is open or a person stops it."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.decide.exit.flatten import begin, end_of_flatten, shorts_first
from engine.decide.order.orders import tend
from engine.domain.decision import BlockExit, Cancel, Decision, EndFlatten, Propose
from engine.domain.facts.halts import FlattenBegan, FlattenEnded, Halted
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.parts import some_of
from tests import given
from tests.core.decide.watching import PUTS, costs, look, position, seconds, watched

WANTED: tuple[Fact, ...] = (Halted("ada", "flatten"), FlattenBegan("ada", "I am leaving", 1))


def wanted(known: Ledger) -> Ledger:
    return given.told(known, *WANTED)


def proposed(decisions: Sequence[Decision]) -> list[tuple[str, str]]:
    """The position that each close is of, and why."""
    return [(one.order.position, one.order.reason) for one in decisions if isinstance(one, Propose)]


def test_what_no_rule_would_close_is_closed_and_the_reason_says_who_wants_it() -> None:
    found = look(wanted(position()), costs("0.80"))

    assert proposed(found) == [("o1", "flatten by ada: I am leaving")]
    (order,) = (one.order for one in found if isinstance(one, Propose))
    assert (order.urgent, order.limit, order.worst) == (True, Decimal("-0.80"), Decimal("-4.98"))


def test_nothing_is_closed_without_a_persons_word() -> None:
    assert proposed(look(position(), costs("0.80"))) == []


def test_openings_end_before_anything_is_closed() -> None:
    known = wanted(given.told(position(), *given.working(given.proposal("o7", by=PUTS))))
    now = given.snapshot(known, costs("0.80"))

    ended = tend(now, given.rulebook(PUTS), given.rows(now.chain))

    assert [one for one in ended if isinstance(one, Cancel)] == [Cancel("o7", "halted")]
    assert proposed(look(known, costs("0.80"))) == []


def test_hours_that_the_account_gives_to_closing_do_not_hold_it_up_and_the_exchanges_do() -> None:
    limits = "session: {close: 15:00-15:55 New York}"

    assert proposed(look(wanted(position()), costs("0.80"), limits=limits)) != []
    assert proposed(look(wanted(position()), costs("0.80"), session=None)) == []


def test_what_is_owed_is_closed_before_what_is_only_owned() -> None:
    known = position("o1", "o2")
    short = some_of(known.positions["o1"].spread, [0])
    bought_back = given.proposal("c1", of=short, position="o1", limit="-0.80", by=PUTS)
    given.told(known, *given.closed(bought_back, "-0.80", at=given.NOW - timedelta(hours=1)))

    assert [one.id for one in shorts_first(list(known.open_positions()))] == ["o2", "o1"]


def test_what_cannot_be_priced_is_said_and_waits() -> None:
    found = watched(wanted(position()), [costs("0.80", at=seconds(n), ask=None) for n in (0, 20, 40)])

    assert [proposed(one) for one in found] == [[], [], []]
    (blocked,) = (one.fact for looks in found for one in looks if isinstance(one, BlockExit))
    assert (blocked.rule, blocked.obstacle) == ("flatten", "no price")


def test_it_ends_when_nothing_is_open_and_only_then() -> None:
    still_open, over = wanted(position()), wanted(given.ledger())

    assert list(end_of_flatten(given.snapshot(still_open))) == []
    assert list(end_of_flatten(given.snapshot(over))) == [
        EndFlatten(FlattenEnded("engine", "every position of the engine is closed"))
    ]


def test_person_who_stops_it_leaves_the_rest_to_its_rules_and_the_halt_stands() -> None:
    known = given.told(wanted(position()), FlattenEnded("ada", "changed my mind"))

    assert proposed(look(known, costs("0.80"))) == []
    assert proposed(look(known, costs("0.39"))) == [("o1", "profit >= 50% of credit")]
    assert known.halt is not None


def test_word_that_begins_it_halts_first() -> None:
    found = begin("ada", "I am leaving", "DU1234567", "4567", 1, position())

    assert found == (Halted("ada", "flatten: I am leaving"), FlattenBegan("ada", "I am leaving", 1))


@pytest.mark.parametrize(
    ("typed", "positions", "known", "why"),
    [
        ("1234", 1, position(), "1234 is not how the account ends; look at which account this engine trades"),
        ("4567", 2, position(), "2 positions were typed and 1 are open; look at them and say it again"),
        ("4567", 0, given.ledger(), "nothing is open; `spreads halt` stops openings"),
        ("4567", 1, wanted(position()), "it is flattening already, since ada said so"),
    ],
)
def test_word_that_lacks_a_key_closes_nothing(typed: str, positions: int, known: Ledger, why: str) -> None:
    assert begin("bob", "", "DU1234567", typed, positions, known) == why
