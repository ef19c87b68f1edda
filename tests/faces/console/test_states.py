"""What the console shows in each state of the engine, the broker and the market, and which keys it then has."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.faces.console.answers import AT, CLOSE, approval, status
from tests.faces.console.conftest import NARROW, Opened

NIGHT = datetime(2026, 11, 24, 4, 50, tzinfo=UTC)
HALF_DAY = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
BLOCKED = {
    "position": "sp1-261118-0002", "strategy": "spx_bull_put", "spread": "SPX 15 Jan 27 6550/6500P bull_put", "tries": 3,
    "rule": "loss >= 200% of credit", "obstacle": "no price", "text": "nobody bids for the long", "since": AT, "again_at": AT,
}  # fmt: skip
TRIPPED = {
    "name": "stop_for_day", "strategy": "", "tripped_at": AT, "value_usd": -1512.0, "bound_usd": -1500.0, "lifts": "next session",
    "lift": "spreads lift stop_for_day",
}  # fmt: skip
LOST: dict[str, Any] = {"connected": False, "link": "connection lost", "trading": "no connection to the broker"}
TOMORROW = {"open": CLOSE + timedelta(hours=17.5), "close": CLOSE + timedelta(hours=24), "is_open": False}
SHORT = {"open": HALF_DAY - timedelta(minutes=30), "close": HALF_DAY + timedelta(hours=3), "is_open": True}
STATES: dict[str, dict[str, Any]] = {
    "tws_down": status(**LOST, link_at=AT - timedelta(seconds=41)),
    "restart_window": status(**LOST, at=NIGHT, link_at=NIGHT - timedelta(seconds=41), link_state="restarting", session=TOMORROW),
    "delayed": status(data="delayed", trading="market data is delayed"),
    "rate_limited": status(lines_used=100, lines_max=100, queue=37),
    "closed": status(at=CLOSE + timedelta(hours=3), session=TOMORROW, trading="the market is closed"),
    "half_day": status(at=HALF_DAY, session=SHORT),
    "halted": status(halt={"by": "ada", "reason": "CPI in ten minutes"}, trading="halted"),
    "halted_by_a_limit": status(trading="stop_for_day has tripped", breakers=[TRIPPED]),
    "blocked_exit": status(blocked_exits=[BLOCKED, BLOCKED]),
    "live": status(mode="live", account="U7654321"),
    "sim": status(mode="sim"),
}  # fmt: skip


@pytest.mark.asyncio
@pytest.mark.parametrize("name", STATES)
async def test_state(name: str, desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk() as at:
        at.engine.told_status = STATES[name]
        at.engine.told_approvals = [approval(expires_at=STATES[name]["at"] + timedelta(seconds=252))]
        await at.look()

        assert "\n".join(at.lines[:10]) == snapshot


@pytest.mark.asyncio
@pytest.mark.parametrize("name", STATES)
async def test_mode_and_account_are_whole_on_eighty_columns_in_every_state(name: str, desk: Opened) -> None:
    async with desk(size=NARROW) as at:
        at.engine.told_status = STATES[name]
        await at.look()

        assert at.lines[0].split("│")[0].strip() == f"{STATES[name]['mode'].upper()} {STATES[name]['account']}"
        assert max(map(len, at.lines)) <= NARROW[0]


@pytest.mark.asyncio
async def test_title_of_the_window_says_what_waits_and_what_is_wrong(desk: Opened) -> None:
    async with desk() as at:
        assert at.app.title == "(1) PAPER DU1234567 · spreads"

        at.engine.told_approvals, at.engine.told_status = [], STATES["halted"]
        await at.look()
        assert at.app.title == "HALTED · PAPER DU1234567 · spreads"

        at.engine.told_status = STATES["tws_down"]
        await at.look()
        assert at.app.title == "NO TWS · PAPER DU1234567 · spreads"

        at.engine.is_there = False
        await at.look()
        assert at.app.title == "NO ANSWER · PAPER DU1234567 · spreads"


@pytest.mark.asyncio
async def test_engine_that_does_not_answer_leaves_what_was_known_grey_with_its_age(
    desk: Opened, snapshot: SnapshotAssertion
) -> None:
    async with desk() as at:
        await at.press("4")
        at.engine.is_there = False
        at.clock.now += 34
        await at.look()

        assert "as of 10:41:07, 34s ago" in at.lines[0]
        assert "C close" not in at.lines[-1]
        assert at.app.view is not None
        assert at.app.view.table is not None
        assert at.app.view.table.painter.is_stale
        assert at.screen == snapshot


@pytest.mark.asyncio
async def test_engine_is_asked_after_longer_waits_and_shown_anew_with_the_same_row_once_it_answers(desk: Opened) -> None:
    async with desk() as at:
        await at.press("2", "j")
        before = at.app.view.table.selected if at.app.view and at.app.view.table else None
        at.engine.is_there = False
        waits = []
        for _ in range(6):
            await at.look()
            waits.append(at.app.feed.wait_s)

        at.engine.is_there = True
        await at.look()

        assert waits == [0.5, 1.0, 2.0, 3.0, 5.0, 5.0]
        assert at.app.feed.wait_s == 1.0
        assert at.app.view is not None
        assert at.app.view.table is not None
        assert at.app.view.table.selected == before
        assert "ago" not in at.lines[0].replace("day", "")


@pytest.mark.asyncio
async def test_console_that_is_opened_before_its_engine_says_so_and_waits(
    engine, desk: Opened, snapshot: SnapshotAssertion
) -> None:  # type: ignore[no-untyped-def]
    engine.is_there = False
    async with desk() as at:
        assert "no engine yet" in at.lines[0]
        assert "\n".join(at.lines[:8]) == snapshot


@pytest.mark.asyncio
async def test_console_that_only_looks_has_no_key_that_sends(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk(is_read_only=True) as at:
        await at.press("3", "a", "r")
        assert at.lines[-1] == snapshot
        assert "VIEW" in at.lines[0]

        await at.press("4", "C", "5", "X")
        assert len(at.app.screen_stack) == 1

        await at.press("f12")
        assert "This console only looks" in at.screen
        await at.press(*"HALT", "enter")
        assert at.engine.said == []


@pytest.mark.asyncio
async def test_repeats_of_what_is_wrong_are_one_line_with_a_count_and_all_of_it_stands_behind_one_key(desk: Opened) -> None:
    async with desk() as at:
        at.engine.told_status = status(blocked_exits=[BLOCKED] * 14, data="delayed")
        await at.look()

        assert "(×14)" in at.lines[2]
        assert "+1 more: !" in at.lines[2]
        await at.press("exclamation_mark")
        assert "market data is delayed" in at.screen


@pytest.mark.asyncio
async def test_lines_on_which_the_chain_takes_turns_are_no_shortage(desk: Opened) -> None:
    async with desk() as at:
        at.engine.told_status = status(lines_used=95, lines_turning=61, lines_max=100)
        await at.look()

        assert "34/100" in at.lines[0]
        assert "needs you" in at.lines[2]


@pytest.mark.asyncio
async def test_quiet_engine_has_no_alert_line(desk: Opened) -> None:
    async with desk() as at:
        assert "needs you" in at.lines[2]


@pytest.mark.asyncio
async def test_sentence_on_eighty_columns_stands_below_the_card_and_covers_nothing(desk: Opened) -> None:
    async with desk(size=NARROW) as at:
        at.engine.told_approvals = [approval()]
        await at.look()
        await at.press("3")
        card = at.lines

        at.app.tell(
            "nothing was sent: the credit fell from 8.40 to 8.05 while you looked. a again to accept it, r says no", is_bad=True
        )
        await at.pilot.pause()

        said = [line.strip() for line in at.lines[-3:-1]]
        assert " ".join(said) == (
            "⚠ nothing was sent: the credit fell from 8.40 to 8.05 while you looked. a again to accept it, r says no"
        )
        assert at.lines[:15] == card[:15]
        assert at.lines[-1] == card[-1], "the keys stay"
