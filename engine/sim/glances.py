"""Looks at what the account holds between two updates of the idle streams: what moved far is told out of turn.

A demonstration looks away while no order works, but for this: while something is held, a stop may be near.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
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
        self._seen: dict[str, float] = {}
        """Where the underlyings stood at the last look."""
        self._seen_at: datetime | None = None

    def moved(self) -> frozenset[str]:
        """Underlyings whose quote has changed since this was asked last."""
        moved, self._moved = self._moved, frozenset()
        return moved

    def plan(self, call_later: CallLater) -> None:
        """The next look, one step of the cadence from now; none where nothing is held or everything is told anyway."""
        self.stop()
        of = self._of
        if of.options.held_every_s is not None and of.exchange.is_open and not of.is_busy() and of.exchange.account.held():
            self._timer = call_later(of.options.cadence_s, lambda: self._look(call_later))

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _look(self, call_later: CallLater) -> None:
        of = self._of
        if not of.is_busy() and not self._outages.data_is_down and self._is_due(of.now()):
            change = of.tape.step(of.now())
            if change is not None:
                assert not change.relisted, "a day begins with an update of everything"
                self._moved |= frozenset(change.underlyings)
                held = {position.instrument.con_id for position in of.exchange.account.held()}
                for session in of.sessions():
                    session.quotes.glance(held, self._moved, of.options.held_move)
        self.plan(call_later)

    def _is_due(self, now: datetime) -> bool:
        """Whether the last look is long ago, or an underlying of what is held has moved since; remembers this look then."""
        of = self._of
        assert of.options.held_every_s is not None, "who looks says how often"
        prices = of.tape.prices_at(now)
        held = {position.instrument.symbol for position in of.exchange.account.held()}
        far = of.options.underlying_move
        moved = any(abs(prices[one] - self._seen.get(one, 0.0)) >= far * prices[one] for one in held if one in prices)
        if not moved and self._seen_at is not None and now - self._seen_at < timedelta(seconds=of.options.held_every_s):
            return False
        self._seen, self._seen_at = dict(prices), now
        return True
