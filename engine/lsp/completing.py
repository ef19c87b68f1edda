"""What may be written where a cursor stands, and what the word under it means."""

import re
from collections.abc import Iterator, Mapping, Sequence

from engine.lsp.declared import Offer, at, keys, schema_of, sentence, values
from engine.lsp.places import cursor_at, path_of, structure_of
from engine.strategy.expressions.tree import Relation
from engine.strategy.measures.declaration import Declaration
from engine.strategy.measures.index import declared_in, find_measures
from engine.strategy.spreads.union import STRUCTURES
from engine.strategy.template import template
from engine.strategy.units import EXAMPLES, Unit

_LINES: dict[tuple[str | None, ...], tuple[Relation, ...]] = {
    ("when", None): ("market",),
    ("filters", None): ("leg",),
    ("spread", "rules", None): ("spread", "market"),
    ("spread", "rank"): ("spread",),
    ("exits", None): ("position", "market"),
}
"""Where lines of conditions stand in a strategy, and of what they speak."""
_VIEWED: tuple[tuple[str | None, ...], ...] = (("spread", "rules", None), ("spread", "rank"))
"""Of these, where an expected value may be taken at a view."""
_AT = re.compile(r"\bexpected[_ ]value +at(?: +[a-z0-9_]*)?$")
_COMPARES = ("<", ">", "=")


def offers(kind: str, lines: Sequence[str], line: int, column: int, views: Mapping[str, str] | None = None) -> Iterator[Offer]:
    """Keys of the section, values of the key, or parts of a line; in an empty file, whole strategies. `views` are the views of a
    price that its lines may name, by name with what they say.
    """
    if kind == "strategy" and not any(text.strip() for text in lines):
        for structure, declared in STRUCTURES.items():
            yield Offer(structure, template("my_strategy", structure), (declared.__doc__ or "").strip().splitlines()[0])
        return
    cursor = cursor_at(lines, line, column)
    path = path_of(cursor)
    structure = None if path == ("spread", "type") else structure_of(lines)  # which is about to be another
    if kind == "strategy" and path in _VIEWED and _AT.search(cursor.typed):
        yield from (Offer(name, name, f"the view {says}") for name, says in (views or {}).items())
        volatilities = (one for one in declared_in("market").values() if one.unit is Unit.VOL)
        yield from (Offer(one.name, one.as_written, one.sentence) for one in volatilities)
        return
    measure = _compared(cursor.typed, path) if kind == "strategy" and path in _LINES else None
    if measure is not None:
        yield from _units(measure)
        return
    yield from values(kind, path, structure)
    if kind == "strategy" and path in _LINES:
        yield from (Offer(one.name, one.as_written, one.sentence) for one in declared_in(*_LINES[path]).values())
    if cursor.key is None and (not cursor.section or cursor.section[-1] is not None):
        yield from keys(kind, cursor.section, structure)


def sentence_of(kind: str, path: Sequence[str | None], word: str, line: str, structure: str | None) -> str:
    """What a word of a line means: the measure, or the key; empty where nothing is known of it."""
    key = next((part for part in reversed(path) if part is not None), None)
    if key == word or line.lstrip(" -").startswith(f"{word}:"):
        section = path if path and path[-1] == word else (*path, word)
        found_here = (sentence(schema_of(kind), one) for one in at(kind, section, structure))
        if told := next((one for one in found_here if one), ""):
            return f"**{word}**\n\n{told}"
    relations = _LINES.get(tuple(path), ())
    found = declared_in(*relations).get(word) if relations else None
    found = found or next((one for one in find_measures(word) if one.name == word and kind == "strategy"), None)
    if found is not None:
        unknown = " It may be unknown, and unknown is no pass." if found.nullable else ""
        return f"**{found.as_written}** in {found.unit.value}\n\n{found.sentence}{unknown}"
    known = STRUCTURES.get(word)
    return f"**{word}**\n\n{(known.__doc__ or '').strip()}" if known is not None else ""


def _compared(typed: str, path: tuple[str | None, ...]) -> Declaration | None:
    """The measure that a number is about to be compared with."""
    words = typed.split()
    if len(words) < 2 or not words[-1].startswith(_COMPARES):
        return None
    return declared_in(*_LINES[path]).get(words[-2].partition("(")[0])


def _units(measure: Declaration) -> Iterator[Offer]:
    example = EXAMPLES[measure.unit]
    yield Offer(example, example, f"{measure.name} is measured in {measure.unit.value}")
    if measure.unit.value.startswith("dollars"):
        wholes = ("credit", "debit", "max_profit", "max_loss") if measure.relation == "position" else ("width", "mid", "credit")
        for whole in wholes:
            yield Offer(f"50% of {whole}", f"50% of {whole}", f"a share of {whole}")
