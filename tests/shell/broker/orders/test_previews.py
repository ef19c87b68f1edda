"""The what-if: TWS answers twice, with an error, with a notice or never, and the preview is never in doubt about which."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from engine.domain.facts.orders import OrderAcknowledged, OrderPreviewed, OrderUnknown
from engine.sim.wire.message import Message
from tests.shell.broker.bench import CLIENT_ID, LEGS_AS_TWS_LISTS_THEM, Bench, play, proposal
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


def test_preview_is_unknown_when_tws_never_answers_though_it_is_asked_three_times_more():
    answer, bench = previewed(ScriptedTws())

    assert answer.outcome == "unknown"
    assert "asked 4 times, within 5 s each" in answer.text
    at = bench.tws.requested_at("place_order")
    assert [round(later - earlier, 1) for earlier, later in pairwise(at)] == [5.5, 6.0, 7.0]
    assert bench.loop.time() < 28


def test_preview_is_answered_when_tws_answers_the_last_time_it_is_asked():
    tws = what_if(NUMBERS)
    answer_it, asked = tws.script["place_order"], list[Message]()

    def hard_of_hearing(tws: ScriptedTws, message: Message) -> None:
        asked.append(message)
        if len(asked) == 4:
            answer_it(tws, message)

    tws.script["place_order"] = hard_of_hearing

    assert previewed(tws)[0].outcome == "fits"
    assert len({message.whole("order_id") for message in asked}) == 4


def test_preview_takes_a_late_answer_to_its_own_question():
    tws = what_if(NUMBERS)
    answer_it, asked = tws.script["place_order"], list[Message]()

    def late(tws: ScriptedTws, message: Message) -> None:
        asked.append(message)
        if len(asked) == 2:
            answer_it(tws, asked[0])

    tws.script["place_order"] = late

    answer, bench = previewed(tws)

    assert answer.outcome == "fits"
    assert bench.loop.time() < 8


@pytest.mark.parametrize("change", [{"order_ref": ""}, {"legs": ()}, {"legs": LEGS_AS_TWS_LISTS_THEM}])
def test_preview_takes_an_answer_that_leaves_out_which_order_it_is_about(change: dict[str, Any]):
    assert previewed(what_if(NUMBERS | change))[0].outcome == "fits"


@pytest.mark.parametrize("change", [{"order_ref": "sp-7"}, {"legs": LEGS_AS_TWS_LISTS_THEM[:1]}, {"action": "SELL"}])
def test_preview_takes_no_answer_that_is_about_another_order(change: dict[str, Any]):
    answer, _ = previewed(what_if(NUMBERS | change))

    assert (answer.outcome, "about another order" in answer.text) == ("unknown", True)


@pytest.mark.parametrize(
    "words",
    [
        "Your order would be rejected.",
        "<b>Order rejected</b> - reason:We are unable to accept your order.",
        "This order will be rejected: insufficient margin",
        "You do not have trading permissions for this product",
        "Orders in this class are not allowed in your account.",
        "The order cannot be accepted at this time",
        "Your available funds are insufficient to cover this order.",
    ],
)
@pytest.mark.parametrize("status", ["Inactive", "PreSubmitted"])
def test_preview_is_refused_when_its_words_say_no_whatever_its_numbers(words: str, status: str):
    answer, bench = previewed(what_if(NUMBERS | {"warning_text": words, "status": status}))

    assert (answer.outcome, answer.initial_margin_change) == ("refused", None)
    assert "TWS says: " in answer.text
    assert bench.loop.time() < 5


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("Inactive", ""),
        ("Inactive", "Note the price."),
        ("Cancelled", ""),
        ("Whatever", ""),
        ("PreSubmitted", "Your order may be rejected if the margin rises."),
        ("PreSubmitted", "Positions may be subject to liquidation."),
    ],
)
def test_preview_is_unknown_when_it_is_unclear_whether_the_order_would_be_taken(status: str, words: str):
    answer, _ = previewed(what_if(NUMBERS | {"warning_text": words, "status": status}))

    assert (answer.outcome, answer.initial_margin_change) == ("unknown", None)


@pytest.mark.parametrize(
    "words",
    ["Your order will not be placed at the exchange until 2026-11-24 09:30:00", "Order TIF was set to DAY", ""],
)
def test_preview_fits_with_a_note_that_says_nothing_against_it(words: str):
    answer, _ = previewed(what_if(NUMBERS | {"warning_text": words}))

    assert (answer.outcome, answer.text) == ("fits", words)


@pytest.mark.parametrize(
    ("wrong", "outcome"),
    [
        ({"init_margin_change": "NaN"}, "unknown"),
        ({"init_margin_change": "1e301"}, "unknown"),
        ({"init_margin_change": "lots"}, "unknown"),
        ({"commission_currency": "EUR"}, "unknown"),
        ({"maint_margin_change": "Infinity"}, "fits"),
        ({"max_commission": "NaN"}, "fits"),
        ({"commission": "abc"}, "unknown"),
    ],
)
def test_preview_with_numbers_that_are_none_has_none(wrong: dict[str, str], outcome: str):
    tws = ScriptedTws()

    def answer_it(tws: ScriptedTws, message: Message) -> None:
        told = open_order_values(message, CLIENT_ID, "PreSubmitted") | {"what_if": True, "perm_id": 0}
        tws.garbled("open_order", wrong, **(told | NUMBERS))

    tws.script["place_order"] = answer_it

    answer, bench = previewed(tws)

    assert answer.outcome == outcome
    assert bench.all(OrderUnknown) == []


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
