"""Drills: which there are, what is asked for wrongly, what is told, and two of them played to their end."""

import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.cli.drill.catalogue import CATALOGUE, named
from engine.cli.drill.drill import told_of
from engine.cli.drill.play import play
from engine.cli.drill.played import Played
from engine.cli.drill.traded import symbols_of
from engine.cli.drill.verdict import Verdict, judged
from engine.cli.shipped import shipped
from engine.domain.errors import UserError
from engine.domain.facts.account import Reconciled
from engine.domain.facts.halts import Halted
from engine.domain.facts.orders import OrderUnknown
from engine.domain.facts.running import LinkChanged, RestartTold
from engine.domain.facts.union import Fact
from engine.domain.session import NEW_YORK
from engine.sim.faults import parse_fault
from tests.faces import given
from tests.faces.conftest import Spreads

PAGE = (Path(__file__).parents[2] / "docs" / "drills.md").read_text(encoding="utf-8")
CAME = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)


def test_every_failure_has_a_name_of_its_own_and_faults_that_the_simulator_knows() -> None:
    assert len({one.name for one in CATALOGUE}) == len(CATALOGUE)
    assert all(parse_fault(fault) for one in CATALOGUE for fault in one.faults)
    assert all(one.faults or one.kill or one.act or one.at or one.files or not one.is_answered for one in CATALOGUE)
    assert all(one.minutes == 0 or one.at for one in CATALOGUE)


def test_page_has_the_row_of_every_failure() -> None:
    rows = re.findall(r"^\| ([a-z][a-z-]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)

    assert [row for row in rows if row[0] != "failure"] == [(one.name, one.says, one.expects) for one in CATALOGUE]


def test_list_says_which_there_are(spreads: Spreads) -> None:
    ran = spreads("drill", "restart", "link-lost", "--list")

    assert ran.code == 0
    assert ran.out.index("link-lost") < ran.out.index("restart")
    assert "killed-sending" not in ran.out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("flood",), "no failure 'flood'; `spreads drill --list` says which there are"),
        (("restart", "--at", "noon"), "--at noon: a time from 09:31 to 15:00 New York, such as 10:00"),
        (("restart", "--at", "16:00"), "--at 16:00: a time from 09:31 to 15:00 New York"),
        (("restart", "--at", "10:75"), "--at 10:75: a time from 09:31 to 15:00 New York"),
        (("restart", "--minutes", "5"), "minutes"),
        (("restart", "--strategies", "nowhere"), "nowhere: the folder is gone"),
    ],
)
def test_what_is_asked_for_wrongly_is_said(spreads: Spreads, words: tuple[str, ...], why: str) -> None:
    given.strategy(Path("strategies"))

    ran = spreads("drill", *words)

    assert ran.code == 2
    assert why in ran.err


def test_strategies_without_a_simulated_market_are_said(tmp_path: Path) -> None:
    given.strategy(tmp_path, given.STRATEGY.replace("[SPX]", "[TLT]"))

    with pytest.raises(UserError, match="no strategy here trades what the simulator has a market for"):
        symbols_of(tmp_path)


def test_market_of_the_drills_has_what_volatility_is_measured_on(tmp_path: Path) -> None:
    given.strategy(tmp_path, given.STRATEGY.replace("[SPX]", "[SPY]"))

    assert symbols_of(tmp_path) == ("SPY", "SPX", "VIX")


def test_failure_that_nobody_knows_is_named() -> None:
    with pytest.raises(KeyError, match="flood"):
        named(("restart", "flood"))


def test_verdict_tells_what_was_done_after_the_failure_and_that_the_engine_is_gone() -> None:
    facts: list[Fact] = [
        LinkChanged("down", None, "gone"),
        OrderUnknown("o1", "asking"),
        Reconciled(("1 of SPY 580P",)),
        LinkChanged("up", None, "back"),
        Halted("engine", "look"),
    ]
    told = [(CAME + timedelta(seconds=10 * number), fact) for number, fact in enumerate(facts)]
    before = (CAME - timedelta(seconds=5), OrderUnknown("o0", "earlier"))
    played = Played(named(("restart",))[0], [before, *told], CAME, "with o1 at work", 90.0, "no disk")

    found = judged(played)

    assert found.did == "link back after 30 s; 1 unknown; the books differed: 1 of SPY 580P; halted: look"
    assert found.faults == ("the engine ended: no disk",)
    assert found.blind_min == 1.5


def test_failure_that_never_came_has_proven_nothing() -> None:
    found = judged(Played(named(("restart",))[0]))

    assert not found.ended_well
    assert found.faults[0] == "it never came: nothing was sent by the strategies in this time"


def test_lines_of_a_verdict_say_first_how_it_ended() -> None:
    blind, closed = ("no connection to the broker 2.1 min",), "1 of 1 positions closed at the end"
    evidence = ("10:02:00 LinkChanged",)
    well = Verdict("restart", "", "", "with o1 at work", "link back after 120 s", evidence, (), 2.1, blind, closed, 3)
    broken = Verdict("restart", "", "", "with o1 at work", "halted: look", (), ("o1 was sent twice",), 2.1, (), closed, 3)

    head, did, *_ = told_of(well)
    assert head == "ended well  restart, with o1 at work, blind for 2.1 min: no connection to the broker 2.1 min"
    assert did == "            link back after 120 s; 1 of 1 positions closed at the end"
    assert list(told_of(well))[-1] == "            journal: 10:02:00 LinkChanged"
    assert next(iter(told_of(broken))).startswith("NOT WELL")
    assert list(told_of(broken))[-1] == "          ✗ o1 was sent twice"


def played_well(name: str, state: Path) -> Verdict:
    strategies = shipped("strategies")
    (failure,) = named((name,))
    return judged(play(failure, strategies, state, symbols_of(strategies), "10:00", 20, 10))


@pytest.mark.slow
def test_drill_of_the_shipped_strategies_ends_well(tmp_path: Path) -> None:
    found = played_well("killed-filling", tmp_path)

    assert found.faults == ()
    assert found.orders > 0


@pytest.mark.slow
def test_night_of_a_restart_is_told_step_by_step_and_is_over_within_minutes(tmp_path: Path) -> None:
    strategies = shipped("strategies")
    (failure,) = named(("restart-at-night",))

    played = play(failure, strategies, tmp_path, symbols_of(strategies), "10:00", 20, 10)

    began = next(at for at, fact in played.facts if isinstance(fact, RestartTold))
    told = [(at, fact) for at, fact in played.facts if isinstance(fact, LinkChanged | RestartTold | Reconciled) and at >= began]
    steps = [getattr(fact, "phase", getattr(fact, "state", "agreed")) for _, fact in told if fact is not None]
    clocks = [f"{at.astimezone(NEW_YORK):%H:%M}" for at, _ in told]
    assert judged(played).faults == ()
    assert steps == ["near", "restarting", "up", "agreed", "over"]
    assert (clocks[0], clocks[1]) == ("23:40", "23:45")
    assert "23:47" <= clocks[4] <= "23:52"


@pytest.mark.long
@pytest.mark.parametrize("name", [one.name for one in CATALOGUE])
def test_every_drill_of_the_shipped_strategies_ends_well(name: str, tmp_path: Path) -> None:
    assert played_well(name, tmp_path).faults == ()


@pytest.mark.slow
def test_json_has_every_verdict(spreads: Spreads, tmp_path: Path) -> None:
    for name in ("account.yaml", "events.yaml", "spx_bull_put.yaml"):
        shutil.copy(shipped("strategies") / name, tmp_path)

    ran = spreads("drill", "corrected", "--strategies", tmp_path, "--minutes", "15", "--format", "json")

    (found,) = json.loads(ran.out)
    assert (ran.code, found["name"], found["ended_well"]) == (0, "corrected", True)
