"""Bytes of a YAML file become a tree of written values that know their place, or problems in the trader's words.

1. The bytes must be UTF-8 text of a bearable size without control characters.
2. ruamel's parser (YAML 1.2) gives events; scalars stay text, so that no `NO`, `ON` or `15:45` is ever taken for something else.
3. A comma that sets off thousands stays with its number: in brackets YAML would cut `$5,000` in two.
4. What the language has no use for is refused: anchors, tags, several documents, the same key twice, deep nesting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from engine.strategy.loader.builder import Stop, TreeBuilder
from engine.strategy.loader.bytes import no_text
from engine.strategy.loader.edits import Source
from engine.strategy.loader.invisible import unseen_character
from engine.strategy.loader.syntax import in_trade_words
from engine.strategy.problems import Edit, Problem
from engine.strategy.source import NOWHERE, SHARED_FROM, Listed, Mapped, Place, Text, place_at
from engine.strategy.way_out import Add, Change, Remove, WayOut, Write, changes_of, is_later, joined, written_first

LARGEST_FILE = 256 * 1024
"""Bytes. A hand-written strategy has three thousand; what is larger is another file by mistake."""

MOST_EDITED = 200
"""Problems that come with their edits; nobody is shown more at once."""


@dataclass(frozen=True, slots=True)
class Shared:
    """common.yaml, as the files that use it see it."""

    file: str
    lines: tuple[str, ...]
    tree: Mapped


@dataclass(slots=True)
class Document:
    """A file while it is read. `tree` is None when there is nothing that could be understood."""

    file: str
    digest: str
    lines: list[str]
    tree: Mapped | None
    problems: list[Problem]
    whole: Mapped | None = None
    """The tree as it stands in the file, where `tree` is what became of it: one of its variants, with what it takes elsewhere."""
    variant: str = ""
    """The name of the variant whose tree it is; empty where the file has none."""
    shared: Shared | None = None
    """The file whose lines stand behind those of this one."""
    _source: Source | None = None

    def report(self, place: Place, message: str, hint: str, severity: Literal["error", "warning"] = "error") -> None:
        """Keep a problem in mind. One of a text that the file takes from common.yaml is told there."""
        if place.line > SHARED_FROM:
            place, message, hint, told = self._told_there(place, message, hint, severity)
            if told:
                return
        line = self.lines[place.line - 1] if 0 < place.line <= len(self.lines) else None
        end = max(place.end_column, place.column + 1)
        marked = Place(place.line, place.column, end)
        said, edits = self._way_out(hint, marked)
        if edits and hint.startswith("write  ") and len(edits) == 1 and edits[0].line == edits[0].end_line == place.line:
            marked = Place(place.line, edits[0].column, max(edits[0].end_column, edits[0].column + 1))  # just what is replaced
        where = (self.file, marked.line, marked.column, marked.end_column)
        self.problems.append(Problem(*where, severity, message, line, said, edits, is_later(hint)))

    def _told_there(
        self, place: Place, message: str, hint: str, severity: Literal["error", "warning"]
    ) -> tuple[Place, str, str, bool]:
        """Tell a problem in common.yaml; one whose way out adds something is told in this file, where that belongs."""
        assert self.shared is not None, "only what is taken from it has a place there"
        line = place.line - SHARED_FROM
        if any(isinstance(change, Add) for change in changes_of(hint)):
            used = place_at(self.whole or Mapped(), "use")
            return used, f"{message} ({self.shared.file}:{line})", hint, False
        there = Document(self.shared.file, "", list(self.shared.lines), self.shared.tree, [])
        told = f"{message}{used_by(self.file, [self.variant] if self.variant else [])}"
        there.report(Place(line, place.column, place.end_column), told, _moved_up(hint), severity)
        self.problems.extend(there.problems)
        return place, message, hint, True

    def _way_out(self, hint: str, marked: Place) -> tuple[str, tuple[Edit, ...]]:
        """The sentence, with quotes where its text needs them there, and what it does to the file."""
        if not changes_of(hint) or len(self.problems) >= MOST_EDITED:
            return str(hint), ()
        tree = self.whole or self.tree
        if self._source is None or self._source.tree is not tree:
            self._source = Source(self.lines, tree)
        said = str(hint)
        if (text := written_first(hint)) and (quoted := self._source.in_place(text, marked)) != text:
            said = said.replace(text, quoted, 1)
        return said, self._source.edits(changes_of(hint), marked)

    @property
    def has_errors(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)


def used_by(file: str, variants: Sequence[str]) -> str:
    """Who takes a text from common.yaml that something is wrong with: a file, or those of its variants."""
    return f" (used by {file}:{joined(variants)})" if variants else f" (used by {file})"


def _moved_up(hint: str) -> str:
    """The way out with the places that common.yaml has itself."""
    if not isinstance(hint, WayOut):
        return hint
    return WayOut.of(str(hint), *map(_change_moved_up, hint.changes), is_later=hint.is_later)


def _change_moved_up(change: Change) -> Change:
    if isinstance(change, Write | Remove) and change.place is not None and change.place.line > SHARED_FROM:
        place = change.place
        return replace(change, place=Place(place.line - SHARED_FROM, place.column, place.end_column))
    return change


def read_document(source: str | bytes, file: str) -> Document:
    """The tree of one file. Problems are in the document; nothing is raised."""
    raw = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    document = Document(file, hashlib.sha256(raw).hexdigest(), [], None, [])
    try:
        text = _text_of(raw, document)
        document.tree = _tree_of(text, document)
    except Stop:
        return document
    return document


def _text_of(raw: bytes, document: Document) -> str:
    if len(raw) > LARGEST_FILE:
        most = f"{LARGEST_FILE // 1024} kB"
        document.report(NOWHERE, f"this file is larger than {most}, the most", "one file is one strategy of a page or two")
        raise Stop
    if (refused := no_text(raw)) is not None:
        document.report(*refused)
        raise Stop
    text = raw.decode("utf-8")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    document.lines = text.split("\n")
    if (unseen := unseen_character(document.lines)) is not None:
        document.report(*unseen)
        raise Stop
    if not text.strip():
        document.report(NOWHERE, "this file is empty", "`spreads new` writes a strategy to start from")
        raise Stop
    return text


def _tree_of(text: str, document: Document) -> Mapped | None:
    builder = TreeBuilder(text, document.lines, document.report)
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
