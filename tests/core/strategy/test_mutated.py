"""Mutated files, by the thousand: no traceback, every refusal names a place and a way out, and all SQL is ours.

`make test` reads a share; `make long` reads 100,000 (FILES=2000 for fewer, SEED=7 for others).
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from engine.compile.entry import compile_bounded, compile_entry
from engine.compile.exits import compile_exits
from engine.compile.funnel import compile_funnel
from engine.compile.market import compile_market
from engine.strategy.expressions.tree import Compare, Condition, Measure, Number
from engine.strategy.measures.index import declared_in
from engine.strategy.model import Strategy
from engine.strategy.parse import check_files, parse_strategy
from engine.strategy.problems import render
from engine.strategy.spreads.union import STRUCTURES
from engine.strategy.template import template
from tests.core.strategy.test_broken import PYTHON, assert_is_clear
from tests.core.strategy.test_fuzz import ODD_PIECES, WORD_PIECES, YAML_PIECES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
STRATEGIES = ROOT / "strategies"
SHARED = {name: (STRATEGIES / name).read_text() for name in ("account.yaml", "common.yaml", "events.yaml")}
FILES = {
    path.name: path.read_text()
    for path in sorted([*(ROOT / "docs" / "cookbook").glob("*.yaml"), *STRATEGIES.glob("*.yaml")])
    if path.name not in SHARED
}
SEED = int(os.environ.get("SEED", "20261201"))
COUNT = int(os.environ.get("FILES", "100000"))
PARTS = 20
SHARE = 150

PIECES = (
    *YAML_PIECES,
    *WORD_PIECES,
    *(piece for piece in ODD_PIECES if piece != "\ud800"),  # no file holds half of a character
    *(
        ",",
        ", ",
        "or",
        "0",
        "0.5",
        "45",
        "16 delta",
        "New York",
        "; DROP TABLE chain; --",
        "read_csv('/etc/passwd')",
        "') UNION SELECT * FROM chain --",
        "getenv('HOME')",
        "/*",
        "*/",
        "::int",
        "credit",
        "dte",
        "vix",
        "profit",
        "bull_put",
        "iron_condor",
        "each side:",
        "roll",
        "let expire",
        "between",
        "within 2 days",
    ),
)


def mutated(rng: Random, text: str) -> str:
    """The text with a few pieces cut out, put in, doubled, or taken from another file."""
    for _ in range(rng.randint(1, 4)):
        start = rng.randint(0, len(text))
        end = min(len(text), start + rng.choice((0, 0, 1, 3, 12, 40)))
        if rng.random() < 0.3:
            start, end = _line_around(text, start)
        kind = rng.randrange(6)
        if kind == 0:
            piece = ""
        elif kind == 1:
            piece = text[start:end] * 2
        elif kind == 2:
            piece = "".join(chr(rng.randint(32, 126)) for _ in range(rng.randint(1, 6)))
        elif kind == 3:
            other = FILES[rng.choice(sorted(FILES))]
            piece = other[slice(*_line_around(other, rng.randint(0, len(other))))]
        else:
            piece = rng.choice(PIECES)
        text = text[:start] + piece + text[end:]
    return text


def _line_around(text: str, at: int) -> tuple[int, int]:
    end = text.find("\n", at)
    return text.rfind("\n", 0, at) + 1, len(text) if end < 0 else end + 1


def queries_of(strategy: Strategy) -> Iterator[str]:
    yield compile_entry(strategy).query.sql
    if (bounded := compile_bounded(strategy)) is not None:
        yield bounded.first.sql
        yield bounded.rest.sql
    funnel = compile_funnel(strategy)
    yield funnel.counts.sql
    yield funnel.nearest.sql
    yield compile_market(strategy).query.sql
    yield compile_exits(strategy).query.sql


def vocabulary_of(sql: str) -> set[str]:
    """What stands before a bracket, the relations that are read, every text in quotes, and what ends or hides a statement."""
    texts = re.findall(r"'(?:[^']|'')*'", sql)
    bare = re.sub(r"'(?:[^']|'')*'", "''", sql)
    named = set(re.findall(r"(\w+)(?:\([^()]*\))? AS (?:NOT )?(?:MATERIALIZED )?\(", bare))
    calls = set(re.findall(r"([A-Za-z_]\w*) ?\(", bare))
    tables = set(re.findall(r"(?:FROM|JOIN) ([A-Za-z_]\w*)", bare)) - named
    marks = {mark for mark in (";", "--", "/*", "::", "\\", "$$") if mark in bare}
    return {*calls - named, *texts, *marks, *(f"from {table}" for table in tables)}


def all_measures(kind: str) -> Strategy:
    """A strategy of a structure whose rules ask for every number that a spread has."""
    strategy = parse_strategy(template(kind, kind), kind).value
    assert strategy is not None, kind
    pays = strategy.spread.pays
    asked = [one for one in declared_in("spread").values() if one.structures in {None, pays}]
    lines = [Condition(one.name, Compare("!=", Measure(one.name, "spread"), Number(1.0, one.unit))) for one in asked]
    return with_rules(strategy, [line for line in lines if is_defined(strategy, line)])


def with_rules(strategy: Strategy, lines: list[Condition]) -> Strategy:
    return strategy.model_copy(update={"spread": strategy.spread.model_copy(update={"rules": tuple(lines)})})


def is_defined(strategy: Strategy, line: Condition) -> bool:
    """Whether the structure has this number: a calendar has no width, and `check` says so."""
    try:
        compile_entry(with_rules(strategy, [line]))
    except KeyError:
        return False
    return True


def ours() -> set[str]:
    """What the files without a mistake are made of."""
    known = {"abs", "least", "greatest", "IN", "NOT", "AND", "OR"}
    right = [parse_strategy(text, name).value for name, text in FILES.items()]
    for strategy in [*right, *map(all_measures, STRUCTURES)]:
        assert strategy is not None, "a file without a mistake is read"
        for sql in queries_of(strategy):
            known |= vocabulary_of(sql)
    return known


def read_some(rng: Random, count: int, known: set[str]) -> int:
    """Reads so many mutated files and says of how many a strategy came."""
    passed = 0
    for at in range(count):
        name = rng.choice(sorted(FILES))
        text = mutated(rng, FILES[name])
        parsed = parse_strategy(text, name)
        assert (parsed.value is None) == bool(parsed.errors), text
        for problem in parsed.problems:
            assert_is_clear(problem)
            assert problem.source_line is not None or problem.line == 1, text
            assert not PYTHON.search(problem.hint) or PYTHON.search(text), problem.hint
            assert render(problem).startswith(f"{name}:{problem.line}:")
        if parsed.value is not None:
            passed += 1
            for sql in queries_of(parsed.value) if at % 5 == 0 or count <= SHARE else ():
                assert vocabulary_of(sql) <= known, f"{vocabulary_of(sql) - known} in {sql} of {text}"
        if at % 25 == 0:
            shared = rng.choice(sorted(SHARED))
            for problem in check_files({shared: mutated(rng, SHARED[shared])}):
                assert_is_clear(problem)
    return passed


def test_mutated_files_are_answered_and_become_no_sql_that_is_not_ours() -> None:
    passed = read_some(Random(SEED), SHARE, ours())

    assert passed > 0


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_all_mutated_files_are_answered_and_become_no_sql_that_is_not_ours(part: int) -> None:
    print(f"SEED={SEED} part {part}: {COUNT // PARTS} files")

    passed = read_some(Random(f"{SEED} {part}"), COUNT // PARTS, ours())

    assert passed > 0
