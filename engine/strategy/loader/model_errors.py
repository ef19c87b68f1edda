"""What pydantic finds wrong with a tree becomes a problem in the trader's words, at the place where it stands in the file."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from engine.strategy.loader.defaults import led_by_default
from engine.strategy.loader.document import Document
from engine.strategy.loader.keys import example_of, meant_key, model_at, types_of
from engine.strategy.loader.renamed import Renaming
from engine.strategy.loader.reshaped import as_keys, as_list, beside_its_pair
from engine.strategy.source import NOWHERE, Listed, Location, Mapped, Node, Text, steps_to
from engine.strategy.structures import no_structure
from engine.strategy.values.scalar import shortened
from engine.strategy.way_out import add, turn

NO_TAG = frozenset({"union_tag_invalid", "union_tag_not_found"})
"""What pydantic calls a structure whose type is not known."""

_LINES = frozenset({"when", "filters", "rules", "exits", "auto_when", "rank", "conditions"})
"""Keys whose values speak for themselves: a message about them needs no path before it."""


def report(renaming: Renaming, document: Document, details: ErrorDetails) -> None:
    """Reports one finding about the tree that was to become the model."""
    model, tree = renaming.model, renaming.tree
    location = details["loc"]
    steps = list(steps_to(tree, location))
    node: Node = steps[-1][1] if steps else tree
    names = [str(part) for part, _ in steps if isinstance(part, str)]
    match details["type"]:
        case "written":
            context: dict[str, Any] = details.get("ctx") or {}
            prefix = "" if not names or _LINES & set(names) else f"{'.'.join(names)}: "
            hint = context["hint"]
            if getattr(model, "defaults_lead", False):
                hint = led_by_default(model, names, str(node) if isinstance(node, Text) else "", hint)
            document.report(context.get("place") or node.place, prefix + str(context["message"]), hint)
        case "too_short" if isinstance(node, Listed) and len(node) >= (details.get("ctx") or {}).get("min_length", 1):
            pass  # what is wrong with its parts is told, and they are there
        case "missing":
            _report_missing(model, document, node, names, location)
        case "extra_forbidden" | "invalid_key":
            _report_unknown(renaming, document, location)
        case kind if kind in NO_TAG:
            _report_structure(renaming, document, node, location)
        case kind:
            message, hint = _shape(renaming, kind, node, names, (details.get("ctx") or {}).get("min_length", 1))
            document.report(node.place, message, hint)


def _report_missing(model: type[BaseModel], document: Document, node: Node, names: list[str], location: Location) -> None:
    key = str(location[-1])
    where = _inside(names)
    owner = model_at(model, location[:-1])
    example = (beside_its_pair(owner, key, node) or example_of(owner, key)) if owner else None
    if key == "width":
        where += ": without it nothing limits the loss of the short leg"
    hint = add(f"{key}: {example}", ".".join(names)) if example else f"add  {key}:"
    document.report(node.place if names else NOWHERE, f"missing key '{key}'{where}", hint)


def unknown_key(tree: Mapped, location: Location) -> tuple[list[str], Mapped | None, Text | None]:
    """The keys above an unknown one, what it stands in, and the key as it was written."""
    steps = list(steps_to(tree, location))
    names = [str(part) for part, _ in steps[:-1] if isinstance(part, str)]
    above = steps[-2][1] if len(steps) > 1 else tree
    found = next((known for known in above if known == location[-1]), None) if isinstance(above, Mapped) else None
    return names, above if isinstance(above, Mapped) else None, found if isinstance(found, Text) else None


def _report_unknown(renaming: Renaming, document: Document, location: Location) -> None:
    names, above, key = unknown_key(renaming.tree, location)
    if above is None or key is None:
        document.report(NOWHERE, f"unknown key '{shortened(str(location[-1]))}'", "compare it with an example:  spreads new")
    elif key != key.strip("\u00a0\u2009\u202f\u3000 ") or not key.isprintable():
        document.report(key.place, "this line is indented with a space that only looks like one", "use ordinary spaces")
    elif told := renaming.unknown(names, above, key, above[key]):
        document.report(key.place, *told)


def _report_structure(renaming: Renaming, document: Document, node: Node, location: Location) -> None:
    owner = model_at(renaming.model, location[:-1]) or renaming.model
    known = types_of(owner, str(location[-1]))
    written = node.get(Text("type")) if isinstance(node, Mapped) else None
    name = ".".join(str(part) for part in location)
    first, others = f"type: {renaming.likely or known[0]}", f"   types here: {', '.join(known)}"
    match written:
        case None:
            if not isinstance(node, Mapped) or not any(meant_key(key, ["type"]) for key in node):
                document.report(node.place, f"missing key 'type' in {name}", add(first, name, others))
        case Text():
            document.report(written.place, *no_structure(written, known, node if isinstance(node, Mapped) else Mapped()))
        case _:
            what = "a list" if isinstance(written, Listed) else "keys"
            document.report(written.place, f"{name}.type: found {what}; wanted one word", turn(first, others))


def _shape(renaming: Renaming, kind: str, node: Node, names: list[str], least: int) -> tuple[str, str]:
    """What is wrong with the shape of a value: a list for a mapping and the like."""
    name = ".".join(names) or "this"
    found = f"found '{shortened(node, 30)}'" if isinstance(node, Text) and node else "nothing is written here"
    if isinstance(node, Listed):
        found = (
            f"found a list of {len(node)}" if kind == "too_short" and node else "found a list" if node else "found an empty list"
        )
    elif isinstance(node, Mapped):
        found = "found keys"
    match kind:
        case "tuple_type" | "list_type":
            hint = as_list(renaming, name, node) or "write each one on its own line, after a dash and a space"
            return f"{name}: {found}; wanted a list", hint
        case "model_type" | "model_attributes_type" | "dict_type":
            hint = as_keys(renaming, name, node) or f"write the keys of {name} below it, indented by two spaces"
            return f"{name}: {found}; wanted keys", hint
        case "too_short":
            wanted = "one" if least == 1 else f"{least} of them"
            return f"{name}: {found}; wanted at least {wanted}", "add one, or remove the key"
        case "too_long":
            return f"{name}: this list is too long", "500 is the most"
        case _:
            return f"{name}: {found}; this cannot be read", "compare it with an example:  spreads new"


def _inside(names: list[str]) -> str:
    return f" in {'.'.join(names)}" if names else ""
