"""Asks TWS what an order would do, and always has an answer: fits, refused, or unknown.

TWS may answer twice (first a warning without numbers), with an error, with an error that is only a notice, or never.
"""

import asyncio
from dataclasses import dataclass

from ib_async import Client, OrderState

from engine.broker.asking import machine_s
from engine.broker.combos import bag, limit_order
from engine.broker.errors import meaning
from engine.broker.gauges import BrokerGauges
from engine.broker.translate import preview
from engine.domain.facts import OrderPreviewed, OrderProposed, PreviewOutcome

PREVIEW_S = 6.0
"""A what-if of a combination takes a second or two where it is answered at all; users gave up between 5 and 10 s."""


@dataclass(slots=True)
class _Question:
    order_ref: str
    answer: asyncio.Future[OrderPreviewed]
    heard: str = ""
    """What came in instead of the answer."""


class Previews:
    """The what-ifs under way, by the order id they went out with."""

    def __init__(self, client: Client, gauges: BrokerGauges) -> None:
        self._client = client
        self._gauges = gauges
        self._questions: dict[int, _Question] = {}

    async def ask(self, order: OrderProposed, account: str) -> OrderPreviewed:
        answered = await self._ask(order, account)
        self._gauges.count_preview(answered.outcome)
        return answered

    async def _ask(self, order: OrderProposed, account: str) -> OrderPreviewed:
        request = limit_order(order.order_ref, order.purpose, order.quantity, order.limit, account)
        request.whatIf = True
        question = _Question(order.order_ref, asyncio.get_running_loop().create_future())
        order_id = 0
        try:
            order_id = self._client.getReqId()
            self._questions[order_id] = question
            self._client.placeOrder(order_id, bag(order.spread), request)
            return await asyncio.wait_for(question.answer, machine_s(PREVIEW_S))
        except ConnectionError as problem:
            return _without_numbers(order.order_ref, "unknown", f"the what-if was not asked: {problem}")
        except TimeoutError:
            text = f"the broker did not answer the what-if within {PREVIEW_S:g} s"
            return _without_numbers(order.order_ref, "unknown", f"{text}; it said: {question.heard}" if question.heard else text)
        finally:
            self._questions.pop(order_id, None)

    def answered(self, order_id: int, state: OrderState) -> None:
        question = self._questions.get(order_id)
        if question is None or question.answer.done():
            return
        answer = preview(question.order_ref, state)
        if answer is None:
            question.heard = state.warningText or "an answer without numbers"
        else:
            question.answer.set_result(answer)

    def error(self, order_id: int, code: int, text: str) -> bool:
        """Take an error that is addressed to a what-if; False where the id is none."""
        question = self._questions.get(order_id)
        if question is None:
            return False
        row = meaning(code)
        sentence = f"{code}: {row.sentence(text)}"
        if row.order == "notice" or question.answer.done():
            question.heard = sentence
        else:
            outcome: PreviewOutcome = "refused" if row.order == "rejects_new" else "unknown"
            question.answer.set_result(_without_numbers(question.order_ref, outcome, sentence))
        return True

    def link_lost(self) -> None:
        for question in self._questions.values():
            if not question.answer.done():
                text = "the link was lost before the what-if was answered"
                question.answer.set_result(_without_numbers(question.order_ref, "unknown", text))


def _without_numbers(order_ref: str, outcome: PreviewOutcome, text: str) -> OrderPreviewed:
    return OrderPreviewed(order_ref, outcome, None, None, None, None, text)
