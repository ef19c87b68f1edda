"""The ledger of market data lines: what is held stays, the head of the list stays, the tail takes turns."""

from hypothesis import given
from hypothesis import strategies as st

from engine.broker.data.lines import Changes, Lines


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
