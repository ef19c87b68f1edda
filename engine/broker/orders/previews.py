"""Asks TWS what an order would do, and always has an answer: fits, refused, or unknown.

TWS may answer twice (first a warning without numbers), with an error, with an error that is only a notice, with numbers and words
that say no, or never. What is not answered is asked again. An answer counts for the order that it names and for no other one,
however late it comes.
"""

import asyncio
import re
from dataclasses import dataclass, field

from ib_async import Client, OrderState
from ib_async import Contract as IbContract
from ib_async import Order as IbOrder

from engine.broker.asking import machine_s
from engine.broker.classes import class_of
from engine.broker.errors import meaning
from engine.broker.gauges import BrokerGauges
from engine.broker.orders.combos import instrument, limit_order
from engine.broker.orders.names import legs_of
from engine.broker.session.pacing import Pacing
from engine.broker.translate import money
from engine.domain.facts.orders import OrderPreviewed, OrderProposed, PreviewOutcome

PREVIEW_S = 5.0
"""A what-if of a combination takes a second or two where it is answered at all; users gave up between 5 and 10 s."""
ASKED_AGAIN = 3
PAUSE_S = 0.5
"""Before it is asked again; doubled each time. All of it takes less than half a minute, after which an opening is given up."""

_GOOD = frozenset({"PreSubmitted", "Submitted", "PendingSubmit", "ApiPending", ""})
"""Standing of an order that would be taken."""
_SAYS_NO = re.compile(
    r"\b(would|will|has been|was|is)( be)? (rejected|refused|declined|denied)|"
    r"\border (rejected|refused|declined)|\breject(ed|ion)?\b.*\breason|"
    r"\b(not|n't) (be )?(accepted|allowed|permitted|eligible|authori[sz]ed)|\bcannot be (accepted|placed|submitted|transmitted)|"
    r"\binsufficient\b|\bno (trading )?permissions?\b|\bprohibited\b|\bnot have (enough|sufficient|trading)|"
    r"\bexceeds? (your|the|available|buying)|\bmargin (violation|deficit|deficiency)",
    re.IGNORECASE,
)
_UNCLEAR = re.compile(r"reject|refus|declin|\bden(y|ied)|liquidat|violat|restrict|deficien|may not|unable|fail", re.IGNORECASE)
"""Words of refusal in a sentence that does not clearly refuse this order."""


@dataclass(slots=True)
class _Question:
    order_ref: str
    legs: dict[int, int]
    """Contracts of the whole order by contract number, what it buys positive."""
    answer: asyncio.Future[OrderPreviewed]
    heard: str = ""
    """What came in instead of the answer."""
    numbers: list[int] = field(default_factory=list[int])
    """The order ids that it was asked under: a late answer to any of them is an answer to this question."""


class Previews:
    """The what-ifs under way, by the order ids they went out with."""

    def __init__(self, client: Client, pacing: Pacing, gauges: BrokerGauges) -> None:
        self._client = client
        self._pacing = pacing
        self._gauges = gauges
        self._questions: dict[int, _Question] = {}

    async def ask(self, order: OrderProposed, account: str) -> OrderPreviewed:
        turn = 1 if order.purpose == "open" else -1
        legs = {leg.contract.con_id: turn * leg.sign * leg.ratio for leg in order.spread.legs}
        loop = asyncio.get_running_loop()
        question, began = _Question(order.order_ref, legs, loop.create_future()), loop.time()
        try:
            answered = await self._ask(question, order, account)
        finally:
            for number in question.numbers:
                self._questions.pop(number, None)
        self._gauges.count_preview(answered.outcome)
        if question.answer.done():
            self._gauges.request_seconds["preview"].add(loop.time() - began)
        else:
            self._gauges.unanswered += 1
        return answered

    async def _ask(self, question: _Question, order: OrderProposed, account: str) -> OrderPreviewed:
        for again in range(1 + ASKED_AGAIN):
            try:
                if again:
                    await self._wait(question, PAUSE_S * 2 ** (again - 1))
                if not question.answer.done():
                    self._put(question, order, account)
                    await self._wait(question, PREVIEW_S)
            except ConnectionError as problem:
                return _without_numbers(order.order_ref, "unknown", f"the what-if was not asked: {problem}")
            if question.answer.done():
                return question.answer.result()
        text = f"the broker did not answer the what-if, asked {1 + ASKED_AGAIN} times, within {PREVIEW_S:g} s each"
        return _without_numbers(order.order_ref, "unknown", f"{text}; it said: {question.heard}" if question.heard else text)

    def _put(self, question: _Question, order: OrderProposed, account: str) -> None:
        request = limit_order(order.order_ref, order.spread, order.purpose, order.quantity, order.limit, account)
        request.whatIf = True
        number = self._client.getReqId()
        question.numbers.append(number)
        self._questions[number] = question
        with self._pacing.at(class_of(order.purpose)):
            self._client.placeOrder(number, instrument(order.spread), request)

    async def _wait(self, question: _Question, seconds: float) -> None:
        """Until there is an answer, or so long."""
        await asyncio.wait({question.answer}, timeout=machine_s(seconds))

    def answered(self, order_id: int, contract: IbContract, order: IbOrder, state: OrderState) -> bool:
        """Take the answer to a what-if, also one that comes too late; False where it is an order that works."""
        question = self._questions.get(order_id)
        if question is None:
            return not order.permId  # too late; a what-if has no permanent id, an order that works has
        legs = dict(legs_of(contract, order))
        if order.orderRef not in {"", question.order_ref} or (legs and legs != question.legs):
            question.heard = f"an answer about another order ({order.orderRef or 'no reference'})"
            return True
        if question.answer.done():
            return True
        answer = preview(question.order_ref, state)
        if answer is None:
            question.heard = state.warningText or "an answer without numbers"
        else:
            question.answer.set_result(answer)
        return True

    def error(self, order_id: int, code: int, text: str) -> bool:
        """Take an error that is addressed to a what-if; False where the id is none."""
        question = self._questions.get(order_id)
        if question is None:
            return False
        row = meaning(code)
        sentence = f"{code}: {row.sentence(text)}"
        if row.order == "notice" or row.may_retry or question.answer.done():
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


def preview(order_ref: str, state: OrderState) -> OrderPreviewed | None:
    """The what-if's answer, or None where this answer is not the real one.

    TWS may answer twice, the first time with a warning and no numbers: the real one names the commission's currency. Numbers are
    no yes where the standing or the words beside them are a no.
    """
    outcome, said = _said(state)
    if outcome == "refused":
        return _without_numbers(order_ref, "refused", said)
    initial = money(state.initMarginChange)
    if initial is None or not state.commissionCurrency:
        return None
    if outcome == "unknown":
        return _without_numbers(order_ref, "unknown", said)
    if state.commissionCurrency != "USD":
        text = f"the what-if answers in {state.commissionCurrency}; this engine reckons in USD only"
        return _without_numbers(order_ref, "unknown", text)
    commission = money(state.commission)
    return OrderPreviewed(
        order_ref=order_ref,
        outcome="fits",
        initial_margin_change=initial,
        maintenance_margin_change=money(state.maintMarginChange),
        equity_with_loan_change=money(state.equityWithLoanChange),
        commission=money(state.maxCommission) if commission is None else commission,
        text=state.warningText,
    )


def _said(state: OrderState) -> tuple[PreviewOutcome, str]:
    """What standing and words of an answer say, whatever its numbers."""
    words = " ".join(re.sub(r"<[^>]*>", " ", state.warningText).split())
    told = f"TWS says: {words}" if words else f"TWS shows it as {state.status}"
    if _SAYS_NO.search(words):
        return "refused", told
    if state.status not in _GOOD:
        return "unknown", f"TWS shows the order as {state.status}" + (f" and says: {words}" if words else " and gives no reason")
    if _UNCLEAR.search(words):
        return "unknown", f"it is not clear whether the order would be taken; {told}"
    return "fits", words


def _without_numbers(order_ref: str, outcome: PreviewOutcome, text: str) -> OrderPreviewed:
    return OrderPreviewed(order_ref, outcome, None, None, None, None, text)
