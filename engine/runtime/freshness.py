"""Wakes the beat when quotes are fresh: at once where it has rested, else as soon as it has.

A beat that took ten milliseconds has rested ten milliseconds after its end: deciding then takes at most half a core, however
many ticks come, and a tick into a rested engine waits for nothing. What the broker tells in one go makes one beat.
"""

import asyncio
from collections.abc import Callable

from engine.domain.chain import NextDividend
from engine.ports import QuoteSink

GATHER_S = 0.001
"""What the broker tells at one instant comes in pieces, less than a millisecond apart: they make one beat. Where the loop's clock
is a simulation's, it stands still until all of a step has come."""


class Freshness:
    """A QuoteSink that passes everything on and nudges once for all that arrives until the beat has rested.

    `rested_at` says when that is, in seconds of the running loop.
    """

    def __init__(self, sink: QuoteSink, nudge: Callable[[], None], rested_at: Callable[[], float]) -> None:
        self._sink, self._nudge, self._rested_at = sink, nudge, rested_at
        self._timer: asyncio.TimerHandle | None = None

    def option(
        self,
        con_id: int,
        at: float,
        *,
        bid: float | None = None,
        ask: float | None = None,
        bid_size: float | None = None,
        ask_size: float | None = None,
        last: float | None = None,
        volume: float | None = None,
        open_interest: float | None = None,
    ) -> None:
        self._sink.option(
            con_id,
            at,
            bid=bid,
            ask=ask,
            bid_size=bid_size,
            ask_size=ask_size,
            last=last,
            volume=volume,
            open_interest=open_interest,
        )
        if bid is not None or ask is not None:
            self._note()

    def no_quote(self, con_id: int, side: str, at: float) -> None:
        self._sink.no_quote(con_id, side, at)
        self._note()

    def greeks(
        self,
        con_id: int,
        iv: float | None,
        delta: float | None,
        gamma: float | None,
        theta: float | None,
        vega: float | None,
    ) -> None:
        self._sink.greeks(con_id, iv, delta, gamma, theta, vega)
        self._note()

    def underlying(self, symbol: str, at: float, price: float | None) -> None:
        self._sink.underlying(symbol, at, price)
        self._note()

    def day_open(self, symbol: str, at: float, price: float) -> None:
        self._sink.day_open(symbol, at, price)
        self._note()

    def share(self, con_id: int, at: float, bid: float | None, ask: float | None) -> None:
        self._sink.share(con_id, at, bid, ask)

    def underlying_volatility(self, symbol: str, iv30: float | None) -> None:
        self._sink.underlying_volatility(symbol, iv30)

    def dividend(self, symbol: str, following: NextDividend | None) -> None:
        self._sink.dividend(symbol, following)

    def trading(self, symbol: str, at: float, is_halted: bool) -> None:
        self._sink.trading(symbol, at, is_halted)
        self._note()

    def _note(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time() + GATHER_S, self._rested_at()), self._fire)

    def _fire(self) -> None:
        self._timer = None
        self._nudge()
