"""How somebody likes to see a table is kept: as presets of the engine, and the columns for this person alone."""

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from engine.api.models.scan import Preset
from engine.console.memory import Memory
from tests.faces.console.conftest import Desk, Opened


def titles(at: Desk) -> list[str]:
    table = at.app.view.table if at.app.view is not None else None
    assert table is not None
    return [table.columns[place].name for place in table.shown]


@pytest.mark.asyncio
async def test_filter_order_and_columns_are_kept_under_a_name_and_shown_again(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk() as at:
        await at.press("2", "f")
        assert "no preset is kept yet" in at.screen

        await at.press("slash", *"sym=SPX", "enter", "c", "space", "enter", "ctrl+s")
        await at.press(*"income", "enter")
        assert at.engine.said == [("save_preset", "income")]
        kept = at.engine.told_presets[0]
        assert (kept.line, kept.sort, kept.columns[:2]) == ("sym=SPX", "-score", ("exp", "dte"))

        at.engine.told_presets.append(Preset(name="all of it", sort="dte", columns=("strikes", "net", "no such column")))
        at.app.clear_notifications()  # a picture of what goes away by itself would depend on how long a machine takes
        await at.press("f")
        assert at.screen == snapshot
        await at.press("down", "enter")
        assert titles(at) == ["strikes", "net"]
        assert "by dte" in at.screen
        await at.press("f", "enter")
        assert titles(at)[:2] == ["exp", "dte"]
        assert "sym=SPX" in at.screen


@pytest.mark.asyncio
async def test_preset_is_forgotten_once_that_is_said_twice_of_the_same_one(desk: Opened) -> None:
    async with desk() as at:
        at.engine.told_presets = [Preset(name="income"), Preset(name="all of it")]
        await at.press("2", "f", "d")
        assert "forget income, for everybody who asks this engine?" in at.screen
        await at.press("down", "d")
        assert "forget all of it" in at.screen
        assert at.engine.said == [], "asked of one, and then of the other: neither was meant"

        await at.press("d")
        assert at.engine.said == [("remove_preset", "all of it")]
        assert "remove_preset done" in at.screen
        await at.press("f", "enter")
        assert "shown as income" in at.screen


@pytest.mark.asyncio
async def test_name_that_is_none_is_told(desk: Opened) -> None:
    async with desk() as at:
        await at.press("2", "ctrl+s", *"a/b", "enter")

        assert "is no name for a preset" in at.screen
        assert at.engine.said == []


@pytest.mark.asyncio
async def test_viewer_chooses_presets_and_keeps_none(desk: Opened) -> None:
    async with desk(is_read_only=True, role="viewer") as at:
        await at.press("2", "ctrl+s")
        assert len(at.app.screen_stack) == 1
        await at.press("f")
        assert "no preset is kept yet" in at.screen

        at.engine.told_presets = [Preset(name="income")]
        await at.press("f", "d", "d")
        assert "forget" not in at.screen
        assert at.engine.said == []


@pytest.mark.asyncio
async def test_columns_that_were_chosen_are_there_the_next_time_on_their_screen_alone(desk: Opened, tmp_path: Path) -> None:
    memory = tmp_path / "new" / "console.json"
    async with desk(memory=memory) as at:
        await at.press("2", "c", "space", "down", "space", "enter")
        assert titles(at)[0] == "dte"

    async with desk(memory=memory) as at:
        await at.press("2")
        assert titles(at)[0] == "dte"
        await at.press("5")
        assert len(titles(at)) == len(at.app.view.table.columns)  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"candidates": 3}'])
def test_file_that_is_none_remembers_nothing_and_is_written_anew(text: str, tmp_path: Path) -> None:
    path = tmp_path / "console.json"
    path.write_text(text)
    memory = Memory(path)

    assert memory.columns("candidates") == ()
    assert memory.keep_columns("candidates", ("dte",)) is None
    assert memory.columns("candidates") == ("dte",)


def test_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    told = Memory(tmp_path / "file" / "console.json").keep_columns("candidates", ("dte",))

    assert told is not None
    assert "they are not remembered" in told
    assert Memory(None).keep_columns("candidates", ("dte",)) is None
