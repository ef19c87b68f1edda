"""Every kind of fact has a place in the fold, a name in the journal, and every decision becomes facts."""

import ast
import inspect
from typing import get_args

from engine.domain import decision, files, ledger, order_life
from engine.domain.facts.union import KINDS, Fact, OrderFact
from engine.domain.files import FileFact


def classes_in_matches(source: object) -> set[str]:
    """Names of the classes that the cases of a function's or class's matches name."""
    tree = ast.parse(inspect.getsource(source))  # type: ignore[arg-type]
    patterns = (node.cls for node in ast.walk(tree) if isinstance(node, ast.MatchClass))
    return {pattern.id for pattern in patterns if isinstance(pattern, ast.Name)}


def test_every_kind_of_fact_has_a_place_in_the_fold() -> None:
    source = inspect.getsource(ledger.Ledger.apply)
    of_orders = {kind.__name__ for kind in get_args(OrderFact)}
    of_files = {kind.__name__ for kind in get_args(FileFact)}

    assert "assert_never(fact)" in source
    assert "isinstance(fact, OrderFact)" in source
    assert "isinstance(fact, FileFact)" in source
    tree = ast.parse(source.lstrip().replace("\n    ", "\n"))
    named = {node.cls.id for node in ast.walk(tree) if isinstance(node, ast.MatchClass) and isinstance(node.cls, ast.Name)}
    assert named == set(KINDS) - of_orders - of_files
    assert classes_in_matches(files.Files) == of_files
    assert classes_in_matches(order_life.advance) | {"LegFilled"} == of_orders, "an execution has a way of its own there"


def test_every_kind_of_fact_is_in_the_union_and_known_by_its_name() -> None:
    assert {kind.__name__: kind for kind in get_args(Fact)} == KINDS


def test_every_decision_becomes_facts_or_says_that_it_does_not() -> None:
    assert classes_in_matches(decision.facts_of) == {kind.__name__ for kind in get_args(decision.Decision)}
