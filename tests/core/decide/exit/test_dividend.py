"""The last afternoon before an ex-date: a call that its owner gains by exercising is closed, or it is said that nobody knows."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from engine.decide.exit.dividend import RULE, UNKNOWN, dividend_within
from engine.domain.chain import ChainSnapshot
from engine.domain.decision import ConfirmExit, Decision, Propose, TriggerExit
from engine.domain.ledger import Ledger
from engine.domain.session import Session
from engine.domain.snapshot import ExitHits
from tests import given
from tests.core.decide.watching import look

CALLS = given.strategy(given.CALLS)
AFTERNOON = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
"""13:30 in New York, on the Monday before the ex-date."""
TOMORROW = date(2026, 11, 24)
FRIDAY = Session(date(2026, 11, 20), datetime(2026, 11, 20, 14, 30, tzinfo=UTC), datetime(2026, 11, 20, 21, 0, tzinfo=UTC))


def sold(short: float = 590, at: datetime = given.NOW) -> Ledger:
    """A call spread on a SPY at 600; by default its sold call is in the money."""
    order = given.proposal("o1", of=given.spread("bear_call", short, short + 5), by=CALLS, limit="2.00", worst="1.90")
    return given.told(given.ledger(), *given.opened(order, net="2.00", at=at - timedelta(days=2)))


def quotes(extrinsic: float = 0.50, *, at: datetime = AFTERNOON, short: float = 590) -> ChainSnapshot:
    """The chain in which the sold call has so much time value."""
    when = {"quoted_at": at.timestamp() - 1}
    worth = max(0.0, given.SPOT - short) + extrinsic
    call = {"bid": worth - 0.01, "ask": worth + 0.01, **when}
    bought = {"bid": max(0.01, worth - 3.01), "ask": max(0.03, worth - 2.99), **when}
    return given.chain(given.options(at=at), at=at, **{f"c{short:g}": call, f"c{short + 5:g}": bought})


def found(
    chain: ChainSnapshot,
    *,
    ex_date: date | None = TOMORROW,
    amount: float | None = 1.90,
    known: Ledger | None = None,
    **more: Any,
) -> list[Decision]:
    market = {"SPY": given.market(next_ex_dividend=ex_date, next_dividend=amount)}
    decisions = look(known or sold(), chain, strategy=CALLS, market=market, **more)
    return [one for one in decisions if isinstance(one, Propose | TriggerExit | ConfirmExit)]


def closes(decisions: list[Decision]) -> list[str]:
    return [one.order.reason for one in decisions if isinstance(one, Propose)]


def test_call_with_less_time_value_than_the_dividend_is_closed() -> None:
    assert closes(found(quotes(1.89))) == [RULE]


@pytest.mark.parametrize(
    ("chain", "more"),
    [
        pytest.param(quotes(1.90), {}, id="as much time value"),
        pytest.param(quotes(), {"ex_date": date(2026, 11, 25)}, id="two days before"),
        pytest.param(quotes(), {"ex_date": date(2026, 11, 23)}, id="on the day"),
        pytest.param(quotes(), {"amount": 0.40}, id="a small dividend"),
        pytest.param(quotes(), {"ex_date": None, "amount": 0.0}, id="it pays none"),
        pytest.param(quotes(at=given.NOW), {}, id="in the morning"),
        pytest.param(quotes(3.0, short=605), {"known": sold(605), "amount": 5.0}, id="out of the money"),
    ],
)
def test_call_that_nobody_gains_by_is_left(chain: ChainSnapshot, more: dict[str, object]) -> None:
    assert closes(found(chain, **more)) == []  # type: ignore[arg-type]


def test_ex_date_behind_a_weekend_is_the_next_sessions() -> None:
    friday = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)

    decisions = found(quotes(at=friday), ex_date=date(2026, 11, 23), known=sold(at=friday), session=FRIDAY)

    assert closes(decisions) == [RULE]


def test_unknown_dividend_of_a_call_in_the_money_is_said_once_an_afternoon() -> None:
    decisions = found(quotes(), ex_date=None, amount=None)
    (alert,) = [one for one in decisions if isinstance(one, TriggerExit)]

    assert (alert.fact.rule, alert.fact.action) == (UNKNOWN, "alert")
    assert closes(decisions) == []
    hits = {("o1", UNKNOWN): ExitHits(AFTERNOON, AFTERNOON, 1)}
    again = found(quotes(), ex_date=None, amount=None, exit_hits=hits)
    assert not [one for one in again if isinstance(one, TriggerExit)]
    morning = found(quotes(at=given.NOW), ex_date=None, amount=None, exit_hits=hits)
    assert ConfirmExit("o1", UNKNOWN, given.NOW, 0) in morning


def test_dividend_within_the_life_of_a_leg() -> None:
    leg, today = given.spread("bear_call").legs[0], date(2026, 11, 23)

    def within(day: date | None, amount: float | None) -> float | None:
        return dividend_within(given.market(next_ex_dividend=day, next_dividend=amount), leg, today)

    assert within(date(2026, 12, 18), 1.90) == 1.90  # it expires on that day
    assert within(date(2026, 12, 21), 1.90) == 0.0
    assert within(None, 0.0) == 0.0
    assert within(None, None) is None
    assert within(today, 1.90) is None
    assert dividend_within(None, leg, today) is None
