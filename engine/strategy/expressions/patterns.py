"""Patterns with which an editor knows a line that cannot be right, as far as a pattern can know: in the words of JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from engine.domain.chain import EVENT_KINDS
from engine.strategy.expressions.lexer import FUNCTIONS, SPOKEN, WORDS
from engine.strategy.measures.declaration import Declaration
from engine.strategy.measures.index import OF_OTHERS
from engine.strategy.units import BARE, PERCENT, WEEKDAYS, Unit
from engine.strategy.values.entry import SECONDS, ZONES

_SIGN = r"\s*(?:<=|>=|<|>|=)\s*"
_NUMBER = r"(?:[0-9][0-9,]*)?\.?[0-9]+"
_ENDS = r"\s*(?:$| and | or )"
_NOT_ZERO = r"(?!0*\.?0*\s*(?:$| ))"


def words_pattern(names: Iterable[str]) -> str:
    """A pattern for editors that accepts a line whose words are all known: these names, and the words of the language."""
    units = ("bars", "bar", "days", "day", "deltas", "delta", "points", *SECONDS, *FUNCTIONS, *EVENT_KINDS)
    names = tuple(names)
    parts = [name.replace("_", "[ _]+") for name in names]
    parts += [word for spoken, name in SPOKEN.items() if name in names for word in spoken.split()]
    parts += WEEKDAYS if "weekday" in names else ()
    known = sorted(
        {*parts, *units, *WORDS, *(word for zone in ZONES for word in zone.split())}, key=lambda word: (-len(word), word)
    )
    others = f"|(?:{'|'.join(OF_OTHERS)}) +of +[A-Za-z0-9]+" if set(OF_OTHERS) <= set(names) else ""
    others += "|at +[a-z][a-z0-9_]*(?![A-Za-z0-9_]|\\s*\\()" if "expected_value" in names else ""
    return f"^(?:[^A-Za-z_]{others}|(?:{'|'.join(known)})(?![A-Za-z0-9_]))*$"


def refused_pattern(declared: Iterable[Declaration]) -> str:
    """What stands before such a pattern: a line is refused that holds one of these, each of which the checker refuses as well.

    A share without its whole beside dollars, a number without a unit beside what has no everyday one, a measure that lacks its
    brackets, a sign that is missing, `of` behind what is no percentage.
    """
    return "".join(f"(?!.*{one})" for one in _refused(tuple(declared)))


def _refused(declared: tuple[Declaration, ...]) -> Iterator[str]:
    plain = [one for one in declared if one.unit is not Unit.FLAG and not _wants_brackets(one) and not one.takes_symbol]
    if shares := _any(one for one in plain if one.unit not in PERCENT):
        yield rf"\b{shares}{_SIGN}{_NUMBER}\s*%{_ENDS}"
    if bare := _any(one for one in plain if one.unit not in BARE | {Unit.CLOCK, Unit.WEEKDAY, Unit.RATIO, Unit.VOL}):
        yield rf"\b{bare}{_SIGN}{_NOT_ZERO}{_NUMBER}{_ENDS}"
    if unsigned := _any(plain):
        yield rf"\b{unsigned}\s+\$?[0-9]"
        yield rf"(?:^|\b(?:and|or)\s+)\s*\$?{_NUMBER}\s+{unsigned}\b"
    wants = [one for one in declared if one.unit is not Unit.FLAG and _wants_brackets(one) and not _has_default(one)]
    if open_ended := _any(wants):
        yield rf"\b{open_ended}(?![A-Za-z0-9_]|\s*\()"
    yield r"[0-9]x?\s+of\b"


def _wants_brackets(declared: Declaration) -> bool:
    return declared.argument is not None and not declared.argument.is_optional


def _has_default(declared: Declaration) -> bool:
    return declared.argument is not None and declared.argument.default is not None


def _any(declared: Iterable[Declaration]) -> str:
    names = sorted({one.name for one in declared}, key=lambda name: (-len(name), name))
    return f"(?:{'|'.join(map(re.escape, names))})" if names else ""
