"""What a running engine publishes after some trading: every metric of the page, and the numbers are those of what happened."""

from pathlib import Path

from engine.metrics import PUBLISHED, Reading
from engine.notify.choice import Choice
from engine.notify.links import Question, known_links
from engine.notify.messages import Message
from engine.notify.notifier import Notifier
from tests.simulation.engine import given
from tests.simulation.engine.world import World, play

CALLS = {"calls.yaml": given.strategy("calls", "bear_call", exits="time >= 09:45 New York")}


def test_engine_that_traded_publishes_every_metric_and_counts_what_it_did(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[Reading, int]:
        life = await world.start()
        await world.when(lambda: [order.state for order in life.orders("close")] == ["filled"], within_s=900)
        filled = sum(order.state == "filled" for order in life.ledger.orders.values())
        return life.read(), filled

    now, filled = play(act, tmp_path, strategies=CALLS)

    unknown = [name for name in PUBLISHED if getattr(now, name) is None]
    assert unknown == ["chain_round_s", "guardian_age_s", "guardian_silent_s"], "there are lines for all options, and no guardian"
    assert (now.orders["filled"], now.fill_seconds.count) == (filled, filled)
    assert {purpose: tally.count for purpose, tally in now.slippage_usd.items()} == {"open": 1, "close": 1}
    assert now.beat_seconds.count in {now.beats, now.beats - 1}, "a beat is measured when it is over"
    assert now.scan_seconds.count == now.scans > 0
    assert now.request_seconds["question"].count > 0
    assert now.request_seconds["preview"].count == 1, "a close is not previewed"
    assert now.order_seconds.count == filled
    assert now.requests > filled
    assert (now.connected, now.loss_expected, now.orders["rejected"]) == (True, False, 0)
    assert now.api_failures == now.api_errors[104], "changes that came after the fill, and no notice"
    assert now.day_alarm_usd < now.day_stop_usd < 0
    assert now.risk_limit_usd > 0


def test_person_who_is_away_is_told_of_what_was_traded_and_a_service_that_fails_stops_nothing(tmp_path: Path) -> None:
    received: list[Message] = []

    def send(message: Message) -> bool:
        received.append(message)
        if message.kind == "halt":
            raise OSError("the service is away")
        return True

    async def act(world: World) -> tuple[Notifier, Reading]:
        notifier = Notifier(Choice(), send, pause_s=0)
        life = await world.start(notifier=notifier)
        await world.when(lambda: [order.state for order in life.orders("close")] == ["filled"], within_s=900)
        life.control.halt("ada", "lunch")
        await world.when(lambda: life.control.status()["trading"] == "halted")
        await world.until("09:50:00")
        notifier.rest()
        return notifier, life.read()

    notifier, now = play(act, tmp_path, strategies=CALLS)

    assert [message.title.split(" ")[0] for message in received if message.kind == "fill"] == ["opened", "closed"]
    assert [message.title for message in received if message.kind == "halt"] == ["HALTED by ada"] * 3
    assert now.notices == notifier.counts() == {"sent": 2, "failed": 1, "dropped": 0, "repeated": 0}


def test_message_of_what_waits_has_a_link_that_the_state_folder_knows(tmp_path: Path) -> None:
    received: list[Message] = []

    async def act(world: World) -> Question | None:
        notifier = Notifier(Choice(web="https://trading.example"), lambda message: received.append(message) is None, pause_s=0)
        life = await world.start(notifier=notifier)
        await world.when(lambda: any(order.is_asked for order in life.ledger.orders.values()))
        await world.until("09:42:00")
        notifier.rest()
        link = received[0].body.rpartition("https://trading.example/yes/")[2]
        return known_links(world.state).question_of(link)

    asked = play(act, tmp_path, strategies={"calls.yaml": given.strategy("calls", "bear_call", approval="manual")})

    assert received[0].kind == "approval"
    assert asked is not None
    assert asked.order_ref in received[0].body
