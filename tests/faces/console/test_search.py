"""The filter panel: what a draft asks of the engine, and the panel as somebody sees it and leaves it."""

import pytest
from syrupy.assertion import SnapshotAssertion

from engine.api.models.scan import Preset, ScanFilters
from engine.console.search import Draft, draft_of, stepped
from tests.faces.console.conftest import Desk, Opened
from tests.faces.console.engine import SEARCHED


def draft() -> Draft:
    return draft_of(ScanFilters.model_validate(SEARCHED))


@pytest.mark.parametrize(
    ("number", "by", "then"),
    [
        ("0.12", 1, "0.13"),
        ("0.12", -1, "0.11"),
        ("70", 1, "75"),
        ("8", -1, "7"),
        ("1,500", 1, "1550"),
        ("0", -1, "0"),
        ("0.0", -1, "0.0"),
    ],
)
def test_step_is_the_last_decimal_or_about_a_twentieth(number: str, by: int, then: str):
    assert stepped(number, by) == then


def test_draft_has_every_range_filter_and_rule_of_the_file_and_not_its_structure():
    assert [one.words for one in draft().lines] == [
        "expiry: 30-60 days", "short_delta: 0.12-0.20", "width: $25-$50",
        "open_interest >= 200", "credit >= 8% of width", "pop >= 70%",
    ]  # fmt: skip


def test_what_is_off_is_asked_for_by_name_and_what_was_changed_in_place_of_the_file():
    changed = draft().switched(5).nudged(1, 1, 2).typed(4, "credit >= 15% of width").added("natural_credit >= $1")

    asked = changed.filters()

    assert asked.off == ("pop >= 70%",)
    assert asked.spread == {"short_delta": "0.12-0.22"}
    assert asked.rules == ("credit >= 15% of width", "pop >= 70%", "natural_credit >= $1")
    assert changed.is_changed
    assert not changed.reset().is_changed


def test_key_of_the_spread_is_neither_switched_off_nor_taken_away():
    assert draft().switched(0) == draft().typed(0, "") == draft()


def test_line_that_is_emptied_is_taken_away():
    assert draft().typed(4, " ").filters().rules == ("pop >= 70%",)


async def opened(at: Desk, *keys: str) -> None:
    await at.press("2")
    await at.press("F")
    await at.look()
    await at.press(*keys)


@pytest.mark.asyncio
async def test_panel_shows_each_line_and_how_many_are_left(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk() as at:
        await opened(at, "down")

        assert at.screen == snapshot


@pytest.mark.asyncio
async def test_each_change_is_asked_at_once_and_taken_back_and_again(desk: Opened) -> None:
    async with desk() as at:
        await opened(at, "up", "space")
        assert at.engine.searches[-1].off == ("pop >= 70%",)
        assert "found 3" in at.screen

        await at.press("left_square_bracket")
        assert at.engine.searches[-1].off == ()
        assert "found 2" in at.screen

        await at.press("right_square_bracket")
        assert at.engine.searches[-1].off == ("pop >= 70%",)

        await at.press("r")
        assert at.engine.searches[-1].off == ()


@pytest.mark.asyncio
async def test_number_is_moved_by_keys_and_a_line_is_typed(desk: Opened) -> None:
    async with desk() as at:
        await opened(at, "down", "tab", "right", "right")
        assert at.engine.searches[-1].spread == {"short_delta": "0.12-0.22"}

        await at.press("plus", *"pop>=60%", "enter")
        assert (at.engine.searches[-1].rules or ())[-1] == "pop>=60%"


@pytest.mark.asyncio
async def test_line_that_is_no_rule_is_told_and_cannot_be_shown(desk: Opened) -> None:
    async with desk() as at:
        await opened(at, "plus", *"nonsense", "enter")
        assert "no measure" in at.screen

        await at.press("a")
        assert len(at.app.screen_stack) == 2


@pytest.mark.asyncio
async def test_search_stands_in_the_table_until_escape_and_ends_there(desk: Opened) -> None:
    async with desk() as at:
        await opened(at, "a")
        assert "yours (spx_bull_put), Esc ends it" in at.screen
        assert at.app.view is not None
        assert at.app.view.table is not None
        assert len(at.app.view.table.rows.values) == 2

        await at.press("escape")

        assert "Esc ends it" not in at.screen
        assert ("scan_stop", "4f2a91c0") in at.engine.said


@pytest.mark.asyncio
async def test_panel_that_is_left_has_changed_nothing_and_ideas_are_shown_under_a_view(
    desk: Opened, snapshot: SnapshotAssertion
) -> None:
    async with desk() as at:
        await opened(at, "space", "escape")

        assert at.engine.said == [("scan_stop", "4f2a91c0")]
        assert "Esc ends it" not in at.screen

        await at.press("v", *"higher", "enter")
        assert "no view of a price: say it as in" in at.screen
        await at.press(*(["backspace"] * 6), *"SPX", "space", *"up", "enter", "tab")

        assert at.engine.said[-1] == ("ideas", "SPX up")
        assert at.screen == snapshot


@pytest.mark.asyncio
async def test_search_is_kept_as_a_preset_and_begun_by_it(desk: Opened) -> None:
    async with desk() as at:
        await opened(at, "up", "space", "ctrl+s")
        await at.press(*"loose", "enter")
        kept: Preset = at.engine.told_presets[-1]
        assert kept.filters is not None
        assert kept.filters.off == ("pop >= 70%",)
        await at.press("escape")

        await at.press("f", "enter")

        assert "yours (spx_bull_put)" in at.screen
        assert at.engine.searches[-1] == kept.filters
