"""Keys that the language does not have become the keys that were meant, with the value that was written.

A word of another program is looked up in `aliases`; a key of ours in the wrong place goes where it belongs; a misspelled one is
put right. What is offered is read first, so that the way out does not lead to the next error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from engine.strategy import guesses
from engine.strategy.aliases.keys import ELSEWHERE, KEYS, LATER_KEYS, Key
from engine.strategy.expressions.reader import LineReader, Patience
from engine.strategy.expressions.tree import Relation
from engine.strategy.loader.keys import field_of, homes_of, keys_of, meant_key, model_at, scalar_of, types_of
from engine.strategy.loader.spelling import nearest
from engine.strategy.loader.written import best_of, lines_with, source_of, yes_or_no
from engine.strategy.source import Mapped, Node, Place, Text, texts_in
from engine.strategy.spreads.pairs import BrokenWidths, Pair
from engine.strategy.spreads.union import STRUCTURES
from engine.strategy.structures import leg_list, likely_structure
from engine.strategy.values.scalar import Scalar, shortened
from engine.strategy.way_out import Add, Change, Remove, Turn, WayOut, Write, changes_of, did_you_mean, move, remove, turn, write

RELATIONS: Mapping[str, Relation] = {
    "when": "market",
    "filters": "leg",
    "spread.rules": "spread",
    "exits": "position",
    "exits.each side": "side",
    "exits.whole": "position",
}
"""What the lines of each list are about."""

_PAIRS = (("min_", "max_"), ("start", "end"), ("low", "high"), ("from", "to"))
"""Beginnings of keys that say the two ends of one range."""

_SIDED = {"delta": "delta", "width": "width", "wing": "width", "expiry": "expiry", "dte": "expiry", "expiration": "expiry"}
_PARTS = {
    "put": "put",
    "puts": "put",
    "call": "call",
    "calls": "call",
    "near": "near",
    "front": "near",
    "inner": "near",
    "far": "far",
    "back": "far",
    "outer": "far",
}
"""Words within a key that say which value is meant, and which part of it."""

_AROUND_DELTA = frozenset({"delta", "deltas", "target_delta", "delta_range", "delta_target"})
"""Words for the delta of the leg that is chosen: the sold one of a credit, the bought one of a debit."""


@dataclass(frozen=True, slots=True)
class Renaming:
    """What is known where a key of the file is looked up: the model of the file, its tree, and what lines need to know."""

    model: type[BaseModel]
    tree: Mapped
    about_lines: Mapping[str, Any]
    likely: str | None = None
    """The structure that the file is likely to mean, where it does not say so as it should."""

    def unknown(self, path: Sequence[str], above: Mapped, key: Text, value: Node) -> tuple[str, str] | None:
        """What is wrong with a key below `path`, and the way out; None where another key tells it too."""
        section = ".".join(path)
        owner = self.owner(path)
        keys = keys_of(owner) if owner else []
        message = f"unknown key '{shortened(key)}'{f' in {section}' if section else ''}"
        word = plain(key)
        if word in {"legs", "leg"} and section in {"", "spread"}:
            return leg_list(value, [*above] if section else [])
        if any(_WEEKDAY.search(text) and not re.search(r"[<>=(]", text) for text in texts_in(value)):
            word = "weekdays"
        if word in LATER_KEYS:
            return self._later(word, value)
        if not path and isinstance(value, Mapped) and len([one for one in value if one in keys]) > 1:
            return "everything stands one level too deep", _raised(key, value)
        if self._is_second_of_pair(word, above):
            return None
        if (part := self._part(owner, word)) and part not in above:
            return message, did_you_mean(part, f"keys here: {', '.join(keys)}")
        if section == "spread" and (joined := self._joined(above, key)):
            return (message, joined) if isinstance(joined, WayOut) else None
        hint = self._alias(section, above, key, value, word) or self._home(section, key, value)
        if hint is None and (meant := meant_key(key, keys)):
            known = f"   keys here: {', '.join(keys)}"
            hint = WayOut.of(f"did you mean '{meant}'?{known}", Write(meant))
        if hint is None and self._has_patience() and (near := nearest(word, _BY_WORD)):
            hint = self._alias(section, above, key, value, near)
        return message, hint or f"keys here: {', '.join(keys)}"

    @property
    def kind(self) -> str | None:
        """The structure that the file is likely to mean."""
        spread = self.tree.get(Text("spread"))
        named = spread.get(Text("type")) if isinstance(spread, Mapped) else None
        return (likely_structure(named, list(STRUCTURES)) if isinstance(named, Text) else None) or self.likely

    def owner(self, path: Sequence[str]) -> type[BaseModel] | None:
        """The model that has the keys below a path."""
        tagged = ("spread", self.kind, *path[1:]) if path[:1] == ["spread"] and self.kind else tuple(path)
        return model_at(self.model, tagged)

    def scalar(self, path: str) -> Scalar | None:
        """How the value at a path is written, where it is one scalar."""
        return scalar_of(self.model, path, self.about_lines.get("pays"), self.kind)

    def _part(self, owner: type[BaseModel] | None, word: str) -> str | None:
        """The key of a pair of values that is meant by another word."""
        if owner is None or not issubclass(owner, Pair):
            return None
        if issubclass(owner, BrokenWidths) and word in {"lower", "upper"}:
            spread = self.tree.get(Text("spread"))
            right = spread.get(Text("right")) if isinstance(spread, Mapped) else None
            return "near" if (word == "upper") == (str(right or "put")[:1].casefold() == "p") else "far"
        return next((key for key, words in owner.said.items() if word in words.split(", ")), None)

    def _sided(self, word: str) -> tuple[str, str] | None:
        """The key and its part that one key says at once: short_put_delta is that of the puts in `short_delta`."""
        parts = word.split("_")
        base = next((key for said, key in _SIDED.items() if said in parts), None)
        side = next((_PARTS[part] for part in parts if part in _PARTS), None)
        if base == "delta":
            base = "long_delta" if {"long", "buy", "bought", "wing"} & set(parts) else "short_delta"
        elif base == "expiry" and side is None:
            side = "near" if {"short", "sell"} & set(parts) else "far" if {"long", "buy"} & set(parts) else None
        if base is None or side is None or self.kind is None:
            return None
        pair = model_at(self.model, ("spread", self.kind, base))
        return (base, side) if pair is not None and issubclass(pair, Pair) and side in keys_of(pair) else None

    def _joined(self, above: Mapped, key: Text) -> WayOut | bool:
        """The way out where two keys say the parts of one; True where the other one tells it, False where it is nothing such."""
        sided = self._sided(plain(key))
        if sided is None or Text(sided[0]) in above:
            return False
        base, said = sided[0], {}
        for one, value in above.items():
            also = self._sided(plain(one))
            scalar = self.scalar(f"spread.{base}.{also[1]}") if also and also[0] == base else None
            best = best_of(scalar, ", ".join(texts_in(value))) if scalar else None
            if also and best and also[1] not in said:
                said[also[1]] = (one, best)
        if key not in {one for one, _ in said.values()}:
            return False
        if next(iter(said.values()))[0] != key:
            return True
        pair = model_at(self.model, ("spread", self.kind or "", base))
        if pair is None or not issubclass(pair, Pair):
            return False
        values = [said[part][1] if part in said else pair.beside(part, said[sided[1]][1]) for part in keys_of(pair)]
        line = f"{base}: {{{', '.join(f'{part}: {value}' for part, value in zip(keys_of(pair), values, strict=True))}}}"
        spare = [Remove(one.place) for one, _ in said.values() if one != key]
        return WayOut.of(f"write  {line}", Turn(line), *spare)

    def _homes(self, key: str) -> list[str]:
        """Sections that have this key, in the structure of the file."""
        pays = self.about_lines.get("pays")
        homes = homes_of(str(key), self.model)
        return [home for home in homes if not home or field_of(self.model, f"{home}.{key}", pays, self.kind)]

    def _has_patience(self) -> bool:
        patience: Patience | None = self.about_lines.get("patience")
        return patience is None or patience.spend()

    def targets(self, path: Sequence[str], above: Mapped, key: Text) -> list[tuple[str, ...]]:
        """The places of the keys that may be meant, which are then not missing."""
        word = plain(key)
        value = above[key]
        if not path and isinstance(value, Mapped) and len([one for one in value if one in keys_of(self.model)]) > 1:
            return [(str(one),) for one in value]
        if word in {"legs", "leg"}:
            return [("spread", one) for one in ("type", "expiry", "width")] + ([("spread",)] if not path else [])
        found = [tuple(self._path(one, word).split(".")) for one in self._aliases(".".join(path), word)]
        owner = self.owner(path)
        if part := self._part(owner, word):
            return [(*path, part)]
        if list(path) == ["spread"] and (sided := self._sided(word)):
            return [("spread", sided[0])]
        meant = meant_key(key, keys_of(owner)) if owner else None
        homes = [(*home.split("."), str(key)) for home in self._homes(key) if home]
        places = [*found, *homes, *([(*path, meant)] if meant and not found else [])]
        return [*places, *(place[:1] for place in places if place == ("sizing", "risk"))]

    def as_line(self, section: str, key: str, value: Node) -> str | None:
        """A line of a list that stands as `key: value`."""
        relation = RELATIONS.get(section)
        if relation is None:
            return None
        reader = LineReader("condition", (relation,), **self.about_lines)
        named = next((one for one in KEYS if one.path == section and one.line and plain(key) in one.words), None)
        pattern = named.line if named else f"{key} {{}}"
        for filled in lines_with(pattern, value):
            if meant := reader.meant(filled):
                return meant
        return None

    def _alias(self, section: str, above: Mapped, key: Text, value: Node, word: str) -> WayOut | None:
        """The way out where another program has this word."""
        options = [(one, self._entry(one, word, above, value)) for one in self._aliases(section, word)]
        known = next(((one, entry) for one, (entry, reads) in options if entry and reads), None)
        found = known or next(((one, entry) for one, (entry, _) in options if entry), None)
        if found is None:
            return None
        one, entry = found
        assert entry is not None, "one without an entry is passed over"
        target, _, last = one.path.rpartition(".")
        is_section = not one.line and self.scalar(one.path) is None and one.path not in {"universe", "spread.type"}
        if is_section and target == section and not _stands(self.tree, one.path):
            return write(last)
        return self._led(self._path(one, word), bool(one.line), entry, section, above, word)

    def _led(self, path: str, is_line: bool, entry: str, section: str, above: Mapped, word: str) -> WayOut:
        target, _, last = path.rpartition(".")
        if is_line:
            return move(f"- {entry}", path)
        if _stands(self.tree, path):
            return remove(f": {last} is there already")
        spare: list[Change] = [Remove(twin.place) for twin in above if self._is_twin(word, plain(twin))]
        hint = turn(entry) if target == section else move(entry, target)
        return WayOut.of(str(hint), *changes_of(hint), *spare)

    def _entry(self, one: Key, word: str, above: Mapped, value: Node) -> tuple[str | None, bool]:
        """`key: value` or a line, and whether it reads."""
        path = self._path(one, word)
        last = path.rpartition(".")[2]
        if one.line:
            relation = RELATIONS[one.path]
            reader = LineReader("condition", (relation,), **self.about_lines)
            meant = next((found for filled in lines_with(one.line, value) if (found := reader.meant(filled))), None)
            return meant, meant is not None
        if path == "universe":
            tickers = guesses.tickers(", ".join(texts_in(value)))
            return (f"universe: [{', '.join(tickers)}]", True) if tickers else (None, False)
        if path == "spread.type":
            known = types_of(self.model, "spread")
            structure = likely_structure(value, known) if isinstance(value, Text) else None
            return (f"type: {structure}", True) if structure else (f"type: {source_of(value)}", False)
        scalar = self.scalar(path)
        if scalar is None:
            return (f"{last}: {source_of(value)}", not isinstance(value, Text)) if source_of(value) else (None, False)
        said = self._said(word, above, value)
        if one.answers is not None and (answer := yes_or_no(said)) is not None:
            return f"{last}: {one.answers[0 if answer else 1]}", True
        best = best_of(scalar, said)
        return f"{last}: {best or said}", best is not None

    def _said(self, word: str, above: Mapped, value: Node) -> str:
        """What was written, with its other end where two keys say one range."""
        said = ", ".join(texts_in(value))
        twin = next((key for key in above if self._is_twin(word, plain(key))), None)
        if twin is not None:
            return f"{said}-{', '.join(texts_in(above[twin]))}"
        for low, high in _PAIRS[:2]:
            if word.startswith(low):
                return f"{'after' if low == 'start' else 'at least'} {said}"
            if word.startswith(high):
                return f"{'before' if high == 'end' else 'at most'} {said}"
        return said

    def _is_twin(self, word: str, other: str) -> bool:
        return any(word.startswith(low) and other == word.replace(low, high, 1) for low, high in _PAIRS)

    def _is_second_of_pair(self, word: str, above: Mapped) -> bool:
        return bool(list(self._aliases("", word))) and any(self._is_twin(plain(key), word) for key in above)

    def _path(self, one: Key, word: str) -> str:
        is_bought = one.path == "spread.short_delta" and word in _AROUND_DELTA and self.about_lines.get("pays") == "debit"
        return "spread.long_delta" if is_bought else one.path

    def _aliases(self, section: str, word: str) -> Iterator[Key]:
        """Keys that have this other name, those of the section first."""
        pays = self.about_lines.get("pays")
        found = [one for one in _BY_WORD.get(word, ()) if field_of(self.model, one.path, pays, self.kind)]
        found = [one for one in found if section == "roll" or not one.path.startswith("roll.")]
        yield from sorted(found, key=lambda one: (_home_of(one) != section, bool(one.line)))

    def _home(self, section: str, key: Text, value: Node) -> WayOut | None:
        """The way out where the key is one of ours and stands in the wrong place."""
        homes = self._homes(key)
        if not homes and plain(key) in ELSEWHERE and "universe" not in self.model.model_fields:
            return remove(f": {ELSEWHERE[plain(key)]}")
        if not homes:
            is_of_another = section == "spread" and section in homes_of(str(key), self.model)
            return remove(f": {self.kind} has no {key}") if is_of_another and self.kind else None
        if _stands(self.tree, f"{homes[0]}.{key}"):
            return remove(f": it stands under {homes[0]} already")
        source = source_of(value)
        if source is None:
            return WayOut.of(f"it belongs under {homes[0]}")
        scalar = self.scalar(f"{homes[0]}.{key}")
        return move(f"{key}: {(best_of(scalar, source) if scalar else None) or source}", homes[0])

    def _later(self, word: str, value: Node) -> tuple[str, WayOut]:
        what, section = LATER_KEYS[word]
        reader = LineReader("condition", (RELATIONS[section],), **self.about_lines)
        message, hint = reader.explain_later(what, ", ".join(texts_in(value)))
        lines = [change.text for change in hint.changes if isinstance(change, Write)]
        if not lines:
            return message, hint
        told = f"write it as  - {lines[0]}  in {section}"
        return message, WayOut.of(told, Remove(), *(Add(f"- {line}", section) for line in lines), is_later=True)


def _home_of(one: Key) -> str:
    home = one.path.rpartition(".")[0]
    return one.path if one.line and not home else home


def _raised(key: Text, value: Mapped) -> WayOut:
    """The way out of a key around the whole file: it goes, and what stands below it comes a level up."""
    hint = f"remove the line  {key}:  and what the lines below it are indented by"
    if value.closes is not None:
        return WayOut.of(hint)
    indent = next(iter(value)).place.column - key.place.column
    last = max((text.place.line for text in texts_in(value)), default=key.place.line)
    below = (Write("", Place(number, 1, indent + 1)) for number in range(key.place.line + 1, last + 1))
    return WayOut.of(hint, Write("", Place(key.place.line, 1, key.place.end_column + 1)), *below)


_WEEKDAY = re.compile(r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri)(?:days?)?\b", re.IGNORECASE)

_BY_WORD: Mapping[str, tuple[Key, ...]] = {
    word: tuple(one for one in KEYS if word in one.words) for key in KEYS for word in key.words
}


def plain(key: str) -> str:
    """A key in small letters with underscores."""
    return re.sub(r"[\s_-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key.strip()).casefold())


def _stands(tree: Mapped, path: str) -> bool:
    node: Node = tree
    for part in path.split("."):
        if not isinstance(node, Mapped) or Text(part) not in node:
            return False
        node = node[Text(part)]
    return True
