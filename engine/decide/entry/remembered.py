"""What a search found at its last look, for as long as nothing has changed that it reads.

A search reads some columns of the options that may be its legs, by underlying, side and days to expiry. Where all of these have
the bits that they had, it would find the same rows again, and it is not asked. Nothing is remembered of a search that reads the
age of quotes, which is another at each look, of one in which legs or expiries are chosen among others, nor of one that looks at
what the market says beside the options.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import numpy as np

from engine.compile.spreads import market_views_of, named_views_of, words
from engine.compile.sql import Query
from engine.compile.wanted import has_choice
from engine.decide.entry.changes import Changes
from engine.decide.rows import SCAN_SCHEMA, ChainRows, numbers
from engine.strategy.model import Strategy
from engine.strategy.values.meaning import DayRange

Found = TypeVar("Found")
_AT_EACH_LOOK: Final = frozenset({"quote_age"})
"""Columns that are another number at each look."""


@dataclass(frozen=True, slots=True)
class Reads:
    """What a search reads of the chain."""

    columns: tuple[str, ...]
    days: tuple[tuple[int, int], ...]
    """Fewest and most days to expiry of a leg."""
    right: int | None
    """Of `put_call`, where all legs are of one."""

    @staticmethod
    def of(strategies: Sequence[Strategy], queries: Sequence[Query]) -> Reads | None:
        """What these queries read for the strategies; None where nothing can be remembered."""
        used = set(words(" ".join(query.sql for query in queries)))
        columns = tuple(name for name in SCAN_SCHEMA.names if name in used)
        rules = [rule for strategy in strategies for rule in strategy.spread.expiries]
        days = [(rule.min_days, rule.max_days) for rule in rules if isinstance(rule, DayRange)]
        if not _AT_EACH_LOOK.isdisjoint(columns) or len(days) < len(rules) or any(map(_looks_around, strategies)):
            return None
        rights = {leg.put_call for strategy in strategies for leg in strategy.spread.shape.legs}
        right = (1 if rights == {"C"} else -1) if len(rights) == 1 else None
        return Reads(columns, tuple(dict.fromkeys(days)), right)


@dataclass(slots=True)
class Remembered(Generic[Found]):
    """The last look of one search."""

    look: int = 0
    reads: Reads | None = None
    names: tuple[str, ...] = ()
    found: list[Found] = field(default_factory=list[Found])
    """One answer, once there was a look."""


class Memory:
    """Answers searches from what they found before, where that is the same. Use it from one thread."""

    def __init__(self) -> None:
        self.unchanged = 0
        """Searches that were answered so."""
        self._changes = Changes()

    def found(
        self,
        last: Remembered[Found],
        reads: Reads,
        rows: ChainRows,
        underlyings: Sequence[str],
        search: Callable[[], Found],
    ) -> Found:
        """What the search finds among all rows of these underlyings."""
        look, names = self._changes.look(rows), tuple(underlyings)
        # Asked in any case: what is found now is compared with what the columns say now.
        is_same = self._is_same(last, reads, rows, names) and last.reads is reads and last.names == names
        if is_same:
            self.unchanged += 1
        else:
            found = search()
            last.reads, last.names, last.found = reads, names, [found]
        last.look = look
        return last.found[0]

    def _is_same(self, last: Remembered[Found], reads: Reads, rows: ChainRows, names: Sequence[str]) -> bool:
        changed, moved = (self._changes.since(last.look, columns) for columns in (reads.columns, ("dte",)))
        return changed is not None and moved is not None and not moved.size and not _may_be_legs(changed, reads, rows, names)


def _may_be_legs(changed: np.ndarray, reads: Reads, rows: ChainRows, names: Sequence[str]) -> bool:
    """Whether one of the changed rows may be a leg."""
    if not changed.size:
        return False
    chain = rows.chain
    days, may_be = numbers(chain, "dte")[changed], np.zeros(len(changed), np.bool_)
    for low, high in reads.days:
        may_be |= (days >= low) & (days <= high)
    if reads.right is not None:
        may_be &= numbers(chain, "put_call")[changed] == reads.right
    if len(names) < len(chain.underlyings):
        may_be &= np.isin(numbers(chain, "underlying_id")[changed], [chain.underlyings.index(name) for name in names])
    return bool(may_be.any())


def _looks_around(strategy: Strategy) -> bool:
    """Whether more than the columns of its own legs decides about a spread."""
    return (
        bool(market_views_of(strategy))
        or bool(named_views_of(strategy))
        or bool(strategy.spread.levels)
        or has_choice(strategy.spread)
    )
