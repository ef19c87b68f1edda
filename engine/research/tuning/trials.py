"""One variant of a file over a history: a job that any process can do from what it is given, and the result that is kept.

A result is a Parquet file whose name is the digest of all that it was made of. So a study that is run again computes what is
missing, and every variant that was ever tried on the same data is counted.
"""

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.stats import wilcoxon

from engine.domain.errors import UserError
from engine.domain.session import trading_day
from engine.research.ahead.at_once import openings_of
from engine.research.backtest import SHARED, Request, backtest, digest_of, opened
from engine.research.drive import DayEnd
from engine.research.history import History
from engine.research.rig import Terms
from engine.research.statistics.sharpe import Floats
from engine.runtime.sources import code_digest

LEAST_MONTHS = 6
"""Before so many months a variant is not given up."""
GIVEN_UP_AT = 0.05
"""A variant whose months are worse than those of the best so far, with no more than this chance to be as good."""
_SCHEMA = pa.schema([("day", pa.date32()), ("made", pa.float64())])


@dataclass(frozen=True, slots=True)
class Job:
    """All that a variant is run by. Its `request` names the file that is varied; `texts` has what is run in its place."""

    request: Request
    text: str
    shared: tuple[tuple[str, bytes], ...]
    """Files that the strategy shares, by name."""
    prepared: Path | None
    """Where prepared chains are kept: then idle instants are passed over. None plays every instant."""
    best_months: tuple[float, ...] = ()
    """Results by month of the best so far, USD: whoever falls behind them is given up. Empty never gives up."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a variant."""

    days: tuple[date, ...]
    made: Floats
    """USD by day: the change of the account."""
    trades: int
    fees: float
    longest: int
    """Days of the longest holding."""
    is_whole: bool
    """False where it was given up after some months."""

    @property
    def months(self) -> tuple[float, ...]:
        return by_month(self.days, self.made)


def by_month(days: Sequence[date], made: Sequence[float] | Floats) -> tuple[float, ...]:
    """Results summed by calendar month, in order."""
    found: dict[tuple[int, int], float] = {}
    for day, one in zip(days, made, strict=True):
        found[day.year, day.month] = found.get((day.year, day.month), 0.0) + float(one)
    return tuple(found.values())


def data_digest(request: Request) -> str:
    """Of the recordings, and how they are told."""
    parts = [digest_of(path) for path in (*request.chains, *([request.bars] if request.bars else []))]
    return sha256(repr([parts, request.first, request.last, request.said_at]).encode()).hexdigest()[:16]


def digest(job: Job) -> str:
    """Of all that makes the result of a variant that is run to its end."""
    terms = job.request.terms
    parts = [job.text, sorted(job.shared), str(terms.cash), repr(terms.fills.parts), terms.lines, code_digest()]
    return sha256(repr(parts).encode()).hexdigest()[:24]


def shared_files(request: Request) -> tuple[tuple[str, bytes], ...]:
    """What the strategy of a request shares with others, by name. Raises UserError where a file cannot be read."""
    [strategy] = request.strategies
    found: list[tuple[str, bytes]] = []
    for name in SHARED:
        path = request.account if name == "account.yaml" and request.account is not None else strategy.parent / name
        try:
            if path.is_file():
                found.append((name, path.read_bytes()))
        except OSError as error:
            raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    return tuple(found)


def run(job: Job) -> bytes:
    """The result of a variant as the bytes of its file: a pure function of the job, for any process."""
    history = _history(replace(job.request, strategies=(), account=None, terms=Terms(Decimal(0))))
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "mine"
        folder.mkdir()
        [original] = job.request.strategies
        (folder / original.name).write_text(job.text, encoding="utf-8")
        for name, content in job.shared:
            (folder / name).write_bytes(content)
        request = replace(job.request, strategies=(folder / original.name,), account=None)
        openings = None if job.prepared is None else openings_of(request, history, job.prepared)
        ends: list[DayEnd] = []

        def told(end: DayEnd, _done: int, _all: int) -> None:
            if ends and end.day.month != ends[-1].day.month and _is_behind(job, ends):
                raise _GivenUp
            ends.append(end)

        try:
            result = backtest(request, history, None, told, openings=openings)
        except _GivenUp:
            return _written(job, ends, _Sums(0, 0.0, 0, is_whole=False))
    last = ends[-1].day
    holdings = [
        ((trading_day(one.closed_at) if one.closed_at else last) - trading_day(one.opened_at)).days for one in result.trades
    ]
    fees = float(sum((one.fees for one in result.trades), Decimal(0)))
    return _written(job, ends, _Sums(len(result.trades), fees, max(holdings, default=0), is_whole=True))


def read(content: bytes) -> Trial:
    """The result in a file. Raises UserError where it is none."""
    try:
        table = pq.read_table(io.BytesIO(content))
        told = json.loads((table.schema.metadata or {})[_TOLD])
        sums = _Sums(**told)
    except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"a result of a variant cannot be read ({error}); remove the folder of the study and run it again"
        ) from error
    made = table["made"].to_numpy()
    return Trial(tuple(table["day"].to_pylist()), made, sums.trades, sums.fees, sums.longest, is_whole=sums.is_whole)


_TOLD = b"told"


@dataclass(frozen=True, slots=True)
class _Sums:
    trades: int
    fees: float
    longest: int
    is_whole: bool


class _GivenUp(Exception):
    """The variant is worse than the best, as far as it went."""


def _written(job: Job, ends: Sequence[DayEnd], sums: _Sums) -> bytes:
    before, made = job.request.terms.cash, list[float]()
    for end in ends:
        made.append(float(end.equity - before))
        before = end.equity
    table = pa.table({"day": [end.day for end in ends], "made": made}, schema=_SCHEMA)
    into = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({_TOLD: json.dumps(asdict(sums))}), into, compression="zstd")
    return into.getvalue()


def _is_behind(job: Job, ends: Sequence[DayEnd]) -> bool:
    """Whether the months so far are worse than those of the best, by Wilcoxon's signed ranks, as Optuna's pruner asks it."""
    equities = [job.request.terms.cash, *(end.equity for end in ends)]
    mine = by_month([end.day for end in ends], [float(after - before) for before, after in pairwise(equities)])
    best = job.best_months[: len(mine)]
    if len(best) < LEAST_MONTHS or len(best) < len(mine):
        return False
    behind = np.array(mine) - np.array(best)
    if not behind.any() or behind.sum() >= 0:
        return False
    found: Any = wilcoxon(behind, alternative="less", zero_method="zsplit")
    return bool(found.pvalue < GIVEN_UP_AT)


@lru_cache(maxsize=2)
def _history(request: Request) -> History:
    """The history of a request, read once by a process."""
    return opened(request)
