"""Text with meaning: lines of pieces, each with what its colour says; the theme has the colour."""

from collections.abc import Iterable, Mapping
from typing import Literal

from rich.text import Text

from engine.console.themes import style

Tone = Literal["", "up", "down", "warn", "info", "stale", "fault", "strong"]
"""What a colour means; `themes.py` has them."""
Piece = tuple[str, Tone]
"""Text, and the colour that it speaks with."""
Line = list[Piece]
EMPTY: Line = [("", "")]


def line(text: str, tone: Tone = "") -> Line:
    """A line of one piece."""
    return [(text, tone)]


def row(*pieces: Piece) -> Line:
    """A line of several."""
    return list(pieces)


def facts(*told: tuple[str, str] | tuple[str, str, Tone]) -> Line:
    """Names and values side by side: the names grey, the values in their colour."""
    found: Line = []
    for name, value, *tone in told:
        found.append((f"{name} " if name else "", "stale"))
        found.append((f"{value}   ", tone[0] if tone else ""))
    return found


def drawn(lines: Iterable[Line], variables: Mapping[str, str], *, on: str = "background", is_stale: bool = False) -> Text:
    """The lines in the colours of a theme, all grey where they are of the past."""
    return Text("\n").join(
        Text.assemble(*((text, style(variables, "stale" if is_stale else tone, on=on)) for text, tone in one), end="")
        for one in lines
    )
