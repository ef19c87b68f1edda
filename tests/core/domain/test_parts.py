"""Any part of a position may be closed: what is held and what was made equal plain bookkeeping, contract by contract."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given as property_of
from hypothesis import strategies as st

from engine.domain.contract import Contract
from engine.domain.cover import left_bare, uncovered
from engine.domain.facts.orders import CommissionReported, LegFilled, OrderProposed
from engine.domain.facts.positions import PositionSettled
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.parts import parts_of, side_of, some_of
from engine.domain.position import Position
from engine.domain.spread import Leg, Spread
from tests import given

VERTICAL = given.spread()
CONDOR = Spread(
    "iron_condor",
    (
        Leg(given.contract(580), "sell"),
        Leg(given.contract(575), "buy"),
        Leg(given.contract(620, "C"), "sell"),
        Leg(given.contract(625, "C"), "buy"),
    ),
)
BUTTERFLY = Spread(
    "butterfly",
    (
        Leg(given.contract(570), "buy"),
        Leg(given.contract(575), "sell", 2),
        Leg(given.contract(580), "buy"),
    ),
)
STRUCTURES = st.sampled_from([VERTICAL, CONDOR, BUTTERFLY])
cents = st.integers(5, 900).map(lambda number: Decimal(number) / 100)


def filled(order: OrderProposed, spreads: int, prices: list[Decimal], tag: str) -> list[Fact]:
    """Executions of whole combinations, each leg at a price of its own, and their commissions."""
    made: list[Fact] = []
    for number, leg in enumerate(order.spread.legs):
        buys = (leg.action == "buy") == (order.purpose == "open")
        exec_id = f"{order.order_ref}.{tag}.{leg.contract.con_id}.01"
        price, con_id = prices[number % len(prices)], leg.contract.con_id
        made.append(LegFilled(order.order_ref, exec_id, con_id, "buy" if buys else "sell", spreads * leg.ratio, price, given.NOW))
        made.append(CommissionReported(order.order_ref, exec_id, Decimal("0.65") * spreads * leg.ratio))
    return made


def bought(of: Spread, quantity: int, prices: list[Decimal]) -> Ledger:
    order = given.proposal(of=of, quantity=quantity)
    return given.ledger(*given.working(order), *filled(order, quantity, prices, "a"))


def closed(known: Ledger, number: int, spread: Spread, quantity: int, prices: list[Decimal]) -> None:
    order = given.proposal(f"c{number}", of=spread, position="o1", quantity=quantity, limit="-0.40")
    given.told(known, *given.working(order), *filled(order, quantity, prices, "a"))


def choices(position: Position) -> list[Spread]:
    """Everything that the position may close: its parts, its sides, the shorts of each part alone."""
    found = [part.spread for part in position.parts]
    found += [some_of(part.spread, [at]) for part in position.parts for at, leg in enumerate(part.spread.legs) if leg.sign < 0]
    return [one for one in found if position.count(one)]


def cash_of(known: Ledger) -> Decimal:
    """USD that the executions brought, + received."""
    return sum(
        (
            fill.price * fill.quantity * 100 * (1 if fill.action == "sell" else -1)
            for order in known.orders.values()
            for fill in order.fills.values()
        ),
        Decimal(0),
    )


@property_of(
    STRUCTURES,
    st.integers(1, 4),
    st.lists(cents, min_size=4, max_size=4),
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 4), st.lists(cents, min_size=4, max_size=4)), max_size=5),
)
def test_contracts_and_cash_equal_plain_bookkeeping_whatever_is_closed(
    structure: Spread, quantity: int, prices: list[Decimal], closes: list[tuple[int, int, list[Decimal]]]
) -> None:
    known = bought(structure, quantity, prices)
    for number, (which, most, at) in enumerate(closes):
        position = known.positions["o1"]
        possible = choices(position)
        if possible:
            spread = possible[which % len(possible)]
            count = min(most, position.count(spread))
            # A long of which more is sold than stands alone would leave a short: no order does that.
            if not left_bare(position.held, [(spread.legs, count)]):
                closed(known, number, spread, count, at)

    position = known.positions["o1"]
    contracts = known.contracts_held()
    assert {contract.con_id: count for contract, count in position.held.items() if count} == contracts
    made: Counter[Contract] = Counter()
    for part in position.parts:
        for leg in part.spread.legs:
            made[leg.contract] += leg.sign * leg.ratio * part.quantity
    assert {contract.con_id: count for contract, count in made.items() if count} == contracts
    assert position.bare == ()
    assert all(
        not uncovered(Counter({leg.contract: leg.sign * leg.ratio for leg in part.spread.legs})) for part in position.parts
    )
    assert position.is_open == bool(contracts)
    # All that came in and went out is what was made, and what the open contracts brought when they were opened.
    opening = sum((part.opening_net * part.quantity * 100 for part in position.parts), Decimal(0))
    assert abs(position.realised + opening - cash_of(known)) <= Decimal("0.001")
    worthless = [Decimal(0)] * len(position.parts)
    assert abs(position.unrealised(*worthless) - opening) <= Decimal("0.001")
    assert position.fees == sum((order.commission for order in known.orders.values()), Decimal(0))


@property_of(
    STRUCTURES,
    st.integers(1, 3),
    st.lists(cents, min_size=4, max_size=4),
    st.integers(0, 20),
    st.integers(560, 640).map(Decimal),
)
def test_settlement_settles_all_that_is_held(
    structure: Spread, quantity: int, prices: list[Decimal], which: int, spot: Decimal
) -> None:
    known = bought(structure, quantity, prices)
    possible = choices(known.positions["o1"])
    closed(known, 0, possible[which % len(possible)], 1, prices)
    left = known.positions["o1"]
    if not left.is_open:
        return
    worth = sum((part.spread.worth(spot) * part.quantity for part in left.parts), Decimal(0))

    given.told(known, PositionSettled("o1", worth / left.quantity, "expired"))

    position = known.positions["o1"]
    assert not position.is_open
    assert position.close_reason == "settled at expiry"
    assert abs(position.realised - (cash_of(known) + worth * 100)) <= Decimal("0.001")


@property_of(STRUCTURES, st.lists(st.integers(0, 4), min_size=4, max_size=4))
def test_parts_are_all_that_is_held_and_leave_no_short_alone_that_has_its_long(structure: Spread, held: list[int]) -> None:
    counts = held[: len(structure.legs)]
    owed = Counter({leg.contract: leg.sign * count for leg, count in zip(structure.legs, counts, strict=True)})

    parts = list(parts_of(structure, counts))

    made: Counter[Contract] = Counter()
    bare = 0
    for spread, quantity in parts:
        for leg in spread.legs:
            made[leg.contract] += leg.sign * leg.ratio * quantity
        alone = uncovered(Counter({leg.contract: leg.sign * leg.ratio for leg in spread.legs}))
        bare += sum(alone.values()) * quantity
    assert {one: count for one, count in made.items() if count} == {one: count for one, count in owed.items() if count}
    assert bare == sum(uncovered(owed).values())


def test_vertical_is_one_part_that_is_its_spread() -> None:
    position = bought(VERTICAL, 3, [Decimal("2.00"), Decimal("1.20")]).positions["o1"]

    assert [(part.spread, part.quantity, part.opening_net) for part in position.parts] == [(VERTICAL, 3, Decimal("0.80"))]
    assert position.parts[0].spread is position.spread


@pytest.mark.parametrize(("side", "left"), [("put", "call side"), ("call", "put side")])
def test_side_that_is_closed_leaves_the_other_under_its_name(side: str, left: str) -> None:
    known = bought(CONDOR, 1, [Decimal("2.00"), Decimal("1.20"), Decimal("1.50"), Decimal("1.00")])
    closing = side_of(CONDOR, side)  # type: ignore[arg-type]
    assert closing is not None

    closed(known, 0, closing, 1, [Decimal("0.50"), Decimal("0.20")])

    position = known.positions["o1"]
    assert position.spread.structure == f"iron_condor {left}"
    assert (position.quantity, position.is_whole) == (1, False)
    assert position.opening_net == (Decimal("0.80") if left == "put side" else Decimal("0.50"))
    assert position.realised == (80 if side == "put" else 50) - 30


def test_half_of_a_side_leaves_whole_ones_first_and_the_rest_of_the_other_side() -> None:
    known = bought(CONDOR, 2, [Decimal("1.00")])
    puts = side_of(CONDOR, "put")
    assert puts is not None

    closed(known, 0, puts, 1, [Decimal("1.00")])

    position = known.positions["o1"]
    assert [(part.spread.structure, part.quantity) for part in position.parts] == [
        ("iron_condor", 1),
        ("iron_condor call side", 1),
    ]
    assert (position.opened, position.closed, position.quantity) == (2, 1, 1)


def test_long_that_is_left_can_lose_what_it_cost() -> None:
    known = bought(VERTICAL, 1, [Decimal("2.00"), Decimal("1.20")])

    closed(known, 0, some_of(VERTICAL, [0]), 1, [Decimal("3.50")])

    position = known.positions["o1"]
    assert [(part.spread.structure, part.quantity) for part in position.parts] == [("bull_put long", 1)]
    assert position.realised == -150
    assert position.max_loss == Decimal("120") + Decimal("1.30")
    assert position.shorts == ()


def test_long_that_is_sold_first_leaves_a_short_that_is_said_to_be_bare() -> None:
    known = bought(VERTICAL, 2, [Decimal("2.00"), Decimal("1.20")])

    closed(known, 0, some_of(VERTICAL, [1]), 1, [Decimal("1.00")])

    assert [one.id for one in known.bare_positions()] == ["o1"]
    assert known.positions["o1"].bare == ((given.contract(580), 1),)


def test_vertical_has_no_sides() -> None:
    assert side_of(VERTICAL, "put") is None
