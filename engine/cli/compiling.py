"""Strategies as the SQL they become: for people who want to read it, and as the last check of a file."""

from collections.abc import Callable, Iterator

from engine.cli.folder import SHARED, Gathered
from engine.compile.conditions import ConditionsPlan, compile_conditions
from engine.compile.entry import compile_bounded, compile_entry
from engine.compile.exits import compile_exits
from engine.compile.funnel import compile_funnel
from engine.compile.market import compile_market
from engine.compile.scanner import Scanner
from engine.compile.sql import Query
from engine.compile.wings import relations
from engine.decide.rows import SCAN_SCHEMA
from engine.strategy.loader.document import read_document
from engine.strategy.model import Policy, Strategy
from engine.strategy.parse import COMMON_FILE, parse_common, parse_strategies
from engine.strategy.problems import Problem
from engine.strategy.source import place_at


def compile_problems(gathered: Gathered) -> list[Problem]:
    """One problem for each strategy that reads well and yet cannot be prepared: a defect, told where it would stop the engine."""
    common = next((text for file, text in gathered.texts.items() if file.endswith(COMMON_FILE)), None)
    lists = parse_common(common).value if common is not None else None
    problems: list[Problem] = []
    scanner = Scanner()
    relations(scanner, SCAN_SCHEMA)
    for number, file in enumerate(sorted(gathered.asked & gathered.texts.keys())):
        if file.rsplit("/", 1)[-1] not in SHARED:
            for strategy in parse_strategies(gathered.texts[file], file, lists).value or ():
                problems += _failures(scanner, number, strategy, gathered.texts[file])
    scanner.close()
    return problems


def sql_of(strategy: Strategy) -> str:
    """Every query of the strategy with its parameters as comments, ready for a DuckDB that has the relations."""
    several = len(strategy.universe) > 1
    scan = compile_entry(strategy, several=several).query
    parts = [_section("the scan, over the rows of the chain that belong to its universe", scan)]
    if bounded := compile_bounded(strategy):
        title = "the same where expiries have a hundred strikes: only the best are looked at; cells is the chain as lists"
        parts.append(_section(title, bounded.first))
        parts.append(_section("and where that may have left out better ones: all that may reach what was found", bounded.rest))
    if strategy.when:
        parts.append(_section("when, over one row for each underlying", compile_market(strategy).query))
    if strategy.exits:
        parts.append(_section("exits, over one row for each open position", compile_exits(strategy).query))
    return "\n\n".join(parts)


def _section(title: str, query: Query) -> str:
    lines = [f"-- {title}", *(f"--   ${name} = {value}" for name, value in query.parameters.items())]
    return "\n".join([*lines, f"{query.sql};"])


def _failures(scanner: Scanner, number: int, strategy: Strategy, text: bytes) -> Iterator[Problem]:
    steps: dict[str, Callable[[Scanner, int, Strategy], None]] = {
        "spread": _prepare_scan,
        "when": _prepare_when,
        "exits": _prepare_exits,
        "entry": _prepare_policy,
    }
    for key, prepare in steps.items():
        try:
            prepare(scanner, number, strategy)
        except Exception as error:  # noqa: BLE001 - whatever it is, the trader must hear of it here and not from the engine
            yield _at(strategy, text, key, error)


def _prepare_scan(scanner: Scanner, _: int, strategy: Strategy) -> None:
    funnel = compile_funnel(strategy)
    bounded = compile_bounded(strategy)
    queries = [compile_entry(strategy, several=len(strategy.universe) > 1).query, funnel.nearest]
    for query in [*queries, *([bounded.first, bounded.rest] if bounded else [])]:
        scanner.prepare(query, "chain")


def _prepare_when(scanner: Scanner, number: int, strategy: Strategy) -> None:
    if strategy.when:
        _prepare(scanner, compile_market(strategy, f"market_{number}"), f"market_{number}")


def _prepare_exits(scanner: Scanner, number: int, strategy: Strategy) -> None:
    if strategy.exits:
        _prepare(scanner, compile_exits(strategy, f"positions_{number}"), f"positions_{number}")


def _prepare_policy(scanner: Scanner, number: int, strategy: Strategy) -> None:
    approval = strategy.entry.approval
    if isinstance(approval, Policy):
        _prepare(scanner, compile_conditions(approval.auto_when, f"order_{number}"), f"order_{number}")


def _prepare(scanner: Scanner, plan: ConditionsPlan, table: str) -> None:
    scanner.relation(table, plan.schema)
    scanner.prepare(plan.query, table)


def _at(strategy: Strategy, text: bytes, key: str, error: Exception) -> Problem:
    document = read_document(text, strategy.file)
    assert document.tree is not None, "the strategy was read from it"
    document.report(
        place_at(document.tree, key),
        f"{key}: this cannot be made into a query: {str(error).splitlines()[0]}",
        "this is a defect of the program, not of the file; write the condition in another way until it is mended",
    )
    return document.problems[-1]
