"""What the exchange has to know of an instrument and of its quote; the tape of the simulator tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

from engine.domain.contract import Contract

SecType = Literal["STK", "IND", "OPT"]


@dataclass(frozen=True, slots=True)
class Instrument:
    """One listed instrument, or an option that was listed and has expired."""

    con_id: int
    symbol: str
    """The underlying's symbol, for the underlying itself and for its options."""
    sec_type: SecType
    trading_class: str
    exchange: str
    primary_exchange: str
    currency: str
    under_con_id: int
    """Its own number for an underlying."""
    kind: Literal["index", "etf", "stock"]
    """What the underlying is."""
    penny: bool
    """Whether its options are in the Penny Interval Program."""
    option: Contract | None = None
    last_trade_day: date | None = None
    """Of an option; the day before its expiration where it settles to the opening."""

    @property
    def multiplier(self) -> int:
        """Shares (index units) one of it stands for."""
        return 1 if self.option is None else self.option.multiplier

    @property
    def wire_expiry(self) -> str:
        """The date TWS names an option by, YYYYMMDD: its last trading day, a Thursday for a monthly SPX option."""
        if self.option is None:
            return ""
        return f"{self.last_trade_day or self.option.expiry:%Y%m%d}"

    @property
    def local_symbol(self) -> str:
        """As the options clearing house prints it: root padded to six, date, right, strike in thousandths."""
        if self.option is None:
            return self.symbol
        option = self.option
        return f"{option.root:<6}{option.expiry:%y%m%d}{option.put_call}{int(option.strike * 1000):08d}"


@dataclass(frozen=True, slots=True)
class Quote:
    """Prices in USD per share, None where absent; a bid of 0 is a real bid of nothing. Sizes in contracts or shares."""

    bid: Decimal | None
    ask: Decimal | None
    bid_size: int = 0
    ask_size: int = 0
    mark: Decimal | None = None
    """What a position is valued at: mid, else last, else the model's price."""


class Tape(Protocol):
    """Instruments and their quotes, as of the market's last step."""

    def instrument(self, con_id: int) -> Instrument | None:
        """None where the number was never listed."""
        ...

    def is_listed(self, con_id: int) -> bool:
        """Whether it trades today."""
        ...

    def quote(self, con_id: int) -> Quote:
        """All absent where nothing is quoted."""
        ...

    def spot(self, symbol: str) -> Decimal | None:
        """Price of an underlying."""
        ...

    def underlying(self, symbol: str) -> Instrument | None:
        """The underlying itself."""
        ...

    def settlement_value(self, option: Contract) -> Decimal | None:
        """Level that decides what an expired option is worth; None until it is known."""
        ...


@dataclass(frozen=True, slots=True)
class ComboLeg:
    """One leg of a BAG as the client wrote it: `action` is the leg's own, for buying the combination.

    It may be anything until the order has been checked: BUY or SELL where the order was accepted.
    """

    con_id: int
    ratio: int
    action: str
    exchange: str = "SMART"
    open_close: int = 0
    short_sale_slot: int = 0
    designated_location: str = ""
    exempt_code: int = -1

    @property
    def sign(self) -> int:
        return 1 if self.action == "BUY" else -1


def signed_legs(legs: Sequence[ComboLeg], action: str) -> tuple[tuple[int, int], ...]:
    """(con_id, signed ratio) of each leg for an order with this action: selling a combination reverses its legs."""
    direction = 1 if action == "BUY" else -1
    return tuple((leg.con_id, direction * leg.sign * leg.ratio) for leg in legs)
