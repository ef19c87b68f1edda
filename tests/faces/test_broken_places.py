"""A state folder that is none, a socket that nobody serves, an engine of another version: one clear error each, and a way out."""

import os
import socket
from pathlib import Path

import pytest

from engine.api.names import SOCKET_NAME
from engine.store.journal import Journal
from tests.faces.conftest import Spreads
from tests.faces.given import engine_that_says

ASKING = [
    ("status",),
    ("approvals",),
    ("approve", "sp00000-261123-0001"),
    ("decline", "sp00000-261123-0001"),
    ("positions",),
    ("orders",),
    ("close", "sp00000-261123-0001", "--yes"),
    ("cancel", "sp00000-261123-0001"),
    ("resume",),
    ("lift", "breaker_week", "--reason", "hedged"),
    ("why", "puts"),
]
KEEPING = [("trades",), ("query", "FROM orders"), ("why", "puts", "--at", "2026-11-23")]


@pytest.mark.parametrize("words", [*ASKING, *KEEPING, ("halt", "lunch"), ("run", "--sim"), ("demo", "--headless")])
def test_state_that_is_a_file_is_called_that(words: tuple[str, ...], spreads: Spreads, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("notes").write_text("of mine", encoding="utf-8")
    monkeypatch.setenv("SPREADS_STATE", "notes")

    ran = spreads(*words)

    assert ran.code in {1, 2}
    assert ran.out == ""
    (line,) = ran.err.splitlines()
    assert line.startswith("spreads: notes: this is a file and no folder")
    assert "--state" in line
    assert Path("notes").read_text(encoding="utf-8") == "of mine"


@pytest.mark.parametrize("words", ASKING)
def test_socket_that_a_killed_engine_left_is_no_engine(words: tuple[str, ...], spreads: Spreads) -> None:
    Journal.open(Path("state"), "DU1").journal.close()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(Path("state") / SOCKET_NAME))

    ran = spreads(*words)

    if words[0] != "why":  # which is answered from the journal
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith("spreads: no engine runs on state; start one")
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("version", ["0.0.9", ""])
@pytest.mark.parametrize("words", ASKING)
def test_engine_of_another_version_is_not_guessed_at(words: tuple[str, ...], version: str, spreads: Spreads) -> None:
    with engine_that_says({"version": "0.0.9"}, version=version):
        ran = spreads(*words)

    assert (ran.code, ran.out) == (1, "")
    (line,) = ran.err.splitlines()
    assert line.startswith("spreads: paper, account DU1234567, engine on state: it is ")
    assert ("version 0.0.9" if version else "another version") in line
    assert "restart the engine" in line


def test_engine_of_another_version_is_halted_all_the_same(spreads: Spreads) -> None:
    with engine_that_says({"text": "halting"}, version="0.0.9") as heard:
        ran = spreads("halt", "lunch")

    assert (ran.code, ran.out) == (0, "paper, account DU1234567, engine on state: halting\n")
    assert heard[0]["reason"] == "lunch"
    assert not Path("state/HALT").exists()


def test_engine_of_another_version_that_knows_no_halt_finds_the_file(spreads: Spreads) -> None:
    Journal.open(Path("state"), "DU1").journal.close()

    with engine_that_says({"detail": "Not Found"}, version="0.0.9", status=404):
        ran = spreads("halt", "lunch")

    assert ran.code == 0
    assert "wrote state/HALT" in ran.err
    assert Path("state/HALT").read_text(encoding="utf-8").endswith("lunch\n")


def test_file_of_a_halt_stays_where_the_engine_did_not_resume(spreads: Spreads) -> None:
    Path("state").mkdir()
    Path("state/HALT").write_text("ann: lunch\n", encoding="utf-8")

    with engine_that_says({"text": "resuming"}, version="0.0.9"):
        ran = spreads("resume")

    assert ran.code == 1
    assert Path("state/HALT").read_text(encoding="utf-8") == "ann: lunch\n"


@pytest.mark.parametrize("words", ASKING)
def test_engine_of_somebody_else_is_said_to_be_that(
    words: tuple[str, ...], spreads: Spreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A socket of mode 0600 refuses everybody but its owner; here the connection is refused as it is there."""

    def refused(self: socket.socket, place: object) -> None:
        raise PermissionError(13, os.strerror(13))

    Journal.open(Path("state"), "DU1").journal.close()
    Path("state", SOCKET_NAME).touch()
    monkeypatch.setattr("engine.cli.client.socket.socket.connect", refused, raising=False)

    ran = spreads(*words)

    assert ran.code in {1, 2}
    assert len(ran.err.splitlines()) == 1
    if words[0] != "why":
        assert ran.err == "spreads: state: its engine may only be asked by who started it (Permission denied)\n"


@pytest.mark.parametrize("words", [*KEEPING, ("why", "puts")])
def test_journal_that_may_not_be_read_is_not_an_empty_one(
    words: tuple[str, ...], spreads: Spreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    Journal.open(Path("state"), "DU1").journal.close()
    monkeypatch.setattr("engine.cli.client.os.access", lambda path, mode: False)

    ran = spreads(*words)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "spreads: state: its journal may not be read by you; ask as the user who runs the engine\n"


def test_halt_that_cannot_be_left_says_that_nothing_was_halted(spreads: Spreads, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path, *_: object, **__: object) -> int:
        raise PermissionError(13, os.strerror(13), str(self))

    Journal.open(Path("state"), "DU1").journal.close()
    monkeypatch.setattr(Path, "write_text", refused)

    ran = spreads("halt", "lunch")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "spreads: state/HALT: Permission denied, and nothing was halted; halt as the user who runs the engine\n"


def test_folder_of_strategies_that_may_not_be_read_is_not_an_empty_one(spreads: Spreads, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path) -> object:
        raise PermissionError(13, os.strerror(13), str(self))

    Path("strategies").mkdir()
    monkeypatch.setattr(Path, "iterdir", refused)

    ran = spreads("check")

    assert ran.code == 2
    assert ran.out.startswith("strategies:1:1: cannot be read: Permission denied\n")
