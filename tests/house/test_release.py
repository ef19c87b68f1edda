"""The check before a release sees an event list that ends, a kind without its source, and a strategy that asks for more."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from tests.house.release import FOLDER, obstacles

READY = date(2026, 12, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "strategies"))


def changed(folder: Path, file: str, old: str, new: str) -> list[str]:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    return list(obstacles(READY, folder))


def test_what_ships_can_be_released() -> None:
    assert list(obstacles(READY)) == []


def test_release_is_stopped_sixty_days_before_a_kind_of_event_ends() -> None:
    assert list(obstacles(date(2027, 10, 29))) == []
    assert any("knows FOMC to 2027-12-31 only" in one for one in obstacles(date(2027, 11, 1)))


def test_kind_without_its_source_is_not_released(folder: Path) -> None:
    assert changed(folder, "events.yaml", "{FOMC: 2027-12-31}", "{FOMC: 2027-12-31, CPI: 2027-12-31}") == [
        "events.yaml lists CPI without the source that its days were read from"
    ]


def test_strategy_that_asks_for_what_does_not_ship_is_not_released(folder: Path) -> None:
    (found,) = changed(folder, "spx_bull_put.yaml", "no FOMC within", "no event within")

    assert found.startswith("spx_bull_put asks for CPI and NFP, and events.yaml has no horizon for them")
