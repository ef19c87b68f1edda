"""What all dialogs share: a box above the screen, which Escape leaves without having done anything."""

from collections.abc import Iterable
from typing import ClassVar, TypeVar

from rich.markup import escape
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.console.text import Line, drawn

T = TypeVar("T")


class Dialog(ModalScreen[T | None]):
    """A box with a title and text."""

    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog > Vertical {
        width: 84; max-width: 98%; height: auto; max-height: 96%;
        background: $surface; border: round $primary; border-title-style: bold; padding: 0 1;
    }
    Dialog VerticalScroll { height: auto; max-height: 1fr; }
    Dialog Static { height: auto; }
    Dialog Input, Dialog Input:focus { border: none; height: 1; padding: 0 1; background: $panel; margin: 1 0 0 0; }
    Dialog .hint { color: $stale; margin: 1 0 0 0; }
    Dialog.danger > Vertical { border: heavy $down; }
    """
    BINDINGS: ClassVar = [Binding("escape", "leave", "leave", id="dialog.leave")]
    title_text = ""
    hint = "Esc leaves"

    def compose(self) -> ComposeResult:
        """The box."""
        with Vertical() as box:
            box.border_title = escape(self.title_text)
            with VerticalScroll(can_focus=False):
                yield Static(id="text", markup=False)
            yield from self.controls()
            yield Static(self.hint, classes="hint", markup=False)

    def controls(self) -> ComposeResult:
        """What stands below the text."""
        return iter(())

    def write(self, lines: Iterable[Line]) -> None:
        """Show these lines of text."""
        self.query_one("#text", Static).update(drawn(lines, self.app.theme_variables, on="surface"))

    def say(self, text: str) -> None:
        """Change the hint."""
        self.query_one(".hint", Static).update(Text(text))

    def action_leave(self) -> None:
        """Leave without having done anything."""
        self.dismiss(None)
