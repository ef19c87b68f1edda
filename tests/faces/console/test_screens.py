"""Every screen as a person sees it: each number key opens its view and leaves the keyboard where it acts."""

import pytest
from syrupy.assertion import SnapshotAssertion

from engine.console.app import VIEWS
from tests.faces.console.conftest import NARROW, Opened

FOCUS = {"dashboard": "VerticalScroll"}
NUMBERS = {str(number): name for number, name in enumerate(VIEWS, 1)}


@pytest.mark.asyncio
@pytest.mark.parametrize(("key", "name"), NUMBERS.items(), ids=NUMBERS.values())
async def test_number_key_opens_its_screen_with_the_keyboard_on_its_rows(
    key: str, name: str, desk: Opened, snapshot: SnapshotAssertion
) -> None:
    async with desk() as at:
        await at.press(key)

        assert at.app.view is not None
        assert at.app.view.tab == name
        assert type(at.app.focused).__name__ == FOCUS.get(name, "LiveTable")
        assert at.screen == snapshot


@pytest.mark.asyncio
@pytest.mark.parametrize(("key", "name"), NUMBERS.items(), ids=NUMBERS.values())
async def test_screen_is_whole_on_eighty_columns(key: str, name: str, desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk(size=NARROW) as at:
        await at.press(key)

        assert max(map(len, at.lines)) <= NARROW[0]
        assert "PAPER DU1234567" in at.lines[0]
        assert "F12 HALT" in at.lines[-1]
        assert at.screen == snapshot


@pytest.mark.asyncio
async def test_each_screen_keeps_its_own_focus(desk: Opened) -> None:
    async with desk() as at:
        await at.press("2", "slash")
        assert type(at.app.focused).__name__ == "_Field"

        await at.press("escape", "4", "2")

        assert type(at.app.focused).__name__ == "LiveTable"
        await at.press("3")
        assert at.app.view is not None
        assert at.app.view.tab == "approvals"


@pytest.mark.asyncio
async def test_square_brackets_of_what_the_engine_says_are_not_eaten(desk: Opened) -> None:
    async with desk() as at:
        at.engine.told_status = {**at.engine.told_status, "notices": ["[PAPER] events.yaml ends in [30] days"]}
        await at.look()

        assert "[PAPER] events.yaml ends in [30] days" in at.screen


@pytest.mark.asyncio
@pytest.mark.parametrize("theme", ["spreads-dark", "spreads-light", "spreads-high-contrast", "spreads-colour-safe"])
async def test_theme_changes_colours_and_no_word(theme: str, desk: Opened) -> None:
    async with desk() as at:
        await at.press("2")
        before = at.screen

        at.app.theme = theme
        await at.pilot.pause()

        assert at.screen == before
