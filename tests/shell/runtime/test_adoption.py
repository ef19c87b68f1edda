"""What a person may adopt of what the broker holds, why not, and what it is in the books from then on."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from engine.decide.risk.arms import proven
from engine.domain.contract import Contract
from engine.domain.errors import IllegalFact
from engine.domain.facts.account import Reconciled
from engine.domain.facts.positions import PositionAdopted, PositionReleased
from engine.domain.ledger import Ledger
from engine.domain.snapshot import Snapshot
from engine.ports import BrokerPosition, BrokerState
from engine.runtime.adoption import AdoptAsked, adopted_by, adoption_row, contract_of, foreign_options
from engine.runtime.inquiry import Books
from engine.runtime.reconcile import reconcile
from tests import given
from tests.structures import BROKEN_WING, BUTTERFLY, CALENDAR

SHORT, LONG = (leg.contract for leg in given.spread().legs)
NAKED = given.contract(560)
LATER = given.NOW + timedelta(minutes=1)
BOTH = AdoptAsked("puts", (SHORT.con_id, LONG.con_id))
RULEBOOK = given.rulebook(given.strategy())


def theirs(contract: Contract, quantity: int, cost: str = "200", **changes: object) -> BrokerPosition:
    """A position at the broker with every term told."""
    told = BrokerPosition(
        contract.con_id,
        contract.underlying,
        str(contract),
        Decimal(quantity),
        "OPT",
        contract.root,
        contract.expiry,
        contract.strike,
        contract.put_call,
        Decimal(100),
        Decimal(cost),
        "USD",
    )
    return replace(told, **changes)  # type: ignore[arg-type]


VERTICAL = (theirs(SHORT, -2, "218.65"), theirs(LONG, 2, "121.35"))


def looking(*held: BrokerPosition, ledger: Ledger | None = None) -> tuple[Books, Snapshot]:
    known = ledger if ledger is not None else given.ledger()
    return Books(given.NOW, held), given.snapshot(known, at=given.NOW)


def outcome(asked: AdoptAsked, *held: BrokerPosition, **more: object) -> PositionAdopted | str:
    books, snapshot = looking(*held, **more)  # type: ignore[arg-type]
    return adopted_by(asked, "ada", "by hand", books, snapshot, RULEBOOK)


def adopted(*held: BrokerPosition) -> tuple[Ledger, PositionAdopted]:
    """The ledger once these were adopted as they were asked for."""
    books, snapshot = looking(*(held or VERTICAL))
    fact = adopted_by(BOTH, "ada", "by hand", books, snapshot, RULEBOOK)
    assert isinstance(fact, PositionAdopted), fact
    snapshot.ledger.apply(fact, given.NOW)
    return snapshot.ledger, fact


def test_foreign_spread_becomes_a_position_at_what_it_cost() -> None:
    ledger, fact = adopted()

    # what the broker tells has its commission in it, by leg and in all
    assert [(cost.con_id, cost.price) for cost in fact.costs] == [
        (SHORT.con_id, Decimal("2.1865")),
        (LONG.con_id, Decimal("1.2135")),
    ]
    assert (fact.net, fact.quantity, fact.spread) == (Decimal("0.973"), 2, given.spread())
    [position] = ledger.open_positions()
    assert (position.strategy, position.quantity, position.opening_net) == ("puts", 2, Decimal("0.973"))
    assert (position.digest, position.fees) == (RULEBOOK.strategies[0].digest, 0)
    assert position.max_loss == (5 - Decimal("0.973")) * 200 + fact.fees == fact.max_loss
    assert (position.bare, position.is_whole) == ((), True)


def test_adopted_legs_are_ours_until_they_are_released_and_may_be_adopted_again() -> None:
    ledger, _ = adopted()

    def seen() -> Reconciled:
        facts = reconcile(ledger, BrokerState("DU1", (), (), (), VERTICAL), LATER, LATER).facts
        [last] = facts
        assert isinstance(last, Reconciled)
        return last

    assert seen() == Reconciled(())
    [position] = ledger.open_positions()
    ledger.apply(PositionReleased(position.id, "ada", "mine again"), LATER)
    assert seen().differences == ()
    assert len(seen().foreign) == 2
    again = outcome(BOTH, *VERTICAL, ledger=ledger)
    assert isinstance(again, PositionAdopted)
    ledger.apply(again, LATER)
    assert seen() == Reconciled(())
    assert [one.id for one in ledger.open_positions()] == [again.order_ref] != [position.id]


def test_same_word_twice_adopts_once_and_contracts_of_a_position_not_at_all() -> None:
    ledger, fact = adopted()

    assert not ledger.apply(fact, LATER)
    with pytest.raises(IllegalFact, match="is held by a position here already"):
        ledger.apply(replace(fact, order_ref="spt-261123-0009"), LATER)
    with pytest.raises(IllegalFact, match="is another order already"):
        ledger.apply(replace(fact, quantity=1), LATER)
    assert len(list(ledger.open_positions())) == 1


@pytest.mark.parametrize("broken", [{"quantity": 0}, {"costs": ()}])
def test_adoption_that_is_no_spread_is_refused(broken: dict[str, object]) -> None:
    _, fact = adopted()

    with pytest.raises(IllegalFact, match="without a quantity, or without one cost"):
        given.ledger().apply(replace(fact, **broken), LATER)  # type: ignore[arg-type]


def test_adoption_uses_up_no_opening_of_the_day_and_proves_nothing() -> None:
    ledger, _ = adopted()
    [position] = ledger.open_positions()

    assert list(ledger.opened_on(date(2026, 11, 23))) == []
    ledger.apply(PositionReleased(position.id, "ada", "mine"), LATER)
    assert proven(ledger, "puts") == 0


@pytest.mark.parametrize(
    ("asked", "held", "why"),
    [
        (AdoptAsked("puts", (SHORT.con_id,)), VERTICAL, "is none: its exits were not written for these legs"),
        (AdoptAsked("", (SHORT.con_id,)), VERTICAL, "2 × SPY 2026-12-18 580P would be owed with no long contract beside it"),
        (AdoptAsked("calls", BOTH.legs), VERTICAL, "no strategy 'calls' is in force; strategies: puts"),
        (AdoptAsked("puts", (SHORT.con_id, 7)), VERTICAL, "not among them: 7"),
        (AdoptAsked("puts", (SHORT.con_id, SHORT.con_id)), VERTICAL, "one named twice"),
        (AdoptAsked("puts", BOTH.legs, (-1, 1)), VERTICAL, "which is not what you were shown; look again"),
        (BOTH, (theirs(SHORT, -2), theirs(LONG, 1)), "puts trades bull_put, and"),
        (AdoptAsked("", BOTH.legs), (theirs(SHORT, -2), theirs(LONG, 1)), "1 × SPY 2026-12-18 580P would be owed"),
        (BOTH, (VERTICAL[0], theirs(LONG, 2, average_cost=None)), "the broker does not tell its average cost"),
        (BOTH, (VERTICAL[0], theirs(LONG, 2, currency=None)), "the broker does not tell its currency"),
        (BOTH, (VERTICAL[0], theirs(LONG, 2, currency="EUR")), "it stands for 100 shares in EUR"),
        (BOTH, (VERTICAL[0], theirs(LONG, 2, multiplier=Decimal(10))), "it stands for 10 shares in USD"),
        (BOTH, (VERTICAL[0], theirs(LONG, 2, root="SPY1")), "class SPY1 delivers something else than 100 shares"),
        (BOTH, (VERTICAL[0], theirs(LONG, 2, strike=Decimal(570))), "and lists it as SPY 2026-12-18 575P"),
        (BOTH, (VERTICAL[0], theirs(LONG, 2, kind="FOP")), f"not among them: {LONG.con_id}"),
    ],
)
def test_what_is_not_covered_not_known_or_not_foreign_stays_where_it_is(
    asked: AdoptAsked, held: tuple[BrokerPosition, ...], why: str
) -> None:
    found = outcome(asked, *held)

    assert isinstance(found, str)
    assert found.startswith("nothing was adopted: ")
    assert why in found


def test_contract_that_an_order_of_ours_trades_is_adopted_only_after_its_end() -> None:
    order = given.proposal()
    ledger = given.told(given.ledger(), *given.working(order), at=given.NOW)

    found = outcome(BOTH, *VERTICAL, ledger=ledger)

    assert isinstance(found, str)
    assert f"order {order.order_ref} trades" in found


def test_contract_of_a_position_is_not_foreign() -> None:
    ledger = given.told(given.ledger(), *given.opened(given.proposal(quantity=2), at=given.NOW), at=given.NOW)
    books, snapshot = looking(*VERTICAL, theirs(NAKED, 1), ledger=ledger)

    assert [one.con_id for one in foreign_options(snapshot.ledger, books)] == [NAKED.con_id]


def test_nothing_is_adopted_before_the_broker_has_said_what_it_holds() -> None:
    for books, known in ((None, given.ledger()), (Books(given.NOW, VERTICAL), Ledger())):
        found = adopted_by(BOTH, "ada", "mine", books, given.snapshot(known), RULEBOOK)
        assert found == "nothing was adopted: what the broker holds is not known yet; try again in a minute"


def test_structure_without_rules_has_a_bound_and_a_structure_of_other_wings_is_not_the_strategys() -> None:
    fly = given.rulebook(
        given.strategy(
            "spread:\n  type: butterfly\n  right: put\n  expiry: 20-30 days\n  body_delta: 0.20-0.50\n  width: $10\n"
            "entry:\n  approval: manual\nexits:\n  - loss >= 50% of debit\n"
        )
    )
    found: list[PositionAdopted | str] = []
    for spread, name in ((BUTTERFLY, "puts"), (BROKEN_WING, "puts"), (BROKEN_WING, "")):
        legs = [theirs(leg.contract, leg.sign * leg.ratio * 3) for leg in reversed(spread.legs)]
        books, snapshot = looking(*legs)
        asked = AdoptAsked(name, tuple(one.con_id for one in legs))
        found.append(adopted_by(asked, "ada", "mine", books, snapshot, fly))

    whole, other, free = found
    assert isinstance(whole, PositionAdopted)
    assert (whole.spread, whole.quantity) == (BUTTERFLY, 3)
    assert isinstance(other, str)
    assert isinstance(free, PositionAdopted)
    assert (free.spread.structure, free.strategy, free.digest) == ("adopted", "", "")


def test_two_expiries_of_european_options_are_left_to_a_person() -> None:
    def asked_for(root: str) -> PositionAdopted | str:
        near, far = (
            given.contract(590, root=root, underlying="SPX" if root == "SPXW" else "SPY", expiry=leg.contract.expiry)
            for leg in CALENDAR.legs
        )
        return outcome(AdoptAsked("", (near.con_id, far.con_id)), theirs(near, -1), theirs(far, 1))

    american, european = asked_for("SPY"), asked_for("SPXW")

    assert isinstance(american, PositionAdopted)
    assert isinstance(european, str)
    assert "of European options of two expiries" in european


def test_contract_that_settles_in_the_morning_expires_the_session_after_it_trades_last() -> None:
    monthly = given.contract(5000, root="SPX", underlying="SPX", expiry=date(2026, 12, 18))
    held = theirs(monthly, 1, last_trade=date(2026, 12, 17))
    _, snapshot = looking(held)

    assert contract_of(held, snapshot) == monthly


def test_preview_shows_the_position_with_its_exits_and_changes_nothing() -> None:
    books, snapshot = looking(*VERTICAL, theirs(NAKED, -1))

    row = adoption_row(BOTH, books, snapshot, RULEBOOK, given.rows())
    listed = adoption_row(AdoptAsked("puts", ()), books, snapshot, RULEBOOK, given.rows())

    assert (row["obstacle"], listed["position"], listed["obstacle"]) == (None, None, None)
    assert {one["con_id"]: one["quantity"] for one in row["foreign"]} == {  # type: ignore[attr-defined]
        SHORT.con_id: -2, LONG.con_id: 2, NAKED.con_id: -1
    }  # fmt: skip
    position = row["position"]
    assert isinstance(position, dict)
    assert [rule["rule"] for rule in position["exits"]] == ["profit >= 50% of credit", "loss >= 200% of credit", "dte <= 7"]
    assert position["unrealised_usd"] is not None
    assert snapshot.ledger.orders == {}
