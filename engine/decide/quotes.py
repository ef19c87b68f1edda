"""What the chain says right now: one value of one option, and the mark of one spread."""

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import cast

import numpy as np
from numpy.typing import NDArray

from engine.domain.chain import ChainSnapshot
from engine.domain.facts.orders import Purpose
from engine.domain.position import Position
from engine.domain.spread import Leg, Spread
from engine.pricing.mark import Mark, QuotedLeg, closing_mark, opening_mark


class Rows:
    """The columns of a chain snapshot as arrays, looked up by the broker's contract number, and the marks of spreads in it.

    Good for one beat: what is read stays as it was read.
    """

    def __init__(self, chain: ChainSnapshot) -> None:
        self.chain = chain
        self._columns: dict[str, NDArray[np.float64]] = {}
        self._marks: dict[tuple[int, Purpose], tuple[Spread, Mark | None]] = {}
        """By identity of the spread: one that is held is asked for by every rule of a beat."""

    def value(self, con_id: int, column: str) -> float | None:
        """One value; None where the contract is not in the chain or the value is absent. Of shares what their own quote says."""
        row = self.chain.rows_by_con_id.get(con_id)
        if row is None:
            share = self.chain.shares.get(con_id)
            return share.value(column) if share is not None else None
        values = self._columns.get(column)
        if values is None:
            values = cast("NDArray[np.float64]", self.chain.table.column(column).to_numpy())
            self._columns[column] = values
        value = float(values.item(row))
        return value if math.isfinite(value) else None

    def mark(self, spread: Spread, purpose: Purpose) -> Mark | None:
        """See `spread_quote`."""
        known = self._marks.get((id(spread), purpose))
        if known is not None and known[0] is spread:
            return known[1]
        legs = [_quoted(leg, self) for leg in spread.legs]
        found = opening_mark(legs) if purpose == "open" else closing_mark(legs, spread.floor, spread.cap)
        self._marks[id(spread), purpose] = (spread, found)
        return found


def spread_quote(spread: Spread, rows: Rows, purpose: Purpose) -> Mark | None:
    """What opening or closing the spread would bring now; None where a side of a leg that is needed is not known."""
    return rows.mark(spread, purpose)


def closing_marks(position: Position, rows: Rows) -> tuple[Mark, ...] | None:
    """What closing each part of a position would bring now; None where one of them has no quote."""
    marks = tuple(rows.mark(part.spread, "close") for part in position.parts)
    known = tuple(mark for mark in marks if mark is not None)
    return known if len(known) == len(marks) else None


def mids(legs: Iterable[Leg], rows: Rows) -> dict[int, Decimal]:
    """The middle of each leg's quote by con_id, USD per share; what is not quoted counts as 0."""
    return {leg.contract.con_id: _mid(leg.contract.con_id, rows) for leg in legs}


def _mid(con_id: int, rows: Rows) -> Decimal:
    bid, ask = rows.value(con_id, "bid") or 0.0, rows.value(con_id, "ask") or 0.0
    return Decimal(repr(round((bid + ask) / 2, 4)))


def _quoted(leg: Leg, rows: Rows) -> QuotedLeg:
    con_id = leg.contract.con_id
    quoted_at = rows.value(con_id, "quoted_at")
    age_s = None if quoted_at is None else rows.chain.as_of.timestamp() - quoted_at
    return QuotedLeg(str(leg.contract), leg.sign, leg.ratio, rows.value(con_id, "bid"), rows.value(con_id, "ask"), age_s)
