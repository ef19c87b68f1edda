"""The rows of a live table: which are shown, in which order, and which one is selected.

The selection is a key and never a place, so nothing that happens to the other rows moves it. Values change without moving a row:
rows are put in order where somebody asks for it, a new row goes where it belongs in that order, and whether the order still holds
is told. A selected row that is removed stays where it is, marked as gone, until the selection is moved: whoever presses a key has
looked at it, and no other row may slip under the key.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from engine import words
from engine.console.table.columns import Values

Passes = Callable[[Values], bool]


@dataclass(frozen=True, slots=True)
class Changes:
    """What an update has done."""

    changed: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Columns of each row whose values are others now; of rows that were there before."""
    is_structural: bool = False
    """Rows have come or gone."""


class Rows:
    """Rows by key, in an order of their own."""

    def __init__(self) -> None:
        self.values: dict[str, Values] = {}
        self.order: list[str] = []
        """Keys of the rows that are shown, top to bottom."""
        self.selected: str | None = None
        self.gone: str | None = None
        """The selected row, where it was removed since it was selected."""
        self.marked: set[str] = set()
        self.sort_column: int | None = None
        self.is_descending = False
        self.sorted_at: datetime | None = None
        self.has_drifted = False
        """Values have changed so that sorting would change the order."""
        self._passes: Passes | None = None
        self._sorted_by: dict[str, object] = {}
        self._places: dict[str, int] = {}

    def place(self, key: str) -> int | None:
        """Which line of the order the row stands on, 0 is the first; None where it is not shown."""
        return self._places.get(key)

    def update(self, upserts: Mapping[str, Values], removed: Iterable[str] = ()) -> Changes:
        """Take new values; a row that is unknown is shown where it belongs, one that is removed goes."""
        changed: dict[str, tuple[int, ...]] = {}
        born: list[str] = []
        is_back = self.gone is not None and self.gone in upserts
        if is_back:
            self.gone = None
        for key, values in upserts.items():
            before = self.values.get(key)
            self.values[key] = values
            if before is None:
                born.append(key)
            elif before != values:
                changed[key] = tuple(at for at, (old, new) in enumerate(zip(before, values, strict=True)) if old != new)
        lost = [key for key in removed if key in self.values]
        for key in lost:
            self._remove(key)
        placed = self._place_new(born)
        if placed or any(key != self.gone for key in lost):
            self._count()
        if not self.has_drifted and self.sort_column is not None:
            self.has_drifted = any(self.sort_column in columns and self._is_misplaced(key) for key, columns in changed.items())
        if self.selected is None and self.order:
            self.selected = self.order[0]
        return Changes(changed, placed or is_back or bool(lost))

    def replace(self, rows: Mapping[str, Values]) -> Changes:
        """Take these as all rows there are."""
        return self.update(rows, [key for key in self.values if key not in rows and key != self.gone])

    def sort(self, column: int | None, now: datetime, *, descending: bool = False) -> None:
        """Put the rows in order by a column, unknown values last; None leaves the order in which they came."""
        self.sort_column, self.is_descending = column, descending
        self.resort(now)

    def resort(self, now: datetime) -> None:
        """Put the rows in order again, and look anew at which of them pass the filter."""
        self.sorted_at, self.has_drifted = now, False
        shown = [key for key, values in self.values.items() if self._is_shown(key, values)]
        self._sorted_by = {}
        if self.sort_column is not None:
            by = {key: self.values[key][self.sort_column] for key in shown}
            known = sorted((key for key in shown if by[key] is not None), key=lambda key: _comparable(by[key]))
            if self.is_descending:
                known.sort(key=lambda key: _comparable(by[key]), reverse=True)
            shown = known + [key for key in shown if by[key] is None]
            self._sorted_by = by
        self.order = shown
        self._count()

    def filter(self, passes: Passes | None, now: datetime) -> None:
        """Show only what passes; a selection that is hidden by it goes to the first row."""
        self._passes = passes
        if self.gone is not None:
            self.select(None)
        self.resort(now)
        if self.selected not in self._places:
            self.selected = self.order[0] if self.order else None

    def select(self, key: str | None) -> None:
        """Select a row; one that is gone leaves the screen once the selection leaves it."""
        left, self.selected = self.gone, key
        if left is not None and left != key:
            self.gone = None
            self.values.pop(left, None)
            self.order.remove(left)
            self._count()

    def move(self, by: int) -> None:
        """Select the row so many lines further down, or up where negative, no further than the ends."""
        if not self.order:
            return
        at = self._places.get(self.selected or "")
        target = self.order[0 if at is None else min(len(self.order) - 1, max(0, at + by))]
        if target != self.gone:
            self.select(target)
        elif len(self.order) == 1:
            self.select(None)

    def actionable(self) -> str | None:
        """The selected row, where there is one and it has not gone."""
        return None if self.selected is None or self.selected == self.gone else self.selected

    def note(self, titles: Sequence[str]) -> str:
        """How many rows are shown, and of when their order is where it no longer holds; `titles` are those of the columns."""
        total, shown = len(self.values), len(self.order)
        count = f"{total:,}" if shown == total else f"{shown:,} of {total:,}"
        if self.sort_column is None or self.sorted_at is None:
            return count
        by = titles[self.sort_column]
        if self.has_drifted:
            return f"{count} · order as of {words.clock(self.sorted_at)}, S to re-sort by {by}"
        return f"{count} · by {by}"

    def _remove(self, key: str) -> None:
        self.marked.discard(key)
        if key == self.selected and key in self._places:
            self.gone = key
            return
        del self.values[key]
        self._sorted_by.pop(key, None)
        if key in self._places:
            self.order.remove(key)

    def _place_new(self, keys: Iterable[str]) -> bool:
        """Show each new row that passes: by the values that the others were sorted by, or at the end."""
        placed = False
        for key in keys:
            if not self._is_shown(key, self.values[key]):
                continue
            placed = True
            if self.sort_column is None:
                self.order.append(key)
                continue
            value = self.values[key][self.sort_column]
            self._sorted_by[key] = value
            self.order.insert(self._belongs(value), key)
        return placed

    def _belongs(self, value: object) -> int:
        """The line on which a value belongs, behind those that are equal, in the order of when the rows were sorted."""
        low, high = 0, len(self.order)
        while low < high:
            middle = (low + high) // 2
            if self._comes_before(value, self._sorted_by.get(self.order[middle])):
                high = middle
            else:
                low = middle + 1
        return low

    def _is_misplaced(self, key: str) -> bool:
        """Whether a row's value of now contradicts that of a neighbour."""
        at = self._places.get(key)
        if at is None:
            return False
        assert self.sort_column is not None, "only asked of rows that are sorted"
        value = self.values[key][self.sort_column]
        above = self.order[at - 1] if at > 0 else None
        below = self.order[at + 1] if at + 1 < len(self.order) else None
        return (above is not None and self._comes_before(value, self.values[above][self.sort_column])) or (
            below is not None and self._comes_before(self.values[below][self.sort_column], value)
        )

    def _comes_before(self, first: object, second: object) -> bool:
        if first is None or second is None:
            return first is not None
        if self.is_descending:
            first, second = second, first
        return _comparable(first) < _comparable(second)

    def _is_shown(self, key: str, values: Values) -> bool:
        return key == self.gone or self._passes is None or self._passes(values)

    def _count(self) -> None:
        self._places = {key: at for at, key in enumerate(self.order)}


def _comparable(value: object) -> tuple[int, float, str]:
    """Numbers before words, so that a column of both can be sorted."""
    if isinstance(value, int | float):
        return (0, float(value), "")
    return (1, 0.0, str(value))
