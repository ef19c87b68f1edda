"""How each vendor's columns become ours: one declaration a vendor, of name, unit, clock and when a number is known.

A number of theirs times `unit` is ours. What is absent is null, never 0: `zero_is_none` names columns in which a vendor writes 0
for nothing. `known` says when a number is known beside a quote of the session: what is known after the close is unknown before.
Our units: theta per calendar day, vega per volatility point, prices in USD per share, sizes in contracts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Known = Literal["at once", "after the close"]
ClockKind = Literal["new york", "unix s", "unix ns", "close", "before close", "ms of day"]
Right = Literal["C", "P"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of ours from one of theirs: the first of these names that is there."""

    names: tuple[str, ...]
    unit: float = 1.0
    known: Known = "at once"
    zero_is_none: bool = False
    part: int | None = None
    """Of a text such as "10 x 1": which number of it, from 0."""


@dataclass(frozen=True, slots=True)
class Clock:
    """When a row was quoted, from one of their columns (with a day beside it where the column has none)."""

    kind: ClockKind
    names: tuple[str, ...]
    minutes: int = 0
    """Before the close of the session."""
    day: tuple[str, ...] = ()
    since: date | None = None
    """Days from which the minutes count on half days too; before, the snapshot was taken at the regular time."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """One layout of one vendor's files."""

    name: str
    marks: frozenset[str]
    """Columns by which this layout is known; all must be there."""
    clock: Clock
    keys: Mapping[str, Column]
    """underlying, root, expiry, strike and right, as far as the file names them."""
    columns: Mapping[str, Column]
    """Everything else that is the same for both rights, or of a file with a row an option."""
    sides: Mapping[Right, Mapping[str, Column]] = field(default_factory=dict[Right, Mapping[str, Column]])
    """Of a file with calls and puts in one row: the columns of each."""
    per_minute: bool = False
    """Whether quotes are told as they change: the last of each minute counts, and stands until the next one of its day."""
    standard: tuple[str, str] | None = None
    """A column and the value that it has for an option on a hundred shares."""
    occ: str = ""
    """A column that holds the whole contract as the clearing house writes it, O:SPXW240119P04500000, where it is there."""
    delta_of_call: bool = False
    """Whether one delta stands for both rights: a put's is that of the call less 1."""


def _wide(right: Right) -> Mapping[str, Column]:
    letter = right
    plain = {name: Column((f"{letter}_{theirs}",)) for name, theirs in _WIDE.items()}
    return plain | {
        "bid_size": Column((f"{letter}_SIZE",), part=0),
        "ask_size": Column((f"{letter}_SIZE",), part=1),
        "volume": Column((f"{letter}_VOLUME",), known="after the close"),
        "last": Column((f"{letter}_LAST",), known="after the close", zero_is_none=True),
    }


_WIDE = {"bid": "BID", "ask": "ASK", "iv": "IV", "delta": "DELTA", "gamma": "GAMMA", "theta": "THETA", "vega": "VEGA"}
_GREEKS = {name: Column((name,)) for name in ("delta", "gamma", "theta", "vega")}
_SIZES = {"bid_size": Column(("bid_size",)), "ask_size": Column(("ask_size",))}
_QUOTE = {"bid": Column(("bid",)), "ask": Column(("ask",))}


def _orats(right: Right) -> Mapping[str, Column]:
    word = "call" if right == "C" else "put"
    return {
        "bid": Column((f"{word}BidPrice",)),
        "ask": Column((f"{word}AskPrice",)),
        "bid_size": Column((f"{word}BidSize",)),
        "ask_size": Column((f"{word}AskSize",)),
        "volume": Column((f"{word}Volume",)),
        "open_interest": Column((f"{word}OpenInterest",)),
        "iv": Column((f"{word}MidIv",), zero_is_none=True),
    }


OPTIONSDX = Vendor(
    name="optionsdx",
    marks=frozenset({"UNDERLYING_LAST", "EXPIRE_DATE", "C_BID", "P_BID"}),
    clock=Clock("unix s", ("QUOTE_UNIXTIME",)),
    keys={"expiry": Column(("EXPIRE_DATE",)), "strike": Column(("STRIKE",))},
    columns={"underlying_price": Column(("UNDERLYING_LAST",), zero_is_none=True)},
    sides={"C": _wide("C"), "P": _wide("P")},
)
_CBOE_KEYS = {
    "underlying": Column(("underlying_symbol",)),
    "root": Column(("root",)),
    "expiry": Column(("expiration",)),
    "strike": Column(("strike",)),
    "right": Column(("option_type",)),
}
_AFTER = {
    "volume": Column(("trade_volume",), known="after the close"),
    "last": Column(("close",), known="after the close", zero_is_none=True),
    "open_interest": Column(("open_interest",), known="after the close"),
}
CBOE_EOD = Vendor(
    name="cboe",
    marks=frozenset({"quote_date", "bid_1545", "ask_1545", "option_type"}),
    clock=Clock("before close", ("quote_date",), minutes=15, since=date(2020, 2, 5)),
    keys=_CBOE_KEYS,
    columns={
        "underlying_price": Column(("active_underlying_price_1545",), zero_is_none=True),
        "underlying_bid": Column(("underlying_bid_1545",), zero_is_none=True),
        "underlying_ask": Column(("underlying_ask_1545",), zero_is_none=True),
        **{name: Column((f"{name}_1545",)) for name in ("bid", "ask", "bid_size", "ask_size", *_GREEKS)},
        "iv": Column(("implied_volatility_1545",), zero_is_none=True),
        **_AFTER,
    },
)
CBOE_INTERVALS = Vendor(
    name="cboe",
    marks=frozenset({"quote_datetime", "bid", "ask", "option_type"}),
    clock=Clock("new york", ("quote_datetime",)),
    keys=_CBOE_KEYS,
    columns={
        "underlying_price": Column(("active_underlying_price",), zero_is_none=True),
        "underlying_bid": Column(("underlying_bid",), zero_is_none=True),
        "underlying_ask": Column(("underlying_ask",), zero_is_none=True),
        **_QUOTE,
        **_SIZES,
        **_GREEKS,
        "iv": Column(("implied_volatility",), zero_is_none=True),
        "open_interest": Column(("open_interest",), known="after the close"),
    },
)
ORATS = Vendor(
    name="orats",
    marks=frozenset({"ticker", "tradeDate", "expirDate", "callBidPrice", "putBidPrice"}),
    clock=Clock("before close", ("tradeDate",), minutes=14),
    keys={"underlying": Column(("ticker",)), "expiry": Column(("expirDate",)), "strike": Column(("strike",))},
    columns={
        "underlying_price": Column(("spotPrice", "stockPrice"), zero_is_none=True),
        "delta": Column(("delta",)),
        "gamma": Column(("gamma",)),
        "theta": Column(("theta",)),
        "vega": Column(("vega",)),
    },
    sides={"C": _orats("C"), "P": _orats("P")},
    delta_of_call=True,
)
OPTIONMETRICS = Vendor(
    name="optionmetrics",
    marks=frozenset({"date", "exdate", "cp_flag", "strike_price", "best_bid", "best_offer"}),
    clock=Clock("close", ("date",)),
    keys={
        "underlying": Column(("ticker",)),
        "root": Column(("root",)),
        "expiry": Column(("exdate",)),
        "strike": Column(("strike_price",), unit=0.001),
        "right": Column(("cp_flag",)),
    },
    columns={
        "underlying_price": Column(("close",), zero_is_none=True),
        "bid": Column(("best_bid",)),
        "ask": Column(("best_offer",)),
        "volume": Column(("volume",)),
        "open_interest": Column(("open_interest",)),
        "iv": Column(("impl_volatility",), zero_is_none=True),
        "delta": Column(("delta",)),
        "gamma": Column(("gamma",)),
        "theta": Column(("theta",), unit=1 / 365),
        "vega": Column(("vega",), unit=0.01),
        "multiplier": Column(("contract_size",)),
    },
    standard=("ss_flag", "0"),
)
OPTOPSY = Vendor(
    name="optopsy",
    marks=frozenset({"underlying_symbol", "option_type", "expiration", "quote_date", "strike", "bid", "ask"}),
    clock=Clock("close", ("quote_date",)),
    keys={name: column for name, column in _CBOE_KEYS.items() if name != "root"},
    columns={
        "underlying_price": Column(("underlying_price",), zero_is_none=True),
        **_QUOTE,
        **_GREEKS,
        "iv": Column(("implied_volatility", "iv"), zero_is_none=True),
        "volume": Column(("volume",)),
        "open_interest": Column(("open_interest",)),
    },
)
_FIXED = 1e-9
DATABENTO = Vendor(
    name="databento",
    marks=frozenset({"ts_recv", "instrument_id", "bid_px_00", "ask_px_00"}),
    clock=Clock("unix ns", ("ts_recv",)),
    keys={
        "underlying": Column(("underlying",)),
        "expiry": Column(("expiration",)),
        "strike": Column(("strike_price",), unit=_FIXED),
        "right": Column(("instrument_class",)),
    },
    columns={
        "bid": Column(("bid_px_00",), unit=_FIXED),
        "ask": Column(("ask_px_00",), unit=_FIXED),
        "bid_size": Column(("bid_sz_00",)),
        "ask_size": Column(("ask_sz_00",)),
    },
    per_minute=True,
    occ="raw_symbol",
)
DEFINITIONS = frozenset({"instrument_id", "underlying", "expiration", "strike_price", "instrument_class"})
"""Columns of Databento's definitions, which name the contract of each instrument of a day."""
_THETA_KEYS = {"underlying": Column(("symbol", "root")), "expiry": Column(("expiration",)), "right": Column(("right",))}
THETADATA_3 = Vendor(
    name="thetadata",
    marks=frozenset({"symbol", "expiration", "strike", "right", "bid", "ask", "timestamp"}),
    clock=Clock("new york", ("timestamp",)),
    keys={**_THETA_KEYS, "strike": Column(("strike",))},
    columns={**_QUOTE, **_SIZES, "underlying_price": Column(("underlying_price",), zero_is_none=True)},
)
THETADATA_EOD = Vendor(
    name="thetadata",
    marks=frozenset({"symbol", "expiration", "strike", "right", "bid", "ask", "created"}),
    clock=Clock("new york", ("created",)),
    keys={**_THETA_KEYS, "strike": Column(("strike",))},
    columns={
        **_QUOTE,
        **_SIZES,
        "underlying_price": Column(("underlying_price",), zero_is_none=True),
        "volume": Column(("volume",)),
        "last": Column(("close",), zero_is_none=True),
    },
)
THETADATA_2 = Vendor(
    name="thetadata",
    marks=frozenset({"root", "expiration", "strike", "right", "ms_of_day", "date", "bid", "ask"}),
    clock=Clock("ms of day", ("ms_of_day",), day=("date",)),
    keys={**_THETA_KEYS, "strike": Column(("strike",), unit=0.001)},
    columns={**_QUOTE, **_SIZES, "underlying_price": Column(("underlying_price",), zero_is_none=True)},
)
POLYGON = Vendor(
    name="polygon",
    marks=frozenset({"ticker", "sip_timestamp", "bid_price", "ask_price"}),
    clock=Clock("unix ns", ("sip_timestamp",)),
    keys={},
    columns={"bid": Column(("bid_price",)), "ask": Column(("ask_price",)), **_SIZES},
    per_minute=True,
    occ="ticker",
)
VENDORS = (
    *(OPTIONSDX, CBOE_EOD, CBOE_INTERVALS, ORATS, OPTIONMETRICS, OPTOPSY),
    *(DATABENTO, THETADATA_3, THETADATA_EOD, THETADATA_2, POLYGON),
)
NAMES = tuple(dict.fromkeys(vendor.name for vendor in VENDORS))
