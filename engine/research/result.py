"""What a backtest leaves: the account day by day, every trade, and what stopped each strategy on each day that it did not trade.

In a state folder it lies in `research/`: `equity.parquet`, `trades.parquet`, `not_traded.parquet` and `run.json`. Amounts are
USD, + received; nets are per share.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from engine.domain.errors import UserError
from engine.research.drive import DayEnd

FOLDER = "research"
Stopper = Literal["market", "no spread", "gate", "not filled", "not looked at"]


@dataclass(frozen=True, slots=True)
class Trade:
    """One position from its opening to its end."""

    position: str
    strategy: str
    underlying: str
    structure: str
    spread: str
    quantity: int
    opened_at: datetime
    closed_at: datetime | None
    """None of one that is still open when the history ends."""
    dte: int
    """Days from its opening to its first expiry."""
    short_delta: float | None
    """Largest |delta| of what was sold, when it was chosen; None is unknown."""
    opening_net: Decimal
    realised: Decimal
    """On what is closed or settled, before fees."""
    fees: Decimal
    """Commissions both ways, positive is paid."""
    max_loss: Decimal
    """When it was opened, fees included."""
    worst: Decimal | None
    """What closing it at mid would have made at the worst of the recorded instants while it was whole, USD before fees; None
    where no instant quoted all of its legs."""
    best: Decimal | None
    """The same at the best of them."""
    reason: str
    """The exit rule that closed it, or what became of it; empty while it is open."""
    why: str
    """Why it was opened."""
    iv_rank: float | None
    """Of its underlying when it was proposed, 0 to 1; None is unknown."""

    @property
    def made(self) -> Decimal:
        return self.realised - self.fees


@dataclass(frozen=True, slots=True)
class NotTraded:
    """Why a strategy opened nothing on a day."""

    day: date
    strategy: str
    stopper: Stopper
    name: str
    """The line of the file or the gate."""
    text: str


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A stop that closed a position on an instant, and that the next recorded instant contradicts."""

    position: str
    rule: str
    at: datetime
    loss: Decimal
    """Of closing at mid when it fired, USD."""
    loss_next: Decimal
    """The same at the next instant: not half of it, or a profit."""


@dataclass(frozen=True, slots=True)
class Result:
    """One run over one history."""

    setup: Mapping[str, object]
    """What was asked, as a report repeats it."""
    days: tuple[DayEnd, ...]
    trades: tuple[Trade, ...]
    """In the order in which they were opened."""
    not_traded: tuple[NotTraded, ...]
    doubtful: tuple[Doubtful, ...]
    said: tuple[str, ...]
    """What a reader must know beside the numbers: halts, trips, what was refused or could not be settled."""

    @property
    def made(self) -> Decimal:
        """USD from the first cash to the last day's equity."""
        return self.days[-1].equity - Decimal(str(self.setup["cash"]))


_MONEY = pa.decimal128(18, 6)
_INSTANT = pa.timestamp("us", tz="UTC")
_TYPES: dict[Any, pa.DataType] = {
    Decimal: _MONEY,
    Decimal | None: _MONEY,
    datetime: _INSTANT,
    datetime | None: _INSTANT,
    date: pa.date32(),
    int: pa.int64(),
    float | None: pa.float64(),
}


def save(folder: Path, result: Result) -> None:
    """Write the result into a state folder: the same result, the same bytes. Raises UserError when it cannot be written."""
    place = folder / FOLDER
    told = {"setup": dict(result.setup), "doubtful": [asdict(one) for one in result.doubtful], "said": list(result.said)}
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        for name, kind, rows in (
            ("equity", DayEnd, result.days),
            ("trades", Trade, result.trades),
            ("not_traded", NotTraded, result.not_traded),
        ):
            pq.write_table(_table(kind, rows), place / f"{name}.parquet", compression="zstd")
        (place / "run.json").write_text(json.dumps(told, indent=1, default=str) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{place}: the result cannot be written ({error.strerror}); name another --out") from error


def load(folder: Path) -> Result:
    """The result in a state folder. Raises UserError where there is none, or it cannot be read."""
    place = folder / FOLDER
    try:
        told = json.loads((place / "run.json").read_text(encoding="utf-8"))
        days, trades, not_traded = (pq.read_table(place / f"{name}.parquet").to_pylist() for name in _TABLES)
        return Result(
            setup=told["setup"],
            days=tuple(DayEnd(**row) for row in days),
            trades=tuple(Trade(**row) for row in trades),
            not_traded=tuple(NotTraded(**row) for row in not_traded),
            doubtful=tuple(_doubtful(one) for one in told["doubtful"]),
            said=tuple(told["said"]),
        )
    except (OSError, ValueError, pa.ArrowException) as error:
        raise UserError(f"{place}: holds no result of a backtest ({error}); `--out {folder}` leaves one there") from error
    except (TypeError, KeyError) as error:
        raise UserError(f"{place}: another version has written this result; run the backtest again") from error


def _doubtful(told: Mapping[str, str]) -> Doubtful:
    at, loss, after = datetime.fromisoformat(told["at"]), Decimal(told["loss"]), Decimal(told["loss_next"])
    return Doubtful(told["position"], told["rule"], at, loss, after)


_TABLES = ("equity", "trades", "not_traded")


def _table(kind: type[Any], rows: Sequence[Any]) -> pa.Table:
    schema = pa.schema([pa.field(field.name, _TYPES.get(field.type, pa.string())) for field in fields(kind)])
    return pa.Table.from_pylist([asdict(row) for row in rows], schema)
