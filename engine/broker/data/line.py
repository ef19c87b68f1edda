"""One market data line: what it is of, and what was told on it last."""

from dataclasses import dataclass

from ib_async import Contract as IbContract

from engine.domain.contract import Contract
from engine.domain.snapshot import DataQuality
from engine.ports import Underlying

OPTION_TICKS = "100,101"
"""Generic ticks for an option: volume and open interest."""
UNDERLYING_TICKS = "106,456"
"""Generic ticks for an underlying: its 30-day implied volatility, and its next dividend."""


@dataclass(slots=True)
class Line:
    """One open market data line."""

    con_id: int
    option: Contract | None
    underlying: Underlying | None
    quality: DataQuality | None = None
    """None until TWS has said what kind of data it sends."""
    is_told: bool = False
    """Whether anything was told of it since it was opened."""
    is_blind: bool = False
    """Another session took the data; the next tick shows that it is back."""
    bid: float | None = None
    ask: float | None = None
    last: float | None = None
    close: float | None = None
    """Of the day before, which is all that there is before the open."""

    @property
    def kind(self) -> str:
        return "option" if self.option is not None else "underlying"

    @property
    def worth(self) -> float | None:
        """The underlying's price: the middle of a two-sided, uncrossed quote, else the last trade."""
        if self.bid is not None and self.ask is not None and self.bid <= self.ask:
            return (self.bid + self.ask) / 2
        return self.last


def asked_for(con_id: int, option: Contract | None, underlying: Underlying | None) -> IbContract:
    """What TWS is asked for a line with where it has not described the contract: of an underlying, or else of an option."""
    if underlying is None:
        symbol = option.underlying if option else ""
        return IbContract(conId=con_id, secType="OPT", symbol=symbol, exchange="SMART", currency="USD")
    return IbContract(
        conId=underlying.con_id,
        secType=underlying.kind,
        symbol=underlying.symbol,
        exchange=underlying.exchange,
        primaryExchange=underlying.primary_exchange if underlying.kind == "STK" else "",
        currency=underlying.currency,
    )
