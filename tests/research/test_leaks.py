"""What a run knew too early is found, and called by its name; what is drawn anew of the future changes no decision."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from engine.domain.session import trading_day
from engine.research import history as histories
from engine.research.backtest import Request, backtest, opened
from engine.research.history import History
from engine.research.leaks import Heard, Leak, check, cuts_of, leaks_of
from engine.research.rig import Terms
from engine.sim.exchange.exchange import Exchange
from engine.sim.market.quotes import Bar
from engine.sim.market.replayed import ReplayedMarket
from tests.faces.conftest import Spreads, spreads
from tests.research import given

__all__ = ["spreads"]

SPOTS = [101.0, 100.6, 100.3, 100.0, 99.8]
CLOCKS = (time(10, 0), time(15, 0))
DAILY = given.PUTS.replace("open: 2, per_day: 1, per_expiry: 2", "open: 9, per_day: 2, per_expiry: 9")
Plant = Callable[[pytest.MonkeyPatch], None]


def request_of(folder: Path, text: str, chains: tuple[Path, ...], said_at: time | None = None) -> Request:
    files = given.files(folder / "files", {"account.yaml": given.LIMITS, "puts.yaml": text})
    terms = Terms(Decimal(100_000), None, None)
    return Request((files / "puts.yaml",), None, chains, None, None, said_at, None, terms)


def recorded(folder: Path, *, clocks: tuple[time, ...] = CLOCKS) -> Path:
    """Open interest and volatility of the afternoon are not those of the morning."""
    path = given.recording(folder / "chain.parquet", SPOTS, clocks=clocks)
    table = pq.read_table(path)
    hours = np.array([one.hour for one in table["quote_ts"].to_pylist()])
    for name, factor in (("open_interest", 0.1), ("iv", 1.3)):
        values = table[name].to_numpy()
        table = table.set_column(table.column_names.index(name), name, pa.array(np.where(hours >= 18, values * factor, values)))
    pq.write_table(table, path)
    return path


def found(request: Request) -> tuple[Leak, ...]:
    """The leaks of a run, cut at one instant."""
    history, heard = opened(request), Heard()
    backtest(request, history, None, observers=(heard,))
    assert len(heard.facts) > 10
    return leaks_of(request, history, heard.facts, cuts_of(request, history, heard.facts, 1))


# plants


def tomorrows_close(patch: pytest.MonkeyPatch) -> None:
    """The newest close that is known is that of tomorrow."""
    bars = ReplayedMarket.daily_bars

    def knows(self: ReplayedMarket, underlying: str, days: int) -> tuple[Bar, ...]:
        known, today = bars(self, underlying, days), trading_day(self._now)
        later = [bar for bar in self._bars[underlying] if bar.day > today]
        return (*known[:-1], replace(known[-1], close=later[0].close)) if known and later else known

    patch.setattr(ReplayedMarket, "daily_bars", knows)


def volume_of_the_day(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(histories, "_KNOWN_AFTER_THE_CLOSE", ())


def final_open_interest(patch: pytest.MonkeyPatch) -> None:
    """Every instant has the open interest of the last one of its day."""

    def final(table: pa.Table) -> pa.Table:
        days = np.array([trading_day(one).toordinal() for one in table["quote_ts"].to_pylist()])
        at, values = table["quote_ts"].cast(pa.int64()).to_numpy(), table["open_interest"].to_numpy()
        last = {day: values[at == at[days == day].max()][0] for day in np.unique(days)}
        known = pa.array([last[day] for day in days])
        return table.set_column(table.column_names.index("open_interest"), "open_interest", known)

    _told(patch, final)


def settled_strikes(patch: pytest.MonkeyPatch) -> None:
    """Only strikes that are recorded to the end are listed."""

    def settled(table: pa.Table) -> pa.Table:
        last = _at_the_end(table)
        return table.filter(pa.array(np.isin(table["strike"].to_numpy(), last["strike"].to_numpy())))

    _told(patch, settled)


def today_in_iv_rank(patch: pytest.MonkeyPatch) -> None:
    """The history of volatility ends with that of the end of today."""

    def days_before(self: ReplayedMarket, values: list[float]) -> tuple[Bar, ...]:
        first = trading_day(self._now) - timedelta(days=len(values))
        return tuple(Bar(first + timedelta(days=n), one, one, one, one) for n, one in enumerate(values))

    def knows(self: ReplayedMarket, underlying: str, days: int) -> tuple[Bar, ...]:
        final = self._iv_close(underlying, trading_day(self._now)) or 0.2
        return days_before(self, [*(0.2 + 0.001 * (number % 7) for number in range(299)), final])[-days:]

    patch.setattr(ReplayedMarket, "iv_bars", knows)
    patch.setattr(ReplayedMarket, "daily_bars", lambda self, _name, days: days_before(self, [100.0] * 300)[-days:])


def survivors_only(patch: pytest.MonkeyPatch) -> None:
    """Only underlyings that are recorded to the end are known."""

    def survived(table: pa.Table) -> pa.Table:
        alive = _at_the_end(table)["underlying"].unique().to_pylist()
        return table.filter(pa.array([name in alive for name in table["underlying"].to_pylist()]))

    _told(patch, survived)


def fill_at_the_next_quote(patch: pytest.MonkeyPatch) -> None:
    """What an order pays hangs, by some cents, on what the options will be bid."""
    trade = Exchange._trade

    def later(self: Exchange, order: object, price: Decimal, quantity: int, now: datetime) -> object:
        market = self._tape.market  # pyright: ignore
        snapshots = market._recording.snapshots
        rows = snapshots[min(market._seen, len(snapshots) - 1)].rows
        moved = round(1000 * float(np.nanmean(market._recording.quoted["bid"][rows]))) % 31
        return trade(self, order, price - Decimal(moved) / 100, quantity, now)  # pyright: ignore

    patch.setattr(Exchange, "_trade", later)


def _told(patch: pytest.MonkeyPatch, made: Callable[[pa.Table], pa.Table]) -> None:
    market = History.market
    patch.setattr(History, "market", lambda self: market(replace(self, tables=(made(pa.concat_tables(self.tables)),))))


def _at_the_end(table: pa.Table) -> pa.Table:
    at = table["quote_ts"].cast(pa.int64()).to_numpy()
    return table.filter(pa.array(at == at.max()))


WHEN = "when:\n  - {line}\nspread:"
LEAKS: dict[str, tuple[Plant, str]] = {
    "tomorrow's close": (tomorrows_close, DAILY.replace("spread:", WHEN.format(line="move_today > 0%"), 1)),
    "the day's volume": (volume_of_the_day, DAILY.replace("sizing:", "filters:\n  - volume >= 10\nsizing:")),
    "final open interest": (final_open_interest, DAILY.replace("sizing:", "filters:\n  - open_interest >= 100\nsizing:")),
    "settled strikes": (settled_strikes, DAILY),
    "today in IV rank": (today_in_iv_rank, DAILY.replace("spread:", WHEN.format(line="iv_rank <= 50%"), 1)),
    "survivors only": (survivors_only, DAILY.replace("universe: [XYZ]", "universe: [ABC, XYZ]")),
    "fill at the next quote": (fill_at_the_next_quote, DAILY),
}


def planted(name: str, folder: Path, patch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The names of what is found where one leak is planted."""
    plant, text = LEAKS[name]
    late = name == "the day's volume"
    chains = [recorded(folder, clocks=(time(16, 15),) if late else CLOCKS)]
    if name == "survivors only":
        chains.append(given.recording(folder / "abc.parquet", SPOTS[:3], clocks=CLOCKS, underlying="ABC", root="ABC"))
    if name == "settled strikes":
        table = pq.read_table(chains[0])
        at, strike = table["quote_ts"].cast(pa.int64()).to_numpy(), table["strike"].to_numpy()
        pq.write_table(table.filter(pa.array((at < at.max()) | (strike % 2 == 0))), chains[0])
    plant(patch)
    return tuple(
        dict.fromkeys(leak.name for leak in found(request_of(folder, text, tuple(chains), time(15, 15) if late else None)))
    )


@pytest.mark.slow
def test_fill_that_knows_the_next_quote_is_caught_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert planted("fill at the next quote", tmp_path, monkeypatch) == ("fill at the next quote",)


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in LEAKS if name != "fill at the next quote"])
def test_planted_leak_is_caught_by_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert planted(name, tmp_path, monkeypatch) == (name,)


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in LEAKS if name != "survivors only"])
def test_nothing_is_found_where_no_leak_is_planted(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LEAKS, name, (lambda _patch: None, LEAKS[name][1]))

    assert planted(name, tmp_path, monkeypatch) == ()


@pytest.mark.long
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@drawn(known=st.integers(1, 4), future=st.permutations([100.0, 99.0, 98.0, 101.5, 103.0, 97.0]))
def test_shuffled_future_changes_no_decision(known: int, future: list[float], tmp_path_factory: pytest.TempPathFactory) -> None:
    # given
    folder, told = tmp_path_factory.mktemp("shuffled"), []

    # when
    for name, later in (("one", sorted(future)), ("two", future)):
        (folder / name).mkdir()
        spots = [*SPOTS[:known], *later[: len(SPOTS) - known]]
        request = request_of(folder / name, DAILY, (given.recording(folder / name / "chain.parquet", spots, clocks=CLOCKS),))
        heard, history = Heard(), opened(request)
        backtest(request, history, None, observers=(heard,))
        close = history.days[known - 1].session.close
        told.append([one for one in heard.facts if one[0] < close])

    # then
    assert len(told[0]) > 10
    assert told[0] == told[1]


def test_check_is_clean_and_tells_what_it_compared(tmp_path: Path) -> None:
    request = request_of(tmp_path, DAILY, (given.recording(tmp_path / "chain.parquet", SPOTS[:3]),))
    history, heard = opened(request), Heard()
    backtest(request, history, None, observers=(heard,))

    checked = check(request, history, heard.facts)

    assert checked.is_clean
    assert len(checked.cuts) == 2, "nothing comes after the last instant"
    assert checked.compared > 10
    assert checked.looks == 2


@pytest.mark.long
def test_backtest_says_that_nothing_was_known_too_early(spreads: Spreads, tmp_path: Path) -> None:
    files = given.files(tmp_path / "mine", {"account.yaml": given.LIMITS, "puts.yaml": DAILY})
    chain = given.recording(tmp_path / "chain.parquet", SPOTS[:2])

    ran = spreads("backtest", files / "puts.yaml", "--chain", chain, "--lines", "all", "--check")

    assert ran.code == 0
    assert "nothing was known too early" in ran.out
    assert "the same is found at 1 of 1 instants" in ran.out
