"""Why a strategy trades or does not, and what needs a person: said in the order in which it should be mended."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from syrupy.assertion import SnapshotAssertion

from engine.cli.past import why_then
from engine.domain.facts.account import Reconciled
from engine.domain.facts.files import SharedFileLoaded, StrategyLoaded, StrategyRefused
from engine.domain.facts.halts import BreakerTripped, Halted, Resumed
from engine.domain.facts.orders import ApprovalAsked, OrderApproved, OrderDeclined, OrderSent
from engine.domain.facts.positions import ExitBlocked
from engine.domain.facts.running import EngineStarted, LinkChanged
from engine.domain.facts.searches import Asked, FunnelRecorded, FunnelStep
from engine.domain.facts.union import Fact
from engine.runtime.why import stopped_now, when_now
from engine.store.journal import Journal
from tests import given
from tests.faces.conftest import Terminal
from tests.faces.given import engine_that_says

AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
STEPS = (
    FunnelStep("when iv_rank >= 25%", 1, 0, "iv_rank >= 25%", (Asked("SPX", True, {"iv_rank": 0.31}),)),
    FunnelStep("when vix between 14 and 32", 0, 0, "vix between 14 and 32", (Asked("SPX", False, {"vix": 12.4}),)),
    FunnelStep("when no event within 2 days", 0, 0, "no event within 2 days"),
    FunnelStep("puts, 30-60 days", 904, 0),
    FunnelStep("spreads $25-$50 wide", 0, 12),
)
MISS = "SPX 18 Dec 26 5755/5705P bull_put: credit >= 8% of width: 3.90 is 0.10 short of 4.00"
LOOSER = ("risk.per_trade was 1%, is 3%", "pricing.rate was 4%, is 4.2%")
PUTS = given.strategy("when:\n  - price >= $500\n  - vix <= 20\n")


def journal_of(folder: Path, told: Sequence[tuple[datetime, Fact]]) -> Path:
    journal = Journal.open(folder, "DU1").journal
    for at, fact in told:
        journal.append(fact, at)
    journal.close()
    return folder


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A morning of a strategy that opens nothing, for every reason there is."""
    refused = "strategies/account.yaml:4:12: risk.per_trade: 3 what?\n     4 |\n\nstrategies/account.yaml:9:1: unknown key"
    opened = given.opened(given.proposal("sp00000-261120-0001"), at=AT - timedelta(days=2))
    declined = given.proposal("sp00000-261123-0002")
    again = AT + timedelta(minutes=5)
    exit_blocked = ExitBlocked("sp00000-261120-0001", "loss >= 200% of credit", "no price", "SPY 580P has no ask", 3, again)
    trip = BreakerTripped("stop_for_day", "puts", Decimal("-1512"), Decimal("-1500"), "next session", date(2026, 11, 23))
    return journal_of(
        tmp_path / "state",
        [
            (AT, EngineStarted("0.1.0", "paper", "sp00000")),
            (AT, LinkChanged("up", None, "connected")),
            (AT, StrategyLoaded("puts", "strategies/puts.yaml", "d" * 64)),
            (AT - timedelta(days=8), SharedFileLoaded("strategies/account.yaml", "a" * 64, ("risk.per_trade was 2%, is 1%",))),
            (AT - timedelta(hours=1), SharedFileLoaded("strategies/account.yaml", "b" * 64, LOOSER, loosens=True)),
            (
                AT - timedelta(minutes=9),
                StrategyLoaded("puts", "strategies/puts.yaml", "e" * 64, ("spread.width was $50, is $25",)),
            ),
            (
                AT - timedelta(minutes=8),
                StrategyLoaded("calls", "strategies/calls.yaml", "f" * 64, ("sizing.risk was 1%, is 2%",)),
            ),
            (AT, StrategyRefused("strategies/account.yaml", refused)),
            (AT, Reconciled(())),
            *((AT, fact) for fact in opened),
            (AT, FunnelRecorded("puts", "S1", STEPS, 0, MISS)),
            (AT, declined),
            (AT + timedelta(minutes=1), given.previewed("sp00000-261123-0002")),
            (AT + timedelta(minutes=2), OrderDeclined("sp00000-261123-0002", "ann", "too close to earnings")),
            (AT + timedelta(minutes=3), exit_blocked),
            (AT + timedelta(minutes=4), trip),
            (AT + timedelta(minutes=5), Halted("ann", "lunch")),
            (AT + timedelta(minutes=30), Resumed("ann")),
        ],
    )


@pytest.mark.parametrize("columns", [60, 80])
def test_why_says_what_stops_before_what_nearly_passed(
    columns: int, state: Path, terminal: Terminal, snapshot: SnapshotAssertion
) -> None:
    terminal.columns = columns

    ran = terminal("why", "puts", "--at", "2026-11-23 10:05 New York", "--state", state)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.index("halted by ann") < ran.out.index("tripped: stop_for_day") < ran.out.index("vix 12.40")
    assert ran.out.index("loosened: ") < ran.out.index("vix 12.40") < ran.out.index("nearest miss")
    assert max(len(line) for line in ran.out.splitlines()) <= columns
    assert ran.out == snapshot


def test_changed_limits_are_told_with_their_way_for_a_week_and_of_other_strategies_not(state: Path) -> None:
    changed, later = (
        cast("list[dict[str, object]]", why_then(state, "puts", f"2026-11-{day} 10:31 New York")["changed"]) for day in (23, 30)
    )

    assert [(row["direction"], row["file"], row["at"]) for row in changed] == [
        ("tightened", "strategies/puts.yaml", (AT - timedelta(minutes=9)).isoformat()),
        ("loosened", "strategies/account.yaml", (AT - timedelta(hours=1)).isoformat()),
    ]
    assert changed[1]["changes"] == list(LOOSER)
    assert later == []


def test_past_minute_is_answered_as_it_was_then(state: Path) -> None:
    early, cooling, later = (
        cast("list[str]", why_then(state, "puts", f"2026-11-23 {clock} New York")["stopped"])
        for clock in ("10:00", "10:03", "10:31")
    )

    assert early == ["one opening at a time, and sp00000-261123-0002 is proposed"]
    assert cooling == ["SPY is left alone until 10:17:00 New York: sp00000-261123-0002 is declined"]
    assert later == []
    assert cast("list[str]", why_then(state, "puts", "2026-11-23 19:00 New York")["stopped"]) == ["the market is closed"]


def test_opening_that_a_person_said_yes_to_no_longer_waits_for_one(tmp_path: Path) -> None:
    asked = ApprovalAsked("o1", AT + timedelta(minutes=10), Decimal("0.80"), "the strategy asks a person")
    waits = [given.proposal("o1"), given.previewed("o1"), asked]
    yes = [OrderApproved("o1", "ann", Decimal("0.80")), OrderSent("o1", Decimal("0.80"))]
    loaded = [LinkChanged("up", None, "connected"), StrategyLoaded("puts", "puts.yaml", "d" * 64), Reconciled(())]
    state = journal_of(tmp_path / "s", [(AT + timedelta(minutes=n), fact) for n, fact in enumerate([*loaded, *waits, *yes])])

    before, after = (why_then(state, "puts", f"2026-11-23 10:{minute} New York")["stopped"] for minute in ("05", "07"))

    assert before == ["one opening at a time, and o1 is waiting for a yes"]
    assert after == ["one opening at a time, and o1 is sent"]


def test_file_that_is_mended_or_told_good_at_a_start_is_refused_no_more(state: Path) -> None:
    journal_of(state, [(AT + timedelta(hours=1), EngineStarted("0.1.0", "paper", "sp00000"))])

    assert cast("list[Any]", why_then(state, "puts", "2026-11-23 10:31 New York")["refused"])
    assert why_then(state, "puts", "2026-11-23 11:01 New York")["refused"] == []


def test_running_engine_says_what_stops_now_and_the_value_of_every_line() -> None:
    known = given.told(given.ledger(), Halted("ann", "lunch"))
    halted = given.snapshot(known)
    closed = given.snapshot(at=given.SESSION.close + timedelta(hours=1))
    off = given.strategy("enabled: false\n")

    assert stopped_now("puts", halted, given.rulebook(PUTS)) == [
        "halted by ann: lunch; `spreads resume` allows openings again",
    ]
    assert stopped_now("puts", closed, given.rulebook(PUTS)) == ["the market is closed"]
    assert stopped_now("puts", given.snapshot(), given.rulebook(off)) == ["puts.yaml says enabled: false"]
    assert stopped_now("puts", given.snapshot(), given.rulebook()) == ["its file is gone: no new entries, exits go on"]
    assert stopped_now("puts", given.snapshot(), given.rulebook(PUTS)) == []
    assert when_now(PUTS, given.snapshot(), given.rulebook(PUTS)) == [
        {"line": "price >= $500", "underlying": "SPY", "answer": "yes", "values": {"price": given.SPOT}},
        {"line": "vix <= 20", "underlying": "SPY", "answer": "yes", "values": {"vix": 18.0}},
    ]


def test_status_tells_what_needs_a_person_before_the_strategies(terminal: Terminal, snapshot: SnapshotAssertion) -> None:
    blocked = {
        "position": "sp00000-261120-0001",
        "strategy": "puts",
        "spread": "SPY 18 Dec 26 580/575P bull_put",
        "rule": "loss >= 200% of credit",
        "obstacle": "no price",
        "text": "SPY 18 Dec 26 580P has no ask",
        "tries": 3,
        "since": AT.isoformat(),
        "again_at": (AT + timedelta(minutes=5)).isoformat(),
    }
    breaker = {
        "name": "stop_for_day",
        "strategy": "puts",
        "tripped_at": AT.isoformat(),
        "value_usd": -1512.0,
        "bound_usd": -1500.0,
        "lifts": "next session",
        "lift": "spreads lift stop_for_day --strategy puts --reason TEXT",
    }
    said = {
        "version": "0.1.0",
        "mode": "paper",
        "account": "DU1234567",
        "at": AT.isoformat(),
        "trading": "on",
        "net_liquidation": 99_500.0,
        "refused": [{"file": "strategies/account.yaml", "problem": "strategies/account.yaml:4:12: 3 what?", "problems": 2}],
        "changed": [
            {"at": (AT - timedelta(hours=n)).isoformat(), "file": "strategies/account.yaml", "direction": "loosened",
             "changes": [f"risk.per_trade was {n}%, is {n + 1}%", "risk.open was 10%, is 20%"], "strategy": None}
            for n in range(7)
        ],
        "breakers": [breaker],
        "blocked_exits": [blocked],
        "differences": ["SPY 580P: we hold 1, the broker 0"],
        "foreign": ["AAPL 100 shares"],
        "notices": [],
        "strategies": [
            {"name": "puts", "open": 1, "candidates": 0, "stopped": "hours: 09:31 beyond 10:00-15:30 New York (puts)",
             "scanned_at": AT.isoformat(), "file": "strategies/puts.yaml"},
            {"name": "calls", "open": 0, "candidates": None, "stopped": None,
             "scanned_at": None, "file": "strategies/calls.yaml"},
        ],
    }  # fmt: skip

    with engine_that_says(said):
        ran = terminal("status")

    assert (ran.code, ran.err) == (0, "")
    assert max(len(line) for line in ran.out.splitlines()) <= 80
    assert ran.out == snapshot
