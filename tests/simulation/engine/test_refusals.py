"""What stops an engine is one clear error that says what to do; nothing is lost and nobody sees a traceback."""

import os
import resource
import socket
from pathlib import Path

import pytest

from engine.api.server import SOCKET_NAME
from engine.domain.errors import Damaged, EngineError, UserError
from engine.domain.facts.running import ErrorHeard
from engine.sim.simulator import Simulator
from engine.store.checkpoint import CHECKPOINTS, recover, verify
from engine.store.journal import FOLDER
from engine.store.lines import day_files
from tests.simulation.engine.world import ACCOUNT, PORT, Life, World, play


async def refusal(world: World, **settings: object) -> str:
    """The error that a start ends with."""
    with pytest.raises(EngineError) as caught:
        await world.start(**settings)
    return str(caught.value)


def starts(sim: Simulator) -> int:
    return sum(request.name == "start_api" for request in sim.received)


def orders(sim: Simulator) -> int:
    return sum(request.name == "place_order" and not request.message.flag("what_if") for request in sim.received)


def test_wrong_port_is_named(tmp_path: Path) -> None:
    told = play(lambda world: refusal(world, port=7499), tmp_path)

    assert told.startswith("nothing listens at 127.0.0.1:7499")
    assert told.endswith("start TWS or IB Gateway and enable its API, or give its port with --port")


def test_default_ports_are_all_named_when_none_answers(tmp_path: Path) -> None:
    async def act(world: World) -> str:
        await world.sim.stop()
        return await refusal(world, port=None, mode="paper")

    told = play(act, tmp_path)

    assert [line.split(" (")[0] for line in told.splitlines()] == [
        "nothing listens at 127.0.0.1:7497",
        "nothing listens at 127.0.0.1:4002",
    ]


def test_restart_of_tws_in_a_session_that_is_traded_is_refused(tmp_path: Path) -> None:
    told = play(lambda world: refusal(world, tws_zone="Asia/Tokyo"), tmp_path)

    assert told.startswith("TWS restarts by itself at 23:45 Asia/Tokyo by your settings, which is 09:45 in New York")
    assert told.endswith("choose another time for Auto restart, and give it with SPREADS_TWS_RESTART")


def test_tws_that_does_not_greet_is_explained(tmp_path: Path) -> None:
    told = play(refusal, tmp_path, schedule=("mute=600",))

    assert told.startswith(f"something listens at 127.0.0.1:{PORT} but did not greet within 10 s")
    assert "TWS may show a dialog" in told


def test_client_id_that_is_taken_is_named(tmp_path: Path) -> None:
    told = play(refusal, tmp_path, schedule=("client_id_taken",))

    assert told.startswith(f"client id 17 is taken at 127.0.0.1:{PORT}")
    assert "choose another client id" in told


def test_account_that_tws_does_not_offer_is_named(tmp_path: Path) -> None:
    told = play(lambda world: refusal(world, account="DU7654321"), tmp_path)

    assert told == f"account DU7654321 is not offered by TWS at 127.0.0.1:{PORT}; it offers {ACCOUNT}"


def test_paper_account_is_refused_for_real_money(tmp_path: Path) -> None:
    told = play(lambda world: refusal(world, mode="live"), tmp_path)

    assert told == f"account {ACCOUNT} is a paper account, but --live was asked for; start with --paper"


def test_changed_journal_line_stops_the_start_before_anything_is_connected(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[str, int, bytes]:
        life = await world.start()
        await world.until("09:40:20")
        await life.stop()
        [path] = day_files(world.state / FOLDER)
        for checkpoint in (world.state / CHECKPOINTS).iterdir():
            checkpoint.unlink()
        lines = path.read_bytes().splitlines(keepends=True)
        lines[10] = lines[10].replace(b'"seq":11', b'"seq":11 ')
        path.write_bytes(b"".join(lines))
        sessions = starts(world.sim)
        with pytest.raises(Damaged) as caught:
            await world.start()
        assert path.read_bytes() == b"".join(lines), "nothing is mended away"
        return str(caught.value), starts(world.sim) - sessions, path

    told, connected, path = play(act, tmp_path)

    assert told.startswith(f"{path}:11: ")
    assert "Put the file back from a backup" in told
    assert connected == 0


def test_state_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    told = play(lambda world: refusal(world, state=tmp_path / "file" / "state"), tmp_path)

    assert told.startswith(f"{tmp_path / 'file' / 'state'}")
    assert "cannot be written (Not a directory)" in told
    assert "name another folder with --state" in told


def test_full_disk_ends_the_engine_before_anything_more_leaves(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[str, int, int]:
        life = await world.start()
        await world.when(lambda: orders(world.sim))
        [path] = day_files(world.state / FOLDER)
        sent = len([order for order in life.ledger.orders.values() if order.sent_at])
        bound = resource.getrlimit(resource.RLIMIT_FSIZE)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, bound[1]))
            error = await life.death()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, bound)
        assert isinstance(error, EngineError)
        assert not isinstance(error, UserError), "what was given was right: the engine failed"
        again = await world.start()
        await world.until("09:41:20")
        await world.when(lambda: not world.sim.positions() and not any(True for _ in again.ledger.working()))
        again.invariants.check_at_rest(again.ledger)
        await again.stop()
        return str(error), sent

    told, sent = play(act, tmp_path)

    assert "of the journal could not be written (File too large)" in told
    assert "nothing more is written or sent: make room or mend the disk, then start again" in told
    assert sent == 1


def test_metrics_port_that_is_taken_is_named_before_anything_is_connected(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[str, int, bool]:
        with socket.create_server(("127.0.0.1", 0)) as other:
            told = await refusal(world, serves_api=True, metrics_port=other.getsockname()[1])
        return told, starts(world.sim), (world.state / SOCKET_NAME).exists()

    told, connected, left = play(act, tmp_path)

    assert "cannot be used for metrics" in told
    assert "choose another --metrics-port" in told
    assert connected == 0
    assert not left


def test_archive_that_cannot_be_written_is_said_and_ends_nothing(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        (world.state / "chains").write_text("not a folder")
        life = await world.start(archive_every_min=1)
        await world.until("09:44:00")
        assert not life.is_over
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        return life

    life = play(act, tmp_path)

    [told] = [fact.text for fact in life.all(ErrorHeard) if "archived" in fact.text]
    assert "the chain cannot be archived" in told
    assert [order.state for order in life.orders("close")] == ["filled"] * len(life.orders("open"))


def test_second_engine_on_the_same_state_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[str, int]:
        first = await world.start()
        told = await refusal(world, client_id=18)
        await world.until("09:42:00")
        first.invariants.check_at_rest(first.ledger)
        await first.stop()
        return told, world

    told, world = play(act, tmp_path)

    assert told == (
        f"{world.state}: another engine runs here, process {os.getpid()}; stop it first, or give this one its own --state"
    )
    assert world.sim.positions() == {}


def test_refused_starts_leave_the_journal_as_it_was(tmp_path: Path) -> None:
    async def act(world: World) -> World:
        life = await world.start()
        await world.until("09:40:20")
        await life.stop()
        before = [path.read_bytes() for path in day_files(world.state / FOLDER)]
        await refusal(world, port=7499)
        await refusal(world, account="DU7654321")
        assert [path.read_bytes() for path in day_files(world.state / FOLDER)] == before
        return world

    world = play(act, tmp_path)

    recovered = recover(world.state, ACCOUNT)
    recovered.journal.close()
    assert verify(world.state) == recovered.journal.head.seq
    assert {order.terms.order_ref for order in world.sim.orders()} == {
        ref for ref, order in recovered.ledger.orders.items() if order.sent_at
    }
