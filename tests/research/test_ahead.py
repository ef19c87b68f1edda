"""Instants that are searched all at once: the same candidates as one by one, and a run that passes over the idle ones writes the
same journal."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from engine.domain.facts.union import Explanation, Fact
from engine.research.ahead.at_once import found_at_once, openings_of
from engine.research.ahead.prepared import Chains, prepared, strategies_of
from engine.research.backtest import Request, backtest, opened
from engine.research.drive import tell
from engine.research.history import History
from engine.research.journals import MemoryJournal
from engine.research.rig import ACCOUNT, Rig, Terms
from tests.research import given

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
RESTLESS = [100.0, 101.5, 99.0, 98.0, 100.5, 102.0]
CLOCKS = tuple(time(hour, minute) for hour, minute in ((9, 35), (10, 30), (11, 30), (12, 30), (13, 30), (15, 0)))
SMALL = """\
schema: 1
name: small
mode: paper
universe: [{universe}]
{when}spread:
  type: {type}
  expiry: {expiry}
  {legs}
  rules: [{rules}]
sizing: {{risk: $3000, contracts: 1-2}}
limits: {{open: 3, per_day: 2, per_expiry: 3}}
entry:
  window: 09:32-15:50 New York
  approval: manual, expires in 10 min
  price: from mid, $0.05 every 15 s, no worse than natural, give up after 3 min
exits:
{exits}
"""
PUTS = {
    "universe": "XYZ",
    "when": "",
    "type": "bull_put",
    "expiry": "3-12 days",
    "legs": "short_delta: 0.20-0.45\n  width: $2-$5",
    "rules": "pop >= 10%",
    "exits": "  - profit >= 40% of credit",
}


class Heard:
    """Every fact that goes into a journal, with its instant."""

    def __init__(self) -> None:
        self.facts: list[tuple[datetime, Fact]] = []

    def saw(self, fact: Fact, at: datetime) -> None:
        if not isinstance(fact, Explanation):
            self.facts.append((at, fact))


def asked(folder: Path, text: str, chain: Path, said_at: time | None = None, last: date | None = None) -> Request:
    files = given.files(folder, {"account.yaml": given.LIMITS, "small.yaml": text})
    return Request((files / "small.yaml",), None, (chain,), None, last, said_at, None, Terms(Decimal(100_000), None, None))


def one_by_one(request: Request, history: History, folder: Path) -> Iterator[tuple[datetime, list[tuple[float, list[float]]]]]:
    """What the engine's own search finds at each instant: score, and the strike of each leg."""
    files = given.files(folder, {path.name: path.read_text() for path in request.strategies[0].parent.iterdir()})
    rig = Rig(history, request.terms, files, folder / "versions", MemoryJournal(ACCOUNT))
    try:
        rig.begin()
        [strategy] = rig.strategies
        for day in history.days:
            for number in range(len(day.instants)):
                at = tell(rig, day, number)
                look = rig.look()
                rows = rig.finder.rows(look.chain, look.market, at, look.calendar)
                found = rig.finder.scan(strategy, rows, strategy.universe, at)
                yield at, [(one.score, [float(leg.contract.strike) for leg in one.spread.legs]) for one in found]
    finally:
        rig.end()


def at_once(request: Request, many: list[Chains]) -> dict[datetime, list[tuple[float, list[float]]]]:
    [strategy] = strategies_of(request)
    strikes = {
        row: strike
        for chains in many
        for row, strike in zip(chains.table["row_id"].to_pylist(), chains.table["strike"].to_pylist(), strict=True)
    }
    return {
        one.at: [(row[-1], [strikes[int(leg)] for leg in row[:-1]]) for row in one.rows] for one in found_at_once(strategy, many)
    }


CONDOR = {
    "type": "iron_condor",
    "legs": "short_delta: 0.10-0.30\n  width: {width}",
    "exits": "  - profit >= 50% of credit",
}
RECORDED = (
    ("bull_put", "yum_eod_2017.parquet", "YUM", time(15, 15), date(2017, 1, 20), "10-50 days", "$1-$5"),
    ("iron_condor", "spxw_15min_2016-04-28_2016-04-29.parquet", "SPX", None, date(2016, 4, 28), "1-20 days", "$10-$10"),
)


@pytest.mark.parametrize(("structure", "name", "universe", "said_at", "last", "expiry", "width"), RECORDED)
def test_all_instants_at_once_find_what_each_finds_alone(
    tmp_path: Path, structure: str, name: str, universe: str, said_at: time | None, last: date | None, expiry: str, width: str
) -> None:
    # given
    if not (SHARED / name).is_file():
        pytest.skip(f"needs the recording {name}")
    legs = f"short_delta: 0.15-0.35\n  width: {width}"
    words = {**PUTS, "universe": universe, "expiry": expiry, "legs": legs}
    if structure == "iron_condor":
        words |= {**CONDOR, "legs": CONDOR["legs"].format(width=width)}
    request = asked(tmp_path / "mine", SMALL.format(**words), SHARED / name, said_at, last)
    history = opened(request)

    # when
    found = at_once(request, list(prepared(request, history, tmp_path / "kept")))

    # then
    count = 0
    for at, alone in one_by_one(request, history, tmp_path / "alone"):
        together = found.get(at, [])
        assert [strikes for _, strikes in together] == [strikes for _, strikes in alone], at
        assert [score for score, _ in together] == pytest.approx([score for score, _ in alone], rel=1e-8)
        count += bool(alone)
    assert count == len(found) > 0


def test_prepared_chains_are_read_again_and_made_anew_where_what_they_hold_is_another(tmp_path: Path) -> None:
    # given
    chain = given.recording(tmp_path / "chain.parquet", RESTLESS[:2], clocks=CLOCKS)
    request = asked(tmp_path / "mine", SMALL.format(**PUTS), chain)
    history, kept = opened(request), tmp_path / "kept"
    first = list(prepared(request, history, kept))
    files = {path: path.stat().st_mtime_ns for path in kept.rglob("*.arrow")}

    # when: the same again, then with other days to expiry
    again = list(prepared(request, history, kept))
    other = asked(tmp_path / "other", SMALL.format(**{**PUTS, "expiry": "3-50 days"}), chain)
    wider = list(prepared(other, opened(other), kept))

    # then
    assert {path: path.stat().st_mtime_ns for path in kept.rglob("*.arrow") if path in files} == files
    assert [repr(one.table.to_pydict()) for one in first] == [repr(one.table.to_pydict()) for one in again]
    assert [one.seen for one in first] == [one.seen for one in again]
    assert len(first[0].seen) == 2 * len(CLOCKS)
    assert wider[0].table.num_rows > first[0].table.num_rows


def assert_same_journal(request: Request, folder: Path) -> int:
    """How many instants could be passed over; fails where a run that does so writes anything else."""
    history = opened(request)
    openings = openings_of(request, history, folder)
    assert openings is not None
    whole, screened = Heard(), Heard()
    everything = backtest(request, history, None, observers=(whole,))
    found = backtest(request, history, None, observers=(screened,), openings=openings)
    assert given.first_difference(screened.facts, whole.facts) is None
    assert found.days == everything.days
    assert found.trades == everything.trades
    assert found.doubtful == everything.doubtful
    return sum(len(day.instants) for day in history.days) - len(openings)


def texts() -> st.SearchStrategy[str]:
    """Strategies that find something at some instants of the restless market, at others nothing."""
    low = st.sampled_from([0.10, 0.20, 0.28])
    verticals = st.builds(
        lambda kind, low, span, width: {
            "type": kind,
            "legs": f"short_delta: {low:.2f}-{low + span:.2f}\n  width: ${width}-${width + 1}",
        },
        st.sampled_from(["bull_put", "bear_call"]),
        low,
        st.sampled_from([0.02, 0.05, 0.15]),
        st.integers(1, 4),
    )
    condors = st.builds(
        lambda low, span: {
            "type": "iron_condor",
            "legs": f"short_delta: {low:.2f}-{low + span:.2f}\n  width: $2-$2",
        },
        low,
        st.sampled_from([0.04, 0.10]),
    )
    return st.builds(
        lambda legs, when, rules, exits, expiry: SMALL.format(
            **{**PUTS, **legs, "when": when, "rules": rules, "exits": exits, "expiry": expiry}
        ),
        st.one_of(verticals, condors),
        st.sampled_from(["", "when:\n  - move_today >= 0.5%\n", "when:\n  - price <= $100\n", "when:\n  - price <= $99.5\n"]),
        st.sampled_from(["pop >= 10%", "pop >= 85%", "credit >= 22% of width", "credit >= 30% of width"]),
        st.sampled_from(
            ["  - profit >= 10% of credit", "  - profit >= 40% of credit\n  - loss >= 50% of credit", "  - dte <= 8"]
        ),
        st.sampled_from(["3-12 days", "8-20 days", "next monthly"]),
    )


def passed_over_of(tmp_path_factory: pytest.TempPathFactory, examples: int) -> int:
    """How many instants were passed over in so many drawn strategies, each of which wrote the same journal as without."""
    passed_over = 0

    @settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    @drawn(texts())
    def holds(text: str) -> None:
        nonlocal passed_over
        folder = tmp_path_factory.mktemp("ahead")
        request = asked(folder / "mine", text, chain)
        passed_over += assert_same_journal(request, kept)

    path = tmp_path_factory.mktemp("chain") / "chain.parquet"
    chain = given.recording(path, RESTLESS if examples > 10 else RESTLESS[:4], clocks=CLOCKS, drift=0.004)
    kept = tmp_path_factory.mktemp("kept")
    holds()
    return passed_over


@pytest.mark.slow
def test_run_that_passes_over_idle_instants_writes_the_same_journal(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert passed_over_of(tmp_path_factory, 4) > 4, "else nothing was tried"


@pytest.mark.long
def test_run_of_two_hundred_strategies_that_passes_over_idle_instants_writes_the_same_journal(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    assert passed_over_of(tmp_path_factory, 200) > 200, "else nothing was tried"


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "universe", "said_at", "expiry", "width"),
    [
        ("yum_eod_2017.parquet", "YUM", time(15, 15), "10-50 days", "$1-$5"),
        ("goog_1min_2015-12-24.parquet", "GOOG", None, "5-40 days", "$10-$10"),
        ("spxw_15min_2016-04-28_2016-04-29.parquet", "SPX", None, "1-20 days", "$10-$10"),
        ("spx_daily_2019-04-25_2019-06-28.parquet", "SPX", time(15, 15), "5-30 days", "$5-$25"),
    ],
)
def test_recording_that_is_passed_over_where_nothing_happens_writes_the_same_journal(
    tmp_path: Path, name: str, universe: str, said_at: time | None, expiry: str, width: str
) -> None:
    if not (SHARED / name).is_file():
        pytest.skip(f"needs the recording {name}")
    words = {**PUTS, "universe": universe, "expiry": expiry, "legs": f"short_delta: 0.15-0.20\n  width: {width}"}
    request = asked(tmp_path / "mine", SMALL.format(**{**words, "rules": "credit >= 14% of width"}), SHARED / name, said_at)

    assert_same_journal(request, tmp_path / "kept")


def test_nothing_is_passed_over_where_a_search_depends_on_more_than_its_instant(tmp_path: Path) -> None:
    chain = given.recording(tmp_path / "chain.parquet", RESTLESS[:1], clocks=CLOCKS[:2])
    request = asked(tmp_path / "mine", SMALL.format(**PUTS), chain)
    by_lines = replace(request, terms=Terms(Decimal(100_000), None, 100))

    assert openings_of(by_lines, opened(by_lines), tmp_path / "kept") is None
