"""Small dialogs: one of several answers, text to read, and which columns a table has."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Input

from engine.console.dialogs.dialog import Dialog
from engine.console.table.columns import Column
from engine.console.text import Line


class ReadDialog(Dialog[None]):
    """Text to read."""

    BINDINGS: ClassVar = [Binding("enter,q", "leave", "leave", id="dialog.done")]

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self.title_text = title
        self._lines = lines

    def on_mount(self) -> None:
        """Show it."""
        self.write(self._lines)
        self.query_one("VerticalScroll").can_focus = True
        self.query_one("VerticalScroll").focus()


class ChoiceDialog(Dialog[str]):
    """One answer by its number; the last may be a text of one's own."""

    def __init__(self, title: str, answers: Sequence[str], *, asks_text: bool = False) -> None:
        """`asks_text`: the last answer is typed."""
        super().__init__()
        self.title_text, self.hint = title, "press a number   Esc leaves"
        self._answers, self._asks_text = tuple(answers), asks_text

    def controls(self) -> ComposeResult:
        """Where a text of one's own is typed, once it is chosen."""
        field = Input(placeholder="type it and press Enter", max_length=200)
        field.display = False
        field.disabled = True
        yield field

    def on_mount(self) -> None:
        """List the answers."""
        self.write([[(f"{number}  ", "strong"), (answer, "")] for number, answer in enumerate(self._answers, 1)])

    def on_key(self, event: events.Key) -> None:
        """A number is an answer."""
        field = self.query_one(Input)
        if field.has_focus or not (event.character or "").isdigit():
            return
        at = int(event.character or 0) - 1
        if not 0 <= at < len(self._answers):
            return
        event.stop()
        if self._asks_text and at == len(self._answers) - 1:
            field.display, field.disabled = True, False
            field.focus()
        else:
            self.dismiss(self._answers[at])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The text is the answer."""
        event.stop()
        if event.value.strip():
            self.dismiss(event.value.strip())


class NameDialog(Dialog[str]):
    """A name to type."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title_text, self.hint = title, "Enter keeps it   Esc leaves"

    def controls(self) -> ComposeResult:
        """Where it is typed."""
        yield Input(placeholder="a name", max_length=60)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A name that is not empty."""
        event.stop()
        if event.value.strip():
            self.dismiss(event.value.strip())


class ColumnsDialog(Dialog[tuple[str, ...]]):
    """Which columns a table has, and in which order."""

    BINDINGS: ClassVar = [
        Binding("up,k", "move(-1)", "up", id="columns.up"),
        Binding("down,j", "move(1)", "down", id="columns.down"),
        Binding("space", "switch", "show or hide", id="columns.toggle"),
        Binding("K", "carry(-1)", "further left", id="columns.left"),
        Binding("J", "carry(1)", "further right", id="columns.right"),
        Binding("enter", "take", "take", id="columns.take"),
    ]
    title_text = "Columns"
    hint = "space shows or hides   J K move the column   Enter takes it   Esc leaves"

    def __init__(self, columns: Sequence[Column], shown: Sequence[str]) -> None:
        super().__init__()
        by_name = {column.name: column for column in columns}
        self._columns = [by_name[name] for name in shown] + [column for column in columns if column.name not in shown]
        self._shown, self._at = set(shown), 0

    def on_mount(self) -> None:
        """List them."""
        self._list()

    def _list(self) -> None:
        self.write(self._lines())

    def _lines(self) -> Iterator[Line]:
        for at, column in enumerate(self._columns):
            is_here, is_shown = at == self._at, column.name in self._shown
            text = f"{'▶' if is_here else ' '} {'[x]' if is_shown else '[ ]'} {column.title:<12} "
            yield [(text, "strong" if is_here else "" if is_shown else "stale"), (column.about, "stale")]

    def action_move(self, by: int) -> None:
        """Go to the next column."""
        self._at = (self._at + by) % len(self._columns)
        self._list()

    def action_switch(self) -> None:
        """Show or hide it."""
        self._shown ^= {self._columns[self._at].name}
        self._list()

    def action_carry(self, by: int) -> None:
        """Move the column itself."""
        to = min(len(self._columns) - 1, max(0, self._at + by))
        self._columns.insert(to, self._columns.pop(self._at))
        self._at = to
        self._list()

    def action_take(self) -> None:
        """Have the table drawn so; a table without any column is none."""
        chosen = tuple(column.name for column in self._columns if column.name in self._shown)
        self.dismiss(chosen or None)
