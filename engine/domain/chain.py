"""The chain relation: one row an option, columns as the scan, the store and the history know them.

Declared once here. Rows are sorted by (underlying, expiry, root, put_call, strike), `row_id` is the row number, and `group_id`
numbers the groups of equal (underlying, expiry, root, put_call) densely in row order. Floats are NaN where a value is absent: the
columns are the live buffers of the quote store, handed over without a copy, and the compiler guards every one that may be absent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

import pyarrow as pa

from engine.domain.contract import Contract


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: pa.DataType
    may_be_absent: bool
    sentence: str


CHAIN_COLUMNS: tuple[Column, ...] = (
    Column("row_id", pa.int32(), False, "Row number; indexes ChainSnapshot.contracts."),
    Column("underlying_id", pa.int16(), False, "Number of the underlying; indexes ChainSnapshot.underlyings."),
    Column("group_id", pa.int32(), False, "Dense number of the group (underlying, expiry, root, put_call)."),
    Column("put_call", pa.int8(), False, "+1 for a call, -1 for a put."),
    Column("dte", pa.int16(), False, "Calendar days from today in New York to the expiration day."),
    Column("strike", pa.float64(), False, "USD per share."),
    Column("years", pa.float64(), False, "ACT/365 years to the settlement instant."),
    Column("spot", pa.float64(), True, "Price of the underlying, USD per share."),
    Column("forward", pa.float64(), True, "Price of the underlying for the settlement instant, USD per share."),
    Column("forward_from", pa.int8(), False, "What the forward comes from: a FORWARD_FROM; 0 where it is unknown."),
    Column("discount", pa.float64(), False, "What 1 USD at the settlement instant is worth now, USD."),
    Column("atm_iv", pa.float64(), True, "At-the-money volatility of the expiry, decimal per sqrt(year)."),
    Column("bid", pa.float64(), True, "USD per share; 0 is a real bid of nothing."),
    Column("ask", pa.float64(), True, "USD per share."),
    Column("bid_size", pa.float64(), True, "Contracts."),
    Column("ask_size", pa.float64(), True, "Contracts."),
    Column("last", pa.float64(), True, "Last trade, USD per share."),
    Column("volume", pa.float64(), True, "Contracts traded today."),
    Column("open_interest", pa.float64(), True, "Contracts at the previous close."),
    Column("quoted_at", pa.float64(), True, "When bid or ask was last heard, UTC seconds since 1970."),
    Column(
        "quoted_level", pa.float64(), True, "What delta is relative to as it was when bid or ask was last heard, USD per share."
    ),
    Column("iv", pa.float64(), True, "Implied volatility, decimal per sqrt(year)."),
    Column("delta", pa.float64(), True, "Of one long option, per share: negative for puts."),
    Column("gamma", pa.float64(), True, "Delta per USD of the underlying."),
    Column("theta", pa.float64(), True, "USD per share and calendar day, negative for a long option."),
    Column("vega", pa.float64(), True, "USD per share and volatility point."),
    Column("p_itm", pa.float64(), True, "Risk-neutral probability to end in the money, 0 to 1."),
    Column("worth", pa.float64(), True, "What its payoff at expiry is worth now at its own iv, USD per share."),
    Column("priced_at", pa.float64(), True, "When the oldest quote that iv to worth come from was told, UTC seconds since 1970."),
    Column("fee", pa.float64(), True, "Estimated commission of the broker to trade one contract once at its mid, USD."),
    Column("exchange_fee", pa.float64(), True, "What the exchange takes for the same, USD; 0 for options on shares."),
)
FORWARD_FROM = {1: "call-put parity", 2: "call-put parity of other expiries", 3: "spot, rate and yield"}
"""What a forward comes from, surest first."""
CHAIN_SCHEMA = pa.schema([(column.name, column.type) for column in CHAIN_COLUMNS])


@dataclass(frozen=True, slots=True)
class ShareQuote:
    """The quote of a share, USD, by the names of the columns of options; None is absent."""

    bid: float | None
    ask: float | None
    quoted_at: float
    """UTC seconds since 1970."""

    @property
    def spot(self) -> float | None:
        """The middle of a two-sided, uncrossed quote."""
        is_whole = self.bid is not None and self.ask is not None and self.bid <= self.ask
        return (self.bid + self.ask) / 2 if is_whole and self.bid is not None and self.ask is not None else None

    def value(self, column: str) -> float | None:
        """What a column says of a share; None of one that only options have."""
        match column:
            case "bid" | "ask" | "quoted_at" | "spot":
                return getattr(self, column)
            case "delta":
                return 1.0
            case "gamma" | "theta" | "vega":
                return 0.0
            case _:
                return None


@dataclass(frozen=True, slots=True)
class ChainSnapshot:
    """The whole chain at one instant. The table's buffers may be the live ones: read it before the next tick."""

    id: str
    """Unique within the journal's day and sortable by time."""
    as_of: datetime
    table: pa.Table
    """Columns of CHAIN_SCHEMA, sorted as the module says."""
    contracts: Sequence[Contract]
    """By row_id."""
    underlyings: Sequence[str]
    """By underlying_id."""
    layout: int
    """Changes when rows were added or removed: row_id of two snapshots agree only where this does."""
    rows_by_con_id: dict[int, int]
    """row_id by the broker's contract number."""
    shares: Mapping[int, ShareQuote] = field(default_factory=dict[int, ShareQuote])
    """Quotes of the shares themselves, by the broker's contract number."""


EventKind = Literal["FOMC", "CPI", "NFP"]
EVENT_KINDS: dict[EventKind, str] = {
    "FOMC": "A decision of the FOMC, the Federal Reserve's committee on interest rates",
    "CPI": "A release of consumer prices by the Bureau of Labor Statistics",
    "NFP": "A jobs report of the Bureau of Labor Statistics",
}
"""Scheduled events that move the whole market: what happens on their day."""


@dataclass(frozen=True, slots=True)
class EventDays:
    """The days of one kind of event."""

    kind: EventKind
    days: tuple[date, ...]
    """Sorted."""
    until: date | None
    """Last day up to which they are all known; after it, or where there is none, nobody knows."""

    def within(self, first: date, last: date) -> bool | None:
        """Whether one falls on these days, both included. One that is listed counts also after the last day known."""
        if any(first <= day <= last for day in self.days):
            return True
        return False if self.until is not None and last <= self.until else None


@dataclass(frozen=True, slots=True)
class Level:
    """Where another index or share stands; None is unknown."""

    price: float | None
    previous_close: float | None


@dataclass(frozen=True, slots=True)
class Bars:
    """The bars of one length that are over, of today's session."""

    closes: tuple[float, ...]
    """Last price of each, USD per share, oldest first; all that were heard without a gap up to the last one."""
    is_since_open: bool
    """Whether these are all since the session began."""


@dataclass(frozen=True, slots=True)
class NextDividend:
    """The next cash dividend of an underlying."""

    ex_date: date | None
    """None where it pays none."""
    amount: float
    """USD per share."""


@dataclass(frozen=True, slots=True)
class MarketState:
    """One row of the market relation: what is known of one underlying. None is unknown."""

    underlying: str
    price: float | None
    """USD per share."""
    previous_close: float | None
    iv30: float | None
    """30-day implied volatility of the underlying, decimal."""
    iv_history: tuple[float, ...]
    """Daily closes of iv30, oldest first, today excluded."""
    closes: tuple[float, ...]
    """Daily closes, oldest first, today excluded."""
    vix: float | None
    """Points."""
    events: tuple[EventDays, ...] = ()
    """Scheduled events that concern it; a kind that is not among them is not known."""
    volumes: tuple[float, ...] = ()
    """Shares traded on the days of `closes`; empty where nobody counts them, as of an index."""
    day_open: float | None = None
    """First price of a session, USD per share."""
    day_open_at: datetime | None = None
    """When that was told: it is today's only after today's open."""
    openings: Mapping[int, tuple[float, float]] = field(default_factory=dict[int, tuple[float, float]])
    """Least and greatest price of the first so many minutes of today's session, by minutes; only those that were heard whole."""
    bars: Mapping[int, Bars] = field(default_factory=dict[int, Bars])
    """By the minutes of one bar; only lengths that somebody asks for."""
    levels: Mapping[str, Level] = field(default_factory=dict[str, Level])
    """Of every symbol that is watched, by symbol."""
    next_earnings: date | None = None
    next_ex_dividend: date | None = None
    next_dividend: float | None = None
    """What it pays on that day, USD per share; 0 without a day where it pays none."""
    quoted_at: datetime | None = None
    is_halted: bool | None = None
