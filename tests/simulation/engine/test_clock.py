"""The machine's clock is set back and ahead, or the machine sleeps, while the engine works: patience is what really went by."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine.domain.facts.halts import Halted
from engine.domain.facts.orders import ApprovalAsked, CancelRequested, OrderExpired, OrderProposed, OrderRepriced, OrderSent
from engine.domain.facts.running import ErrorHeard
from engine.domain.facts.union import Fact
from tests.simulation.engine import given
from tests.simulation.engine.world import Life, World, play

GIVE_UP_S, EVERY_S, BACK = 20, 5, timedelta(minutes=-10)
SLACK_S = 4
"""A look at the clock a second, and time that goes a tenth slower for a while."""
SHY = {
    "shy.yaml": given.strategy(
        "shy", price=f"from $0.40 better than mid, $0.01 every {EVERY_S} s, no worse than natural", patience=f"{GIVE_UP_S} s"
    )
}
"""Asks for more than anybody pays."""


class SetClock:
    """The machine's clock in a simulation: that of the world, set by somebody."""

    def __init__(self, world: World) -> None:
        self._world, self.by = world, timedelta(0)

    def now(self) -> datetime:
        return self._world.sim.now() + self.by


def seconds_between(life: Life, first: type[Fact], second: type[Fact], real: dict[int, datetime]) -> float:
    """Between two facts, as the world counts."""
    begins, ends = (next(real[id(fact)] for _, fact in life.facts if isinstance(fact, kind)) for kind in (first, second))
    return (ends - begins).total_seconds()


class Watch(Life):
    """A life that notes when, by the world's time, each fact was recorded."""

    def __init__(self, world: World, **options: object) -> None:
        self.real: dict[int, datetime] = {}
        super().__init__(world, **options)  # type: ignore[arg-type]

    def saw(self, fact: Fact, at: datetime) -> None:
        super().saw(fact, at)
        self.real[id(fact)] = self.world.sim.now()


async def lives(world: World, machine: SetClock) -> Watch:
    life = Watch(world, clock=machine)
    world.lives.append(life)
    await life.begin()
    return life


@pytest.mark.parametrize("by", [BACK, timedelta(seconds=-30), timedelta(hours=1)], ids=["10 min back", "30 s back", "1 h ahead"])
def test_opening_is_repriced_and_given_up_in_its_time_whatever_the_clock_is_set_to(by: timedelta, tmp_path: Path) -> None:
    async def act(world: World) -> Watch:
        machine = SetClock(world)
        life = await lives(world, machine)
        await world.when(lambda: life.all(OrderSent))
        await asyncio.sleep(2)
        machine.by = by
        await world.when(lambda: life.all(CancelRequested), GIVE_UP_S + SLACK_S)
        await asyncio.sleep(5)
        await life.stop()
        return life

    life = play(act, tmp_path, strategies=SHY)

    worked_s = seconds_between(life, OrderSent, CancelRequested, life.real)
    assert GIVE_UP_S - 1 <= worked_s <= GIVE_UP_S + SLACK_S
    if by < timedelta(0):
        assert len(life.all(OrderRepriced)) >= GIVE_UP_S // EVERY_S - 1
    assert [at for at, _ in life.facts] == sorted(at for at, _ in life.facts), "time never goes back"
    assert sum("clock was set" in fact.text for fact in life.all(ErrorHeard)) == 1
    assert not life.all(Halted)


def test_question_that_waited_while_the_machine_slept_is_answered_by_nobody(tmp_path: Path) -> None:
    async def act(world: World) -> Watch:
        machine = SetClock(world)
        life = await lives(world, machine)
        await world.when(lambda: life.all(ApprovalAsked))
        machine.by = timedelta(hours=1)
        await world.when(lambda: life.all(OrderExpired), 60)
        await life.stop()
        return life

    life = play(act, tmp_path, strategies={"asks.yaml": given.strategy("asks", approval="manual")})

    [expired] = [fact for fact in life.all(OrderExpired) if fact.order_ref == life.all(OrderProposed)[0].order_ref]
    assert expired.reason == "nobody answered in time"


def test_clock_that_was_set_back_by_hours_stops_openings(tmp_path: Path) -> None:
    async def act(world: World) -> Watch:
        machine = SetClock(world)
        life = await lives(world, machine)
        machine.by = timedelta(hours=-3)
        await world.when(lambda: life.all(Halted), 60)
        await life.stop()
        return life

    [halted] = play(act, tmp_path, strategies=SHY).all(Halted)

    assert "set back by 3.0 h" in halted.reason
    assert "start again" in halted.reason


def test_engine_that_starts_on_a_clock_behind_its_journal_goes_on_where_it_ends(tmp_path: Path) -> None:
    async def act(world: World) -> Watch:
        machine = SetClock(world)
        first = await lives(world, machine)
        await world.when(lambda: first.all(OrderSent))
        await first.stop()
        machine.by = BACK
        second = await lives(world, machine)
        second.before = first.facts[-1][0]  # type: ignore[attr-defined]
        await asyncio.sleep(10)
        await second.stop()
        return second

    life = play(act, tmp_path, strategies=SHY)

    assert life.facts[0][0] >= life.before  # type: ignore[attr-defined]
