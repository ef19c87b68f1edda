"""What people have said since the last beat, each word with the future that is told what became of it.

A word counts in one beat. One that could not be used there is answered, not kept: it must not act later, on other prices.
"""

from engine.decide.order.requests import subject
from engine.domain.snapshot import Answer, Request
from engine.runtime.inbox import Outcome, PersonAnswer, PersonRequest


class Words:
    """The answers to waiting orders, by reference, and what is asked of positions and orders, by name."""

    def __init__(self) -> None:
        self._answers: dict[str, PersonAnswer] = {}
        self._requests: dict[str, PersonRequest] = {}
        self._closing: dict[str, list[str]] = {}
        """What is being done of a position that a person asks to close, by position."""

    @property
    def answers(self) -> tuple[Answer, ...]:
        return tuple(said.answer for said in self._answers.values())

    @property
    def requests(self) -> tuple[Request, ...]:
        return tuple(asked.request for asked in self._requests.values())

    def take_answer(self, said: PersonAnswer) -> None:
        """The first word on an order counts, but a no always wins over a yes."""
        ref = said.answer.order_ref
        if said.outcome.done():
            return  # whoever said it was told meanwhile that nothing was promised
        earlier = self._answers.get(ref)
        if earlier is not None and (said.answer.approve or not earlier.answer.approve):
            said.outcome.set_result(Outcome(False, f"not done: {earlier.answer.by} answered first"))
            return
        if earlier is not None:
            self.answered(ref, Outcome(False, f"not done: {said.answer.by} declined it"))
        self._answers[ref] = said

    def take_request(self, asked: PersonRequest) -> None:
        """The first who asks about a position or an order counts."""
        about = subject(asked.request)
        if asked.outcome.done():
            return
        if about in self._requests:
            asked.outcome.set_result(Outcome(False, f"not done: {self._requests[about].request.by} asked first"))
            return
        self._requests[about] = asked

    def answered(self, ref: str, outcome: Outcome) -> None:
        """Tell what became of the word on an order; nothing where nobody said one."""
        said = self._answers.pop(ref, None)
        if said is not None and not said.outcome.done():
            said.outcome.set_result(outcome)

    def served(self, about: str, outcome: Outcome) -> None:
        """Tell what became of what was asked of a position or an order; nothing where nobody did."""
        asked = self._requests.pop(about, None)
        if asked is not None and not asked.outcome.done():
            asked.outcome.set_result(outcome)

    def closing(self, position: str, text: str) -> None:
        """One of the orders that close a position; all of them are told together when the beat ends."""
        self._closing.setdefault(position, []).append(text)

    def settle(self) -> None:
        """The beat has ended: tell what is being closed, and of every other word that it was not used."""
        for ref in list(self._answers):
            self.answered(ref, Outcome(False, "not done: the order is not ready for an answer, try again"))
        closing, self._closing = self._closing, {}
        for about in list(self._requests):
            made = " and ".join(closing.get(about, ()))
            text = f"closing {made}" if made else "not done: the engine was about to halt, try again"
            self.served(about, Outcome(bool(made), text))
