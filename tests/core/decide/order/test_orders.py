"""Orders on their way: what is due in every state, and that nothing acts late or unasked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.decide.order.approval import auto_refusal
from engine.decide.quotes import Rows
from engine.domain.chain import ChainSnapshot
from engine.domain.decision import (
    Approve,
    Ask,
    AskQuotes,
    Cancel,
    CountBreaker,
    Decision,
    Decline,
    Deny,
    DenyEntry,
    Expire,
    MarkUnknown,
    Propose,
    RecordFunnel,
    RefreshAccount,
    Reply,
    Reprice,
    Send,
)
from engine.domain.facts.account import Reconciled
from engine.domain.facts.halts import BreakerTripped, Halted
from engine.domain.facts.orders import (
    ApprovalAsked,
    CancelRequested,
    OrderAcknowledged,
    OrderApproved,
    OrderCanceled,
    OrderProposed,
    OrderRepriced,
    OrderSent,
    OrderUnknown,
)
from engine.domain.facts.running import LinkChanged
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.maintenance import Window
from engine.domain.snapshot import Answer
from engine.strategy.account import Account
from engine.strategy.model import Strategy
from tests import given

PUTS = given.strategy()
AUTO = given.strategy(given.AUTO)
MID = Decimal("0.80")
YES, NO = Answer("o1", True, "trader"), Answer("o1", False, "trader", "not today")


QUOTED = (Decimal("0.80"), Decimal("0.78"))
"""Mid and natural of the quotes below."""


def quotes(net: str = "0.80", *, at=given.NOW, age_s: float = 1.0, half: float = 0.01) -> ChainSnapshot:
    """The chain with the spread 580/575 at this mid, each leg a cent to either side."""
    long = 1.20
    short = long + float(net)
    when = {"quoted_at": at.timestamp() - age_s}
    rows = [given.option(row["contract"], at=at, age_s=1.0) for row in given.options()]  # type: ignore[arg-type]
    return given.chain(
        rows,
        at=at,
        p580={"bid": short - half, "ask": short + half, **when},
        p575={"bid": long - half, "ask": long + half, **when},
    )


def due(
    *facts: Fact,
    strategy: Strategy = PUTS,
    after: timedelta = timedelta(0),
    net: str = "0.80",
    age_s: float = 1.0,
    told: timedelta = timedelta(0),
    limits: Account | None = None,
    answers: Sequence[Answer] = (),
    known: Ledger | None = None,
    strategies: Sequence[Strategy] | None = None,
    **more: object,
) -> list[Decision]:
    """What is decided on the orders so long after these facts; the scan of the market is left out."""
    ledger = known or given.told(given.ledger(), *facts, at=given.NOW + told)
    at = given.NOW + after
    rulebook = given.rulebook(*((strategy,) if strategies is None else strategies), account=limits, also=(strategy,))
    now = given.snapshot(ledger, quotes(net, at=at, age_s=age_s), at=at, answers=tuple(answers), **more)  # type: ignore[arg-type]
    found = decide(now, rulebook)
    others = RecordFunnel | DenyEntry | CountBreaker | RefreshAccount
    return [one for one in found if not isinstance(one, others) and not is_opening(one)]


def is_opening(decision: Decision) -> bool:
    return isinstance(decision, Propose) and decision.order.purpose == "open"


def opening(by: Strategy = PUTS, **more: object) -> OrderProposed:
    return given.proposal(by=by, worst="0.74", **more)  # type: ignore[arg-type]


def asked(by: Strategy = PUTS, shown: str = "0.80") -> list[Fact]:
    question = ApprovalAsked("o1", given.NOW + timedelta(minutes=10), Decimal(shown), "the strategy asks a person")
    return [opening(by), given.previewed(), question]


def close(**more: object) -> OrderProposed:
    return given.proposal("c1", position="o1", limit="-0.40", worst="-5.00", by=PUTS, **more)  # type: ignore[arg-type]


def trip(name: str, strategy: str) -> BreakerTripped:
    lifts = "person" if name == "breaker_week" else "next session"
    return BreakerTripped(name, strategy, Decimal(-9), Decimal(-5), lifts, given.NOW.date())


# Proposed.


def test_opening_waits_for_its_preview_and_expires_without_one() -> None:
    assert due(opening(), after=timedelta(seconds=30)) == []
    assert due(opening(), after=timedelta(seconds=31)) == [Expire("o1", "the preview was never answered")]


def test_broker_has_the_machine_s_seconds_where_a_simulator_runs_faster() -> None:
    silent, unacknowledged = opening(), [*given.working(opening())[:-1]]

    assert due(silent, after=timedelta(seconds=31), pace=60.0) == []
    assert due(silent, after=timedelta(seconds=30 * 60 + 1), pace=60.0) == [Expire("o1", "the preview was never answered")]
    assert due(*unacknowledged, after=timedelta(seconds=11), pace=60.0) == []
    assert due(*unacknowledged, after=timedelta(seconds=11)) == [MarkUnknown("o1", "no acknowledgement within 10 s")]
    assert due(silent, after=timedelta(seconds=31), pace=0.1) == [Expire("o1", "the preview was never answered")]


def test_close_is_approved_by_its_rule_at_the_present_price() -> None:
    known = given.told(given.ledger(), *given.opened(opening()), close())

    assert due(known=known, net="0.60") == [Approve("c1", "exit rule", Decimal("-0.60"))]


def test_close_waits_for_fresh_quotes_and_expires_without_them() -> None:
    known = given.told(given.ledger(), *given.opened(opening()), close())

    assert [type(one) for one in due(known=known, age_s=16)] == [AskQuotes]
    assert due(known=known, age_s=16, after=timedelta(seconds=61)) == [Expire("c1", "could not be sent in time")]


def test_close_expires_when_part_of_the_position_is_closed_meanwhile() -> None:
    order = opening(quantity=2)
    earlier = given.proposal("c0", position="o1", limit="-0.40")
    facts = [*given.opened(order), *given.working(earlier), OrderCanceled("c0", ""), close(quantity=2)]

    late = given.told(given.ledger(), *facts, *given.fills(earlier))
    approved = given.told(given.ledger(), *facts, OrderApproved("c1", "exit rule", Decimal("-0.40")), *given.fills(earlier))

    assert due(known=late) == [Expire("c1", "part of it has been closed meanwhile")]
    assert due(known=approved) == [Expire("c1", "part of it has been closed meanwhile")]


def test_close_waits_until_the_opening_in_its_way_is_gone() -> None:
    order = opening(quantity=2)
    known = given.told(given.ledger(), *given.working(order), *given.fills(order, 1), close())

    decided = due(known=known)

    assert decided == [Cancel("o1", "it makes room for a close")]
    given.told(known, CancelRequested("o1", ""), OrderCanceled("o1", "canceled"))
    assert [type(one) for one in due(known=known)] == [Approve]


# Previewed: asking, and answers.


def test_person_is_asked_with_the_net_and_the_time_to_answer() -> None:
    assert due(opening(), given.previewed()) == [
        Ask(ApprovalAsked("o1", given.NOW + timedelta(minutes=10), MID, "the strategy asks a person"))
    ]
    assert due(*asked()) == []


def test_refused_preview_denies() -> None:
    (denied,) = due(opening(), given.previewed(outcome="refused", text="201: margin"))

    assert isinstance(denied, Deny)
    assert (denied.obstacle.gate, denied.obstacle.answer, denied.obstacle.value) == ("preview", "fail", "201: margin")


def test_unknown_preview_asks_a_person_even_where_the_policy_would_not() -> None:
    (question,) = due(opening(AUTO), given.previewed(outcome="unknown", text="no answer"), strategy=AUTO)

    assert isinstance(question, Ask)
    assert "preview" in question.fact.reason


def test_yes_to_an_unknown_preview_sends_nothing() -> None:
    facts = [opening(), given.previewed(outcome="unknown", text="no answer"), asked()[2]]

    (reply,) = due(*facts, answers=[YES])

    assert isinstance(reply, Reply)
    assert (reply.outcome, "nothing was sent" in reply.text) == ("unknown", True)


def test_yes_is_priced_again_at_that_moment() -> None:
    assert due(*asked(), answers=[YES], net="0.78") == [Approve("o1", "trader", Decimal("0.78"), Decimal(600))]
    assert due(*asked(), answers=[YES], net="0.90") == [Approve("o1", "trader", Decimal("0.90"), Decimal(600))]


def test_yes_is_never_priced_below_the_frozen_worst() -> None:
    facts = [opening(), given.previewed(), ApprovalAsked("o1", given.NOW + timedelta(minutes=10), Decimal("0.74"), "")]

    assert due(*facts, answers=[YES], net="0.72") == [Approve("o1", "trader", Decimal("0.74"), Decimal(600))]


@pytest.mark.parametrize("net", ["0.70", "1.10"])
def test_yes_to_a_price_that_moved_asks_again_and_sends_nothing(net: str) -> None:
    question, reply = due(*asked(), answers=[YES], net=net)

    assert isinstance(question, Ask)
    assert isinstance(reply, Reply)
    assert question.fact.shown_net == Decimal(net)
    assert question.fact.expires_at == given.NOW + timedelta(minutes=10)
    assert reply.outcome == "moved"


def test_yes_counts_for_the_price_that_was_seen_when_it_was_said() -> None:
    seen_now, seen_before = replace(YES, shown_net=Decimal("0.70")), replace(YES, shown_net=Decimal("0.80"))

    (approved,) = due(*asked(), answers=[seen_now], net="0.70")
    question, reply = due(*asked(), answers=[seen_before], net="0.70")

    assert isinstance(approved, Approve)
    assert (type(question), type(reply)) == (Ask, Reply)


@pytest.mark.parametrize(
    ("facts", "change", "gate"),
    [
        ([Halted("trader", "lunch")], {}, "halt"),
        ([], {"data": "delayed"}, None),
        ([], {"account": given.account(excess_liquidity=20_000)}, "cushion_to_open"),
        ([], {"account": given.account(day_pnl=-9000)}, "breaker_day"),
    ],
)
def test_yes_is_gated_again_at_that_moment(facts: list[Fact], change: dict[str, object], gate: str | None) -> None:
    (only,) = due(*asked(), *facts, answers=[YES], **change)  # type: ignore[arg-type]

    if gate is None:
        assert isinstance(only, Reply)
    else:
        assert isinstance(only, Deny)
        assert only.obstacle.gate == gate


def test_yes_while_the_books_disagree_sends_nothing() -> None:
    (reply,) = due(*asked(), Reconciled(("1 of SPY 580P",)), answers=[YES])

    assert isinstance(reply, Reply)
    assert "nothing was sent" in reply.text


@pytest.mark.parametrize("age_s", [16.0, 600.0])
def test_yes_on_old_quotes_sends_nothing(age_s: float) -> None:
    (reply,) = due(*asked(), answers=[YES], age_s=age_s)

    assert isinstance(reply, Reply)
    assert reply.outcome == "unknown"


def test_no_declines_whatever_the_market_does() -> None:
    assert due(*asked(), answers=[NO], age_s=600) == [Decline("o1", "trader", "not today")]


def test_no_answer_in_time_means_no_and_a_late_yes_too() -> None:
    late = timedelta(minutes=10)

    assert due(*asked(), after=late) == [Expire("o1", "nobody answered in time")]
    assert due(*asked(), after=late, answers=[YES]) == [Expire("o1", "nobody answered in time")]


def test_answer_to_an_order_that_is_over_is_told_so() -> None:
    assert due(answers=[Answer("o9", True, "trader")]) == [Reply("o9", "late", "this order no longer waits for an answer")]


def test_opening_that_nobody_could_be_asked_about_expires() -> None:
    assert due(opening(), given.previewed(), age_s=100, after=timedelta(seconds=61)) == [
        Expire("o1", "nobody could be asked in time")
    ]


@pytest.mark.parametrize(
    ("strategies", "more", "reason"),
    [
        ((), {}, "its strategy is gone"),
        ((given.strategy("enabled: false"),), {}, "its strategy is switched off"),
        ((PUTS,), {"paused": frozenset({"puts"})}, "its strategy is held back"),
    ],
)
def test_openings_of_a_strategy_that_may_not_open_end(strategies, more: dict[str, object], reason: str) -> None:
    waiting = due(*asked(), strategies=strategies, answers=[YES], **more)
    approved = due(opening(), given.previewed(), OrderApproved("o1", "trader", MID), strategies=strategies, **more)
    working = due(*given.working(opening()), strategies=strategies, **more)

    assert waiting == approved == [Expire("o1", reason)]
    assert working == [Cancel("o1", reason)]


def test_waiting_ends_with_the_session() -> None:
    at = given.SESSION.close - timedelta(seconds=30) - given.NOW
    question = ApprovalAsked("o1", given.SESSION.close, MID, "")

    assert due(opening(), given.previewed(), question, after=at) == [Expire("o1", "the session is over")]


# Previewed: policies.


def test_policy_answers_when_every_gate_passes() -> None:
    assert due(opening(AUTO), given.previewed(), strategy=AUTO) == [Approve("o1", "policy", MID, Decimal(600))]


@pytest.mark.parametrize(
    ("strike", "root", "is_asked"),
    [(595, "SPY", True), (605, "SPY", False), (595, "SPXW", False)],
    ids=["in the money", "out of the money", "European"],
)
def test_call_in_the_money_that_may_be_exercised_early_is_not_sold_unattended(strike: float, root: str, is_asked: bool) -> None:
    sold = given.spread("bear_call", strike, strike + 5, root=root)
    order = opening(AUTO, of=sold)
    chain = given.chain([given.option(leg.contract, age_s=1.0) for leg in sold.legs])
    now = given.snapshot(given.ledger(order, given.previewed()), chain)

    refusal = auto_refusal(given.ledger(order, given.previewed()).orders["o1"], AUTO, (), now, given.rulebook(AUTO), Rows(chain))

    assert (refusal is not None and "next dividend is unknown" in refusal) is is_asked


def test_person_is_asked_above_the_budget_of_the_day() -> None:
    facts = [
        *given.opened(given.proposal("o0", of=given.spread(short=570, long=565), by=AUTO, max_loss=Decimal(1700))),
        opening(AUTO),
    ]

    (question,) = due(*facts, given.previewed(), strategy=AUTO)

    assert isinstance(question, Ask)
    assert question.fact.reason.startswith("$2,129 of risk today")


def test_risk_of_an_order_that_ended_unfilled_is_free_again() -> None:
    first = given.proposal("o0", of=given.spread(short=570, long=565), by=AUTO, max_loss=Decimal(1700))
    facts = [*given.working(first), OrderCanceled("o0", ""), opening(AUTO), given.previewed()]

    assert due(*facts, strategy=AUTO) == [Approve("o1", "policy", MID, Decimal(600))]


def test_person_is_asked_after_the_last_order_of_the_budget() -> None:
    rules = given.strategy(given.AUTO.replace("3 orders per day", "1 orders per day").replace("open: 3", "open: 4"))
    first = given.proposal("o0", of=given.spread(short=570, long=565), by=rules)

    (question,) = due(*given.working(first), OrderCanceled("o0", ""), opening(rules), given.previewed(), strategy=rules)

    assert isinstance(question, Ask)
    assert "2 orders today" in question.fact.reason


POLICY = """\
limits: {open: 3, per_day: 3, per_expiry: 3, stop_for_day: "-$2,000"}
entry:
  approval: {auto_when: [%s], else: %s, expires: 5 min}
"""


@pytest.mark.parametrize(
    ("line", "otherwise", "kind"),
    [
        ("order_risk <= $1000", "ask", Approve),
        ("order_risk <= $100", "ask", Ask),
        ("order_risk <= $100", "decline", Decline),
        ("post_trade_margin <= 40%", "ask", Approve),
        ("cushion >= 50% and dte >= 25", "ask", Approve),
        ("pop >= 70%", "ask", Ask),
    ],
)
def test_policy_asks_or_declines_what_it_does_not_cover(line: str, otherwise: str, kind: type) -> None:
    rules = given.strategy(POLICY % (line, otherwise))

    (only,) = due(opening(rules), given.previewed(), strategy=rules)

    assert isinstance(only, kind)


def test_probation_asks_a_person_for_the_first_openings() -> None:
    ledger = given.told(given.ledger(), opening(AUTO), given.previewed())
    rulebook = given.rulebook(AUTO, probation=2)

    found = [one for one in decide(given.snapshot(ledger, quotes()), rulebook) if isinstance(one, Ask | Approve)]

    assert [type(one) for one in found] == [Ask]


# Approved and sent.


def test_approved_order_is_sent_at_its_limit() -> None:
    facts = [opening(), given.previewed(), OrderApproved("o1", "trader", Decimal("0.79"))]

    assert due(*facts) == [Send("o1", Decimal("0.79"), *QUOTED)]


@pytest.mark.parametrize(
    ("facts", "more"),
    [
        ([Reconciled(("1 of SPY 580P",))], {}),
        ([LinkChanged("down", None, "")], {"is_connected": False}),
        ([], {"data": "delayed"}),
        ([], {"session": None}),
    ],
)
def test_approved_opening_that_may_not_leave_waits_a_minute(facts: list[Fact], more: dict[str, object]) -> None:
    approved = [opening(), given.previewed(), OrderApproved("o1", "trader", MID), *facts]

    assert due(*approved, **more) == []
    assert due(*approved, after=timedelta(seconds=61), **more) == [Expire("o1", "could not be sent in time")]


def test_halt_stops_an_approved_opening_and_lets_a_close_go() -> None:
    known = given.ledger(
        *given.opened(given.proposal("o1", by=PUTS)), close(), OrderApproved("c1", "exit rule", Decimal("-0.40"))
    )
    other = given.proposal("o2", of=given.spread(short=570, long=565), by=PUTS)
    given.told(known, other, given.previewed("o2"), OrderApproved("o2", "trader", MID), Halted("trader", "lunch"))

    assert due(known=known) == [Send("c1", Decimal("-0.40"), Decimal("-0.80"), Decimal("-0.82")), Expire("o2", "halted")]


def test_silence_after_sending_is_doubted() -> None:
    facts = given.sent(opening())

    assert due(*facts, after=timedelta(seconds=10)) == []
    assert due(*facts, after=timedelta(seconds=11)) == [MarkUnknown("o1", "no acknowledgement within 10 s")]


def test_unknown_order_is_left_alone() -> None:
    assert due(*given.sent(opening()), OrderUnknown("o1", "silence"), after=timedelta(minutes=10)) == []


# Working.


def test_opening_walks_a_step_when_its_time_has_come() -> None:
    facts = given.working(opening())

    assert due(*facts, after=timedelta(seconds=14)) == []
    assert due(*facts, after=timedelta(seconds=15)) == [Reprice("o1", Decimal("0.79"), 1, *QUOTED)]
    assert due(*facts, after=timedelta(seconds=15), age_s=16) == []
    assert due(*facts, after=timedelta(seconds=15), is_connected=False) == []


def test_no_order_message_leaves_from_half_a_minute_before_tws_restarts() -> None:
    facts = given.working(opening())
    at = given.NOW + timedelta(seconds=15)

    def restart_in(seconds: int) -> Window:
        return Window("TWS restarts", at + timedelta(seconds=seconds), at + timedelta(minutes=10))

    assert due(*facts, after=timedelta(seconds=15), restart=restart_in(31)) == [Reprice("o1", Decimal("0.79"), 1, *QUOTED)]
    assert due(*facts, after=timedelta(seconds=15), restart=restart_in(30)) == []
    assert due(*facts, after=timedelta(minutes=30), restart=restart_in(-60)) == []


def test_walk_ends_at_the_changes_that_the_account_allows() -> None:
    facts = [*given.working(opening()), OrderRepriced("o1", Decimal("0.79"), 1)]
    one = given.limits("counts: {changes_per_order: 1}")

    assert due(*facts, after=timedelta(seconds=15), limits=one) == []
    assert due(*facts, after=timedelta(seconds=15)) == [Reprice("o1", Decimal("0.78"), 2, *QUOTED)]


def test_opening_is_given_up_after_its_patience_or_when_halted() -> None:
    facts = given.working(opening())

    assert due(*facts, after=timedelta(seconds=181)) == [Cancel("o1", "not filled within 180 s")]
    assert due(*facts, Halted("trader", "lunch")) == [Cancel("o1", "halted")]


@pytest.mark.parametrize(
    ("facts", "more", "reason"),
    [
        ([], {"data": "delayed"}, "market data is delayed"),
        ([], {"data": "frozen"}, "market data is frozen"),
        ([], {"data": "unknown", "age_s": 31}, "market data is unknown"),
        ([Reconciled(("1 of SPY 580P",))], {}, "our books differ from the broker's"),
        ([trip("stop_for_day", "puts")], {}, "stop_for_day has tripped"),
        ([trip("breaker_week", "")], {}, "breaker_week has tripped"),
    ],
)
def test_working_opening_is_given_up_when_what_stops_everything_trips(facts: list[Fact], more: dict, reason: str) -> None:
    assert due(*given.working(opening()), *facts, **more) == [Cancel("o1", reason)]


def test_working_opening_is_not_given_up_in_the_moment_after_a_connect() -> None:
    assert due(*given.working(opening()), data="unknown") == []


def test_working_close_goes_on_whatever_has_tripped() -> None:
    known = given.told(given.ledger(), *given.opened(opening()), *given.working(close()), trip("breaker_week", ""))

    assert due(known=known, data="delayed") == []


def test_cancel_that_is_not_answered_is_doubted_and_asked_for_once() -> None:
    facts = [*given.working(opening()), CancelRequested("o1", "halted")]

    assert due(*facts, after=timedelta(seconds=15)) == []
    assert due(*facts, after=timedelta(seconds=16)) == [MarkUnknown("o1", "the cancel was not answered")]


def test_cancel_that_was_lost_is_asked_for_again_once_the_order_is_found() -> None:
    lost = [CancelRequested("o1", "late"), OrderUnknown("o1", "lost"), OrderAcknowledged("o1", 7, 7, "Submitted")]

    assert due(*given.working(opening()), *lost, after=timedelta(seconds=200)) == [Cancel("o1", "not filled within 180 s")]


@pytest.mark.parametrize(("refused", "wait_s"), [(1, 15), (2, 30), (3, 60), (6, 300), (9, 300)])
def test_cancel_that_is_refused_is_asked_for_more_and_more_seldom(refused: int, wait_s: int) -> None:
    asked = [CancelRequested("o1", "halted"), OrderUnknown("o1", "10147"), OrderAcknowledged("o1", 7, 7, "Submitted")]
    facts = [*given.working(opening()), *asked * refused, Halted("trader", "lunch")]

    assert due(*facts, after=timedelta(seconds=wait_s - 1)) == []
    assert due(*facts, after=timedelta(seconds=wait_s)) == [Cancel("o1", "halted")]


def test_order_that_came_back_from_the_dead_is_canceled() -> None:
    facts = [*given.working(opening()), OrderCanceled("o1", ""), OrderAcknowledged("o1", 7, 7, "Submitted")]

    assert due(*facts) == [Cancel("o1", "the broker holds it although it was over")]


def test_close_walks_halfway_to_natural_even_while_halted_and_is_decided_anew_in_the_end() -> None:
    known = given.told(given.ledger(), *given.opened(opening()), *given.working(close()), Halted("trader", "lunch"))

    assert due(known=known, after=timedelta(seconds=10), net="0.60") == [
        Reprice("c1", Decimal("-0.51"), 1, Decimal("-0.60"), Decimal("-0.62"))
    ]
    assert due(known=known, after=timedelta(seconds=91)) == [Cancel("c1", "not filled in time, to be decided anew")]


def test_close_is_canceled_when_less_is_open_than_it_would_close() -> None:
    order, earlier = opening(quantity=2), given.proposal("c0", position="o1", limit="-0.40")
    facts = [*given.opened(order), *given.working(earlier), OrderCanceled("c0", ""), *given.working(close(quantity=2))]

    assert due(*facts, *given.fills(earlier)) == [Cancel("c1", "part of it has been closed meanwhile")]


@pytest.mark.parametrize(("now", "kind"), [("0.76", Approve), ("0.75", Ask), ("1.00", Approve), ("1.01", Ask)])
def test_price_that_moved_since_the_candidate_was_found_is_no_longer_the_policys_to_accept(now: str, kind: type) -> None:
    (only,) = due(opening(AUTO), given.previewed(), strategy=AUTO, net=now)

    assert isinstance(only, kind)
    if isinstance(only, Ask):
        assert "0.80" in only.fact.reason


def test_policy_counts_what_a_debit_takes_of_the_funds() -> None:
    rules = given.strategy(POLICY % ("post_trade_margin <= 40%", "ask"))
    what_if = {"initial_margin_change": Decimal(0), "maintenance_margin_change": Decimal(0)}
    told = [replace(given.previewed(), **what_if, equity_with_loan_change=Decimal(equity)) for equity in (-40_000, -40_001)]

    kinds = [type(only) for preview in told for only in due(opening(rules), preview, strategy=rules)]

    assert kinds == [Approve, Ask]
    half = replace(given.previewed(), equity_with_loan_change=None)
    (asked_,) = due(opening(rules), half, strategy=rules)
    assert isinstance(asked_, Ask)


# The market while an opening works.


@pytest.mark.parametrize(("spot", "cancels"), [(597.0, True), (598.2, False), (601.8, False), (603.0, True), (None, False)])
def test_opening_is_given_up_when_the_underlying_has_left_the_price_it_was_approved_at(spot: float | None, cancels: bool) -> None:
    known = given.ledger(opening(), given.previewed(), OrderApproved("o1", "trader", MID, Decimal(600)), at=given.NOW)
    given.told(known, OrderSent("o1", MID), OrderAcknowledged("o1", 77, 7, "Submitted"))
    chain = given.chain([row | {"spot": spot} for row in given.options()])

    found = decide(given.snapshot(known, chain), given.rulebook(PUTS))

    assert any(isinstance(one, Cancel) and "underlying" in one.reason for one in found) is cancels


def test_walk_of_an_opening_waits_when_the_messages_of_the_minute_are_used_up_and_that_of_a_close_does_not() -> None:
    tight = given.limits("counts: {messages_per_minute: 1}")
    facts = [*given.opened(opening()), *given.working(close())]
    walking = given.told(given.ledger(), *given.working(opening()), at=given.NOW)
    given.told(walking, OrderRepriced("o1", Decimal("0.79"), 1), at=given.NOW)
    held = due(known=walking, after=timedelta(seconds=15), limits=tight)
    later = due(known=walking, after=timedelta(seconds=60), limits=tight)
    closing = due(*facts, told=timedelta(0), after=timedelta(seconds=10), net="0.60", limits=tight)

    assert held == []
    assert [type(one) for one in later] == [Reprice]
    assert [type(one) for one in closing] == [Reprice]


@pytest.mark.parametrize("approved", [False, True])
def test_close_is_not_sent_when_the_broker_does_not_hold_what_it_would_sell(*, approved: bool) -> None:
    order = opening()
    known = given.told(given.ledger(), *given.opened(order), close())
    if approved:
        given.told(known, OrderApproved("c1", "exit rule", Decimal("-0.40")))
    given.told(known, Reconciled(("x",), missing=(order.spread.legs[1].contract.con_id,)))

    assert due(known=known) == [Expire("c1", "the broker does not hold all that it would close")]
