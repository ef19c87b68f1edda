"""When a guardian acts, and whom it may end: patience that it has lived through, and a lock that names its process."""

import asyncio
import os
from pathlib import Path

import pytest

from engine.domain.errors import UserError
from engine.runtime.clock import SystemClock
from engine.runtime.guardian import LOOK_MAX_S, LOOK_S, LOOKED_WITHIN_S, Guardian, Patience, Takeover
from engine.sim.loop import VirtualLoop, run
from engine.store.heartbeat import beat, beaten, trace_of
from engine.store.lock import GUARDIAN, Held, Lock, holder_of, holds, is_suspended


def test_patience_counts_the_seconds_without_a_sign_of_life() -> None:
    patience = Patience(beat=7)

    for _ in range(3):
        patience.look(7, 5.0, counts=True)

    assert patience.silent_s == 15.0


def test_patience_begins_anew_at_a_sign_of_life_and_counts_nothing_outside_of_the_session() -> None:
    patience = Patience()
    patience.look(None, 5.0, counts=True)

    patience.look(8, 5.0, counts=True)
    patience.look(8, 5.0, counts=False)

    assert patience.silent_s == 0.0


def test_patience_does_not_count_the_time_for_which_the_guardian_was_not_there() -> None:
    patience = Patience(beat=7)

    patience.look(7, 8 * 3600.0, counts=True)

    assert patience.silent_s == LOOK_MAX_S


def test_sign_of_life_changes_with_every_beat(tmp_path: Path) -> None:
    assert beaten(tmp_path) is None
    beat(tmp_path)
    os.utime(tmp_path / "beat", ns=(1, 1))
    before = beaten(tmp_path)

    beat(tmp_path)

    assert beaten(tmp_path) != before


def test_trace_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "guardian").write_bytes(b'{"doing":"dancing"')

    assert trace_of(tmp_path) is None


def test_lock_of_a_guardian_says_how_it_is_taken_back(tmp_path: Path) -> None:
    lock = Lock(tmp_path, GUARDIAN)

    with pytest.raises(Held, match="spreads guard --release") as told:
        Lock(tmp_path)

    assert (told.value.process, told.value.holder) == (os.getpid(), GUARDIAN)
    lock.release()


def test_holder_of_a_lock_is_asked_without_taking_it(tmp_path: Path) -> None:
    assert holder_of(tmp_path) is None
    lock = Lock(tmp_path)

    held = holder_of(tmp_path)

    assert held is not None
    assert (held.process, held.holder) == (os.getpid(), "engine")
    lock.release()
    assert holder_of(tmp_path) is None
    Lock(tmp_path).release()


def test_process_holds_a_lock_only_where_it_has_this_very_file_open(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (there / "lock").touch()
    lock = Lock(here)

    assert holds(os.getpid(), here)
    assert not holds(os.getpid(), there)
    assert not holds(2**30, here)
    assert not is_suspended(os.getpid())
    lock.release()


def test_second_guardian_on_a_folder_is_refused(tmp_path: Path) -> None:
    first = Lock(tmp_path, GUARDIAN, "guardian.lock")

    with pytest.raises(UserError, match="a guardian watches here already"):
        Lock(tmp_path, GUARDIAN, "guardian.lock")

    first.release()


def test_guardian_that_does_not_look_says_nothing_to_the_service_manager(tmp_path: Path) -> None:
    async def nobody() -> bool:
        return False

    async def never(_takeover: Takeover, _released: asyncio.Event) -> None:
        raise AssertionError("nothing is held")

    async def story() -> tuple[str | None, str | None, str | None]:
        guardian = Guardian(tmp_path, SystemClock(), 120.0, nobody, never, lambda _: None)
        before = guardian.status
        watching = asyncio.ensure_future(guardian.run())
        await asyncio.sleep(30)
        fresh = guardian.status
        watching.cancel()
        await asyncio.sleep(LOOKED_WITHIN_S + LOOK_S)
        return before, fresh, guardian.status

    before, fresh, late = run(story(), VirtualLoop())

    assert before is not None
    assert fresh is not None
    assert fresh.startswith("watching: the engine on ")
    assert late is None
