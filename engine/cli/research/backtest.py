"""`spreads backtest`: the engine over recorded chains, and a state folder in which the run can be asked."""

import sys
import time as machine
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from engine.cli.folder import load_strategy
from engine.cli.replaced import emptied
from engine.cli.research.checked import words_of
from engine.cli.research.figures import figures, months, stopped
from engine.cli.research.flags import (
    CASH,
    Bars,
    Cash,
    Chains,
    Fill,
    FillsOf,
    First,
    Html,
    Last,
    Limits,
    SaidAt,
    check_market,
    requested,
)
from engine.cli.research.html.page import write_result
from engine.cli.research.report import report
from engine.cli.show import is_attended, program, say, show_json
from engine.domain.errors import UserError
from engine.research.backtest import Progress, Request, opened
from engine.research.backtest import backtest as run
from engine.research.drive import DayEnd
from engine.research.history import History
from engine.research.leaks import Heard
from engine.research.leaks import check as looked_for_leaks
from engine.research.result import Result
from engine.strategy.model import Strategy

OUT = Path("state/backtest")
MARKER = ".backtest"
TOLD_EVERY_S = 1.0
"""Between two words about how far a run is, on a terminal; elsewhere a word a month of the history."""


def backtest(
    files: Annotated[list[Path], Parameter(name="FILE", help="Strategies; they share one account and its limits.")],
    /,
    *,
    chain: Chains,
    first: First = None,
    last: Last = None,
    fill: Fill = None,
    fills_of: FillsOf = None,
    bounds: Annotated[bool, Parameter(help="Run at mid (0) and at natural (1) too, and show all three.")] = False,
    cash: Cash = CASH,
    lines: Annotated[str, Parameter(help="Market data lines, or `all`: every option is seen, which is optimistic.")] = "100",
    said_at: SaidAt = None,
    bars: Bars = None,
    account: Limits = None,
    out: Annotated[Path, Parameter(help="State folder to leave; an earlier backtest in it is replaced.")] = OUT,
    html: Html = None,
    check: Annotated[bool, Parameter(help="Look whether anything was known too early: cut runs, other starts.")] = False,
    format: Literal["table", "json"] = "table",  # noqa: A002
) -> int:
    """Ask recorded chains what strategies would have done, with the engine that trades.

    The run leaves a state folder: `spreads trades`, `spreads query` and `spreads why` work on it with --state. With --check it
    exits with 1 where something was known too early.
    """
    strategies = [load_strategy(path) for path in files]
    _check_names(files, strategies)
    request = requested(
        files,
        chain,
        first=first,
        last=last,
        fill=fill,
        fills_of=fills_of,
        cash=cash,
        lines=lines,
        said_at=said_at,
        bars=bars,
        account=account,
    )
    history = opened(request)
    for path, strategy in zip(files, strategies, strict=True):
        check_market(path, strategy, history)
    folder = emptied(out, MARKER, "backtest", "--out")
    heard = Heard()
    with progress("") as told:
        result = run(request, history, folder, told, (heard,) if check else ())
    checked = looked_for_leaks(request, history, heard.facts) if check else None
    others = {f"{part} {name}": _at(request, history, part) for part, name in (("0", "(mid)"), ("1", "(natural)")) if bounds}
    if html is not None:
        write_result(html, result)
    if format == "json":
        show_json({**_plain(result, others), **({} if checked is None else {"check": asdict(checked)})})
    else:
        for line in report(result, others):
            print(line)
        for line in () if checked is None else words_of(checked):
            print(line)
        say("")
        say(f"ask it: {program()} trades --state {folder}   {program()} why {strategies[0].name} --state {folder}")
    return 0 if checked is None or checked.is_clean else 1


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
