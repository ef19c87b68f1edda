"""`views:` of a file and of common.yaml: views of a price by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema

from engine.strategy.measures.index import declared_in
from engine.strategy.named import no_name
from engine.strategy.source import Mapped, Text, about, complaint
from engine.strategy.values.counts import NAME
from engine.strategy.values.view import STANDING_EXAMPLES, NoView, StandingView, read_standing
from engine.strategy.way_out import write

_AT = re.compile(r"\bat\s+([a-z][a-z0-9_]*)(?![a-z0-9_]|\s*\()")
"""The name behind `at`, which is no volatility of the market with its days in brackets."""
_WRONG = read_standing(STANDING_EXAMPLES[0])
"""Stands for a view that is wrong and is told as that, so that no line which names it is told besides."""


def views_written(tree: Mapped | None) -> dict[str, StandingView]:
    """The views below `views:`, by name."""
    node = tree.get(Text("views")) if tree is not None else None
    return {str(name): _as_far_as_read(text) for name, text in node.items()} if isinstance(node, Mapped) else {}


def names_viewed(line: str) -> list[str]:
    """What a line may name as a view."""
    return _AT.findall(line.casefold())


def _as_far_as_read(written: object) -> StandingView:
    try:
        return read_standing(written) if isinstance(written, str) else _WRONG
    except NoView:
        return _WRONG


def _view_name(written: Any) -> str:
    name = written if isinstance(written, Text) else Text(written)
    if re.fullmatch(NAME, name) is None:
        raise about(name, *no_name(name))
    if name in declared_in("market"):
        raise about(name, f"'{name}' is a number of the market already", write(f"my_{name}"[:40]))
    return str(name)


def _view(written: Any) -> StandingView:
    if isinstance(written, StandingView):
        return written
    if not isinstance(written, str):
        place = getattr(written, "place", None)
        raise complaint(place, "wanted a view of a price", write(*STANDING_EXAMPLES))
    try:
        return read_standing(written)
    except NoView as error:
        hint = write(error.better, note=error.note) if error.better else error.note
        raise complaint(getattr(written, "place", None), str(error), hint) from None


_BY = "(?:by|until|till|before)"
_PATTERN = rf"^(?!.*%.* {_BY} )(?!.* {_BY} (?!.*[0-9]{{4}}|.*(?:day|week|month))).*[0-9]"
"""For editors: a share by a day, and a day without its year, are refused."""


_Written: TypeAlias = Annotated[
    StandingView,
    PlainValidator(_view),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": _PATTERN,
            "patternErrorMessage": f"a view of a price: {'  |  '.join(STANDING_EXAMPLES)}",
            "examples": list(STANDING_EXAMPLES),
        }
    ),
]
Views: TypeAlias = Mapping[Annotated[str, BeforeValidator(_view_name)], _Written]
