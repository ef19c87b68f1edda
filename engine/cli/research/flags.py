"""The flags that every question to recorded chains has, and what they mean: one declaration each."""

from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from engine.cli.research.fills import learned_parts
from engine.domain.errors import UserError
from engine.research.backtest import Request
from engine.research.history import History
from engine.research.rig import Terms
from engine.strategy.model import Strategy

CASH = 100_000
_OPENS, _CLOSES = time(9, 30), time(16)

Chains = Annotated[list[Path], Parameter(help="Recorded chains, Parquet or CSV; may be given several times.")]
First = Annotated[str | None, Parameter(name="--from", help="First day, as 2017-01-03.", show_default=False)]
Last = Annotated[str | None, Parameter(name="--to", help="Last day.", show_default=False)]
Fill = Annotated[
    str | None,
    Parameter(help="Part of the half-width beyond mid at which packages trade, 0 to 1; by legs when not given."),
]
FillsOf = Annotated[
    Path | None,
    Parameter(help="State folder of an engine whose orders teach where packages trade; `spreads fills` shows it."),
]
Cash = Annotated[int, Parameter(validator=Number(gte=1_000, lte=10**10), help="USD to begin with.")]
SaidAt = Annotated[
    str | None,
    Parameter(help="When chains recorded at or after the close are told, as 15:15 New York.", show_default=False),
]
Bars = Annotated[Path | None, Parameter(help="Daily bars, Parquet: closes, settlements, VIX.", show_default=False)]
Limits = Annotated[Path | None, Parameter(help="Limits; account.yaml beside the strategy when not given.", show_default=False)]
Html = Annotated[Path | None, Parameter(help="Write a report with charts, one file that needs nothing else.", show_default=False)]


def requested(
    files: Sequence[Path],
    chain: Sequence[Path],
    *,
    first: str | None,
    last: str | None,
    fill: str | None,
    fills_of: Path | None,
    cash: int,
    lines: str,
    said_at: str | None,
    bars: Path | None,
    account: Path | None,
) -> Request:
    """What the flags ask for. Raises UserError that names the flag where one cannot be read."""
    if fill is not None and fills_of is not None:
        raise UserError("--fill and --fills-of both say where packages trade; leave one of them out")
    learned = None if fills_of is None else learned_parts(fills_of)
    return Request(
        strategies=tuple(files),
        account=account,
        chains=tuple(chain),
        first=_day("--from", first),
        last=_day("--to", last),
        said_at=_clock(said_at),
        bars=bars,
        terms=Terms(Decimal(cash), _part(fill), _lines(lines), learned),
    )


def check_market(path: Path, strategy: Strategy, history: History) -> None:
    """Raises UserError where nothing that the strategy trades was recorded."""
    if not set(strategy.universe) & set(history.underlyings):
        has = ", ".join(history.underlyings)
        raise UserError(f"{path}: {strategy.name} trades {', '.join(strategy.universe)}; the recorded chains have {has}")


def _part(text: str | None) -> Decimal | None:
    if text is None or text == "default":
        return None
    try:
        part = Decimal(text)
        if not 0 <= part <= 1:
            raise InvalidOperation
    except InvalidOperation:
        raise UserError(
            f"--fill: {text!r} is no part of the half-width; write a number from 0 (mid) to 1 (natural), or leave it out"
        ) from None
    return part


def _lines(text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdigit() or not 20 <= int(text) <= 100_000:
        raise UserError(f"--lines: {text!r} is no number of data lines; write one from 20 on, or all")
    return int(text)


def _day(flag: str, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise UserError(f"{flag}: {text!r} is no day; write one as 2017-01-03") from None


def _clock(text: str | None) -> time | None:
    if text is None:
        return None
    try:
        clock = time.fromisoformat(text.removesuffix("New York").strip())
    except ValueError:
        raise UserError(f"--said-at: {text!r} is no time; write one as 15:15, on the clock of New York") from None
    if not _OPENS <= clock < _CLOSES:
        raise UserError(f"--said-at: {text} lies outside of the session, 09:30 to 16:00 New York; write one as 15:15")
    return clock
