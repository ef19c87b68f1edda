"""The JSON Schemas of the trader's files, for completion and checking in editors with a YAML language server."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from engine.strategy.account import Account
from engine.strategy.common import CommonFile
from engine.strategy.events import Events
from engine.strategy.model import StrategyFile
from engine.strategy.named import PRESET_KEYS
from engine.strategy.schema_parts import needs, part_of

MODELS: dict[str, tuple[type[BaseModel], str]] = {
    "strategy": (StrategyFile, "A strategy"),
    "account": (Account, "Limits of the account"),
    "common": (CommonFile, "Shared lists, conditions and presets"),
    "events": (Events, "Dated events"),
}


_LACKS_BUDGET = {"properties": {"entry": {"not": {"required": ["auto_up_to"]}}}}
_LACKS_STOP = {"not": {"required": ["limits"], "properties": {"limits": {"required": ["stop_for_day"]}}}}


def _no_auto(why: str) -> dict[str, Any]:
    refused = {"pattern": "^(?!auto(?:$|[ ,]))", "patternErrorMessage": why}
    return {"properties": {"entry": {"properties": {"approval": refused}}}}


_ACROSS: dict[str, list[dict[str, Any]]] = {
    "strategy": [
        {"if": _LACKS_BUDGET, "then": _no_auto("approval: auto, but no budget is set; add  auto_up_to  in entry")},
        {"if": _LACKS_STOP, "then": _no_auto("approval: auto, but no stop_for_day is set; add it in limits")},
        {
            "if": {"not": {"required": ["roll"]}},
            "then": {
                "properties": {
                    "exits": {
                        "items": {
                            "additionalProperties": {
                                "pattern": "^(?!roll)",
                                "patternErrorMessage": "this exit rolls, but roll: does not say where to",
                            }
                        }
                    }
                }
            },
        },
    ]
}
"""What one key asks of another, told at the place of the one that asks."""


class _WithoutDefaults(GenerateJsonSchema):
    """Defaults are values here and text in the file, so they are left to the descriptions."""

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


def schemas() -> dict[str, str]:
    """File name → text of every schema, in the form in which it is committed."""
    return {f"{name}.schema.json": schema_text(name) for name in MODELS}


def schema_text(name: str) -> str:
    """One schema as text. Raises KeyError for a name that is not in MODELS."""
    _, title = MODELS[name]
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", **_declared(name), "title": title}
    if name in _ACROSS:
        schema["allOf"] = _ACROSS[name]
    if name == "common":
        _put(schema, "presets", PRESET_KEYS)
    if name == "strategy":
        _put(schema, "variants", [key for key in schema["properties"] if key not in {"schema", "name", "variants"}])
        needed = schema.pop("required")
        own = [key for key in needed if key not in {"universe", "spread", "sizing"}]
        elsewhere = {"anyOf": [{"required": ["use"]}, {"required": ["variants"]}]}
        schema["required"] = own
        whole = {"required": needed, "properties": needs(schema)}
        schema["allOf"] = [*schema["allOf"], {"if": {"not": elsewhere}, "then": whole}]
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _declared(name: str) -> dict[str, Any]:
    """The schema of a model."""
    return _tidy(MODELS[name][0].model_json_schema(by_alias=True, schema_generator=_WithoutDefaults))


def _put(schema: dict[str, Any], key: str, keys: Iterable[str]) -> None:
    """Says what stands below each name of a key: parts of a strategy."""
    part, definitions = part_of(_declared("strategy"), keys)
    named: dict[str, Any] = schema["properties"][key]
    named["additionalProperties"] = {**named.get("additionalProperties", {}), **part}
    schema["definitions"] = {**schema.get("definitions", {}), **definitions}


def _tidy(node: Any) -> Any:
    """In the words of draft 7, which editors understand, and without what the file cannot say: titles made from names, null."""
    if isinstance(node, list):
        return [_tidy(part) for part in node]
    if not isinstance(node, dict):
        return node
    tidy: dict[str, Any] = {}
    for key, value in node.items():
        match key:
            case "title" | "discriminator":
                continue
            case "properties" | "$defs":
                tidy["definitions" if key == "$defs" else key] = {name: _tidy(part) for name, part in value.items()}
            case "$ref":
                tidy[key] = value.replace("#/$defs/", "#/definitions/")
            case "anyOf" if {"type": "null"} in value:
                rest = [_tidy(part) for part in value if part != {"type": "null"}]
                tidy.update(rest[0] if len(rest) == 1 else {"anyOf": rest})
            case _:
                tidy[key] = _tidy(value)
    if "const" in tidy.get("properties", {}).get("type", {}):
        tidy["required"] = ["type", *tidy.get("required", [])]
    return tidy
