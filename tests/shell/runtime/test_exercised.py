"""What the broker's positions tell of options that became shares: which were assigned, whose they were, what is left alone."""

from datetime import timedelta
from decimal import Decimal

import pytest

from engine.decide.risk.exposure import directions
from engine.domain.facts.account import Foreign, Reconciled
from engine.domain.facts.orders import OrderCanceled, OrderUnknown
from engine.domain.facts.positions import OptionsExercised, PositionReleased, PositionSettled
from engine.domain.ledger import Ledger
from engine.ports import BrokerPosition, BrokerState
from engine.runtime.reconcile import Outcome, reconcile
from engine.runtime.release import released_by
from tests import given

ORDER = given.proposal(quantity=2)
SHORT, LONG = ORDER.spread.legs
STRIKE = SHORT.contract.strike
LATER = given.NOW + timedelta(hours=12)


def options(shorts: int = 2, longs: int = 2) -> list[BrokerPosition]:
    counts = ((SHORT, -shorts), (LONG, longs))
    return [BrokerPosition(leg.contract.con_id, "SPY", str(leg.contract), Decimal(n), "OPT") for leg, n in counts if n]


def shares(quantity: int) -> BrokerPosition:
    return BrokerPosition(756733, "SPY", "SPY", Decimal(quantity), "STK", root="NMS", average_cost=Decimal(600))


def looked_at(ledger: Ledger, *positions: BrokerPosition, unread: frozenset[int] = frozenset()) -> Outcome:
    state = BrokerState("DU1", (), (), (), positions, unread_positions=unread)
    return reconcile(ledger, state, LATER, LATER)


def held(*before: BrokerPosition) -> Ledger:
    """Two bull puts that are open, and books that agreed while these foreign positions were there."""
    ledger = given.told(given.ledger(), *given.opened(ORDER, at=given.NOW), at=given.NOW)
    return learnt(ledger, looked_at(ledger, *options(), *before))


def learnt(ledger: Ledger, outcome: Outcome) -> Ledger:
    for fact in outcome.facts:
        ledger.apply(fact, LATER)
    return ledger


def exercised(outcome: Outcome) -> list[tuple[int, int, int]]:
    return [(one.con_id, one.contracts, one.shares) for one in outcome.facts if isinstance(one, OptionsExercised)]


def told(outcome: Outcome) -> Reconciled:
    last = outcome.facts[-1]
    assert isinstance(last, Reconciled)
    return last


@pytest.mark.parametrize("foreign", [0, 500, -300])
def test_short_that_is_gone_beside_new_shares_was_assigned(foreign: int) -> None:
    # given two spreads, and shares that are none of ours
    ledger = held(*([shares(foreign)] if foreign else []))

    # when both shorts are gone and two hundred shares have come
    outcome = looked_at(ledger, *options(shorts=0), shares(foreign + 200))

    # then they were assigned at the strike, and what was there before stays foreign
    assert exercised(outcome) == [(SHORT.contract.con_id, 2, 200)]
    assert told(outcome).differences == ()
    assert told(outcome).foreign == ((f"SPY {foreign:+d}",) if foreign else ())
    [position] = learnt(ledger, outcome).open_positions()
    assert position.shares is not None
    assert position.shares.opening_net == -STRIKE
    assert ledger.contracts_held() == {LONG.contract.con_id: 2, 756733: 200}
    # and a second look says nothing new
    assert looked_at(ledger, *options(shorts=0), shares(foreign + 200)).facts == (told(outcome),)


def test_one_of_two_that_is_assigned_leaves_a_whole_spread() -> None:
    ledger = held()

    outcome = looked_at(ledger, *options(shorts=1), shares(100))

    [position] = learnt(ledger, outcome).open_positions()
    assert [part.quantity for part in position.parts] == [1, 1, 100]
    assert position.bare == ()


def test_shares_that_were_there_explain_no_short_that_somebody_bought_back() -> None:
    # given a person who holds as many shares as an assignment would bring
    ledger = held(shares(200))

    # when the shorts are bought back in TWS
    outcome = looked_at(ledger, *options(shorts=0), shares(200))

    # then nothing was assigned, and the books differ
    assert exercised(outcome) == []
    assert told(outcome).differences


def test_shares_that_somebody_buys_are_foreign() -> None:
    outcome = looked_at(held(), *options(), shares(200))

    assert exercised(outcome) == []
    assert told(outcome) == Reconciled((), foreign=("SPY +200",), foreign_held=(Foreign("SPY", Decimal(200)),))


@pytest.mark.parametrize("came", [100, 150, 300, -200])
def test_shares_that_the_gone_options_do_not_make_explain_nothing(came: int) -> None:
    outcome = looked_at(held(), *options(shorts=0), shares(came))

    assert exercised(outcome) == []
    assert told(outcome).differences


def test_long_that_is_exercised_leaves_a_bare_short_and_says_so() -> None:
    ledger = held()

    outcome = looked_at(ledger, *options(longs=0), shares(-200))

    assert exercised(outcome) == [(LONG.contract.con_id, 2, -200)]
    [position] = learnt(ledger, outcome).open_positions()
    assert dict(position.bare)[SHORT.contract] == 2


def test_nothing_is_said_of_what_cannot_be_read() -> None:
    outcome = looked_at(held(), *options(shorts=0), shares(200), unread=frozenset({LONG.contract.con_id}))

    assert exercised(outcome) == []


def test_nothing_is_said_while_an_order_in_these_options_is_unknown() -> None:
    ledger = held()
    close = given.proposal("c1", quantity=2, limit="-0.40", position="o1")
    given.told(ledger, *given.sent(close), OrderUnknown("c1", "silence"), at=given.NOW)

    outcome = looked_at(ledger, *options(shorts=0), shares(200))

    assert exercised(outcome) == []


def test_ours_that_are_gone_are_missing_and_differ() -> None:
    # given shares of an assignment
    ledger = held()
    learnt(ledger, looked_at(ledger, *options(shorts=0), shares(200)))

    # when somebody sells some of them in TWS
    outcome = looked_at(ledger, *options(shorts=0), shares(50))

    assert told(outcome).missing == (756733,)
    assert told(outcome).differences == ("SPY shares: our fills make +200, the broker holds +50",)


def test_shares_delivered_after_a_settlement_are_booked_at_its_level() -> None:
    # given a spread that was settled between its strikes, as if in cash
    ledger = held()
    level = STRIKE - 2
    given.told(ledger, PositionSettled("o1", Decimal(-2), "expired", LATER, level), at=LATER)
    made = ledger.positions["o1"].realised

    # when the shares of its short come the night after
    outcome = looked_at(ledger, shares(200))

    # then they are ours, at what the settlement counted, so that nothing is counted twice
    assert told(outcome).foreign == ()
    position = learnt(ledger, outcome).positions["o1"]
    assert position.is_open
    assert position.realised == made
    assert position.shares is not None
    assert position.shares.opening_net == -level


def test_released_position_is_no_difference_any_more() -> None:
    # given a person who has closed half of a position in TWS: the books differ
    ledger = held()
    assert told(looked_at(ledger, *options(shorts=1, longs=1))).differences

    # when they take it out of the engine's hands
    given.told(ledger, PositionReleased("o1", "ada", "closed by hand"), at=LATER)

    # then what is left is foreign, nothing is open, and nobody trades against it
    found = told(looked_at(ledger, *options(shorts=1, longs=1)))
    assert found.differences == ()
    assert found.foreign == tuple(sorted(f"{leg.contract} {leg.sign:+d}" for leg in ORDER.spread.legs))
    assert list(ledger.open_positions()) == []
    assert ledger.positions["o1"].realised == 0
    assert directions(ledger)[SHORT.contract.con_id] == {1, -1}


def test_position_is_released_only_once_nothing_of_it_may_fill() -> None:
    ledger = held()
    close = given.proposal("c1", quantity=2, limit="-0.40", position="o1")
    given.told(ledger, *given.working(close), at=LATER)

    working = released_by("o1", "ada", "mine", given.snapshot(ledger, at=LATER))
    given.told(ledger, OrderCanceled("c1", "by ada"), at=LATER)
    ended = released_by("o1", "ada", "mine", given.snapshot(ledger, at=LATER))
    later = released_by("o1", "ada", "mine", given.snapshot(ledger, at=LATER + timedelta(minutes=1)))

    assert working == "nothing was released: c1 is working and may fill; end it with `spreads cancel c1`"
    assert isinstance(ended, str)
    assert later == PositionReleased("o1", "ada", "mine")
    assert released_by("o9", "ada", "mine", given.snapshot(ledger)) == "no position o9"
