"""Asks TWS what has an answer: within the limits of its class, once for all who ask the same, with a deadline, and not at all
while the class rests.

A class rests when different questions of it failed one after the other, or when TWS says that one came too fast: it does not
answer that kind now, and asking on would only fill its queue. After a while one question is tried. The other classes do not
notice.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from ib_async import RequestError

from engine.broker.asking import answer, machine_s
from engine.broker.classes import BY_NAME, CLASSES, REST_MAX_S, REST_S, ClassName, RequestClass, Tokens
from engine.broker.gauges import BrokerGauges
from engine.domain.errors import BrokerRefused, Transient
from engine.domain.facts.running import RequestsRested
from engine.ports import Clock, Publish

T = TypeVar("T")
TOO_FAST = "pacing violation"
"""What TWS says, among other reasons for the same code, of a question that came too fast."""


@dataclass(slots=True)
class _State:
    """How one class fares."""

    of: RequestClass
    tokens: list[Tokens]
    at_once: asyncio.Semaphore
    failed: set[str] = field(default_factory=set[str])
    """Questions that failed since one was answered last."""
    rests_until: float | None = None
    """Loop seconds; stays until a question was answered again."""
    rest_s: float = 0.0
    is_trying: bool = False
    asked_at: dict[str, float] = field(default_factory=dict[str, float])


class Questions:
    """What is under way, and how each class fares."""

    def __init__(self, publish: Publish, clock: Clock, gauges: BrokerGauges, is_up: Callable[[], bool]) -> None:
        """`is_up` tells whether there is a connection at all: without one every class fails, and none of them rests for it."""
        self._publish = publish
        self._clock = clock
        self._gauges = gauges
        self._is_up = is_up
        self._under_way: dict[str, asyncio.Task[Any]] = {}
        self._awaited: dict[str, int] = {}
        self._states = {
            one.name: _State(one, [Tokens(rate) for rate in one.rates], asyncio.Semaphore(one.at_once)) for one in CLASSES
        }

    async def ask(self, name: ClassName, what: str, put: Callable[[], Awaitable[T]]) -> T:
        """What TWS answers to `put`; `what` names the question for people, and is the same for the same question only.

        Raises as `answer` does, and Transient while the class rests.
        """
        running = self._under_way.get(what)
        if running is None:
            running = self._under_way[what] = asyncio.ensure_future(self._ask(self._states[name], what, put))
            running.add_done_callback(lambda ended: self._forget(what, ended))
        else:
            self._gauges.questions_shared += 1
        self._awaited[what] = self._awaited.get(what, 0) + 1
        try:
            return await asyncio.shield(running)
        finally:
            self._awaited[what] -= 1
            if not self._awaited[what]:  # nobody waits for it any more
                del self._awaited[what]
                running.cancel()
                self._forget(what, running)

    def link_lost(self) -> None:
        """What failed before says nothing of the connection to come."""
        for state in self._states.values():
            state.failed.clear()
            for tokens in state.tokens:
                tokens.clear()
            self._goes_on(state, "the connection is made anew")

    # Inside.

    def _forget(self, what: str, ended: "asyncio.Task[Any]") -> None:
        """Whoever asks from now on asks anew: what was given up is nobody's answer."""
        if self._under_way.get(what) is ended:
            del self._under_way[what]

    async def _ask(self, state: _State, what: str, put: Callable[[], Awaitable[T]]) -> T:
        tries = self._must_not_rest(state, what)
        try:
            async with state.at_once:
                await self._in_turn(state, what)
                found = await answer(what, BY_NAME[state.of.name].deadline_s or 0.0, put)
        except Transient as problem:
            said = problem.__cause__.message if isinstance(problem.__cause__, RequestError) else None
            if said is not None and TOO_FAST not in said.lower():
                self._answered(state)  # a no is an answer
            elif self._is_up():
                self._failed(state, what, must_rest=tries or said is not None)
            raise
        except BrokerRefused:
            self._answered(state)  # a no is an answer
            raise
        finally:
            state.is_trying = state.is_trying and not tries
        self._answered(state)
        return found

    def _must_not_rest(self, state: _State, what: str) -> bool:
        """Whether this is the question that is tried after a rest. Raises Transient while the class rests."""
        if state.rests_until is None:
            return False
        left_s = state.rests_until - asyncio.get_running_loop().time()
        if left_s > 0 or state.is_trying:
            until = f"for {left_s:.0f} s more" if left_s > 0 else "until one of its questions is answered"
            raise Transient(f"{what}: not asked, since TWS does not answer such questions ({state.of.says}); they rest {until}")
        state.is_trying = True
        return True

    async def _in_turn(self, state: _State, what: str) -> None:
        """Wait until the class may send one more, and this question was not asked just now."""
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            last = state.asked_at.get(what, float("-inf"))
            wait_s = max([last + state.of.identical_after_s - now, *(tokens.free_in(now) for tokens in state.tokens), 0.0])
            if wait_s <= 0:
                break
            await asyncio.sleep(wait_s)
        for tokens in state.tokens:
            tokens.take(now)
        if state.of.identical_after_s:
            state.asked_at = {one: at for one, at in state.asked_at.items() if now - at < state.of.identical_after_s}
            state.asked_at[what] = now

    def _failed(self, state: _State, what: str, *, must_rest: bool) -> None:
        state.failed.add(what)
        if state.of.rests_after is None or not (must_rest or len(state.failed) >= state.of.rests_after):
            return
        is_new = state.rests_until is None
        if not must_rest and not is_new:
            return  # asked before the class began to rest
        state.rest_s = REST_S if is_new else min(REST_MAX_S, 2 * state.rest_s)
        state.rests_until = asyncio.get_running_loop().time() + machine_s(state.rest_s)
        name = state.of.name
        self._gauges.rests_by_class[name] = self._gauges.rests_by_class.get(name, 0) + 1
        self._gauges.resting[name] = True
        until = self._clock.now() + timedelta(seconds=machine_s(state.rest_s))
        text = f"{state.of.says}: {len(state.failed)} failed in a row; none is asked for {state.rest_s:g} s"
        self._publish(RequestsRested(name, until, f"{text}, everything else goes on; the last: {what}"))

    def _answered(self, state: _State) -> None:
        state.failed.clear()
        self._goes_on(state, "TWS answers them again")

    def _goes_on(self, state: _State, why: str) -> None:
        if state.rests_until is None:
            return
        state.rests_until, state.is_trying = None, False
        self._gauges.resting[state.of.name] = False
        self._publish(RequestsRested(state.of.name, None, f"{state.of.says}: asked as before, {why}"))
