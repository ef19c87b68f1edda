"""The trading classes of index options on US exchanges: how each is exercised and settled, how long it trades, how it is quoted.

The one table that settlement, last trading days, price steps, fees, margin and the history ask. An index whose class is not in it
is refused by its name: how it settles is not known, and a wrong guess means shares where there is cash, or a night unplanned.

Sources, as they stood on 29 November 2026: the exchanges' contract specifications (Cboe: SPX, XSP, XEO, OEX, DJX, VIX, RUT, MRUT,
RUI, RLG, RLV, MSCI, Select Sector, S&P 500 Equal Weight and Bitcoin ETF index options; Nasdaq PHLX: NDX, NDXP, NQX, XND, BKX).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Settlement = Literal["AM", "PM"]
Exercise = Literal["American", "European"]
TradesUntil = Literal["expiration", "session before"]
Monthly = Literal["third Friday", "30 days before a third Friday"]
Increments = Literal["0.05 and 0.10", "0.01 and 0.05", "0.01"]


@dataclass(frozen=True, slots=True)
class OptionClass:
    """How the options of one trading class are exercised, settled and quoted, and how long they trade."""

    exercise: Exercise
    settlement: Settlement
    """AM: at the opening prints of the expiration day. PM: at its close."""
    cash: bool
    """Settled in cash; else in shares."""
    trades_until: TradesUntil = "expiration"
    """The last trading session: that of the expiration day, or the one before it."""
    underlying: str = ""
    """The index; empty where the class is that of a share or fund."""
    exchange: str = ""
    """Where the index trades its options; empty for shares, which trade everywhere."""
    increments: Increments = "0.05 and 0.10"
    """Steps of a single option in dollars, below and from a premium of 3.00; asked of indexes only."""
    monthly: Monthly = "third Friday"
    """When the expiry of a month is."""
    multiplier: int = 100
    """USD for each point."""


SHARES = OptionClass("American", "PM", cash=False)
"""Options on shares and funds."""


def _am(
    underlying: str, exchange: str = "CBOE", increments: Increments = "0.05 and 0.10", monthly: Monthly = "third Friday"
) -> OptionClass:
    return OptionClass("European", "AM", True, "session before", underlying, exchange, increments, monthly)


def _pm(underlying: str, exchange: str = "CBOE", increments: Increments = "0.05 and 0.10") -> OptionClass:
    return OptionClass("European", "PM", True, "expiration", underlying, exchange, increments)


def _foreign(underlying: str) -> OptionClass:
    """Settled at the close of the expiration day, while the last trade is the session before: the markets abroad close first."""
    return OptionClass("European", "PM", True, "session before", underlying, "CBOE")


_WEDNESDAY: Monthly = "30 days before a third Friday"
_SECTORS = ("SIXB", "SIXC", "SIXE", "SIXI", "SIXM", "SIXR", "SIXRE", "SIXT", "SIXU", "SIXV", "SIXY")

INDEX_CLASSES: Mapping[str, OptionClass] = {
    "SPX": _am("SPX"),
    "SPXW": _pm("SPX"),
    "XSP": _pm("XSP", increments="0.01"),
    "SPEQX": _am("SPEQX"),
    "SPEQW": _pm("SPEQX"),
    "OEX": OptionClass("American", "PM", True, "expiration", "OEX", "CBOE"),
    "XEO": _pm("XEO"),
    "DJX": _am("DJX", increments="0.01 and 0.05"),
    "NDX": _am("NDX", "PHLX"),
    "NDXP": _pm("NDX", "PHLX"),
    "NQX": _pm("NQX", "PHLX"),
    "XND": _pm("XND", "PHLX"),
    "RUT": _am("RUT"),
    "RUTW": _pm("RUT"),
    "MRUT": _pm("MRUT", increments="0.01"),
    "RUI": _am("RUI"),
    "RLG": _am("RLG"),
    "RLV": _am("RLV"),
    "VIX": _am("VIX", monthly=_WEDNESDAY),
    "VIXW": _am("VIX", monthly=_WEDNESDAY),
    "MXEA": _foreign("MXEA"),
    "MXEF": _foreign("MXEF"),
    "MXACW": _foreign("MXACW"),
    "MXWLD": _foreign("MXWLD"),
    "CBTX": _am("CBTX"),
    "CBTXW": _pm("CBTX"),
    "MBTX": _am("MBTX"),
    "MBTXW": _pm("MBTX"),
    "BKX": _am("BKX", "PHLX"),
    **{sector: _am(sector) for sector in _SECTORS},
}
"""By root."""

INDEXES = frozenset(one.underlying for one in INDEX_CLASSES.values())
_OTHER_INDEXES = frozenset(
    {"SPESG", "MXUSA", "MGTN", "NANOS", "MNX", "SOX", "OSX", "XAU", "HGX", "UTY", "SPIKE", "VIX1D", "VIX9D", "VIX3M", "VIX6M"}
    | {"VXN", "RVX", "VVIX", "OVX", "GVZ", "DJI", "NYA"}
)
"""Indexes by name, so that nobody takes them for shares where no broker says what they are: the options of some are listed, and
how they settle was not read from their exchange."""

_NAMES = {
    **dict.fromkeys(("SP500", "SPX500", "US500", "SNP500"), "SPX"),
    **dict.fromkeys(("NASDAQ", "NASDAQ100", "NDX100", "NAS100", "US100"), "NDX"),
    **dict.fromkeys(("RUSSELL", "RUSSELL2000", "RUT2000", "US2000"), "RUT"),
    **dict.fromkeys(("DJIA", "DOWJONES", "DOW30", "US30"), "DJX"),
}
"""Names of indexes that no share has."""
_VOLATILITY_INDEXES = frozenset({"VIX", "VIX1D", "VIX9D", "VIX3M", "VIX6M", "VVIX", "VXN", "RVX", "OVX", "GVZ", "SPIKE"})


def option_class(root: str) -> OptionClass:
    """The class of this root; one that is not in the table of index classes is that of a share or fund."""
    return INDEX_CLASSES.get(root, SHARES)


def is_index(symbol: str) -> bool:
    """Whether this is known to be an index, without asking a broker."""
    return symbol in INDEXES or symbol in _OTHER_INDEXES


def index_meant(symbol: str) -> str:
    """The index that people and other programs mean by a name that is no ticker; what is a ticker stays."""
    bare = re.sub(r"\.(?:X|IND)$", "", symbol)
    return _NAMES.get(bare, bare if is_index(bare) else symbol)


def trades_itself(symbol: str) -> bool:
    """Whether the underlying can be bought and held, so that spot, interest and yield make its forward.

    An index of volatility cannot: each expiry of its options follows the future of that day.
    """
    return symbol not in _VOLATILITY_INDEXES


def is_known(root: str, underlying: str, *, of_index: bool) -> bool:
    """Whether how this class settles is known: it is in the table, or its underlying is no index.

    `of_index` is what the broker says of the underlying; an index that is known by name is one whatever was said.
    """
    return root in INDEX_CLASSES or not (of_index or is_index(underlying))


def refusal(root: str, underlying: str) -> str:
    """Why a class that is not known is left alone, and what can be traded instead."""
    of_it = sorted(known for known, one in INDEX_CLASSES.items() if one.underlying == underlying)
    instead = f"classes of {underlying} that are: {', '.join(of_it)}"
    if not of_it:
        instead = f"take {underlying} out of `universe`, or trade an index that is: {', '.join(sorted(INDEXES))}"
    return f"{root}: options of an index whose settlement is not known here, so they are not traded; {instead}"
