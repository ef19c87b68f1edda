"""Keys of one's own: `keys.yaml`, a key for each name, checked as a whole before the console opens.

    halt: f9
    approvals.approve: A

A name that is not there, a key that is none, and two names on one key where both can be pressed are told with their lines.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError
from textual.binding import Binding, BindingType
from textual.keys import Keys

from engine.domain.errors import UserError

MODIFIERS = frozenset({"ctrl", "shift", "alt", "super"})
SPELLED = frozenset({"space", "colon", "question_mark", "exclamation_mark", "slash", "full_stop", "comma", "plus", "minus"})
KNOWN = frozenset(key.value for key in Keys) | SPELLED
ENOUGH_LIKE = 0.5


@dataclass(frozen=True, slots=True)
class Named:
    """One thing that a key does."""

    id: str
    keys: tuple[str, ...]
    what: str


Scopes = Mapping[str, Sequence[Named]]
"""For each screen, everything that a key can do there: what holds everywhere included."""


def named(bindings: Sequence[BindingType]) -> list[Named]:
    """Bindings with a name, by which they can be given another key."""
    found: dict[str, Named] = {}
    for binding in Binding.make_bindings(bindings):
        if binding.id is not None:
            before = found.get(binding.id)
            found[binding.id] = Named(binding.id, (*(before.keys if before else ()), binding.key), binding.description)
    return list(found.values())


def read_keys(path: Path, scopes: Scopes) -> dict[str, str]:
    """The key of each name in the file, several of one name joined by commas. Raises UserError with everything that is wrong."""
    try:
        document: Any = YAML().load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UserError(f"{path}:{line}: {error.problem}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: it cannot be read: {error}") from error
    if document is None:
        return {}
    if not isinstance(document, CommentedMap):
        raise UserError(f"{path}:1: a line is NAME: KEY, as in halt: f9")
    file = _File(path, document)
    problems = [*file.problems(scopes), *file.conflicts(scopes)]
    if problems:
        raise UserError("\n".join(problems))
    return file.keys


class _File:
    """The file's lines."""

    def __init__(self, path: Path, document: CommentedMap) -> None:
        self._path, self._document = path, document
        self.keys = {str(name): _as_key(value) for name, value in cast("Mapping[object, object]", document).items()}

    def line(self, name: str) -> str:
        """Where a name stands."""
        return f"{self._path}:{self._document.lc.key(name)[0] + 1}"

    def problems(self, scopes: Scopes) -> Iterator[str]:
        """Names and keys that are none."""
        known = {one.id for scope in scopes.values() for one in scope}
        for name, keys in self.keys.items():
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1, cutoff=ENOUGH_LIKE)
                yield f"{self.line(name)}: {name}: nothing is called so" + (f"; did you mean {close[0]}?" if close else "")
            if not keys:
                yield f"{self.line(name)}: {name}: a key is missing, as in {name}: f9"
            for key in keys.split(","):
                if key and not _is_key(key):
                    yield f"{self.line(name)}: {name}: {key!r} is no key; write one as f9, ctrl+r, space or A"

    def conflicts(self, scopes: Scopes) -> Iterator[str]:
        """Two names on one key of the same screen, at least one of them by this file."""
        told: set[frozenset[str]] = set()
        for scope in scopes.values():
            holders: dict[str, Named] = {}
            for one in scope:
                for key in _spelled(self.keys[one.id]) if one.id in self.keys else one.keys:
                    other = holders.setdefault(key, one)
                    pair = frozenset({one.id, other.id})
                    if other is one or pair in told or not pair & self.keys.keys():
                        continue
                    told.add(pair)
                    places = f"{self._place(other)} and {self._place(one)}"
                    yield f"{places}: {other.id} and {one.id} are both on {key}; choose another key"

    def _place(self, one: Named) -> str:
        return self.line(one.id) if one.id in self.keys else f"{one.id} as it comes"


def _as_key(value: object) -> str:
    return "" if value is None else ",".join(str(value).replace(" ", "").split(",")) if str(value) != "," else "comma"


def _spelled(keys: str) -> list[str]:
    """The keys as the terminal names them."""
    return [binding.key for binding in Binding.make_bindings([Binding(keys, "any")])] if keys else []


def _is_key(key: str) -> bool:
    *modifiers, last = key.split("+")
    return all(one in MODIFIERS for one in modifiers) and (len(last) == 1 or last in KNOWN)
