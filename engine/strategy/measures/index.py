"""Every measure the language knows, each declared once: name, relation, unit, SQL, sentence.

From here come the checker, the SQL, the funnel line, `spreads fields` and the editor's completion. SQL of market, spread,
position and account measures is a column of that name in the relation of that name.
"""

from __future__ import annotations

from engine.strategy.expressions.tree import Relation
from engine.strategy.measures.account import ACCOUNT
from engine.strategy.measures.declaration import Declaration
from engine.strategy.measures.legs import LEG
from engine.strategy.measures.market import MARKET
from engine.strategy.measures.positions import POSITION, SIDE
from engine.strategy.measures.spreads import SPREAD

WITHOUT_SOURCE = frozenset({"days_to_earnings"})
"""Measures that nobody tells in this version: they are always unknown."""

DECLARATIONS: tuple[Declaration, ...] = (*MARKET, *LEG, *SPREAD, *POSITION, *SIDE, *ACCOUNT)

OF_OTHERS: tuple[str, ...] = tuple(declared.name for declared in DECLARATIONS if declared.takes_symbol)
"""Measures that can be taken of another index or share."""

_BY_KEY = {(declared.relation, declared.name): declared for declared in DECLARATIONS}
assert len(_BY_KEY) == len(DECLARATIONS), "a measure is declared once"


def declaration(name: str, relation: Relation) -> Declaration:
    """The declaration of a measure. Raises KeyError when there is none: a parsed expression never holds such a name."""
    return _BY_KEY[relation, name]


def declared_in(*relations: Relation) -> dict[str, Declaration]:
    """Measures by name that can be used over these relations; the first relation that has a name wins."""
    return {
        declared.name: declared for relation in reversed(relations) for declared in DECLARATIONS if declared.relation == relation
    }


def find_measures(word: str = "") -> list[Declaration]:
    """Measures whose name or sentence contains the word, those whose name does first; all of them for an empty word."""
    wanted = word.strip().casefold()
    by_name = [declared for declared in DECLARATIONS if wanted in declared.name]
    by_sentence = [declared for declared in DECLARATIONS if declared not in by_name and wanted in declared.sentence.casefold()]
    return by_name + by_sentence
