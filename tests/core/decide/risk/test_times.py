"""When a strategy opens: at its times and once for each, so far apart, again after a stop, and not after so many losses.

Openings and closes are facts of the ledger; nothing else is kept, so a restart changes no answer.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from engine.decide.entry.idle import idle
from engine.decide.quotes import spread_quote
from engine.decide.risk.asked import Opening
from engine.decide.risk.gate import gate, strategy_obstacle
from engine.decide.risk.times import next_entry
from engine.domain.ledger import Ledger
from engine.domain.session import Session
from engine.domain.spread import Spread
from engine.strategy.model import Strategy
from tests import given

TEN = given.NOW
"""10:00 in New York."""
MINUTE = timedelta(minutes=1)
LADDER = "entry: {at: '10:00, 10:30, 11:00 New York, within 5 min'}\nlimits: {open: 9, per_day: 3, per_expiry: 9}"


def obstacle(strategy: Strategy, known: Ledger, at: datetime) -> tuple[str, str] | None:
    """The gate that stops every opening of the strategy at that moment, and what it found."""
    found = strategy_obstacle(strategy, given.snapshot(known, at=at), given.rulebook(strategy))
    return (found.gate, found.value) if found is not None else None


def with_openings(*minutes: float, lost: dict[int, float] | None = None) -> Ledger:
    """A ledger with openings so many minutes after ten; some of them, by their number, were closed at a loss so much later."""
    known = given.ledger()
    for number, minute in enumerate(minutes):
        order = given.proposal(f"o{number}")
        given.told(known, *given.opened(order, at=TEN + minute * MINUTE), at=TEN + minute * MINUTE)
    for number, minute in (lost or {}).items():
        close = given.proposal(f"c{number}", position=f"o{number}", limit="-1.60")
        given.told(known, *given.closed(close, at=TEN + minute * MINUTE), at=TEN + minute * MINUTE)
    return known


@pytest.mark.parametrize(
    ("minute", "openings", "stopped"),
    [
        (-1, (), ("hours", "09:59")),
        (0, (), None),
        (4.9, (), None),
        (5, (), ("hours", "10:05")),
        (2, (1,), ("at", "the opening of 10:00 is made")),
        (30, (1,), None),
        (32, (), None),
        (62, (1, 31), None),
        (66, (1, 31), ("hours", "11:06")),
    ],
    ids=["before", "its time", "late", "passed", "made", "the next", "the one before it was missed", "the last", "over"],
)
def test_strategy_opens_once_for_each_of_its_times(
    minute: float, openings: tuple[float, ...], stopped: tuple[str, str] | None
) -> None:
    assert obstacle(given.strategy(LADDER), with_openings(*openings), TEN + minute * MINUTE) == stopped


def test_time_in_chicago_is_an_hour_later_in_new_york() -> None:
    rules = given.strategy("entry: {at: '09:30, 10:00 Chicago, within 5 min'}\nlimits: {per_day: 2}")

    assert obstacle(rules, with_openings(), TEN) == ("hours", "09:00")
    assert obstacle(rules, with_openings(), TEN + 30 * MINUTE) is None


def test_ladder_is_its_times() -> None:
    ladder = given.strategy("entry: {at: 'every 30 min from 10:00 to 11:00 New York, within 5 min'}\nlimits: {per_day: 3}")

    assert ladder.entry.at == given.strategy(LADDER).entry.at


def test_strategy_is_idle_when_its_last_time_has_passed() -> None:
    rules = given.strategy(LADDER)

    before, after = (given.snapshot(given.ledger(), at=TEN + minute * MINUTE) for minute in (64, 65))

    assert idle(before, given.rulebook(rules)) == frozenset()
    assert idle(after, given.rulebook(rules)) == {"puts"}


@pytest.mark.parametrize(
    ("yaml", "minute", "opens"),
    [
        (LADDER, -20, 0),
        (LADDER, 4, None),
        (LADDER, 5, 30),
        (LADDER, 64, None),
        (LADDER, 65, None),
        ("entry: {window: 10:15-12:30 New York}", 0, 15),
        ("entry: {window: 10:15-12:30 New York}", 15, None),
        ("entry: {window: 10:15-12:30 New York}", 150, None),
        ("entry: {window: 09:31-15:45 New York}", -40, -15),
        ("entry: {window: 09:31-15:45 New York}", 331, None),
        ("entry: {at: '08:30, 10:00 Chicago, within 5 min'}", 0, 60),
    ],
)
def test_clock_next_lets_a_strategy_open(yaml: str, minute: float, opens: float | None) -> None:
    rules = given.strategy(yaml)

    found = next_entry(rules, given.rulebook(rules).account, given.snapshot(given.ledger(), at=TEN + minute * MINUTE))

    assert found == (TEN + opens * MINUTE if opens is not None else None)


def test_day_without_a_session_has_no_next_entry() -> None:
    rules = given.strategy(LADDER)

    assert next_entry(rules, given.rulebook(rules).account, replace(given.snapshot(given.ledger(), at=TEN), session=None)) is None


@pytest.mark.parametrize(("minute", "answer"), [(29, ("apart", "opened at 10:00")), (30, None)])
def test_openings_are_so_far_apart(minute: float, answer: tuple[str, str] | None) -> None:
    rules = given.strategy("limits: {open: 9, per_day: 9, per_expiry: 9, apart: 30 min}")

    assert obstacle(rules, with_openings(0), TEN + minute * MINUTE) == answer


def test_so_many_losses_end_the_day() -> None:
    rules = given.strategy("limits: {open: 9, per_day: 9, per_expiry: 9, losses_per_day: 2}")

    one, two = with_openings(0, 1, 2, lost={0: 5}), with_openings(0, 1, 2, lost={0: 5, 1: 9})

    assert obstacle(rules, one, TEN + 10 * MINUTE) is None
    assert obstacle(rules, two, TEN + 10 * MINUTE) == ("losses_per_day", "2 today")
    assert idle(given.snapshot(two, at=TEN + 10 * MINUTE), given.rulebook(rules)) == {"puts"}
    assert obstacle(rules, two, TEN + timedelta(days=1)) != ("losses_per_day", "2 today")


@pytest.mark.parametrize(
    ("bound", "days", "stopped"),
    [
        ("$300", 0, None),
        ("$160", 0, ("loss_per_week", "$165 since Monday")),
        ("$160", 4, ("loss_per_week", "$165 since Monday")),
        ("$160", 7, None),
        ("0.1% of net liquidation", 0, ("loss_per_week", "$165 since Monday")),
    ],
    ids=["less", "more", "on Friday still", "next week", "of the account"],
)
def test_what_was_lost_since_monday_ends_the_week(bound: str, days: int, stopped: tuple[str, str] | None) -> None:
    rules = given.strategy(f"limits: {{open: 9, per_day: 9, per_expiry: 9, loss_per_week: '{bound}'}}")
    two = with_openings(0, 1, lost={0: 3, 1: 4})

    later = timedelta(days=days)
    session = Session(given.SESSION.day + later, given.SESSION.open + later, given.SESSION.close + later)
    snapshot = given.snapshot(two, at=TEN + later + 10 * MINUTE, session=session)
    found = strategy_obstacle(rules, snapshot, given.rulebook(rules))

    assert ((found.gate, found.value) if found is not None and found.gate == "loss_per_week" else None) == stopped


def test_loss_of_the_week_is_unknown_without_the_account() -> None:
    rules = given.strategy("limits: {open: 9, per_day: 9, per_expiry: 9, loss_per_week: 1% of net liquidation}")
    snapshot = given.snapshot(with_openings(0, lost={0: 3}), at=TEN + 10 * MINUTE, account=given.account(None))

    found = strategy_obstacle(rules, snapshot, given.rulebook(rules))

    assert found is not None
    assert (found.gate, found.answer) == ("loss_per_week", "unknown")


def test_strategies_that_share_a_name_count_what_any_of_them_holds() -> None:
    shared = "limits: {open: 1, per_expiry: 1, open_among: regime}"
    puts, calls = given.strategy(shared), given.strategy(f"{given.CALLS}\n{shared}", "calls")
    apart = given.strategy(f"{given.CALLS}\nlimits: {{open: 1, per_expiry: 1, open_among: another}}", "calls")
    snapshot = given.snapshot(with_openings(0), at=TEN + 10 * MINUTE)

    found = strategy_obstacle(calls, snapshot, given.rulebook(puts, calls))
    gone = strategy_obstacle(calls, snapshot, given.rulebook(calls, also=[puts]))

    assert found is not None
    assert (found.gate, found.answer, found.value, found.source) == ("open_among", "fail", "2", "regime of calls")
    assert gone == found, "a file that is gone still holds what it opened"
    assert strategy_obstacle(apart, snapshot, given.rulebook(puts, apart)) is None


def test_gain_is_no_loss() -> None:
    rules = given.strategy("limits: {open: 9, per_day: 9, per_expiry: 9, losses_per_day: 1}")
    known = with_openings(0)
    given.told(known, *given.closed(given.proposal("c0", position="o0", limit="-0.30")), at=TEN + 5 * MINUTE)

    assert obstacle(rules, known, TEN + 10 * MINUTE) is None


AGAIN = "entry: {again: 'after a stop, 2 times, not before 15 min'}\nlimits: {open: 9, per_day: 1, per_expiry: 9}"


@pytest.mark.parametrize(
    ("openings", "lost", "minute", "stopped"),
    [
        ((0,), {}, 20, ("per_day", "2")),
        ((0,), {0: 5}, 19, ("again", "stopped at 10:05")),
        ((0,), {0: 5}, 20, None),
        ((0, 20), {0: 5}, 30, ("per_day", "3")),
        ((0, 20), {0: 5, 1: 25}, 40, None),
        ((0, 20, 40), {0: 5, 1: 25, 2: 45}, 90, ("per_day", "4")),
    ],
    ids=["no stop", "too soon", "again", "once for a stop", "twice", "no third time"],
)
def test_stop_is_followed_by_another_opening(
    openings: tuple[float, ...], lost: dict[int, float], minute: float, stopped: tuple[str, str] | None
) -> None:
    assert obstacle(given.strategy(AGAIN), with_openings(*openings, lost=lost), TEN + minute * MINUTE) == stopped


@pytest.mark.parametrize(
    ("openings", "lost", "minute", "stopped"),
    [
        ((0,), {0: 10}, 19, ("hours", "10:19")),
        ((0,), {0: 10}, 20, None),
        ((0,), {0: 10}, 25, ("hours", "10:25")),
        ((0, 21), {0: 10}, 23, ("hours", "10:23")),
        ((0,), {0: 22}, 30, None),
        ((0, 30), {0: 22}, 32, None),
        ((0, 30, 32), {0: 22}, 33, ("at", "the opening of 10:30 is made")),
    ],
    ids=["too soon", "due", "passed", "made", "a time of its own", "due beside it", "both are made"],
)
def test_stop_is_followed_by_another_opening_between_the_times(
    openings: tuple[float, ...], lost: dict[int, float], minute: float, stopped: tuple[str, str] | None
) -> None:
    rules = given.strategy(
        "entry: {at: '10:00, 10:30 New York, within 5 min', again: 'after a stop, once, not before 10 min'}\n"
        "limits: {open: 9, per_day: 2, per_expiry: 9}"
    )

    assert obstacle(rules, with_openings(*openings, lost=lost), TEN + minute * MINUTE) == stopped


@pytest.mark.parametrize(
    ("of", "answer", "value"),
    [
        (given.spread("bull_put", 580, 575), "fail", "$0 from one that is sold"),
        (given.spread("bull_put", 577, 572), "fail", "$3 from one that is sold"),
        (given.spread("bull_put", 575, 570), "pass", "$5 from one that is sold"),
    ],
)
def test_sold_strikes_are_so_far_apart(of: Spread, answer: str, value: str) -> None:
    rules = given.strategy("limits: {open: 9, per_day: 9, per_expiry: 9, strikes_apart: $5}")
    now = given.snapshot(with_openings(0), at=TEN + MINUTE)
    rows = given.rows(now.chain)
    quote = spread_quote(of, rows, "open") or spread_quote(given.spread(), rows, "open")
    assert quote is not None

    opening = Opening(rules, of, 1, given.proposal(of=of).max_loss, quote)
    found = {one.gate: one for one in gate(opening, now, given.rulebook(rules), rows)}

    assert (found["strikes_apart"].answer, found["strikes_apart"].value) == (answer, value)


def test_order_does_not_count_against_itself_when_its_gates_are_asked_again() -> None:
    rules = given.strategy(LADDER)
    known = with_openings(1)
    now = given.snapshot(known, at=TEN + 2 * MINUTE)
    rows = given.rows(now.chain)
    quote = spread_quote(given.spread(), rows, "open")
    assert quote is not None

    opening = Opening(rules, given.spread(), 1, given.proposal().max_loss, quote, order_ref="o0")
    found = {one.gate: one.answer for one in gate(opening, now, given.rulebook(rules), rows)}

    assert (found["hours"], found["at"]) == ("pass", "pass")
