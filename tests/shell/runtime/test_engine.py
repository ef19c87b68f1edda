"""The beat: what is on disk before what leaves, what a broker may do without harm, and that no word acts late."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from engine.decide.risk.gate import strategy_obstacle
from engine.domain.errors import EngineError, IllegalFact, Transient, UserError
from engine.domain.facts.account import EquityRecorded, Reconciled
from engine.domain.facts.halts import BreakerTripped, Halted
from engine.domain.facts.orders import (
    LegFilled,
    OrderAcknowledged,
    OrderApproved,
    OrderDeclined,
    OrderExpired,
    OrderPreviewed,
    OrderProposed,
    OrderSent,
    OrderUnknown,
)
from engine.domain.facts.running import EngineStarted, ErrorHeard, FactRefused
from engine.domain.facts.searches import EntryDenied
from engine.domain.facts.union import Explanation, Fact
from engine.domain.ledger import Ledger
from engine.domain.snapshot import AccountValues, Snapshot
from engine.ports import BrokerState
from tests import given
from tests.shell.runtime.bench import AUTO, MANUAL, Bench, play

REF = "spt-261123-0001"
OTHER = "spt-261123-0002"


def test_line_of_every_message_is_on_disk_before_the_message_leaves() -> None:
    async def story(bench: Bench) -> None:
        bench.broker.habits.fill = "never"
        await bench.until(lambda: bool(bench.broker.canceled), most=300)

    trail = play(story, AUTO).trail
    wanted = {"send": "OrderSent", "reprice": "OrderRepriced", "cancel": "CancelRequested", "preview": "OrderProposed"}

    messages = [(number, line.split()) for number, line in enumerate(trail) if line.split()[0] in wanted]
    assert {word for _, (word, _) in messages} == set(wanted)
    for number, (word, ref) in messages:
        before = trail[:number]
        written = max(at for at, line in enumerate(before) if line == f"line {wanted[word]} {ref}")
        assert "sync" in before[written:], f"{word} {ref} left before its line was certain"


def test_what_is_heard_goes_to_disk_while_the_beat_decides_and_people_are_told_afterwards() -> None:
    async def story(bench: Bench) -> None:
        await bench.beats(5)
        bench.trail.clear()
        bench.engine.during_sync.append(lambda: bench.trail.append("read"))
        bench.engine.after_beat.append(lambda: bench.trail.append("told"))
        looks = bench.snapshots.take

        def look(now: datetime, ledger: Ledger) -> Snapshot:
            bench.trail.append("look")
            return looks(now, ledger)

        bench.snapshots.take = look  # type: ignore[method-assign]
        bench.inbox.publish(Halted("trader", "lunch"))
        bench.engine.beat()

    trail = play(story, MANUAL).trail

    assert [one for one in trail if one != "line EntryDenied"] == [
        "line Halted", "begin sync", "look", f"line OrderDenied {REF}", "begin sync", "read", "sync", "told"
    ]  # fmt: skip


def test_answer_to_a_preview_goes_to_disk_with_the_order_that_follows_from_it() -> None:
    async def story(bench: Bench) -> None:
        bench.engine.during_sync.append(lambda: bench.trail.append("read"))
        await bench.until(lambda: "line OrderSent spt-261123-0001" in bench.trail)

    trail = play(story, AUTO).trail

    previewed, approved = trail.index(f"line OrderPreviewed {REF}"), trail.index(f"line OrderApproved {REF}")
    sent = trail.index(f"send {REF}")
    assert "begin sync" not in trail[previewed:approved]
    beat = trail[trail.index(f"line OrderSent {REF}") : sent]
    assert beat[-1] == "sync", "nothing is read for people before the order leaves"
    assert "read" not in beat


def test_failure_of_who_reads_while_lines_go_to_disk_is_no_failure_of_the_beat() -> None:
    async def story(bench: Bench) -> None:
        bench.engine.during_sync.append(lambda: failing() and None)
        bench.inbox.publish(Halted("trader", "lunch"))
        await bench.beats(2)

    bench = play(story, MANUAL)

    assert bench.ledger.halt == Halted("trader", "lunch")
    assert bench.engine.gauges.faults == 0


def test_opening_is_proposed_previewed_approved_sent_filled_and_held() -> None:
    async def story(bench: Bench) -> None:
        bench.broker.habits.fill = "at_once"
        await bench.until(lambda: bool(bench.ledger.positions))

    bench = play(story, AUTO)

    kinds = [type(fact).__name__ for fact in bench.facts if getattr(fact, "order_ref", "") == REF]
    assert kinds[:5] == ["OrderProposed", "OrderPreviewed", "OrderApproved", "OrderSent", "OrderAcknowledged"]
    assert bench.order().state == "filled"
    assert bench.ledger.positions[REF].quantity == bench.order().quantity == 2
    assert bench.ledger.positions[REF].fees == Decimal("2.60")


def test_nothing_leaves_when_the_journal_cannot_be_written() -> None:
    async def story(bench: Bench) -> None:
        await bench.until(lambda: bench.order().state == "approved" if bench.ledger.orders else False)
        bench.journal.fails = True
        with pytest.raises(OSError, match="no space"):
            bench.engine.beat()

    assert play(story, AUTO).broker.sent == []


def test_no_preview_is_asked_when_the_journal_cannot_be_synced() -> None:
    async def story(bench: Bench) -> None:
        def fail() -> None:
            raise OSError("no space left on device")

        await bench.broker.connect()
        bench.engine.record(EngineStarted("0.1.0", "sim", given.JOURNAL_ID), bench.clock.at)
        await bench.beats(1)
        bench.journal.sync = fail  # type: ignore[method-assign]
        with pytest.raises(OSError, match="no space"):
            await bench.beats(3)

    bench = play(story, AUTO, start=False)

    assert len(bench.of(OrderProposed)) == 1
    assert bench.broker.previewed == []


def test_unknown_preview_leaves_a_ticket_for_a_person_and_trading_goes_on() -> None:
    other = given.strategy(given.AUTO + given.CALLS, "calls")

    async def story(bench: Bench) -> None:
        bench.broker.habits.fill = "at_once"
        real = bench.broker.preview

        async def silent_once(order: OrderProposed) -> OrderPreviewed:
            bench.broker.habits.preview = "fits" if bench.broker.previewed else "unknown"
            return await real(order)

        bench.broker.preview = silent_once  # type: ignore[method-assign]
        await bench.start()
        await bench.until(lambda: bool(bench.ledger.positions))

    bench = play(story, AUTO, other, start=False)

    waiting = [order for order in bench.ledger.orders.values() if order.asked is not None]
    assert [order.state for order in waiting] == ["previewed"]
    assert "preview" in waiting[0].asked.reason  # type: ignore[union-attr]
    assert len(bench.broker.sent) == 1


def test_silence_after_sending_asks_the_broker_and_sends_nothing_again() -> None:
    async def story(bench: Bench) -> None:
        bench.broker.habits.loses_acknowledgement = True
        await bench.until(lambda: bool(bench.of(OrderUnknown)), most=40)
        await bench.until(lambda: bench.order().state == "working")

    bench = play(story, AUTO)

    assert len(bench.broker.sent) == 1
    assert bench.order().perm_id is not None


def test_order_that_never_arrived_is_absent_only_after_it_had_its_time() -> None:
    async def story(bench: Bench) -> None:
        bench.broker.habits.loses_order = True
        await bench.until(lambda: bool(bench.broker.sent))
        sent_at = bench.clock.at
        await bench.until(lambda: bench.order().is_over, most=60)
        assert bench.clock.at - sent_at >= timedelta(seconds=30)

    bench = play(story, AUTO)

    assert bench.order().state == "expired"
    assert [ref for ref, _ in bench.broker.sent].count(REF) == 1


@pytest.mark.parametrize(("error", "halts"), [(Transient("not connected"), False), (UserError("client id 9 owns it"), True)])
def test_message_that_cannot_leave_makes_the_order_unknown_and_the_engine_goes_on(error: Exception, halts: bool) -> None:
    async def story(bench: Bench) -> None:
        def refuse(*_: object) -> None:
            raise error

        bench.broker.reprice = refuse  # type: ignore[method-assign]
        await bench.until(lambda: bool(bench.of(OrderUnknown)), most=60)
        await bench.beats(3)

    bench = play(story, AUTO)

    assert "may not have left" in bench.of(OrderUnknown)[0].reason
    assert bool(bench.of(Halted)) is halts


def test_contradiction_of_the_broker_is_refused_written_down_and_survived() -> None:
    async def story(bench: Bench) -> None:
        await bench.until(lambda: bool(bench.ledger.orders) and bench.order().state == "working")
        bench.inbox.publish(OrderPreviewed(REF, "fits", None, None, None, None, "twice"))
        bench.inbox.publish(OrderAcknowledged("stranger", 9, 9, "Submitted"))
        bench.engine.beat()
        assert bench.ledger.reconciled is None, "openings wait"
        await bench.beats(3, 6)

    bench = play(story, AUTO)

    refused = bench.of(FactRefused)
    assert [(fact.kind, fact.order_ref) for fact in refused] == [("OrderPreviewed", REF), ("OrderAcknowledged", "stranger")]
    assert bench.engine.gauges.refused_facts == 2
    assert bench.ledger.reconciled is not None


def test_lost_link_blocks_until_the_books_are_agreed_again_and_fills_of_the_outage_count() -> None:
    async def story(bench: Bench) -> None:
        await bench.until(lambda: bool(bench.ledger.orders) and bench.order().state == "working")
        bench.broker.lose_link()
        bench.broker.fill(REF, 2)
        await bench.beats(2)
        assert bench.ledger.reconciled is None
        assert bench.order().filled == 0
        await bench.broker.connect()
        await bench.until(lambda: bench.order().state == "filled")

    bench = play(story, AUTO)

    assert bench.ledger.reconciled == Reconciled(())
    assert bench.ledger.positions[REF].quantity == 2


@pytest.mark.parametrize("seconds", [1, 35, 3600, 60_000])
def test_link_lost_between_two_executions_of_one_fill_halts_nothing(seconds: int) -> None:
    async def story(bench: Bench) -> None:
        await bench.until(lambda: bool(bench.ledger.orders) and bench.order().state == "working")
        bench.broker.is_connected = False
        bench.broker.fill(REF, 2)
        bench.inbox.publish(bench.broker.executions[0])
        bench.broker.lose_link()
        await bench.beats(1)
        assert bench.ledger.unbalanced
        await bench.beats(1, seconds)
        await bench.broker.connect()
        await bench.until(lambda: bench.order().state == "filled")

    bench = play(story, AUTO)

    assert bench.ledger.reconciled == Reconciled(())
    assert bench.of(Halted) == []


def test_broker_is_asked_the_more_seldom_the_longer_a_doubt_has_stood() -> None:
    asked: list[datetime] = []

    async def story(bench: Bench) -> None:
        real = bench.broker.state

        async def told() -> BrokerState:
            asked.append(bench.clock.at)
            return await real()

        bench.broker.state = told  # type: ignore[method-assign]
        await bench.until(lambda: bool(bench.ledger.orders) and bench.order().state == "working")
        bench.broker.positions[bench.order().spread.legs[0].contract.con_id] = Decimal(3)
        bench.inbox.publish(OrderUnknown(REF, "silence"))
        bench.broker.held[REF].status = "filled"
        bench.broker.executions.clear()
        asked.clear()
        await bench.beats(600)

    play(story, AUTO)

    pauses = [(later - sooner).seconds for sooner, later in pairwise(asked)]
    assert pauses[0] <= 6
    assert pauses == sorted(pauses)
    assert 60 <= pauses[-1] <= 61


def test_picture_that_was_taken_over_another_link_is_not_believed() -> None:
    async def story(bench: Bench) -> None:
        gate = asyncio.Event()
        real = bench.broker.state

        async def slow():  # type: ignore[no-untyped-def]
            taken = await real()
            await gate.wait()
            return taken

        bench.broker.state = slow  # type: ignore[method-assign]
        bench.clock.at += timedelta(minutes=5)
        await bench.beats(2)
        bench.broker.lose_link()
        await bench.broker.connect()
        await bench.beats(1)
        gate.set()
        await asyncio.sleep(0)
        bench.engine.beat()
        assert bench.ledger.reconciled is None
        bench.broker.state = real  # type: ignore[method-assign]
        await bench.until(lambda: bench.ledger.reconciled is not None)

    bench = play(story, MANUAL)

    assert len([fact for fact in bench.of(Reconciled) if fact == Reconciled(())]) == 2


def test_picture_that_fails_is_asked_for_again() -> None:
    async def story(bench: Bench) -> None:
        bench.broker.habits.picture_fails = True
        bench.broker.lose_link()
        await bench.broker.connect()
        await bench.beats(10)
        assert bench.ledger.reconciled is None
        bench.broker.habits.picture_fails = False
        await bench.until(lambda: bench.ledger.reconciled is not None)

    assert play(story, MANUAL).ledger.reconciled == Reconciled(())


# Words.


async def asked(bench: Bench) -> None:
    await bench.until(lambda: bool(bench.ledger.orders) and bench.order().asked is not None)


@pytest.mark.parametrize(
    ("approve", "outcome", "kind"), [(True, "approved at", OrderApproved), (False, "declined", OrderDeclined)]
)
def test_word_is_answered_in_the_beat_that_hears_it(approve: bool, outcome: str, kind: type) -> None:
    async def story(bench: Bench) -> None:
        await asked(bench)
        said = bench.say(REF, approve=approve)
        bench.engine.beat()
        assert said.done()
        assert said.result().text.startswith(outcome)

    assert [fact.by for fact in play(story, MANUAL).of(kind)] == ["trader"]


def test_word_on_an_order_that_does_not_wait_is_told_why_and_not_kept() -> None:
    async def story(bench: Bench) -> None:
        await asked(bench)
        yes, again = bench.say(REF, approve=True), bench.say(OTHER, approve=True)
        bench.engine.beat()
        late = bench.say(REF, approve=False)
        bench.engine.beat()
        assert yes.result().text.startswith("approved")
        assert again.result().text == "this order no longer waits for an answer"
        assert late.result().text.startswith("not done")
        await bench.beats(2)

    assert play(story, MANUAL).order().state == "working"


def test_no_wins_over_a_yes_of_the_same_beat_and_both_are_told() -> None:
    async def story(bench: Bench) -> None:
        await asked(bench)
        yes, no, third = bench.say(REF, approve=True), bench.say(REF, approve=False, by="bob"), bench.say(REF, approve=True)
        bench.engine.beat()
        assert yes.result().text == "not done: bob declined it"
        assert no.result().text == "declined"
        assert third.result().text == "not done: bob answered first"

    assert play(story, MANUAL).order().state == "declined"


def test_word_that_was_given_up_does_not_act_later() -> None:
    async def story(bench: Bench) -> None:
        await asked(bench)
        said = bench.say(REF, approve=True)
        said.cancel()
        await bench.beats(3)

    bench = play(story, MANUAL)

    assert bench.order().state == "previewed"
    assert bench.broker.sent == []


def test_yes_during_a_halt_denies_and_sends_nothing() -> None:
    async def story(bench: Bench) -> None:
        await asked(bench)
        bench.inbox.publish(Halted("trader", "lunch"))
        said = bench.say(REF, approve=True)
        bench.engine.beat()
        assert said.result().text.startswith("denied: halt")
        await bench.beats(3)

    assert play(story, MANUAL).broker.sent == []


def test_halt_cancels_the_working_opening_and_a_breaker_halts_by_itself() -> None:
    async def story(bench: Bench) -> None:
        await bench.until(lambda: bool(bench.ledger.orders) and bench.order().state == "working")
        leg = bench.order().spread.legs[0]
        one_leg = LegFilled(REF, "x.1.01", leg.contract.con_id, "sell", 2, Decimal("2.00"), bench.clock.at)
        bench.broker.positions[leg.contract.con_id] = Decimal(-2)
        bench.inbox.publish(one_leg)
        await bench.until(lambda: bench.ledger.halt is not None, most=40)
        await bench.until(lambda: bool(bench.broker.canceled))

    bench = play(story, AUTO)

    assert bench.ledger.halt is not None
    assert bench.ledger.halt.by == "breaker"
    assert "not whole spreads" in bench.ledger.halt.reason


# Values and starts.


def test_equity_is_written_once_a_minute_when_it_changes_and_on_every_new_day() -> None:
    async def story(bench: Bench) -> None:
        bench.clock.at += timedelta(minutes=1)
        await bench.beats(60)
        bench.broker.equity = Decimal(99_000)
        await bench.beats(60)
        bench.clock.at += timedelta(days=1)
        await bench.beats(1)

    bench = play(story, given.strategy("enabled: false"))

    worths = [fact.net_liquidation for fact in bench.of(EquityRecorded)]
    assert worths == [Decimal(100_000), Decimal(99_000), Decimal(99_000)]
    assert bench.ledger.worth.day_start == ("2026-11-24", Decimal(99_000))


def test_unknown_account_value_is_not_written() -> None:
    async def story(bench: Bench) -> None:
        nothing = AccountValues("DU1", None, None, None, None, None, None, None)
        bench.snapshots.changes = {"account": nothing}
        bench.clock.at += timedelta(minutes=5)
        await bench.beats(3)

    assert len(play(story, MANUAL).of(EquityRecorded)) == 1


def test_same_facts_are_not_written_twice() -> None:
    async def story(bench: Bench) -> None:
        bench.broker.habits.fill = "at_once"
        await bench.until(lambda: bool(bench.ledger.positions))
        for fact in bench.broker.executions:
            bench.inbox.publish(fact)
        await bench.beats(2)

    bench = play(story, AUTO)

    assert len(bench.of(LegFilled)) == 2


def test_one_proposal_is_sent_once_even_if_the_beat_stutters() -> None:
    async def story(bench: Bench) -> None:
        for _ in range(60):
            await bench.beats(1, 0.1)

    bench = play(story, AUTO)

    refs = [ref for ref, _ in bench.broker.sent]
    assert len(refs) == len(set(refs)) == 1
    assert len(bench.of(OrderSent)) == 1


def test_close_goes_while_openings_are_halted() -> None:
    async def story(bench: Bench) -> None:
        bench.broker.habits.fill = "at_once"
        await bench.until(lambda: bool(bench.ledger.positions))
        bench.inbox.publish(Halted("trader", "lunch"))
        short, long = (leg.contract for leg in bench.order().spread.legs)

        def cheap(at):  # type: ignore[no-untyped-def]
            low = {f"p{short.strike}": {"bid": 0.50, "ask": 0.52}, f"p{long.strike}": {"bid": 0.40, "ask": 0.42}}
            return given.chain(at=at, **low)

        bench.snapshots.quotes = cheap
        await bench.until(lambda: not bench.ledger.positions[REF].is_open)

    bench = play(story, AUTO)

    position = bench.ledger.positions[REF]
    assert position.close_reason == "profit >= 50% of credit"
    assert position.realised == (position.opening_net + Decimal("-0.10")) * 200


def test_fact_of_the_own_engine_that_cannot_be_is_a_defect_and_not_swallowed() -> None:
    async def story(bench: Bench) -> None:
        with pytest.raises(IllegalFact):
            bench.engine.record(OrderExpired("nobody", ""), bench.clock.at)

    assert not play(story, MANUAL).of(OrderExpired)


def test_observer_sees_every_fact_after_it_was_folded() -> None:
    class Witness:
        def __init__(self) -> None:
            self.seen: list[object] = []

        def saw(self, fact: object, at: object) -> None:
            self.seen.append(fact)

    witness = Witness()

    async def story(bench: Bench) -> None:
        bench.engine.observers.append(witness)
        await bench.start()
        await bench.beats(5)

    bench = play(story, AUTO, start=False)

    assert [fact for fact in witness.seen if not isinstance(fact, Explanation)] == bench.facts
    assert any(isinstance(fact, Explanation) for fact in witness.seen)
    assert any(isinstance(fact, OrderProposed) for fact in witness.seen)


def test_opening_waits_until_the_account_was_told_anew() -> None:
    async def story(bench: Bench) -> None:
        bench.broker.account_reported_at = bench.clock.at - timedelta(seconds=90)
        bench.broker.habits.keeps_account = True
        await bench.start()
        assert (bench.broker.account_asks, bench.ledger.orders) == (1, {})
        bench.snapshots.ticks = lambda: bench.snapshots.heard  # no quote comes meanwhile
        bench.engine.beat()
        bench.broker.account_reported_at = bench.clock.at
        await bench.beats(1, 0.2)
        assert [order.purpose for order in bench.ledger.orders.values()] == ["open"]

    play(story, MANUAL, start=False)


def test_account_that_is_not_told_again_opens_nothing_and_says_so() -> None:
    async def story(bench: Bench) -> None:
        bench.broker.account_reported_at = bench.clock.at - timedelta(seconds=90)
        bench.broker.habits.keeps_account = True
        await bench.start()
        await bench.beats(12, 1.0)
        assert bench.ledger.orders == {}
        assert bench.broker.account_asks == 3
        assert [fact.obstacle.gate for fact in bench.of(EntryDenied)] == ["account_values"]

    play(story, MANUAL, start=False)


def test_daily_stop_trips_once_for_its_day_and_stands_after_a_restart() -> None:
    rules = given.strategy('limits: {open: 3, per_day: 3, per_expiry: 3, stop_for_day: "-$100"}')
    lost = {"p580": {"bid": 4.00, "ask": 4.02}, "p575": {"bid": 2.10, "ask": 2.12}}
    held = given.proposal(by=rules)
    known = given.ledger(*given.opened(held, net="0.80", at=given.NOW - timedelta(minutes=30)))

    async def day(bench: Bench) -> None:
        signs = {leg.contract.con_id: Decimal(leg.sign) for leg in held.spread.legs}
        bench.broker.positions = signs
        bench.snapshots.quotes = lambda at: given.chain(at=at, **lost)
        await bench.start()
        await bench.beats(6, 5.0)
        bench.snapshots.quotes = lambda at: given.chain(at=at)
        await bench.beats(6, 5.0)

    first = play(day, rules, ledger=known, start=False)
    second = play(day, rules, ledger=first.ledger, start=False)

    assert [fact.name for fact in first.of(BreakerTripped)] == ["stop_for_day"]
    assert not second.of(BreakerTripped), "it stands"
    assert second.ledger.reconciled == Reconciled(())
    assert not [fact for bench in (first, second) for fact in bench.of(OrderProposed) if fact.purpose == "open"]
    seen = given.snapshot(second.ledger, at=second.clock.at)
    assert (obstacle := strategy_obstacle(rules, seen, given.rulebook(rules))) is not None
    assert obstacle.gate == "stop_for_day"


# What fails inside.


def failing(*_: object, **__: object) -> object:
    raise KeyError("a number that nobody thought of")


def test_failure_in_deciding_halts_openings_and_neither_ends_nor_floods_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(bench: Bench) -> None:
        monkeypatch.setattr("engine.decide.decide.entries", failing)
        await bench.beats(120, 0.5)

    bench = play(story, AUTO)

    halted = bench.ledger.halt
    assert halted is not None
    assert halted.by == "engine"
    assert halted.reason.startswith("entries failed: KeyError: 'a number that nobody thought of' (")
    assert "Nothing is opened; exits go on where they can" in halted.reason
    assert len(bench.of(Halted)) == 1
    assert bench.engine.gauges.faults <= 8, "it is tried after 1, 2, 4, 8 s and so on"
    assert bench.of(ErrorHeard) == []


def test_failure_in_comparing_the_books_halts_openings_and_they_are_compared_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(bench: Bench) -> None:
        monkeypatch.setattr("engine.runtime.engine.reconcile", failing)
        bench.broker.lose_link()
        await bench.broker.connect()
        await bench.beats(20)
        assert bench.ledger.reconciled is None
        monkeypatch.undo()
        await bench.until(lambda: bench.ledger.reconciled is not None, most=90)

    bench = play(story, AUTO)

    assert bench.ledger.halt is not None
    assert bench.ledger.halt.reason.startswith("comparing the books with the broker's failed: KeyError")


@pytest.mark.parametrize("part", ["take", "observer", "state", "preview", "send"])
def test_engine_goes_on_whatever_fails(part: str) -> None:
    async def story(bench: Bench) -> None:
        if part == "take":
            bench.snapshots.take = failing  # type: ignore[method-assign, assignment]
        elif part == "observer":
            bench.engine.observers.append(type("Witness", (), {"saw": failing})())
        else:
            setattr(bench.broker, part, failing)
        await bench.start()
        await bench.beats(20)

    bench = play(story, AUTO, start=False)

    assert bench.engine.gauges.beats >= 20
    halted = {"take": True, "send": True}.get(part, False)
    assert (bench.ledger.halt is not None) is halted
    assert part != "send" or bench.order().state in {"unknown", "expired"}
    assert part != "preview" or (bench.order().preview is not None and bench.order().preview.outcome == "unknown")


def test_fact_that_breaks_the_fold_is_said_and_the_rest_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(bench: Bench) -> None:
        real = bench.ledger.apply

        def apply(fact: Fact, at: datetime) -> bool:
            if isinstance(fact, ErrorHeard) and fact.code == 1:
                raise KeyError("a fact that nobody thought of")
            return real(fact, at)

        monkeypatch.setattr(type(bench.ledger), "apply", lambda _, fact, at: apply(fact, at))
        bench.inbox.publish(ErrorHeard(1, ""))
        bench.inbox.publish(ErrorHeard(2, "heard"))
        bench.engine.beat()

    bench = play(story, MANUAL)

    assert ErrorHeard(2, "heard") in bench.facts
    assert bench.ledger.halt is not None
    assert bench.ledger.halt.reason.startswith("hearing ErrorHeard failed")


def test_full_disk_takes_back_what_works_to_open_something_before_the_engine_ends() -> None:
    async def story(bench: Bench) -> None:
        bench.broker.habits.fill = "never"
        await bench.until(lambda: bool(bench.ledger.orders) and bench.order().state == "working")
        bench.journal.fails = True
        bench.inbox.publish(ErrorHeard(1, "something to write"))
        with pytest.raises(EngineError, match=f"As the last act .* were canceled, without a line in the journal: {REF}"):
            await bench.engine.run(lambda: False)

    assert play(story, AUTO).broker.canceled == [REF]


def test_facts_that_came_too_fast_are_missed_and_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(bench: Bench) -> None:
        await bench.beats(2)
        monkeypatch.setattr("engine.runtime.inbox.ITEMS_MAX", 2)
        for code in range(5):
            bench.inbox.publish(ErrorHeard(code, ""))
        bench.engine.beat()
        assert bench.ledger.reconciled is None
        monkeypatch.undo()
        await bench.until(lambda: bench.ledger.reconciled is not None)

    bench = play(story, MANUAL)

    assert [fact.text for fact in bench.of(FactRefused)] == ["3 facts came faster than they could be heard and are lost"]
    assert bench.of(Halted) == []
