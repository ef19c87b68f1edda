"""The numbers of a chain, cell by cell, as they become those of a candidate."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.decide.rows import numbers
from engine.domain.candidate import LegQuote
from engine.domain.chain import ChainSnapshot
from engine.domain.spread import Leg


class Cells:
    """The numbers of one chain by column, each column looked up once; NaN where one is absent. Read it while the chain stands."""

    __slots__ = ("_columns", "chain")

    def __init__(self, chain: ChainSnapshot) -> None:
        self.chain = chain
        self._columns: dict[str, np.ndarray] = {}

    def __getitem__(self, column: str) -> np.ndarray:
        found = self._columns.get(column)
        if found is None:
            found = self._columns[column] = numbers(self.chain, column)
        return found


class Option:
    """One row of the chain; a number that is absent is NaN here and becomes None on the way out."""

    __slots__ = ("_cells", "_row")

    def __init__(self, cells: Cells, row: int) -> None:
        self._cells = cells
        self._row = row

    def __getitem__(self, column: str) -> float:
        return self._cells[column].item(self._row)

    @property
    def mid(self) -> float:
        return (self["bid"] + self["ask"]) / 2

    def quote(self) -> LegQuote:
        return LegQuote(known(self["bid"]), known(self["ask"]), known(self["delta"]), known(self["iv"]))


@dataclass(frozen=True, slots=True)
class ChosenLeg:
    """A leg and the row of the chain that it is."""

    leg: Leg
    option: Option


def known(value: float) -> float | None:
    """None where it is no number."""
    return value if math.isfinite(value) else None
