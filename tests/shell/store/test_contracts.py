"""What was told of contracts outlives a process, and is refused where its file is odd in any way."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.domain.contract import Contract
from engine.ports import ContractList, ListedPart, Underlying
from engine.store.contracts import FILES_MAX, FOLDER, ContractFiles, file_of, told

SPX = Underlying("SPX", 416904, "IND", "CBOE", "", "USD")
AT = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
FRIDAY = date(2026, 12, 18)


def option(con_id: int, strike: str) -> Contract:
    return Contract(con_id, "SPX", "SPX", FRIDAY, Decimal(strike), "P", 100)


LIST = ContractList(
    SPX,
    AT,
    {"SPX": (5900.0, 5902.5)},
    (ListedPart("SPX", "20261217", "P", (option(1, "5900"), option(2, "5902.5"))), ListedPart("SPX", "20261217", "C", ())),
)


def files(state: Path) -> tuple[ContractFiles, list[str]]:
    said: list[str] = []
    return ContractFiles(state, said.append), said


def test_list_is_read_as_it_was_kept(tmp_path: Path) -> None:
    shelf, said = files(tmp_path)

    shelf.keep(LIST)

    assert shelf.load("SPX") == LIST
    assert shelf.load("SPY") is None
    assert said == []
    assert file_of(tmp_path, "SPX").stat().st_mode & 0o077 == 0


def test_symbol_is_no_path(tmp_path: Path) -> None:
    shelf, said = files(tmp_path)
    odd = replace(LIST, underlying=replace(SPX, symbol="../BRK B"), parts=())

    shelf.keep(odd)

    assert shelf.load("../BRK B") == odd
    assert [path.parent for path in tmp_path.rglob("*.json")] == [tmp_path / FOLDER]
    assert said == []


ODD: dict[str, Callable[[dict[str, Any]], object]] = {
    "another format": lambda found: found.update(format=2),
    "another symbol": lambda found: found["underlying"].update(symbol="SPY"),
    "another currency": lambda found: found["underlying"].update(currency="EUR"),
    "an unknown key": lambda found: found.update(more=1),
    "no instant": lambda found: found.update(told_at="2026-11-23T13:00:00"),
    "a mini": lambda found: found["parts"][0]["contracts"][0].__setitem__(3, 10),
    "a strike of words": lambda found: found["parts"][0]["contracts"][0].__setitem__(2, "NaN"),
    "a strike of nothing": lambda found: found["parts"][0]["contracts"][0].__setitem__(2, "0"),
    "a number that is none": lambda found: found["parts"][0]["contracts"][0].__setitem__(0, -1),
    "a contract twice": lambda found: found["parts"][0]["contracts"][0].__setitem__(0, 2),
    "an expiry before its last day": lambda found: found["parts"][0]["contracts"][0].__setitem__(1, "2026-12-16"),
    "no day": lambda found: found["parts"][0].update(listed="20261317"),
    "a list twice": lambda found: found["parts"][1].update(right="P"),
}


@pytest.mark.parametrize("odd", ODD)
def test_file_that_is_odd_is_refused_as_a_whole_and_said(odd: str, tmp_path: Path) -> None:
    shelf, said = files(tmp_path)
    shelf.keep(LIST)
    path = file_of(tmp_path, "SPX")
    found = json.loads(path.read_text())
    ODD[odd](found)
    path.write_text(json.dumps(found))

    assert shelf.load("SPX") is None
    [sentence] = said
    assert f"{path}: what was kept of the contracts of SPX is not used" in sentence
    assert sentence.endswith("TWS is asked for them")
    assert dict(told(tmp_path)) == {"SPX": None}


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\x00", b"[]", b'{"format": 1}'])
def test_file_that_is_cut_or_no_text_is_said(text: bytes, tmp_path: Path) -> None:
    shelf, said = files(tmp_path)
    file_of(tmp_path, "SPX").parent.mkdir()
    file_of(tmp_path, "SPX").write_bytes(text)

    assert shelf.load("SPX") is None
    assert len(said) == 1


def test_folder_that_cannot_be_written_is_said_and_stops_nothing(tmp_path: Path) -> None:
    shelf, said = files(tmp_path / "gone")

    shelf.keep(LIST)

    assert not (tmp_path / "gone").exists(), "a state folder that was moved is not made again"
    assert said == [f"{file_of(tmp_path / 'gone', 'SPX')}: the contracts of SPX are not kept: No such file or directory"]


def test_no_more_files_are_kept_than_underlyings_are_watched(tmp_path: Path) -> None:
    shelf, _ = files(tmp_path)

    for number in range(FILES_MAX + 3):
        shelf.keep(replace(LIST, underlying=replace(SPX, symbol=f"S{number}"), parts=()))

    assert len(list((tmp_path / FOLDER).iterdir())) == FILES_MAX
