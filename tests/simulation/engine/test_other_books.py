"""What trades under our name at the broker and is not in our books: another engine, or a journal that was moved away."""

from datetime import timedelta
from pathlib import Path

import pytest

from engine.domain.facts.account import Reconciled
from engine.domain.facts.orders import OrderProposed
from engine.store.checkpoint import CHECKPOINTS
from engine.store.journal import FOLDER
from engine.store.lines import day_files
from tests.simulation.engine import given
from tests.simulation.engine.world import Life, World, play, sim_options

LATE = given.strategy("calls", "bear_call", exits="time >= 10:30 New York")
SHY = given.strategy("shy", price="from $0.40 better than mid, $0.01 every 5 s, no worse than natural", patience="20 min")


def move(world: World, there: Path, *names: str) -> None:
    there.mkdir(exist_ok=True)
    for name in names:
        (world.state / name).rename(there / name)


async def opened(world: World) -> str:
    """The reference of a position that one life opened and left."""
    life = await world.start()
    await world.when(lambda: [order.state for order in life.orders("open")] == ["filled"])
    await life.stop()
    return life.orders("open")[0].ref


async def blocked(world: World) -> Life:
    """A life that had time enough to open and was stopped by its differences."""
    life = await world.start(knows_all=False)
    await world.when(lambda: life.all(Reconciled))
    await world.until("09:45:00")
    assert [fact for fact in life.all(OrderProposed) if fact.purpose == "open"] == []
    assert life.control.status()["trading"] == "our books differ from the broker's"
    return life


def test_new_journal_opens_nothing_on_a_day_that_another_one_traded(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[str, tuple[str, ...], Life]:
        ref = await opened(world)
        away = tmp_path / "away"
        move(world, away, FOLDER, CHECKPOINTS)
        anew = await blocked(world)
        [text] = anew.ledger.reconciled.differences
        assert len(anew.ledger.reconciled.foreign) == 2, "its positions are shown, and never traded"
        await anew.stop()
        move(world, tmp_path / "empty", FOLDER, CHECKPOINTS)
        for name in (FOLDER, CHECKPOINTS):
            (away / name).rename(world.state / name)
        again = await world.start()
        await world.when(lambda: again.ledger.reconciled is not None)
        return ref, text, again

    ref, text, again = play(act, tmp_path, strategies={"calls.yaml": LATE})

    assert text.startswith(f"executed today under this program's name and not in our books: {ref}")
    assert "put the journal back" in text
    assert again.ledger.reconciled == Reconciled(())


@pytest.mark.long
def test_new_journal_opens_from_the_next_day_on(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        await opened(world)
        move(world, tmp_path / "away", FOLDER, CHECKPOINTS)
        life = await blocked(world)
        await world.when(lambda: life.orders("open"), within_s=25 * 3600)
        await life.stop()
        return life

    life = play(act, tmp_path, strategies={"calls.yaml": LATE}, sim_options=sim_options(idle_cadence_s=30, repeats_quotes=True))

    [order, *_] = life.orders("open")
    assert order.proposed_at.date() - life.facts[0][0].date() == timedelta(days=1)
    assert life.ledger.reconciled is not None
    assert len(life.ledger.reconciled.foreign) >= 2


def test_journal_that_lost_its_end_opens_nothing_under_references_that_were_used(tmp_path: Path) -> None:
    """The way out of a lost end is to delete the mark: the orders of the missing lines keep their references."""

    async def act(world: World) -> tuple[str, str]:
        ref = await opened(world)
        [path] = day_files(world.state / FOLDER)
        lines = path.read_bytes().splitlines(keepends=True)
        kept = next(number for number, line in enumerate(lines) if b'"kind":"OrderProposed"' in line)
        path.write_bytes(b"".join(lines[:kept]))
        (world.state / FOLDER / "mark").unlink()
        for checkpoint in (world.state / CHECKPOINTS).iterdir():
            checkpoint.unlink()
        life = await blocked(world)
        [text] = life.ledger.reconciled.differences
        await life.stop()
        return ref, text

    ref, text = play(act, tmp_path, strategies={"calls.yaml": LATE})

    assert ref in text


def test_order_of_another_engine_that_works_at_the_broker_stops_openings_until_it_is_over(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[Life, Life, str]:
        first = await world.start()
        await world.when(lambda: [order.state for order in first.orders("open")] == ["working"])
        other = await world.start(state=tmp_path / "other", client_id=18, knows_all=False)
        await world.when(lambda: other.all(Reconciled))
        [text] = other.ledger.reconciled.differences
        assert other.orders("open") == []
        await first.stop()
        await world.when(lambda: other.orders("open"))
        await other.stop()
        return first, text

    first, text = play(act, tmp_path, strategies={"shy.yaml": SHY})

    [order] = first.orders("open")
    assert text.startswith(f"order {order.ref} works at the broker under this program's name and is not in our books")
