"""The engine's clock on a machine whose clock is set back and ahead, and that sleeps."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.domain.waited import Leap
from engine.runtime.clock import AHEAD_MAX, SLOWER_BY, SteadyClock

START = datetime(2026, 11, 23, 15, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Machine:
    """A clock that can be set, and a count of seconds that cannot."""

    def __init__(self) -> None:
        self.time, self.counted = START, 0.0
        self.told: list[tuple[str, bool]] = []
        self.clock = SteadyClock(lambda: self.time, lambda: self.counted)
        self.clock.on_step = lambda text, must_stop: self.told.append((text, must_stop))

    def runs(self, span: timedelta) -> datetime:
        self.time += span
        self.counted += span.total_seconds()
        return self.clock.now()

    def is_set(self, by: timedelta) -> datetime:
        """Set, or slept through where it is ahead."""
        self.time += by
        return self.clock.now()


def test_clock_is_the_machines_while_nobody_sets_it() -> None:
    machine = Machine()

    assert [machine.runs(MINUTE) for _ in range(3)] == [START + MINUTE, START + 2 * MINUTE, START + 3 * MINUTE]
    assert (machine.told, machine.clock.leaps) == ([], ())


def test_clock_that_was_set_back_goes_on_without_a_jump_and_a_little_slower_until_they_agree() -> None:
    machine = Machine()
    before = machine.runs(MINUTE)

    assert machine.is_set(-10 * MINUTE) == before
    assert machine.runs(MINUTE) == before + MINUTE * (1 - SLOWER_BY)
    for _ in range(99):
        machine.runs(MINUTE)
    assert machine.clock.now() == machine.time
    [(text, must_stop)] = machine.told
    assert "set back by 10 min" in text
    assert "in about 100 min" in text
    assert not must_stop


def test_clock_that_went_ahead_is_followed_at_once_and_said() -> None:
    machine = Machine()
    machine.runs(MINUTE)

    after = machine.is_set(timedelta(hours=1))

    assert after == machine.time
    assert machine.clock.leaps == (Leap(after, timedelta(hours=1)),)
    assert "by 60 min" in machine.told[0][0]


def test_clock_that_was_set_back_too_far_stops_openings() -> None:
    machine = Machine()

    machine.is_set(-2 * AHEAD_MAX)

    [(text, must_stop)] = machine.told
    assert must_stop
    assert "start again" in text


def test_clock_begins_where_the_journal_ends() -> None:
    machine = Machine()

    assert machine.clock.not_before(START + 9 * MINUTE)
    assert machine.clock.now() == START + 9 * MINUTE
    assert machine.runs(MINUTE) < START + 10 * MINUTE
    assert not machine.clock.not_before(START + 3 * AHEAD_MAX)
    assert machine.clock.now() < START + 10 * MINUTE


@given(st.lists(st.tuples(st.booleans(), st.floats(-7_200, 7_200)), max_size=30))
def test_clock_never_goes_back_and_never_stands(steps: list[tuple[bool, float]]) -> None:
    machine = Machine()
    last = machine.clock.now()

    for is_set, seconds in steps:
        if is_set:
            assert machine.is_set(timedelta(seconds=seconds)) >= last
        else:
            assert machine.runs(timedelta(seconds=abs(seconds) + 1)) > last
        last = machine.clock.now()
