"""A strategy in shadow, over a restart: what it would do is noted and supposed to end, and nothing is sent to anybody."""

from pathlib import Path

import pytest

from engine.domain.facts.ladder import NotedClosed, OpeningNoted
from engine.domain.facts.orders import OrderProposed
from engine.domain.ladder import Ladder
from tests.simulation.engine import given
from tests.simulation.engine.world import Life, World, play

pytestmark = pytest.mark.slow  # two starts and some minutes of the market

RULES = given.strategy("puts", per_day=2, exits="time >= 09:44 New York").replace("name: puts", "name: puts\nmode: shadow")


def test_shadow_is_noted_supposed_to_close_and_kept_over_a_restart(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[Life, Life, Ladder]:
        first = await world.start(funnel_every=None)
        await world.when(lambda: bool(first.ledger.ladder.open), within_s=400)
        await first.stop()
        life = await world.start(funnel_every=None)
        found = life.ledger.ladder
        open_before = dict(found.open)
        await world.when(lambda: bool(life.all(NotedClosed)), within_s=900)
        await life.stop()
        assert list(open_before)
        return first, life, found

    first, life, ladder = play(act, tmp_path, strategies={"puts.yaml": RULES})

    opened, closed = first.all(OpeningNoted)[0], life.all(NotedClosed)[0]
    assert closed.note == opened.would_open.order_ref == "puts-shadow-0001"
    assert closed.rule == "time >= 09:44 New York"
    assert closed.result_usd is not None
    assert opened.would_open.order_ref not in ladder.open
    assert first.all(OrderProposed) == life.all(OrderProposed) == []
    assert first.ledger.orders == life.ledger.orders == {}
