"""At which lines the JSON Schema of a file says that something is wrong, as an editor's YAML server would tell.

Where that server runs beside ours, what it tells is not told again. It takes scalars as YAML 1.2 has them, and of alternatives
the one that the file names. What is no YAML at all is not looked at: that is told by both, ours with the way out.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from engine.lsp.declared import schema_of
from engine.strategy.loader.document import read_document
from engine.strategy.source import Listed, Mapped, Node, Text, place_at, steps_to

_NULL, _TRUE = re.compile(r"(?:null|Null|NULL|~|)"), re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER, _NUMBER = re.compile(r"[-+]?[0-9]+"), re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def lines_said(kind: str, text: str) -> frozenset[int]:
    """The lines, from 1, at which the schema has something to say; none of a text that is no YAML."""
    document = read_document(text, "x.yaml")
    if document.tree is None or document.problems:
        return frozenset()
    plain = _plain(document.tree)
    tree = document.tree
    return frozenset(line for error in _validator(kind).iter_errors(plain) for line in _lines(error, tree))


@cache
def _validator(kind: str) -> Draft7Validator:
    return Draft7Validator(schema_of(kind))


def _plain(node: Node) -> Any:
    match node:
        case Mapped():
            return {str(key): _plain(value) for key, value in node.items()}
        case Listed():
            return [_plain(value) for value in node]
        case Text():
            return _scalar(node) if node.plain else str(node)


def _scalar(text: str) -> Any:
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return _TRUE.fullmatch(text) is not None
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else str(text)


def _lines(error: ValidationError, tree: Mapped) -> Iterator[int]:
    """Where the deepest complaints of the likeliest alternative stand."""
    if list(error.absolute_path) == ["exits"] and isinstance(error.instance, dict):
        return  # a list or groups: what was meant a YAML server tells at a place of its own
    if error.validator in {"anyOf", "oneOf"} and error.context:
        for inner in _likeliest(error):
            yield from _lines(inner, tree)
        return
    path = list(error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        for key in error.instance:
            if key not in known:
                yield _line_of_key(tree, path, str(key))
    elif error.validator == "required":
        yield place_at(tree, *path).line
    else:
        yield _first_line(_node_at(tree, path))


def _node_at(tree: Mapped, path: list[str | int]) -> Node:
    return ([node for _, node in steps_to(tree, tuple(path))] or [tree])[-1]


def _line_of_key(tree: Mapped, path: list[str | int], key: str) -> int:
    node = _node_at(tree, path)
    if isinstance(node, Mapped):
        return next((one.place.line for one in node if str(one) == key), node.place.line)
    return node.place.line


def _first_line(node: Node) -> int:
    """Where a value begins: a section without brackets does with its first key or part."""
    if isinstance(node, Mapped) and node and node.closes is None:
        return next(iter(node)).place.line
    if isinstance(node, Listed) and node and node.closes is None:
        return _first_line(node[0])
    return node.place.line


def _likeliest(error: ValidationError) -> list[ValidationError]:
    """The complaints of the alternative that the file means: the one of its `type`, else the one with the fewest."""
    by_part: dict[int, list[ValidationError]] = {}
    for inner in error.context or ():
        by_part.setdefault(int(inner.schema_path[0]), []).append(inner)
    named = [part for part in by_part.values() if not any(list(one.path)[:1] == ["type"] for one in part)]
    return min(named or list(by_part.values()), key=lambda part: (not any(len(one.path) for one in part), len(part)))
