"""Four lanes before the socket: never more than the budget in a second, orders first, nothing dropped in silence."""

import asyncio

from engine.broker.gauges import BrokerGauges
from engine.broker.session.pacing import BUDGET, RESERVED, SLOW_BUDGET, Pacing
from engine.sim.loop import VirtualLoop, run

DATA, BOOKS, ORDER, CANCEL = "1\0data\0", "16\0books\0", "3\0order\0", "4\0cancel\0"
HISTORY, EXIT, DETAILS = "20\0history\0", "1\0exit\0", "9\0details\0"


def left(
    messages: list[tuple[float, str]], seconds: float, slow: bool = False
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


def busiest(out: list[tuple[float, str]]) -> int:
    times = [at for at, _ in out]
    return max(sum(1 for at in times if start <= at < start + 1) for start in times)


def test_messages_keep_to_the_budget_when_hundreds_come_at_once():
    out, _, gauges = left([(0.0, DATA)] * 300, 20)

    assert len(out) == gauges.messages_sent == 300
    assert busiest(out) == BUDGET - 2 * RESERVED
    assert (gauges.throttles, gauges.queue_length) == (1, 0)
    assert gauges.queue_length_max == 300 - (BUDGET - 2 * RESERVED)


def test_order_and_cancel_leave_at_once_when_data_requests_wait():
    out, _, _ = left([*[(0.0, DATA)] * 300, (0.5, ORDER), (0.5, CANCEL)], 20)

    assert [at < 0.51 for at, message in out if message in {ORDER, CANCEL}] == [True, True]
    assert busiest(out) <= BUDGET


def test_order_leaves_at_once_when_questions_have_filled_their_lane():
    out, _, _ = left([*[(0.0, DATA)] * 300, *[(0.1, BOOKS)] * 20, (0.5, ORDER), (0.5, CANCEL)], 20)

    assert [at < 0.51 for at, message in out if message in {ORDER, CANCEL}] == [True, True]
    assert sum(at < 0.51 for at, message in out if message == BOOKS) == RESERVED
    assert busiest(out) <= BUDGET


def test_orders_keep_their_order_and_the_budget_when_there_are_many():
    orders = [f"3\0{n}\0" for n in range(100)]

    out, _, _ = left([(0.0, one) for one in orders], 20)

    assert [message for _, message in out] == orders
    assert busiest(out) == BUDGET


def test_pace_is_less_than_half_when_tws_complained():
    out, _, _ = left([(0.0, DATA)] * 100, 3, slow=True)

    assert busiest(out) == SLOW_BUDGET - 2 * RESERVED


def test_what_waited_is_returned_with_orders_first_when_the_link_is_gone():
    out, pacing, gauges = left([*[(0.0, DATA)] * 60, *[(0.0, ORDER)] * 20], 0.0)

    waiting = pacing.drop()

    assert len(out) + len(waiting) == 80
    assert waiting[0] == ORDER
    assert gauges.unsent == len(waiting)
    assert pacing.drop() == ()


def test_lines_that_explore_and_history_leave_behind_everything_else():
    loop, out = VirtualLoop(), list[str]()

    async def main() -> None:
        pacing = Pacing(lambda frame: out.append(frame[4:].decode()), BrokerGauges())
        with pacing.at("turns"):
            for _ in range(200):
                pacing.send(DATA)
        pacing.send(HISTORY)
        with pacing.at("questions"):
            pacing.send(EXIT)
        pacing.send(DETAILS)
        await asyncio.sleep(20)

    run(main(), loop)

    first = BUDGET - 3 * RESERVED
    assert out[:first] == [DATA] * first
    assert out[first : first + 2] == [EXIT, DETAILS]
    assert out[-1] == HISTORY


def test_line_that_is_given_back_while_its_question_waits_is_never_asked_for():
    loop, out = VirtualLoop(), list[str]()

    async def main() -> None:
        pacing = Pacing(lambda frame: out.append(frame[4:].decode()), BrokerGauges())
        with pacing.at("turns"):
            for number in range(100):
                pacing.send(f"1\x0011\x00{number}\x00")
        with pacing.at("questions"):
            pacing.send("2\x002\x0099\x00")  # its question waits still
            pacing.send("2\x002\x000\x00")  # its question has left
        await asyncio.sleep(20)

    run(main(), loop)

    assert [message for message in out if message.endswith("\x0099\x00")] == []
    assert out.index("1\x0011\x000\x00") < out.index("2\x002\x000\x00")
    assert len(out) == 100


def test_burst_of_a_thousand_messages_of_all_kinds_keeps_to_the_budget_and_to_the_order_of_importance():
    kinds = [HISTORY, DATA, BOOKS, ORDER]
    out, _, gauges = left([(0.0, kinds[n % 4]) for n in range(1000)], 60)

    last = {kind: max(at for at, message in out if message == kind) for kind in kinds}
    assert len(out) == 1000
    assert busiest(out) <= BUDGET
    assert last[ORDER] < last[BOOKS] < last[DATA] <= last[HISTORY]
    assert gauges.queue_length == 0
