"""The fold: what facts add up to, whichever way they come, and what a resume, a link and a day change."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given as property_of
from hypothesis import strategies as st

from engine.domain.errors import IllegalFact
from engine.domain.facts.account import EquityRecorded, Reconciled
from engine.domain.facts.files import SharedFileLoaded, StrategyLoaded, StrategyRemoved
from engine.domain.facts.halts import Halted, Resumed
from engine.domain.facts.orders import OrderAcknowledged, OrderCanceled, OrderRejected, OrderRepriced, OrderUnknown
from engine.domain.facts.running import EngineStarted, FactRefused, LinkChanged
from engine.domain.facts.searches import EntryDenied
from engine.domain.facts.union import Fact
from engine.domain.gate import Verdict
from engine.domain.ledger import Ledger
from engine.domain.messages import MESSAGES_KEPT
from engine.domain.reload import RELOADS_KEPT, Reload
from tests import given
from tests.shell.store.facts import timed, trading_day

OPEN_RISK = Verdict("open_risk", "fail", "$6,000", "at most $5,000", "puts")


STORY = [*trading_day(), *given.opened(given.proposal("x1")), Halted("t", ""), Resumed("t"), FactRefused("x", "o1", "")]


@property_of(st.lists(st.sampled_from(STORY), max_size=40))
def test_same_facts_make_the_same_ledger(facts: list[Fact]) -> None:
    def fold() -> Ledger:
        known = Ledger()
        for fact, at in timed([*trading_day()[:12], *facts]):
            with suppress(IllegalFact):
                known.apply(fact, at)
        return known

    assert fold() == fold()


def test_order_proposed_twice_is_refused() -> None:
    known = given.ledger(given.proposal())

    with pytest.raises(IllegalFact, match="proposed twice"):
        known.apply(given.proposal(), given.NOW)


def test_fact_of_an_order_that_was_never_proposed_is_refused() -> None:
    with pytest.raises(IllegalFact, match="never proposed"):
        given.ledger().apply(OrderAcknowledged("stranger", 1, 1, "Submitted"), given.NOW)


@pytest.mark.parametrize("state", ["down", "connecting", "degraded"])
def test_lost_link_takes_the_reconciliation_away(state: str) -> None:
    known = given.ledger(LinkChanged(state, None, ""))  # type: ignore[arg-type]

    assert known.reconciled is None
    assert given.told(known, LinkChanged("up", None, "")).reconciled is None


def test_refused_fact_takes_the_reconciliation_away() -> None:
    assert given.ledger(FactRefused("LegFilled", "o1", "")).reconciled is None


def test_resume_forgives_rejections_and_lifts_no_breaker() -> None:
    known = given.ledger(*given.sent(given.proposal()), OrderRejected("o1", 201, "no"), Halted("breaker", "fall"))
    given.told(known, EquityRecorded(Decimal(90_000), None, None, None), at=given.NOW)

    given.told(known, Resumed("trader"), at=given.NOW)

    assert (known.halt, known.messages.failures_in_a_row, known.resumed_at) == (None, 0, given.NOW)
    assert known.worth.peak == Decimal(100_000)
    assert known.worth.week_start == ("2026-W48", Decimal(100_000))


def test_rejections_are_counted_until_an_order_fills_or_could_be_canceled() -> None:
    known = given.ledger()
    for ref in ("o1", "o2"):
        given.told(known, *given.working(given.proposal(ref)), OrderRejected(ref, 201, "no"), OrderRejected(ref, 201, "no"))

    assert known.messages.failures_in_a_row == 2

    given.told(known, *given.working(given.proposal("o3")), OrderUnknown("o3", "silence"))

    assert known.messages.failures_in_a_row == 2

    given.told(known, OrderAcknowledged("o3", 1, 1, "Submitted"), OrderCanceled("o3", "canceled"))

    assert known.messages.failures_in_a_row == 0


def test_day_and_week_begin_at_midnight_in_new_york() -> None:
    known = Ledger()
    sunday_evening = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)  # 23:30 of Sunday in New York, Monday in UTC
    worth = EquityRecorded(Decimal(100_000), None, None, None)

    given.told(known, worth, at=sunday_evening)
    given.told(known, replace(worth, net_liquidation=Decimal(99_000)), at=sunday_evening + timedelta(minutes=29))

    assert known.worth.day_start == ("2026-11-22", Decimal(100_000))
    assert known.worth.week_start == ("2026-W47", Decimal(100_000))

    given.told(known, replace(worth, net_liquidation=Decimal(98_000)), at=sunday_evening + timedelta(minutes=31))

    assert known.worth.day_start == ("2026-11-23", Decimal(98_000))
    assert known.worth.week_start == ("2026-W48", Decimal(99_000)), "the last value of the week before"
    assert known.worth.peak == Decimal(100_000)


@pytest.mark.parametrize("odd", [900_000, 1_000])
def test_one_odd_value_of_the_account_is_no_peak_and_no_beginning(odd: int) -> None:
    """Given an account near $100,000; when one value is told that is far off; then no fall is ever measured from it."""
    friday = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
    later = [timedelta(0), timedelta(minutes=5), timedelta(minutes=10), timedelta(days=3), timedelta(days=3, minutes=5)]

    def told(worths: list[int]) -> Ledger:
        known = Ledger()
        for after, worth in zip(later, worths, strict=False):
            given.told(known, EquityRecorded(Decimal(worth), None, None, None), at=friday + after)
        return known

    within = told([100_000, odd, 100_100])
    assert within.worth.peak is not None
    assert Decimal(100_000) <= within.worth.peak <= Decimal(100_100)
    assert within.worth.day_start == ("2026-11-20", Decimal(100_000))

    last = told([100_000, 100_100, odd, 95_000, 95_100])
    assert last.worth.peak == Decimal(100_000 if odd < 100_000 else 100_100)
    assert last.worth.week_start is not None
    assert Decimal(95_000) <= last.worth.week_start[1] <= Decimal(100_100)

    first = told([100_000, 100_100, 100_200, odd, 95_100])
    assert first.worth.day_start is not None
    assert Decimal(95_000) <= first.worth.day_start[1] <= Decimal(100_200)
    assert first.worth.week_start == ("2026-W48", Decimal(100_200) if odd > 100_200 else Decimal(100_100))


def test_higher_value_told_twice_is_the_peak() -> None:
    known = given.ledger()
    for worth in (100_000, 104_000, 103_000):
        given.told(known, EquityRecorded(Decimal(worth), None, None, None), at=given.NOW)

    assert known.worth.peak == Decimal(103_000)


def test_denial_is_forgotten_when_an_opening_is_proposed() -> None:
    denied = EntryDenied("puts", "S1", given.spread(), 1, OPEN_RISK, (OPEN_RISK,))
    known = given.ledger(denied)

    assert known.denials[("puts", "SPY")] == denied
    assert not given.told(known, given.proposal()).denials


def test_messages_are_those_that_left_and_bounded() -> None:
    order = given.proposal()
    known = given.ledger(*given.working(order))

    for number in range(MESSAGES_KEPT + 5):
        given.told(known, OrderRepriced("o1", Decimal("0.79"), number), at=given.NOW + timedelta(seconds=number))

    assert len(known.messages.of_openings) == MESSAGES_KEPT
    assert known.messages.of_openings[-1] == given.NOW + timedelta(seconds=MESSAGES_KEPT + 4)


def test_strategy_that_was_removed_is_not_in_force() -> None:
    known = given.ledger(StrategyLoaded("puts", "puts.yaml", "d"), StrategyRemoved("puts"))

    assert "puts" not in known.files.strategies


def test_reloads_that_changed_something_are_known_with_their_moment_and_bounded() -> None:
    known = given.ledger(StrategyLoaded("puts", "puts.yaml", "d"), SharedFileLoaded("account.yaml", "a"))
    for number in range(RELOADS_KEPT + 5):
        at = given.NOW + timedelta(seconds=number)
        given.told(known, SharedFileLoaded("account.yaml", str(number), (f"risk.open was {number}%",), loosens=True), at=at)

    assert len(known.files.reloads) == RELOADS_KEPT
    last = RELOADS_KEPT + 4
    assert known.files.reloads[-1] == Reload(
        given.NOW + timedelta(seconds=last), "account.yaml", "", (f"risk.open was {last}%",), loosens=True
    )


def test_halt_and_mode_survive_in_the_fold_and_agreement_does_not_survive_a_start() -> None:
    known = given.ledger(Halted("trader", "lunch"), Reconciled(()), EngineStarted("0.1.0", "live", given.JOURNAL_ID))

    assert known.halt == Halted("trader", "lunch")
    assert (known.mode, known.reconciled) == ("live", None)
