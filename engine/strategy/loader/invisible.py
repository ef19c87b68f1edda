"""Characters that nobody sees and that a file should not have: spaces that only look like one, and what is not printed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from engine.strategy.source import Place
from engine.strategy.way_out import WayOut, Write, strike

_LOOKS_LIKE_SPACE = "[\u00a0\u2000-\u200a\u202f\u205f\u3000]"

INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufdd0-\ufdef\ufffe\uffff]"
)


def unseen_character(lines: Sequence[str]) -> tuple[Place, str, WayOut] | None:
    """Where the first of them stands, what is wrong with it, and the way out."""
    for number, line in enumerate(lines, 1):
        if indented := re.match(f"[ \\t]*({_LOOKS_LIKE_SPACE})", line):
            place = Place(number, indented.end(), indented.end() + 1)
            return place, "this line is indented with a space that only looks like one", _with_plain_spaces(lines)
        for found in INVISIBLE.finditer(line):
            name = unicodedata.name(found[0], "") or {"\x00": "a zero byte"}.get(found[0], "a control character")
            place = Place(number, found.start() + 1, found.start() + 2)
            return place, f"an invisible character stands here: U+{ord(found[0]):04X}, {name.lower()}", strike()
    return None


def _with_plain_spaces(lines: Sequence[str]) -> WayOut:
    """Ordinary spaces in place of all that only look like one, before a line's first letter."""
    changes: list[Write] = []
    for number, line in enumerate(lines, 1):
        indent = line[: len(line) - len(line.lstrip())]
        plain = re.sub(_LOOKS_LIKE_SPACE, " ", indent)
        if plain != indent:
            changes.append(Write(plain, Place(number, 1, len(indent) + 1)))
    return WayOut.of("use ordinary spaces", *changes)
