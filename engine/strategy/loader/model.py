"""A tree becomes a model, or everything that is wrong with it is reported at once: also what pydantic alone would not
look for beside an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engine.strategy.loader.document import Document
from engine.strategy.loader.keys import types_of
from engine.strategy.loader.model_errors import NO_TAG, report, unknown_key
from engine.strategy.loader.renamed import Renaming
from engine.strategy.source import Location, Mapped, Text, steps_to, texts_in, without
from engine.strategy.spreads.structure import OfOneRight
from engine.strategy.spreads.union import STRUCTURES
from engine.strategy.structures import is_of_another_kind, likely_structure, right_in

ModelT = TypeVar("ModelT", bound=BaseModel)


def read_model(model: type[ModelT], document: Document, context: Mapping[str, Any] | None = None) -> ModelT | None:
    """The model, or None with every problem reported. What could be read beside the problems is not returned."""
    tree = document.tree
    if tree is None:
        return None
    try:
        return _validated(model, tree, context)
    except ValidationError as error:
        found = error.errors(include_url=False)
    likely: str | None = None
    for location in [details["loc"] for details in found if details["type"] in NO_TAG]:
        likely, beside = _beside_the_tag(model, tree, location, context)
        found += beside
    renaming = Renaming(model, tree, dict(context or {}).get("line", {}), likely)
    renamed = _renamed(renaming, found)
    for details in found:
        if details["type"] in {"missing", *NO_TAG} and _plain(details, tree) in renamed:
            continue
        report(renaming, document, details)
    return None


def without_errors(model: type[ModelT], document: Document, context: Mapping[str, Any] | None = None) -> ModelT | None:
    """The model of what is right in the file, or None where too little is left. Reports nothing."""
    tree = document.tree
    for _ in range(3):
        if tree is None:
            return None
        try:
            return _validated(model, tree, context)
        except ValidationError as error:
            wrong = [details["loc"] for details in error.errors() if details["type"] != "missing"]
            tree = without(tree, {tuple(part for part, _ in steps_to(tree, location)) for location in wrong})
    return None


def _validated(model: type[ModelT], tree: Mapped, context: Mapping[str, Any] | None) -> ModelT:
    return model.model_validate(tree, context=dict(context or {}), by_alias=True, by_name=False)


def _beside_the_tag(
    model: type[BaseModel], tree: Mapped, location: Location, context: Mapping[str, Any] | None
) -> tuple[str | None, list[ErrorDetails]]:
    """The likeliest structure where its type is not known, and what else is wrong below it, so that it is told at once.

    One of a later version has keys of its own and is left alone. Where no type is written, it is the one that fits best.
    """
    node = tree.get(Text(str(location[0]))) if len(location) == 1 else None
    if not isinstance(node, Mapped):
        return None, []
    written = node.get(Text("type"))
    if isinstance(written, Text) and is_of_another_kind(written):
        return None, []
    known = types_of(model, str(location[0]))
    said = [text for text in ([] if written is None else texts_in(written)) if text]
    likely = likely_structure(said[0], known) if len(said) == 1 else None
    tried = [likely or known[0]] if said else known
    found = {one: _wrong_below(model, tree, location, one, context) for one in tried}
    best = min(tried, key=lambda one: len(found[one]))
    return (likely if said else best), found[best]


def _wrong_below(
    model: type[BaseModel], tree: Mapped, location: Location, kind: str, context: Mapping[str, Any] | None
) -> list[ErrorDetails]:
    """What is wrong below a structure if it is of this kind."""
    node = tree[Text(str(location[0]))]
    assert isinstance(node, Mapped), "only keys have a type"
    written = node.get(Text("type"))
    typed = Mapped({key: value for key, value in node.items() if key != "type"})
    typed.place = node.place
    typed[Text("type")] = Text(kind)
    if isinstance(written, Text) and (right := right_in(written)) and issubclass(STRUCTURES[kind], OfOneRight):
        typed.setdefault(Text("right"), Text(right))  # it is told with the type
    whole = Mapped(tree)
    whole[Text(str(location[0]))] = typed
    try:
        _validated(model, whole, context)
    except ValidationError as error:
        return [details for details in error.errors(include_url=False) if details["loc"][:1] == location]
    return []


def _renamed(renaming: Renaming, found: list[ErrorDetails]) -> set[Location]:
    """Where keys seem to be missing that are only called otherwise: the other name is told, and that is enough."""
    places: set[Location] = set()
    for details in found:
        if details["type"] != "extra_forbidden":
            continue
        names, above, key = unknown_key(renaming.tree, details["loc"])
        if above is not None and key is not None:
            places.update(renaming.targets(names, above, key))
    return places


def _plain(details: ErrorDetails, tree: Mapped) -> Location:
    """The location of what is missing, without the names of union members, which do not stand in the file."""
    if details["type"] in NO_TAG:
        node = tree.get(Text(str(details["loc"][0])))
        return (*details["loc"], "type") if isinstance(node, Mapped) and Text("type") not in node else ()
    *above, key = details["loc"]
    return (*(part for part, _ in steps_to(tree, tuple(above))), key)
