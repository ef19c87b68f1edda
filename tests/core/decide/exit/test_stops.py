"""A stop acts or speaks: what it asks for while it waits, by when it is decided, and what is said of an exit that cannot act."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.decide.exit.blocked import UNJUDGED
from engine.decide.exit.exits import RAN_ON
from engine.decide.exit.expiry import GUARD
from engine.decide.quotes import Rows, spread_quote
from engine.decide.risk.asked import Opening
from engine.decide.risk.gate import gate
from engine.decide.waiting import looks_again_in_s
from engine.domain.chain import ChainSnapshot
from engine.domain.clocks import DECIDED_WITHIN, MESSAGES_A_DAY
from engine.domain.decision import (
    AskQuotes,
    BlockExit,
    Cancel,
    ConfirmExit,
    Decision,
    FreeExit,
    Propose,
    Reprice,
    Send,
    TriggerExit,
    facts_of,
)
from engine.domain.facts.account import Reconciled
from engine.domain.facts.orders import CancelRequested, OrderAcknowledged, OrderCanceled, OrderRejected
from engine.domain.facts.positions import ExitBlocked, PositionSettled
from engine.domain.ledger import Ledger
from engine.domain.snapshot import ExitHits
from engine.strategy.model import Strategy
from tests import given
from tests.core.decide.watching import costs, kinds, look, position, seconds, watched

LEGS = tuple(sorted((leg.contract for leg in given.spread().legs), key=lambda contract: contract.con_id))
LATE = given.strategy("exits:\n  - time >= 10:00 New York\n  - loss >= 200% of credit")
"""Due as soon as it is looked at."""


def asked(decisions: Sequence[Decision]) -> list[int]:
    """Contracts whose quotes are asked for."""
    return [contract.con_id for one in decisions if isinstance(one, AskQuotes) for contract in one.contracts]


def blocked(decisions: Sequence[Decision]) -> list[ExitBlocked]:
    return [one.fact for one in decisions if isinstance(one, BlockExit)]


def silent(net: str, n: float, since: float = 0, **more: object) -> ChainSnapshot:
    """The chain so many seconds later, its legs told last at `since`."""
    return costs(net, at=seconds(n), age_s=1 + n - since, **more)  # type: ignore[arg-type]


# A stop that waits.


def test_stop_that_first_holds_asks_for_the_quotes_of_both_legs_at_once() -> None:
    (found,) = watched(position(), [costs("2.50")])

    assert asked(found) == [contract.con_id for contract in LEGS]


@pytest.mark.slow
def test_stop_whose_quotes_come_only_when_they_are_asked_for_is_believed_in_time() -> None:
    known, hits, quoted_at, requested_at, acted_at = position(), {}, 0.0, {}, None
    for n in range(60):
        found = look(known, silent("2.50", n, quoted_at), exit_hits=dict(hits), requested_quotes=dict(requested_at))
        for one in found:
            if isinstance(one, ConfirmExit):
                hits[one.position, one.rule] = ExitHits(one.first_at, seconds(n), one.count)
            if isinstance(one, AskQuotes):
                requested_at |= dict.fromkeys((contract.con_id for contract in one.contracts), seconds(n))
                quoted_at = n + 1.0  # answered within the second
        if any(isinstance(one, Propose) for one in found):
            acted_at = acted_at or n
    assert acted_at is not None
    assert acted_at <= DECIDED_WITHIN.total_seconds()


@pytest.mark.slow
def test_quotes_are_asked_for_every_five_seconds_while_none_comes_and_not_where_they_come_by_themselves() -> None:
    quiet = watched(position(), [silent("2.50", n) for n in range(25)])
    told = watched(position(), [costs("2.50", at=seconds(n)) for n in range(14)])

    assert [n for n, one in enumerate(quiet) if asked(one)] == [0, 5, 10, 15, 20]
    assert [n for n, one in enumerate(told) if asked(one)] == [0]


def test_stop_that_a_fresh_quote_contradicts_is_dropped() -> None:
    found = watched(position(), [costs("2.50"), costs("0.80", at=seconds(1))])

    assert [one.count for one in found[1] if isinstance(one, ConfirmExit)] == [0]
    assert blocked(found[1]) == []


RUNS = [(0, "2.50"), (3, "2.53"), (5, "2.56")]
"""Seconds and what closing costs: each look finds the loss grown, by 2.4% in all."""


def looked(looks: Sequence[tuple[float, str]], age_s: float = 1.0) -> list[list[Decision]]:
    return watched(position(), [costs(net, at=seconds(n), age_s=age_s) for n, net in looks])


def test_stop_whose_market_runs_on_is_believed_after_five_seconds_and_closes_at_what_is_certain_to_trade() -> None:
    found = looked(RUNS)

    (close,) = (one.order for one in found[-1] if isinstance(one, Propose))
    assert ["Propose" in kinds(one) for one in found] == [False, False, True]
    assert (close.limit, close.at_natural, close.urgent) == (Decimal("-2.58"), True, True)
    assert [one.fact.text for one in found[-1] if isinstance(one, TriggerExit)] == [RAN_ON]


@pytest.mark.parametrize(
    "looks",
    [
        pytest.param([(0, "2.50"), (3, "2.52"), (5, "2.54")], id="the loss grew by less than what quotes move for nothing"),
        pytest.param([(0, "2.50"), (3, "3.50")], id="seconds are too few"),
        pytest.param([(0, "2.50"), (5, "2.50")], id="a print that stands"),
        pytest.param([(0, "3.50"), (5, "2.50")], id="a print that was too bad"),
    ],
)
def test_stop_whose_market_does_not_run_waits_to_be_believed(looks: list[tuple[float, str]]) -> None:
    assert not any(isinstance(one, Propose) for found in looked(looks) for one in found)


def test_stop_is_not_believed_sooner_where_one_leg_was_not_told_anew() -> None:
    known = position()
    standing = {"quoted_at": seconds(-1).timestamp()}
    chains = [costs("2.50"), *(costs("2.80", at=seconds(n), bid=3.99, ask=4.01, **standing) for n in (3, 5))]

    assert not any(isinstance(one, Propose) for found in watched(known, chains) for one in found)


def test_stop_believed_on_three_looks_begins_at_mid_where_the_market_stands() -> None:
    found = looked([(n, "2.50") for n in range(0, 21, 5)])

    (close,) = (one.order for one in next(one for one in found if "Propose" in kinds(one)) if isinstance(one, Propose))
    assert (close.limit, close.at_natural) == (Decimal("-2.50"), False)


@pytest.mark.slow
def test_stop_that_no_quote_answers_speaks_after_half_a_minute_and_asks_ever_more_seldom() -> None:
    found = watched(position(), [silent("2.50", n) for n in range(110)])

    said = [(n, fact) for n, one in enumerate(found) for fact in blocked(one)]
    assert [n for n, _ in said] == [30, 40, 60, 100]
    assert [fact.tries for _, fact in said] == [1, 2, 3, 4]
    assert {(fact.rule, fact.obstacle) for _, fact in said} == {("loss >= 200% of credit", "no price")}
    assert "not told anew" in said[0][1].text
    assert [n for n, one in enumerate(found) if asked(one) and n >= 30] == [30, 40, 60, 100]
    assert not any(isinstance(one, Propose) for looked in found for one in looked)


@pytest.mark.slow
def test_stop_whose_quotes_vanish_before_it_is_believed_is_not_dropped_but_speaks() -> None:
    gone = {"bid": None, "ask": None}

    found = watched(position(), [costs("2.50"), *(costs("2.50", at=seconds(n), **gone) for n in range(1, 35))])

    assert [n for n, one in enumerate(found) if blocked(one)] == [30]
    assert not any(one.count == 0 for looked in found for one in looked if isinstance(one, ConfirmExit))


def test_stop_speaks_also_where_nothing_ticks_any_more() -> None:
    known, hits = position(), {("o1", "loss >= 200% of credit"): ExitHits(given.NOW, given.NOW, 1)}

    found = look(known, silent("2.50", 30), exit_hits=hits, is_fresh=False)

    assert [fact.obstacle for fact in blocked(found)] == ["no price"]


@pytest.mark.slow
def test_stop_that_spoke_is_believed_once_its_quotes_are_told_anew_and_that_is_said() -> None:
    chains = [*(silent("2.50", n) for n in range(36)), *(costs("2.50", at=seconds(36 + 5 * n)) for n in range(5))]

    found = watched(position(), chains)

    acts = next(one for one in found if "Propose" in kinds(one))
    assert kinds(acts) == ["FreeExit", "TriggerExit", "Propose"]


def test_stop_that_spoke_and_no_longer_holds_is_said_to_be_free() -> None:
    found = watched(position(), [*(silent("2.50", n) for n in range(36)), costs("0.80", at=seconds(36))])

    (freed,) = (one.fact for one in found[-1] if isinstance(one, FreeExit))
    assert (freed.position, freed.rule, freed.text) == ("o1", "loss >= 200% of credit", "its rule no longer holds")


# An exit of the clock.


def test_exit_of_the_clock_asks_for_the_quotes_it_lacks_and_closes_as_soon_as_they_come() -> None:
    first, then = watched(position(by=LATE), [silent("1.00", 0, -40), costs("1.00", at=seconds(1))], LATE)

    assert asked(first) == [contract.con_id for contract in LEGS]
    assert kinds(then) == ["TriggerExit", "Propose"]


def test_exit_of_the_clock_whose_legs_lost_their_quotes_speaks() -> None:
    gone = {"bid": None, "ask": None}

    found = watched(position(by=LATE), [costs("1.00", at=seconds(n), **gone) for n in range(45)], LATE)

    said = [(n, fact) for n, one in enumerate(found) for fact in blocked(one)]
    assert [n for n, _ in said] == [30, 40]
    assert (said[0][1].rule, said[0][1].obstacle) == ("time >= 10:00 New York", "no price")


@pytest.mark.parametrize(
    ("more", "text"),
    [({"data": "delayed"}, "market data is delayed"), ({"is_connected": False}, "no connection to the broker")],
)
def test_exit_of_the_clock_that_cannot_be_sent_speaks(more: dict[str, object], text: str) -> None:
    found = watched(position(by=LATE), [costs("1.00", at=seconds(n)) for n in range(32)], LATE, **more)

    ((n, fact),) = ((n, fact) for n, one in enumerate(found) for fact in blocked(one))
    assert (n, fact.obstacle, fact.text) == (30, "not sent", text)


def test_exit_of_what_the_broker_does_not_hold_speaks() -> None:
    known = position(by=LATE)
    given.told(known, Reconciled(("x",), missing=(LEGS[0].con_id,)))

    found = watched(known, [costs("1.00", at=seconds(n)) for n in range(32)], LATE)

    assert [(n, fact.obstacle) for n, one in enumerate(found) for fact in blocked(one)] == [(30, "not sent")]


def test_rule_that_holds_by_the_clock_is_not_counted_although_it_asks_for_a_loss_too() -> None:
    either = given.strategy("exits:\n  - loss >= 400% of credit or dte <= 25")

    assert kinds(look(position(by=either), costs("1.00"), strategy=either)) == ["TriggerExit", "Propose"]


def test_bad_quotes_answer_nothing_about_prices_and_hold_up_no_rule_of_the_clock() -> None:
    crossed = costs("1.00", bid=9.0)
    rules = given.strategy("exits:\n  - short_delta >= 0.01\n  - loss >= 1% of credit\n  - dte <= 25: alert")

    found = look(position(by=rules), crossed, strategy=rules)

    assert kinds(found) == ["ConfirmExit", "TriggerExit"]


# A close that comes to nothing.


def day(
    net: str,
    *,
    by: Strategy,
    hours: float = 5,
    known: Ledger | None = None,
    ends: str = "canceled",
    unbid: bool = False,
    told_every: int = 1,
) -> list[tuple[int, Decision]]:
    """What is decided by the second over a day on which no close fills, each order acknowledged at once; its quotes are told so
    often, in seconds, and at once where an order works."""
    ledger, found = known or position(by=by), list[tuple[int, Decision]]()
    hits: dict[tuple[str, str], ExitHits] = {}
    requested_at: dict[int, object] = {}
    begins = given.SESSION.open + timedelta(minutes=10)
    rulebook = given.rulebook(by)
    n = 0
    while n < 3600 * hours:
        at = begins + timedelta(seconds=n)
        chain = costs(net, at=at, strikes=(575, 580))
        if unbid:
            late = 0 if any(True for _ in ledger.working()) else n % told_every
            when = {"quoted_at": at.timestamp() - 1 - late}
            sold, bought = ({"bid": 0.02, "ask": 0.05} | when, {"bid": None, "ask": 0.05} | when)
            chain = given.chain(given.options((575, 580), at=at), at=at, p580=sold, p575=bought)
        fields = {"exit_hits": dict(hits), "requested_quotes": dict(requested_at), "paused": frozenset({by.name})}
        acted = decide(given.snapshot(ledger, chain, at=at, **fields), rulebook)
        for one in acted:
            found.append((n, one))
            for fact in facts_of(one):
                ledger.apply(fact, at)
            if isinstance(one, ConfirmExit):
                hits[one.position, one.rule] = ExitHits(one.first_at, at, one.count)
            if isinstance(one, Send) and ends == "rejected":
                ledger.apply(OrderRejected(one.order_ref, 201, "no"), at)
            elif isinstance(one, Send):
                ledger.apply(OrderAcknowledged(one.order_ref, 77, 7, "Submitted"), at)
            if isinstance(one, Cancel):
                ledger.apply(OrderCanceled(one.order_ref, "canceled"), at)
        n += 5 if any(True for _ in ledger.working()) or acted else 20
    return found


def messages(found: Sequence[tuple[int, Decision]]) -> int:
    return sum(isinstance(one, Send | Reprice | Cancel) for _, one in found)


TARGET = given.strategy("exits:\n  - profit >= 50% of credit\n  - loss >= 400% of credit")
STOP = given.strategy("exits:\n  - loss >= 200% of credit")


@pytest.mark.slow
def test_profit_that_nobody_fills_takes_few_messages_a_day_and_is_said() -> None:
    found = day("0.20", by=TARGET)

    assert 4 < messages(found) <= MESSAGES_A_DAY
    said = [one.fact for _, one in found if isinstance(one, BlockExit)]
    assert {fact.obstacle for fact in said} == {"not filled"}
    assert [fact.tries for fact in said] == sorted({fact.tries for fact in said}), "each try is said once"


@pytest.mark.slow
def test_stop_that_nobody_fills_never_stops_trying_and_tries_ever_more_seldom() -> None:
    found = day("3.00", by=STOP)

    sent = [n for n, one in found if isinstance(one, Send)]
    pauses = [later - earlier for earlier, later in itertools.pairwise(sent)]
    assert len(sent) > 15
    assert pauses[:4] == sorted(pauses[:4])
    assert max(pauses) <= 90 + 600 + 60
    assert 3600 * 5 - sent[-1] <= max(pauses)


def test_close_that_the_broker_rejects_backs_off_and_is_said_as_not_sent() -> None:
    found = day("3.00", by=STOP, hours=1, ends="rejected")

    sent = [n for n, one in found if isinstance(one, Send)]
    assert 4 <= len(sent) <= 10
    said = [one.fact for _, one in found if isinstance(one, BlockExit)]
    assert {fact.obstacle for fact in said} == {"not sent"}
    assert "201: no" in said[0].text


@pytest.mark.slow
def test_hopeless_close_stops_no_opening_by_its_messages() -> None:
    known = position(by=STOP)
    found = day("3.00", by=STOP, hours=3, known=known)
    at = given.SESSION.open + timedelta(hours=3, minutes=15)
    now, chain = given.snapshot(known, at=at), given.chain(at=at)
    spread = given.spread(short=560, long=555)
    mark = spread_quote(spread, Rows(chain), "open")
    assert mark is not None
    opening = Opening(STOP, spread, 1, Decimal(400), mark)

    verdicts = {one.gate: one.answer for one in gate(opening, now, given.rulebook(STOP), Rows(chain))}

    assert messages(found) > 30, "beyond what is nobody's concern"
    assert (verdicts["messages_per_fill"], verdicts["messages_per_minute"]) == ("pass", "pass")


def no_bid(strategy: Strategy, expiry: object, root: str, at: object) -> tuple[Ledger, ChainSnapshot, dict[str, object]]:
    underlying = "SPX" if root.startswith("SPX") else root
    of = given.spread(root=root, underlying=underlying, expiry=expiry)  # type: ignore[arg-type]
    known = given.ledger(*given.opened(given.proposal(of=of, by=strategy), net="0.80"))
    rows = given.options((575, 580), at=at, spot=660, root=root, underlying=underlying, expiries=(expiry,))  # type: ignore[arg-type]
    quotes = {"p580": {"bid": 0.02, "ask": 0.05}, "p575": {"bid": None, "ask": 0.05}}
    return known, given.chain(rows, at=at, **quotes), {"market": {underlying: given.market(underlying, 660.0)}}  # type: ignore[arg-type]


def test_profit_that_nobody_bids_for_is_left_to_an_expiry_in_cash_on_its_day_and_said_once() -> None:
    known, chain, more = no_bid(TARGET, given.NOW.date(), "SPXW", given.NOW)

    first, again = watched(known, [chain, replace(chain, as_of=seconds(5))], TARGET, **more)

    (fact,) = blocked(first)
    assert (fact.obstacle, fact.tries, fact.again_at) == ("no bid", 0, given.SESSION.close)
    assert "settled in cash" in fact.text
    assert kinds(first) == ["BlockExit"]
    assert kinds(again) == []


@pytest.mark.parametrize(("root", "expiry"), [("SPY", given.EXPIRY), ("SPXW", given.EXPIRY)])
def test_profit_that_nobody_bids_for_is_tried_on_another_day(root: str, expiry: object) -> None:
    known, chain, more = no_bid(TARGET, expiry, root, given.NOW)

    found = look(known, chain, strategy=TARGET, **more)

    assert kinds(found) == ["TriggerExit", "Propose"]


@pytest.mark.slow
def test_profit_that_nobody_bids_for_takes_few_messages_a_day() -> None:
    found = day("0.05", by=TARGET, unbid=True)

    assert 2 <= messages(found) <= MESSAGES_A_DAY
    assert "no bid" in {one.fact.obstacle for _, one in found if isinstance(one, BlockExit)}


@pytest.mark.slow
def test_date_whose_long_nobody_bids_for_buys_the_short_back_and_never_stops_trying() -> None:
    found = day("0.05", by=LATE, unbid=True)

    proposed = [(n, one.order.spread) for n, one in found if isinstance(one, Propose)]
    assert {(spread.structure, len(spread.legs)) for _, spread in proposed} == {("bull_put short", 1)}
    assert messages(found) > MESSAGES_A_DAY
    assert proposed[-1][0] > 4.5 * 3600
    assert {one.fact.obstacle for _, one in found if isinstance(one, BlockExit)} == {"not filled"}


@pytest.mark.slow
def test_position_that_nobody_bids_for_is_said_once_a_try_though_its_quotes_grow_old_between() -> None:
    rules = given.strategy("exits:\n  - profit >= 50% of credit\n  - loss >= 400% of credit")

    found = day("0.05", by=rules, unbid=True, told_every=60)

    said = [one.fact for _, one in found if isinstance(one, BlockExit)]
    assert {fact.obstacle for fact in said} == {"no bid"}
    assert [fact.tries for fact in said] == sorted({fact.tries for fact in said})


def test_try_that_came_to_nothing_is_said_once_though_rules_take_turns_at_being_due() -> None:
    rules = given.strategy("exits:\n  - loss >= 200% of credit\n  - dte <= 25")
    known = position(by=rules)
    for ref, ended in (("o2", -200), ("o3", -30)):
        failed = given.proposal(ref, position="o1", limit="-3.70", worst="-5.00", by=rules, reason="dte <= 25")
        given.told(known, *given.working(failed), OrderCanceled(ref, "canceled"), at=seconds(ended))
    given.told(known, ExitBlocked("o1", "dte <= 25", "no bid", "2 closes came to nothing", 2, seconds(50)))
    hits = {("o1", "loss >= 200% of credit"): ExitHits(seconds(-40), seconds(-1), 4)}
    chain = given.chain(p580={"bid": 3.60, "ask": 3.80}, p575={"bid": None, "ask": 0.05})

    found = look(known, chain, strategy=rules, exit_hits=hits)

    assert blocked(found) == []


def test_date_that_blocks_is_not_over_while_a_stop_above_it_waits_to_be_believed() -> None:
    rules = given.strategy("exits:\n  - loss >= 200% of credit\n  - dte <= 25")
    known = position(by=rules)
    given.told(known, ExitBlocked("o1", "dte <= 25", "not filled", "one close came to nothing", 1, seconds(300)))

    found = look(known, costs("2.50"), strategy=rules)

    assert kinds(found) == ["ConfirmExit"]


def test_stop_that_was_not_filled_says_nothing_of_its_quotes_until_its_next_try() -> None:
    rule, again_at = "loss >= 200% of credit", seconds(100)
    known = position()
    given.told(known, ExitBlocked("o1", rule, "not filled", "7 closes came to nothing", 7, again_at))
    hits = {("o1", rule): ExitHits(seconds(-40), seconds(-1), 4)}

    before = look(known, costs("2.50"), exit_hits=hits, is_fresh=False)
    later = {("o1", rule): ExitHits(seconds(50), seconds(99), 4)}
    stale = look(known, costs("2.50", at=again_at), exit_hits=later, is_fresh=False)

    assert before == []
    assert [(fact.obstacle, fact.tries) for fact in blocked(stale)] == [("no price", 1)]


@pytest.mark.slow
def test_date_is_tried_for_as_long_as_it_holds_also_where_a_profit_above_it_holds_too() -> None:
    rules = given.strategy("exits:\n  - profit >= 50% of credit\n  - loss >= 400% of credit\n  - dte <= 25")

    found = day("0.20", by=rules)

    reasons = [one.order.reason for _, one in found if isinstance(one, Propose)]
    assert reasons[0] == "profit >= 50% of credit"
    assert set(reasons[1:]) == {"dte <= 25"}
    assert len(reasons) > 15


def test_guard_of_the_last_afternoon_does_not_wait_for_a_profit_that_nobody_fills() -> None:
    at = given.SESSION.close - timedelta(hours=1)
    known, _, more = no_bid(TARGET, given.NOW.date(), "SPY", at)
    failed = given.proposal("o2", of=known.positions["o1"].spread, position="o1", limit="-0.30", by=TARGET)
    given.told(known, *given.working(failed), OrderCanceled("o2", "canceled"), at=at - timedelta(minutes=1))
    near = given.options((575, 580), at=at, spot=583, root="SPY", underlying="SPY", expiries=(given.NOW.date(),))
    chain = given.chain(near, at=at, p580={"bid": 0.10, "ask": 0.12}, p575={"bid": None, "ask": 0.02})

    found = look(known, chain, strategy=TARGET, **(more | {"market": {"SPY": given.market("SPY", 583.0)}}))

    assert [one.order.reason for one in found if isinstance(one, Propose)] == [GUARD]


def test_what_blocked_an_exit_is_over_once_the_position_is_closed() -> None:
    known = position()
    given.told(known, ExitBlocked("o1", "loss >= 200% of credit", "no price", "x", 1, seconds(10)))
    given.told(known, PositionSettled("o1", Decimal(0), "expired"))

    (freed,) = look(known, costs("0.80"))

    assert isinstance(freed, FreeExit)
    assert freed.fact.text == "closed: settled at expiry"


# When to look again.


def test_waiting_stop_is_looked_at_every_second_and_a_held_leg_when_it_falls_quiet() -> None:
    known = position()
    calm = given.snapshot(known, costs("0.80", age_s=20))
    waiting = replace(calm, exit_hits={("o1", "loss"): ExitHits(given.NOW, given.NOW, 1)})
    spoke = given.told(position(), ExitBlocked("o1", "loss", "no price", "x", 1, seconds(12)))

    unjudged = replace(calm, exit_hits={("o1", UNJUDGED): ExitHits(given.NOW, given.NOW, 1)})

    assert looks_again_in_s(waiting) == 1
    assert looks_again_in_s(unjudged) == pytest.approx(80)
    assert looks_again_in_s(calm) == pytest.approx(80)
    assert looks_again_in_s(given.snapshot(spoke, costs("0.80", age_s=20))) == pytest.approx(12)
    assert looks_again_in_s(given.snapshot(given.ledger())) == float("inf")
    assert looks_again_in_s(replace(waiting, session=None)) == float("inf")


# Legs that are quiet.


def test_quiet_leg_of_an_open_position_is_asked_for_anew_and_not_all_the_time() -> None:
    quiet = {"quoted_at": seconds(-100).timestamp()}

    found = watched(position(), [costs("0.80", at=seconds(n), **quiet) for n in (-1, 0, 1, 99, 100, 101)])

    assert [asked(one) for one in found] == [[], [LEGS[1].con_id], [], [], [LEGS[1].con_id], []]


def test_quiet_leg_that_nobody_holds_or_that_was_never_told_is_left_alone() -> None:
    never = {"quoted_at": None}

    assert asked(look(given.ledger(), silent("0.80", 0, -500))) == []
    assert asked(look(position(), costs("0.80", **never))) == []


# What cannot be judged, and what can neither be filled nor canceled.


def test_rule_that_nobody_can_answer_for_minutes_is_said_and_its_quotes_are_asked_for() -> None:
    """Given a position whose leg is not quoted; when no rule could be answered for five minutes; then it is said, of the stop."""
    gone = {"bid": None, "ask": None}
    looks = range(0, 400, 20)

    found = watched(position(), [costs("0.80", at=seconds(n), **gone) for n in looks])

    said = [(n, fact) for n, one in zip(looks, found, strict=True) for fact in blocked(one)]
    assert [n for n, _ in said][:2] == [300, 320]
    assert said[0][1].rule == "loss >= 200% of credit"
    assert said[0][1].text.startswith("whether it is due is not known: nobody offers one of its legs")
    assert LEGS[0].con_id in asked(found[15])


def test_rule_that_can_be_answered_again_is_said_to_be_free() -> None:
    gone = {"bid": None, "ask": None}
    blind = [costs("0.80", at=seconds(n), **gone) for n in range(0, 320, 20)]

    found = watched(position(), [*blind, costs("0.80", at=seconds(320))])

    assert blocked(found[-2])
    assert any(isinstance(one, FreeExit) for one in found[-1])


def test_blind_minutes_that_a_quote_interrupts_are_no_five_minutes() -> None:
    gone = {"bid": None, "ask": None}
    chains = [costs("0.80", at=seconds(n), **({} if n == 160 else gone)) for n in range(0, 400, 20)]

    assert not any(blocked(one) for one in watched(position(), chains))


def test_close_that_neither_fills_nor_can_be_canceled_speaks() -> None:
    close = given.proposal("c1", position="o1", limit="-2.50")
    known = given.told(position(), *given.working(close))
    for n in (60, 75, 105):
        given.told(known, CancelRequested("c1", "not filled"), at=seconds(n))
        given.told(known, OrderAcknowledged("c1", 7, 7, "working"), at=seconds(n))

    (said,) = blocked(look(known, costs("2.50", at=seconds(120))))

    assert (said.position, said.obstacle, said.tries) == ("o1", "not filled", 3)
    assert "c1 was canceled 3 times and it works on" in said.text
