"""The ledger of market data lines: what is held stays, the head of the list stays, the tail takes turns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.broker.data.lines import SPARE, Changes, Lines, round_s, turn_s


def test_lines_open_all_in_order_when_there_are_enough():
    lines = Lines(10)

    lines.want([3, 1, 2, 3])

    assert lines.changes() == Changes((), (3, 1, 2))
    assert lines.changes() == Changes((), ())


def test_line_is_closed_only_when_nobody_needs_it_any_more():
    lines = Lines(10)
    lines.hold(7)
    lines.hold(7)
    lines.want([7])
    lines.changes()

    lines.want([])
    lines.release(7)
    still = lines.changes()
    lines.release(7)

    assert (still, lines.changes()) == (Changes((), ()), Changes((7,), ()))


def test_tail_takes_turns_and_head_stays_when_lines_are_short():
    lines = Lines(4)
    lines.want(range(10))
    lines.changes()
    seen = set(lines.subscriptions)

    for _ in range(7):
        lines.turn()
        lines.changes()
        assert {0, 1, 2} <= set(lines.subscriptions)
        seen |= set(lines.subscriptions)

    assert seen == set(range(10))
    assert lines.evictions == 7


def test_ledger_believes_in_fewer_lines_when_tws_refuses_some():
    lines = Lines(100)
    lines.want(range(100))
    lines.changes()

    for con_id in range(60, 100):
        lines.full(con_id)

    assert lines.limit == 60
    assert len(lines.subscriptions) == 60
    lines.reset()
    assert lines.limit == 100


def test_contract_is_not_asked_for_again_when_tws_will_not_quote_it():
    lines = Lines(10)
    lines.want([1, 2])
    lines.changes()

    lines.refuse(2)

    assert lines.changes() == Changes((), ())
    lines.reset()
    assert lines.changes() == Changes((), (1, 2))


@given(st.integers(1, 12), st.lists(st.lists(st.integers(0, 30), max_size=25), max_size=8))
def test_lines_are_never_more_than_the_limit(limit: int, wishes: list[list[int]]):
    lines, open_now = Lines(limit), set[int]()

    for wish in wishes:
        lines.want(wish)
        lines.turn()
        changes = lines.changes()
        assert set(changes.close) <= open_now
        open_now = (open_now - set(changes.close)) | set(changes.open)
        assert len(open_now) == min(limit, len(set(wish)))
        assert open_now == set(lines.subscriptions)


def explored(lines: Lines) -> set[int]:
    return {con_id for con_id in lines.subscriptions if con_id >= 100}


def test_what_explores_takes_turns_on_what_is_left_those_first_that_waited_longest():
    lines = Lines(4 + 3 + SPARE)
    lines.hold(1)
    lines.want([2, 3, 4], range(100, 110))

    seen = list[set[int]]()
    for _ in range(8):
        lines.changes()
        assert {1, 2, 3, 4} <= set(lines.subscriptions)
        seen.append(explored(lines))
        lines.turn()

    assert seen[:3] == [{100, 101, 102}, {103, 104, 105}, {106, 107, 108}]
    assert set().union(*seen[:4]) == set(range(100, 110))
    assert (lines.exploring, lines.turning, lines.evictions) == (10, 3, 0)


def test_turn_lasts_whatever_else_is_asked_for_meanwhile():
    lines = Lines(2 + SPARE)
    lines.want([], range(100, 110))
    lines.changes()
    before = explored(lines)

    lines.hold(7)
    lines.changes()
    held = explored(lines)
    lines.release(7)
    lines.changes()

    assert before == {100, 101}
    assert held == {100}
    assert explored(lines) <= before | {102}


def test_exploring_leaves_lines_free_and_ends_where_the_wish_list_takes_all():
    lines = Lines(10)
    lines.want(range(20), range(100, 110))

    lines.changes()

    assert explored(lines) == set()
    assert lines.turning == 0


def test_what_explored_and_is_wanted_now_keeps_its_line():
    lines = Lines(3 + SPARE)
    lines.want([1], range(100, 110))
    lines.changes()

    lines.want([1, 100], range(101, 110))
    changes = lines.changes()

    assert 100 in lines.subscriptions
    assert 100 not in (*changes.open, *changes.close)


@pytest.mark.parametrize("given_lines", [50, 100, 400])
def test_every_contract_of_a_large_chain_has_its_turn_in_the_time_that_is_stated(given_lines: int):
    lines = Lines(given_lines - 5)
    lines.want(range(30), range(1000, 6000))

    seen, turns = set[int](), 0
    while len(seen) < 5000:
        lines.changes()
        seen |= {con_id for con_id in lines.subscriptions if con_id >= 1000}
        lines.turn()
        turns += 1

    assert round_s(5000, lines.turning) == pytest.approx(turns * turn_s(lines.turning))
