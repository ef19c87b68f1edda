"""Searches of clients over the newest snapshot, each by queries of its own and in a thread of its own.

They share nothing with the beat but the snapshot, of which they take a copy: what they compile, keep and count is theirs.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import cast

import numpy as np
import pyarrow as pa

from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder, Look
from engine.decide.quotes import Rows
from engine.domain.candidate import Candidate
from engine.domain.chain import ChainSnapshot
from engine.domain.errors import UserError
from engine.domain.snapshot import Snapshot
from engine.runtime.archive import Archive
from engine.runtime.candidate_rows import live_rows
from engine.runtime.plain import Row
from engine.strategy.model import Strategy
from engine.strategy.parse import parse_strategy
from engine.strategy.problems import render_all

SCANS_MAX = 8
"""At the same time; each costs a search of the chain whenever it looks."""
LOOKS_EVERY = timedelta(seconds=1)
"""A search looks no more often, however often it is asked."""
FORGOTTEN_AFTER = timedelta(minutes=10)
"""A search of which nobody has asked anything for so long has ended."""
FILE = "scan.yaml"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for, beside the file that it begins with."""

    strategy: str
    universe: tuple[str, ...] | None = None
    filters: tuple[str, ...] | None = None
    rules: tuple[str, ...] | None = None
    off: tuple[str, ...] = ()
    spread: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(slots=True)
class Search:
    """One of them."""

    name: str
    wanted: Wanted
    strategy: Strategy
    started_at: datetime
    asked_at: datetime
    look: Look | None = None
    took_ms: float | None = None
    looks: int = 0
    written: Mapping[str, object] = field(default_factory=dict[str, object])
    """Everything that is looked for, with the lines of the file where nothing stands in their place: filters, rules, spread."""

    def row(self) -> Row:
        """What it is and what it has done, apart from its filters."""
        return {
            "scan": self.name,
            "started_at": self.started_at.isoformat(),
            "looked_at": self.look.at.isoformat() if self.look else None,
            "took_ms": self.took_ms,
            "found": len(self.look.candidates) if self.look else 0,
            "looks": self.looks,
        }


class Scans:
    """The searches of all clients of one engine."""

    def __init__(self, snapshot: Callable[[], Snapshot], strategies: Callable[[], Sequence[Strategy]], state: Path) -> None:
        """`state` has the texts of the strategies, by digest."""
        self._snapshot, self._strategies, self._state = snapshot, strategies, state
        self._searches: dict[str, Search] = {}
        self._finder: Finder | None = None
        self._turn = asyncio.Semaphore(1)
        """One search at a time: the engine needs the other processor."""

    def start(self, wanted: Wanted) -> Search:
        """Begin a search. Raises UserError where it is none, or where there are too many."""
        snapshot = self._snapshot()
        for name in [one.name for one in self._searches.values() if snapshot.at - one.asked_at > FORGOTTEN_AFTER]:
            del self._searches[name]
        if len(self._searches) >= SCANS_MAX:
            raise UserError(f"{SCANS_MAX} searches are going on already; stop one: {', '.join(self._searches)}")
        strategy, written = self._read(wanted)
        search = Search(secrets.token_hex(4), wanted, strategy, snapshot.at, snapshot.at, written=written)
        self._searches[search.name] = search
        return search

    def change(self, name: str, wanted: Wanted) -> Search | None:
        """Have a search look for something else; None where there is none. Raises UserError where that is none."""
        search = self.find(name)
        if search is not None:
            (search.strategy, search.written), search.wanted, search.look = self._read(wanted), wanted, None
        return search

    def stop(self, name: str) -> bool:
        """End a search; whether there was one."""
        return self._searches.pop(name, None) is not None

    def find(self, name: str) -> Search | None:
        """A search by its name; asking for it keeps it."""
        search = self._searches.get(name)
        if search is not None:
            search.asked_at = self._snapshot().at
        return search

    async def look(self, search: Search) -> list[Row]:
        """What the search finds in the newest snapshot, or found a moment ago, with the quotes of now."""
        if search.look is None or self._snapshot().at - search.look.at >= LOOKS_EVERY:
            async with self._turn:
                snapshot, strategy = self._snapshot(), search.strategy
                seen = replace(snapshot, chain=copied(snapshot.chain))
                began = perf_counter()
                found = await asyncio.to_thread(self._found, strategy, seen)
                if strategy is search.strategy:
                    search.look, search.looks = Look(snapshot.at, found), search.looks + 1
                    search.took_ms = round((perf_counter() - began) * 1000, 3)
        return self.rows(search)

    def rows(self, search: Search) -> list[Row]:
        """What its last look found, with the quotes of now."""
        snapshot = self._snapshot()
        looks = [search.look] if search.look is not None else []
        return list(live_rows(looks, snapshot.ledger, Rows(snapshot.chain), snapshot.at))

    def _found(self, strategy: Strategy, snapshot: Snapshot) -> tuple[Candidate, ...]:
        finder = self._finder = self._finder or Finder(Scanner())
        rows = finder.rows(snapshot.chain, snapshot.market, snapshot.at, snapshot.calendar)
        underlyings = [name for name in strategy.universe if name in snapshot.chain.underlyings]
        found = finder.scan(strategy, rows, underlyings, snapshot.at)
        finder.keep_only([one.strategy for one in self._searches.values()])
        return found

    def _read(self, wanted: Wanted) -> tuple[Strategy, Mapping[str, object]]:
        base = next((one for one in self._strategies() if one.name == wanted.strategy), None)
        if base is None:
            known = ", ".join(one.name for one in self._strategies()) or "none is loaded"
            raise UserError(f"no strategy {wanted.strategy!r}; strategies: {known}")
        archive = Archive(self._state / "strategies")
        try:
            written = archive.written_of(base)
        except OSError as error:
            raise UserError(f"{archive.folder}: what is in force of {base.name} cannot be read ({error.strerror})") from error
        if not written:
            raise UserError(f"{archive.folder}: what is in force of {base.name} is not there")
        return parsed(written, wanted, base.universe), whole(written, wanted, base.universe)


def parsed(written: Mapping[str, object], wanted: Wanted, universe: Sequence[str]) -> Strategy:
    """The strategy that a file becomes where some of it is replaced or switched off. Raises UserError with every problem."""
    all_of_it, off = whole(written, wanted, universe), set(wanted.off)
    changed = {
        **written,
        "universe": all_of_it["universe"],
        "filters": [line for line in cast("list[str]", all_of_it["filters"]) if line not in off],
        "spread": {
            **cast("Mapping[str, object]", all_of_it["spread"]),
            "rules": [line for line in cast("list[str]", all_of_it["rules"]) if line not in off],
        },
    }
    # Whether it may open now is not asked: it opens nothing.
    changed.pop("when", None)
    found = parse_strategy(json.dumps(changed, default=str), FILE)
    if found.value is None:
        raise UserError(render_all(found.errors))
    return found.value


def whole(written: Mapping[str, object], wanted: Wanted, universe: Sequence[str]) -> dict[str, object]:
    """What is looked for with the file's own lines and keys where nothing was put in their place; what is off is among it."""
    spread = {**cast("Mapping[str, object]", written.get("spread") or {}), **wanted.spread}
    rules = spread.pop("rules", None)
    return {
        "universe": list(wanted.universe if wanted.universe is not None else universe),
        "filters": list(wanted.filters if wanted.filters is not None else _lines(written.get("filters"))),
        "rules": list(wanted.rules if wanted.rules is not None else _lines(rules)),
        "spread": spread,
    }


def _lines(value: object) -> list[str]:
    return [str(line) for line in cast("list[object]", value)] if isinstance(value, list) else []


def copied(chain: ChainSnapshot) -> ChainSnapshot:
    """The chain with buffers of its own: those of the snapshot change with the next quote."""
    columns = [
        pa.array(np.array(chain.table.column(entry.name).to_numpy(), copy=True), entry.type) for entry in chain.table.schema
    ]
    return replace(chain, table=pa.Table.from_arrays(columns, schema=chain.table.schema))
