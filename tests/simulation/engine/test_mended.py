"""What a power cut left in the state folder is mended at the next start, and a person is told."""

from pathlib import Path

from engine.domain.facts.halts import Halted
from engine.domain.facts.orders import OrderAbsent
from engine.domain.facts.running import EngineStarted
from engine.store.checkpoint import verify
from engine.store.journal import Journal
from tests.simulation.engine import given
from tests.simulation.engine.world import ACCOUNT, World, play


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


def test_journal_that_holds_an_odd_fact_starts_halted_until_a_person_resumes(tmp_path: Path) -> None:
    async def act(world: World) -> list[list[Halted]]:
        await (await world.start()).stop()
        journal = Journal.open(world.state, ACCOUNT).journal
        journal.append(OrderAbsent("never"), world.sim.now())
        journal.close()
        halts: list[list[Halted]] = []
        for resumes in (False, True, False):
            life = await world.start()
            halts.append([fact for fact in life.all(Halted) if isinstance(fact, Halted)])
            assert (life.ledger.halt is None) is (len(halts) == 3)
            if resumes:
                life.control.resume("trader")
                await world.when(lambda life=life: life.ledger.halt is None)
            await life.stop()
        return halts

    first, second, third = play(act, tmp_path, strategies={"calls.yaml": given.strategy("calls", "bear_call")})

    assert [halt.by for halt in first] == ["engine"]
    assert "cannot follow what was known: OrderAbsent for order never" in first[0].reason
    assert (second, third) == ([], []), "said once, and not again once a person has seen it"
