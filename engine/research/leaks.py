"""Holds a run against the same run that does not know what comes later, and names what it knew too early.

cut        a run is repeated up to an instant of it, with a recording that ends there and without the volumes of days that were
           not over: until then every fact must be the same
leak       where one is not, one kind of what came later is changed at a time; what changes the past has the name of the leak
start      what a search finds and what the market answers must not depend on when a run began: both are asked again from a
           start some sessions earlier

Which instants are cut is drawn from the data themselves: the same inputs are checked in the same way.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.domain.facts.orders import LegFilled, OrderProposed
from engine.domain.facts.positions import ExitTriggered
from engine.domain.facts.union import Fact
from engine.domain.session import trading_day
from engine.research.ahead.at_once import found_at_once, instants_open_to
from engine.research.ahead.prepared import Chains, prepared, strategies_of
from engine.research.backtest import Request, backtest, digest_of, opened
from engine.research.history import Day, History
from engine.runtime.schedule import sessions_between

CUTS = 3
"""Instants at which a run is cut."""
EARLIER = 21
"""Sessions that another start lies before the one that is checked."""
LOOKED_AT = 10
"""Sessions after both starts on which what is found is compared."""
Told = tuple[datetime, Fact]
Where = NDArray[np.bool_]


@dataclass(slots=True)
class Heard:
    """An observer that keeps every fact of a run, those that explain too."""

    facts: list[Told] = field(default_factory=list[Told])

    def saw(self, fact: Fact, at: datetime) -> None:
        self.facts.append((at, fact))


@dataclass(frozen=True, slots=True)
class Leak:
    """Something that was known too early."""

    name: str
    cut: datetime
    """The last instant that both runs were told."""
    at: datetime
    """When the first fact that differs was written."""
    fact: str
    """What was written then, or would have been."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a check."""

    cuts: tuple[datetime, ...]
    compared: int
    """Facts that were held against those of cut runs."""
    leaks: tuple[Leak, ...]
    looks: int
    """Instants at which what is found was asked from another start; 0 where the recording has no room for one."""
    restless: tuple[datetime, ...]
    """Instants at which another start finds something else."""

    @property
    def is_clean(self) -> bool:
        return not self.leaks and not self.restless


def check(request: Request, history: History, whole: Sequence[Told]) -> Checked:
    """What a run, whose facts are `whole`, knew too early. Raises UserError where the files cannot be used."""
    cuts = cuts_of(request, history, whole)
    compared = sum(at < _until(history, cut) for cut in cuts for at, _ in whole)
    looks, restless = from_another_start(request, history)
    return Checked(cuts, compared, leaks_of(request, history, whole, cuts), looks, restless)


# cuts


def cuts_of(request: Request, history: History, whole: Sequence[Told], count: int = CUTS) -> tuple[datetime, ...]:
    """Instants before others, drawn from those at which something was decided, and from all where there are not enough."""
    instants = [at for day in history.days for at in day.instants][:-1]
    acted = {_instant(instants, at) for at, fact in whole if isinstance(fact, OrderProposed | LegFilled | ExitTriggered)}
    chance = np.random.default_rng(int(digest_of(request.chains[0])[:16], 16))
    drawn: list[datetime] = []
    for some in ([at for at in instants if at in acted], [at for at in instants if at not in acted]):
        drawn += [some[number] for number in chance.permutation(len(some))[: count - len(drawn)].tolist()]
    return tuple(sorted(drawn))


def leaks_of(request: Request, history: History, whole: Sequence[Told], cuts: Sequence[datetime]) -> tuple[Leak, ...]:
    """What the run knew too early at these instants, by name."""
    leaks: list[Leak] = []
    for cut in cuts:
        until = _until(history, cut)
        before = [one for one in whole if one[0] < until]
        if _differs(before, request, _blind(request, history, cut), until) is not None:
            leaks += _named(request, history, cut, before, until)
    return tuple(leaks)


def _instant(instants: Sequence[datetime], at: datetime) -> datetime | None:
    place = int(np.searchsorted([one.timestamp() for one in instants], at.timestamp(), side="right")) - 1
    return instants[place] if place >= 0 else None


def _until(history: History, cut: datetime) -> datetime:
    """Up to when a run must be the same: the next instant of the day, or its close, whose price nobody knew before."""
    day = next(day for day in history.days if cut in day.instants)
    return next((at for at in day.instants if at > cut), day.session.close)


def _short(history: History, cut: datetime) -> History:
    """The history up to and with an instant; what was recorded later is still in its tables."""
    days = [Day(day.session, tuple(at for at in day.instants if at <= cut)) for day in history.days]
    return replace(history, days=tuple(day for day in days if day.instants))


def _blind(request: Request, history: History, cut: datetime) -> History:
    """The history up to an instant, that of nobody who knows more."""
    known = _short(_without_volumes(request, history), cut)
    tables = tuple(table.filter(pa.array(~_later(table, cut))) for table in known.tables)
    bars = known.bars
    if bars is not None:
        bars = bars.filter(pa.array(~_from_day(bars, trading_day(cut))))
    return replace(known, tables=tuple(table for table in tables if table.num_rows), bars=bars)


def _differs(before: Sequence[Told], request: Request, history: History, until: datetime) -> Told | None:
    """The first fact that is another one over another history; None where all are the same."""
    heard = Heard()
    backtest(request, history, None, observers=(heard,))
    after = [one for one in heard.facts if one[0] < until]
    for then, now in zip(before, after, strict=False):
        if then != now:
            return then
    if len(before) == len(after):
        return None
    return (before if len(before) > len(after) else after)[min(len(before), len(after))]


# names


Alter = Callable[[History, datetime], History]


def _named(request: Request, history: History, cut: datetime, before: Sequence[Told], until: datetime) -> Iterator[Leak]:
    """The leaks of a cut: of the first step that finds any, as what lies further down changes all that is above it."""
    volume: dict[str, Alter] = {"the day's volume": lambda history, _cut: _without_volumes(request, history)}
    for step in (_VALUES | volume, _STRIKES, _UNDERLYINGS):
        found = False
        for name, alter in step.items():
            differs = _differs(before, request, _short(alter(history, cut), cut), until)
            if differs is not None:
                found = True
                yield _leak(name, cut, differs)
        if found:
            return
    differs = _differs(before, request, _blind(request, history, cut), until)
    assert differs is not None, "the cut run differed"
    yield _leak("what comes later", cut, differs)


def _leak(name: str, cut: datetime, differs: Told) -> Leak:
    at, fact = differs
    return Leak(name, cut, at, f"{type(fact).__name__} {getattr(fact, 'order_ref', getattr(fact, 'strategy', ''))}".strip())


def _later_closes(history: History, cut: datetime) -> History:
    """Other prices of the underlyings on later days."""
    tables = tuple(_times(table, "underlying_price", 1.07, _later(table, cut, days=True)) for table in history.tables)
    bars = history.bars
    if bars is not None:
        later = _from_day(bars, trading_day(cut))
        for name in ("open", "high", "low", "close"):
            bars = _times(bars, name, 1.07, later)
    return replace(history, tables=tables, bars=bars)


def _without_volumes(request: Request, history: History) -> History:
    """No volume and another last trade on what was recorded after the close and is told before it."""
    if history.said_at is None:
        return history
    return opened(request, altered=_other_volumes)


def _other_volumes(table: pa.Table) -> pa.Table:
    instants = _instants(table)
    days = [trading_day(one) for one in instants]
    closes = {one.day: one.close for one in sessions_between(min(days), max(days))}
    after = [one for one, day in zip(instants, days, strict=True) if day in closes and one >= closes[day]]
    late = _among(table, after)
    return _times(_times(table, "volume", 0.0, late), "last", 1.07, late)


def _later_open_interest(history: History, cut: datetime) -> History:
    return _with(history, lambda table: _times(table, "open_interest", 0.0, _later(table, cut)))


def _later_volatility_of_the_day(history: History, cut: datetime) -> History:
    return _with(
        history,
        lambda table: _times(table, "iv", 1.5, _later(table, cut) & ~_later(table, cut, days=True)),
    )


def _later_quotes(history: History, cut: datetime) -> History:
    return _with(history, lambda table: _times(_times(table, "bid", 0.5, _later(table, cut)), "ask", 2.0, _later(table, cut)))


def _other_strikes(history: History, cut: datetime) -> History:
    """Later only the lowest and the highest strike are recorded."""

    def fewer(table: pa.Table) -> pa.Table:
        strike = table["strike"].to_numpy()
        return table.filter(pa.array(~_later(table, cut) | (strike == strike.min()) | (strike == strike.max())))

    return _with(history, fewer)


def _other_underlyings(history: History, cut: datetime) -> History:
    """Later those are recorded that were not at the end, and the others no more; where all were, the first one alone."""
    last = max(max(_instants(table)) for table in history.tables)
    alive = {name for table in history.tables for name in table.filter(pa.array(_among(table, [last])))["underlying"].to_pylist()}
    gone = [name for name in history.underlyings if name not in alive]

    def swapped(table: pa.Table) -> pa.Table:
        names = np.array(table["underlying"].to_pylist())
        kept = table.filter(pa.array(~_later(table, cut) | np.isin(names, gone or history.underlyings[:1])))
        known = kept.filter(pa.array(np.isin(np.array(kept["underlying"].to_pylist()), gone)))
        if not known.num_rows:
            return kept
        known = known.filter(pa.array(_among(known, [max(_instants(known))])))
        at = pa.array([last] * known.num_rows, table["quote_ts"].type)
        return pa.concat_tables([kept, known.set_column(table.column_names.index("quote_ts"), "quote_ts", at)])

    return _with(history, swapped)


_VALUES: dict[str, Alter] = {
    "tomorrow's close": _later_closes,
    "final open interest": _later_open_interest,
    "today in IV rank": _later_volatility_of_the_day,
    "fill at the next quote": _later_quotes,
}
_STRIKES: dict[str, Alter] = {"settled strikes": _other_strikes}
_UNDERLYINGS: dict[str, Alter] = {"survivors only": _other_underlyings}
"""What is changed of what comes later. Values come first: where a strike or an underlying is gone, its values are gone too."""


def _with(history: History, alter: Callable[[pa.Table], pa.Table]) -> History:
    tables = (alter(table) for table in history.tables)
    return replace(history, tables=tuple(table for table in tables if table.num_rows))


def _later(table: pa.Table, cut: datetime, *, days: bool = False) -> Where:
    """Which rows were recorded after an instant; with `days`, on a later day."""
    instants = _instants(table)
    return _among(table, [one for one in instants if (trading_day(one) > trading_day(cut) if days else one > cut)])


def _instants(table: pa.Table) -> list[datetime]:
    return [one.astimezone(UTC) for one in table["quote_ts"].unique().drop_null().to_pylist()]


def _among(table: pa.Table, instants: Sequence[datetime]) -> Where:
    """Which rows were recorded at one of these instants."""
    wanted = pa.array(instants, table["quote_ts"].type).cast(pa.int64()).to_numpy()
    return np.isin(table["quote_ts"].cast(pa.int64()).to_numpy(), wanted)


def _from_day(bars: pa.Table, day: date) -> Where:
    """Which bars are of this day or a later one."""
    return bars["date"].cast(pa.date32()).to_numpy() >= np.datetime64(day)


def _times(table: pa.Table, name: str, factor: float, where: Where) -> pa.Table:
    """The table with one column that is so many times itself in some rows."""
    if name not in table.column_names:
        return table
    values = table[name].cast(pa.float64()).to_numpy()
    values = np.where(where, values * factor, values)
    return table.set_column(table.column_names.index(name), name, pa.array(values, mask=np.isnan(values)))


# starts

Found = tuple[tuple[float, ...], ...]


def from_another_start(request: Request, history: History) -> tuple[int, tuple[datetime, ...]]:
    """At how many instants both starts were asked, and where they find or are answered something else."""
    days = [day.session.day for day in history.days]
    start = min(EARLIER, len(days) // 2)
    if not start:
        return 0, ()
    last = days[min(len(days), start + LOOKED_AT) - 1]
    with TemporaryDirectory() as scratch:
        begun = [
            _seen(replace(request, first=first, last=last), days[start], Path(scratch) / str(first))
            for first in (days[0], days[start])
        ]
    differs = sorted(at for at in begun[0].keys() | begun[1].keys() if begun[0].get(at) != begun[1].get(at))
    return len(begun[1]), tuple(differs)


def _seen(request: Request, since: date, folder: Path) -> dict[datetime, tuple[object, ...]]:
    """By instant, what each strategy finds and whether the market lets it."""
    many = list(prepared(request, opened(request), folder))
    seen: dict[datetime, list[object]] = {one.at: [] for chains in many for one in chains.seen if trading_day(one.at) >= since}
    for strategy in strategies_of(request):
        found = [(one, chains) for chains in many for one in found_at_once(strategy, [chains])]
        is_open = instants_open_to(strategy, [one for one, _ in found], many)
        for one, chains in found:
            if one.at in seen:
                seen[one.at].append((strategy.name, one.underlying, one.at in is_open, _named_legs(one.rows, chains)))
    return {at: tuple(said) for at, said in seen.items()}


def _named_legs(rows: Sequence[tuple[object, ...]], chains: Chains) -> Found:
    """Strike, days to expiry and side of each leg, then the score: the same contract has another number in another run."""
    ids, table = chains.table["row_id"].to_numpy(), chains.table
    told: list[tuple[float, ...]] = []
    for row in rows:
        places = np.searchsorted(ids, np.array(row[:-1], dtype=ids.dtype))
        legs = [float(table[name][int(place)].as_py()) for place in places for name in ("strike", "dte", "put_call")]
        told.append((*legs, float(str(row[-1]))))
    return tuple(told)
