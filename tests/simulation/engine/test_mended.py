"""What a power cut left in the state folder is mended at the next start, and a person is told."""

from pathlib import Path

from engine.domain.facts import EngineStarted
from engine.store.checkpoint import verify
from tests.simulation.engine import given
from tests.simulation.engine.world import World, play


def test_start_tells_a_person_what_it_cut_off_the_journal(tmp_path: Path) -> None:
    async def act(world: World) -> list[str]:
        await (await world.start()).stop()
        day = max((world.state / "journal").glob("2*.jsonl"))
        with day.open("ab") as file:
            file.write(b'{"seq":99,"at":"2026-')
        told: list[str] = []
        life = await world.start(on_mended=told.append)
        assert len(life.all(EngineStarted)) == 1
        await life.stop()
        return told

    told = play(act, tmp_path, strategies={"calls.yaml": given.strategy("calls", "bear_call")})

    assert len(told) == 1
    assert "the last line was torn, 21 bytes were cut off; nothing that left the machine depended on it" in told[0]
    assert verify(next(path.parent for path in tmp_path.rglob("journal"))) > 0
