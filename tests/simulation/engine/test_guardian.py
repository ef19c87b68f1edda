"""The engine is killed and stays dead: the guardian opens nothing, and brings what is held to its end by the rules."""

import asyncio
import resource
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from engine.domain.errors import UserError
from engine.domain.facts.halts import Halted
from engine.domain.facts.orders import OrderCanceled, OrderSent
from engine.domain.facts.positions import ExitTriggered
from engine.domain.facts.running import ErrorHeard, GuardianTookOver
from engine.runtime.guardian import Guardian, Takeover
from engine.store.heartbeat import trace_of
from tests.simulation.engine import given
from tests.simulation.engine.killing import Fate, Killed, Point, killed
from tests.simulation.engine.world import PORT, Life, World, play

SEEDS = (1, 2, 3)
DRAWS, SHARE = 50, 2
"""Points at which an engine is killed, and how many of them are not left to `make long`."""
AFTER_S = 120.0
FULL_AT_BYTES = 48 * 1024
EXITS = "time >= 09:44 New York"
"""After the engine has died, and about when the guardian has taken over."""
STRATEGIES = {
    "puts.yaml": given.strategy("puts", "bull_put", exits=EXITS),
    "calls.yaml": given.strategy("calls", "bear_call", exits=EXITS),
    "shy.yaml": given.strategy(
        "shy", "bull_call", price="from $0.40 better than mid, $0.01 every 60 s, no worse than natural", patience="60 min"
    ),
}
"""The third asks for more than anybody pays: its opening works on, with nobody to give it up."""


class Watched:
    """A guardian on a world, and the lives that it has led in the engine's place."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.said: list[str] = []
        self.lives: list[Life] = []
        self.guardian = Guardian(world.state, world.sim, AFTER_S, self.listens, self.guard, self.said.append)

    async def listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", PORT)
        except OSError:
            return False
        writer.close()
        return True

    async def guard(self, takeover: Takeover, released: asyncio.Event) -> None:
        life = Life(self.world, guard=takeover)
        self.lives.append(life)
        await life.begin()
        await released.wait()
        await life.stop()


@asynccontextmanager
async def guarded(world: World) -> AsyncGenerator[Watched]:
    """A guardian that watches until the end of the block."""
    watched = Watched(world)
    task = asyncio.ensure_future(watched.guardian.run())
    try:
        yield watched
    finally:
        watched.guardian.stop.set()
        await task


@cache
def points(seed: int) -> list[Point]:
    """Every point of a life that nothing ends, until it holds what it wants."""

    async def act(world: World) -> list[Point]:
        fate = Fate(world.state)
        life = await world.start(wrap_journal=fate.journal, wrap_broker=fate.broker)
        await world.until("09:41:30")
        found = list(fate.points)
        await life.stop()
        return found

    with TemporaryDirectory() as folder:
        return play(act, Path(folder), seed, strategies=STRATEGIES)


CASES = [pytest.param(n, id=str(n), marks=() if n < SHARE else pytest.mark.long) for n in range(DRAWS)]


@pytest.mark.parametrize("number", CASES)
def test_guardian_brings_what_is_held_to_its_end_when_the_engine_stays_dead(number: int, tmp_path: Path) -> None:
    chance = Random(f"guardian {number}")
    seed = chance.choice(SEEDS)
    at = chance.randrange(len(points(seed)))
    told = [f"seed {seed}, point {at}: {points(seed)[at]}"]

    async def act(world: World) -> tuple[Watched, dict[int, int], list[str]]:
        async with guarded(world) as watched:
            await killed(world, at, chance, told)
            await world.until("09:52:00")
            for life in watched.lives:
                life.invariants.check_at_rest(life.ledger)
            working = [order.terms.order_ref for order in world.sim.orders() if order.is_working]
            return watched, world.sim.positions(), working

    try:
        watched, positions, working = play(act, tmp_path, seed, strategies=STRATEGIES)
    except BaseException as error:
        error.add_note("; ".join(told))
        raise

    assert (positions, working) == ({}, []), told
    assert len(watched.lives) <= 1, watched.said
    for life in watched.lives:
        assert life.all(GuardianTookOver)
        assert life.all(Halted)
        sent = [life.ledger.orders[fact.order_ref].purpose for fact in life.all(OrderSent)]
        assert "open" not in sent


async def holds_one_and_works_one(world: World, life: Life) -> None:
    await world.when(lambda: [order.state for order in life.orders("open", "puts")] == ["filled"])
    await world.when(lambda: [order.state for order in life.orders("open", "shy")] == ["working"])


async def dies(world: World, life: Life, fate: Fate) -> None:
    """SIGKILL in this moment."""
    fate.is_dead = True
    life.app.nudge()
    assert isinstance(await life.death(), Killed)
    for link in asyncio.get_running_loop().network.links:  # type: ignore[attr-defined]
        link.reset()


def test_guardian_cancels_what_works_to_open_and_is_taken_back_by_a_person(tmp_path: Path) -> None:
    exits = "time >= 10:10 New York"
    rules = {**STRATEGIES, "puts.yaml": given.strategy("puts", "bull_put", exits=exits)}
    del rules["calls.yaml"]

    async def act(world: World) -> None:
        fate = Fate(world.state)
        async with guarded(world) as watched:
            first = Life(world, wrap_journal=fate.journal, wrap_broker=fate.broker)
            await first.begin()
            await holds_one_and_works_one(world, first)
            await dies(world, first, fate)

            await world.when(lambda: watched.lives and watched.lives[0].all(OrderCanceled), within_s=AFTER_S + 60)

            (life,) = watched.lives
            (took,) = life.all(GuardianTookOver)
            assert AFTER_S <= took.silent_s <= AFTER_S + 10
            assert (took.ended, took.held) == ("no process held the state folder", "1 position and 1 order")
            assert [order.state for order in life.orders("open", "shy")] == ["canceled"]
            assert "not resumed" in life.control.resume("trader")
            assert life.control.status()["halt"]["by"] == "guardian"
            assert trace_of(world.state).doing == "guarding"
            with pytest.raises(UserError, match="spreads guard --release"):
                await world.start()

            assert watched.guardian.release()
            await world.when(lambda: not watched.guardian.is_guarding)
            engine = await world.start()
            await world.until("10:05:00")
            assert engine.control.status()["halt"]["by"] == "guardian"
            assert engine.control.resume("trader").startswith("resuming")
            await world.until("10:13:00")
            assert len(watched.lives) == 1, "the engine beats again: nothing is to be taken over"
            assert world.sim.positions() == {}
            await engine.stop()

    play(act, tmp_path, strategies=rules)


def test_guardian_acts_on_a_stop_of_the_journal_though_its_file_is_gone(tmp_path: Path) -> None:
    rules = {"puts.yaml": given.strategy("puts", "bull_put", exits="loss >= 8% of credit")}

    async def act(world: World) -> Life:
        fate = Fate(world.state)
        async with guarded(world) as watched:
            first = Life(world, wrap_journal=fate.journal, wrap_broker=fate.broker)
            await first.begin()
            await world.when(lambda: [order.state for order in first.orders("open")] == ["filled"])
            await dies(world, first, fate)
            (world.strategies / "puts.yaml").unlink()
            await world.when(lambda: watched.lives and not world.sim.positions(), within_s=6 * 3600)
            return watched.lives[0]

    life = play(act, tmp_path, strategies=rules)

    (triggered,) = life.all(ExitTriggered)
    assert "loss" in triggered.rule
    assert [order.purpose for order in life.orders("open")] == ["open"]


def test_guardian_stands_aside_where_it_is_not_needed(tmp_path: Path) -> None:
    async def act(world: World) -> list[str]:
        async with guarded(world) as watched:
            first = await world.start()
            await world.when(lambda: [order.state for order in first.orders("open", "puts")] == ["filled"])
            await world.until("09:55:00")
            assert watched.said == [f"watching: the engine on {world.state}"], "an engine that beats is let be"
            await first.stop()
            await world.until("10:05:00")
            assert watched.lives == []
            return watched.said

    said = play(act, tmp_path, strategies={"puts.yaml": given.strategy("puts", exits="time >= 15:00 New York")})

    assert said[1] == "waiting: the engine was stopped in good order; nobody watches what is held: 1 position"


def test_guardian_waits_for_a_tws_and_leaves_the_engine_its_time_after_it(tmp_path: Path) -> None:
    async def act(world: World) -> Watched:
        fate = Fate(world.state)
        async with guarded(world) as watched:
            first = Life(world, wrap_journal=fate.journal, wrap_broker=fate.broker)
            await first.begin()
            await world.when(lambda: [order.state for order in first.orders("open", "puts")] == ["filled"])
            world.sim.inject("restart=900")
            await dies(world, first, fate)
            await world.until("09:53:00")
            assert watched.lives == []
            await world.when(lambda: watched.lives, within_s=1200)
            return watched

    watched = play(act, tmp_path, strategies={"puts.yaml": given.strategy("puts", exits="time >= 15:00 New York")})

    assert any("no TWS listens" in said for said in watched.said)
    assert any("TWS listens again" in said for said in watched.said)


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can grow beyond what a probe of the journal writes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_AT_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_guardian_cancels_openings_on_a_full_disk_and_closes_once_there_is_room(tmp_path: Path) -> None:
    rules = {**STRATEGIES, "puts.yaml": given.strategy("puts", "bull_put", exits="time >= 09:42 New York")}
    del rules["calls.yaml"]

    async def act(world: World) -> Watched:
        fate = Fate(world.state)
        async with guarded(world) as watched:
            first = Life(world, wrap_journal=fate.journal, wrap_broker=fate.broker)
            await first.begin()
            await holds_one_and_works_one(world, first)
            await dies(world, first, fate)
            with full_disk():
                await world.when(lambda: any("canceled without a line" in said for said in watched.said), within_s=AFTER_S + 90)
                assert not any(order.is_working for order in world.sim.orders())
                assert world.sim.positions(), "what cannot be written is not closed"
            await world.when(lambda: not world.sim.positions(), within_s=300)
            life = watched.lives[-1]
            await world.when(lambda: not any(True for _ in life.ledger.working()), within_s=120)
            life.invariants.check_at_rest(life.ledger)
            return watched

    watched = play(act, tmp_path, strategies=rules)

    assert [order.state for order in watched.lives[-1].orders("open", "shy")] == ["canceled"]
    assert watched.lives[-1].all(GuardianTookOver)


def test_engine_says_it_once_when_its_guardian_watches_no_more(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start()
        watched = Watched(world)
        task = asyncio.ensure_future(watched.guardian.run())
        await world.until("09:45:00")
        assert not any("guardian" in fact.text for fact in life.all(ErrorHeard))
        fresh = life.read()
        task.cancel()  # as SIGKILL ends it: without a word
        await world.until("10:00:00")
        late = life.read()
        assert {name for name, value in fresh.guardian_state.items() if value} == {"watching"}
        assert fresh.guardian_age_s is not None
        assert late.guardian_age_s is not None
        assert fresh.guardian_age_s < 6 < 120 < late.guardian_age_s, "what its alert looks at"
        assert life.control.status()["guardian"]["doing"] == "watching"
        await life.stop()
        return life

    life = play(act, tmp_path, strategies={"puts.yaml": given.strategy("puts", exits="time >= 15:00 New York")})

    said = [fact.text for fact in life.all(ErrorHeard) if "guardian" in fact.text]
    assert said == ["the guardian does not watch any more; start `spreads guard` again"]
