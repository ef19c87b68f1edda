"""YAML's events become a tree of written values that know their place; what the language has no use for is refused.

A comma that sets off thousands stays with its number: in brackets YAML would cut `$5,000` in two. A value that brackets cut at
another comma is told, and read as the whole that was meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from engine.strategy.loader.invisible import INVISIBLE
from engine.strategy.loader.syntax import DASH_ALONE, STRAY_LIST
from engine.strategy.source import Listed, Mapped, Node, Place, Text, texts_in
from engine.strategy.way_out import WayOut, Write, write

DEEPEST = 8
"""Levels; the language itself needs four."""

MOST_VALUES = 5_000


class Stop(Exception):
    """Nothing more can be understood; the problem is already reported."""


_THOUSANDS = re.compile(r"(?<![0-9.,])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])")
_COMMA = "\ufdd0"
"""Stands for the comma of a number while YAML is read; no text has this character, see INVISIBLE."""


class TreeBuilder:
    """Events to tree, depth first."""

    def __init__(self, text: str, lines: Sequence[str], report: Callable[[Place, str, str], None]) -> None:
        text = _THOUSANDS.sub(lambda number: number[0].replace(",", _COMMA), text)
        self.text = text
        self.lines = lines
        self.report = report
        yaml: Any = YAML(typ="safe", pure=True)  # the round-trip parser stumbles over comments in odd places
        self.events: Iterator[Event] = yaml.parse(text)
        self.values = 0

    def root(self) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    place = self._place(event)
                    self.report(place, "a second document begins here", "one file is one strategy: make two files of it")
                    raise Stop
            elif isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent | AliasEvent):
                root = self._node(event, 1)
        return root

    def _node(self, event: Event, depth: int) -> Node:
        self.values += 1
        place = self._place(event)
        if depth > DEEPEST or self.values > MOST_VALUES:
            what = f"nested more than {DEEPEST} levels deep" if depth > DEEPEST else f"more than {MOST_VALUES} values"
            self.report(place, what, "a strategy needs four levels and a page or two")
            raise Stop
        self._refuse_extras(event, place)
        match event:
            case ScalarEvent():
                return self._scalar(event)
            case SequenceStartEvent():
                return self._list(event, place, depth)
            case MappingStartEvent():
                return self._mapping(event, place, depth)
            case _:
                raise Stop

    def _refuse_extras(self, event: Event, place: Place) -> None:
        if isinstance(event, AliasEvent):
            self.report(place, "a * repeats another part of the file; that is not used here", "write it out, or quote the text")
            raise Stop
        if getattr(event, "anchor", None):
            self.report(
                place, "an & marks a part to be repeated; that is not used here", "write it out; shared lists go to common.yaml"
            )
            raise Stop
        if getattr(event, "tag", None) and not isinstance(event, AliasEvent):
            self.report(place, "a ! begins a YAML tag; tags are not used here", "remove it, or quote the text")
            raise Stop

    def _list(self, start: SequenceStartEvent, place: Place, depth: int) -> Listed:
        listed = Listed()
        listed.place = place
        for event in self.events:
            if isinstance(event, SequenceEndEvent):
                listed.span, listed.closes = _span(start, event), _closes(start, event)
                break
            node = self._node(event, depth + 1)
            if listed and bool(start.flow_style) and (whole := self._within_its_brackets(listed[-1], node)) is not None:
                listed[-1] = whole
                if whole.count("(") <= whole.count(")"):
                    self._report_cut(whole)
                continue
            listed.append(node)
        return listed

    def _within_its_brackets(self, before: Node, node: Node) -> Text | None:
        """The part before with this one, where a comma within its round brackets has cut it in two."""
        if not isinstance(before, Text) or not isinstance(node, Text) or before.count("(") <= before.count(")"):
            return None
        if not (before.exact and before.plain and node.exact and node.plain) or before.place.line != node.place.line:
            return None
        return self._through(before.place, node.place)

    def _through(self, first: Place, last: Place) -> Text:
        """The text of one line from a place through another."""
        place = Place(first.line, first.column, last.end_column)
        return Text.at(self.lines[place.line - 1][place.column - 1 : place.end_column - 1], place, exact=True, plain=True)

    def _mapping(self, start: MappingStartEvent, place: Place, depth: int) -> Mapped:
        mapped = Mapped()
        mapped.place = place
        cut: Text | None = None
        for event in self.events:
            if isinstance(event, MappingEndEvent):
                mapped.span, mapped.closes = _span(start, event), _closes(start, event)
                break
            key = self._node(event, depth + 1)
            value = self._node(next(self.events), depth + 1)
            if bool(start.flow_style) and (whole := self._cut_by_a_comma(mapped, key, value)) is not None:
                cut = whole
                continue
            self._report_cut(cut)
            cut = None
            if not isinstance(key, Text):
                self.report(key.place, "a key is a plain word", write("key: value"))
                continue
            if not isinstance(value, Text) or not value:
                value.place = key.place
            self._keep(mapped, key, value)
        self._report_cut(cut)
        return mapped

    def _cut_by_a_comma(self, mapped: Mapped, key: Node, value: Node) -> Text | None:
        """The value before, with what a comma within braces has cut off it and made a key without a value."""
        if not mapped or not isinstance(key, Text) or not isinstance(value, Text) or value or not re.search("[0-9]", key):
            return None
        name, before = next(reversed(mapped.items()))
        if not isinstance(before, Text) or not before.exact or not before.plain or before.place.line != key.place.line:
            return None
        mapped[name] = whole = self._through(before.place, key.place)
        return whole

    def _report_cut(self, cut: Text | None) -> None:
        if cut is not None:
            self.report(cut.place, "within brackets a comma ends a value, and this one has a comma of its own", write(f'"{cut}"'))

    def _keep(self, mapped: Mapped, key: Text, value: Node) -> None:
        twin = next((known for known in mapped if known == key), None)
        if twin is None:
            mapped[key] = value
            return
        last = max((text.place.line for text in texts_in(value)), default=key.place.line)
        lines = self.lines[key.place.line - 1 : last]
        is_alone = not lines[0][: key.place.column - 1].strip()
        gone = [Write("", Place(number, 1, len(line) + 1)) for number, line in enumerate(lines, key.place.line)]
        hint = f"it stands already in line {twin.place.line}: keep one of them"
        message = f"the key '{key}' stands here a second time"
        self.report(key.place, message, WayOut.of(hint, *(gone if is_alone else ())))

    def _scalar(self, event: ScalarEvent) -> Text:
        start, end = event.start_mark, event.end_mark
        raw = self.text[start.index : end.index].replace(_COMMA, ",")
        value = str(event.value).replace(_COMMA, ",")
        if found := INVISIBLE.search(value):
            message = f"an escape for the invisible character U+{ord(found[0]):04X} stands here"
            self.report(self._place(event), message, "remove it")
            raise Stop
        plain = event.style is None or event.style == ""
        line, column = start.line + 1, start.column + 1
        if raw == value:
            return Text.at(value, Place(line, column, column + len(value)), exact=True, plain=plain)
        if raw[1:-1] == value and raw[:1] in {"'", '"'}:
            return Text.at(value, Place(line, column + 1, column + 1 + len(value)), exact=True, plain=False)
        text = Text.at(value, self._place(event), exact=False, plain=plain)
        text.runs_on = end.line > start.line
        if plain and text.runs_on:
            self._refuse_stray_lists(start.line, end.line)
        return text

    def _refuse_stray_lists(self, first: int, last: int) -> None:
        """A list below a key that has a value already would be read as more of that value."""
        for number in range(first, min(last + 1, len(self.lines))):
            line = self.lines[number]
            if found := re.match(r"(\s*)(-(?![\s0-9$.-])\S.*?)(?:\s+#.*)?$", line):
                whole = Place(number + 1, len(found[1]) + 1, len(found[1]) + len(found[2]) + 1)
                self.report(whole, DASH_ALONE, write(f"- {found[2][1:]}"))
                raise Stop
            if number == first:
                continue
            if line.lstrip().startswith("- "):
                column = len(line) - len(line.lstrip()) + 1
                self.report(Place(number + 1, column, len(line) + 1), *STRAY_LIST)
                raise Stop

    def _place(self, event: Event) -> Place:
        start, end = event.start_mark, event.end_mark
        line, column = start.line + 1, start.column + 1
        shown = len(self.lines[start.line]) if start.line < len(self.lines) else column
        last = end.column + 1 if end.line == start.line else shown + 1
        return Place(line, column, max(column + 1, last))


def _span(start: Event, end: Event) -> Place | None:
    """From the opening bracket to the closing one, where both stand on one line."""
    opens, closes = start.start_mark, end.end_mark
    is_flow = bool(getattr(start, "flow_style", False))
    if not is_flow or opens.line != closes.line or closes.column <= opens.column:
        return None
    return Place(opens.line + 1, opens.column + 1, closes.column + 1)


def _closes(start: Event, end: Event) -> Place | None:
    """The closing bracket of what stands in brackets."""
    closes = end.start_mark
    return Place(closes.line + 1, closes.column + 1, closes.column + 2) if bool(getattr(start, "flow_style", False)) else None
