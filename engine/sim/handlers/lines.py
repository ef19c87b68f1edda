"""Market data lines: what each client streams, and how many lines all clients together hold."""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.sim.exchange.combos import SignedLeg
from engine.sim.exchange.instruments import Instrument, Quote
from engine.sim.market.quotes import UnderlyingQuote
from engine.sim.tape import COLUMNS

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Emit(Protocol):
    """Sends one message of single fields, its values in declared order."""

    def __call__(self, name: str, *values: str | float | None) -> None: ...


class Write(Protocol):
    """One message of single fields as it goes over the wire."""

    def __call__(self, name: str, *values: str | float | None) -> bytes: ...


class Again(Protocol):
    """Sends messages that were written before, in this order."""

    def __call__(self, frames: Sequence[bytes]) -> None: ...


Later = Callable[[float, Callable[[], None]], None]
"""Calls something after so many seconds."""


class Lines:
    """The account's lines, shared by all clients of one TWS."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0

    def take(self) -> bool:
        """Takes a line; False where none is left."""
        if self.used >= self.limit:
            return False
        self.used += 1
        return True

    def release(self) -> None:
        self.used -= 1


@dataclass(slots=True)
class OptionLine:
    """A stream of one option."""

    req_id: int
    instrument: Instrument
    generics: frozenset[int]
    delayed: bool = False
    quote: tuple[bytes, bytes] | None = None
    """Bid and ask as they go over the wire; None where they have changed since they were written."""


@dataclass(slots=True)
class UnderlyingLine:
    """A stream of one stock, fund or index, and what it showed last."""

    req_id: int
    instrument: Instrument
    generics: frozenset[int]
    delayed: bool = False
    shown: UnderlyingQuote | None = None
    iv30: float | None = None


@dataclass(slots=True)
class ComboLine:
    """A stream of a combination's own quote."""

    req_id: int
    legs: tuple[SignedLeg, ...]
    delayed: bool = False
    shown: Quote = field(default_factory=lambda: Quote(None, None))


Line = OptionLine | UnderlyingLine | ComboLine


@dataclass(slots=True)
class Shown:
    """What the option streams showed last, as a matrix COLUMNS x streams, and their rows in the listing."""

    lines: list[OptionLine] = field(default_factory=list[OptionLine])
    rows: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    values: Floats = field(default_factory=lambda: np.empty((len(COLUMNS), 0)))
    interest: Floats = field(default_factory=lambda: np.empty(0))
    """Open interest; NaN where none was told."""

    def add(self, line: OptionLine, row: int, interest: float) -> None:
        """`interest` is the open interest that is told as the stream opens, NaN where it is not known."""
        self.lines.append(line)
        self.rows = np.append(self.rows, row)
        self.values = np.hstack([self.values, np.full((len(COLUMNS), 1), np.nan)])
        self.interest = np.append(self.interest, interest)

    def remove(self, line: OptionLine) -> None:
        place = self.lines.index(line)
        del self.lines[place]
        self.rows = np.delete(self.rows, place)
        self.values = np.delete(self.values, place, axis=1)
        self.interest = np.delete(self.interest, place)

    def place_anew(self, row_of: Callable[[int], int | None]) -> None:
        """After a new listing: rows have other numbers, and what is not listed any more stays silent."""
        for line in [line for line in self.lines if row_of(line.instrument.con_id) is None]:
            self.remove(line)
        self.rows = np.array([row_of(line.instrument.con_id) for line in self.lines], dtype=np.int64)

    def places(self, con_ids: Container[int]) -> NDArray[np.int64]:
        """Where the streams of these contracts stand."""
        found = [place for place, line in enumerate(self.lines) if line.instrument.con_id in con_ids]
        return np.array(found, dtype=np.int64)

    def changes(self, values: Floats, places: NDArray[np.int64]) -> Bools:
        """Which values of the streams at these places differ from those shown, and from now on count as shown."""
        shown = self.values[:, places]
        changed = (values != shown) & ~(np.isnan(values) & np.isnan(shown))
        self.values[:, places] = values
        return changed

    def new_interest(self, values: Floats) -> list[OptionLine]:
        """The streams whose open interest, known of each by `values`, was not told yet; from now on it counts as told."""
        is_new = ~np.isnan(values) & (values != self.interest)
        self.interest[is_new] = values[is_new]
        return [self.lines[place] for place in np.flatnonzero(is_new).tolist()]
