"""A tree becomes a model, and what pydantic finds wrong with it becomes problems at the place where they stand in the file."""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engine.strategy.document import Document
from engine.strategy.positions import NOWHERE, Listed, Mapped, Node, Place, Text
from engine.strategy.scalar import Scalar, shortened

ModelT = TypeVar("ModelT", bound=BaseModel)

_LINES = frozenset({"when", "filters", "rules", "exits", "auto_when", "rank"})
"""Keys whose values speak for themselves: a message about them needs no path before it."""

_NAKED = (
    "short_put",
    "short_call",
    "naked_put",
    "naked_call",
    "cash_secured_put",
    "covered_call",
    "short_straddle",
    "short_strangle",
    "straddle",
    "strangle",
    "ratio",
    "jade_lizard",
)

_LATER = ("iron_condor", "iron_butterfly", "butterfly", "broken_wing_butterfly", "calendar", "diagonal")
"""Structures that the language will have and this version does not."""

_OTHER_NAMES = {
    "put_credit_spread": "bull_put",
    "bull_put_spread": "bull_put",
    "short_put_spread": "bull_put",
    "call_credit_spread": "bear_call",
    "bear_call_spread": "bear_call",
    "short_call_spread": "bear_call",
    "call_debit_spread": "bull_call",
    "bull_call_spread": "bull_call",
    "long_call_spread": "bull_call",
    "put_debit_spread": "bear_put",
    "bear_put_spread": "bear_put",
    "long_put_spread": "bear_put",
}
"""What traders call the structures of the language elsewhere."""


def read_model(model: type[ModelT], document: Document, context: Mapping[str, Any] | None = None) -> ModelT | None:
    """The model, or None with every problem reported. What could be read beside the problems is not returned."""
    if document.tree is None:
        return None
    try:
        return model.model_validate(document.tree, context=dict(context or {}), by_alias=True, by_name=False)
    except ValidationError as error:
        found = error.errors(include_url=False)
    for location in [details["loc"] for details in found if details["type"] in _NO_TAG]:
        found += _beside_the_tag(model, document.tree, location, context)
    misspelled = _misspelled(model, document.tree, found)
    for details in found:
        if details["type"] != "missing" or details["loc"] not in misspelled:
            _report(model, document, document.tree, details)
    return None


def without_errors(model: type[ModelT], document: Document, context: Mapping[str, Any] | None = None) -> ModelT | None:
    """The model of what is right in the file, or None where too little is left. Reports nothing."""
    tree = document.tree
    for _ in range(3):
        if tree is None:
            return None
        try:
            return model.model_validate(tree, context=dict(context or {}), by_alias=True, by_name=False)
        except ValidationError as error:
            tree = _pruned(tree, {_path(tree, details["loc"]) for details in error.errors() if details["type"] != "missing"})
    return None


_NO_TAG = frozenset({"union_tag_invalid", "union_tag_not_found"})


def _beside_the_tag(
    model: type[BaseModel], tree: Mapped, location: tuple[int | str, ...], context: Mapping[str, Any] | None
) -> list[ErrorDetails]:
    """What else is wrong below a structure whose type is not known, so that it is told at once.

    It is read as the likeliest structure; one of a later version has keys of its own and is left alone.
    """
    node = tree.get(Text(str(location[0]))) if len(location) == 1 else None
    if not isinstance(node, Mapped):
        return []
    written = node.get(Text("type"))
    if isinstance(written, Text) and _plain_name(written) in (*_LATER, *_NAKED):
        return []
    field = _field(model, str(location[0]))
    known = [tag for tag in (_tag(member) for member in _models(field)) if tag]
    likely = (_likely_structure(written, known) if isinstance(written, Text) else None) or known[0]
    typed = Mapped({key: value for key, value in node.items() if key != "type"})
    typed.place = node.place
    typed[Text("type")] = Text(likely)
    whole = Mapped(tree)
    whole[Text(str(location[0]))] = typed
    try:
        model.model_validate(whole, context=dict(context or {}), by_alias=True, by_name=False)
    except ValidationError as error:
        return [details for details in error.errors(include_url=False) if details["loc"][:1] == location]
    return []


def _misspelled(model: type[BaseModel], tree: Mapped, found: list[ErrorDetails]) -> set[tuple[int | str, ...]]:
    """Where keys seem to be missing that are only misspelled: the misspelled one is told, and that is enough."""
    places: set[tuple[int | str, ...]] = set()
    for details in found:
        location = details["loc"]
        if details["type"] == "extra_forbidden" and (owner := _model_at(model, location[:-1])) is not None:
            places.update((*location[:-1], key) for key in _close_keys(str(location[-1]), _keys(owner)))
    return places


def _close_keys(key: str, keys: list[str]) -> list[str]:
    """The key that was meant, where one is spelled much like it."""
    return difflib.get_close_matches(key.casefold().replace("-", "_").replace(" ", "_"), keys, 1, 0.6)


def _plain_name(text: str) -> str:
    return re.sub(r"[\s_-]+", "_", text.strip().casefold())


def _likely_structure(written: str, known: list[str]) -> str | None:
    name = _plain_name(written)
    if name in _OTHER_NAMES:
        return _OTHER_NAMES[name]
    close = difflib.get_close_matches(name, known, 1, 0.75)
    return close[0] if close else None


def _path(tree: Node, location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    return tuple(part for part, _ in _steps(tree, location))


def _pruned(node: Node, paths: set[tuple[int | str, ...]]) -> Any:
    """The tree without the values at these paths."""
    if isinstance(node, Mapped):
        mapped = Mapped()
        mapped.place = node.place
        for key, value in node.items():
            if (str(key),) not in paths:
                mapped[key] = _pruned(value, {path[1:] for path in paths if path and path[0] == key})
        return mapped
    if isinstance(node, Listed):
        kept = (
            _pruned(value, {path[1:] for path in paths if path and path[0] == at})
            for at, value in enumerate(node)
            if (at,) not in paths
        )
        listed = Listed(kept)
        listed.place = node.place
        return listed
    return node


def _steps(tree: Node, location: tuple[int | str, ...]) -> Iterator[tuple[int | str, Node]]:
    """The parts of a location that stand in the file, with the values below; the names of union members do not stand there."""
    node = tree
    for part in location:
        if isinstance(node, Mapped) and isinstance(part, str) and Text(part) in node:
            node = node[Text(part)]
            yield part, node
        elif isinstance(node, Listed) and isinstance(part, int) and part < len(node):
            node = node[part]
            yield part, node


def _report(model: type[BaseModel], document: Document, tree: Mapped, details: ErrorDetails) -> None:
    location = details["loc"]
    steps = list(_steps(tree, location))
    node: Node = steps[-1][1] if steps else tree
    names = [str(part) for part, _ in steps if isinstance(part, str)]
    match details["type"]:
        case "written":
            context: dict[str, Any] = details.get("ctx") or {}
            prefix = "" if not names or _LINES & set(names) else f"{'.'.join(names)}: "
            document.report(context.get("place") or node.place, prefix + str(context["message"]), str(context["hint"]))
        case "too_short" if isinstance(node, Listed) and len(node) >= (details.get("ctx") or {}).get("min_length", 1):
            pass  # what is wrong with its parts is told, and they are there
        case "missing":
            _report_missing(model, document, node, names, location)
        case "extra_forbidden" | "invalid_key":
            _report_unknown(model, document, tree, steps, location)
        case "union_tag_invalid" | "union_tag_not_found":
            _report_structure(model, document, node, location)
        case kind:
            message, hint = _shape(kind, node, names)
            document.report(node.place, message, hint)


def _report_missing(
    model: type[BaseModel], document: Document, node: Node, names: list[str], location: tuple[int | str, ...]
) -> None:
    key = str(location[-1])
    where = f" in {'.'.join(names)}" if names else ""
    owner = _model_at(model, location[:-1])
    example = _example(owner, key) if owner else None
    if key == "width":
        where += ": without it nothing limits the loss of the short leg"
    hint = f"add  {key}: {example}" if example else f"add  {key}:"
    document.report(node.place if names else NOWHERE, f"missing key '{key}'{where}", hint)


def _report_unknown(
    model: type[BaseModel],
    document: Document,
    tree: Mapped,
    steps: list[tuple[int | str, Node]],
    location: tuple[int | str, ...],
) -> None:
    key = str(location[-1])
    above: Node = steps[-2][1] if len(steps) > 1 else tree
    written = next((known for known in above if known == key), None) if isinstance(above, Mapped) else None
    place = written.place if isinstance(written, Text) else NOWHERE
    names = [str(part) for part, _ in steps[:-1] if isinstance(part, str)]
    where = f" in {'.'.join(names)}" if names else ""
    owner = _model_at(model, location[:-1])
    keys = _keys(owner) if owner else []
    if key != key.strip("\u00a0\u2009\u202f\u3000 ") or not key.isprintable():
        document.report(place, "this line is indented with a space that only looks like one", "use ordinary spaces")
        return
    close = _close_keys(key, keys)
    elsewhere = [] if close else _homes(model, key)
    known = f"keys here: {', '.join(keys)}"
    hint = (
        f"did you mean '{close[0]}'?   {known}" if close else f"it belongs under {elsewhere[0]}   {known}" if elsewhere else known
    )
    document.report(place, f"unknown key '{shortened(key)}'{where}", hint)


def _report_structure(model: type[BaseModel], document: Document, node: Node, location: tuple[int | str, ...]) -> None:
    owner = _model_at(model, location[:-1]) or model
    field = _field(owner, str(location[-1]))
    known = [tag for tag in (_tag(member) for member in _models(field)) if tag] if field is not None else []
    written = node.get(Text("type")) if isinstance(node, Mapped) else None
    name = ".".join(str(part) for part in location)
    hint = f"types here: {', '.join(known)}"
    if written is None:
        if not isinstance(node, Mapped) or not any(_close_keys(key, ["type"]) for key in node):
            document.report(node.place, f"missing key 'type' in {name}", f"add  type: {known[0]}   {hint}")
        return
    if not isinstance(written, Text):
        what = "a list" if isinstance(written, Listed) else "keys"
        document.report(written.place, f"{name}.type: found {what}; wanted one word", f"write  type: {known[0]}   {hint}")
        return
    close = _likely_structure(written, known)
    message = f"no structure '{shortened(written)}'"
    if _plain_name(written) in _LATER:
        message = f"'{shortened(written)}' is not there yet: this version trades spreads of two legs and one expiry"
    elif _plain_name(written) in _NAKED:
        hint = f"a short leg without a long one cannot be written down   {hint}"
    elif close:
        hint = f"did you mean '{close}'?   {hint}"
    document.report(written.place, message, hint)


def _shape(kind: str, node: Node, names: list[str]) -> tuple[str, str]:
    """What is wrong with the shape of a value: a list for a mapping and the like."""
    name = ".".join(names) or "this"
    found = f"found '{shortened(node, 30)}'" if isinstance(node, Text) and node else "nothing is written here"
    if isinstance(node, Listed):
        found = "found a list" if node else "found an empty list"
    elif isinstance(node, Mapped):
        found = "found keys"
    match kind:
        case "tuple_type" | "list_type":
            return f"{name}: {found}; wanted a list", "write each one on its own line, after a dash and a space"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{name}: {found}; wanted keys", f"write the keys of {name} below it, indented by two spaces"
        case "too_short":
            return f"{name}: {found}; wanted at least one", "add one, or remove the key"
        case "too_long":
            return f"{name}: this list is too long", "500 is the most"
        case _:
            return f"{name}: {found}; this cannot be read", "compare it with an example:  spreads new"


# --- what a model says about itself ---


def _keys(model: type[BaseModel]) -> list[str]:
    keys = [field.alias or name for name, field in model.model_fields.items()]
    return sorted(keys, key=lambda key: key != "type")


def _field(model: type[BaseModel], key: str) -> Any:
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


def _model_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel] | None:
    """The model that is responsible for the keys at a location of a validation error."""
    members = [model]
    for part in location:
        tagged = [member for member in members if _tag(member) == part]
        if tagged:
            members = tagged
            continue
        found = [inner for member in members for inner in _models(_field(member, str(part)))]
        members = found or members
    return members[0] if members else None


def _homes(model: type[BaseModel], key: str, above: str = "") -> list[str]:
    """Where else a key would be right."""
    homes: list[str] = []
    for name, field in model.model_fields.items():
        path = f"{above}.{name}" if above else name
        for inner in _models(field.annotation):
            homes.extend([path] if key in _keys(inner) else [])
            homes.extend(_homes(inner, key, path))
    return list(dict.fromkeys(homes))


_EXAMPLES = {
    "spread": "{type: bull_put, expiry: 30-60 days, width: $5}",
    "sizing": "{risk: 2% of net liquidation}",
    "universe": "[SPX]",
    "auto_when": "[max_loss <= $300]",
}


def _example(model: type[BaseModel], key: str) -> str | None:
    for name, field in model.model_fields.items():
        if key in {name, field.alias}:
            scalar = next((extra for extra in field.metadata if isinstance(extra, Scalar)), None)
            return scalar.examples[0] if scalar else _EXAMPLES.get(name)
    return None


def place_at(tree: Mapped, *path: str | int) -> Place:
    """The place of the value at a path, or of the nearest thing above that stands in the file."""
    place = NOWHERE
    for _, node in _steps(tree, path):
        place = node.place
    return place
