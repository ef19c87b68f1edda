"""What the schemas declare at a place of a file: its sentence, its keys, its values.

The schema is the one declaration from which editors with a YAML server complete; here the same is asked without one.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from engine.strategy.schema import schema_text

Schema = Mapping[str, Any]
Path = Sequence[str | None]
"""Keys from the top of a file; None is a part of a list."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that may be written."""

    label: str
    text: str
    sentence: str


@cache
def schema_of(kind: str) -> Schema:
    """The schema of one kind of file."""
    return cast("Schema", json.loads(schema_text(kind)))


def at(kind: str, path: Path, structure: str | None) -> Sequence[Schema]:
    """What is declared of the value at a path, by every alternative; `structure` is what `spread.type` says, which chooses the
    keys of `spread`.
    """
    root = schema_of(kind)
    found: list[Schema] = [root]
    for part in path:
        found = [below for one in found for below in _below(root, one, part, structure)]
    return found


def keys(kind: str, path: Path, structure: str | None) -> Iterator[Offer]:
    """The keys that may stand in the section at a path."""
    root, seen = schema_of(kind), set[str]()
    for one in (part for section in at(kind, path, structure) for part in _alternatives(root, section, structure)):
        for name, below in one.get("properties", {}).items():
            if name not in seen:
                seen.add(name)
                yield Offer(name, f"{name}: ", sentence(root, below))


def values(kind: str, path: Path, structure: str | None) -> Iterator[Offer]:
    """What may be the value at a path: chosen words, examples, measures."""
    root, seen = schema_of(kind), set[str]()
    for one in (part for declared in at(kind, path, structure) for part in _alternatives(root, declared, structure)):
        if one.get("type") == "array":
            one = _resolved(root, one.get("items", {}))  # noqa: PLW2901 - a list is written by its parts
        for offer in _offers(one):
            if offer.label not in seen:
                seen.add(offer.label)
                yield offer


def sentence(root: Schema, declared: Schema) -> str:
    """The description of what is declared."""
    for one in (declared, *_alternatives(root, declared, None)):
        if one.get("description"):
            return str(one["description"])
    return ""


def _offers(one: Schema) -> Iterator[Offer]:
    words = [*one.get("enum", []), *([one["const"]] if "const" in one else [])]
    for word in words:
        text = word if isinstance(word, str) else json.dumps(word)
        yield Offer(text, text, "")
    for snippet in one.get("defaultSnippets", []):
        body = snippet["body"]
        text = body if isinstance(body, str) else json.dumps(body).replace('"', "")
        yield Offer(str(snippet["label"]), text, str(snippet.get("description", "")))
    for example in one.get("examples", []):
        if isinstance(example, str):
            yield Offer(example, example, "")


def _below(root: Schema, declared: Schema, part: str | None, structure: str | None) -> Iterator[Schema]:
    for one in _alternatives(root, declared, structure):
        if part is None:
            if one.get("type") == "array":
                yield cast("Schema", one.get("items", {}))
        elif part in one.get("properties", {}):
            yield cast("Schema", one["properties"][part])
        elif isinstance(one.get("additionalProperties"), dict):
            yield cast("Schema", one["additionalProperties"])


def _alternatives(root: Schema, declared: Schema, structure: str | None) -> Iterator[Schema]:
    """What is declared with its references followed, each alternative by itself; of structures the one that the file names."""
    whole = _resolved(root, declared)
    yield whole
    for word in ("anyOf", "oneOf", "allOf"):
        parts = [_resolved(root, part) for part in whole.get(word, [])]
        named = [part for part in parts if part.get("properties", {}).get("type", {}).get("const") == structure]
        for part in named or parts:
            yield from _alternatives(root, part, structure)


def _resolved(root: Schema, declared: Schema) -> Schema:
    while "$ref" in declared:
        name = str(declared["$ref"]).rsplit("/", 1)[-1]
        declared = {**root["definitions"][name], **{key: part for key, part in declared.items() if key != "$ref"}}
    return declared
