"""What a person is told, and when: nothing twice, nothing that can wait in quiet hours, no loss of the link that mends itself."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from engine.decide.exit.ending import Ending, ending
from engine.decide.exit.expiry import GUARD
from engine.domain.contract import shares_of
from engine.domain.facts.account import EquityRecorded
from engine.domain.facts.halts import BreakerTripped, Halted, Resumed
from engine.domain.facts.orders import ApprovalAsked, OrderCanceled
from engine.domain.facts.positions import ExitBlocked, ExitFreed, ExitTriggered, OptionsExercised, PositionSettled
from engine.domain.facts.running import LinkChanged
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.session import NEW_YORK
from engine.notify.choice import Choice
from engine.notify.links import Links, Question
from engine.notify.messages import Message
from engine.notify.outbox import HELD_MAX, WAITING_MAX, Outbox
from tests import given

DOWN = LinkChanged("down", None, "the cable is out")
UP = LinkChanged("up", None, "connected")
TRIPPED = BreakerTripped("breaker_day", "", Decimal(-900), Decimal(-800), "next session", given.NOW.date())
BLOCKED = ExitBlocked("o1", "loss >= 200% of credit", "no price", "no quotes", 1, given.NOW + timedelta(minutes=1))


class Told:
    """An outbox over a ledger, and what it said."""

    def __init__(self, links: Links | None = None, **choice: object) -> None:
        self.ledger, self.at, self.is_maintenance = Ledger(), given.NOW, False
        self.endings: dict[str, Ending] = {}
        self.outbox = Outbox(
            Choice.model_validate(choice), self.ledger, lambda _: self.is_maintenance, lambda: self.endings, links
        )

    def hear(self, *facts: Fact) -> None:
        for fact in facts:
            if self.ledger.apply(fact, self.at):
                self.outbox.hear(fact, self.at)

    def after(self, **span: float) -> list[Message]:
        """What is due after so long."""
        self.at += timedelta(**span)
        return self.outbox.due(self.at)

    def titles(self, **span: float) -> list[str]:
        return [message.title for message in self.after(**span)]


def at_new_york(clock: str) -> datetime:
    hour, minute = clock.split(":")
    return given.NOW.astimezone(NEW_YORK).replace(hour=int(hour), minute=int(minute), second=0)


def test_order_is_told_once_when_it_is_whole_with_its_price_and_a_close_with_what_it_made() -> None:
    told, order = Told(), given.proposal()
    told.hear(*given.working(order), *given.fills(order, net="0.75"))
    close = given.proposal("o2", position="o1", limit="-0.30")
    told.hear(*given.working(close), *given.fills(close))

    opened, closed = told.after(seconds=1)

    assert opened.title == f"opened 1 × {order.spread} at 0.75"
    assert closed.title == f"closed 1 × {order.spread} at -0.30"
    assert closed.body.endswith("realised $45.00 before fees")


def test_part_of_an_order_is_told_when_the_rest_is_given_up_and_not_before() -> None:
    told, order = Told(), given.proposal(quantity=3)
    told.hear(*given.working(order), *given.fills(order, 1))

    assert told.titles(seconds=1) == []
    told.hear(OrderCanceled("o1", "given up"))
    assert told.titles(seconds=1) == [f"opened 1 of 3 × {order.spread} at 0.80"]


def test_approval_says_what_it_costs_until_when_and_how_to_say_yes() -> None:
    told, order = Told(), given.proposal()
    told.hear(order, given.previewed(), ApprovalAsked("o1", told.at + timedelta(minutes=5), Decimal("0.80"), "manual"))

    (message,) = told.after(seconds=1)

    assert message.title == f"approve? 1 × {order.spread} at 0.80"
    assert "at risk $" in message.body
    assert message.body.endswith("spreads approve o1")


def test_approval_has_a_link_where_people_reach_the_pages_and_none_where_nobody_said() -> None:
    links, order = Links(b"s" * 32), given.proposal()
    asked = ApprovalAsked(order.order_ref, given.NOW + timedelta(minutes=5), Decimal("0.80"), "auto_up_to is not set")
    bodies: dict[str | None, str] = {}
    for web in ("https://trading.example:8480/", None):
        told = Told(links, web=web)
        told.hear(order, given.previewed(), asked)
        (bodies[web],) = (message.body for message in told.after(seconds=1))

    _, _, link = bodies["https://trading.example:8480/"].partition("\nlook and answer: https://trading.example:8480/yes/")
    assert links.question_of(link) == Question("o1", asked.expires_at)
    assert "/yes/" not in f"{bodies[None]}"


@pytest.mark.parametrize(
    ("fact", "title"),
    [
        (Halted("ada", "lunch"), "HALTED by ada"),
        (
            BreakerTripped("breaker_day", "", Decimal(-900), Decimal(-800), "next session", given.NOW.date()),
            "TRIPPED: account breaker_day",
        ),
    ],
)
def test_what_stops_the_engine_is_told_at_once_in_quiet_hours_too(fact: Fact, title: str) -> None:
    told = Told(quiet="00:00-23:59")
    told.hear(fact)

    assert told.titles(seconds=1) == [title]


def test_same_message_is_told_again_after_a_while_with_how_often_it_came() -> None:
    told = Told(tell=("exit",))
    told.hear(*given.opened())
    for _ in range(14):
        told.hear(BLOCKED, ExitFreed("o1", BLOCKED.rule, "it acts"))
        told.after(seconds=1)

    told.hear(BLOCKED)
    assert told.titles(seconds=1) == []
    told.at += timedelta(minutes=16)
    told.hear(BLOCKED)
    (again,) = told.titles()
    assert again.startswith("EXIT BLOCKED")
    assert again.endswith("(×15)")


def test_halt_is_told_each_time() -> None:
    told = Told()
    for _ in range(2):
        told.hear(Halted("file", "HALT file"))
        assert told.titles(seconds=1) == ["HALTED by file"]
        told.hear(Resumed("ada"))
        assert told.titles(seconds=1) == ["resumed by ada"]


def test_link_that_comes_back_at_once_is_no_news_and_one_that_stays_away_is_told_with_its_end() -> None:
    told = Told()
    told.hear(DOWN)
    assert told.titles(seconds=10) == []
    told.hear(UP)
    assert told.titles(minutes=5) == []

    told.hear(DOWN)
    assert told.titles(seconds=20) == ["broker link down"]
    told.hear(LinkChanged("connecting", None, "again"), DOWN)
    assert told.titles(minutes=30) == []
    told.hear(UP)
    assert told.titles(seconds=1) == ["broker link up"]


def test_link_that_comes_and_goes_is_told_once_in_a_while_and_one_that_then_stays_away_all_the_same() -> None:
    told = Told()
    told.hear(DOWN)
    assert told.titles(seconds=20) == ["broker link down"]
    told.hear(UP)
    assert told.titles(seconds=1) == ["broker link up"]

    told.hear(DOWN)
    assert told.titles(minutes=1) == []
    told.hear(UP)
    assert told.titles(seconds=1) == [], "its loss was not told either"
    told.hear(DOWN)
    assert told.titles(minutes=1) == []
    assert told.titles(minutes=14) == ["broker link down"]


def test_exit_that_nobody_bids_for_waits_for_the_morning() -> None:
    told = Told(quiet="00:00-23:59")
    told.hear(*given.opened(), replace(BLOCKED, obstacle="no bid"))
    assert told.titles(seconds=1) == []

    told.hear(BLOCKED)
    assert len(told.titles(seconds=1)) == 1


def test_loss_of_the_link_that_is_expected_is_told_only_where_it_outlives_the_maintenance() -> None:
    told = Told()
    told.is_maintenance = True
    told.hear(DOWN)
    assert told.titles(minutes=50) == []

    told.is_maintenance = False
    assert told.titles(seconds=1) == ["broker link down"]


def test_exit_that_cannot_act_is_told_once_and_when_it_is_free_again() -> None:
    told = Told()
    told.hear(*given.opened(), BLOCKED)
    assert told.titles(seconds=1)[-1].startswith("EXIT BLOCKED: 1 × ")

    told.hear(BLOCKED)
    assert told.titles(seconds=30) == []
    told.hear(ExitFreed("o1", BLOCKED.rule, "it acts"))
    assert [title.split(":")[0] for title in told.titles(seconds=1)] == ["exit free again"]


def test_exit_that_only_reports_is_told_and_so_is_the_guard_of_the_last_afternoon() -> None:
    told = Told(tell=("exit", "expiry"))
    told.hear(*given.opened())
    for rule, action in (("delta of put > 0.30", "alert"), (GUARD, "close"), ("21 days", "close")):
        told.hear(ExitTriggered("o1", rule, action, "S1"))  # type: ignore[arg-type]

    alert, guard = told.after(seconds=1)

    assert (alert.title.split(":")[0], alert.body) == ("ALERT", "delta of put > 0.30")
    assert (guard.title.split(":")[0], guard.kind) == ("closing before expiry", "expiry")


def test_exercise_is_told_with_what_the_options_became() -> None:
    told, order = Told(), given.proposal()
    short = order.spread.legs[0].contract
    share = shares_of(1, short.underlying)
    told.outbox.hear(OptionsExercised("o1", short.con_id, 1, share, 100, short.strike, "assigned overnight", told.at), told.at)

    (message,) = told.after(seconds=1)

    assert message.title == "EXERCISED: o1"
    assert message.body == f"assigned overnight: +100 {share} at {short.strike}"


def test_settlement_is_told() -> None:
    told, order = Told(), given.proposal()
    told.hear(*given.opened(order), PositionSettled("o1", Decimal(0), "expired worthless", told.at))

    assert told.titles(seconds=1)[-1].startswith("settled: ")


def test_what_can_wait_comes_together_when_the_quiet_hours_end() -> None:
    told = Told(quiet="22:00-07:00", tell=("fill",))
    told.at = at_new_york("23:30")
    for number in range(HELD_MAX + 2):
        order = given.proposal(f"o{number}")
        told.hear(*given.working(order), *given.fills(order))
        assert told.titles(seconds=1) == []

    (message,) = told.after(hours=8)

    assert message.title == f"while it was quiet: {HELD_MAX + 2}"
    assert message.body.splitlines()[-1] == "and 2 more"
    assert told.titles(minutes=1) == []


def test_only_the_chosen_kinds_are_told() -> None:
    told = Told(tell=("halt",))
    told.hear(DOWN, Halted("ada", "lunch"))

    assert told.titles(minutes=1) == ["HALTED by ada"]


def test_digest_comes_once_on_a_day_on_which_the_account_was_heard_and_sums_it_up() -> None:
    told = Told(tell=("digest",))
    order = given.proposal()
    told.at = at_new_york("15:00")
    told.hear(
        *given.working(order), *given.fills(order, at=told.at), EquityRecorded(Decimal(100_000), None, None, Decimal("-312.5"))
    )
    told.hear(BLOCKED, Halted("ada", "lunch"))
    told.at = at_new_york("16:29")
    assert told.titles() == []

    (message,) = told.after(minutes=1)

    assert message.body.splitlines() == [
        "result of the day: -$312.50",
        "filled: 1 openings, 0 closes",
        "open: 1 positions",
        "HALTED by ada: lunch",
        f"exit blocked: 1 × {order.spread}: no price",
    ]
    assert told.titles(minutes=5) == []
    assert told.titles(days=1) == [], "nothing was heard of the account since"


def test_digest_tells_the_plan_of_what_ends_within_days() -> None:
    told = Told(tell=("digest",))
    order = given.proposal()
    told.at = datetime.combine(order.spread.expiry - timedelta(days=2), at_new_york("15:00").time(), NEW_YORK)
    told.hear(*given.opened(order), EquityRecorded(Decimal(100_000), None, None, None))
    position = told.ledger.positions[order.order_ref]
    found = ending(position, 585.0, given.WEEKDAYS, told.at, ())
    assert found is not None
    told.endings = {position.id: found}

    (message,) = told.after(hours=1.6)

    assert f"ends Fri 18 Dec: 1 × {order.spread}: closed from Fri 18 Dec 13:00 New York on, unless" in message.body
    assert message.body.startswith("result of the day: unknown")


def test_what_finds_no_room_is_dropped_and_counted() -> None:
    told = Told()
    for number in range(WAITING_MAX + 5):
        told.outbox.hear(Resumed(f"ada {number}"), told.at)

    assert len(told.after(seconds=1)) == 1, "one key: all of one moment say the same"
    assert told.outbox.dropped == 5
