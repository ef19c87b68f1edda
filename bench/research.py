"""python -m bench.research [FILE UNDERLYING [HH:MM]]: what research costs, by processor time, over a recording.

    at once      every instant of the recording searched one by one, and all of them in one query
    prepared     chains with their greeks made and kept, and the Parquet file read
    screened     a variant that passes over what changes nothing, and the same one played whole
    pairs        every pair of puts that optopsy makes of the same recording, where it is installed, and a run that also sizes,
                 gates, walks and exits; whether both say the same of what the run enters
    a long run   the beats of the last fifth of its time against those of the first, where about as much is held in each

Without a file the recording is made from a seed: a share of 1,300 options on each of 120 sessions. FILE may be any recorded
chain; chains recorded at or after the close are told at HH:MM New York.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench import agreement
from engine.domain.session import NEW_YORK
from engine.pricing.black_scholes import greeks
from engine.research.ahead.at_once import found_at_once, openings_of
from engine.research.ahead.prepared import prepared, strategies_of
from engine.research.backtest import Request, backtest, opened
from engine.research.drive import driven, tell
from engine.research.history import History
from engine.research.journals import MemoryJournal
from engine.research.rig import ACCOUNT, Rig, Terms
from engine.runtime.schedule import sessions_between
from engine.store.recorded import rows

LIMITS = """\
schema: 1
risk: {per_trade: 10% of net liquidation, hard_cap: 10% of net liquidation, width: 20% of net liquidation}
session: {open: 09:31-15:55 New York, close: 09:31-15:58 New York}
"""
STRATEGY = """\
schema: 1
name: puts
mode: paper
universe: [UNDERLYING]
spread:
  type: bull_put
  expiry: 10-60 days
  short_delta: 0.10-0.45
  width: $1-$10
sizing: {risk: $3000, contracts: 1-2}
limits: {open: OPEN, per_day: 3, per_expiry: 20}
entry:
  window: 09:45-15:50 New York
  approval: manual, expires in 10 min
  price: from mid, $0.05 every 15 s, no worse than natural, give up after 3 min
exits:
  - profit >= 30% of credit
  - days_held >= 10
"""
SESSIONS, FIRST = 120, date(2017, 1, 3)
AT_ONCE_LEAST, PREPARED_MOST, SCREENED_MOST, PAIRS_MOST, FIFTHS_MOST = 15.0, 2.0, 0.05, 4.0, 1.15


@dataclass(frozen=True, slots=True)
class Recorded:
    path: Path
    underlying: str
    said_at: clock_time | None


def printed() -> None:
    """Every row over the recording that is made. A minute."""
    main(())


def main(words: Sequence[str]) -> None:
    """Print every row with what is wanted."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        said_at = clock_time.fromisoformat(words[2]) if len(words) > 2 else None
        recorded = Recorded(Path(words[0]), words[1], said_at) if words else _made(folder)
        busy = asked(folder / "busy", recorded, 20)
        history = opened(busy)
        instants = sum(len(day.instants) for day in history.days)
        print(f"{len(history.days)} sessions, {instants} instants of {recorded.underlying}; milliseconds of processor time")
        one_by_one, at_once = searched(busy, history, folder)
        _row("an instant searched alone", one_by_one / instants)
        _row("and with all of them in one query", at_once / instants)
        _goal("all at once, times cheaper", one_by_one / at_once, ">=", AT_ONCE_LEAST)
        read, made = kept(busy, history, folder)
        _row("the recording read", read)
        _row("its chains prepared", made)
        _goal("prepared, times the reading", made / read, "<=", PREPARED_MOST)
        quiet = asked(folder / "quiet", recorded, 1, when="when:\n  - move_today <= -1%\n")
        whole = 0.0
        for name, request in (("that seldom opens", quiet), ("that always holds something", busy)):
            whole, screened = played(request, folder)
            _row(f"a variant {name}, played whole", whole)
            _row(f"a variant {name}, screened", screened)
            _goal(f"screened, of one {name}", screened / whole, "<=", SCREENED_MOST)
        if agreement.is_installed():
            frame = agreement.told(recorded.path)
            others = _ms(lambda: agreement.pairs(frame))
            _row("every pair of puts, by optopsy", others)
            _goal("a run that always holds something, times the pairs", whole / others, "<=", PAIRS_MOST)
            entries = agreement.Entries()
            backtest(busy, history, None, observers=(entries,))
            _agreement(agreement.agreed(recorded.path, entries))
        else:
            print("  optopsy is not installed, so its pairs were not made")
        first, last = fifths(busy, history, folder)
        _row("a beat of the first fifth", first)
        _row("a beat of the last fifth", last)
        _goal("the last fifth against the first", last / first, "<=", FIFTHS_MOST)


def asked(folder: Path, recorded: Recorded, positions: int, when: str = "") -> Request:
    folder.mkdir()
    text = STRATEGY.replace("UNDERLYING", recorded.underlying).replace("OPEN", str(positions))
    (folder / "puts.yaml").write_text(text.replace("spread:", f"{when}spread:", 1))
    (folder / "account.yaml").write_text(LIMITS)
    terms = Terms(Decimal(500_000), None, None)
    return Request((folder / "puts.yaml",), None, (recorded.path,), None, None, recorded.said_at, None, terms)


def searched(request: Request, history: History, folder: Path) -> tuple[float, float]:
    """All instants one by one, and at once, ms: the search alone."""
    [strategy] = strategies_of(request)
    with rig_of(request, history, folder / "alone") as rig:
        alone = 0.0
        for day in history.days:
            for number in range(len(day.instants)):
                at, look = tell(rig, day, number), rig.look()
                chain = rig.finder.rows(look.chain, look.market, at, look.calendar)
                began = time.process_time()
                rig.finder.scan(strategy, chain, strategy.universe, at)
                alone += time.process_time() - began
    many = list(prepared(request, history, folder / "kept"))
    found_at_once(strategy, many[:1])
    return 1e3 * alone, _ms(lambda: found_at_once(strategy, many))


def kept(request: Request, history: History, folder: Path) -> tuple[float, float]:
    """Reading the recording, and preparing its chains, ms."""
    read = _ms(lambda: rows(request.chains[0]))
    return read, _ms(lambda: list(prepared(request, history, folder / "kept anew")))


def played(request: Request, folder: Path) -> tuple[float, float]:
    """The run played whole, and screened with chains that are prepared, ms."""
    history = opened(request)
    openings_of(request, history, folder / "kept")
    whole = _ms(lambda: backtest(request, history, None))
    return whole, _ms(lambda: backtest(request, history, None, openings=openings_of(request, history, folder / "kept")))


def fifths(request: Request, history: History, folder: Path) -> tuple[float, float]:
    """The median beat of the first and of the last fifth, ms, of beats behind the first month: by then as much is held."""
    taken: list[float] = []
    with rig_of(replace(request), history, folder / "fifths") as rig:
        beat = rig.engine.beat

        def timed() -> None:
            began = time.process_time()
            beat()
            taken.append(1e3 * (time.process_time() - began))

        rig.engine.beat = timed
        starts = [len(taken) for _ in driven(rig)]
    warm = taken[starts[min(21, len(starts) // 6)] :]
    fifth = max(1, len(warm) // 5)
    return median(warm[:fifth]), median(warm[-fifth:])


@contextmanager
def rig_of(request: Request, history: History, folder: Path) -> Generator[Rig]:
    rig = Rig(history, request.terms, request.strategies[0].parent, folder / "versions", MemoryJournal(ACCOUNT))
    try:
        rig.begin()
        yield rig
    finally:
        rig.end()


def _ms(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return 1e3 * (time.process_time() - began)


def _made(folder: Path) -> Recorded:
    """A share that walks, told once a session."""
    chance, spot, tables = np.random.default_rng(7), 100.0, list[pa.Table]()
    days = [one.day for one in sessions_between(FIRST, FIRST + timedelta(days=2 * SESSIONS))][:SESSIONS]
    for day in days:
        spot *= float(np.exp(chance.normal(0.0002, 0.011)))
        at = datetime.combine(day, clock_time(15, 15), NEW_YORK).astimezone(UTC)
        tables += [_series(at, spot, day + timedelta(days=4 + 7 * week - day.weekday())) for week in range(1, 14)]
    path = folder / "made.parquet"
    pq.write_table(pa.concat_tables(tables), path, compression="zstd")
    return Recorded(path, "XYZ", None)


def _series(at: datetime, spot: float, expiry: date) -> pa.Table:
    strike = np.tile(np.arange(75.0, 125.0), 2)
    sign = np.repeat([-1, 1], 50)
    years = ((datetime.combine(expiry, clock_time(16), NEW_YORK) - at) / timedelta(days=365)) or 1e-6
    iv = 0.24 - 0.3 * np.log(strike / spot)
    found = greeks(spot, strike, years, 0.0, 0.0, iv, sign)
    mid = np.round(found.price, 2)
    count = len(strike)
    return pa.table(
        {
            "quote_ts": pa.array([at] * count, pa.timestamp("us", "UTC")),
            "underlying": ["XYZ"] * count,
            "root": ["XYZ"] * count,
            "underlying_price": [spot] * count,
            "expiry": pa.array([expiry] * count, pa.date32()),
            "strike": strike,
            "right": ["P" if one < 0 else "C" for one in sign],
            "bid": np.maximum(np.round(mid - 0.03, 2), 0.0),
            "ask": np.round(mid + 0.03, 2),
            "bid_size": [50.0] * count,
            "ask_size": [50.0] * count,
            "volume": [500.0] * count,
            "last": mid,
            "open_interest": [500.0] * count,
            "iv": iv,
            "multiplier": [100.0] * count,
        }
    )


def _row(name: str, ms: float) -> None:
    print(f"  {name:<52} {ms:>12,.3f}", flush=True)


def _agreement(found: agreement.Agreement) -> None:
    print(f"  {found.kept} entries of the run are among the pairs, {len(found.apart)} of them more than half a cent away at mid")
    print(f"  {found.dropped} are not, {len(found.unexplained)} of them for no reason that the recording shows")
    for words in (*found.apart, *found.unexplained):
        print(f"    {words}")


def _goal(name: str, ratio: float, sign: str, bound: float) -> None:
    holds = ratio <= bound if sign == "<=" else ratio >= bound
    print(f"  {name:<52} {ratio:>12,.3f}   {sign} {bound:g} {'pass' if holds else 'miss'}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
