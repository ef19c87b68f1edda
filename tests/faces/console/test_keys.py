"""Keys of one's own: a file that is checked whole, each problem with its line and the way out."""

from pathlib import Path

import pytest

from engine.console.app import VIEWS, scopes
from engine.console.keys import read_keys
from engine.domain.errors import UserError
from tests.faces.console.conftest import Opened


def keys_file(folder: Path, text: str) -> Path:
    path = folder / "keys.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(path: Path) -> list[str]:
    """What is wrong with the file, without its folder."""
    with pytest.raises(UserError) as problem:
        read_keys(path, scopes())
    return str(problem.value).replace(f"{path.parent}/", "").splitlines()


def test_keys_as_they_come_do_not_conflict() -> None:
    for name, scope in scopes().items():
        keys = [key for one in scope for key in one.keys]
        assert len(keys) == len(set(keys)), name


def test_every_screen_has_its_keys_by_name() -> None:
    assert scopes().keys() == VIEWS.keys()
    assert {"halt", "approvals.approve", "positions.close", "orders.cancel", "table.sort"} <= {
        one.id for scope in scopes().values() for one in scope
    }


def test_file_gives_a_key_to_each_name(tmp_path: Path) -> None:
    path = keys_file(tmp_path, "halt: f9\napprovals.approve: A, f5\n")

    assert read_keys(path, scopes()) == {"halt": "f9", "approvals.approve": "A,f5"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "halt: f9\naprovals.approve: A\n",
            ["keys.yaml:2: aprovals.approve: nothing is called so; did you mean approvals.approve?"],
        ),
        ("halt: hyper+z\n", ["keys.yaml:1: halt: 'hyper+z' is no key; write one as f9, ctrl+r, space or A"]),
        ("halt:\n", ["keys.yaml:1: halt: a key is missing, as in halt: f9"]),
        (
            "help: f9\nhalt: f9\n",
            ["keys.yaml:2 and keys.yaml:1: halt and help are both on f9; choose another key"],
        ),
        (
            "approvals.approve: r\n",
            [
                (
                    "keys.yaml:1 and approvals.reject as it comes: approvals.approve and approvals.reject are both on r; "
                    "choose another key"
                ),
            ],
        ),
        ("- f9\n", ["keys.yaml:1: a line is NAME: KEY, as in halt: f9"]),
        ("halt: [f9\n", ["keys.yaml:2: expected ',' or ']', but got '<stream end>'"]),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, told: list[str], tmp_path: Path) -> None:
    assert refused(keys_file(tmp_path, text)) == told


def test_one_key_may_do_two_things_on_two_screens(tmp_path: Path) -> None:
    path = keys_file(tmp_path, "approvals.approve: E\npositions.close: E\n")

    assert read_keys(path, scopes()) == {"approvals.approve": "E", "positions.close": "E"}


@pytest.mark.asyncio
async def test_key_of_ones_own_acts_and_is_what_help_and_footer_say(desk: Opened, tmp_path: Path) -> None:
    keys = read_keys(keys_file(tmp_path, "halt: f9\napprovals.approve: E\n"), scopes())
    async with desk(keys=keys) as at:
        await at.press("3")
        assert "E approve" in at.lines[-1]
        assert "F9 HALT" in at.lines[-1]

        await at.press("a", "f12")
        assert len(at.app.screen_stack) == 1
        await at.press("f9", *"HALT", "enter")

        assert [word[0] for word in at.engine.said] == ["halt"]
