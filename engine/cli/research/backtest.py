"""`spreads backtest`: the engine over recorded chains, and a state folder in which the run can be asked."""

import sys
import time as machine
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from engine.cli.folder import load_strategy
from engine.cli.replaced import emptied
from engine.cli.research.figures import figures, months, stopped
from engine.cli.research.fills import learned_parts
from engine.cli.research.html.page import write_result
from engine.cli.research.report import report
from engine.cli.show import is_attended, program, say, show_json
from engine.domain.errors import UserError
from engine.research.backtest import Progress, Request, opened
from engine.research.backtest import backtest as run
from engine.research.drive import DayEnd
from engine.research.history import History
from engine.research.result import Result
from engine.research.rig import Terms
from engine.strategy.model import Strategy

OUT = Path("state/backtest")
MARKER = ".backtest"
CASH = 100_000
TOLD_EVERY_S = 1.0
"""Between two words about how far a run is, on a terminal; elsewhere a word a month of the history."""
_OPENS, _CLOSES = time(9, 30), time(16)


def backtest(
    files: Annotated[list[Path], Parameter(name="FILE", help="Strategies; they share one account and its limits.")],
    /,
    *,
    chain: Annotated[list[Path], Parameter(help="Recorded chains, Parquet or CSV; may be given several times.")],
    first: Annotated[str | None, Parameter(name="--from", help="First day, as 2017-01-03.", show_default=False)] = None,
    last: Annotated[str | None, Parameter(name="--to", help="Last day.", show_default=False)] = None,
    fill: Annotated[
        str | None,
        Parameter(help="Part of the half-width beyond mid at which packages trade, 0 to 1; by legs when not given."),
    ] = None,
    fills_of: Annotated[
        Path | None,
        Parameter(help="State folder of an engine whose orders teach where packages trade; `spreads fills` shows it."),
    ] = None,
    bounds: Annotated[bool, Parameter(help="Run at mid (0) and at natural (1) too, and show all three.")] = False,
    cash: Annotated[int, Parameter(validator=Number(gte=1_000, lte=10**10), help="USD to begin with.")] = CASH,
    lines: Annotated[str, Parameter(help="Market data lines, or `all`: every option is seen, which is optimistic.")] = "100",
    said_at: Annotated[
        str | None,
        Parameter(help="When chains recorded at or after the close are told, as 15:15 New York.", show_default=False),
    ] = None,
    bars: Annotated[Path | None, Parameter(help="Daily bars, Parquet: closes, settlements, VIX.", show_default=False)] = None,
    account: Annotated[
        Path | None, Parameter(help="Limits; account.yaml beside the strategies when not given.", show_default=False)
    ] = None,
    out: Annotated[Path, Parameter(help="State folder to leave; an earlier backtest in it is replaced.")] = OUT,
    html: Annotated[
        Path | None, Parameter(help="Write a report with charts, one file that needs nothing else.", show_default=False)
    ] = None,
    format: Literal["table", "json"] = "table",  # noqa: A002
) -> int:
    """Ask recorded chains what strategies would have done, with the engine that trades.

    The run leaves a state folder: `spreads trades`, `spreads query` and `spreads why` work on it with --state.
    """
    strategies = [load_strategy(path) for path in files]
    _check_names(files, strategies)
    if fill is not None and fills_of is not None:
        raise UserError("--fill and --fills-of both say where packages trade; leave one of them out")
    terms = Terms(Decimal(cash), part_of(fill), lines_of(lines), None if fills_of is None else learned_parts(fills_of))
    request = Request(
        strategies=tuple(files),
        account=account,
        chains=tuple(chain),
        first=day_of("--from", first),
        last=day_of("--to", last),
        said_at=clock_of(said_at),
        bars=bars,
        terms=terms,
    )
    history = opened(request)
    for path, strategy in zip(files, strategies, strict=True):
        if not set(strategy.universe) & set(history.underlyings):
            has = ", ".join(history.underlyings)
            raise UserError(f"{path}: {strategy.name} trades {', '.join(strategy.universe)}; the recorded chains have {has}")
    folder = emptied(out, MARKER, "backtest", "--out")
    with progress("") as told:
        result = run(request, history, folder, told)
    others = {f"{part} {name}": _at(request, history, part) for part, name in (("0", "(mid)"), ("1", "(natural)")) if bounds}
    if html is not None:
        write_result(html, result)
    if format == "json":
        show_json(_plain(result, others))
    else:
        for line in report(result, others):
            print(line)
        say("")
        say(f"ask it: {program()} trades --state {folder}   {program()} why {strategies[0].name} --state {folder}")
    return 0


def _at(request: Request, history: History, part: str) -> Result:
    """The same run where packages trade at another part of their half-width; nothing of it is kept."""
    with progress(f"fill {part}, ") as told:
        return run(replace(request, terms=replace(request.terms, fill=Decimal(part))), history, None, told)


def _plain(result: Result, others: Mapping[str, Result]) -> Mapping[str, object]:
    """All that the report says and more, as plain data."""
    return {
        "setup": dict(result.setup),
        "figures": asdict(figures(result)),
        "bounds": {name: asdict(figures(other)) for name, other in others.items()},
        "months": {str(year): {str(month): made for month, made in by.items()} for year, by in months(result).items()},
        "equity": [asdict(day) for day in result.days],
        "trades": [asdict(trade) for trade in result.trades],
        "not_traded": [asdict(one) for one in result.not_traded],
        "stopped": [dict(zip(("strategy", "stopper", "name", "days"), row, strict=True)) for row in stopped(result.not_traded)],
        "doubtful": [asdict(one) for one in result.doubtful],
        "said": list(result.said),
    }


@contextmanager
def progress(what: str) -> Generator[Progress]:
    """Says on stderr how far the run is: in one place on a terminal, elsewhere once a month of the history."""
    attended, said_at, month = is_attended(), machine.monotonic(), 0

    def told(end: DayEnd, done: int, of: int) -> None:
        nonlocal said_at, month
        text = f"{what}{end.day}, {done} of {of} sessions, equity ${end.equity:,.0f}"
        if attended and (machine.monotonic() - said_at >= TOLD_EVERY_S or done == of):
            said_at = machine.monotonic()
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
        elif not attended and end.day.month != month:
            month = end.day.month
            say(text)

    try:
        yield told
    finally:
        if attended:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _check_names(files: list[Path], strategies: list[Strategy]) -> None:
    """Raises UserError where two files hold a strategy of one name: its orders could not be told apart."""
    known: dict[str, Path] = {}
    for path, strategy in zip(files, strategies, strict=True):
        if strategy.name in known:
            raise UserError(f"{path}: {known[strategy.name]} has a strategy {strategy.name} already; give one another name")
        known[strategy.name] = path


def part_of(text: str | None) -> Decimal | None:
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


def lines_of(text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdigit() or not 20 <= int(text) <= 100_000:
        raise UserError(f"--lines: {text!r} is no number of data lines; write one from 20 on, or all")
    return int(text)


def day_of(flag: str, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise UserError(f"{flag}: {text!r} is no day; write one as 2017-01-03") from None


def clock_of(text: str | None) -> time | None:
    if text is None:
        return None
    try:
        clock = time.fromisoformat(text.removesuffix("New York").strip())
    except ValueError:
        raise UserError(f"--said-at: {text!r} is no time; write one as 15:15, on the clock of New York") from None
    if not _OPENS <= clock < _CLOSES:
        raise UserError(f"--said-at: {text} lies outside of the session, 09:30 to 16:00 New York; write one as 15:15")
    return clock
