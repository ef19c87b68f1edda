"""Bytes of a YAML file become a tree of written values that know their place, or problems in the trader's words.

1. The bytes must be UTF-8 text of a bearable size without control characters.
2. ruamel's parser (YAML 1.2) gives events; scalars stay text, so that no `NO`, `ON` or `15:45` is ever taken for something else.
3. A comma that sets off thousands stays with its number: in brackets YAML would cut `$5,000` in two.
4. What the language has no use for is refused: anchors, tags, several documents, the same key twice, deep nesting.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
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

from engine.strategy.loader.bytes import no_text
from engine.strategy.loader.edits import Source
from engine.strategy.loader.syntax import STRAY_LIST, in_trade_words
from engine.strategy.problems import Edit, Problem
from engine.strategy.source import NOWHERE, Listed, Mapped, Node, Place, Text, texts_in
from engine.strategy.way_out import WayOut, Write, changes_of, is_later, strike, write, written_first

LARGEST_FILE = 256 * 1024
"""Bytes. A hand-written strategy has three thousand; what is larger is another file by mistake."""

DEEPEST = 8
"""Levels; the language itself needs four."""

MOST_VALUES = 5_000

MOST_EDITED = 200
"""Problems that come with their edits; nobody is shown more at once."""


@dataclass(slots=True)
class Document:
    """A file while it is read. `tree` is None when there is nothing that could be understood."""

    file: str
    digest: str
    lines: list[str]
    tree: Mapped | None
    problems: list[Problem]
    _source: Source | None = None

    def report(self, place: Place, message: str, hint: str, severity: Literal["error", "warning"] = "error") -> None:
        line = self.lines[place.line - 1] if 0 < place.line <= len(self.lines) else None
        end = max(place.end_column, place.column + 1)
        marked = Place(place.line, place.column, end)
        said, edits = self._way_out(hint, marked)
        if edits and hint.startswith("write  ") and len(edits) == 1 and edits[0].line == edits[0].end_line == place.line:
            marked = Place(place.line, edits[0].column, max(edits[0].end_column, edits[0].column + 1))  # just what is replaced
        where = (self.file, marked.line, marked.column, marked.end_column)
        self.problems.append(Problem(*where, severity, message, line, said, edits, is_later(hint)))

    def _way_out(self, hint: str, marked: Place) -> tuple[str, tuple[Edit, ...]]:
        """The sentence, with quotes where its text needs them there, and what it does to the file."""
        if not changes_of(hint) or len(self.problems) >= MOST_EDITED:
            return str(hint), ()
        if self._source is None or self._source.tree is not self.tree:
            self._source = Source(self.lines, self.tree)
        said = str(hint)
        if (text := written_first(hint)) and (quoted := self._source.in_place(text, marked)) != text:
            said = said.replace(text, quoted, 1)
        return said, self._source.edits(changes_of(hint), marked)

    @property
    def has_errors(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)


class _Stop(Exception):
    """Nothing more can be understood; the problem is already reported."""


def read_document(source: str | bytes, file: str) -> Document:
    """The tree of one file. Problems are in the document; nothing is raised."""
    raw = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    document = Document(file, hashlib.sha256(raw).hexdigest(), [], None, [])
    try:
        text = _text_of(raw, document)
        document.tree = _tree_of(text, document)
    except _Stop:
        return document
    return document


def _text_of(raw: bytes, document: Document) -> str:
    if len(raw) > LARGEST_FILE:
        most = f"{LARGEST_FILE // 1024} kB"
        document.report(NOWHERE, f"this file is larger than {most}, the most", "one file is one strategy of a page or two")
        raise _Stop
    if (refused := no_text(raw)) is not None:
        document.report(*refused)
        raise _Stop
    text = raw.decode("utf-8")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    document.lines = text.split("\n")
    _refuse_invisible(text, document)
    if not text.strip():
        document.report(NOWHERE, "this file is empty", "`spreads new` writes a strategy to start from")
        raise _Stop
    return text


_LOOKS_LIKE_SPACE = "[\u00a0\u2000-\u200a\u202f\u205f\u3000]"

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufdd0-\ufdef\ufffe\uffff]"
)


def _refuse_invisible(text: str, document: Document) -> None:
    for number, line in enumerate(document.lines, 1):
        if indented := re.match(f"[ \\t]*({_LOOKS_LIKE_SPACE})", line):
            place = Place(number, indented.end(), indented.end() + 1)
            message = "this line is indented with a space that only looks like one"
            document.report(place, message, _with_plain_spaces(document.lines))
            raise _Stop
        for found in _INVISIBLE.finditer(line):
            name = unicodedata.name(found[0], "") or {"\x00": "a zero byte"}.get(found[0], "a control character")
            place = Place(number, found.start() + 1, found.start() + 2)
            document.report(place, f"an invisible character stands here: U+{ord(found[0]):04X}, {name.lower()}", strike())
            raise _Stop


def _with_plain_spaces(lines: list[str]) -> WayOut:
    """Ordinary spaces in place of all that only look like one, before a line's first letter."""
    changes: list[Write] = []
    for number, line in enumerate(lines, 1):
        indent = line[: len(line) - len(line.lstrip())]
        plain = re.sub(_LOOKS_LIKE_SPACE, " ", indent)
        if plain != indent:
            changes.append(Write(plain, Place(number, 1, len(indent) + 1)))
    return WayOut.of("use ordinary spaces", *changes)


def _tree_of(text: str, document: Document) -> Mapped | None:
    builder = _Builder(text, document)
    try:
        root = builder.root()
    except MarkedYAMLError as error:
        place, message, hint = in_trade_words(error, document.lines)
        document.report(place, message, hint if _helps(text, hint, place) else str(hint))
        return None
    except (YAMLError, RecursionError, ValueError):
        document.report(NOWHERE, "this file cannot be read as YAML", "compare it with an example:  spreads new")
        return None
    if isinstance(root, Mapped):
        return root
    if root is None or (isinstance(root, Text) and not root.strip()):
        document.report(NOWHERE, "nothing but comments stands in this file", "`spreads new` writes a strategy to start from")
    else:
        what = "a list" if isinstance(root, Listed) else "a text"
        document.report(root.place, f"the file begins with {what}; wanted keys", "begin with  schema: 1")
    return None


def _helps(text: str, hint: str, place: Place) -> bool:
    """Whether the changes of a way out lead past the place where YAML stopped."""
    if not changes_of(hint):
        return False
    for edit in reversed(Source(text.split("\n"), None).edits(changes_of(hint), place)):
        lines = text.split("\n")
        line = lines[edit.line - 1]
        lines[edit.line - 1] = line[: edit.column - 1] + edit.text + line[edit.end_column - 1 :]
        text = "\n".join(lines)
    try:
        for _ in YAML(typ="safe", pure=True).parse(text):
            pass
    except MarkedYAMLError as error:
        return error.problem_mark is not None and error.problem_mark.line + 1 > place.line
    except (YAMLError, RecursionError, ValueError):
        return False
    return True


_THOUSANDS = re.compile(r"(?<![0-9.,])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])")
_COMMA = "\ufdd0"
"""Stands for the comma of a number while YAML is read; no text has this character, see _INVISIBLE."""


class _Builder:
    """Events to tree, depth first."""

    def __init__(self, text: str, document: Document) -> None:
        text = _THOUSANDS.sub(lambda number: number[0].replace(",", _COMMA), text)
        self.text = text
        self.document = document
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
                    self.document.report(place, "a second document begins here", "one file is one strategy: make two files of it")
                    raise _Stop
            elif isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent | AliasEvent):
                root = self._node(event, 1)
        return root

    def _node(self, event: Event, depth: int) -> Node:
        self.values += 1
        place = self._place(event)
        if depth > DEEPEST or self.values > MOST_VALUES:
            what = f"nested more than {DEEPEST} levels deep" if depth > DEEPEST else f"more than {MOST_VALUES} values"
            self.document.report(place, what, "a strategy needs four levels and a page or two")
            raise _Stop
        self._refuse_extras(event, place)
        match event:
            case ScalarEvent():
                return self._scalar(event)
            case SequenceStartEvent():
                return self._list(event, place, depth)
            case MappingStartEvent():
                return self._mapping(event, place, depth)
            case _:
                raise _Stop

    def _refuse_extras(self, event: Event, place: Place) -> None:
        if isinstance(event, AliasEvent):
            self.document.report(
                place, "a * repeats another part of the file; that is not used here", "write it out, or quote the text"
            )
            raise _Stop
        if getattr(event, "anchor", None):
            self.document.report(
                place, "an & marks a part to be repeated; that is not used here", "write it out; shared lists go to common.yaml"
            )
            raise _Stop
        if getattr(event, "tag", None) and not isinstance(event, AliasEvent):
            self.document.report(place, "a ! begins a YAML tag; tags are not used here", "remove it, or quote the text")
            raise _Stop

    def _list(self, start: SequenceStartEvent, place: Place, depth: int) -> Listed:
        listed = Listed()
        listed.place = place
        for event in self.events:
            if isinstance(event, SequenceEndEvent):
                listed.span, listed.closes = self._span(start, event), _closes(start, event)
                break
            listed.append(self._node(event, depth + 1))
        return listed

    def _mapping(self, start: MappingStartEvent, place: Place, depth: int) -> Mapped:
        mapped = Mapped()
        mapped.place = place
        for event in self.events:
            if isinstance(event, MappingEndEvent):
                mapped.span, mapped.closes = self._span(start, event), _closes(start, event)
                break
            key = self._node(event, depth + 1)
            value = self._node(next(self.events), depth + 1)
            if not isinstance(key, Text):
                self.document.report(key.place, "a key is a plain word", write("key: value"))
                continue
            if not isinstance(value, Text) or not value:
                value.place = key.place
            self._keep(mapped, key, value)
        return mapped

    def _keep(self, mapped: Mapped, key: Text, value: Node) -> None:
        twin = next((known for known in mapped if known == key), None)
        if twin is None:
            mapped[key] = value
            return
        last = max((text.place.line for text in texts_in(value)), default=key.place.line)
        lines = self.document.lines[key.place.line - 1 : last]
        is_alone = not lines[0][: key.place.column - 1].strip()
        gone = [Write("", Place(number, 1, len(line) + 1)) for number, line in enumerate(lines, key.place.line)]
        hint = f"it stands already in line {twin.place.line}: keep one of them"
        message = f"the key '{key}' stands here a second time"
        self.document.report(key.place, message, WayOut.of(hint, *(gone if is_alone else ())))

    def _scalar(self, event: ScalarEvent) -> Text:
        start, end = event.start_mark, event.end_mark
        raw = self.text[start.index : end.index].replace(_COMMA, ",")
        value = str(event.value).replace(_COMMA, ",")
        if found := _INVISIBLE.search(value):
            message = f"an escape for the invisible character U+{ord(found[0]):04X} stands here"
            self.document.report(self._place(event), message, "remove it")
            raise _Stop
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
        for number in range(first + 1, min(last + 1, len(self.document.lines))):
            line = self.document.lines[number]
            if line.lstrip().startswith("- "):
                column = len(line) - len(line.lstrip()) + 1
                self.document.report(Place(number + 1, column, len(line) + 1), *STRAY_LIST)
                raise _Stop

    def _span(self, start: Event, end: Event) -> Place | None:
        """From the opening bracket to the closing one, where both stand on one line."""
        opens, closes = start.start_mark, end.end_mark
        is_flow = bool(getattr(start, "flow_style", False))
        if not is_flow or opens.line != closes.line or closes.column <= opens.column:
            return None
        return Place(opens.line + 1, opens.column + 1, closes.column + 1)

    def _place(self, event: Event) -> Place:
        start, end = event.start_mark, event.end_mark
        line, column = start.line + 1, start.column + 1
        shown = len(self.document.lines[start.line]) if start.line < len(self.document.lines) else column
        last = end.column + 1 if end.line == start.line else shown + 1
        return Place(line, column, max(column + 1, last))


def _closes(start: Event, end: Event) -> Place | None:
    """The closing bracket of what stands in brackets."""
    closes = end.start_mark
    return Place(closes.line + 1, closes.column + 1, closes.column + 2) if bool(getattr(start, "flow_style", False)) else None
