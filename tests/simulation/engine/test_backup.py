"""A backup while a simulated engine trades: put back elsewhere it is equal to the original at that point, and nothing is lost."""

from pathlib import Path

from engine.store import backup, lines
from engine.store.books import books
from engine.store.checkpoint import recover
from tests.simulation.engine import given
from tests.simulation.engine.world import ACCOUNT, World, play

STRATEGIES = {"puts.yaml": given.strategy("puts", exits="time >= 09:43 New York")}


def test_backup_taken_while_trading_is_equal_to_the_original_at_that_point(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[backup.Manifest, object, object, object]:
        life = await world.start()
        await world.when(lambda: any(position.is_open for position in life.ledger.positions.values()), within_s=50)
        orders, positions = dict(life.ledger.orders), dict(life.ledger.positions)
        manifest = backup.save(world.state, world.strategies, tmp_path / "b.tar.gz", "0.1.0", world.sim.now())
        await world.until("09:44:30")
        await life.stop()
        return manifest, orders, positions, life.ledger.positions

    manifest, orders, positions, later = play(act, tmp_path, strategies=STRATEGIES)

    restored = backup.restore(tmp_path / "b.tar.gz", tmp_path / "elsewhere")
    assert restored.manifest == manifest
    recovered = recover(tmp_path / "elsewhere" / "state", ACCOUNT)
    recovered.journal.close()
    assert not recovered.warnings
    assert (recovered.ledger.orders, recovered.ledger.positions) == (orders, positions)
    assert recovered.ledger.positions != later, "the engine went on trading after the backup"
    original = [raw for path in lines.day_files(tmp_path / "state" / "journal") for raw in path.read_bytes().splitlines()]
    copied = [
        raw for path in lines.day_files(tmp_path / "elsewhere" / "state" / "journal") for raw in path.read_bytes().splitlines()
    ]
    assert copied == original[: manifest.seq]
    kept = {path.name for path in (tmp_path / "elsewhere" / "state" / "strategies").glob("*.yaml")}
    assert {f"{order.proposed.digest}.yaml" for order in orders.values()} <= kept
    assert books(tmp_path / "state").head.seq > manifest.seq


def test_engine_goes_on_from_what_was_put_back(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[list[str], list[bool]]:
        life = await world.start()
        await world.when(lambda: any(position.is_open for position in life.ledger.positions.values()), within_s=50)
        backup.save(world.state, world.strategies, tmp_path / "b.tar.gz", "0.1.0", world.sim.now())
        await life.stop()
        backup.restore(tmp_path / "b.tar.gz", tmp_path / "elsewhere")
        world.state = tmp_path / "elsewhere" / "state"
        second = await world.start()
        await world.until("09:44:30")
        differences = [] if second.ledger.reconciled is None else list(second.ledger.reconciled.differences)
        states = [position.is_open for position in second.ledger.positions.values()]
        await second.stop()
        return differences, states

    differences, states = play(act, tmp_path, strategies=STRATEGIES)

    assert differences == []
    assert states[0] is False
