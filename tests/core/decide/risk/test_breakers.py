"""What reaches its limit trips, on values that are believed, and stays tripped, whether or not something would be opened."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.decide.risk.breakers import measured
from engine.decide.risk.gate import strategy_obstacle
from engine.decide.rulebook import Rulebook
from engine.decide.waiting import looks_again_in_s
from engine.domain.decision import AskQuotes, CountBreaker, Decision, Propose, RefreshAccount, Trip, facts_of
from engine.domain.facts.account import EquityRecorded
from engine.domain.facts.halts import BreakerLifted, BreakerTripped, Halted
from engine.domain.ledger import Ledger
from engine.domain.snapshot import AccountValues, BreakerHits
from tests import given

RULES = given.strategy('limits: {open: 3, per_day: 3, per_expiry: 3, stop_for_day: "-$100"}')
CALLS = given.strategy(given.CALLS + 'limits: {open: 3, per_day: 3, per_expiry: 3, stop_for_day: "-$100"}', "calls")
LOST = {"p580": {"bid": 4.00, "ask": 4.02}, "p575": {"bid": 2.10, "ask": 2.12}}
"""Closing the spread that was opened at 0.80 costs 1.90: a loss of $110 and $1.30 of fees."""
SAVED = {"p580": {"bid": 3.80, "ask": 3.82}, "p575": {"bid": 2.10, "ask": 2.12}}
"""It costs 1.70: $90 and fees."""
SECONDS = timedelta(seconds=1)


class Day:
    """Looks at one ledger after each other, with the memory that the beat keeps between them."""

    def __init__(self, known: Ledger | None = None, rulebook: Rulebook | None = None) -> None:
        position = given.opened(given.proposal(), net="0.80", at=given.NOW - timedelta(minutes=30))
        self.known = known if known is not None else given.ledger(*position)
        self.rulebook = rulebook or given.rulebook(RULES)
        self.hits: dict[tuple[str, str], BreakerHits] = {}

    def look(
        self,
        after: float,
        quotes: Mapping[str, Mapping[str, float | None]] | None = None,
        *,
        age_s: float = 1.0,
        account: AccountValues | None = None,
        **more: object,
    ) -> list[Decision]:
        at = given.NOW + after * SECONDS
        rows = given.options(at=at, age_s=age_s)
        values = account or given.account()
        values = replace(values, reported_at=at - SECONDS) if values.reported_at == given.NOW else values
        seen = given.snapshot(self.known, given.chain(rows, at=at, **(quotes or {})), at=at, account=values, **more)
        made = decide(replace(seen, breaker_hits=dict(self.hits)), self.rulebook)
        for decision in made:
            if isinstance(decision, CountBreaker):
                self.hits[(decision.strategy, decision.name)] = decision.hits
            for fact in facts_of(decision):
                self.known.apply(fact, at)
        return made

    def trips(self) -> list[BreakerTripped]:
        return [fact for _, fact in self.known.breakers.trips(given.NOW.date())]


def test_stop_of_a_strategy_trips_after_three_fresh_looks_over_fifteen_seconds() -> None:
    day = Day()

    for after in (0, 5, 10):
        day.look(after, LOST)
        assert not day.trips(), after
    day.look(15, LOST)

    assert day.trips() == [
        BreakerTripped("stop_for_day", "puts", Decimal("-111.30"), Decimal(-100), "next session", given.SESSION.day)
    ]


def test_what_trips_stays_tripped_when_the_loss_shrinks() -> None:
    day = Day()
    for after in (0, 5, 10, 15):
        day.look(after, LOST)

    made = day.look(1400, SAVED)

    assert not any(isinstance(decision, Propose) for decision in made)
    obstacle = strategy_obstacle(RULES, given.snapshot(day.known, at=given.NOW + 1400 * SECONDS), day.rulebook)
    assert obstacle is not None
    assert str(obstacle) == (
        "stop_for_day: tripped Mon 10:00 New York at -$111 beyond -$100 until the next session, or a person lifts it (puts)"
    )


def test_next_day_opens_again() -> None:
    day = Day()
    for after in (0, 5, 10, 15):
        day.look(after, LOST)
    tomorrow = given.NOW + timedelta(days=1)
    session = replace(given.SESSION, day=tomorrow.date(), open=given.SESSION.open + timedelta(days=1),
                      close=given.SESSION.close + timedelta(days=1))  # fmt: skip

    seen = given.snapshot(day.known, at=tomorrow, session=session, account=replace(given.account(), reported_at=tomorrow))

    assert strategy_obstacle(RULES, seen, day.rulebook) is None


def test_one_bad_print_stops_no_day() -> None:
    day = Day()

    day.look(0, LOST)
    for after in (1, 16, 30):
        day.look(after)

    assert not day.trips()


def test_bad_print_that_stands_there_stops_no_day() -> None:
    day = Day()
    printed = given.NOW.timestamp() - 1

    for after in range(0, 60, 5):
        day.look(after, {"p580": {"bid": 4.00, "ask": 4.02, "quoted_at": printed}, "p575": {"bid": 2.10, "ask": 2.12}})

    assert not day.trips()


def test_stop_that_is_not_believed_yet_asks_for_its_quiet_legs_and_is_looked_at_again_soon() -> None:
    day = Day()

    made = day.look(0, LOST, age_s=6)
    asked = [contract for one in made if isinstance(one, AskQuotes) for contract in one.contracts]
    seen = given.snapshot(day.known, at=given.NOW, breaker_hits=day.hits)

    assert {str(contract.strike) for contract in asked} == {"580", "575"}
    assert looks_again_in_s(seen) == 1
    assert looks_again_in_s(given.snapshot(day.known, at=given.NOW)) > 1


@pytest.mark.parametrize(
    "unknown",
    [
        {"quotes": {"p580": {"bid": 4.02, "ask": 4.00}}},
        {"quotes": {"p580": {"ask": None}}},
        {"quotes": LOST, "age_s": 121},
        {"quotes": LOST, "data": "delayed"},
        {"quotes": LOST, "session": None},
    ],
)
def test_unknown_result_neither_trips_nor_forgets(unknown) -> None:
    never, day = Day(), Day()

    for after in (0, 5, 10, 15, 20):
        never.look(after, **unknown)
    for after in (0, 5, 15):
        day.look(after, LOST)
        day.look(after + 1, **unknown)
    day.look(20, LOST)

    assert not never.trips()
    assert [trip.name for trip in day.trips()] == ["stop_for_day"]


def test_loss_that_was_not_looked_at_for_a_minute_is_counted_anew() -> None:
    day = Day()

    day.look(0, LOST)
    day.look(5, LOST)
    day.look(70, LOST)
    assert not day.trips()
    for after in (75, 85):
        day.look(after, LOST)

    assert day.trips()


def test_stop_is_looked_at_while_nothing_would_be_opened() -> None:
    halted = given.ledger(*given.opened(given.proposal(), net="0.80", at=given.NOW - timedelta(minutes=30)), Halted("trader", ""))
    switched_off = given.rulebook(given.strategy('enabled: false\nlimits: {open: 3, stop_for_day: "-$100"}'))
    days = [Day(halted), Day(rulebook=switched_off), Day()]

    for after in (0, 5, 10, 15):
        days[0].look(after, LOST)
        days[1].look(after, LOST)
        days[2].look(after, LOST, paused=frozenset({"puts"}))

    assert [len(day.trips()) for day in days] == [1, 1, 1]


def test_strategies_trip_each_for_itself_in_one_look() -> None:
    calls = given.proposal("c1", of=given.spread("bear_call", 620, 625), by=CALLS)
    today = given.NOW - timedelta(minutes=30)
    known = given.ledger(*given.opened(given.proposal(), net="0.80", at=today), *given.opened(calls, net="0.80", at=today))
    lost = LOST | {"c620": {"bid": 5.00, "ask": 5.02}, "c625": {"bid": 2.00, "ask": 2.02}}
    day = Day(known, given.rulebook(RULES, CALLS))

    for after in (0, 5, 10, 15):
        day.look(after, lost)

    assert [(trip.strategy, trip.value) for trip in day.trips()] == [("calls", Decimal("-221.30")), ("puts", Decimal("-111.30"))]
    assert known.breakers.that_stops("others", given.NOW.date()) is None


def test_nothing_else_is_decided_in_the_look_that_trips() -> None:
    day = Day()
    for after in (0, 5, 10):
        day.look(after, LOST)

    assert [type(decision) for decision in day.look(15, LOST)] == [Trip]


@pytest.mark.parametrize(
    ("account", "name", "value", "lifts"),
    [
        (given.account(day_pnl=-2000), "breaker_day", -2000, "next session"),
        (given.account(97_900, day_pnl=None), "breaker_day", -2100, "next session"),
        (given.account(95_000), "breaker_week", -5000, "person"),
    ],
)
def test_account_trips_and_stops_every_strategy(account: AccountValues, name: str, value: int, lifts: str) -> None:
    day = Day()

    for after in (0, 5, 10, 15):
        assert not day.trips(), after
        day.look(after, account=account)

    assert [(trip.name, trip.strategy, trip.value, trip.lifts) for trip in day.trips()] == [(name, "", Decimal(value), lifts)]
    assert day.known.halt is None
    assert day.known.breakers.that_stops("calls", given.SESSION.day) is not None


def test_fall_from_the_peak_trips_in_a_later_week() -> None:
    known = given.ledger()
    known.worth.peak = Decimal(112_000)
    known.worth.week_start = ("2026-W48", Decimal(100_000))
    day = Day(known)

    for after in (0, 5, 10, 15):
        day.look(after, account=given.account(100_000))

    assert [trip.name for trip in day.trips()] == ["breaker_peak"]


def test_one_telling_of_the_account_trips_nothing_however_often_it_is_looked_at() -> None:
    day = Day()
    once = replace(given.account(90_000), reported_at=given.NOW - 5 * SECONDS)

    for after in range(0, 120, 5):
        day.look(after, account=once)

    assert not day.trips()


def test_account_is_asked_anew_while_its_fall_is_not_believed_yet() -> None:
    day = Day()
    once = replace(given.account(90_000), reported_at=given.NOW - 30 * SECONDS)

    first = day.look(0, account=once)
    just_asked = day.look(1, account=once, account_requested_at=given.NOW)
    later = day.look(5, account=once, account_requested_at=given.NOW)

    assert [sum(isinstance(one, RefreshAccount) for one in made) for made in (first, just_asked, later)] == [1, 0, 1]


@pytest.mark.parametrize("account", [given.account(None, day_pnl=None), given.account(90_000, day_pnl=-9000)])
def test_account_that_is_not_known_trips_nothing(account: AccountValues) -> None:
    day = Day()
    old = replace(account, reported_at=given.NOW - timedelta(minutes=5))

    for after in (0, 5, 10, 15, 20):
        day.look(after, account=old)

    assert not day.trips()


def test_net_liquidation_below_nothing_trips_everything() -> None:
    day = Day()

    for after in (0, 5, 10, 15):
        day.look(after, account=given.account(-2_000, day_pnl=-9000))

    assert {trip.name for trip in day.trips()} == {"breaker_day", "breaker_week", "breaker_peak"}


def test_day_of_the_account_is_not_judged_outside_the_session() -> None:
    evening = timedelta(hours=7).total_seconds()
    day = Day()

    for after in (0, 5, 10, 15):
        day.look(evening + after, account=given.account(day_pnl=-9000))

    assert not day.trips(), "what TWS calls the day's result is set back at some hour of the night"


def test_rest_of_the_day_is_measured_from_the_lift() -> None:
    day = Day()
    for after in (0, 5, 10, 15):
        day.look(after, LOST)
    lift = BreakerLifted("stop_for_day", "puts", "trader", "hedged elsewhere", Decimal("-111.30"))
    given.told(day.known, lift, at=given.NOW + 20 * SECONDS)
    worse = {"p580": {"bid": 5.00, "ask": 5.02}, "p575": {"bid": 2.10, "ask": 2.12}}

    for after in (30, 35, 40, 50):
        day.look(after, LOST)
    assert not day.trips(), "not at once"
    for after in (60, 65, 70, 75):
        day.look(after, worse)

    assert [trip.value for trip in day.trips()] == [Decimal("-100.00")], "nor never"


def test_fall_of_the_week_is_measured_from_the_lift() -> None:
    day = Day()
    for after in (0, 5, 10, 15):
        day.look(after, account=given.account(94_900))
    given.told(day.known, BreakerLifted("breaker_week", "", "trader", "seen", Decimal(94_900)), at=given.NOW + 20 * SECONDS)

    for after in (30, 35, 40, 50):
        day.look(after, account=given.account(94_800))
    assert not day.trips()
    for after in (60, 65, 70, 75):
        day.look(after, account=given.account(90_100))

    assert {trip.name: trip.value for trip in day.trips()}["breaker_week"] == Decimal(-4800)


def test_trip_of_a_strategy_whose_file_is_gone_is_still_told_and_lifted() -> None:
    day = Day()
    for after in (0, 5, 10, 15):
        day.look(after, LOST)
    seen = given.snapshot(day.known, given.chain(**LOST))

    without = [one for one in measured(seen, given.rulebook(), given.rows(seen.chain)) if one.strategy == "puts"]

    assert [(one.name, one.whole) for one in without] == [("stop_for_day", Decimal("-111.30"))]


def test_week_begins_at_the_last_value_before_it() -> None:
    friday, wednesday = given.NOW - timedelta(days=3), given.NOW + timedelta(days=2)
    known = given.told(Ledger(), EquityRecorded(Decimal(100_000), None, None, None), at=friday)

    given.told(known, EquityRecorded(Decimal(94_000), None, None, None), at=wednesday)

    assert known.worth.week_start == ("2026-W48", Decimal(100_000)), "what was lost while the engine was off is lost this week"


def test_week_begins_anew_after_a_longer_absence() -> None:
    before: datetime = given.NOW - timedelta(days=12)
    known = given.told(Ledger(), EquityRecorded(Decimal(100_000), None, None, None), at=before)

    given.told(known, EquityRecorded(Decimal(94_000), None, None, None), at=given.NOW)

    assert known.worth.week_start == ("2026-W48", Decimal(94_000))
