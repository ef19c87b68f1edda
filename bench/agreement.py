"""What a run enters against what optopsy makes of the same recording: its pairs of puts, each from its entry to its expiry."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.domain.facts.orders import LegFilled, OrderProposed, OrderSent
from engine.domain.facts.union import Fact
from engine.domain.session import trading_day
from engine.store.recorded import rows

HALF_A_CENT = 0.005
LEAST_QUOTE = 0.05
"""USD per share: optopsy leaves out what is bid or asked for no more than that as it is entered."""
MOST_DAYS = 60
_NAMED = {"underlying": "underlying_symbol", "right": "option_type", "expiry": "expiration", "quote_ts": "quote_date"}
_KEPT = ("underlying", "underlying_price", "right", "expiry", "quote_ts", "strike", "bid", "ask")

Pair = tuple[date, date, float, float]
"""Day of entry, expiry, the strike that is bought and the one that is sold."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Entries of a run, by what optopsy has of them."""

    kept: int
    """Those that optopsy has too."""
    apart: tuple[str, ...]
    """Of these, the ones whose price at mid is further away than half a cent."""
    dropped: int
    """Those that it has not."""
    unexplained: tuple[str, ...]
    """Of these, the ones that the recording does not say why of."""


def is_installed() -> bool:
    return find_spec("optopsy") is not None


def told(path: Path) -> Any:
    """A recording of closes as optopsy reads one: a frame of pandas."""
    table = rows(path).select(list(_KEPT))
    frame = table.rename_columns([_NAMED.get(name, name) for name in _KEPT]).to_pandas()
    frame["option_type"] = frame["option_type"].map({"P": "p", "C": "c"})
    frame["quote_date"] = frame["quote_date"].dt.tz_convert("America/New_York").dt.tz_localize(None).dt.normalize()
    frame["expiration"] = frame["expiration"].astype("datetime64[ns]")
    return frame


def pairs(frame: Any) -> Any:
    """Every pair of puts of at most sixty days, the lower strike bought: a frame, a row each."""
    return import_module("optopsy").short_put_spread(frame, raw=True, max_entry_dte=MOST_DAYS)


@dataclass(slots=True)
class Entries:
    """An observer of what a run enters: each order that opened something, and what it brought at mid as it was sent."""

    proposed: dict[str, Pair] = field(default_factory=dict[str, Pair])
    mids: dict[str, float] = field(default_factory=dict[str, float])
    filled: set[str] = field(default_factory=set[str])

    def saw(self, fact: Fact, at: datetime) -> None:
        match fact:
            case OrderProposed(order_ref=ref, purpose="open", spread=spread):
                low, high = sorted(float(leg.contract.strike) for leg in spread.legs)
                self.proposed[ref] = (trading_day(at), spread.legs[0].contract.expiry, low, high)
            case OrderSent(order_ref=ref, mid=mid) if mid is not None:
                self.mids[ref] = float(mid)
            case LegFilled(order_ref=ref):
                self.filled.add(ref)
            case _:
                pass


def agreed(path: Path, entries: Entries) -> Agreement:
    """What a run over a recording entered, held against the pairs of the same recording.

    optopsy drops a pair that is hardly quoted as it is entered, and one that was not recorded on the day on which it expires.
    """
    made = pairs(told(path))
    columns = ("expiration", "dte_entry", "strike_leg1", "strike_leg2", "total_entry_cost")
    theirs = {
        (expiry.date() - timedelta(days=int(days)), expiry.date(), float(low), float(high)): -float(cost)
        for expiry, days, low, high, cost in zip(*(made[name] for name in columns), strict=True)
    }
    quoted = {
        (trading_day(row["quote_ts"]), row["expiry"], row["strike"]): (row["bid"] or 0.0, row["ask"] or 0.0)
        for row in rows(path).to_pylist()
        if row["right"] == "P"
    }
    kept, apart, dropped, unexplained = 0, list[str](), 0, list[str]()
    for ref in sorted(entries.filled & entries.proposed.keys()):
        pair, mid = entries.proposed[ref], entries.mids[ref]
        if pair in theirs:
            kept += 1
            if abs(theirs[pair] - mid) > HALF_A_CENT + 1e-9:
                apart.append(f"{pair}: {mid} at mid, {theirs[pair]} by optopsy")
            continue
        dropped += 1
        day, expiry, *strikes = pair
        is_quoted = all(min(quoted[day, expiry, strike]) > LEAST_QUOTE for strike in strikes)
        if is_quoted and all((expiry, expiry, strike) in quoted for strike in strikes):
            unexplained.append(f"{pair}: {mid} at mid")
    return Agreement(kept, tuple(apart), dropped, tuple(unexplained))
