"""Draws the lines of a live table, each once: a line is kept until its row, the theme or the columns change."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from engine.console.table.columns import Column, Values, fitted
from engine.console.table.rows import Rows
from engine.console.text import Tone
from engine.console.themes import style as of_theme

GUTTER = 2
"""Characters left of the row: the selection, and a mark."""
FLASH_FADES = 2
"""For so many fades a changed number flashes."""
_DIRECTIONS: tuple[tuple[str, Tone], ...] = ((" ", "info"), ("▲", "up"), ("▼", "down"))
"""Arrow and tone of a value that has changed otherwise, risen, fallen: by index 0, 1 and -1."""


class Painter:
    """The look of the rows of one table."""

    def __init__(self, columns: Sequence[Column], rows: Rows, variables: Callable[[], Mapping[str, str]]) -> None:
        """`variables` are those of the theme in force."""
        self.columns = tuple(columns)
        self.shown: list[int] = list(range(len(self.columns)))
        """Which columns are drawn, left to right."""
        self.is_stale = False
        self._rows, self._variables = rows, variables
        self._widths: list[int] = [column.width for column in columns]
        self._strips: dict[str, Strip] = {}
        self._styles: dict[tuple[Tone, bool, bool], Style] = {}
        self._flashes: dict[tuple[str, int], tuple[int, int]] = {}

    @property
    def width(self) -> int:
        """Characters of a whole line."""
        return GUTTER + sum(width + 1 for width in self._widths)

    @property
    def flashes(self) -> bool:
        """Whether anything flashes."""
        return bool(self._flashes)

    def measure(self, room: int) -> None:
        """Give every column its width; the wide ones share what is left of the room."""
        columns = [self.columns[at] for at in self.shown]
        taken = GUTTER + sum(column.width + 1 for column in columns)
        wide = [column for column in columns if column.is_wide]
        more, rest = divmod(max(0, room - taken), len(wide)) if wide else (0, 0)
        self._widths = [column.width + (more + (rest if column is wide[0] else 0) if column.is_wide else 0) for column in columns]

    def forget(self, keys: Iterable[str] | None = None) -> None:
        """Draw these rows anew when they are next asked for; all of them, and in new colours, where none are named."""
        if keys is None:
            self._strips.clear()
            self._styles.clear()
            return
        for key in keys:
            self._strips.pop(key, None)

    def calm(self) -> None:
        """Let nothing flash."""
        self._flashes.clear()

    def flash(self, key: str, old: Values, new: Values, columns: Sequence[int]) -> None:
        """Have the changed values of a row flash, those of the columns that move."""
        if self.is_stale:
            return
        for at in columns:
            if self.columns[at].moves:
                self._flashes[key, at] = (FLASH_FADES, _direction(old[at], new[at]))

    def fade(self) -> set[str]:
        """Rows of which something has flashed long enough."""
        ended: set[str] = set()
        for place, (left, direction) in list(self._flashes.items()):
            if left > 1:
                self._flashes[place] = (left - 1, direction)
            else:
                del self._flashes[place]
                ended.add(place[0])
        self.forget(ended)
        return ended

    def heading(self) -> Strip:
        """The names of the columns; an arrow stands behind that which the rows are sorted by."""
        rows, plain = self._rows, of_theme(self._variables(), "strong", on="panel")
        segments = [Segment(" " * GUTTER, plain)]
        for at, width in zip(self.shown, self._widths, strict=True):
            column = self.columns[at]
            arrow = " " if at != rows.sort_column else "▼" if rows.is_descending else "▲"
            segments.append(Segment(fitted(column.title, width, is_right=column.is_number) + arrow, plain))
        return Strip(segments)

    def line(self, key: str) -> Strip:
        """The line of a row."""
        if key == self._rows.selected:
            return self._drawn(key, is_selected=True)
        found = self._strips.get(key)
        if found is None:
            found = self._strips[key] = self._drawn(key, is_selected=False)
        return found

    def column_at(self, x: int) -> int | None:
        """Which column stands at this character of the line."""
        end = GUTTER
        for at, width in zip(self.shown, self._widths, strict=True):
            end += width + 1
            if x < end:
                return at
        return None

    def blank(self, *, is_selected: bool = False) -> Style:
        """The style of what is beside a line."""
        return self._style("", False, is_selected)

    def _drawn(self, key: str, *, is_selected: bool) -> Strip:
        rows, is_gone = self._rows, key == self._rows.gone
        mark = "✗" if is_gone else "●" if key in rows.marked else " "
        # Cells beside each other that look the same are one segment: what Textual does with a line it does for each.
        style, run = self._style("", False, is_selected), ("▶" if is_selected else " ") + mark
        segments: list[Segment] = []
        values = rows.values[key]
        for at, width in zip(self.shown, self._widths, strict=True):
            column, value = self.columns[at], values[at]
            text = fitted(column.show(value), width, is_right=column.is_number)
            tone: Tone = "stale" if self.is_stale or is_gone or value is None else column.tone(value) if column.tone else ""
            flash = self._flashes.get((key, at))
            arrow, moved = (" ", tone) if flash is None else _DIRECTIONS[flash[1]]
            own = self._style(tone or moved, flash is not None, is_selected)
            if own is not style:
                segments.append(Segment(run, style))
                style, run = own, ""
            run += text + arrow
        return Strip([*segments, Segment(run, style)])

    def _style(self, tone: Tone, is_flashing: bool, is_selected: bool) -> Style:
        found = self._styles.get((tone, is_flashing, is_selected))
        if found is None:
            found = of_theme(self._variables(), tone)
            found += Style(bold=is_flashing or is_selected or None, underline=is_flashing or None, reverse=is_selected or None)
            self._styles[tone, is_flashing, is_selected] = found
        return found


def _direction(old: object, new: object) -> int:
    """1 where a number has risen, -1 where it has fallen, 0 where there is nothing to compare."""
    if isinstance(old, int | float) and isinstance(new, int | float):
        return 1 if new > old else -1
    return 0
