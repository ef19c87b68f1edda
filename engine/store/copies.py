"""Columns that another thread may read: a copy that is filled anew by what has changed since it was filled last."""

from dataclasses import dataclass

import numpy as np

from engine.store.columns import Columns

_COPY_ALL = 0.25
"""Above this part of changed rows, one copy of everything is cheaper than many of pieces."""


@dataclass(slots=True)
class Copy:
    """One copy, and how far it has come."""

    columns: Columns
    beat: int = 0
    """The last beat that is in it."""

    def take(self, source: Columns, groups: np.ndarray, starts: np.ndarray, beat: int) -> None:
        """Copy whole groups of rows, neighbours in one piece; `starts` are the first rows of all groups, and the end."""
        self.beat = beat
        rows = int((starts[groups + 1] - starts[groups]).sum())
        if not rows:
            return
        if rows > _COPY_ALL * starts[-1]:
            pieces = [slice(None)]
        else:
            runs = np.split(groups, np.flatnonzero(np.diff(groups) > 1) + 1)
            pieces = [slice(int(starts[run[0]]), int(starts[run[-1] + 1])) for run in runs]
        for name, values in source.arrays.items():
            into = self.columns[name]
            for piece in pieces:
                into[piece] = values[piece]
