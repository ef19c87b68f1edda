"""What goes through the chain in turns: all that can become a leg, beside what keeps its lines; and what may pass gets lines."""

import pytest

from engine.decide.exploration import Wish, near_legs, reachable, wish
from engine.decide.subscriptions import Guess
from engine.domain.contract import Contract
from tests import given

PUTS = given.strategy()
CONTRACTS = [
    given.contract(strike, side, expiry=day)
    for day in (given.EXPIRY, given.LATER)
    for side in ("P", "C")
    for strike in range(540, 661)
]
GUESSES = {"SPY": Guess(600.0, 0.2)}


def wished(most: int, share: float = 0.5, known=None, near=(), idle=()) -> Wish:
    return wish([PUTS], CONTRACTS, GUESSES, known or given.ledger(), given.NOW, most, near=near, share=share, idle=idle)


def all_that_can_pass() -> list[Contract]:
    return reachable([PUTS], CONTRACTS, GUESSES, given.ledger(), given.NOW)


def test_all_that_can_pass_is_of_the_side_and_expiries_of_the_strategy_and_in_the_order_of_strikes() -> None:
    found = all_that_can_pass()

    assert len(found) > 8
    assert {one.put_call for one in found} == {"P"}
    assert {one.expiry for one in found} == {given.EXPIRY}
    assert [one.strike for one in found] == sorted(one.strike for one in found)


def test_nothing_takes_turns_where_there_are_lines_for_all() -> None:
    assert wished(100).exploring == ()
    assert wished(10, share=0.0).exploring == ()


@pytest.mark.parametrize("most", [4, 6, 20])
def test_what_keeps_no_line_takes_turns_and_the_share_of_the_lines_is_left_for_it(most: int) -> None:
    found = wished(most)

    assert len(found.kept) <= most - most // 2
    assert set(found.exploring) == set(all_that_can_pass()) - set(found.kept)


def test_what_is_held_keeps_its_lines_whatever_the_share() -> None:
    known = given.ledger(*given.opened(given.proposal()))
    held = [leg.contract for leg in given.spread().legs]

    found = wished(4, share=0.9, known=known)

    assert set(held) <= set(found.kept)
    assert not set(held) & set(found.exploring)


def test_legs_of_what_may_pass_come_next_and_take_half_of_the_lines_that_stay_at_the_most() -> None:
    far = [one for one in all_that_can_pass() if one not in wished(8).kept]

    found = wished(8, near=far[:3])

    assert set(far[:2]) <= set(found.kept)
    assert far[2] not in found.kept


def test_nothing_is_explored_for_a_strategy_that_cannot_open() -> None:
    assert wished(4, idle=(PUTS.name,)).exploring == ()


def test_spread_that_passes_but_for_the_age_of_its_quotes_is_near_until_it_is_two_minutes_old() -> None:
    def near(age_s: float) -> list[Contract]:
        quotes = given.chain(given.options(age_s=age_s))
        return near_legs(given.snapshot(quotes=quotes), given.rulebook(PUTS))

    assert near(1) == near(115) != []
    assert near(125) == []
