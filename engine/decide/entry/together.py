"""Strategies of one vertical and one universe search together where several of them look in one beat.

Each of them alone scans the chain. As soon as so many looked at one instant, their pairs are made once an instant, and each picks
its own (`compile/shared.py`): the same rows in the same order, whichever way they were found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from engine.compile.pairs import Meeting
from engine.compile.scanner import Prepared, Row, Scanner
from engine.compile.shared import MOST, can_share, compile_shared
from engine.decide.entry.remembered import Memory, Reads, Remembered
from engine.decide.rows import SCAN_SCHEMA, ChainRows, numbers, searched
from engine.strategy.model import Strategy

FROM: Final = 4
"""So many strategies that look at one instant share their pairs; fewer are faster alone."""


_Prepared = tuple[Prepared, Prepared, Reads | None]
"""The pairs, what each strategy picks of them, and what of the chain they read."""


@dataclass(slots=True)
class _Group:
    """Strategies of one structure and one universe."""

    strategies: tuple[Strategy, ...]
    relation: str
    prepared: dict[Meeting, _Prepared] = field(default_factory=dict[Meeting, _Prepared])
    remembered: Remembered[list[list[Row]]] = field(default_factory=Remembered[list[list[Row]]])
    at: ChainRows | None = None
    """The instant that was looked at last."""
    looked: set[int] = field(default_factory=set[int])
    """Which of them looked at it."""
    before: int = 0
    """How many looked at the instant before."""
    found: list[list[Row]] | None = None
    """Rows of each at this instant, once they were searched together."""


class Together:
    """Use it from one thread, as the scanner."""

    def __init__(self, scanner: Scanner, memory: Memory) -> None:
        self._scanner, self._memory = scanner, memory
        self._strategies: tuple[Strategy, ...] = ()
        self._groups: list[_Group] = []
        self._place: dict[int, tuple[_Group, int]] = {}
        self._relations = 0

    def keep(self, strategies: tuple[Strategy, ...]) -> None:
        """Declares what may search together; the same again costs nothing. Who is not among them searches alone."""
        if strategies is self._strategies or strategies == self._strategies:
            self._strategies = strategies
            return
        self._strategies, self._place = strategies, {}
        for group in self._groups:
            for pairs, searches, _ in group.prepared.values():
                self._scanner.forget(pairs)
                self._scanner.forget(searches)
        alike: dict[tuple[str, tuple[str, ...]], list[Strategy]] = {}
        for strategy in strategies:
            if strategy.enabled and can_share(strategy):
                alike.setdefault((strategy.spread.name(), tuple(strategy.universe)), []).append(strategy)
        self._groups = [
            self._group(some[start : start + MOST])
            for some in alike.values()
            for start in range(0, len(some), MOST)
            if len(some) - start >= FROM
        ]
        for group in self._groups:
            self._place |= {id(strategy): (group, n) for n, strategy in enumerate(group.strategies)}

    def rows(
        self, strategy: Strategy, rows: ChainRows, meeting: Meeting, underlyings: Sequence[str], now: datetime
    ) -> list[Row] | None:
        """What the strategy's own scan would find among these underlyings; None where it had better search alone."""
        group, number = self._place.get(id(strategy), (None, 0))
        if group is None:
            return None
        if group.at is not rows:
            group.at, group.before, group.looked, group.found = rows, len(group.looked), set(), None
        group.looked.add(number)
        if group.before < FROM:
            return None
        if group.found is None:
            group.found = self._search(group, rows, meeting, now)
        found = group.found[number]
        searched_in = {rows.chain.underlyings.index(name) for name in underlyings}
        if len(searched_in) < len([name for name in strategy.universe if name in rows.chain.underlyings]):
            of = numbers(rows.chain, "underlying_id")
            found = [row for row in found if int(of[row[0]]) in searched_in]
        return found

    def _group(self, strategies: Sequence[Strategy]) -> _Group:
        self._relations += 1
        return _Group(tuple(strategies), f"pairs_{self._relations}")

    def _search(self, group: _Group, rows: ChainRows, meeting: Meeting, now: datetime) -> list[list[Row]]:
        first = group.strategies[0]
        names = [name for name in first.universe if name in rows.chain.underlyings]
        pairs, searches, reads = self._prepared(group, meeting)

        def anew() -> list[list[Row]]:
            found: list[list[Row]] = [[] for _ in group.strategies]
            table = searched(rows, names, first.spread.expiries, now)
            for number, *row in self._scanner.rows(searches, self._scanner.table(pairs, table)):
                found[number].append(tuple(row))
            for own in found:
                own.sort(key=order)
            return found

        return anew() if reads is None else self._memory.found(group.remembered, reads, rows, names, anew)

    def _prepared(self, group: _Group, meeting: Meeting) -> _Prepared:
        if meeting not in group.prepared:
            relation = f"{group.relation}_{meeting}"
            several = len(group.strategies[0].universe) > 1
            plan = compile_shared(group.strategies, relation, several=several, meeting=meeting)
            pairs = self._scanner.prepare(plan.pairs, "chain")
            self._scanner.relation(relation, self._scanner.table(pairs, SCAN_SCHEMA.empty_table()).schema)
            reads = Reads.of(group.strategies, [plan.pairs])
            group.prepared[meeting] = pairs, self._scanner.prepare(plan.searches, relation), reads
        return group.prepared[meeting]


def order(row: Row) -> tuple[float, Row]:
    """The place of a row in the total order of a search, best first."""
    return -round(row[-1], 10), row[:-1]
