"""Which rows of the chain are no longer as they were at an earlier look, told by the bits of the columns that are asked for.

Nothing is believed about what has changed: each column is compared with what it was when somebody last asked for it. A column
of 20,000 numbers takes tens of microseconds, once an instant for all who ask. What follows from the contract alone is as fixed as
the layout.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from engine.decide.rows import ChainRows

FIXED = frozenset({"row_id", "underlying_id", "group_id", "put_call", "strike", "class_id", "is_american", "is_monthly"})
"""Columns that only another layout or another calendar changes."""


class Changes:
    """Of one chain after the other; use it from one thread."""

    def __init__(self) -> None:
        self._look, self._first = 0, 1
        self._rows: ChainRows | None = None
        self._seen: dict[str, np.ndarray] = {}
        """Bits of each column as they were at the last look that asked for it."""
        self._at: dict[str, np.ndarray] = {}
        """The look at which each row of a column was found changed."""
        self._asked: dict[str, tuple[int, int]] = {}
        """The look at which a column was asked for last, and the one at which it was found changed last."""

    def look(self, rows: ChainRows) -> int:
        """The number of this instant; the same for the same rows."""
        if rows is not self._rows:
            self._look += 1
            if self._rows is None or not _is_alike(self._rows, rows):
                self._first = self._look
                self._seen, self._at, self._asked = {}, {}, {}
            self._rows = rows
        return self._look

    def since(self, look: int, columns: Collection[str]) -> np.ndarray | None:
        """Rows, ascending, in which one of these columns has changed after a look at which they were asked for; None where that
        look was at another layout, or one that is over."""
        assert self._rows is not None, "there was a look"
        is_known = look >= self._first
        changed: np.ndarray | None = None
        for name in columns:
            if name in FIXED:
                continue
            is_known = self._compare(name, self._rows) and is_known
            if is_known and self._asked[name][1] > look:
                later = self._at[name] > look
                changed = later if changed is None else changed | later
        if not is_known:
            return None
        return np.empty(0, np.int64) if changed is None else np.flatnonzero(changed)

    def _compare(self, name: str, rows: ChainRows) -> bool:
        """Bring what is known of a column to now; whether it was known before."""
        asked, found = self._asked.get(name, (0, 0))
        if asked == self._look:
            return True
        bits = _bits(rows, name)
        if name not in self._seen:
            self._seen[name], self._at[name] = bits.copy(), np.full(len(bits), self._look, np.int64)
            self._asked[name] = (self._look, self._look)
            return False
        changed = np.flatnonzero(bits != self._seen[name])
        if changed.size:
            self._seen[name][changed], self._at[name][changed], found = bits[changed], self._look, self._look
        self._asked[name] = (self._look, found)
        return True


def _bits(rows: ChainRows, name: str) -> np.ndarray:
    column = rows.table.column(name)
    values = (column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()).to_numpy(zero_copy_only=False)
    return values.view(np.int64) if values.dtype == np.float64 else values


def _is_alike(before: ChainRows, now: ChainRows) -> bool:
    """Whether the same contracts stand in the same rows, and as many of them are searched."""
    is_same = before.chain.contracts is now.chain.contracts and before.calendar is now.calendar
    return is_same and before.closed == now.closed and before.chain.underlyings == now.chain.underlyings
