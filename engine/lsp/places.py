"""Where a cursor stands in a file that is just being typed: its keys from the top, and the word under it.

The text may be no YAML at this moment, so it is read by its indentation, line by line upward.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_KEY = re.compile(r"^(?P<before>[ ]*(?:- )*)(?P<key>[A-Za-z_][\w ]*?)[ ]*:(?=\s|$)")
_INNER = re.compile(r"(?P<key>[A-Za-z_]\w*)[ ]*:[ ]*(?P<rest>[^,{}\[\]]*)$")
_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Cursor:
    """`section` is the path of what the cursor stands in; `key` is the key whose value it stands in, None where a key would be
    written, or a part of a list.
    """

    section: tuple[str | None, ...]
    key: str | None
    typed: str
    """What stands before it of the key or value."""


def cursor_at(lines: Sequence[str], line: int, column: int) -> Cursor:
    """Where line and column, from 0, in characters, stand."""
    before = lines[line][:column] if line < len(lines) else ""
    indent = len(before) - len(before.lstrip(" "))
    found, is_part = _KEY.match(before), before.lstrip().startswith("-")
    section = _above(lines, line, indent, is_part=is_part)
    if is_part:
        section = (*section, None)
    if found is None:
        return Cursor(section, None, before.strip().removeprefix("-").strip())
    key, typed = found["key"], before[found.end() :].strip()
    opened = typed.rfind("{")
    if opened > typed.rfind("}"):  # `short_delta: {put: 0.12-`
        inner = _INNER.search(typed[opened + 1 :])
        if inner is None:
            return Cursor((*section, key), None, typed[opened + 1 :].rpartition(",")[2].strip())
        return Cursor((*section, key), inner["key"], inner["rest"].strip())
    return Cursor(section, key, typed)


def path_of(cursor: Cursor) -> tuple[str | None, ...]:
    """The path of the value in which it stands."""
    return cursor.section if cursor.key is None else (*cursor.section, cursor.key)


def structure_of(lines: Sequence[str]) -> str | None:
    """What `spread.type` says; None where it says nothing yet."""
    found = (re.match(r"\s+type:\s*([a-z_]+)", line) for line in lines)
    return next((one[1] for one in found if one), None)


def word_at(text: str, column: int) -> tuple[str, int, int]:
    """The word under a column of a line, and where it begins and ends; empty where there is none."""
    for found in _WORD.finditer(text):
        if found.start() <= column <= found.end():
            return found[0], found.start(), found.end()
    return "", column, column


def _above(lines: Sequence[str], line: int, indent: int, *, is_part: bool) -> tuple[str | None, ...]:
    """The keys that enclose a line of this indent, from the top."""
    found: list[str | None] = []
    for text in reversed(lines[:line]):
        stripped = text.split(" #", 1)[0].rstrip()
        if not stripped or stripped.lstrip().startswith("#"):
            continue
        own = len(stripped) - len(stripped.lstrip(" "))
        key = _KEY.match(stripped)
        # A list may stand as far left as its key.
        encloses = own < indent or (is_part and own == indent and not stripped.lstrip().startswith("-"))
        if encloses and key is not None and (stripped.endswith(":") or own < indent):
            found.append(key["key"])
            indent, is_part = own, False
        if indent == 0:
            break
    return tuple(reversed(found))
