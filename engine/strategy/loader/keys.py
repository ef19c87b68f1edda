"""What a model says about itself, for messages: its keys, the models below them, where a key would be right."""

from __future__ import annotations

import types
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from engine.strategy.loader.spelling import nearest
from engine.strategy.spreads.structure import Structure
from engine.strategy.spreads.union import STRUCTURES
from engine.strategy.values.scalar import Scalar
from engine.strategy.written import fields_in_order

_EXAMPLES = {
    "spread": f"{{type: {next(iter(STRUCTURES))}, expiry: 30-60 days, width: $5}}",
    "sizing": "{risk: 2% of net liquidation}",
    "universe": "[SPX]",
    "auto_when": "[max_loss <= $300]",
    "each_side": "[loss >= 100% of total_credit]",
}


def model_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel] | None:
    """The model that is responsible for the keys at a location of a validation error."""
    members = [model]
    for part in location:
        tagged = [member for member in members if _tag(member) == part]
        if tagged:
            members = tagged
            continue
        found = [inner for member in members for inner in _models(_annotation(member, str(part)))]
        members = found or members
    return members[0] if members else None


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys as they are written in the file, `type` first."""
    keys = [field.alias or name for name, field in fields_in_order(model)]
    return sorted(keys, key=lambda key: key != "type")


def meant_key(key: str, keys: list[str]) -> str | None:
    """The key that was meant, where one is spelled much like it."""
    return nearest(key.casefold().replace("-", "_").replace(" ", "_"), keys)


def homes_of(key: str, model: type[BaseModel]) -> list[str]:
    """Where else a key would be right."""
    return list(_homes(model).get(key, ()))


@cache
def _homes(model: type[BaseModel], above: str = "") -> dict[str, list[str]]:
    """The sections below a model that have each key."""
    homes: dict[str, list[str]] = {}
    for name, field in model.model_fields.items():
        path = ".".join(filter(None, (above, field.alias or name)))
        for inner in _models(field.annotation):
            for key in keys_of(inner):
                homes.setdefault(key, []).append(path)
            for key, below in _homes(inner, path).items():
                homes.setdefault(key, []).extend(below)
    return {key: list(dict.fromkeys(paths)) for key, paths in homes.items()}


def types_of(model: type[BaseModel], key: str) -> list[str]:
    """What may be written as `type` below a key whose value is one of several models."""
    return [tag for tag in (_tag(member) for member in _models(_annotation(model, key))) if tag]


def example_of(model: type[BaseModel], key: str) -> str | None:
    """A value that makes sense for a key."""
    for name, field in model.model_fields.items():
        if key in {name, field.alias}:
            scalar = next((extra for extra in field.metadata if isinstance(extra, Scalar)), None)
            return scalar.examples[0] if scalar else _example_of_structure(model, key) or _EXAMPLES.get(name)
    return None


def _example_of_structure(model: type[BaseModel], key: str) -> str | None:
    """The value of a key in the example of a structure."""
    lines = model.example.keys if issubclass(model, Structure) else ()
    return next((line.removeprefix(f"{key}: ").split("  ")[0] for line in lines if line.startswith(f"{key}: ")), None)


def field_of(model: type[BaseModel], path: str, pays: str | None = None, kind: str | None = None) -> FieldInfo | None:
    """The field at a path of keys, `spread.width`; of several structures that of this `kind`, else of one that `pays` this, a
    credit when nothing is known.
    """
    *above, last = path.split(".")
    members = [model]
    for part in above:
        members = [inner for member in members for inner in _models(_annotation(member, part))]
        members = [member for member in members if _tag(member) == kind] or members
    fitting = [member for member in members if getattr(member, "pays", "credit") in {pays or "credit", "either"}] or members
    found = (field for member in fitting for name, field in member.model_fields.items() if last in {name, field.alias})
    return next(found, None)


def scalar_of(model: type[BaseModel], path: str, pays: str | None = None, kind: str | None = None) -> Scalar | None:
    """How the value at a path of keys is written, where it is one scalar."""
    field = field_of(model, path, pays, kind)
    extras = [] if field is None else [*field.metadata, *_extras(field.annotation)]
    return next((extra for extra in extras if isinstance(extra, Scalar)), None)


def _extras(annotation: Any) -> list[Any]:
    """What is said beside the types of an annotation, through unions and Annotated."""
    inner = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return [*inner[1:], *_extras(inner[0])]
    if get_origin(annotation) in {Union, types.UnionType}:
        return [extra for part in inner for extra in _extras(part)]
    return []


def _annotation(model: type[BaseModel], key: str) -> Any:
    for name, field in model.model_fields.items():
        if key in {name, field.alias}:
            return field.annotation
    return None


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models inside an annotation, through unions and Annotated."""
    if isinstance(annotation, type) and not get_args(annotation):
        return [annotation] if issubclass(annotation, BaseModel) else []
    inner = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return _models(inner[0])
    if get_origin(annotation) in {Union, types.UnionType, tuple, list, dict}:
        return [model for part in inner for model in _models(part)]
    return []


def _tag(model: type[BaseModel]) -> str | None:
    field = model.model_fields.get("type")
    return str(field.default) if field else None
