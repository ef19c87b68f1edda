"""The live table on a terminal: only what has changed is drawn, and a key acts on the row that is shown as selected."""

from datetime import UTC, datetime
from typing import ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from engine.console.table.columns import Column, gain_or_loss
from engine.console.table.live_table import LiveTable
from engine.console.themes import DARK, THEMES
from tests.faces.console.screens import text_of

NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)
COLUMNS = (
    Column("id", "id", 6),
    Column("name", "name", 8, is_wide=True),
    Column("gain", "P/L", 7, is_number=True, moves=True, tone=gain_or_loss),
)
SIZE = (40, 8)


class OneTable(App[None]):
    """A table, and what its keys were for."""

    BINDINGS: ClassVar = [("a", "act", "act")]

    def __init__(self) -> None:
        super().__init__()
        self.acted: list[str] = []
        self.opened: list[str] = []

    def on_mount(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK

    def compose(self) -> ComposeResult:
        yield LiveTable(COLUMNS, lambda: NOON)

    def action_act(self) -> None:
        key, _ = self.table.acting()
        if key is not None:
            self.acted.append(key)

    def on_live_table_opened(self, event: LiveTable.Opened) -> None:
        self.opened.append(event.key)

    @property
    def table(self) -> LiveTable:
        return self.query_one(LiveTable)


def many(count: int, gain: int = 0) -> dict[str, tuple[object, ...]]:
    return {f"r{at:03}": (f"r{at:03}", f"row {at}", gain + at) for at in range(count)}


def selected_line(screen: str) -> str:
    """The line that is shown as selected."""
    return next(line for line in screen.splitlines() if line.startswith("▶"))


@pytest.mark.asyncio
async def test_key_acts_on_the_row_that_is_shown_as_selected_when_rows_are_sorted_inserted_and_removed_meanwhile() -> None:
    app = OneTable()
    async with app.run_test(size=SIZE) as pilot:
        table = app.table
        table.replace(many(50))
        await pilot.press("j", "j", "j")
        await pilot.pause()
        assert "r003" in selected_line(text_of(app))

        table.sort_by("gain", descending=True)
        table.update({"r900": ("r900", "new", 99), "r901": ("r901", "new", -99)})
        table.update({}, ["r002", "r004"])
        await pilot.press("a")
        await pilot.pause()

        assert app.acted == ["r003"]
        assert "r003" in selected_line(text_of(app))


@pytest.mark.asyncio
async def test_key_acts_on_nothing_when_the_selected_row_has_gone() -> None:
    app = OneTable()
    async with app.run_test(size=SIZE) as pilot:
        app.table.replace(many(5))
        await pilot.press("j")

        app.table.update({}, ["r001"])
        await pilot.press("a", "enter")
        await pilot.pause()

        assert app.acted == []
        assert app.opened == []
        assert selected_line(text_of(app)).startswith("▶✗r001")


@pytest.mark.asyncio
async def test_key_brings_a_selected_row_that_is_out_of_sight_back_before_it_acts() -> None:
    app = OneTable()
    async with app.run_test(size=SIZE) as pilot:
        app.table.replace(many(50))
        app.table.scroll_to(y=30, animate=False, force=True)
        await pilot.pause()

        await pilot.press("a")
        assert app.acted == []

        await pilot.pause()
        assert "r000" in selected_line(text_of(app))
        await pilot.press("a")
        assert app.acted == ["r000"]


@pytest.mark.asyncio
async def test_selected_row_stays_on_its_line_of_the_screen_when_rows_come_above_it() -> None:
    app = OneTable()
    async with app.run_test(size=SIZE) as pilot:
        app.table.replace(many(50))
        app.table.sort_by("gain", descending=True)
        await pilot.press(*["j"] * 10)
        await pilot.pause()
        before = [line.startswith("▶") for line in text_of(app).splitlines()].index(True)

        app.table.update({f"n{at}": (f"n{at}", "new", 100 + at) for at in range(5)})
        await pilot.pause()

        assert [line.startswith("▶") for line in text_of(app).splitlines()].index(True) == before


@pytest.mark.asyncio
async def test_sorted_selection_is_in_view() -> None:
    app = OneTable()
    async with app.run_test(size=SIZE) as pilot:
        app.table.replace(many(50))

        app.table.sort_by("gain", descending=True)
        await pilot.pause()

        assert "r000" in selected_line(text_of(app))


@pytest.mark.asyncio
async def test_changed_row_repaints_its_line_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    app = OneTable()
    async with app.run_test(size=SIZE) as pilot:
        app.table.replace(many(50))
        await pilot.pause()
        painted: list[Region] = []
        monkeypatch.setattr(app.table, "refresh", lambda *regions, **_: painted.extend(regions))

        app.table.update({"r002": ("r002", "row 2", 77), "r040": ("r040", "row 40", 77)})

        assert painted == [Region(0, 3, SIZE[0] - 1, 1)]


@pytest.mark.asyncio
async def test_key_repaints_the_line_that_it_leaves_and_the_one_that_it_selects_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with OneTable().run_test(size=SIZE) as pilot:
        table = pilot.app.query_one(LiveTable)
        table.update(many(30))
        await pilot.press("j")
        drawn: list[tuple[Region, ...]] = []
        refresh = table.refresh
        monkeypatch.setattr(table, "refresh", lambda *regions, **how: (drawn.append(regions), refresh(*regions, **how))[1])

        await pilot.press("j")

        assert [[region.y for region in regions] for regions in drawn] == [[2, 3]]
        assert "r002" in selected_line(text_of(pilot.app))


@pytest.mark.asyncio
async def test_page_further_keeps_the_selection_on_its_line_of_the_screen() -> None:
    async with OneTable().run_test(size=SIZE) as pilot:
        table = pilot.app.query_one(LiveTable)
        table.update(many(30))
        await pilot.press("j", "j")
        before = text_of(pilot.app).splitlines().index(selected_line(text_of(pilot.app)))

        await pilot.press("pagedown")
        further = text_of(pilot.app)
        await pilot.press("pageup")
        back = text_of(pilot.app)

        assert further.splitlines().index(selected_line(further)) == before
        assert "r008" in selected_line(further)
        assert "r002" in selected_line(back)


@pytest.mark.asyncio
async def test_changed_number_flashes_with_an_arrow_and_stops() -> None:
    app = OneTable()
    async with app.run_test(size=SIZE) as pilot:
        app.table.replace(many(3))
        app.table.update({"r001": ("r001", "row 1", 5), "r002": ("r002", "row 2", -5)})
        await pilot.pause()
        lines = text_of(app).splitlines()
        assert (lines[2].rstrip()[-1], lines[3].rstrip()[-1]) == ("▲", "▼")

        app.table.fade()
        app.table.fade()
        await pilot.pause()

        assert not set(text_of(app)) & set("▲▼")


@pytest.mark.asyncio
async def test_note_tells_of_when_the_order_is_once_it_no_longer_holds() -> None:
    app = OneTable()
    async with app.run_test(size=SIZE) as pilot:
        app.table.replace(many(3))
        app.table.sort_by("gain")
        assert app.table.note() == "3 · by P/L"

        app.table.update({"r000": ("r000", "row 0", 50)})
        assert app.table.note() == "3 · order as of 12:00:00, S to re-sort by P/L"

        await pilot.press("S")
        assert app.table.note() == "3 · by P/L"
        assert app.table.rows.order == ["r000", "r002", "r001"]


@pytest.mark.asyncio
async def test_click_selects_a_row_and_sorts_by_a_heading() -> None:
    app = OneTable()
    async with app.run_test(size=SIZE) as pilot:
        app.table.replace(many(5))
        await pilot.click(LiveTable, offset=(4, 3))
        assert app.table.selected == "r002"

        await pilot.click(LiveTable, offset=(36, 0))
        assert app.table.rows.order[0] == "r004"
        await pilot.click(LiveTable, offset=(36, 0))
        assert app.table.rows.order[0] == "r000"


@pytest.mark.asyncio
async def test_chosen_columns_are_drawn_in_their_order_and_exported() -> None:
    app = OneTable()
    async with app.run_test(size=SIZE) as pilot:
        app.table.replace(many(2))

        app.table.show_columns(["gain", "id"])
        await pilot.pause()

        assert text_of(app).splitlines()[0].split() == ["P/L", "id"]
        assert app.table.visible_values() == (["gain", "id"], [[0, "r000"], [1, "r001"]])


@pytest.mark.asyncio
async def test_without_colour_selection_marks_and_direction_are_told_by_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = OneTable()
    async with app.run_test(size=SIZE) as pilot:
        app.table.replace(many(3))
        await pilot.press("space")
        app.table.update({"r002": ("r002", "row 2", 9)})
        await pilot.pause()
        lines = text_of(app).splitlines()

        assert lines[1].startswith(" ●r000")
        assert lines[2].startswith("▶ r001")
        assert lines[3].rstrip().endswith("9▲")


@pytest.mark.asyncio
async def test_stale_table_does_not_flash() -> None:
    app = OneTable()
    async with app.run_test(size=SIZE) as pilot:
        app.table.replace(many(3))
        app.table.set_stale(True)

        app.table.update({"r001": ("r001", "row 1", 5)})
        await pilot.pause()

        assert "▲" not in text_of(app)
