"""A way out becomes edits of the file's text: which characters go, and what comes in their place.

Only the lines that must change are touched; comments and everything else stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.strategy.problems import Edit
from engine.strategy.source import Listed, Mapped, Node, Place, Text, texts_in
from engine.strategy.way_out import Add, Change, Remove, Turn, Value, Whole, Write

_LAST = "let expire"
"""A line behind which nothing is looked at: what is added to its list stands above it."""

_THOUSANDS = re.compile(r"(?<![0-9.,])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A key with its value, or a part of a list, and what it stands in; offsets count from 0 through the whole text."""

    container: Mapped | Listed
    at: int
    key: Text | None
    node: Node
    start: int
    end: int

    @property
    def is_flow(self) -> bool:
        return self.container.closes is not None


class Source:
    """The text of a file with its tree, where places become offsets."""

    def __init__(self, lines: Sequence[str], tree: Mapped | None) -> None:
        self.lines = lines
        self.text = "\n".join(lines)
        self.tree = tree
        self._found: Sequence[_Entry] | None = None
        self._starts = [0]
        for line in lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def edits(self, changes: Sequence[Change], marked: Place) -> tuple[Edit, ...]:
        """What the changes do to the text, in order of place; nothing where one of them cannot be done."""
        if not 0 < marked.line <= len(self.lines):
            return ()
        found = [edit for change in changes for edit in self._edits_of(change, marked)]
        return tuple(sorted(found, key=lambda edit: (edit.line, edit.column, edit.end_line, edit.end_column)))

    def in_place(self, text: str, place: Place) -> str:
        """The text as it must stand there: in quotes where a comma would cut it in two."""
        entry = self._entry_at(place)
        cuts = entry is not None and entry.is_flow and isinstance(entry.node, Text) and entry.node.plain
        return _quoted(text) if cuts else text

    def _edits_of(self, change: Change, marked: Place) -> Iterator[Edit]:
        match change:
            case Write(text=text, place=place):
                where = place or marked
                if (entry := self._entry_at(where)) is not None and isinstance(entry.node, Text) and entry.node.runs_on:
                    return
                start = self._offset(where.line, where.column)
                end = min(self._offset(where.line, where.end_column), self._starts[where.line] - 1)
                yield self._edit(start, max(start, end), self.in_place(text, where))
            case Value(text=text):
                entry = self._entry_at(marked)
                if entry is not None and entry.key is not None:
                    yield self._turned(entry, [f"{entry.key}: {text}"])
            case Whole(text=text):
                entry = self._part_at(marked)
                if entry is not None:
                    yield self._turned(entry, [text])
            case Turn(texts=texts):
                entry = self._entry_at(marked)
                if entry is not None:
                    yield self._turned(entry, texts)
            case Remove(place=place):
                entry = self._entry_at(place or marked)
                if entry is not None:
                    yield self._removed(entry)
            case Add(text=text, section=section, once=once):
                if not once or text not in {f"- {line}" for line in texts_in(self.tree or Mapped())}:
                    yield self._added(text, [part for part in section.split(".") if part])

    def _turned(self, entry: _Entry, texts: Sequence[str]) -> Edit:
        start = entry.start if entry.key is not None else self._start_of(entry.node)
        if entry.is_flow:
            return self._edit(start, entry.end, ", ".join(map(_quoted_entry, texts)))
        if entry.key is None and len(texts) > 1:
            start, texts = entry.start, [f"- {text}" for text in texts]
        column = start - (self.text.rfind("\n", 0, start) + 1)
        return self._edit(start, entry.end, f"\n{' ' * column}".join(texts))

    def _removed(self, entry: _Entry) -> Edit:
        """Without an entry; a section that has no other goes with it."""
        while len(entry.container) == 1 and entry.container is not self.tree:
            above = next((one for one in self._entries() if one.node is entry.container), None)
            if above is None:
                break
            entry = above
        if entry.is_flow:
            return self._removed_from_brackets(entry)
        first = self.text.rfind("\n", 0, entry.start) + 1
        return self._edit(first, self._starts[self._last_line(entry)], "")

    def _removed_from_brackets(self, entry: _Entry) -> Edit:
        siblings = [one for one in self._entries() if one.container is entry.container]
        if entry.at + 1 < len(siblings):
            return self._edit(entry.start, siblings[entry.at + 1].start, "")
        if entry.at:
            return self._edit(siblings[entry.at - 1].end, entry.end, "")
        return self._edit(entry.start, entry.end, "")

    def _added(self, text: str, path: list[str]) -> Edit:
        """With `key: value` or `- line` in a section, which is made where it is not there."""
        node: Node | None = self.tree
        above: _Entry | None = None
        if path == ["exits"] and isinstance(node, Mapped) and isinstance(node.get(Text("exits")), Mapped):
            path = ["exits", "whole"]  # of two groups the one for lines that a list has
        missing = list(path)
        while missing and isinstance(node, Mapped) and Text(missing[0]) in node:
            node = node[Text(missing.pop(0))]
            above = next(one for one in self._entries() if one.node is node)
        last = next((one for one in self._entries() if one.container is node and one.node == _LAST), None)
        if last is not None and text != f"- {_LAST}":
            line = self.text.rfind("\n", 0, last.start) + 1
            if last.is_flow:
                return self._edit(last.start, last.start, f"{_quoted_entry(text)}, ")
            return self._edit(line, line, f"{' ' * (last.start - line)}{text}\n")
        if isinstance(node, Mapped | Listed) and node.closes is not None:
            return self._added_in_brackets(node, _nested_flow(text, missing))
        column = self._child_column(node, above)
        block = "\n".join(f"{' ' * column}{line}" for line in _nested(text, missing))
        after = self._last_line(above) if above is not None else _last_written(self.lines)
        at = self._starts[after] if after < len(self.lines) else len(self.text)
        return self._edit(at, at, block + "\n" if after < len(self.lines) else "\n" + block)

    def _added_in_brackets(self, node: Mapped | Listed, text: str) -> Edit:
        assert node.closes is not None, "only brackets close"
        end = self._offset(node.closes.line, node.closes.column)
        written = len(self.text[:end].rstrip())
        comma = "" if self.text[written - 1] in "[{" else " " if self.text[written - 1] == "," else ", "
        return self._edit(written, written, comma + text)

    def _child_column(self, node: Node | None, above: _Entry | None) -> int:
        """Where the entries of a section begin, from 0."""
        inside = [entry for entry in self._entries() if entry.container is node]
        if inside:
            return inside[0].start - (self.text.rfind("\n", 0, inside[0].start) + 1)
        if above is None:
            return 0
        return above.start - (self.text.rfind("\n", 0, above.start) + 1) + 2

    def _entry_at(self, place: Place) -> _Entry | None:
        """The innermost entry whose key or value stands at a place."""
        found: _Entry | None = None
        at = self._offset(place.line, place.column)
        for entry in self._entries():
            is_scalar = isinstance(entry.node, Text)
            key_end = entry.start + (len(entry.key) + 2 if entry.key is not None else 1)
            if entry.start <= at <= (entry.end if is_scalar or entry.is_flow else key_end):
                found = entry
        return found

    def _part_at(self, place: Place) -> _Entry | None:
        """The innermost part of a list in which a place lies."""
        at = self._offset(place.line, place.column)
        parts = [one for one in self._entries() if one.key is None and one.start <= at <= one.end]
        return parts[-1] if parts else None

    def _entries(self) -> Sequence[_Entry]:
        if self._found is None:
            self._found = tuple(self._entries_of(self.tree)) if self.tree is not None else ()
        return self._found

    def _entries_of(self, node: Node) -> Iterator[_Entry]:
        """All entries below a node, outer ones first."""
        if isinstance(node, Text):
            return
        parts = list(node.items()) if isinstance(node, Mapped) else [(None, value) for value in node]
        for at, (key, value) in enumerate(parts):
            start = self._start_of(key if key is not None else value)
            if key is None and node.closes is None:
                dash = self.text.rfind("-", self.text.rfind("\n", 0, start) + 1, start)
                start = dash if dash >= 0 else start
            yield _Entry(node, at, key, value, start, self._end_of(value, key))
            yield from self._entries_of(value)

    def _start_of(self, node: Node) -> int:
        if isinstance(node, Mapped) and node and node.closes is None:
            return self._start_of(next(iter(node)))
        if isinstance(node, Listed) and node and node.closes is None:
            return self._start_of(node[0])
        quote = isinstance(node, Text) and node.exact and not node.plain
        return self._offset(node.place.line, node.place.column) - quote

    def _end_of(self, node: Node, key: Text | None) -> int:
        if isinstance(node, Text):
            if not node and key is not None:
                return self._offset(key.place.line, key.place.end_column) + 1
            quote = node.exact and not node.plain
            return self._offset(node.place.line, node.place.end_column) + quote
        if node.closes is not None:
            closes = self._offset(node.closes.line, node.closes.column)
            if isinstance(node, Mapped) and node and self.text[closes : closes + 1] != "}":
                # A pair of `[a, b: c]` has no bracket of its own: what stands behind it belongs to the list.
                last_key, value = list(node.items())[-1]
                return self._end_of(value, last_key)
            return closes + 1
        last = max((text.place.line for text in texts_in(node)), default=node.place.line)
        return self._starts[last] - 1

    def _last_line(self, entry: _Entry) -> int:
        """The number of the last line of an entry, from 1; what is indented more than its beginning belongs to it."""
        last = self.text.count("\n", 0, max(entry.start, entry.end)) + 1
        first = self.text.count("\n", 0, entry.start) + 1
        indent = entry.start - (self.text.rfind("\n", 0, entry.start) + 1)
        for number in range(first + 1, len(self.lines) + 1):
            line = self.lines[number - 1]
            if line.strip() and len(line) - len(line.lstrip()) > indent:
                last = max(last, number)
            elif line.strip() and number > last:
                break
        return last

    def _offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column - 1

    def _edit(self, start: int, end: int, text: str) -> Edit:
        line, end_line = self.text.count("\n", 0, start), self.text.count("\n", 0, end)
        return Edit(line + 1, start - self._starts[line] + 1, end_line + 1, end - self._starts[end_line] + 1, text)


def _last_written(lines: Sequence[str]) -> int:
    """How many lines there are up to the last one that is not empty."""
    return max((number for number, line in enumerate(lines, 1) if line.strip()), default=0)


def _nested(text: str, path: Sequence[str]) -> list[str]:
    lines = [f"{'  ' * depth}{key}:" for depth, key in enumerate(path)]
    return [*lines, f"{'  ' * len(path)}{text}"]


def _nested_flow(text: str, path: Sequence[str]) -> str:
    inner = _quoted_entry(text)
    for key in reversed(path):
        inner = f"{key}: [{inner}]" if text.startswith("- ") and key == path[-1] else f"{key}: {{{inner}}}"
    return inner


def _quoted_entry(text: str) -> str:
    """`key: value` or a line as it stands within brackets."""
    if text.startswith("- "):
        return _quoted(text.removeprefix("- "))
    key, colon, value = text.partition(": ")
    return f"{key}{colon}{value if value[:1] in {'[', '{'} else _quoted(value)}"


def _quoted(text: str) -> str:
    """In quotes where brackets would cut it at a comma."""
    return f'"{text}"' if re.search(r"[,\[\]{}]", _THOUSANDS.sub("", text)) and text[:1] not in "[{\"'" else text
