"""How traders write a condition among themselves becomes a line of the language, where one can be recognised.

1. Signs and words of other languages become the language's own: `=>`, `&&`, `at least`, `percent`.
2. Fractions and multiples become percentages: `1/3 of`, `2x credit`.
3. Sentences about leaving, events and averages become comparisons: `take profit at 50%`, `avoid FOMC`, `above the 50 dma`.
4. Other names of measures become the declared ones.
5. A measure beside a number gets the sign that it usually has, a pair of numbers becomes `between`.

What comes out is a guess: the caller reads it and drops what makes no sense. The numbers are those that were written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from engine.strategy.aliases.clocks import CLOCKS
from engine.strategy.aliases.measures import AT_MOST, NAMES
from engine.strategy.aliases.sayings import COUNTS, PARTS, SENTENCES, SPELLED, Saying
from engine.strategy.expressions.lexer import SPOKEN
from engine.strategy.expressions.tree import Relation
from engine.strategy.guesses import NUMBER
from engine.strategy.measures.index import declared_in
from engine.strategy.values.scalar import ordinary

_VALUE = rf"-?\s*\$?\s*-?(?:{NUMBER})\s*(?:%(?:\s*of\s+[a-z_]+)?|days?\b|min\b|s\b|deltas?\b|points?\b)?"
_PLAIN_VALUE = rf"\$?(?:{NUMBER})%?"


def phrases(text: str, relations: Iterable[Relation]) -> list[str]:
    """The lines that may be meant by a text, the likeliest first; none where it is written well already."""
    relations = tuple(relations)
    said = " ".join(ordinary(text).casefold().split()).strip(" .;,!-").removeprefix("* ")
    said = re.sub(
        r"^(?:if|when|only if|only when|require|requires|where|ensure|trade only if|trade when|enter if|enter when)\s+", "", said
    )
    shaped = _replaced(said, SPELLED)
    found = [_shaped(shaped, relations, sentences=True), _shaped(shaped, relations, sentences=False), _named(shaped, relations)]
    return [line for line in dict.fromkeys(found) if line and line != text]


def spelled(text: str) -> str:
    """The text in small letters, with the signs of the language for what words say of more and less."""
    return _replaced(" ".join(text.casefold().replace("_", " ").split()), SPELLED)


def _shaped(said: str, relations: tuple[Relation, ...], *, sentences: bool) -> str:
    said = _times(_replaced(_replaced(_fractions(said), PARTS), COUNTS))
    if sentences:
        for relation in relations:
            said = _replaced(said, SENTENCES[relation])
    said = _replaced(said, CLOCKS)
    said = " ".join(_signed(_named(said, relations), relations).split())
    for spoken, name in SPOKEN.items():
        said = re.sub(rf"(?<![a-z_]){name}(?![a-z_])", spoken, said)
    return (
        re.sub(r"(?<![a-z_(])delta(?=\s*(?:[<>=]|between))", "abs(delta)", said)
        if relations == ("leg",) and "-" not in said
        else said
    )


def _replaced(said: str, table: Iterable[Saying]) -> str:
    for pattern, by in table:
        said = re.sub(pattern, by, said)
    return " ".join(said.split())


def _fractions(said: str) -> str:
    """`1/3 of width` is 33% of it, `0.3 of width` 30%."""

    def share(found: re.Match[str]) -> str:
        return f"{(Decimal(found[1]) * 100 / Decimal(found[2])).quantize(Decimal(1))}% of"

    said = re.sub(
        r"(?<![0-9./])([0-9]{1,3})\s*/\s*([1-9][0-9]{0,2})(?:rd|th|nd)?s?\s+(?:of\s+)?(?=[a-z])",
        lambda found: share(found) + " ",
        said,
    )
    return re.sub(r"(?<![0-9.])(0?\.[0-9]+)\s+of\b", lambda found: f"{(Decimal(found[1]) * 100).normalize():f}% of", said)


def _times(said: str) -> str:
    """`2x credit` is 200% of it, and so is `2 * credit`."""
    times = rf"(?<![0-9.%$])({NUMBER})\s*(?:x|×|times|\*)\s*(?:of\s+)?(?=[a-z])"
    said = re.sub(rf"(?<![0-9.%$])({NUMBER})\s+(credit|debit)s?\b", r"\1 x \2", said)
    alone = rf"(?<![0-9.%$])({NUMBER})\s*(?:x|×|times)$"
    said = re.sub(times, lambda found: f"{(Decimal(found[1].replace(',', '')) * 100).normalize():f}% of ", said)
    return re.sub(alone, lambda found: f"{(Decimal(found[1].replace(',', '')) * 100).normalize():f}%", said)


@lru_cache(maxsize=16)
def _names(relations: tuple[Relation, ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Other names with what they mean, the longest first, so that a name within a longer one waits."""
    declared = declared_in(*relations)
    words = {
        word: name
        for relation in reversed(relations)
        for name, others in NAMES[relation].items()
        for word in (*others.split(", "), *([name.replace("_", " ")] if "_" in name and "(" not in name else ()))
    }
    kept = [(word, name) for word, name in words.items() if word not in declared]
    ordered = sorted(kept, key=lambda pair: -len(pair[0]))
    return tuple((re.compile(rf"(?<![a-z0-9_$]){_spaced(word)}(?![a-z0-9_(])"), name) for word, name in ordered)


def _spaced(word: str) -> str:
    return r"[\s_-]*".join(re.escape(part) for part in word.split())


def _named(said: str, relations: tuple[Relation, ...]) -> str:
    """With declared names in place of other ones; a name that was put in is not looked at again."""
    put: list[str] = []

    def keep(name: str) -> str:
        put.append(name)
        return f"\x00{len(put) - 1}\x00"

    for pattern, name in _names(relations):
        said = pattern.sub(lambda _, name=name: keep(name), said)
    return re.sub("\x00([0-9]+)\x00", lambda found: put[int(found[1])], said)


def _signed(said: str, relations: tuple[Relation, ...]) -> str:
    """With a sign where a measure and a number stand side by side, and `between` before a pair of numbers."""
    declared = declared_in(*relations)
    names = "|".join(sorted(declared, key=len, reverse=True))
    at_most = {name for relation in relations for name in AT_MOST[relation]}
    end = r"(?=$|\s+(?:and|or)\b|\s*\))"

    def signed(name: str, value: str) -> str:
        return f"{name} {'<=' if name in at_most else '>='} {value.strip()}"

    said = re.sub(rf"\b({names})\s*([<>]=?)\s*(\S+)\s+(and|or)\s+([<>]=?)\s*(\S+)", r"\1 \2 \3 \4 \1 \5 \6", said)
    measure = rf"(?<![a-z_.%])({names})(?:\([^)]*\))?"
    pair = rf"({_PLAIN_VALUE})\s*(?:-|to|and)\s*({_PLAIN_VALUE})(\s*%|\s*days?|\s*deltas?)?"
    said = re.sub(rf"(>=?|<=?)\s*({names})\s+(?:of\s+)?(?={_VALUE})", r"\2 \1 ", said)
    said = re.sub(rf"{measure}\s*(?:=\s*|:\s*|between\s+)?{pair}{end}", _between, said)
    said = re.sub(rf"{measure}\s*(?::|at|of|when|reaches|by)?\s*({_VALUE}){end}", lambda found: signed(found[1], found[2]), said)
    said = re.sub(rf"(?:(?<=^)|(?<=and )|(?<=or ))({_VALUE})\s+({names}){end}", lambda found: signed(found[2], found[1]), said)
    return re.sub(rf"(?:(?<=^)|(?<=and )|(?<=or ))(>=?|<=?)\s*({_VALUE})\s+({names}){end}", r"\3 \1 \2", said)


def _between(found: re.Match[str]) -> str:
    low, high, unit = found[2], found[3], (found[4] or "").strip()
    joined = "" if unit in {"", "%"} else " "
    if unit and not low.endswith("%") and not low.startswith("$"):
        low = f"{low}{joined}{unit}"
    ends = [low, f"{high}{joined}{unit}"]
    if "$" in low and "$" not in high:
        ends[1] = f"${high}"
    if ends[1].endswith("%") and not ends[0].endswith("%"):
        ends[0] = f"{ends[0]}%"
    values = [Decimal(re.sub(r"[^0-9.]", "", end) or "0") for end in ends]
    if values[0] > values[1]:
        ends.reverse()
    head = found[0][: found.start(2) - found.start(0)]
    name = re.sub(r"(?:=|:|between)\s*$", "", head.strip()).strip()
    return f"{name} between {ends[0]} and {ends[1]}"
