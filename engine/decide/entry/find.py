"""Finds what a strategy looks for: the market's answers, the candidates, the funnel, and what the exits say of open
positions.

A `Finder` compiles a strategy when it first meets it and keeps the prepared queries as long as the strategy is in force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from engine.compile.conditions import Answer, ConditionsPlan, Value, answer, column_of, compile_conditions
from engine.compile.entry import compile_bounded, compile_entry
from engine.compile.exits import compile_exits
from engine.compile.funnel import FunnelPlan, compile_funnel, funnel_of, misses_of
from engine.compile.lists import lists_of
from engine.compile.market import compile_market, market_value
from engine.compile.pairs import Meeting
from engine.compile.scanner import Prepared, Row, Scanner
from engine.compile.wings import bounded_rows, relations
from engine.decide.entry.candidates import Views, candidate, spread_of
from engine.decide.entry.cells import Cells
from engine.decide.entry.remembered import Memory, Reads, Remembered
from engine.decide.entry.together import Together, order
from engine.decide.entry.views import levels_seen, nothing_known, of_market, views_seen, worths_seen
from engine.decide.positions import PositionRow
from engine.decide.rows import SCAN_SCHEMA, ChainRows, Series, chain_rows, numbers, searched, series_of, with_views
from engine.domain.calendar import WEEKDAYS, Calendar
from engine.domain.candidate import Candidate
from engine.domain.chain import ChainSnapshot, MarketState
from engine.domain.facts.searches import FunnelRecorded
from engine.domain.session import Session
from engine.strategy.conditions import ExitRule
from engine.strategy.model import Policy, Strategy
from engine.tally import MACHINE_S, Tally

BUCKETS_FROM = 100
"""Strikes of a group from which buckets find partners faster than the whole group does; below it both cost the same."""
ANSWERS_KEPT = 2_000
"""Answers of exits that are remembered for one strategy."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one look at one snapshot found for one strategy."""

    strategy: str
    candidates: tuple[Candidate, ...]
    """Best first, at most `keep` for each underlying; rank 1 is the best."""
    market: Mapping[str, tuple[Answer, ...]]
    """The answer to each line of `when`, by underlying of the universe."""
    searched: tuple[str, ...]
    """Underlyings whose market passed and that are in the chain."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a strategy's last look of the beat found, and when it was."""

    at: datetime
    candidates: tuple[Candidate, ...]
    """Best first."""


@dataclass(frozen=True, slots=True)
class ExitAnswer:
    """What one exit rule says of one position."""

    rule: ExitRule
    holds: bool | None
    """None is unknown: the rule does not fire."""
    values: Mapping[str, Value]
    """The measures the rule looked at."""


@dataclass(slots=True)
class _Plan:
    """One strategy's queries; each is compiled when it is first asked for."""

    strategy: Strategy
    entries: dict[tuple[bool, Meeting], tuple[Prepared, Reads | None]] = field(
        default_factory=dict[tuple[bool, Meeting], tuple[Prepared, "Reads | None"]]
    )
    bounded: tuple[Prepared, Prepared, Reads | None] | tuple[()] | None = None
    """Both steps of a search by bounds, and what they read; empty where there is none."""
    remembered: Remembered[list[Row]] = field(default_factory=Remembered[list[Row]])
    funnel: tuple[FunnelPlan, Prepared, Prepared] | None = None
    market: tuple[ConditionsPlan, Prepared] | None = None
    exits: tuple[ConditionsPlan, Prepared] | None = None
    answered: dict[tuple[Value, ...], tuple[ExitAnswer, ...]] = field(
        default_factory=dict[tuple[Value, ...], tuple["ExitAnswer", ...]]
    )
    """What the exits said of the measures that they look at: most positions stand as they stood a moment ago."""
    policy: tuple[ConditionsPlan, Prepared] | None = None


class Finder:
    """Runs strategies over snapshots. Use it from one thread."""

    def __init__(self, scanner: Scanner, elapsed_s: Callable[[], float] = lambda: 0.0) -> None:
        """`elapsed_s` counts seconds, for whoever wants to know how long scans take; nothing is decided by it."""
        self.scan_seconds = Tally(MACHINE_S)
        """How long each search of a chain took."""
        self.looks: dict[str, Look] = {}
        """The last look of each strategy, for whoever shows it; nothing is decided by it."""
        self.unproven = 0
        """Of these, searches among the best wings that may have left out better ones and were followed by one of the rest."""
        self._scanner, self._elapsed_s = scanner, elapsed_s
        self._plans: dict[str, _Plan] = {}
        self._relations = 0
        self._series: Series | None = None
        relations(scanner, SCAN_SCHEMA)
        self._cells: tuple[ChainRows, pa.Table] | None = None
        self._memory = Memory()
        self._together = Together(scanner, self._memory)

    @property
    def scans(self) -> int:
        """Searches of a chain so far, with those that found nothing changed."""
        return self.scan_seconds.count

    @property
    def unchanged(self) -> int:
        """Searches that were not made, since nothing had changed that they read."""
        return self._memory.unchanged

    def together(self, strategies: tuple[Strategy, ...]) -> None:
        """Declares the strategies in force: those that are alike may search together. The same again costs nothing."""
        self._together.keep(strategies)

    def rows(
        self, chain: ChainSnapshot, market: Mapping[str, MarketState], now: datetime, calendar: Calendar = WEEKDAYS
    ) -> ChainRows:
        """The chain ready for every strategy of this instant; one call a beat serves them all."""
        series = self._series
        if series is None or series.contracts is not chain.contracts or series.calendar is not calendar:
            series = self._series = series_of(chain, calendar)
        return chain_rows(chain, market, now, calendar, series)

    def find(
        self, strategy: Strategy, rows: ChainRows, market: Mapping[str, MarketState], now: datetime, session: Session | None
    ) -> Found:
        """The best candidates of every underlying whose market answers yes to every line of `when`."""
        answers = self.market(strategy, market, now, session, rows.calendar)
        open_to = tuple(
            name
            for name, lines in answers.items()
            if all(line.holds is True for line in lines) and name in rows.chain.underlyings
        )
        found = self.scan(strategy, rows, open_to, now)
        return Found(strategy.name, found, answers, open_to)

    def scan(self, strategy: Strategy, rows: ChainRows, underlyings: Sequence[str], now: datetime) -> tuple[Candidate, ...]:
        """The best candidates of these underlyings, whatever their market."""
        seen = views_seen(strategy, rows, now)
        found = self._rows_found(strategy, rows, underlyings, now, seen)
        cells = Cells(rows.chain)
        made = (candidate(strategy, cells, row, rank, seen) for rank, row in enumerate(found, 1))
        return tuple(one for one in made if one is not None)

    def _rows_found(
        self, strategy: Strategy, rows: ChainRows, underlyings: Sequence[str], now: datetime, seen: Views
    ) -> list[Row]:
        """Row numbers of the legs and the score of each candidate, best first."""
        if not rows.table.num_rows or not underlyings:
            return []
        began = self._elapsed_s()
        found = self._searched(strategy, rows, underlyings, now, seen)
        if found is None:
            return []
        self.scan_seconds.add(self._elapsed_s() - began)
        return found

    def _searched(
        self, strategy: Strategy, rows: ChainRows, underlyings: Sequence[str], now: datetime, seen: Views
    ) -> list[Row] | None:
        """As `_rows_found`; None where no row of the chain can be meant."""
        meeting = self.meeting(rows.chain)
        shared = self._together.rows(strategy, rows, meeting, underlyings, now)
        if shared is not None:
            return shared
        bounded = self._bounded(strategy) if meeting == "bucket" else ()
        asked = bounded or self._entry(strategy, several=len(underlyings) > 1, meeting=meeting)
        reads, known = asked[-1], [name for name in underlyings if name in rows.stretches]

        def anew() -> list[Row]:
            # What is bounded is bounded within one underlying; together they stand in the order of the plain scan.
            parts = [[name] for name in known] if bounded else [known]
            tables = [table for part in parts if (table := self._table(strategy, rows, part, now, seen)).num_rows]
            cells = self._cells_of(strategy, rows, now, seen) if bounded else None
            found = [row for table in tables for row in self._asked(asked[:-1], table, cells, strategy.spread.keep)]
            return sorted(found, key=order) if len(tables) > 1 else found

        if not known:
            return None
        return anew() if reads is None else self._memory.found(self._plan(strategy).remembered, reads, rows, known, anew)

    @staticmethod
    def _table(strategy: Strategy, rows: ChainRows, names: Sequence[str], now: datetime, seen: Views) -> pa.Table:
        table = searched(rows, names, strategy.spread.expiries, now)
        return with_views(table, of_market(strategy, seen), levels_seen(strategy, rows, now), worths_seen(strategy, seen, table))

    def _cells_of(self, strategy: Strategy, rows: ChainRows, now: datetime, seen: Views) -> pa.Table:
        """The chain as lists, made once an instant unless the market says something to it for one strategy alone."""
        views, levels = of_market(strategy, seen), levels_seen(strategy, rows, now)
        if views or levels or seen.expected:
            return lists_of(with_views(rows.table, views, levels, worths_seen(strategy, seen, rows.table)))
        if self._cells is None or self._cells[0] is not rows:
            self._cells = rows, lists_of(rows.table)
        return self._cells[1]

    def _asked(self, queries: Sequence[Prepared], table: pa.Table, cells: pa.Table | None, keep: int) -> list[Row]:
        if cells is None:
            return self._scanner.rows(queries[0], table)
        one = bounded_rows(self._scanner, queries[0], queries[1], table, cells, keep)
        self.unproven += not one.is_proven
        return one.rows

    def meeting(self, chain: ChainSnapshot) -> Meeting:
        """How legs meet in this chain: by buckets where groups are long, so that the width reaches only a part of them."""
        groups = int(numbers(chain, "group_id")[-1]) + 1
        return "bucket" if chain.table.num_rows / groups >= BUCKETS_FROM else "group"

    def market(
        self,
        strategy: Strategy,
        market: Mapping[str, MarketState],
        now: datetime,
        session: Session | None,
        calendar: Calendar = WEEKDAYS,
    ) -> dict[str, tuple[Answer, ...]]:
        """The answer to each line of `when` for each underlying of the universe; unknown where nothing is known of it."""
        plan = self._plan(strategy)
        if not strategy.when:
            return dict.fromkeys(strategy.universe, ())
        if plan.market is None:
            plan.market = self._conditions(compile_market(strategy, self._new_table()))
        conditions, prepared = plan.market
        states = [market.get(name) or nothing_known(name) for name in strategy.universe]
        values = [{column_of(m): market_value(m, state, now, session, calendar) for m in conditions.measures} for state in states]
        return dict(zip(strategy.universe, answer(conditions, prepared, self._scanner, values), strict=True))

    def exits(self, strategy: Strategy, positions: Sequence[PositionRow]) -> list[tuple[ExitAnswer, ...]]:
        """What each exit rule says of each position, both in the given order; the first that holds wins."""
        plan = self._plan(strategy)
        if not strategy.exits or not positions:
            return [() for _ in positions]
        if plan.exits is None:
            plan.exits = self._conditions(compile_exits(strategy, self._new_table()))
        conditions, prepared = plan.exits
        seen = [tuple(row.get(column_of(measure)) for measure in conditions.measures) for row in positions]
        asked = {key: row for key, row in zip(seen, positions, strict=True) if key not in plan.answered}
        if asked:
            if len(plan.answered) > ANSWERS_KEPT:
                plan.answered = {key: plan.answered[key] for key in seen if key in plan.answered}
            found = answer(conditions, prepared, self._scanner, tuple(asked.values()))
            for key, row in zip(asked, found, strict=True):
                answers = zip(strategy.exits, row, strict=True)
                plan.answered[key] = tuple(ExitAnswer(rule, one.holds, one.values) for rule, one in answers)
        return [plan.answered[key] for key in seen]

    def policy(self, strategy: Strategy, values: Mapping[str, Value]) -> tuple[Answer, ...]:
        """The answer to each line of `auto_when` for one order; `values` are its measures by name. None without a policy."""
        plan, approval = self._plan(strategy), strategy.entry.approval
        if not isinstance(approval, Policy):
            return ()
        if plan.policy is None:
            plan.policy = self._conditions(compile_conditions(approval.auto_when, self._new_table()))
        conditions, prepared = plan.policy
        return answer(conditions, prepared, self._scanner, [values])[0]

    def funnel(self, strategy: Strategy, rows: ChainRows, underlyings: Sequence[str], now: datetime) -> FunnelRecorded:
        """How many options and spreads passed each line, one after the other, and what came nearest where none
        passed all."""
        plan = self._plan(strategy)
        if plan.funnel is None:
            compiled = compile_funnel(strategy)
            queries = (compiled.counts, compiled.nearest)
            counts, nearest = (self._scanner.prepare(query, "chain") for query in queries)
            plan.funnel = (compiled, counts, nearest)
        compiled, counts, nearest = plan.funnel
        table = self._table(strategy, rows, underlyings, now, views_seen(strategy, rows, now))
        steps = funnel_of(compiled, self._scanner.rows(counts, table)[0])
        passed = steps[-1].passed
        miss = None if passed else _nearest_miss(compiled, self._scanner.rows(nearest, table), strategy, rows.chain)
        return FunnelRecorded(strategy.name, rows.chain.id, steps, passed, miss)

    def keep_only(self, strategies: Iterable[Strategy]) -> None:
        """Forgets the queries of every other strategy, so that reloads do not pile up."""
        digests = {strategy.digest for strategy in strategies}
        for digest in [digest for digest in self._plans if digest not in digests]:
            plan = self._plans.pop(digest)
            kept = [*(one[0] for one in plan.entries.values()), *(plan.funnel[1:] if plan.funnel else ())]
            kept += plan.bounded[:2] if plan.bounded else ()
            kept += [part[1] for part in (plan.market, plan.exits, plan.policy) if part]
            for prepared in kept:
                self._scanner.forget(prepared)

    def _plan(self, strategy: Strategy) -> _Plan:
        plan = self._plans.get(strategy.digest)
        if plan is None or (plan.strategy is not strategy and plan.strategy != strategy):
            plan = self._plans[strategy.digest] = _Plan(strategy)
        return plan

    def _entry(self, strategy: Strategy, *, several: bool, meeting: Meeting) -> tuple[Prepared, Reads | None]:
        entries = self._plan(strategy).entries
        if (several, meeting) not in entries:
            query = compile_entry(strategy, several=several, meeting=meeting).query
            entries[several, meeting] = self._scanner.prepare(query, "chain"), Reads.of([strategy], [query])
        return entries[several, meeting]

    def _bounded(self, strategy: Strategy) -> tuple[Prepared, Prepared, Reads | None] | tuple[()]:
        plan = self._plan(strategy)
        if plan.bounded is None:
            compiled = compile_bounded(strategy)
            plan.bounded = ()
            if compiled is not None:
                first, rest = (self._scanner.prepare(query, "chain") for query in (compiled.first, compiled.rest))
                plan.bounded = first, rest, Reads.of([strategy], [compiled.first, compiled.rest])
        return plan.bounded

    def _conditions(self, plan: ConditionsPlan) -> tuple[ConditionsPlan, Prepared]:
        self._scanner.relation(plan.table, plan.schema)
        return plan, self._scanner.prepare(plan.query, plan.table)

    def _new_table(self) -> str:
        self._relations += 1
        return f"conditions_{self._relations}"


def _nearest_miss(plan: FunnelPlan, found: Sequence[Row], strategy: Strategy, chain: ChainSnapshot) -> str | None:
    """The spread that fails the fewest conditions by the least, and each condition with value, bound and distance."""
    if not found:
        return None
    spread = spread_of(strategy, chain, [int(row_id) for row_id in found[0][: plan.legs]])
    return f"{spread}: {'; '.join(str(miss) for miss in misses_of(plan, found[0]))}"
