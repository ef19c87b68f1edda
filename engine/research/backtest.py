"""Turns files of a trader and recorded chains into a result: the engine runs, and leaves a state folder like any other.

files       the strategies share one account and its limits, as in a folder of the engine; they are copied into the result
journal     in the state folder, so that `spreads query`, `trades` and `why` work on it
research    `research/` in it holds what a report is made of
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import file_digest, sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from engine.domain.contract import Contract
from engine.domain.errors import UserError
from engine.domain.facts.running import EngineStopped
from engine.domain.position import Position
from engine.domain.session import trading_day
from engine.ports import Journal as JournalPort
from engine.research.drive import DayEnd, Openings, driven
from engine.research.history import Altered, History, history_of
from engine.research.journals import MemoryJournal, PatientJournal
from engine.research.result import Result, Trade, save
from engine.research.rig import ACCOUNT, Rig, Terms
from engine.research.watched import Watched
from engine.runtime.seams import Observer
from engine.sim.exchange.fills import TRAVELED
from engine.store import chains
from engine.store.explanations import Explanations
from engine.store.history import write_views
from engine.store.journal import Journal
from engine.strategy.parse import ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE

FILES = "files"
SHARED = (ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE)
_BARS = {"symbol", "date", "open", "high", "low", "close", "volume"}
KEPT = timedelta(days=365 * 200)
"""Explanations of a run are kept as long as its folder."""

Progress = Callable[[DayEnd, int, int], None]
"""Told each day as it ends, how many are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be run."""

    strategies: tuple[Path, ...]
    account: Path | None
    """Limits; None takes account.yaml beside the strategies."""
    chains: tuple[Path, ...]
    first: date | None
    last: date | None
    said_at: time | None
    bars: Path | None
    """Daily bars, Parquet."""
    terms: Terms


def opened(request: Request, altered: Altered | None = None) -> History:
    """The history that a request asks for, of rows as `altered` makes them. Raises UserError where it cannot be had."""
    bars = None if request.bars is None else _bars(request.bars)
    return history_of(request.chains, request.first, request.last, request.said_at, bars, altered)


def backtest(
    request: Request,
    history: History,
    out: Path | None,
    progress: Progress = lambda _end, _done, _all: None,
    observers: Sequence[Observer] = (),
    openings: Openings | None = None,
) -> Result:
    """The result of one run; `out` is an empty state folder that it is left in, None keeps nothing.

    `observers` hear every fact of it. With `openings` the instants at which nothing can happen are passed over: what was not
    traded is not told then. Raises UserError where the files cannot be used, EngineError where the folder cannot be
    written.
    """
    with TemporaryDirectory() as scratch:
        folder = out or Path(scratch)
        copied(request, folder / FILES)
        watched = Watched()
        if out is None:
            return _run(request, history, folder, MemoryJournal(ACCOUNT), watched, (watched, *observers), progress, openings)
        journal = Journal.open(out, ACCOUNT).journal
        explanations = Explanations(out, ACCOUNT, kept=KEPT, follows=lambda: journal.head.seq)
        told = (watched, explanations, *observers)
        try:
            result = _run(request, history, folder, PatientJournal(journal), watched, told, progress, openings)
        finally:
            journal.close()
        save(out, result)
        write_views(out)
        return result


def _run(
    request: Request,
    history: History,
    folder: Path,
    journal: JournalPort,
    watched: Watched,
    observers: Sequence[Observer],
    progress: Progress,
    openings: Openings | None,
) -> Result:
    rig = Rig(history, request.terms, folder / FILES, folder / "strategies", journal, observers)
    days: list[DayEnd] = []
    watched.watch(rig)
    try:
        for end in driven(rig, _Keeping(watched, rig, folder, history.days[-1].session.day), openings):
            days.append(end)
            progress(end, len(days), len(history.days))
        rig.engine.record(EngineStopped("the history ends"), rig.clock.now())
    finally:
        rig.end()
    positions = sorted(rig.ledger.positions.values(), key=lambda one: (one.opened_at, one.id))
    return Result(
        setup=_setup(request, history),
        days=tuple(days),
        trades=tuple(_trade(rig, position, watched) for position in positions),
        not_traded=() if openings is not None else tuple(watched.not_traded),
        doubtful=tuple(watched.doubtful),
        said=(*watched.said, *rig.unserved, *_left(rig)),
    )


@dataclass(frozen=True, slots=True)
class _Keeping:
    """Passes on what is watched, and keeps the last chain: what is open at the end has its marks from it."""

    watched: Watched
    rig: Rig
    folder: Path
    last: date

    def looked(self, at: datetime) -> None:
        self.watched.looked(at)

    def ended(self, day: date) -> None:
        self.watched.ended(day)
        if day == self.last:
            chains.save(self.folder, self.rig.look().chain, ACCOUNT, self.rig.feed.carries)


def copied(request: Request, folder: Path) -> None:
    """The strategies, and what they share, in one folder. Raises UserError where two of them do not go together."""
    folder.mkdir(mode=0o700)
    for path in request.strategies:
        if path.name in SHARED:
            raise UserError(f"{path}: this file holds no strategy; it is taken where it lies beside one")
        if (folder / path.name).exists():
            raise UserError(f"{path}: another strategy file is called {path.name} too; give one another name")
        shutil.copyfile(path, folder / path.name)
    homes = dict.fromkeys(path.parent for path in request.strategies)
    for name in SHARED:
        found = {home / name: (home / name).read_bytes() for home in homes if (home / name).is_file()}
        if name == ACCOUNT_FILE and request.account is not None:
            found = {request.account: request.account.read_bytes()}
        if len(set(found.values())) > 1:
            way_out = "name one with --account" if name == ACCOUNT_FILE else "put the strategies into one folder"
            raise UserError(f"{' and '.join(map(str, found))} differ, and one run has one account: {way_out}")
        for text in found.values():
            (folder / name).write_bytes(text)


def _setup(request: Request, history: History) -> Mapping[str, object]:
    terms, counts = request.terms, history.counts
    parts = terms.fills.parts
    return {
        "asked": {
            "strategies": [str(path) for path in request.strategies],
            "account": None if request.account is None else str(request.account),
            "chains": [str(path) for path in request.chains],
            "from": None if request.first is None else str(request.first),
            "bars": None if request.bars is None else str(request.bars),
        },
        "data": {str(path): digest_of(path) for path in (*request.chains, *([request.bars] if request.bars else []))},
        "strategies": [path.name for path in request.strategies],
        "chains": [path.name for path in request.chains],
        "from": str(history.days[0].session.day),
        "to": str(history.days[-1].session.day),
        "days": len(history.days),
        "instants": counts.told + counts.moved,
        "said_at": None if request.said_at is None else f"{request.said_at:%H:%M}",
        "moved": counts.moved,
        "prices_only": counts.prices,
        "left_out": counts.left_out,
        "cash": str(terms.cash),
        "lines": "all" if terms.lines is None else terms.lines,
        "fill": "default" if parts == TRAVELED else "learned" if terms.fill is None else str(terms.fill),
        "fill_by_legs": {str(legs): str(part) for legs, part in parts.items()},
    }


def digest_of(path: Path) -> str:
    """SHA-256 of a file, or of all Parquet files of a folder."""
    whole = sha256()
    for file in [path] if path.is_file() else sorted(path.glob("**/*.parquet")):
        with file.open("rb") as opened_file:
            whole.update(file_digest(opened_file, "sha256").digest())
    return whole.hexdigest()


def _bars(path: Path) -> pa.Table:
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"--bars {path}: cannot be read as Parquet ({str(error).splitlines()[0]})") from error
    missing = sorted(_BARS - set(table.column_names))
    if missing:
        raise UserError(f"--bars {path}: lacks the columns {', '.join(missing)}; daily bars have {', '.join(sorted(_BARS))}")
    return table


def _trade(rig: Rig, position: Position, watched: Watched) -> Trade:
    order = rig.ledger.orders[position.id]
    reason = watched.reasons.get(position.id, "")
    worst, best = watched.excursions.get(position.id, (None, None))
    if not position.is_open and not reason:
        reason = "delivered" if position.has_exercised else "expired"
    return Trade(
        position=position.id,
        strategy=position.strategy,
        underlying=order.spread.underlying,
        structure=order.spread.structure,
        spread=str(order.spread),
        quantity=position.opened,
        opened_at=position.opened_at,
        closed_at=position.closed_at,
        dte=(order.spread.expiry - trading_day(position.opened_at)).days,
        short_delta=_short_delta(order.proposed.candidate),
        opening_net=position.opening_net,
        realised=position.realised,
        fees=position.fees,
        max_loss=order.max_loss * position.opened / order.quantity,
        worst=worst,
        best=best,
        reason=reason,
        why=order.proposed.reason,
        iv_rank=watched.iv_ranks.get(position.id),
    )


def _short_delta(candidate: Mapping[str, object] | None) -> float | None:
    legs = candidate.get("legs") if candidate is not None else None
    if not isinstance(legs, list):
        return None
    deltas = [leg["delta"] for leg in legs if leg["action"] == "sell"]
    return max((abs(delta) for delta in deltas if delta is not None), default=None) if None not in deltas else None


def _left(rig: Rig) -> list[str]:
    """What of the account cannot be relied on when the history ends."""
    today, said = trading_day(rig.clock.now()), list[str]()
    held = [one.instrument for one in rig.exchange.account.held()]
    overdue = [one.option for one in held if one.option is not None and one.option.expiry <= today]
    if overdue:
        said.append(f"not settled, as the close of its expiry was not recorded: {_named(overdue)}; --bars tells closes")
    unmarked = [one for one in held if rig.tape.quote(one.con_id).mark is None]
    if unmarked:
        said.append(f"{len(unmarked)} contracts have no quote at the end and count at what they cost")
    if any(one.option is None for one in held):
        said.append("shares that were delivered are held, at the last price of their underlying; dividends are not paid")
    return said


def _named(contracts: Sequence[Contract]) -> str:
    names = [str(contract) for contract in contracts]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
