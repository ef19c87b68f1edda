"""Runs a backtest that was left in a state folder again, through today's code, files and data, and holds its decisions against
those of then.

What makes a difference is found by taking today's things back one by one: the limits, then the strategies; what is different even
with both as they were is the code. Data cannot be taken back: where they are others, they are named first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import cast

from engine.domain.errors import UserError
from engine.domain.session import trading_day
from engine.ports import Line
from engine.research.backtest import FILES, SHARED, Progress, Request, backtest, digest_of, opened
from engine.research.decided import Decided, Decisions, decision
from engine.research.replayed import Cause, Difference, Replayed
from engine.research.result import load
from engine.research.rig import Terms
from engine.store import explanations, lines
from engine.store.journal import FOLDER
from engine.store.lines import START
from engine.strategy.parse import ACCOUNT_FILE


def replay(state: Path, day: date | None, progress: Progress) -> Replayed:
    """The decisions of a day, or of all days where none is named, then and now.

    Raises UserError where the folder holds no backtest, or what it was made of is gone.
    """
    setup = load(state).setup
    then = _then(state)
    if day is not None and day not in {trading_day(one.at) for one in then}:
        days = sorted({trading_day(one.at) for one in then})
        raise UserError(f"{state}: nothing was decided on {day}" + (f"; it runs from {days[0]} to {days[-1]}" if days else ""))
    today = _request(setup, day)
    data = cast("Mapping[str, str]", setup["data"])
    others = [f"{path}: the recorded chains are others" for path, digest in data.items() if digest_of(Path(path)) != digest]
    before = _until(then, day)
    whole = tuple(_differences(before, _run(today, progress)))
    cause: Cause | None = None
    if whole:
        cause = "data" if others else _cause(state, today, before)
    asked = tuple(one for one in whole if day is None or trading_day(one.at) == day)
    compared = sum(day is None or trading_day(one.at) == day for one in then)
    first = trading_day(whole[0].at) if whole else None
    return Replayed(compared, asked, cause, (*others, *_changed_files(state, today)), first)


def _cause(state: Path, today: Request, then: Sequence[Decided]) -> Cause:
    """Which of today's things makes the difference."""
    files = state / FILES
    limits = replace(today, account=files / ACCOUNT_FILE) if (files / ACCOUNT_FILE).is_file() else today
    if not any(_differences(then, _run(limits, _quiet))):
        return "limits"
    strategies = tuple(files / path.name for path in today.strategies)
    if not any(_differences(then, _run(replace(limits, strategies=strategies), _quiet))):
        return "file"
    return "code"


def _quiet(_end: object, _done: int, _all: int) -> None: ...


def _run(request: Request, progress: Progress) -> list[Decided]:
    heard = Decisions()
    backtest(request, opened(request), None, progress, (heard,))
    return heard.decided


def _then(state: Path) -> list[Decided]:
    """The decisions in a state folder, in the order of time."""
    folder = state / FOLDER
    head, _ = lines.verified(folder)
    told = [line for line in lines.facts(folder, START, head) if isinstance(line, Line)]
    told += explanations.every(state)
    found = (decision(line.fact, line.at) for line in sorted(told, key=lambda line: line.at))
    return [one for one in found if one is not None]


def _until(decided: Sequence[Decided], day: date | None) -> list[Decided]:
    return [one for one in decided if day is None or trading_day(one.at) <= day]


def _differences(then: Sequence[Decided], now: Sequence[Decided]) -> Iterator[Difference]:
    keyed = [{(one.at, one.kind, one.about): one.text for one in decided} for decided in (then, now)]
    for at, kind, about in sorted(keyed[0].keys() | keyed[1].keys()):
        before, after = (known.get((at, kind, about)) for known in keyed)
        if before != after:
            yield Difference(at, kind, about, before, after)


def _changed_files(state: Path, today: Request) -> Iterator[str]:
    files = state / FILES
    for path in today.strategies:
        if path.read_bytes() != (files / path.name).read_bytes():
            yield f"{path}: is another version"
    for name in SHARED:
        beside = [path.parent / name for path in today.strategies if (path.parent / name).is_file()]
        now = today.account if name == ACCOUNT_FILE and today.account is not None else next(iter(beside), None)
        before = files / name if (files / name).is_file() else None
        if (now.read_bytes() if now else None) != (before.read_bytes() if before else None):
            yield f"{now or before}: is another version"


def _request(setup: Mapping[str, object], day: date | None) -> Request:
    asked = cast("dict[str, str | list[str] | None]", setup["asked"])

    def path(name: str) -> Path | None:
        value = asked[name]
        return None if value is None else Path(str(value))

    def paths(name: str) -> tuple[Path, ...]:
        return tuple(Path(one) for one in cast("list[str]", asked[name]))

    request = Request(
        strategies=paths("strategies"),
        account=path("account"),
        chains=paths("chains"),
        first=None if asked["from"] is None else date.fromisoformat(str(asked["from"])),
        last=day or date.fromisoformat(str(setup["to"])),
        said_at=None if setup["said_at"] is None else time.fromisoformat(str(setup["said_at"])),
        bars=path("bars"),
        terms=Terms(
            Decimal(str(setup["cash"])),
            None if setup["fill"] in {"default", "learned"} else Decimal(str(setup["fill"])),
            None if setup["lines"] == "all" else int(str(setup["lines"])),
            _parts(setup["fill_by_legs"]) if setup["fill"] == "learned" else None,
        ),
    )
    needed = (*request.strategies, *request.chains, *(one for one in (request.account, request.bars) if one is not None))
    gone = [str(one) for one in needed if not one.exists()]
    if gone:
        raise UserError(f"{', '.join(gone)}: not there; a replay runs where the backtest ran, with what it was made of")
    return request


def _parts(by_legs: object) -> Mapping[int, Decimal]:
    """What was learned then: today's orders would teach something else."""
    return {int(legs): Decimal(part) for legs, part in cast("Mapping[str, str]", by_legs).items()}
