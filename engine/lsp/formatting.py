"""Numbers as a trader writes them: $5000 is $5,000. Nothing else of a file is touched, its comments neither."""

import re
from collections.abc import Iterator

from engine.strategy.loader.document import read_document
from engine.strategy.problems import Edit
from engine.strategy.source import Listed, Mapped, Node, Text

_DOLLARS = re.compile(r"\$(?P<number>[0-9]{4,})(?![0-9,])")


def formatted(text: str) -> tuple[Edit, ...]:
    """The edits that put commas into amounts of dollars of four digits and more, in order of place."""
    document = read_document(text, "x.yaml")
    if document.tree is None or document.problems:
        return ()
    found = [edit for scalar in _scalars(document.tree, in_brackets=False) for edit in _edits(scalar)]
    return tuple(sorted(found, key=lambda edit: (edit.line, edit.column)))


def _edits(scalar: Text) -> Iterator[Edit]:
    if not scalar.exact or scalar.runs_on:
        return
    for found in _DOLLARS.finditer(scalar):
        place = scalar.part(found.start("number"), found.end("number"))
        yield Edit(place.line, place.column, place.line, place.end_column, f"{int(found['number']):,}")


def _scalars(node: Node, *, in_brackets: bool) -> Iterator[Text]:
    """The scalars and keys of a file; within brackets a comma would cut a scalar in two, unless it stands in quotes."""
    match node:
        case Text():
            if not in_brackets or not node.plain:
                yield node
        case Mapped():
            inside = in_brackets or node.closes is not None
            for key, value in node.items():
                yield from _scalars(key, in_brackets=inside)
                yield from _scalars(value, in_brackets=inside)
        case Listed():
            for value in node:
                yield from _scalars(value, in_brackets=in_brackets or node.closes is not None)
