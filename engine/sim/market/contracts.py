"""Turns trading classes, expiries and strikes into listed contracts, in columns.

A contract's number follows from what it is, so that yesterday's position finds its contract again after a restart.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.domain.calendar import WEEKDAYS, Calendar
from engine.domain.contract import Contract, PutCall
from engine.domain.index_classes import option_class

Kind = Literal["index", "etf", "stock"]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FIRST_OPTION_ID = 100_000_000
_OPTION_IDS = 2_000_000_000
_EPOCH = date(1970, 1, 1).toordinal()
"""The day from which numpy counts."""
"""Numbers of options: above those of underlyings, below 2^31 as the wire has it."""


@dataclass(frozen=True, slots=True)
class Underlying:
    """What options are written on."""

    symbol: str
    con_id: int
    kind: Kind
    name: str
    exchange: str
    """Where orders and data requests go: CBOE for its indices, SMART for funds and stocks."""
    primary_exchange: str
    roots: tuple[str, ...] = ()
    """Trading classes of its options; none where no options are simulated."""
    penny: bool = True
    """Whether its options are in the Penny Interval Program; see pricing.ticks.price_class."""
    rate: float = 0.04
    """Continuous interest rate, decimal per year."""
    dividend: float = 0.0
    """Continuous dividend yield, decimal per year."""
    currency: str = "USD"

    @property
    def security_type(self) -> Literal["IND", "STK"]:
        return "IND" if self.kind == "index" else "STK"


class Key(NamedTuple):
    """What makes an option the option it is; sorts as rows are sorted."""

    underlying: str
    expiry: date
    root: str
    put_call: PutCall
    strike: float
    multiplier: int = 100


@dataclass(frozen=True, slots=True)
class Listing:
    """All listed options, a row each, sorted by (underlying, expiry, root, put_call, strike)."""

    underlyings: tuple[str, ...]
    roots: tuple[str, ...]
    con_id: Ints
    u: NDArray[np.int16]
    """Indexes `underlyings`."""
    root: NDArray[np.int16]
    """Indexes `roots`."""
    expiry: NDArray[np.datetime64]
    strike: Floats
    """USD per share."""
    sign: NDArray[np.int8]
    """+1 for a call, -1 for a put."""
    multiplier: Ints
    last_trade: Floats
    """When trading ends, UTC seconds since 1970: the close of the class's last trading session."""
    settles: Floats
    """When the option turns into its settlement value, UTC seconds since 1970."""
    rows_by_con_id: Mapping[int, int]

    def __len__(self) -> int:
        return len(self.con_id)

    def rows(self, underlying: str) -> slice:
        """The rows of one underlying: they lie together. Empty where it has no options."""
        if underlying not in self.underlyings:
            return slice(0, 0)
        u = self.underlyings.index(underlying)
        return slice(int(np.searchsorted(self.u, u)), int(np.searchsorted(self.u, u, side="right")))

    def trading_classes(self, underlying: str) -> tuple[str, ...]:
        """Roots with a listed option of the underlying, sorted."""
        return tuple(sorted({self.roots[code] for code in np.unique(self.root[self.rows(underlying)])}))

    def expiries(self, underlying: str, root: str) -> tuple[date, ...]:
        """Expiration days of a trading class, soonest first."""
        return tuple(np.unique(self.expiry[self._of(underlying, root)]).astype(object))

    def strikes(self, underlying: str, root: str) -> tuple[float, ...]:
        """Strikes of a trading class over all its expiries, lowest first; not each is listed on each expiry."""
        return tuple(np.unique(self.strike[self._of(underlying, root)]).tolist())

    def _of(self, underlying: str, root: str) -> Ints:
        rows = self.rows(underlying)
        if root not in self.roots:
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(self.root[rows] == self.roots.index(root)) + rows.start


class ContractNumbers:
    """Numbers of options, given once and kept for good: an expired option still answers to its own."""

    def __init__(self) -> None:
        self._numbers: dict[Key, int] = {}
        self._keys: dict[int, Key] = {}

    def number(self, key: Key) -> int:
        """The option's number; two options that would share one get neighbours, first come first served."""
        known = self._numbers.get(key)
        if known is not None:
            return known
        name = f"{key.root} {key.expiry.toordinal()} {key.strike:.4f} {key.put_call} {key.multiplier}"
        number = _FIRST_OPTION_ID + _digest(name) % _OPTION_IDS
        while number in self._keys:
            number += 1
        self._numbers[key], self._keys[number] = number, key
        return number

    def contract(self, con_id: int) -> Contract | None:
        """The option of a number; None where it was never given."""
        key = self._keys.get(con_id)
        if key is None:
            return None
        strike = Decimal(f"{key.strike:.4f}").normalize()
        return Contract(con_id, key.underlying, key.root, key.expiry, strike, key.put_call, key.multiplier)


def listing_of(
    keys: Iterable[Key], underlyings: Iterable[str], numbers: ContractNumbers, calendar: Calendar = WEEKDAYS
) -> Listing:
    """The listing of these options; `calendar` tells when their trading ends and when they settle.

    `underlyings` fixes the numbers in column `u` and has to contain those of all keys.
    """
    names = tuple(sorted(underlyings))
    ordered = sorted(set(keys))
    roots = tuple(sorted({key.root for key in ordered}))
    codes, places = {root: i for i, root in enumerate(roots)}, {name: i for i, name in enumerate(names)}
    ends = {
        (root, expiry): (
            calendar.trades_until(option_class(root), expiry).timestamp(),
            calendar.settles_at(option_class(root), expiry).timestamp(),
        )
        for root, expiry in {(key.root, key.expiry) for key in ordered}
    }
    con_ids = [numbers.number(key) for key in ordered]
    lives = [ends[key.root, key.expiry] for key in ordered]
    return Listing(
        underlyings=names,
        roots=roots,
        con_id=np.array(con_ids, dtype=np.int64),
        u=np.array([places[key.underlying] for key in ordered], dtype=np.int16),
        root=np.array([codes[key.root] for key in ordered], dtype=np.int16),
        expiry=np.array([key.expiry.toordinal() - _EPOCH for key in ordered], dtype=np.int64).astype("datetime64[D]"),
        strike=np.array([key.strike for key in ordered], dtype=np.float64),
        sign=np.array([1 if key.put_call == "C" else -1 for key in ordered], dtype=np.int8),
        multiplier=np.array([key.multiplier for key in ordered], dtype=np.int64),
        last_trade=np.array([last for last, _ in lives], dtype=np.float64),
        settles=np.array([settles for _, settles in lives], dtype=np.float64),
        rows_by_con_id={con_id: row for row, con_id in enumerate(con_ids)},
    )


def underlying_id(symbol: str) -> int:
    """A number for an underlying that no catalogue numbers; the same each time."""
    return 1_000_000 + _digest(symbol) % 90_000_000


def _digest(name: str) -> int:
    """A number that does not depend on the interpreter's hash seed."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
