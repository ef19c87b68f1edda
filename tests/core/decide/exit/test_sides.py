"""Rules that close a portion: half once, one side by its own result, what is owed only; and what stands below them goes on."""

from decimal import Decimal

import pytest

from engine.decide.exit.blocked import Due, Kind
from engine.decide.exit.groups import chosen
from engine.decide.positions import position_row
from engine.domain.decision import BlockExit, ConfirmExit, Fault, Propose, TriggerExit
from engine.domain.ledger import Ledger
from engine.domain.parts import side_of
from engine.domain.snapshot import ExitHits
from engine.domain.spread import Spread
from engine.strategy.model import Strategy
from tests import given
from tests.core.decide.exit.test_cuts import bought_back, proposed, quoted
from tests.core.decide.watching import look, position, seconds
from tests.structures import CONDOR

LOSING_PUTS = {"p580": (3.95, 4.05), "p575": (2.00, 2.04), "c620": (0.90, 0.94), "c625": (0.50, 0.54)}
"""The puts cost 1.98 to close, the calls 0.40."""


def condor_file(*exits: str) -> Strategy:
    lines = "".join(f"  - {line}\n" for line in (*exits, "dte <= 10"))
    shape = "  type: iron_condor\n  expiry: 20-30 days\n  short_delta: 0.10-0.40\n  width: $5\n  rank: return_on_risk\n"
    return given.strategy(f"spread:\n{shape}exits:\n{lines}")


def held(file: Strategy, quantity: int = 1) -> Ledger:
    """A condor whose sides brought 0.80 each."""
    return given.ledger(*given.opened(given.proposal(of=CONDOR, quantity=quantity, by=file), net="0.80"))


def side(of: Spread, name: str) -> Spread:
    found = side_of(of, name)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_each_side_has_a_result_of_its_own() -> None:
    known = held(condor_file("profit >= 50% of credit"), 2)

    row = position_row(known.positions["o1"], quoted(LOSING_PUTS), given.market(), given.NOW, given.SESSION)

    assert row["put_side_credit"] == row["call_side_credit"] == 160.0
    assert (row["put_side_profit"], row["call_side_profit"]) == (pytest.approx(-236.0), pytest.approx(80.0))
    assert (row["put_side_loss"], row["profit"]) == (pytest.approx(236.0), pytest.approx(-156.0))
    assert (row["put_side_breached"], row["call_side_breached"]) == (False, False)


def test_side_that_is_gone_and_a_structure_without_sides_have_none() -> None:
    known = bought_back(held(condor_file("profit >= 50% of credit")), side(CONDOR, "put"), net="-0.30")

    condor = position_row(known.positions["o1"], quoted(LOSING_PUTS), given.market(), given.NOW, given.SESSION)
    vertical = position_row(position().positions["o1"], quoted({}), given.market(), given.NOW, given.SESSION)

    assert (condor["put_side_profit"], condor["put_side_credit"], condor["put_side_delta"]) == (None, None, None)
    assert condor["call_side_profit"] == condor["profit"]
    assert {value for name, value in vertical.items() if "_side_" in name} == {None}


def test_profit_of_one_side_closes_that_side_and_the_other_keeps_its_rules() -> None:
    file = condor_file("call_side_profit >= 50% of call_side_credit: close call side", "loss >= 900% of credit")

    found = look(held(file, 3), quoted(LOSING_PUTS), strategy=file)
    after = look(bought_back(held(file, 3), side(CONDOR, "call"), 3, net="-0.40"), quoted(LOSING_PUTS), strategy=file)

    (order,) = proposed(found)
    assert (order.spread.structure, order.quantity, order.urgent) == ("iron_condor call side", 3, False)
    assert [one.fact.action for one in found if isinstance(one, TriggerExit)] == ["close call side"]
    assert [one for one in after if isinstance(one, Propose)] == []


def test_half_is_closed_once_and_the_next_line_goes_on() -> None:
    file = given.strategy("exits:\n  - profit >= 10% of credit: close half\n  - profit >= 30% of credit\n  - dte <= 10")
    chain = quoted({"p580": (1.70, 1.72), "p575": (1.20, 1.22)})  # 0.50 to close, of 0.80
    rule = "profit >= 10% of credit"
    known = position(by=file, quantity=5)

    (first,) = proposed(look(known, chain, strategy=file))
    close = given.proposal("c1", of=given.spread(), position="o1", quantity=3, limit="-0.50", rule=rule)
    given.told(known, *given.closed(close, at=seconds(-600)), at=seconds(-600))
    (second,) = proposed(look(known, chain, strategy=file))

    assert (first.quantity, first.reason) == (3, rule)
    assert (second.quantity, second.reason) == (2, "profit >= 30% of credit")


def test_half_of_which_a_part_filled_is_closed_to_the_half() -> None:
    file = given.strategy("exits:\n  - profit >= 10% of credit: close half\n  - dte <= 10")
    known = position(by=file, quantity=5)
    close = given.proposal("c1", of=given.spread(), position="o1", quantity=1, limit="-0.50", rule="profit >= 10% of credit")
    given.told(known, *given.closed(close, at=seconds(-600)), at=seconds(-600))

    (order,) = proposed(look(known, quoted({"p580": (1.70, 1.72), "p575": (1.20, 1.22)}), strategy=file))

    assert order.quantity == 2


def test_rule_that_buys_back_the_short_leaves_the_long() -> None:
    file = given.strategy("exits:\n  - time >= 09:35 New York: close short\n  - dte <= 10")
    known = position(by=file, quantity=2)

    (order,) = proposed(look(known, quoted({"p580": (1.70, 1.72), "p575": (1.20, 1.22)}), strategy=file))

    assert (order.spread.structure, order.quantity) == ("bull_put short", 2)
    assert order.worst >= Decimal("-6.20")


PROFIT = "profit >= 1% of credit"


def left_file(*exits: str) -> Strategy:
    """The same on options that are settled in cash, where a side may be left to expire."""
    lines = "".join(f"  - {line}\n" for line in exits)
    shape = "  type: iron_condor\n  expiry: 20-30 days\n  short_delta: 0.10-0.40\n  width: $5\n  rank: return_on_risk\n"
    return given.strategy(f"universe: [SPX]\nspread:\n{shape}exits:\n{lines}")


@pytest.mark.parametrize(
    ("line", "closed"),
    [
        ("time >= 09:35 New York", "iron_condor call side"),
        ("time >= 09:35 New York: close call side", "iron_condor call side"),
        ("time >= 09:35 New York: close half", "iron_condor call side"),
        ("time >= 09:35 New York: close short", "iron_condor call side short"),
        ("time >= 09:35 New York: close put side", None),
    ],
)
def test_lines_below_leave_the_side_that_is_left_to_expire(line: str, closed: str | None) -> None:
    file = left_file("put_side_loss >= $1: let put side expire", line)

    found = look(held(file), quoted(LOSING_PUTS), strategy=file)

    assert [order.spread.structure for order in proposed(found)] == ([closed] if closed else [])
    assert not any(isinstance(one, Fault) for one in found)


def test_line_above_closes_both_sides() -> None:
    file = left_file("time >= 09:35 New York", "put_side_loss >= $1: let put side expire")

    (order,) = proposed(look(held(file), quoted(LOSING_PUTS), strategy=file))

    assert order.spread.structure == "iron_condor"


def test_both_sides_that_are_left_are_a_position_that_is_left() -> None:
    lines = ("put_side_loss >= $1: let put side expire", "call_side_profit >= $1: let call side expire")
    file = left_file(*lines, "time >= 09:35 New York")

    found = look(held(file), quoted(LOSING_PUTS), strategy=file)

    assert proposed(found) == []
    assert not any(isinstance(one, Fault) for one in found)


def test_side_that_is_left_stays_when_the_other_is_gone() -> None:
    file = left_file("put_side_loss >= $1: let put side expire", "time >= 09:35 New York")
    known = bought_back(held(file), side(CONDOR, "call"), net="-0.40")

    assert proposed(look(known, quoted(LOSING_PUTS), strategy=file)) == []


SPLIT = ("profit >= 10% of credit: close 50%", "profit >= 20% of credit: close 25%", "profit >= 30% of credit")
CHEAP = {"p580": (1.70, 1.72), "p575": (1.20, 1.22)}
"""0.50 to close, of 0.80: every target is reached."""


def split_file(*exits: str) -> Strategy:
    return given.strategy("exits:\n" + "".join(f"  - {line}\n" for line in (*exits, "dte <= 10")))


@pytest.mark.parametrize(("opened", "parts"), [(8, [4, 2, 2]), (10, [5, 3, 2]), (3, [2, 1]), (1, [1])])
def test_split_targets_close_their_share_of_what_was_opened_once_each_rounded_up(opened: int, parts: list[int]) -> None:
    file = split_file(*SPLIT)
    known, closed = position(by=file, quantity=opened), list[int]()

    while known.positions["o1"].is_open:
        (order,) = proposed(look(known, quoted(CHEAP), strategy=file))
        closed.append(order.quantity)
        at = seconds(-600 + len(closed))
        close = given.proposal(
            f"c{len(closed)}", of=given.spread(), position="o1", quantity=order.quantity, limit="-0.50", rule=order.rule
        )
        given.told(known, *given.closed(close, at=at), at=at)

    assert closed == parts


def test_part_of_which_some_filled_is_closed_to_its_share() -> None:
    file = split_file(*SPLIT)
    known = position(by=file, quantity=10)
    close = given.proposal("c1", of=given.spread(), position="o1", quantity=2, limit="-0.50", rule="profit >= 10% of credit")
    given.told(known, *given.closed(close, at=seconds(-600)), at=seconds(-600))

    found = look(known, quoted(CHEAP), strategy=file)

    (order,) = proposed(found)
    assert (order.quantity, order.reason) == (3, "profit >= 10% of credit")
    (triggered,) = (one.fact for one in found if isinstance(one, TriggerExit))
    assert (triggered.action, triggered.text) == ("close part", "50% of the spreads opened")


def test_short_of_one_side_is_bought_back_and_the_other_side_keeps_its_own() -> None:
    file = condor_file("time >= 09:35 New York: close call short", "loss >= 900% of credit")

    (order,) = proposed(look(held(file, 2), quoted(LOSING_PUTS), strategy=file))
    short = bought_back(held(file, 2), order.spread, 2, net="-0.40")

    assert (order.spread.structure, order.quantity) == ("iron_condor call side short", 2)
    after = [one.spread.structure for one in proposed(look(short, quoted(LOSING_PUTS), strategy=file))]
    assert after == ["iron_condor long call"]  # nobody's rules are about it, and somebody bids


def test_side_is_stopped_at_what_both_sides_brought() -> None:
    file = condor_file("put_side_loss >= 100% of total_credit: close put side")
    known = bought_back(held(file), side(CONDOR, "call"), net="-0.40")

    row = position_row(known.positions["o1"], quoted(LOSING_PUTS), given.market(), given.NOW, given.SESSION)

    assert (row["put_side_loss"], row["total_credit"], row["credit"]) == (pytest.approx(118.0), 160.0, 80.0)


def grouped(*of_each: str, whole: tuple[str, ...] = ("dte <= 10",)) -> Strategy:
    each, all_of_it = ("".join(f"    - {line}\n" for line in lines) for lines in (of_each, whole))
    shape = "  type: iron_condor\n  expiry: 20-30 days\n  short_delta: 0.10-0.40\n  width: $5\n  rank: return_on_risk\n"
    return given.strategy(f"spread:\n{shape}exits:\n  each side:\n{each}  whole:\n{all_of_it}")


def test_line_of_each_side_closes_the_side_on_which_it_holds_and_the_other_goes_on() -> None:
    file = grouped("profit >= 50% of credit", whole=("loss >= 900% of credit",))

    found = look(held(file, 2), quoted(LOSING_PUTS), strategy=file)
    after = look(bought_back(held(file, 2), side(CONDOR, "call"), 2, net="-0.40"), quoted(LOSING_PUTS), strategy=file)

    (order,) = proposed(found)
    assert (order.spread.structure, order.reason) == ("iron_condor call side", "call side: profit >= 50% of credit")
    assert [one.fact.action for one in found if isinstance(one, TriggerExit)] == ["close call side"]
    assert proposed(after) == []  # the side that is gone has no answer, and blocks nothing
    assert not any(isinstance(one, BlockExit | ConfirmExit) for one in after)


def test_what_is_due_of_both_sides_is_closed_with_an_order_each() -> None:
    file = grouped("time >= 09:35 New York: close short", "time >= 09:30 New York")
    known = held(file)

    found = look(known, quoted(LOSING_PUTS), strategy=file)

    orders = proposed(found)
    assert [order.spread.structure for order in orders] == ["iron_condor put side short", "iron_condor call side short"]
    assert len({one.order.order_ref for one in found if isinstance(one, Propose)}) == 2


def test_side_without_a_price_holds_up_neither_the_other_nor_a_date_of_the_whole() -> None:
    no_offer = LOSING_PUTS | {"p580": (3.95, 0.0)}
    sides = grouped("time >= 09:35 New York")
    both = grouped("short_distance <= $0", whole=("time >= 09:35 New York",))

    (calls,) = proposed(look(held(sides), quoted(no_offer), strategy=sides))
    (all_of_it,) = proposed(look(held(both), quoted(LOSING_PUTS), strategy=both))

    assert calls.spread.structure == "iron_condor call side"
    assert all_of_it.spread.structure == "iron_condor"


def due(kind: Kind, name: str = "whole") -> Due:
    return Due(name, name, kind)


@pytest.mark.parametrize(
    ("whole", "of_sides", "goes"),
    [
        (None, ["stop", "target"], ["a", "b"]),
        ("stop", ["stop", "stop"], ["whole"]),
        ("clock", ["stop"], ["whole"]),
        ("guard", ["target"], ["whole"]),
        ("target", ["target"], ["whole"]),
        ("target", ["stop"], ["a"]),
        ("target", ["target", "clock"], ["a", "b"]),
    ],
)
def test_side_that_must_be_closed_goes_before_a_profit_of_the_whole(
    whole: Kind | None, of_sides: list[Kind], goes: list[str]
) -> None:
    sides = [due(kind, name) for kind, name in zip(of_sides, "ab", strict=False)]

    assert [one.rule for one in chosen(due(whole) if whole else None, sides)] == goes


def test_side_that_is_left_to_expire_is_left_by_the_lines_of_the_whole() -> None:
    shape = "  type: iron_condor\n  expiry: 20-30 days\n  short_delta: 0.10-0.40\n  width: $5\n  rank: return_on_risk\n"
    lines = "  each side:\n    - profit >= $1: let expire\n    - time >= 09:35 New York: close short\n  whole:\n"
    file = given.strategy(f"universe: [SPX]\nspread:\n{shape}exits:\n{lines}    - time >= 09:36 New York\n")

    (order,) = proposed(look(held(file), quoted(LOSING_PUTS), strategy=file))

    assert order.spread.structure == "iron_condor put side"  # the whole is due: its date closes what the calls leave


def test_stop_whose_side_was_closed_while_it_was_counted_is_over_and_says_nothing() -> None:
    rule = "put_side_loss >= 200% of put_side_credit"
    file = condor_file(f"{rule}: close put side", "loss >= 900% of credit")
    known = bought_back(held(file), side(CONDOR, "put"), net="-2.00")
    counted = ExitHits(seconds(-25), seconds(-2), 3, Decimal("-2.00"))

    found = look(known, quoted(LOSING_PUTS), strategy=file, exit_hits={("o1", rule): counted})

    assert [one for one in found if isinstance(one, BlockExit | Propose)] == []
    assert [(one.rule, one.count) for one in found if isinstance(one, ConfirmExit) and one.rule == rule] == [(rule, 0)]
