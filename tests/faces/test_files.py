"""check, explain, fields, new and schema: what a person types and what comes back."""

import json
import os
import shutil
from pathlib import Path
from typing import get_args

import pytest
from syrupy.assertion import SnapshotAssertion

from engine.cli.files import SchemaName, Structure
from engine.strategy.measures.index import DECLARATIONS
from engine.strategy.schema import MODELS
from engine.strategy.spreads.union import STRUCTURES
from tests.faces import given
from tests.faces.conftest import Spreads

BAD = given.STRATEGY.replace("short_delta", "short_dleta").replace("1% of net liquidation", "2%")


def test_check_passes_everything_that_ships(spreads: Spreads, tmp_path: Path) -> None:
    shutil.copytree(given.ROOT / "strategies", tmp_path / "strategies")

    ran = spreads("check")

    assert ran.code == 0, ran.out
    assert ran.out == ""
    assert "checked: no problems" in ran.err


def test_check_tells_every_problem_at_its_place(spreads: Spreads, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    given.strategy(tmp_path / "strategies", BAD)
    given.strategy(tmp_path / "strategies", "schema: 1\nname: [\n", "open.yaml")

    ran = spreads("check")

    assert ran.code == 2
    assert "strategies/puts.yaml:11:3: " in ran.out
    assert (ran.out, ran.err) == snapshot


def test_check_ends_with_0_when_there_are_only_warnings(spreads: Spreads, tmp_path: Path) -> None:
    path = given.strategy(tmp_path, given.STRATEGY.partition("exits:")[0])

    ran = spreads("check", path)

    assert ran.code == 0
    assert "warning: no exit limits a loss" in ran.out
    assert "1 file checked: 2 warnings" in ran.err


def test_check_reads_the_lists_beside_a_file_and_tells_what_is_wrong_with_them(spreads: Spreads, tmp_path: Path) -> None:
    path = given.strategy(tmp_path, given.STRATEGY.replace("[SPX]", "{list: mine}"))
    (tmp_path / "common.yaml").write_text("schema: 1\nlists: {mine: [SPX]}\n", encoding="utf-8")
    (tmp_path / "events.yaml").write_text("schema: 1\nhorizno: 2027-01-01\n", encoding="utf-8")

    ran = spreads("check", path)

    assert ran.code == 2
    assert "events.yaml:2:1" in ran.out
    assert "puts.yaml:" not in ran.out


def test_check_of_one_file_finds_that_a_neighbour_has_its_name(spreads: Spreads, tmp_path: Path) -> None:
    given.strategy(tmp_path)
    path = given.strategy(tmp_path, name="a_copy.yaml")

    ran = spreads("check", path)

    assert ran.code == 2
    assert "puts.yaml is called 'puts' too" in ran.out


def test_check_survives_whatever_stands_in_the_folder(spreads: Spreads, tmp_path: Path) -> None:
    folder = tmp_path / "strategies"
    given.strategy(folder)
    os.mkfifo(folder / "pipe.yaml")
    (folder / "folder.yaml").mkdir()
    (folder / "nowhere.yaml").symlink_to("gone")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (folder / "zeros.yaml").write_bytes(bytes(400_000))
    (folder / "random.yaml").write_bytes(bytes(range(128, 250)) * 10)
    (folder / ".hidden.yaml").write_bytes(b"\xff")

    ran = spreads("check")

    assert ran.code == 2
    problems = [line.partition("strategies/")[2] for line in ran.out.splitlines() if line.startswith("strategies/")]
    assert problems == [
        "folder.yaml:1:1: this folder holds no strategy",
        "loop.yaml:1:1: cannot be read: Too many levels of symbolic links",
        "nowhere.yaml:1:1: this link leads nowhere",
        "pipe.yaml:1:1: this is a pipe, not a file",
        "random.yaml:1:1: this is no text but bytes that only a program reads",
        "zeros.yaml:1:1: this file is larger than 256 kB, the most",
    ]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gone.yaml", "no such file"),
        ("put.yaml", "did you mean strategies/puts.yaml?"),
        ("puts", "did you mean strategies/puts.yaml?"),
        ("/dev/zero", "this is a device, not a file"),
        (".", "this folder holds no strategy"),
        ("a" * 300, "cannot be read: File name too long"),
    ],
)
def test_check_says_what_is_wrong_with_a_name_and_goes_on(name: str, says: str, spreads: Spreads, tmp_path: Path) -> None:
    given.strategy(tmp_path / "strategies", BAD)

    ran = spreads("check", name, "strategies")

    assert ran.code == 2
    assert says in ran.out
    assert "strategies/puts.yaml:11:3: " in ran.out


def test_check_warns_of_a_name_that_the_engine_would_not_read(spreads: Spreads, tmp_path: Path) -> None:
    given.strategy(tmp_path, name="puts.txt")

    ran = spreads("check", "puts.txt")

    assert ran.code == 0
    assert "warning: the engine reads only files that end in .yaml or .yml" in ran.out


def test_check_without_a_folder_shows_the_way(spreads: Spreads) -> None:
    ran = spreads("check")

    assert ran.code == 2
    assert "spreads new NAME" in ran.err


def test_explain_says_it_in_sentences(spreads: Spreads, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    path = given.strategy(tmp_path)

    ran = spreads("explain", path)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == snapshot


def test_explain_sql_shows_the_query_with_its_numbers(spreads: Spreads, tmp_path: Path) -> None:
    path = given.strategy(tmp_path)

    ran = spreads("explain", path, "--sql")

    assert ran.code == 0
    assert "--   $dte_low = 30" in ran.out
    assert ran.out.count(";\n") == 3
    assert "FROM chain" in ran.out


@pytest.mark.parametrize("name", ["puts.yaml", "gone.yaml", "common.yaml", "."])
def test_explain_of_something_else_is_refused(name: str, spreads: Spreads, tmp_path: Path) -> None:
    given.strategy(tmp_path, BAD)
    (tmp_path / "common.yaml").write_text("schema: 1\nlists: {mine: [SPX]}\n", encoding="utf-8")

    ran = spreads("explain", name)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"spreads: {name}")


def test_fields_lists_every_measure_with_unit_and_sentence(spreads: Spreads) -> None:
    rows = json.loads(spreads("fields", "--format", "json").out)

    assert len(rows) == len(DECLARATIONS)
    assert all(row["used_in"] and row["unit"] and row["meaning"] for row in rows)


def test_fields_finds_a_word(spreads: Spreads, snapshot: SnapshotAssertion) -> None:
    assert spreads("fields", "iv_").out == snapshot
    assert spreads("fields", "zzz").err.startswith("nothing has 'zzz'")


@pytest.mark.parametrize("structure", get_args(Structure))
def test_new_strategy_passes_its_check(structure: str, spreads: Spreads) -> None:
    ran = spreads("new", "mine", "--type", structure)

    assert (ran.code, ran.out) == (0, "strategies/mine.yaml\n")
    assert spreads("check").err == "1 file checked: no problems\n"


def test_new_strategy_is_written_from_a_sentence(spreads: Spreads) -> None:
    ran = spreads("new", "--from", "sell 16 delta put spreads on SPY 45 days out, close at half")
    again = spreads("new", "--from", "sell put spreads on SPY and dance")
    nothing = spreads("new")

    assert (ran.code, ran.out) == (0, "strategies/spy_bull_put.yaml\n")
    assert spreads("check").err == "1 file checked: no problems\n"
    assert (again.code, nothing.code) == (2, 2)
    assert "not understood: 'dance'" in again.err
    assert "spreads new --from" in nothing.err


@pytest.mark.parametrize("by", ["option", "setting"])
def test_new_and_check_use_the_folder_that_the_engine_is_told_to_trade(
    by: str, spreads: Spreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--strategies", "mine") if by == "option" else ()
    if by == "setting":
        monkeypatch.setenv("SPREADS_STRATEGIES", "mine")
    given.strategy(Path("strategies"), BAD)

    wrote = spreads("new", "puts", *words)
    checked = spreads("check", *words)
    misspelt = spreads("explain", "put.yaml")

    assert (wrote.code, wrote.out) == (0, "mine/puts.yaml\n")
    assert (checked.code, checked.err) == (0, "1 file checked: no problems\n")
    assert f"did you mean {'strategies' if by == 'option' else 'mine'}/puts.yaml?" in misspelt.err


def test_new_never_overwrites(spreads: Spreads, tmp_path: Path) -> None:
    path = given.strategy(tmp_path / "strategies", "mine\n", "mine.yaml")

    ran = spreads("new", "mine")

    assert ran.code == 2
    assert path.read_text(encoding="utf-8") == "mine\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("Foo Bar",), "write  foo_bar"),
        (("../x",), "no name for a strategy"),
        (("x", "--underlying", "TRUE"), 'quote it: "TRUE"'),
        (("x", "--strategies", "file"), "this is a file, not a folder"),
        (("x", "--strategies", "/proc"), "cannot be written"),
        (("puts", "--strategies", "taken"), "is called 'puts' too"),
    ],
)
def test_new_says_why_not(words: tuple[str, ...], says: str, spreads: Spreads, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    given.strategy(tmp_path / "taken", name="other.yaml")

    ran = spreads("new", *words)

    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_choices_of_the_command_line_are_those_of_the_language() -> None:
    assert set(get_args(Structure)) == set(STRUCTURES)
    assert set(get_args(SchemaName)) == set(MODELS)


def test_schema_is_printed_and_written(spreads: Spreads, tmp_path: Path) -> None:
    printed = spreads("schema", "account").out

    ran = spreads("schema", "--write", "schemas")

    assert ran.code == 0
    assert (tmp_path / "schemas" / "account.schema.json").read_text(encoding="utf-8") == printed
    assert len(ran.out.splitlines()) == len(MODELS)
    assert spreads("schema", "--write", "/proc/x").code == 2


@pytest.mark.parametrize(
    ("variants", "says"),
    [
        ("variants: {near: {}, far: {}}\n", "has no variant 'mid'; its variants: near, far"),
        ("", "has no variant 'mid'; it has none"),
    ],
)
def test_variant_that_is_not_there_is_refused_by_every_reader(variants: str, says: str, spreads: Spreads, tmp_path: Path) -> None:
    path = given.strategy(tmp_path, given.STRATEGY + variants)

    ran = spreads("explain", f"{path}:mid")

    assert ran.code == 2
    assert says in ran.err
