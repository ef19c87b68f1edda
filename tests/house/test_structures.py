"""Structures are declared once: no module beside their declaration lists their names."""

import ast
from pathlib import Path

from engine.strategy.spreads.union import STRUCTURES

ENGINE = Path(__file__).parents[2] / "engine"
DECLARED = ENGINE / "strategy" / "spreads"
NAMES = set(STRUCTURES)


def names_in(source: str) -> set[str]:
    """Structures that a module names, each in a text of its own or in a list within a text."""
    if not any(name in source for name in NAMES):
        return set()
    texts = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return {part for text in texts if isinstance(text, str) and "\n" not in text for part in text.split(", ")} & NAMES


def test_no_module_lists_structures_beside_their_declaration() -> None:
    named = {path: names_in(path.read_text(encoding="utf-8")) for path in ENGINE.rglob("*.py")}
    declared = {path: named.pop(path) for path in list(named) if path.parent == DECLARED}

    assert set().union(*declared.values()) == NAMES
    assert {str(path): names for path, names in named.items() if len(names) > 1} == {}


def test_no_name_means_two_structures() -> None:
    kinds = list(STRUCTURES.values())

    for said in ([kind.also for kind in kinds], [kind.perhaps for kind in kinds]):
        words = [word for words in said if words for word in words.split(", ")]
        assert sorted(words) == sorted(set(words))
        assert not set(words) & NAMES
