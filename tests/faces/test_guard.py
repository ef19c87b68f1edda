"""`spreads guard` at a terminal: what it refuses, and what the status says of a guardian."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.cli.remote import _told, warnings
from engine.runtime.rows import guardian_row
from engine.store.heartbeat import Trace, leave_trace
from engine.store.lock import GUARDIAN, WATCH_FILE, Lock
from tests.faces.conftest import Spreads

AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def test_release_where_no_guardian_holds_the_folder_says_so(spreads: Spreads, tmp_path: Path) -> None:
    engine = Lock(tmp_path)

    ran = spreads("guard", "--release", "--state", str(tmp_path))

    engine.release()
    assert ran.code == 2
    assert "no guardian holds the engine's place here" in ran.err


def test_second_guardian_is_refused_in_one_sentence(spreads: Spreads, tmp_path: Path) -> None:
    first = Lock(tmp_path, GUARDIAN, WATCH_FILE)

    ran = spreads("guard", "--state", str(tmp_path), "--strategies", str(tmp_path))

    first.release()
    assert ran.code == 2
    assert "a guardian watches here already" in ran.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--guard-after-s", "10"), "--guard-after-s: found '10'; wanted a whole number from 120 to 3600"),
        (("--live",), "real money needs its account by name"),
        (("--paper", "--live"), "choose one"),
    ],
)
def test_wrong_setting_of_a_guardian_is_told_in_one_sentence(
    spreads: Spreads, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    ran = spreads("guard", *words, "--state", str(tmp_path / "state"))

    assert ran.code == 2
    assert told in ran.err


def test_status_says_what_the_guardian_does_and_warns_when_it_does_no_more(tmp_path: Path) -> None:
    assert guardian_row(tmp_path, AT) is None
    leave_trace(tmp_path, Trace("watching", "the engine on state", 4711, AT))

    fresh = guardian_row(tmp_path, AT.replace(second=4))
    old = guardian_row(tmp_path, AT.replace(minute=12))

    assert _told("guardian", fresh) == ("guardian", "watching: the engine on state, 4 s ago")
    assert list(warnings({"guardian": fresh})) == []
    assert list(warnings({"guardian": old})) == ["guardian: it has not looked for 720 s; start `spreads guard` again"]
