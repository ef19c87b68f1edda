"""What the exchange and the server of the simulated TWS ask a market, generated or replayed.

A Protocol here, and not in ports.py, because the simulator stands alone: it knows nothing of the engine it tests.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from engine.domain.calendar import Calendar
from engine.domain.contract import Contract
from engine.sim.market.contracts import Listing, Underlying
from engine.sim.market.quotes import Bar, Change, Quotes, UnderlyingQuote


class Market(Protocol):
    """Prices as a function of simulated time; no I/O, no clock, no chance beyond its seed.

    Time never moves backwards. All instants are aware; all answers but `prices_at` are as of the last step.
    """

    @property
    def underlyings(self) -> Mapping[str, Underlying]:
        """By symbol, sorted."""
        ...

    @property
    def calendar(self) -> Calendar:
        """Of the exchange: when options stop trading and settle."""
        ...

    @property
    def listing(self) -> Listing:
        """The options listed today; a new object on each trading day."""
        ...

    @property
    def quotes(self) -> Quotes:
        """Rows as in `listing`; written in place by `step`, replaced on a new trading day."""
        ...

    def contract(self, con_id: int) -> Contract | None:
        """The option of a number, also one that expired since the market began; None where it never was listed."""
        ...

    def row(self, con_id: int) -> int | None:
        """Its row today; None where it is not listed (any more)."""
        ...

    def spot(self, underlying: str) -> UnderlyingQuote:
        """The underlying's own quote. Raises KeyError for a stranger."""
        ...

    def iv30(self, underlying: str) -> float | None:
        """30-day implied volatility of the underlying, decimal: generic tick 24."""
        ...

    def daily_bars(self, underlying: str, days: int) -> tuple[Bar, ...]:
        """The last completed days, oldest first, at most `days`."""
        ...

    def iv_bars(self, underlying: str, days: int) -> tuple[Bar, ...]:
        """The same of the 30-day implied volatility: OPTION_IMPLIED_VOLATILITY history."""
        ...

    def settlement_value(self, contract: Contract) -> float | None:
        """Level of the underlying that decides what the expired option is worth; None until it is known.

        The close of the expiration day, or its opening for AM-settled classes.
        """
        ...

    def step(self, now: datetime) -> Change:
        """Brings the market to `now`, and says what that changed. Raises ValueError when time would run backwards."""
        ...

    def prices_at(self, now: datetime) -> Mapping[str, float]:
        """Where the underlyings stand at `now`, ahead of the quotes, which stay as the last step left them; empty where only a
        step can tell."""
        ...

    def next_event(self, now: datetime) -> datetime | None:
        """The next instant after `now` at which anything can change; None where nothing ever will."""
        ...

    def is_open(self, now: datetime) -> bool:
        """Whether the regular session runs."""
        ...
