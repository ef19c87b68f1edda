"""TWS's clock against ours: what whole seconds and the way of an answer explain is no difference; the rest is said once."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.broker.gauges import BrokerGauges
from engine.broker.session.clocks import Clocks
from engine.domain.facts.running import ErrorHeard
from engine.domain.facts.union import Fact

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


class Stopped:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOON


def clocks() -> tuple[Clocks, BrokerGauges, list[Fact]]:
    gauges, said = BrokerGauges(), list[Fact]()
    return Clocks(Stopped(), gauges, said.append), gauges, said


@pytest.mark.parametrize(
    ("told_s", "took_s", "ahead_s"),
    [
        (0, 0.0, 0.0),
        (-1, 0.0, 0.0),  # the last whole second of a clock that agrees
        (5, 0.0, 5.0),
        (-5, 0.0, -4.0),
        (-5, 4.0, 0.0),  # asked four seconds ago: it may have been told then
        (-31, 2.0, -28.0),
    ],
)
def test_difference_is_what_seconds_and_the_way_of_the_answer_do_not_explain(told_s: int, took_s: float, ahead_s: float) -> None:
    compared, gauges, _ = clocks()

    compared.compare(int((NOON + timedelta(seconds=told_s)).timestamp()), took_s)

    assert gauges.clock_skew_seconds == pytest.approx(ahead_s)


def test_difference_beyond_the_bound_is_said_once_and_so_is_its_end() -> None:
    compared, _, said = clocks()

    for told_s in (0, 30, 31, 0, 0):
        compared.compare(int((NOON + timedelta(seconds=told_s)).timestamp()), 0.0)

    assert [fact.text.partition(":")[0] for fact in said if isinstance(fact, ErrorHeard)] == [
        "this machine's clock is 30.0 s behind TWS",
        "this machine's clock agrees with TWS's again",
    ]
