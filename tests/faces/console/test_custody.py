"""Options of TWS are taken into the engine's hands, and a position out of them, from the fourth screen."""

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.faces.console.conftest import Opened


@pytest.mark.asyncio
async def test_options_of_tws_are_marked_shown_as_a_position_and_adopted(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk() as at:
        await at.press("4", "U")
        assert "Which options of TWS?" in at.screen
        assert at.screen == snapshot(name="foreign")

        await at.press("enter")
        assert "nothing is marked" in at.screen
        await at.press("space", "down", "space", "down", "space", "enter")
        assert "Why adopt them?" in at.screen
        await at.press("1")
        assert at.screen == snapshot(name="position")
        await at.press("down")
        assert "cannot be sent: spy_condor does not trade this structure" in at.screen
        await at.press("up", "enter")

        assert at.engine.said == [("adopt", "spx_bull_put", {701: -1, 702: 1}, "opened in TWS", "ada")]
        assert "adopt done" in at.screen


@pytest.mark.asyncio
async def test_nothing_is_adopted_where_it_is_left(desk: Opened) -> None:
    async with desk() as at:
        await at.press("4", "U", "space", "enter", "escape")
        await at.press("U", "space", "enter", "1", "escape")

        assert at.engine.said == []


@pytest.mark.asyncio
async def test_release_says_what_it_means_and_wants_a_reason(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk() as at:
        await at.press("4", "R")
        assert "Why release" in at.screen
        await at.press("1")
        assert at.screen == snapshot
        await at.press("enter")

        assert at.engine.said == [("release", "sp1-261118-0002", "closed in TWS", "ada")]


@pytest.mark.asyncio
async def test_only_who_may_sees_the_keys(desk: Opened) -> None:
    async with desk(role="trader") as at:
        await at.press("4", "U", "R")

        assert "adopt" not in at.lines[-1]
        assert len(at.app.screen_stack) == 1
        assert "C close" in at.lines[-1]
