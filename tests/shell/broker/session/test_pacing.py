"""A line for each class before the socket: never more than the budget in a second, exits first, nothing dropped in silence."""

import asyncio
from collections.abc import Sequence

import pytest

from engine.broker.classes import ALL, BY_NAME, CLASSES, GOES_ON_BELOW, SLOW_BUDGET, ClassName, Rate, Tokens, pause_s
from engine.broker.gauges import BrokerGauges
from engine.broker.session.pacing import Pacing
from engine.sim.loop import VirtualLoop, run

DATA, BOOKS, ORDER, CANCEL = "1\0data\0x\0", "16\0books\0", "3\0order\0", "4\x001\0other\0"
HISTORY, DETAILS = "20\0history\0", "9\0details\0"


def left(
    messages: Sequence[tuple[float, str]], seconds: float, *, slow: bool = False
) -> tuple[list[tuple[float, str]], Pacing, BrokerGauges]:
    """What leaves when each message is handed over at its time, with the time it left."""
    loop, out, gauges = VirtualLoop(), list[tuple[float, str]](), BrokerGauges()

    async def main() -> Pacing:
        pacing = Pacing(lambda frame: out.append((loop.time(), frame[4:].decode())), gauges)
        if slow:
            pacing.slow_down()
        for at, message in messages:
            await asyncio.sleep(max(0.0, at - loop.time()))
            pacing.send(message)
        await asyncio.sleep(seconds)
        return pacing

    return out, run(main(), loop), gauges


def left_of(parts: Sequence[tuple[ClassName, Sequence[str]]], seconds: float) -> tuple[list[tuple[float, str]], BrokerGauges]:
    """What leaves when the messages of each class are handed over at once."""
    loop, out, gauges = VirtualLoop(), list[tuple[float, str]](), BrokerGauges()

    async def main() -> None:
        pacing = Pacing(lambda frame: out.append((loop.time(), frame[4:].decode())), gauges)
        for name, messages in parts:
            with pacing.at(name):
                for message in messages:
                    pacing.send(message)
        await asyncio.sleep(seconds)

    run(main(), loop)
    return out, gauges


def busiest(out: list[tuple[float, str]]) -> int:
    times = [at for at, _ in out]
    return max(sum(1 for at in times if start <= at < start + 1) for start in times)


def test_messages_keep_to_the_share_of_their_class_when_hundreds_come_at_once():
    out, _, gauges = left([(0.0, DATA)] * 300, 20)

    assert len(out) == gauges.messages_sent == gauges.sent_by_class["entries"] == 300
    assert busiest(out) == BY_NAME["entries"].share
    assert (gauges.throttles, gauges.queue_length) == (1, 0)
    assert gauges.queue_length_max == 300 - BY_NAME["entries"].share
    assert gauges.wait_seconds["entries"].count == 300


@pytest.mark.parametrize("first", [[(0.0, DATA)] * 300, [(0.0, DATA)] * 300 + [(0.1, BOOKS)] * 20])
def test_order_and_cancel_leave_at_once_whatever_waits(first: list[tuple[float, str]]):
    out, _, _ = left([*first, (0.5, ORDER), (0.5, CANCEL)], 20)

    assert [at < 0.51 for at, message in out if message in {ORDER, CANCEL}] == [True, True]
    assert busiest(out) <= ALL.tokens


def test_exits_leave_before_orders_that_open_and_both_keep_their_order_and_the_budget():
    openings, exits = [f"3\0{n}\0" for n in range(100)], [f"3\0{n}\0" for n in range(100, 200)]

    out, _ = left_of([("orders", openings), ("exits", exits)], 20)

    sent = [message for _, message in out]
    at_once = BY_NAME["orders"].share
    assert sent[:at_once] == openings[:at_once], "they left before an exit was there"
    assert sent[at_once : at_once + 100] == exits
    assert sent[at_once + 100 :] == openings[at_once:]
    assert busiest(out) == ALL.tokens


def test_cancel_and_change_stay_behind_their_order_while_it_waits():
    full = [f"3\0{n}\0" for n in range(BY_NAME["orders"].share)]

    out, _ = left_of([("orders", [*full, "3\x00900\0new\0"]), ("exits", ["4\x001\x00900\0", "4\x001\x00901\0", "58\x001\0"])], 5)

    sent = [message for _, message in out]
    assert sent.index("4\x001\x00901\0") < sent.index("58\x001\0") < sent.index("3\x00900\0new\0")
    assert sent.index("3\x00900\0new\0") < sent.index("4\x001\x00900\0")


def test_pace_is_less_than_half_when_tws_complained():
    out, _, _ = left([(0.0, DATA)] * 100, 3, slow=True)

    assert busiest(out) == SLOW_BUDGET - (ALL.tokens - BY_NAME["entries"].share)


def test_what_waited_is_returned_with_orders_first_when_the_link_is_gone():
    out, pacing, gauges = left([*[(0.0, DATA)] * 60, *[(0.0, ORDER)] * 20], 0.0)

    waiting = pacing.drop()

    assert len(out) + len(waiting) == 80
    assert waiting[0] == ORDER
    assert gauges.unsent == len(waiting)
    assert pacing.drop() == ()


def test_line_that_is_given_back_while_its_question_waits_is_never_asked_for():
    loop, out = VirtualLoop(), list[str]()

    async def main() -> None:
        pacing = Pacing(lambda frame: out.append(frame[4:].decode()), BrokerGauges())
        with pacing.at("scans"):
            for number in range(100):
                pacing.send(f"1\x0011\x00{number}\x00")
        with pacing.at("positions"):
            pacing.send("2\x002\x0099\x00")  # its question waits still
            pacing.send("2\x002\x000\x00")  # its question has left
        await asyncio.sleep(20)

    run(main(), loop)

    assert [message for message in out if message.endswith("\x0099\x00")] == []
    assert out.index("1\x0011\x000\x00") < out.index("2\x002\x000\x00")
    assert len(out) == 100


def test_burst_of_a_thousand_messages_of_all_classes_keeps_to_every_limit_and_leaves_in_the_order_of_importance():
    names = [one.name for one in CLASSES]

    out, gauges = left_of([(name, [f"1\x0011\x00{name}{n}\0" for n in range(143)]) for name in reversed(names)], 120)

    last = [max(at for at, message in out if name in message) for name in names]
    assert len(out) == 7 * 143 > 1000
    assert busiest(out) <= ALL.tokens
    assert last[:5] == sorted(last[:5])
    assert min(last[5:]) > last[4], "what explores gives way to what waits, history among it"
    assert gauges.queue_length == 0
    assert sum(gauges.sent_by_class.values()) == len(out)


def test_what_explores_is_handed_over_more_slowly_the_more_waits_and_not_at_all_where_much_does():
    assert [pause_s(waiting) for waiting in (0, 25, 26, 50, 51, 75, 76, 100, 101)] == [
        *(0.010, 0.010, 0.025, 0.025, 0.050, 0.050, 0.100, 0.100),
        None,
    ]


def test_what_explores_pauses_above_a_hundred_and_goes_on_below_fifty():
    loop, out, gauges = VirtualLoop(), list[tuple[float, int, str]](), BrokerGauges()

    async def main() -> None:
        pacing = Pacing(lambda frame: out.append((loop.time(), gauges.queue_length, frame[4:].decode())), gauges)
        for number in range(180):
            pacing.send(f"1\x0011\x00{number}\0")
        with pacing.at("scans"):
            for number in range(60):
                pacing.send(f"1\x0011\0scan{number}\0")
        assert pacing.explores
        assert gauges.waiting_by_class["scans"] == 60
        await asyncio.sleep(60)
        assert not pacing.explores

    run(main(), loop)

    first = next(at for at, _, message in out if "scan" in message)
    waited = [waiting for at, waiting, _ in out if at < first]
    assert gauges.scan_pauses == 1
    assert max(waited) > 100
    assert sum("scan" in message for _, _, message in out) == 60
    assert min(waited) < GOES_ON_BELOW


def test_tokens_come_back_and_no_span_sees_more_of_them():
    tokens = Tokens(Rate(3, 2.0))
    taken, now = list[float](), 0.0
    for _ in range(10):
        now += tokens.free_in(now)
        tokens.take(now)
        taken.append(now)

    assert taken == [0, 0, 0, 2, 2, 2, 4, 4, 4, 6]
    assert tokens.free_in(6, of=1) == 2.0
    tokens.clear()
    assert tokens.free_in(6) == 0.0
