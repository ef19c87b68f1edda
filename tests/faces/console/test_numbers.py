"""Numbers, ages and results as the console writes them, and what it exports."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from engine import words
from engine.api.models.candidates import Candidate
from engine.api.models.positions import Position
from engine.api.models.status import Status
from engine.api.models.strategies import Strategy
from engine.console.logfile import last_lines
from engine.console.performance import closed, equity, grouped, performance
from engine.console.texts.candidate import candidate_lines
from engine.console.texts.dashboard import needs_you
from engine.console.texts.position import next_exit, position_lines, state_of
from engine.console.texts.strategy import strategy_lines
from engine.console.themes import THEMES, TROUGHS
from tests.faces.console.answers import AT, candidate, closed_positions, position, status, strategies
from tests.faces.console.conftest import Opened
from tests.faces.console.engine import made


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (words.number(-1234.5), "−1,234.50"),
        (words.signed(312.4), "+312"),
        (words.signed(-0.2), "0"),
        (words.moved(-29.0), "−29 ▼"),
        (words.moved(0.0), "0"),
        (words.number(-0.004), "0.00"),
        (words.dollars(-0.2), "$0"),
        (words.dollars(-8320.0), "−$8,320"),
        (words.signed_dollars(1680.0), "+$1,680"),
        (words.percent(0.424), "42%"),
        (words.number(None), "–"),
        (words.number(float("nan")), "–"),
        (words.age(0.42), "0.4s"),
        (words.age(34.0), "34s"),
        (words.span(131 * 60), "2h11m"),
        (words.span(100 * 3600), "4d04h"),
        (words.countdown(251.2), "4:12"),
        (words.countdown(-3.0), "0:00"),
        (words.gauge(0.99, 6), "█████░"),
        (words.gauge(1.0, 6), "██████"),
        (words.clock(datetime(2026, 11, 23, 15, 41, 7, tzinfo=UTC)), "10:41:07"),
    ],
)
def test_written(text: str, value: str) -> None:
    assert text == value


def positions() -> list[Position]:
    return [Position.model_validate(one) for one in (position(), *closed_positions())]


def test_performance_counts_what_is_closed_after_fees() -> None:
    found = performance([made for _, made in closed(positions())])

    assert (found.count, found.won) == (4, 3)
    assert found.made == pytest.approx(420 - 900 + 300 + 250 - 4 * 5.2)
    assert found.profit_factor == pytest.approx((420 + 300 + 250 - 3 * 5.2) / 905.2)
    assert found.drawdown == pytest.approx(-905.2)


def test_performance_of_nothing_is_no_division_by_zero() -> None:
    found = performance([])

    assert (found.made, found.average, found.profit_factor, found.drawdown) == (0, None, None, 0)
    assert equity([]) == [0.0]


def test_results_are_grouped_by_name() -> None:
    found = grouped(closed(positions()), lambda one: one.close_reason)

    assert {name: one.count for name, one in found.items()} == {
        "dte <= 21": 1,
        "loss >= 200% of credit": 1,
        "profit >= 50% of credit": 2,
    }


def test_next_exit_is_the_one_with_the_least_way_to_go() -> None:
    one = Position.model_validate(position())

    assert next_exit(one) == "$180 to profit >= 50% of credit"


def test_exit_that_holds_comes_first() -> None:
    exits = position()["exits"]
    one = Position.model_validate(position(exits=[exits[0], exits[1] | {"answer": "yes"}]))

    assert next_exit(one) == "now: dte <= 21"


@pytest.mark.parametrize(
    ("other", "state"),
    [
        ({}, "ok"),
        ({"blocked": "loss >= 200%: no price"}, "✗ blocked"),
        ({"closing": ["sp1-261123-0007"]}, "closing"),
        ({"mark_obstacle": "a leg has no quote"}, "⚠ no mark"),
        ({"sides": [{"side": "put", "profit_usd": 1, "credit_usd": 2, "short_delta": 0.5, "breached": True}]}, "⚠ tested"),
    ],
)
def test_state_of_a_position_in_a_word(other: dict[str, object], state: str) -> None:
    assert state_of(Position.model_validate(position(**other))) == state


@pytest.mark.asyncio
async def test_export_writes_exactly_what_is_shown(desk: Opened, tmp_path: Path) -> None:
    async with desk() as at:
        await at.press("2")
        await at.press("slash", *"score>90", "enter", "x", "1")

        written = tmp_path / "spreads-candidates-20261123-104107.csv"
        lines = written.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("sym,exp,dte,strikes,net,nat,maxl,rom,pop,score,strategy")
        assert len(lines) == 1 + 2
        assert lines[1].startswith("SPX,2027-01-15,53,6500/6550P,8.45,")


@pytest.mark.asyncio
async def test_export_as_parquet_has_the_same_rows(desk: Opened, tmp_path: Path) -> None:
    async with desk() as at:
        await at.press("2")
        await at.press("x", "2")

        table = pq.read_table(tmp_path / "spreads-candidates-20261123-104107.parquet")
        assert table.column("net").to_pylist() == [8.45, 8.45, 8.45]


@pytest.mark.asyncio
async def test_export_that_cannot_be_written_is_told(desk: Opened, tmp_path: Path) -> None:
    async with desk() as at:
        (tmp_path / "spreads-candidates-20261123-104107.csv").mkdir()
        await at.press("2")
        await at.press("x", "1")

        assert "not exported" in at.screen


def test_log_is_read_from_its_end_and_a_line_that_is_no_json_is_shown_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "engine.log").write_text(
        '{"event": "late quote", "level": "warning", "logger": "engine.broker", "timestamp": "2026-11-23T15:41:07Z", "line": 7}\n'
        "Traceback\n",
        encoding="utf-8",
    )

    first, second = last_lines(tmp_path)

    assert (first.event, first.level, first.circumstances) == ("late quote", "warning", {"line": 7})
    assert first.at == datetime(2026, 11, 23, 15, 41, 7, tzinfo=UTC)
    assert (second.event, second.at) == ("Traceback", None)
    assert last_lines(tmp_path / "nowhere") == []


@pytest.mark.parametrize(("sessions", "when"), [(0, "today"), (1, "in 1 session"), (2, "in 2 sessions")])
def test_position_that_ends_soon_says_what_is_done_about_it(sessions: int, when: str) -> None:
    plan = "left to expire, settled in cash by the price of Fri 18 Dec 16:00 New York"
    told = {
        "legs": ["SPXW 2026-12-18 5895P"],
        "trades_until": AT,
        "settles_at": AT,
        "settles_in": "cash",
        "sessions": sessions,
        "nearest": 0.021,
        "guarded_from": None,
        "plan": plan,
    }

    lines = ["".join(text for text, _ in one) for one in position_lines(Position.model_validate(position(ending=told)))]

    assert any(f"last day {when}: {plan}" in one for one in lines)


def test_what_a_candidate_ties_up_is_told_with_signs_and_a_dash_where_it_is_unknown() -> None:
    account = Status.model_validate(status() | {"flatten": None, "guardian": None})
    known = Candidate.model_validate(candidate(0))
    poor = account.model_copy(update={"available_funds": None, "buying_power": None})
    unquoted = known.model_copy(update={"initial_margin_usd": None, "buying_power_change_usd": None})

    def told(one: Candidate, of: Status | None) -> list[str]:
        lines = ["".join(piece[0] for piece in line).rstrip() for line in candidate_lines(one, of)]
        return [line for line in lines if line.startswith(("margin $", "margin –", "buying power"))]

    assert told(known, account) == ["margin $44,210 → $49,210   +$5,000", "buying power −$4,155 of $62,800"]
    assert told(known, poor) == told(known, None) == ["margin – → –   +$5,000", "buying power −$4,155 of –"]
    assert told(unquoted, account) == ["margin $44,210 → –   –", "buying power – of $62,800"]


def test_strategy_tells_its_rung_what_it_takes_and_what_its_group_uses() -> None:
    one = Strategy.model_validate(strategies()["strategies"][1])

    told = ["".join(text for text, _ in line).strip() for line in strategy_lines(one)]

    assert "rung shadow   file mode: shadow" in told
    assert "noted 3 on 2 days   supposed open 1   seen to close 2" in told
    assert "variant spy   takes preset out_at_half, condition calm" in told
    assert "group premium   open 2 of 5   today 1 of 4   can lose $6,090 of $10,000" in told


def test_looser_limit_that_needs_a_look_names_whose_it_is() -> None:
    told = {"at": AT, "file": "alloc.yaml", "strategy": "alloc_near", "direction": "loosened", "changes": ["open was 1, is 2"]}
    known = made(Status, {**status(), "changed": [told]})

    lines = ["".join(text for text, _ in line) for line in needs_you(known, (), (), AT)]

    assert "6 alloc_near loosened: open was 1, is 2" in lines


def test_scrollbars_run_in_the_colour_of_the_screen() -> None:
    for theme in THEMES:
        assert {theme.variables[name] for name in TROUGHS} == {theme.background}
