"""A table of live rows: thousands of them, of which only the visible lines are drawn, and of these only what has changed.

A line is drawn once and kept until its row changes; a change of one row repaints one line. `rows.py` says which row is where.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.console.table.columns import Column, Values
from engine.console.table.painter import Painter
from engine.console.table.rows import Passes, Rows

FADE_S = 0.4
"""Seconds between two looks at what flashes: a changed number flashes for two of them."""


class LiveTable(ScrollView, can_focus=True):
    """Rows by key; see the module."""

    DEFAULT_CSS = """
    LiveTable { height: 1fr; overflow-y: scroll; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1; }
    """
    BINDINGS: ClassVar = [
        Binding("down,j", "move(1)", "down", id="table.down", show=False),
        Binding("up,k", "move(-1)", "up", id="table.up", show=False),
        Binding("pagedown", "page(1)", "a page down", id="table.page_down", show=False),
        Binding("pageup", "page(-1)", "a page up", id="table.page_up", show=False),
        Binding("home,g", "end(-1)", "first row", id="table.first", show=False),
        Binding("end,G", "end(1)", "last row", id="table.last", show=False),
        Binding("left", "aside(-8)", "columns to the left", id="table.left", show=False),
        Binding("right", "aside(8)", "columns to the right", id="table.right", show=False),
        Binding("enter", "open", "open", id="table.open", show=False),
        Binding("s", "sort", "sort", id="table.sort"),
        Binding("S", "resort", "re-sort", id="table.resort", show=False),
        Binding("i", "invert", "the other way round", id="table.invert", show=False),
        Binding("space", "mark", "mark", id="table.mark", show=False),
    ]

    class Selected(Message):
        """Another row is selected, or the selected one has gone or come back."""

    class Opened(Message):
        """Somebody wants to see more of the selected row."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Noted(Message):
        """What the caption says has changed: how many rows, which order, of when."""

    def __init__(self, columns: Sequence[Column], now: Callable[[], datetime], *, id: str | None = None) -> None:  # noqa: A002
        """`now` is asked for the time of a sort only."""
        super().__init__(id=id)
        self.rows = Rows()
        self.painter = Painter(columns, self.rows, lambda: self.app.theme_variables)
        self._now = now
        self._told = ""

    def on_mount(self) -> None:
        """Count the time of flashes; forget what was drawn where the theme changes."""
        self._refresh_scrollbars()
        self._fading = self.set_interval(FADE_S, self.fade, pause=True)
        self.app.theme_changed_signal.subscribe(self, lambda _: self.redraw())
        self._measure()

    # What the table is given.

    def replace(self, rows: Mapping[str, Values]) -> None:
        """Take these as all rows there are."""
        self.update(rows, [key for key in self.rows.values if key not in rows and key != self.rows.gone])

    def update(self, upserts: Mapping[str, Values], removed: Collection[str] = ()) -> None:
        """Take new values; only lines that are visible and differ are painted anew."""
        rows, before = self.rows, (self.rows.selected, self.rows.gone)
        line = self._line_of_selection()
        old = {key: found for key in upserts if (found := rows.values.get(key)) is not None}
        changes = rows.update(upserts, removed)
        self.painter.forget(changes.changed)
        visible = self._visible()
        for key, columns in changes.changed.items():
            if rows.place(key) in visible:
                self.painter.flash(key, old[key], rows.values[key], columns)
        if self.painter.flashes and self.is_mounted:
            self._fading.resume()
        if changes.is_structural:
            self.painter.forget([*removed, *upserts])
            self._keep_line(line)
        else:
            self._repaint(changes.changed)
        if before != (rows.selected, rows.gone):
            self.post_message(self.Selected())
        self._note()

    def filter(self, passes: Passes | None) -> None:
        """Show only rows that pass."""
        self.rows.filter(passes, self._now())
        self.painter.forget()
        self._keep_in_view()
        self.post_message(self.Selected())
        self._note()

    def sort_by(self, name: str, *, descending: bool | None = None) -> None:
        """Put the rows in order by the column of this name; numbers the largest first unless it is said."""
        at = next(at for at, column in enumerate(self.columns) if column.name == name)
        self.rows.sort(at, self._now(), descending=self.columns[at].is_number if descending is None else descending)
        self.redraw()
        self._keep_in_view()
        self._note()

    def show_columns(self, names: Sequence[str]) -> None:
        """Draw these columns in this order."""
        places = {column.name: at for at, column in enumerate(self.columns)}
        shown = [places[name] for name in names if name in places]
        if shown:
            self.painter.shown = shown
            self._measure()
            self.redraw()

    def set_stale(self, is_stale: bool) -> None:
        """Draw everything grey and let nothing flash: what is shown is of the past."""
        if is_stale != self.painter.is_stale:
            self.painter.is_stale = is_stale
            self.painter.calm()
            self.redraw()

    # What the table says.

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns there are."""
        return self.painter.columns

    @property
    def shown(self) -> list[int]:
        """Places of the columns that are drawn."""
        return self.painter.shown

    @property
    def selected(self) -> str | None:
        """The row that keys act on."""
        return self.rows.selected

    def acting(self) -> tuple[str | None, str]:
        """The row that a key may act on now, and otherwise why there is none.

        A row that has gone is not acted on, nor one that is not to be seen: it is brought into view first.
        """
        rows = self.rows
        if rows.selected is None:
            return None, "no row is selected"
        if rows.actionable() is None:
            return None, "the selected row has gone; choose another one"
        if self._line_of_selection() is None:
            self._keep_in_view()
            return None, "the selected row was out of sight; look, and press again"
        return rows.selected, ""

    def note(self) -> str:
        """How many rows are shown, and of when their order is where it no longer holds."""
        return self.rows.note([column.title for column in self.columns])

    def visible_values(self) -> tuple[list[str], list[list[object]]]:
        """What is shown, for an export: the names of the columns, and the values of every row in its order."""
        names = [self.columns[at].name for at in self.shown]
        return names, [[self.rows.values[key][at] for at in self.shown] for key in self.rows.order]

    # Drawing.

    def render_line(self, y: int) -> Strip:
        """The heading, or one row."""
        painter, width, (left, top) = self.painter, self._room.width, self.scroll_offset
        if y == 0:
            return painter.heading().crop_extend(left, left + width, painter.blank())
        at = top + y - 1
        if at >= len(self.rows.order):
            return Strip.blank(width, painter.blank())
        key = self.rows.order[at]
        blank = painter.blank(is_selected=key == self.rows.selected)
        return painter.line(key).crop_extend(left, left + width, blank)

    def redraw(self) -> None:
        """Draw every line anew."""
        self.painter.forget()
        self.refresh()

    def fade(self) -> None:
        """One look at what flashes: what has flashed long enough stops."""
        self._repaint(self.painter.fade())
        if not self.painter.flashes:
            self._fading.pause()

    @property
    def _room(self) -> Size:
        """What is left beside the scrollbars."""
        return self.scrollable_content_region.size

    def _measure(self) -> None:
        self.painter.measure(self._room.width)
        self._resize()

    def _resize(self) -> None:
        self.virtual_size = Size(self.painter.width, len(self.rows.order) + 1)

    def _repaint(self, keys: Iterable[str]) -> None:
        visible, width = self._visible(), self._room.width
        places = (place for key in keys if (place := self.rows.place(key)) is not None and place in visible)
        regions = [Region(0, place + 1 - visible.start, width, 1) for place in places]
        if regions:
            self.refresh(*regions)

    def _visible(self) -> range:
        """Places of the rows that are on the screen; not to be asked for each row, as Textual measures it each time."""
        top = self.scroll_offset.y
        return range(top, top + max(1, self._room.height - 1))

    # Where the selection stands on the screen.

    def _line_of_selection(self) -> int | None:
        """Which line of the screen the selected row is on, None where it is not visible."""
        place, visible = self.rows.place(self.rows.selected or ""), self._visible()
        return place - visible.start if place is not None and place in visible else None

    def _keep_line(self, line: int | None) -> None:
        """After rows have come or gone: the selected row stays on its line of the screen, as far as that is possible."""
        self._resize()
        place = self.rows.place(self.rows.selected or "")
        if line is not None and place is not None:
            self.scroll_to(y=max(0, place - line), animate=False, force=True)
        self.refresh()

    def _keep_in_view(self) -> None:
        self._resize()
        self._bring_into_view()
        self.refresh()

    def _bring_into_view(self, line: int | None = None) -> bool:
        """Scroll to the selected row where it is not on the screen, to this line of it or to its edge; whether that was so."""
        place, visible = self.rows.place(self.rows.selected or ""), self._visible()
        if place is None or place in visible:
            return False
        edge = place if place < visible.start else place - len(visible) + 1
        self.scroll_to(y=max(0, edge if line is None else place - line), animate=False, force=True)
        return True

    def _note(self) -> None:
        text = self.note()
        if text != self._told:
            self._told = text
            self.post_message(self.Noted())

    # Keys and mouse.

    def _go(self, by: int, *, keeps_line: bool = False) -> None:
        before, count = self.rows.selected, len(self.rows.order)
        line = self._line_of_selection() if keeps_line else None
        self.rows.move(by)
        touched = [key for key in (before, self.rows.selected) if key is not None]
        self.painter.forget(touched)
        if len(self.rows.order) != count:  # the selected row had gone, and has left the screen now
            self._keep_in_view()
        elif not self._bring_into_view(line):
            self._repaint(touched)
        if before != self.rows.selected:
            self.post_message(self.Selected())
            self._note()

    def action_move(self, by: int) -> None:
        """Select the next or the one before."""
        self._go(by)

    def action_page(self, pages: int) -> None:
        """Select the row a page further."""
        self._go(pages * max(1, self._room.height - 2), keeps_line=True)

    def action_end(self, direction: int) -> None:
        """Select the first or the last row."""
        self._go(direction * len(self.rows.order))

    def action_aside(self, by: int) -> None:
        """Look at columns further left or right."""
        self.scroll_to(x=max(0, self.scroll_offset.x + by), animate=False, force=True)

    def action_open(self) -> None:
        """Ask for more of the selected row."""
        key, why_not = self.acting()
        if key is None:
            self.notify(why_not, severity="warning", markup=False)
        else:
            self.post_message(self.Opened(key))

    def action_sort(self) -> None:
        """Sort by the next column."""
        if not self.shown:
            return
        now = self.rows.sort_column
        at = self.shown.index(now) + 1 if now in self.shown else 0
        self.sort_by(self.columns[self.shown[at % len(self.shown)]].name)

    def action_resort(self) -> None:
        """Put the rows in order as they are now."""
        self.rows.resort(self._now())
        self.redraw()
        self._keep_in_view()
        self._note()

    def action_invert(self) -> None:
        """Sort the other way round."""
        if self.rows.sort_column is not None:
            self.sort_by(self.columns[self.rows.sort_column].name, descending=not self.rows.is_descending)

    def action_mark(self) -> None:
        """Mark the selected row, or take its mark away, and go on to the next."""
        key, _ = self.acting()
        if key is not None:
            self.rows.marked ^= {key}
            self._go(1)

    def on_resize(self, event: events.Resize) -> None:
        """Give the wide columns the new room."""
        self._measure()
        self.redraw()
        self._keep_in_view()

    def on_click(self, event: events.Click) -> None:
        """Select the row under the mouse; on the heading, sort by the column, and again the other way round."""
        if event.y > 0:
            at = self.scroll_offset.y + event.y - 1
            if at < len(self.rows.order):
                self._go(at - (self.rows.place(self.rows.selected or "") or 0))
                if event.chain == 2:
                    self.action_open()
            return
        at = self.painter.column_at(event.x + self.scroll_offset.x)
        if at is not None:
            is_same = at == self.rows.sort_column
            self.sort_by(self.columns[at].name, descending=not self.rows.is_descending if is_same else None)
