"""What a column of a live table is: where its value stands, how it is written, and what colour it speaks with."""

from collections.abc import Callable
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from engine.console.text import Tone
from engine.words import ABSENT

Values = tuple[object, ...]
"""One row: a value for every column, None where it is not known."""


def as_text(value: object) -> str:
    """The value as it is, a dash where there is none."""
    return ABSENT if value is None else str(value)


def gain_or_loss(value: object) -> Tone:
    """Money gained is up, money lost is down."""
    if not isinstance(value, int | float) or value == 0:
        return ""
    return "up" if value > 0 else "down"


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    """In filters and exports."""
    title: str
    width: int
    """Characters."""
    about: str = ""
    """What the value means, in a sentence."""
    show: Callable[[object], str] = as_text
    tone: Callable[[object], Tone] | None = None
    is_number: bool = False
    """Stands at the right, and the largest comes first where it is sorted by."""
    moves: bool = False
    """Flashes where it has changed, with an arrow that says which way."""
    is_wide: bool = False
    """Takes the room that the others leave."""


def fitted(text: str, width: int, *, is_right: bool) -> str:
    """The text in exactly so many cells, its end cut where it is longer."""
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    room = " " * (width - length)
    return room + text if is_right else text + room
