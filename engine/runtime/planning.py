"""Edits looked at before they are saved, on the newest snapshot and in a thread of their own; nothing is put in force."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.domain.errors import UserError
from engine.domain.ledger import Ledger
from engine.domain.position import Position
from engine.domain.snapshot import AccountValues, Snapshot
from engine.runtime.edited import Running, edited, hashed
from engine.runtime.plain import Row
from engine.runtime.plan import World, plan_row
from engine.runtime.scans import copied
from engine.runtime.schedule import calendar_around, session_of
from engine.store import chains
from engine.store.recorded import load_chain, times
from engine.strategy.model import Strategy

DRAFT = ".draft"
"""What a file is called beside the one that it may replace: spx_bull_put.yaml.draft. The engine does not read it."""
NEWEST = "the newest snapshot"


@dataclass(frozen=True, slots=True)
class Beside:
    """The text that may take the place of what runs of a strategy."""

    shown: str
    """Its file, as the trader sees it."""
    text: bytes


class Planning:
    """What edits would change, of a running engine."""

    def __init__(
        self,
        snapshot: Callable[[], Snapshot],
        running: Callable[[], Running],
        versions: Callable[[], Mapping[str, Strategy]],
        state: Path,
    ) -> None:
        """`versions` are all that positions were opened by, by digest; `state` has the archive of chains."""
        self._snapshot, self._running, self._versions, self._state = snapshot, running, versions, state
        self._finder: Finder | None = None
        self._turn = asyncio.Semaphore(1)
        """One at a time: the engine needs the other processor."""

    async def plan(self, text: bytes, shown: str, saved_as: str) -> Row:
        """What would change if this text were saved as that file. Raises UserError where it would be refused."""
        async with self._turn:
            snapshot = self._snapshot()
            seen = replace(snapshot, chain=copied(snapshot.chain))
            held = tuple(snapshot.ledger.open_positions())
            return await asyncio.to_thread(self._planned, text, shown, saved_as, seen, held)

    def beside(self, strategy: str) -> Beside | None:
        """The text of a strategy's file where it is not what runs, else of the draft beside it; None where there is neither.

        Raises UserError where no such strategy runs.
        """
        running = self._running()
        known = running.strategies.get(strategy)
        if known is None:
            raise UserError(f"no strategy {strategy!r}; strategies: {', '.join(sorted(running.strategies)) or 'none is loaded'}")
        return beside(running.folder / Path(known.file).name, known, running.text_of(known))

    def _planned(self, text: bytes, shown: str, saved_as: str, seen: Snapshot, held: Sequence[Position]) -> Row:
        edit = edited(text, shown, saved_as, self._running())
        self._finder = self._finder or Finder(Scanner())
        world: World | None = World(seen, NEWEST, knows_market=True, positions=held, versions=self._versions())
        if not seen.chain.table.num_rows:
            world = recorded(self._state / chains.FOLDER, None, seen.ledger, held, self._versions())
        row = plan_row(edit, world, self._finder)
        self._finder.keep_only([one for pair in edit.pairs for one in pair if one is not None])
        return row


def beside(path: Path, known: Strategy, runs: bytes | None) -> Beside | None:
    """The text at a path where it is not what runs, else that of the draft beside it; None where there is neither.

    `runs` is the text in force, None where it is not kept.
    """
    for place in (path, path.with_name(path.name + DRAFT)):
        try:
            text = place.read_bytes()
        except OSError:
            continue
        if text != runs and hashed(text) != known.digest:
            return Beside(str(Path(known.file).with_name(place.name)), text)
    return None


def recorded(
    path: Path, at: datetime | None, ledger: Ledger, held: Sequence[Position], versions: Mapping[str, Strategy]
) -> World | None:
    """The last recorded snapshot, or the last not after a moment, without a market; None where nothing was recorded by then.

    Raises UserError where the path is there and holds no chain.
    """
    if not path.exists() or (path.is_dir() and not any(path.rglob("*.parquet"))):
        return None
    found = [instant for instant in times(path) if at is None or instant <= at]
    if not found:
        return None
    calendar = calendar_around(found[-1])
    traded = {name for strategy in versions.values() for name in strategy.universe}
    snapshot = Snapshot(
        at=found[-1],
        chain=load_chain(path, found[-1], calendar=calendar, underlyings=traded),
        market={},
        ledger=ledger,
        account=_UNKNOWN,
        session=session_of(found[-1]),
        data="unknown",
        is_connected=False,
        calendar=calendar,
    )
    return World(snapshot, f"the snapshot recorded in {path}", knows_market=False, positions=held, versions=versions)


_UNKNOWN = AccountValues("", None, None, None, None, None, None, None)
