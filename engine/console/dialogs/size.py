"""Size and risk of a spread: how many, as a number, a sum that may be lost or a share of the account; what they come to."""

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.widgets import Input

from engine.console.dialogs.dialog import Dialog
from engine.console.sizing import WAYS, Size
from engine.console.text import Line
from engine.domain.errors import UserError


class SizeDialog(Dialog[int]):
    """Reckons while one types; Enter goes on to the order of so many."""

    title_text = "Size and risk"
    hint = "Enter goes on to its order   Esc leaves"

    def __init__(self, size: Callable[[str], Size], lines: Callable[[Size], Sequence[Line]], *, may_order: bool) -> None:
        """`size` raises UserError for what is none."""
        super().__init__()
        self._read, self._told, self._may_order = size, lines, may_order
        self.hint = f"{WAYS}   {self.hint if may_order else 'Esc leaves'}"

    def controls(self) -> ComposeResult:
        """Where it is typed."""
        yield Input(placeholder="1", max_length=40)

    def on_mount(self) -> None:
        """One spread at the beginning."""
        self.write(self._told(Size(1, None)))

    def on_input_changed(self, event: Input.Changed) -> None:
        """What so many come to."""
        event.stop()
        try:
            found = self._read(event.value)
        except UserError as problem:
            self.say(str(problem))
        else:
            self.write(self._told(found))
            self.say(self.hint)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """On to the order; nothing is sent by it."""
        event.stop()
        if not self._may_order:
            return
        try:
            self.dismiss(self._read(event.value).count)
        except UserError as problem:
            self.say(str(problem))
