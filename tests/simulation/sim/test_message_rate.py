"""Too many messages in a second: certain where it was so, and never said of a client that keeps to the rate."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.sim.loop import UNSURE_S
from engine.sim.message_rate import MessageRate

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
LIMIT, BUDGET = 50, 45


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def exceeded(rate: MessageRate, messages: int, since: float, now: float) -> int:
    """How many of so many messages that are read together at `now` are too many."""
    return sum(rate.is_exceeded_by(at(since), at(now)) for _ in range(messages))


def test_fifty_in_a_moment_are_allowed_and_one_more_is_not() -> None:
    rate = MessageRate(LIMIT)

    assert exceeded(rate, LIMIT, 0, 0) == 0
    assert exceeded(rate, 1, 0.5, 0.5) == 1
    assert rate.strikes == 1


def test_second_later_there_is_room_for_fifty_again() -> None:
    rate = MessageRate(LIMIT)

    assert exceeded(rate, LIMIT, 0, 0) == exceeded(rate, LIMIT, 1, 1) == 0


def test_messages_of_two_seconds_that_a_busy_reader_meets_at_once_are_not_too_many() -> None:
    rate = MessageRate(LIMIT)

    assert exceeded(rate, 2 * BUDGET, 0, 1.1) == 0


def test_burst_that_cannot_have_come_at_the_rate_is_too_many_also_for_a_busy_reader() -> None:
    assert exceeded(MessageRate(LIMIT), 4 * LIMIT, 0, 1.1) > 0


pumps = st.lists(st.tuples(st.floats(1.0, 5.0), st.integers(1, BUDGET), st.floats(0.0, 1.0)), min_size=1, max_size=12)
looks = st.lists(st.floats(0.2, 400.0), min_size=1, max_size=40)


@given(st.floats(1.0, 300.0), pumps, looks)
def test_client_that_keeps_to_its_budget_never_sends_too_many(
    speed: float, sent: list[tuple[float, int, float]], between_looks: list[float]
) -> None:
    """At any speed, however late each message leaves, and whenever the server gets to look."""
    arrivals, clock = list[float](), 0.0
    for gap, messages, late in sent:
        clock += gap
        arrivals += [clock + late * UNSURE_S * speed] * messages
    arrivals = [max(arrivals[: n + 1]) for n in range(len(arrivals))]  # a stream keeps its order
    rate, now, looked_before, read = MessageRate(LIMIT), 0.0, 0.0, 0
    while read < len(arrivals):
        step = between_looks[read % len(between_looks)]
        looked_before, now = now, max(now + step, now + 1e-3)
        came = [arrival for arrival in arrivals[read:] if arrival <= now]
        assert exceeded(rate, len(came), min(looked_before, now - UNSURE_S * speed), now) == 0
        read += len(came)
