"""Looks at what the account holds between two updates of the idle streams: what moved far is told out of turn.

A demonstration looks away while no order works, but for this: while something is held, a stop may be near.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from engine.sim.exchange.exchange import Exchange
from engine.sim.options import SimOptions
from engine.sim.outages import Outages
from engine.sim.session import Session
from engine.sim.tape import MarketTape

CallLater = Callable[[float, Callable[[], None]], asyncio.TimerHandle]
"""Calls something after so many seconds."""


class Holder(Protocol):
    """The parts of a simulator that are looked at."""

    options: SimOptions
    tape: MarketTape
    exchange: Exchange

    def now(self) -> datetime: ...

    def sessions(self) -> list[Session]: ...

    def is_busy(self) -> bool:
        """Whether an order works: then everything is told at the cadence."""
        ...


class Glances:
    """One timer beside that of the simulator."""

    def __init__(self, of: Holder, outages: Outages) -> None:
        self._of, self._outages = of, outages
        self._timer: asyncio.TimerHandle | None = None
        self._moved: frozenset[str] = frozenset()

    def moved(self) -> frozenset[str]:
        """Underlyings whose quote has changed since this was asked last."""
        moved, self._moved = self._moved, frozenset()
        return moved

    def plan(self, call_later: CallLater, *, soon: bool = False) -> None:
        """The next look, counted from now, `soon` after one step of the cadence; none where nothing is held or everything is told
        anyway."""
        self.stop()
        of = self._of
        if of.options.held_every_s is not None and of.exchange.is_open and not of.is_busy() and of.exchange.account.held():
            seconds = of.options.cadence_s if soon else of.options.held_every_s
            self._timer = call_later(seconds, lambda: self._look(call_later))

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _look(self, call_later: CallLater) -> None:
        of, has_moved = self._of, False
        change = None if of.is_busy() or self._outages.data_is_down else of.tape.step(of.now())
        if change is not None:
            assert not change.relisted, "a day begins with an update of everything"
            self._moved |= frozenset(change.underlyings)
            held = {position.instrument.con_id for position in of.exchange.account.held()}
            for session in of.sessions():
                has_moved = session.quotes.glance(held, self._moved, of.options.held_move) or has_moved
        self.plan(call_later, soon=has_moved)
