"""The JSON Schema of a part of a strategy: what a variant says over its file, and a preset below one.

Every key is the strategy's own, and none is asked for: what is missing stands elsewhere. So may the kind of structure, and the
keys of `spread` are those of all structures together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

Schema = dict[str, Any]
_OF = "Over"
"""What stands before the name of a section that lacks nothing."""


def part_of(strategy: Schema, keys: Iterable[str]) -> tuple[Schema, Schema]:
    """What a part of a strategy with these keys may say, and the definitions that it needs."""
    definitions: Schema = dict(strategy["definitions"])
    properties: Schema = {}
    for key in keys:
        declared: Schema = strategy["properties"][key]
        name = str(declared.get("$ref", "")).rpartition("/")[2]
        if key == "spread":
            definitions[f"{_OF}Spread"] = _spread(declared, definitions)
            declared = {"$ref": f"#/definitions/{_OF}Spread", "description": declared["description"]}
        elif name:
            definitions[f"{_OF}{name}"] = {what: value for what, value in definitions[name].items() if what != "required"}
            declared = {**declared, "$ref": f"#/definitions/{_OF}{name}"}
        properties[key] = declared
    part = {"type": "object", "additionalProperties": False, "properties": properties}
    return part, {name: definitions[name] for name in sorted(_used(part, definitions))}


def needs(strategy: Schema) -> Schema:
    """What the sections of a whole strategy ask for, taken out of their definitions: it may stand in a variant or a preset."""
    definitions, asked = strategy["definitions"], dict[str, Schema]()
    for key, declared in strategy["properties"].items():
        name = str(declared.get("$ref", "")).rpartition("/")[2]
        if name and (required := definitions[name].pop("required", None)):
            asked[key] = {"required": required}
    kinds: list[Schema] = []
    for one in strategy["properties"]["spread"]["oneOf"]:
        of = definitions[one["$ref"].rpartition("/")[2]]
        required, of["required"] = of["required"], ["type"]
        named = {"properties": {"type": of["properties"]["type"]}, "required": ["type"]}
        kinds.append({"if": named, "then": {"required": required}})
    return {**asked, "spread": {"allOf": kinds}}


def _spread(declared: Schema, definitions: Schema) -> Schema:
    """The keys of all structures, each with every meaning that it has in one of them."""
    meanings: dict[str, dict[str, Schema]] = {}
    types: list[str] = []
    for one in declared["oneOf"]:
        for key, value in definitions[one["$ref"].rpartition("/")[2]]["properties"].items():
            if key == "type":
                types.append(value["const"])
            else:
                plain = {what: part for what, part in value.items() if what != "description"}
                meanings.setdefault(key, {}).setdefault(json.dumps(plain, sort_keys=True), value)
    several = {key: list(found.values()) for key, found in meanings.items()}
    properties = {key: found[0] if len(found) == 1 else _any_of(found) for key, found in several.items()}
    return {"type": "object", "additionalProperties": False, "properties": {"type": {"enum": types}, **properties}}


def _any_of(found: list[Schema]) -> Schema:
    return {"anyOf": found, "description": found[0].get("description", "")}


def _used(node: Any, definitions: Schema) -> set[str]:
    """The definitions that a schema names, and those that these name."""
    names: set[str] = set()
    waiting: list[Any] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(one)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(one, dict):
            name = str(one.get("$ref", "")).rpartition("/")[2]  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            if name and name not in names:
                names.add(name)
                waiting.append(definitions[name])
            waiting.extend(one.values())  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
    return names
