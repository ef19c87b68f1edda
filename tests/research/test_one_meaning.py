"""A recording means the same over the wire and on paper: equal lines, fills and steps make equal decisions in equal order."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as drawn

from engine.domain.facts.searches import FunnelRecorded
from engine.domain.facts.union import Fact
from engine.research.decided import Decided, Decisions
from engine.research.drive import driven
from engine.research.history import History, history_of
from engine.research.journals import MemoryJournal
from engine.research.rig import ACCOUNT, Rig, Terms
from tests.research import given
from tests.research.test_ahead import CLOCKS, RESTLESS, texts
from tests.research.wire import WireRig

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
LINES = 100
STRATEGY = """\
schema: 1
name: {name}
mode: paper
universe: [{underlying}]
{market}spread:
  type: {structure}
  expiry: {expiry}
  short_delta: {delta}
  width: {width}
sizing: {{risk: $9000, contracts: 1-3}}
limits: {{open: 6, per_day: 3, per_expiry: 6}}
entry:
  window: 09:32-15:50 New York
  approval: manual, expires in 10 min
  price: {price}, no worse than natural, give up after 3 min
exits:
{exits}
"""


@dataclass
class Looks:
    """An observer of what every search found, step by step."""

    told: list[tuple[datetime, FunnelRecorded]] = field(default_factory=list)

    def saw(self, fact: Fact, at: datetime) -> None:
        if isinstance(fact, FunnelRecorded):
            self.told.append((at, fact))


@dataclass(frozen=True)
class Ran:
    decided: list[Decided]
    looks: list[tuple[datetime, FunnelRecorded]]
    cash: Decimal
    held: dict[int, int]


def three(underlying: str, expiry: str, width: str, wings: str) -> dict[str, str]:
    """Three that share the lines: one that looks at the market and stops, one that soon meets the market, one of four legs."""
    words = {"underlying": underlying, "expiry": expiry, "width": width, "delta": "0.15-0.45"}
    puts = STRATEGY.format(
        **words,
        name="puts",
        structure="bull_put",
        market="when:\n  - move_today <= 1%\nfilters:\n  - open_interest >= 10\n",
        price="from mid, $0.05 every 15 s",
        exits="  - profit >= 30% of credit\n  - loss >= 50% of credit",
    )
    calls = STRATEGY.format(
        **words,
        name="calls",
        structure="bear_call",
        market="filters:\n  - volume >= 1\n",
        price="from mid, 100% of half width every 15 s",
        exits="  - profit >= 95% of credit",
    )
    condors = STRATEGY.format(
        **words | {"width": wings, "delta": "0.10-0.40"},
        name="condors",
        structure="iron_condor",
        market="",
        price="from $0.10 better than mid, $0.05 every 20 s",
        exits="  - profit >= 20% of credit\n  - loss >= 30% of credit\n  - dte <= 0",
    )
    return {"account.yaml": given.LIMITS, "puts.yaml": puts, "calls.yaml": calls, "condors.yaml": condors}


def ran(kind: type[Rig], history: History, texts: dict[str, str], folder: Path) -> Ran:
    decisions, looks = Decisions(), Looks()
    files = given.files(folder / "files", texts)
    terms = Terms(Decimal(100_000), None, LINES)
    rig = kind(history, terms, files, folder / "versions", MemoryJournal(ACCOUNT), (decisions, looks))
    try:
        for _ in driven(rig):
            pass
        assert not rig.refused
        held = {one.instrument.con_id: one.quantity for one in rig.exchange.account.held()}
        return Ran(decisions.decided, looks.told, rig.exchange.account.cash, held)
    finally:
        rig.end()


def assert_one_meaning(history: History, texts: dict[str, str], folder: Path) -> Ran:
    paper, wire = (ran(kind, history, texts, folder / kind.__name__) for kind in (Rig, WireRig))
    assert given.first_difference(wire.decided, paper.decided) is None
    assert given.first_difference(wire.looks, paper.looks) is None
    assert (wire.cash, wire.held) == (paper.cash, paper.held)
    return paper


@pytest.mark.slow
def test_wire_and_paper_decide_the_same(tmp_path: Path) -> None:
    """A day begins where the last one ended, the next falls through stops; some options find no bid, no open was recorded."""
    clocks = (time(9, 35), time(15, 0))
    chain = given.recording(tmp_path / "chain.parquet", [99.6, 100.0, 97.0], clocks=clocks, drift=0.004)

    paper = assert_one_meaning(history_of([chain], None, None, None), three("XYZ", "3-12 days", "$2-$5", "$2-$2"), tmp_path)

    kinds = {one.kind for one in paper.decided}
    assert {"OrderProposed", "OrderSent", "OrderRepriced", "ExitTriggered", "EntryDenied"} <= kinds, kinds


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "last", "said_at", "underlying", "expiry", "width", "wings"),
    [
        ("spxw_15min_2016-04-28_2016-04-29.parquet", None, None, "SPX", "0-20 days", "$5-$25", "$10-$10"),
        ("goog_1min_2015-12-24.parquet", None, None, "GOOG", "5-40 days", "$5-$10", "$5-$5"),
        ("yum_eod_2017.parquet", date(2017, 3, 30), time(15, 15), "YUM", "5-50 days", "$1-$5", "$1-$1"),
    ],
)
def test_wire_and_paper_decide_the_same_over_recorded_chains(
    tmp_path: Path,
    name: str,
    last: date | None,
    said_at: time | None,
    underlying: str,
    expiry: str,
    width: str,
    wings: str,
) -> None:
    """Two days of SPXW every quarter of an hour, GOOG's half day by the minute, and sixty sessions of YUM."""
    if not (SHARED / name).is_file():
        pytest.skip(f"needs the recording {name}")
    history = history_of([SHARED / name], None, last, said_at)

    paper = assert_one_meaning(history, three(underlying, expiry, width, wings), tmp_path)

    print(f"{name}: {len(history.days)} sessions, {len(paper.decided)} decisions, {len(paper.looks)} looks, all the same")
    assert len(paper.decided) > 20


@pytest.mark.long
def test_wire_and_paper_decide_the_same_for_drawn_strategies(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Those of the runs that look ahead: verticals and condors with other rules, exits and days, over a restless week."""
    chain = given.recording(tmp_path_factory.mktemp("chain") / "chain.parquet", RESTLESS, clocks=CLOCKS, drift=0.004)
    history, decided = history_of([chain], None, None, None), 0

    @settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    @drawn(texts())
    def holds(text: str) -> None:
        nonlocal decided
        files = {"account.yaml": given.LIMITS, "small.yaml": text}
        decided += len(assert_one_meaning(history, files, tmp_path_factory.mktemp("runs")).decided)

    holds()
    assert decided > 200
