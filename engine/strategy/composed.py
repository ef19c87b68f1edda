"""One file becomes the trees of its strategies: what it takes from common.yaml is put in, and each of its variants over the rest.

1. `variants` stand over the file: a key of a variant takes the place of the file's, sections key by key.
2. Presets that the file uses stand below it in the same way, a later one over an earlier one.
3. A line that is the name of a condition is replaced by the lines of that condition: those of the file, else of common.yaml.
4. `views` gets the views of common.yaml that rules and rank name and the file has not.

What comes from common.yaml keeps its place there, counted on from `SHARED_FROM`, so that a problem is told where the text stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic_core import PydanticCustomError

from engine.strategy.common import Common
from engine.strategy.expressions.reader import LineReader
from engine.strategy.expressions.tree import Relation
from engine.strategy.loader.document import Document
from engine.strategy.loader.spelling import nearest
from engine.strategy.measures.index import declared_in
from engine.strategy.named import Named, SaidViews, no_name, relations_reading, text_shared
from engine.strategy.source import Listed, Mapped, Node, Text, texts_in
from engine.strategy.values.counts import NAME
from engine.strategy.viewed import names_viewed, views_written
from engine.strategy.way_out import did_you_mean, move, write

_SECTIONS = ("spread", "sizing", "limits", "entry", "roll", "conditions", "views")
"""What is joined key by key; everything else takes the place of what stands below it."""

_PLACES: Mapping[tuple[str, ...], tuple[Relation, ...]] = {
    ("when",): ("market",),
    ("filters",): ("leg",),
    ("spread", "rules"): ("spread",),
    ("entry", "approval", "auto_when"): ("account", "spread"),
    ("exits",): ("position", "market"),
    ("exits", "each side"): ("side", "market"),
    ("exits", "whole"): ("position", "market"),
}
"""Where lines stand, and what they can speak of there."""
_HOMES: Mapping[Relation, str] = {"market": "when", "leg": "filters", "spread": "spread.rules", "position": "exits"}


@dataclass(slots=True)
class Composed:
    """The tree of one strategy. `variant` is empty where the file has none; `used` is what it takes from common.yaml, as text."""

    tree: Mapped
    variant: str = ""
    used: list[str] = field(default_factory=list[str])


def composed(document: Document, common: Common | None) -> list[Composed]:
    """The trees of all strategies of a file, in its order. What is wrong with its names is reported."""
    tree = document.tree
    if tree is None:
        return []
    found: list[Composed] = []
    nameless = next((key for key, value in tree.items() if key == "conditions" and not isinstance(value, Mapped)), None)
    if nameless is not None:  # what other programs call `when`
        message = "these conditions have no names; those of the market stand in when"
        document.report(nameless.place, message, write("when"))
        tree = _without(tree, "conditions")
    for one in _variants(tree, document):
        _use_presets(one, document, common)
        _put_conditions(one, document, common)
        _put_views(one, common)
        found.append(one)
    return found


def _variants(tree: Mapped, document: Document) -> Iterator[Composed]:
    variants = tree.get(Text("variants"))
    if not isinstance(variants, Mapped) or not variants:
        yield Composed(tree)
        return
    base = _without(tree, "variants")
    for key, changed in variants.items():
        if re.fullmatch(NAME, key) is None:
            document.report(key.place, *no_name(key))
        if not isinstance(changed, Mapped):
            example = write("{universe: [SPY]}")
            document.report(changed.place, f"variants.{key}: wanted the keys that are others in this variant", example)
            continue
        for fixed in ("schema", "name", "variants"):
            if (written := next((one for one in changed if one == fixed), None)) is not None:
                message = f"'{fixed}' is that of the whole file: a variant is called by the file's name and its own"
                document.report(written.place, message, "remove it")
        one = over(base, _without(changed, "schema", "name", "variants"))
        if isinstance(name := tree.get(Text("name")), Text) and name:
            whole = Text.at(f"{name}_{key}", key.place, exact=False, plain=True)
            one[Text("name")] = whole
        yield Composed(one, str(key))


def _use_presets(one: Composed, document: Document, common: Common | None) -> None:
    written = one.tree.get(Text("use"))
    names = [written] if isinstance(written, Text) else written if isinstance(written, Listed) else []
    known = common.presets if common else {}
    below = Mapped()
    below.place = one.tree.place
    for name in names:
        if not isinstance(name, Text):
            continue
        if name not in known:
            there = f"presets in common.yaml: {', '.join(known)}" if known else "common.yaml has no presets"
            document.report(name.place, f"no such preset '{name}'", did_you_mean(nearest(name, known), there))
            continue
        below = over(below, known[name].tree)
        one.used.append(f"preset {name} {_plain_text(known[name].tree)}")
    if names:
        one.tree = over(below, one.tree)


def with_conditions(tree: Mapped, names: Mapping[str, Named]) -> Mapped:
    """The tree with the lines of these conditions in place of their names; nothing is reported."""
    one = Composed(tree)
    nobody = Document("", "", [], tree, [])
    _put(one, nobody, names, {}, {})
    return one.tree


def _put_conditions(one: Composed, document: Document, common: Common | None) -> None:
    own = one.tree.get(Text("conditions"))
    shared = dict(common.conditions) if common else {}
    names: dict[str, Named] = {**shared}
    for key, lines in own.items() if isinstance(own, Mapped) else ():
        names[str(key)] = Named.of(lines)
    views = {**(common.views if common else {}), **views_written(one.tree)}
    _put(one, document, names, shared, views)
    universe = one.tree.get(Text("universe"))
    listed = universe.get(Text("list")) if isinstance(universe, Mapped) else None
    if common is not None and isinstance(listed, Text) and listed in common.lists:
        one.used.append(f"list {listed} {' '.join(common.lists[listed])}")


def _put_views(one: Composed, common: Common | None) -> None:
    own, spread = one.tree.get(Text("views")), one.tree.get(Text("spread"))
    if common is None or not common.views or not isinstance(spread, Mapped) or not isinstance(own, Mapped | None):
        return
    lines = [text for key in ("rules", "rank") if (node := spread.get(Text(key))) is not None for text in texts_in(node)]
    named = dict.fromkeys(name for line in lines for name in names_viewed(line) if name in common.views)
    taken = [name for name in named if own is None or name not in own]
    if not taken:
        return
    made = Mapped(own or {})
    made.place = own.place if own is not None else one.tree.place
    written = common.shared.tree.get(Text("views")) if common.shared is not None else None
    for name in taken:
        text = written.get(Text(name)) if isinstance(written, Mapped) else None
        made[Text(name)] = text_shared(text) if isinstance(text, Text) else Text(str(common.views[name]))
        one.used.append(f"view {name} {common.views[name]}")
    one.tree = _without(one.tree)
    one.tree[Text("views")] = made


def _put(one: Composed, document: Document, names: Mapping[str, Named], shared: Mapping[str, Named], views: SaidViews) -> None:
    for path, relations in _PLACES.items():
        lines = _at(one.tree, path)
        if isinstance(lines, Listed):
            put = _Put(one, document, names, shared, views, relations, path)
            one.tree = _with(one.tree, path, put.all_of(lines))
    half = ("sizing", "half when")
    line = _at(one.tree, half)
    found = _Put(one, document, names, shared, views, ("market",), half).all_of(Listed([line])) if isinstance(line, Text) else ()
    if found and found[0] is not line:
        one.tree = _with(one.tree, half, found[0])


@dataclass(frozen=True, slots=True)
class _Put:
    """The names of one list of lines, replaced by what they stand for."""

    one: Composed
    document: Document
    names: Mapping[str, Named]
    shared: Mapping[str, Named]
    views: SaidViews
    relations: tuple[Relation, ...]
    path: tuple[str, ...]

    def all_of(self, lines: Listed) -> Listed:
        made = Listed()
        made.place, made.span, made.closes = lines.place, lines.span, lines.closes
        for line in lines:
            made.extend(self._of(line))
        return made

    def _of(self, line: Node) -> list[Node]:
        if isinstance(line, Mapped) and len(line) == 1 and self.path[0] == "exits":
            ((key, action),) = line.items()
            lines = self._lines(key)
            if lines is None or not lines:
                return [line] if lines is None else []
            keyed = Mapped({lines[0]: action})
            keyed.place, keyed.span, keyed.closes = line.place, line.span, line.closes
            return [keyed]
        lines = self._lines(line) if isinstance(line, Text) else None
        return [line] if lines is None else list(lines)

    def _lines(self, said: Text) -> tuple[Text, ...] | None:
        """What a name stands for; None where the line is no name, nothing where what is wrong with it was told."""
        name = said.strip()
        if re.fullmatch(NAME, name) is None or name in declared_in(*self.relations):
            return None
        if name not in self.names:
            if (meant := nearest(name, self.names)) is None or nearest(name, declared_in(*self.relations)) is not None:
                return None
            hint = did_you_mean(meant, f"conditions here: {', '.join(self.names)}")
            self.document.report(said.place, f"no such condition '{name}'", hint)
            return ()
        named = self.names[name]
        if self.path[0] in {"exits", "sizing"} and len(named.lines) > 1:
            joined = " and ".join(f"({line})" if " or " in line else str(line) for line in named.lines)
            self.document.report(said.place, f"'{name}' has {len(named.lines)} lines, and one stands here", write(joined))
            return ()
        if named.lines and (misplaced := self._misplaced(said, named)) is not None:
            return misplaced
        if self.shared.get(name) is named:
            self.one.used.append(f"condition {name} {' ; '.join(named.lines)}")
        return named.lines

    def _misplaced(self, said: Text, named: Named) -> tuple[Text, ...] | None:
        """Nothing, with the report that these lines speak of what this place does not have; None where they can stand here."""
        for line in named.lines:
            if not _reads(line, self.relations, self.views) and (elsewhere := relations_reading(line, self.views)):
                home = _HOMES[elsewhere[0]]
                message = f"'{said.strip()}' cannot stand here: `{line}` is for {home}"
                self.document.report(said.place, message, move(f"- {said.strip()}", home))
                return ()
        return None


def _reads(line: Text, relations: tuple[Relation, ...], views: SaidViews) -> bool:
    try:
        LineReader("condition", relations, views=views).read(line)
    except PydanticCustomError:
        return False
    return True


def over(below: Mapped, above: Mapped) -> Mapped:
    """The keys of both; where both have one, that of the upper one, sections joined key by key."""
    made = Mapped({**below, **above})
    made.place = above.place
    for key in _SECTIONS:
        one, other = below.get(Text(key)), above.get(Text(key))
        if isinstance(one, Mapped) and isinstance(other, Mapped):
            joined = Mapped({**one, **other})
            joined.place, joined.span, joined.closes = other.place, other.span, other.closes
            made[Text(key)] = joined
    return made


def _without(tree: Mapped, *keys: str) -> Mapped:
    made = Mapped({key: value for key, value in tree.items() if key not in keys})
    made.place, made.span, made.closes = tree.place, tree.span, tree.closes
    return made


def _at(tree: Mapped, path: tuple[str, ...]) -> Node | None:
    node: Node | None = tree
    for part in path:
        node = node.get(Text(part)) if isinstance(node, Mapped) else None
    return node


def _with(tree: Mapped, path: Sequence[str], value: Node) -> Mapped:
    """A copy of the tree with another value at a path that is there."""
    made, key = _without(tree), Text(path[0])
    below = tree[key]
    made[key] = _with(below, path[1:], value) if len(path) > 1 and isinstance(below, Mapped) else value
    return made


def _plain_text(node: Node) -> str:
    return json.dumps(plain(node), ensure_ascii=False)


def plain(node: Node) -> object:
    """A tree as lists, dictionaries and text."""
    if isinstance(node, Mapped):
        return {str(key): plain(value) for key, value in node.items()}
    return [plain(part) for part in node] if isinstance(node, Listed) else str(node)
