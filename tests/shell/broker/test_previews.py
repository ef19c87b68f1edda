"""The what-if: TWS answers twice, with an error, with a notice or never, and the preview is never in doubt about which."""

from decimal import Decimal
from typing import Any

import pytest

from engine.domain.facts import OrderAcknowledged, OrderPreviewed, OrderUnknown
from engine.sim.wire.message import Message
from tests.shell.broker.bench import CLIENT_ID, Bench, play, proposal
from tests.shell.broker.scripted_tws import ScriptedTws, open_order_values


def what_if(values: dict[str, Any]) -> ScriptedTws:
    tws = ScriptedTws()

    def answer(tws: ScriptedTws, message: Message) -> None:
        told = open_order_values(message, CLIENT_ID, "PreSubmitted") | {"what_if": True, "perm_id": 0}
        tws.say("open_order", **(told | {"warning_text": "garbage first"}))
        tws.say("open_order", **(told | values))

    tws.script["place_order"] = answer
    return tws


NUMBERS = {
    "init_margin_change": 2000.0, "maint_margin_change": 2000.0, "equity_with_loan_change": 237.4,
    "max_commission": 2.6, "min_commission": 1.3, "commission_currency": "USD",
}  # fmt: skip


def previewed(tws: ScriptedTws) -> tuple[OrderPreviewed, Bench]:
    answers: list[OrderPreviewed] = []

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        answers.append(await bench.broker.preview(proposal()))

    bench = play(scenario, tws)
    return answers[0], bench


def test_preview_fits_with_the_second_answer_and_the_highest_commission():
    answer, bench = previewed(what_if(NUMBERS))

    assert answer == OrderPreviewed("sp-1", "fits", Decimal("2000.0"), Decimal("2000.0"), Decimal("237.4"), Decimal("2.6"), "")
    asked = bench.tws.asked("place_order")[0]
    assert asked.flag("what_if")
    assert asked.flag("transmit")
    assert bench.all(OrderUnknown) == bench.all(OrderAcknowledged) == []


def test_preview_is_unknown_after_six_seconds_when_tws_never_answers():
    answer, bench = previewed(ScriptedTws())

    assert answer.outcome == "unknown"
    assert "within 6 s" in answer.text
    assert 6 <= bench.loop.time() < 8


def test_preview_is_unknown_when_the_answer_has_no_numbers():
    answer, _ = previewed(what_if({"warning_text": "still nothing"}))

    assert (answer.outcome, "still nothing" in answer.text) == ("unknown", True)


@pytest.mark.parametrize(
    ("code", "outcome"), [(201, "refused"), (110, "refused"), (460, "refused"), (321, "unknown"), (9999, "unknown")]
)
def test_preview_says_refused_only_when_the_code_does(code: int, outcome: str):
    tws = ScriptedTws()
    tws.script["place_order"] = lambda tws, message: tws.error(message.whole("order_id"), code, "no")

    answer, bench = previewed(tws)

    assert answer.outcome == outcome
    assert bench.loop.time() < 5


def test_preview_waits_for_the_answer_when_a_notice_comes_before_it():
    tws = what_if(NUMBERS)
    answer_it = tws.script["place_order"]

    def notice_first(tws: ScriptedTws, message: Message) -> None:
        tws.error(message.whole("order_id"), 10349, "Order TIF was set to DAY")
        answer_it(tws, message)

    tws.script["place_order"] = notice_first

    assert previewed(tws)[0].outcome == "fits"


def test_preview_is_unknown_at_once_when_the_link_is_lost():
    tws = ScriptedTws()
    tws.script["place_order"] = lambda tws, _: tws.hang_up()

    answer, bench = previewed(tws)

    assert (answer.outcome, "link was lost" in answer.text) == ("unknown", True)
    assert bench.loop.time() < 5
