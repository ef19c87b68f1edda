"""A value of the wrong shape becomes the right one: keys that should be lines, a text that should be a list or keys."""

from __future__ import annotations

import re

from pydantic import BaseModel

from engine.strategy.expressions.reader import LineReader
from engine.strategy.loader.keys import keys_of, scalar_of
from engine.strategy.loader.renamed import RELATIONS, Renaming
from engine.strategy.loader.written import best_of, source_of
from engine.strategy.source import Listed, Mapped, Node, Text
from engine.strategy.spreads.pairs import Pair
from engine.strategy.way_out import WayOut, remove, turn, write

_COMMA = re.compile(r"\s*(?:[;\n]|,(?![0-9]{3}(?![0-9]))|\s&&\s|\s(?:and|AND)\s(?!\$?[0-9.]))\s*")
"""What parts the conditions of one text: no comma within a number, no `and` of a `between`."""


def as_list(renaming: Renaming, name: str, node: Node) -> WayOut | None:
    """The way out where lines are written as keys, or in one text."""
    if isinstance(node, Text) and not node:
        return remove(f", or write the lines of {name} below it")
    if name not in RELATIONS:
        parts = [part for part in _COMMA.split(node) if part] if isinstance(node, Text) else []
        return write(f"[{', '.join(parts)}]") if parts and isinstance(node, Text) and not node.runs_on else None
    key = name.rpartition(".")[2]
    if isinstance(node, Mapped):
        lines = [renaming.as_line(name, str(word), value) for word, value in node.items()]
        return turn(f"{key}: [{', '.join(line or '' for line in lines)}]") if lines and all(lines) else None
    if not isinstance(node, Text):
        return None
    if name.startswith("exits") and node.casefold() == "let expire":
        return write("[let expire]")
    reader = LineReader("condition", (RELATIONS[name],), **renaming.about_lines)
    if re.match(r"-[A-Za-z]", node):
        dashed = [f"- {part.strip()}" for part in re.split(r"(?:^|\s)-(?=[A-Za-z])", node) if part.strip()]
        return write(dashed[0], note=", with a space behind the dash") if len(dashed) == 1 and node.exact else None
    parts = [part for part in _COMMA.split(node) if part.strip()]
    for written in ([str(node)], parts):
        lines = [reader.meant(part) for part in written]
        if lines and all(lines):
            return write(f"[{', '.join(line or '' for line in lines)}]")
    return None


def as_keys(renaming: Renaming, name: str, node: Node) -> WayOut | None:
    """The way out where a section is one value, or a list of its keys."""
    path = name.split(".")
    key = path[-1]
    if isinstance(node, Listed) and name == "conditions" and Text("when") not in renaming.tree:
        # A list of them is what other programs call what `when` is here; by this name ours have names of their own.
        key_of = next((one for one in renaming.tree if one == name), None)
        return write("when", place=key_of.place) if isinstance(key_of, Text) else None
    if isinstance(node, Listed):
        pairs = [(word, source_of(value)) for part in node if isinstance(part, Mapped) for word, value in part.items()]
        whole = len(pairs) >= len(node) and all(value for _, value in pairs)
        return turn(f"{key}: {{{', '.join(f'{word}: {value}' for word, value in pairs)}}}") if pairs and whole else None
    if not isinstance(node, Text):
        return None
    if not node:
        return remove(f", or write the keys of {name} below it")
    owner = renaming.owner(path)
    scalars = [(one, renaming.scalar(f"{name}.{one}")) for one in (keys_of(owner) if owner else [])]
    as_written = [(one, str(node)) for one, scalar in scalars if scalar is not None and scalar.reads(node)]
    guessed = [(one, best) for one, scalar in scalars if scalar is not None and (best := best_of(scalar, str(node)))]
    named = [(one, value) for one, value in (*as_written, *guessed) if re.search(rf"\b{one.rstrip('s')}s?\b", node.casefold())]
    for one, value in (*named, *as_written, *guessed):
        if owner is not None and issubclass(owner, Pair):
            other = next(key for key in keys_of(owner) if key != one)
            return write(f"{{{one}: {value}, {other}: {owner.beside(other, value)}}}")
        return write(f"{{{one}: {value}}}")
    return None


def beside_its_pair(owner: type[BaseModel], key: str, node: Node) -> str | None:
    """What is likely beside the one value of a pair that is written."""
    if not issubclass(owner, Pair) or not isinstance(node, Mapped) or len(node) != 1:
        return None
    (said,) = node.values()
    scalar = scalar_of(owner, key)
    value = best_of(scalar, str(said)) if scalar is not None and isinstance(said, Text) else None
    return owner.beside(key, value) if value is not None else None
