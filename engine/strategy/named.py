"""Named conditions and presets: what the trader says once and uses in several files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, PlainValidator, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from engine.strategy.expressions.reader import LineReader
from engine.strategy.expressions.tree import Relation
from engine.strategy.loader.spelling import nearest
from engine.strategy.measures.index import declared_in
from engine.strategy.source import SHARED_FROM, Listed, Mapped, Node, Place, Text, about, complaint
from engine.strategy.values.counts import NAME
from engine.strategy.values.view import StandingView
from engine.strategy.way_out import did_you_mean, remove, write

RELATIONS: tuple[Relation, ...] = ("market", "leg", "spread", "position")
"""What a named condition can be about: that of `when`, of `filters`, of `rules`, of `exits`."""

PRESET_KEYS = ("universe", "when", "filters", "sizing", "limits", "entry", "exits", "roll")
"""What a preset may say: all but what is searched, and what a strategy is."""

SaidViews: TypeAlias = Mapping[str, StandingView]
"""Views of prices that lines may name."""

_EXAMPLE = write("[vix <= 20, no FOMC within 2 days]")


def relations_reading(line: Text, views: SaidViews) -> list[Relation]:
    """Where a line has a meaning as it stands."""
    return [relation for relation in RELATIONS if _error_in(line, relation, views) is None]


def _error_in(line: Text, relation: Relation, views: SaidViews) -> PydanticCustomError | None:
    relations: tuple[Relation, ...] = ("position", "market") if relation == "position" else (relation,)
    try:
        LineReader("condition", relations, views=views).read(line)
    except PydanticCustomError as error:
        return error
    return None


@dataclass(frozen=True, slots=True)
class Named:
    """The lines of a condition, as they are written; all of them must hold."""

    lines: tuple[Text, ...]

    @classmethod
    def of(cls, written: Node) -> Named:
        """What stands in a file, whether or not it is right."""
        lines = written if isinstance(written, Listed) else [written]
        return cls(tuple(line for line in lines if isinstance(line, Text)))

    def shared(self) -> Named:
        """The same with the places that lines of common.yaml have in a file that uses them."""
        return Named(tuple(text_shared(line) for line in self.lines))

    def __str__(self) -> str:
        return str(self.lines[0]) if len(self.lines) == 1 else f"[{', '.join(self.lines)}]"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(_named)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        line = {"type": "string", "minLength": 1}
        return {
            "anyOf": [line, {"type": "array", "items": line, "minItems": 1}],
            "examples": ["vix <= 20"],
        }


def _named(written: Any, info: core_schema.ValidationInfo) -> Named:
    if isinstance(written, Named):
        return written
    if isinstance(written, Mapped) or (isinstance(written, Listed) and not all(isinstance(one, Text) for one in written)):
        raise complaint(written.place, "wanted a condition, or a list of them", _EXAMPLE)
    named = Named.of(written)
    if not named.lines or not all(named.lines):
        raise complaint(
            getattr(written, "place", None), "nothing is written here; wanted a condition, or a list of them", _EXAMPLE
        )
    views: SaidViews = (info.context or {}).get("line", {}).get("views", {})
    for line in named.lines:
        if not relations_reading(line, views):
            likely = min(RELATIONS, key=lambda relation: _strange_words(line, relation))
            reader = LineReader("condition", ("position", "market") if likely == "position" else (likely,), views=views)
            error = _error_in(line, likely, views)
            assert error is not None, "it reads nowhere"
            raise reader.led(line, error)
    return named


def _strange_words(line: Text, relation: Relation) -> int:
    known = declared_in(relation)
    return sum(word not in known for word in re.findall(r"(?<![0-9.])[a-z_][a-z0-9_]*", line.casefold()))


@dataclass(frozen=True, slots=True)
class Preset:
    """Keys of a strategy, as they are written."""

    tree: Mapped

    def shared(self) -> Preset:
        """The same with the places that it has in a file that uses it."""
        tree = _shared(self.tree)
        assert isinstance(tree, Mapped), "as it was"
        return Preset(tree)

    def __str__(self) -> str:
        return ", ".join(f"{key}: {_spelled(value)}" for key, value in self.tree.items())

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_preset)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {
            "type": "object",
            "minProperties": 1,
            "examples": ["{exits: [profit >= 50% of credit, dte <= 21]}"],
        }


def _preset(written: Any) -> Preset:
    if isinstance(written, Preset):
        return written
    if not isinstance(written, Mapped) or not written:
        place = getattr(written, "place", None)
        raise complaint(place, "wanted keys of a strategy", f"keys here: {', '.join(PRESET_KEYS)}")
    for key in written:
        if key not in PRESET_KEYS:
            known = f"keys here: {', '.join(PRESET_KEYS)}"
            raise about(key, f"a preset has no '{key}'", did_you_mean(nearest(key, PRESET_KEYS), known))
    return Preset(written)


def _spelled(node: Node) -> str:
    if isinstance(node, Mapped):
        return f"{{{', '.join(f'{key}: {_spelled(value)}' for key, value in node.items())}}}"
    return f"[{', '.join(map(_spelled, node))}]" if isinstance(node, Listed) else str(node)


def _shared(node: Node) -> Node:
    if isinstance(node, Text):
        return text_shared(node)
    if isinstance(node, Mapped):
        made: Mapped | Listed = Mapped({text_shared(key): _shared(value) for key, value in node.items()})
    else:
        made = Listed(_shared(part) for part in node)
    made.place = _behind(node.place)
    made.span = _behind(node.span) if node.span else None
    made.closes = _behind(node.closes) if node.closes else None
    return made


def text_shared(text: Text) -> Text:
    """A text of common.yaml with the place that it has in a file that uses it."""
    made = Text.at(str(text), _behind(text.place), exact=text.exact, plain=text.plain)
    made.runs_on = text.runs_on
    return made


def _behind(place: Place) -> Place:
    return Place(SHARED_FROM + place.line, place.column, place.end_column)


def no_name(written: Text) -> tuple[str, str]:
    """What is wrong with a name that is none, and the way out."""
    likely = re.sub(r"[^a-z0-9_]+", "_", written.lower()).strip("_").lstrip("0123456789_")[:40] or "calm_market"
    return f"'{written[:40]}' is no name: small letters, digits and _, at most 40, beginning with a letter", write(likely)


def _condition_name(written: Any) -> str:
    name = written if isinstance(written, Text) else Text(written)
    if re.fullmatch(NAME, name) is None:
        raise about(name, *no_name(name))
    if name in declared_in(*RELATIONS):
        raise about(name, f"'{name}' is a number of the language already", write(f"my_{name}"[:40]))
    return str(name)


def _preset_name(written: Any) -> str:
    name = written if isinstance(written, Text) else Text(written)
    if re.fullmatch(NAME, name) is None:
        raise about(name, *no_name(name))
    return str(name)


Conditions: TypeAlias = dict[Annotated[str, BeforeValidator(_condition_name)], Named]
Presets: TypeAlias = dict[Annotated[str, BeforeValidator(_preset_name)], Preset]


def _used(written: Any) -> tuple[str, ...]:
    names = written if isinstance(written, list | tuple) else (written,)
    for name in names:
        if not isinstance(name, str) or not name:
            raise complaint(getattr(name, "place", None), "wanted the name of a preset of common.yaml", remove())
    return tuple(str(name) for name in names)


_PRESET_NAME = {"type": "string", "pattern": f"^{NAME}$"}
Uses: TypeAlias = Annotated[
    tuple[str, ...],
    PlainValidator(_used),
    WithJsonSchema(
        {"anyOf": [_PRESET_NAME, {"type": "array", "items": _PRESET_NAME, "minItems": 1}], "examples": ["out_at_half"]}
    ),
]


def _variants(written: Any) -> Mapping[str, Any]:
    """Only what is no variant at all comes here: variants that can be read were put over the file before."""
    if isinstance(written, Mapping) and not isinstance(written, Mapped):
        return written  # pyright: ignore[reportUnknownVariableType]
    example = write("{spy: {universe: [SPY]}, qqq: {universe: [QQQ]}}")
    raise complaint(getattr(written, "place", None), "wanted variants by their names", example)


Variants: TypeAlias = Annotated[
    Mapping[str, Any],
    PlainValidator(_variants),
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": f"^{NAME}$"},
            "additionalProperties": {"type": "object"},
            "examples": ["{spy: {universe: [SPY]}, qqq: {universe: [QQQ]}}"],
        }
    ),
]
