"""Lists to choose from with the arrows: one of many, or several of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from textual.binding import Binding

from engine.console.dialogs.dialog import Dialog
from engine.console.text import Line, line

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a list."""

    name: str
    text: str
    obstacle: str = ""
    """Why it cannot be chosen."""


class _ListDialog(Dialog[T]):
    BINDINGS: ClassVar = [
        Binding("up,k", "move(-1)", "up", id="list.up"),
        Binding("down,j", "move(1)", "down", id="list.down"),
        Binding("enter", "take", "take", id="list.take"),
    ]

    def __init__(self, title: str, items: Sequence[Item], above: Sequence[Line] = ()) -> None:
        super().__init__()
        self.title_text = title
        self.items, self.at = tuple(items), 0
        self._above = above

    def on_mount(self) -> None:
        """List them."""
        self.show_items()

    def show_items(self) -> None:
        """Draw the list anew."""
        self.write([*self._above, *self._lines()])

    def _lines(self) -> Iterator[Line]:
        for at, item in enumerate(self.items):
            is_here = at == self.at
            text = f"{'▶' if is_here else ' '} {self.sign(item)}{item.text}"
            yield [(text, "strong" if is_here else "stale" if item.obstacle else "")]
            if is_here and item.obstacle:
                yield line(f"      {item.obstacle}", "warn")

    def sign(self, item: Item) -> str:
        """What stands before an item."""
        return ""

    def action_move(self, by: int) -> None:
        """Go to the next."""
        self.at = (self.at + by) % len(self.items)
        self.show_items()


class PickDialog(_ListDialog[str]):
    """One of them, by its name."""

    hint = "↑ ↓ choose   Enter takes it   Esc leaves"

    def action_take(self) -> None:
        """This one."""
        self.dismiss(self.items[self.at].name)


@dataclass(frozen=True, slots=True)
class Kept:
    """One of a list of kept things, and whether it is to be shown or to be forgotten."""

    name: str
    is_to_go: bool = False


class KeptDialog(_ListDialog[Kept]):
    """One of them to be shown, or to be forgotten once that is said a second time."""

    BINDINGS: ClassVar = [Binding("d,delete", "forget", "forget", id="list.forget")]

    def __init__(self, title: str, items: Sequence[Item], *, may_forget: bool) -> None:
        super().__init__(title, items)
        self._may_forget, self._asked = may_forget, ""
        self.hint = f"↑ ↓ choose   Enter shows it   {'d forgets it   ' if may_forget else ''}Esc leaves"

    def action_move(self, by: int) -> None:
        """Go to the next; what was asked of another one is over."""
        self._asked = ""
        self.say(self.hint)
        super().action_move(by)

    def action_take(self) -> None:
        """Show this one."""
        self.dismiss(Kept(self.items[self.at].name))

    def action_forget(self) -> None:
        """Ask whether it is meant, and then forget it."""
        name = self.items[self.at].name
        if not self._may_forget:
            return
        if self._asked == name:
            self.dismiss(Kept(name, is_to_go=True))
            return
        self._asked = name
        self.say(f"forget {name}, for everybody who asks this engine? d again forgets it   Enter shows it   Esc leaves")


class MarkDialog(_ListDialog[tuple[str, ...]]):
    """Several of them, by their names."""

    BINDINGS: ClassVar = [Binding("space", "mark", "mark", id="list.mark")]
    hint = "space marks   Enter goes on with what is marked   Esc leaves"

    def __init__(self, title: str, items: Sequence[Item], above: Sequence[Line] = ()) -> None:
        super().__init__(title, items, above)
        self._marked: set[str] = set()

    def sign(self, item: Item) -> str:
        """Whether it is marked."""
        return "[x] " if item.name in self._marked else "[ ] "

    def action_mark(self) -> None:
        """Mark it, or take its mark away."""
        item = self.items[self.at]
        if not item.obstacle:
            self._marked ^= {item.name}
        self.show_items()

    def action_take(self) -> None:
        """Those that are marked, in the order of the list."""
        if self._marked:
            self.dismiss(tuple(item.name for item in self.items if item.name in self._marked))
        else:
            self.say("nothing is marked: space marks   Esc leaves")
