"""Positions of which a part is closed, in SQL: the same as the fold says, and what plain arithmetic says."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from engine.domain.facts.orders import LegFilled, OrderApproved, OrderSent
from engine.domain.facts.positions import PositionSettled
from engine.domain.facts.union import Fact
from engine.domain.parts import side_of, some_of
from engine.domain.spread import Leg, Spread
from engine.store import chains
from engine.store.quotes import QuoteStore
from tests import given as world
from tests.shell.store.facts import NOON, placed, proposal
from tests.shell.store.test_history import assert_views_are_the_fold, rows, told
from tests.shell.store.test_quotes import SPX, chain
from tests.structures import ALL, BUTTERFLY, CALENDAR, CONDOR

VERTICAL = world.spread()


def filled(ref: str, spread: Spread, quantity: int, prices: list[str], *, closes: bool = False) -> list[Fact]:
    """Executions of so many combinations, each leg at its price, at noon."""
    made: list[Fact] = []
    for number, (leg, price) in enumerate(zip(spread.legs, prices, strict=True)):
        buys = (leg.sign > 0) != closes
        made.append(
            LegFilled(
                ref,
                f"{ref}.x{number}.01",
                leg.contract.con_id,
                "buy" if buys else "sell",
                quantity * leg.ratio,
                Decimal(price),
                NOON,
            )
        )
    return made


def opened(spread: Spread, quantity: int, prices: list[str], *, ref: str = "o1") -> list[Fact]:
    return [proposal(ref, quantity=quantity, spread=spread), *placed(ref), *filled(ref, spread, quantity, prices)]


def closed(ref: str, spread: Spread, quantity: int, prices: list[str], *, position: str = "o1") -> list[Fact]:
    return [
        proposal(ref, position=position, quantity=quantity, spread=spread),
        OrderApproved(ref, "exit", Decimal(-1)),
        OrderSent(ref, Decimal(-1)),
        *filled(ref, spread, quantity, prices, closes=True),
    ]


def test_side_that_is_closed_is_realised_and_the_other_is_open(tmp_path: Path) -> None:
    puts = side_of(CONDOR, "put")
    assert puts is not None
    story = opened(CONDOR, 2, ["2.10", "1.20", "1.90", "1.05"])
    ledger = told(tmp_path, [*story, *closed("c1", puts, 2, ["0.40", "0.15"])])

    assert_views_are_the_fold(tmp_path, ledger)
    (row,) = rows(tmp_path, "FROM positions")
    # The puts brought 0.90 and cost 0.25 to close; the calls brought 0.85 and may cost 5.00.
    assert (row["is_open"], row["opened"], row["closed"], row["quantity"], row["realised"]) == (True, 2, 2, 2, Decimal(130))
    assert [(part["structure"], part["quantity"]) for part in row["parts"]] == [("iron_condor call side", 2)]  # type: ignore[attr-defined]
    # 4.15 a share of each of the two, and half of the fees, both ways, of a whole one.
    whole = next(iter(ledger.orders.values())).fees
    assert row["max_loss"] == 2 * Decimal(415) + whole / 2


def test_short_that_is_bought_back_leaves_the_long_and_its_cost(tmp_path: Path) -> None:
    story = opened(VERTICAL, 3, ["2.00", "1.20"])
    ledger = told(tmp_path, [*story, *closed("c1", some_of(VERTICAL, [0]), 2, ["3.50"])])

    assert_views_are_the_fold(tmp_path, ledger)
    (row,) = rows(tmp_path, "FROM positions")
    # One vertical is whole; two shorts sold at 2.00 were bought at 3.50; two longs that cost 1.20 are left.
    assert (row["is_open"], row["closed"], row["quantity"], row["realised"]) == (True, 2, 1, Decimal(-300))
    assert [(part["structure"], part["quantity"], part["opening_net"]) for part in row["parts"]] == [  # type: ignore[attr-defined]
        ("bull_put", 1, Decimal("0.8")),
        ("bull_put long", 2, Decimal("-1.2")),
    ]


def rolled_to(ref: str, spread: Spread, quantity: int, prices: list[str], *, position: str = "o1") -> list[Fact]:
    """An opening that joins a position."""
    joining = replace(proposal(ref, quantity=quantity, spread=spread), position=position, rolled_from=position)
    return [joining, *placed(ref), *filled(ref, spread, quantity, prices)]


def puts_at(short: float, long: float, expiry: date = world.EXPIRY) -> Spread:
    legs = (Leg(world.contract(short, "P", expiry=expiry), "sell"), Leg(world.contract(long, "P", expiry=expiry), "buy"))
    return Spread("iron_condor put side", legs)


@pytest.mark.parametrize(
    ("successor", "parts"),
    [
        # Of the same day it is one condor again; of another day its sides stand beside each other.
        (puts_at(575, 570), [("iron_condor", 2)]),
        (puts_at(570, 565, world.LATER), [("iron_condor put side", 2), ("iron_condor call side", 2)]),
    ],
)
def test_side_that_was_rolled_is_a_part_of_the_same_position(
    tmp_path: Path, successor: Spread, parts: list[tuple[str, int]]
) -> None:
    puts = side_of(CONDOR, "put")
    assert puts is not None
    story = [*opened(CONDOR, 2, ["2.10", "1.20", "1.90", "1.05"]), *closed("c1", puts, 2, ["3.40", "2.15"])]
    ledger = told(tmp_path, [*story, *rolled_to("r1", successor, 2, ["3.10", "1.80"])])

    assert_views_are_the_fold(tmp_path, ledger)
    (row,) = rows(tmp_path, "FROM positions")
    # The puts brought 0.90 and cost 1.25; what took their place brought 1.30.
    assert (row["is_open"], row["closed"], row["quantity"], row["rolls"], row["realised"]) == (True, 0, 2, 1, Decimal(-70))
    assert [(part["structure"], part["quantity"]) for part in row["parts"]] == parts  # type: ignore[attr-defined]


def test_short_that_was_rolled_stands_beside_the_long_that_is_held(tmp_path: Path) -> None:
    first = world.contract(590, "P", expiry=date(2026, 12, 4))
    calendar = Spread("calendar", (Leg(first, "sell"), CALENDAR.legs[1]), Decimal("1.004"), Decimal("0.995"))
    short = replace(calendar, structure="calendar short", legs=calendar.shorts)
    following = Spread("calendar short", CALENDAR.shorts, Decimal("1.002"), Decimal("0.997"))
    story = [*opened(calendar, 2, ["2.00", "6.35"]), *closed("c1", short, 2, ["3.00"]), *rolled_to("r1", following, 2, ["4.50"])]
    ledger = told(tmp_path, story)

    assert_views_are_the_fold(tmp_path, ledger)
    (row,) = rows(tmp_path, "FROM positions")
    assert (row["is_open"], row["closed"], row["quantity"], row["rolls"], row["realised"]) == (True, 0, 2, 1, Decimal(-200))
    assert [(part["structure"], part["opening_net"]) for part in row["parts"]] == [("calendar", Decimal("-1.85"))]  # type: ignore[attr-defined]


def test_contract_that_is_sold_again_after_it_was_bought_back_is_a_lot_of_its_own(tmp_path: Path) -> None:
    puts = side_of(CONDOR, "put")
    assert puts is not None
    further, story = puts_at(570, 565), opened(CONDOR, 2, ["2.10", "1.20", "1.90", "1.05"])
    story += closed("c1", puts, 2, ["3.40", "2.15"]) + rolled_to("r1", further, 2, ["2.00", "1.10"])
    story += closed("c2", further, 2, ["1.00", "0.40"]) + rolled_to("r2", puts, 1, ["2.50", "1.60"])
    ledger = told(tmp_path, story)

    assert_views_are_the_fold(tmp_path, ledger)
    position = ledger.positions["o1"]
    assert [(lot.opened, lot.held, lot.roll) for lot in position.lots[4:]] == [(2, 0, 1), (2, 0, 1), (1, 1, 2), (1, 1, 2)]
    stands = [(part.spread.structure, part.quantity) for part in position.parts]
    assert stands == [("iron_condor", 1), ("iron_condor call side", 1)]
    assert position.parts[0].opening_net == Decimal("1.75")
    assert position.realised == Decimal(-10)


def test_call_that_is_owed_alone_has_no_most_that_it_can_lose(tmp_path: Path) -> None:
    story = opened(CONDOR, 3, ["3.00", "5.10", "1.70", "0.85"])
    ledger = told(tmp_path, [*story, *closed("c1", some_of(CONDOR, [3]), 3, ["0.35"])])

    assert_views_are_the_fold(tmp_path, ledger)
    (row,) = rows(tmp_path, "FROM positions")
    # Nothing bounds what the calls can come to cost: that is absent, and no loss of $0.
    assert row["max_loss"] is None
    assert [(part["structure"], part["max_loss"] is None) for part in row["parts"]] == [  # type: ignore[attr-defined]
        ("iron_condor put side", False),
        ("iron_condor short call", True),
    ]


def test_long_that_is_left_and_sold_later_ends_the_trade(tmp_path: Path) -> None:
    story = opened(VERTICAL, 1, ["2.00", "1.20"])
    story += closed("c1", some_of(VERTICAL, [0]), 1, ["3.50"])
    story += closed("c2", some_of(VERTICAL, [1]), 1, ["0.05"])
    ledger = told(tmp_path, story)

    assert_views_are_the_fold(tmp_path, ledger)
    (trade,) = rows(tmp_path, "FROM trades")
    assert (trade["is_open"], trade["realised"], trade["closing_net"]) == (False, Decimal(-265), Decimal("-3.45"))


def test_settlement_pays_what_is_held_and_not_what_was_closed(tmp_path: Path) -> None:
    calls = side_of(CONDOR, "call")
    assert calls is not None
    story = opened(CONDOR, 3, ["2.10", "1.20", "1.90", "1.05"])
    story += closed("c1", calls, 3, ["0.10", "0.05"])
    ledger = told(tmp_path, [*story, PositionSettled("o1", Decimal("-2.00"), "expired")])

    assert_views_are_the_fold(tmp_path, ledger)
    (trade,) = rows(tmp_path, "FROM trades")
    # The calls brought 0.85 and cost 0.05; the puts brought 0.90 and were worth -2.00.
    assert (trade["is_open"], trade["realised"]) == (False, 3 * (Decimal(80) - Decimal(110)))


MANY = st.tuples(
    st.sampled_from([VERTICAL, *ALL.values()]),
    st.integers(1, 3),
    st.lists(st.tuples(st.sampled_from([0b1, 0b10, 0b11, 0b1100, 0b100, 0b1000, 0b1111]), st.integers(1, 3)), max_size=4),
    st.sampled_from([None, "-1.25", "0.40"]),
)


@settings(max_examples=3, phases=[Phase.explicit, Phase.generate])
@given(st.lists(MANY, min_size=8, max_size=8))
def test_views_are_the_fold_whatever_parts_are_closed(
    drawn: list[tuple[Spread, int, list[tuple[int, int]], str | None]],
) -> None:
    """Eight positions in a journal: its views take half a second however many there are."""
    story: list[Fact] = []
    for name, (spread, quantity, closes, settled) in enumerate(drawn):
        position = f"o{name}"
        story += opened(spread, quantity, ["3.00", "5.10", "1.70", "0.85"][: len(spread.legs)], ref=position)
        for number, (which, count) in enumerate(closes):
            places = [at for at in range(len(spread.legs)) if which >> at & 1]
            if places:
                part = some_of(spread, places, as_pairs=number % 2 == 0)
                paid = ["0.35", "0.20", "0.15", "0.05"][: len(places)]
                story += closed(f"{position}c{number}", part, count, paid, position=position)
        if settled is not None:
            story.append(PositionSettled(position, Decimal(settled), "expired"))

    with TemporaryDirectory() as folder:
        ledger = told(Path(folder), story)
        assert_views_are_the_fold(Path(folder), ledger)


@pytest.mark.parametrize(("spread", "loss"), [(CONDOR, "325"), (BUTTERFLY, "120"), (CALENDAR, "235")])
def test_most_that_can_be_lost_is_that_of_the_structure(tmp_path: Path, spread: Spread, loss: str) -> None:
    """Widths of 5 less 1.75; the debits of a butterfly and a calendar."""
    prices = {
        "iron_condor": ["2.10", "1.20", "1.90", "1.05"],
        "butterfly": ["3.00", "5.10", "8.40"],
        "calendar": ["4.00", "6.35"],
    }
    ledger = told(tmp_path, opened(spread, 1, prices[spread.structure]))

    (row,) = rows(tmp_path, "SELECT max_loss, max_loss_opened FROM positions")
    fees = ledger.orders["o1"].fees
    assert [row["max_loss"], row["max_loss_opened"]] == [Decimal(loss) + fees] * 2


def test_mark_of_what_is_left_counts_every_part_of_it(tmp_path: Path) -> None:
    spread = Spread("bull_put", (Leg(chain()[15], "sell"), Leg(chain()[13], "buy")))
    story = opened(spread, 3, ["5.00", "3.50"])
    told(tmp_path, [*story, *closed("c1", some_of(spread, [0]), 2, ["6.00"])])
    at = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
    store = QuoteStore()
    store.layout(chain(), {"SPX": SPX})
    store.underlying("SPX", at.timestamp(), 6000.0)
    store.option(chain()[15].con_id, at.timestamp() - 2, bid=4.0, ask=4.2)
    store.option(chain()[13].con_id, at.timestamp() - 8, bid=3.0, ask=3.1)
    chains.save(tmp_path, store.snapshot(at), "DU1", store.carries)

    (mark,) = rows(tmp_path, "SELECT quantity, mark, unrealised, marked_at FROM marks")

    # One vertical brought 1.50 and costs 1.05; two longs cost 3.50 and bring 3.05.
    assert (mark["quantity"], mark["mark"], mark["unrealised"]) == (1, Decimal("-1.05"), Decimal(45) - 2 * Decimal(45))
    assert mark["marked_at"] == (at - timedelta(seconds=8)).replace(tzinfo=None)
